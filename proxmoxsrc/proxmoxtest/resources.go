package proxmoxtest

import (
	"fmt"
	"strconv"
	"time"
)

// resources is GET /cluster/resources: what the caller may see of guests,
// nodes, storages, pools and zones.
func (c *call) resources() answer {
	wanted := c.query.Get("type")
	list := rows{}
	if wanted == "" {
		list = append(list, c.poolRows()...)
	}
	if wanted == "" || wanted == "vm" {
		list = append(list, c.guestRows()...)
	}
	if wanted == "" || wanted == "node" {
		for _, node := range c.state.estate.Nodes {
			row := c.nodeRow(node)
			row["cgroup-mode"] = 2
			if c.node.release().major >= 9 {
				setText(row, "hastate", node.HAState)
			}
			list = append(list, row)
		}
	}
	if wanted == "" || wanted == "storage" {
		list = append(list, c.storageRows()...)
	}
	if wanted == "" || wanted == "sdn" || wanted == "network" {
		list = append(list, c.zoneRows()...)
	}
	guests := time.Duration(len(c.state.estate.Guests))
	return success(list).after(5*time.Millisecond + guests*20*time.Microsecond)
}

func (c *call) poolRows() rows {
	var list rows
	for _, pool := range c.state.estate.Pools {
		if c.may("/pool/"+pool.Name, "Pool.Audit") {
			list = append(list, map[string]any{"id": "/pool/" + pool.Name, "pool": pool.Name, "type": "pool"})
		}
	}
	return list
}

// guestRow is what is known of a guest even when its node is silent.
type guestRow struct {
	ID      string `json:"id"`
	VMID    int    `json:"vmid"`
	Node    string `json:"node"`
	Type    Kind   `json:"type"`
	Status  Status `json:"status"`
	Pool    string `json:"pool,omitempty"`
	Tags    string `json:"tags,omitempty"`
	Lock    string `json:"lock,omitempty"`
	HAState string `json:"hastate,omitempty"`
	*guestDetail
}

// guestDetail comes from the broadcast of the node.
type guestDetail struct {
	Name      string  `json:"name"`
	Template  int     `json:"template"`
	MaxCPU    float64 `json:"maxcpu"`
	MaxMem    int64   `json:"maxmem"`
	MaxDisk   int64   `json:"maxdisk"`
	CPU       float64 `json:"cpu"`
	Mem       int64   `json:"mem"`
	Disk      int64   `json:"disk"`
	Uptime    int     `json:"uptime"`
	NetIn     int64   `json:"netin"`
	NetOut    int64   `json:"netout"`
	DiskRead  int64   `json:"diskread"`
	DiskWrite int64   `json:"diskwrite"`
	MemHost   int64   `json:"memhost,omitempty"`
}

func (c *call) guestRows() rows {
	list := make(rows, 0, len(c.state.estate.Guests))
	for _, guest := range c.state.estate.Guests {
		if c.may("/vms/"+strconv.Itoa(guest.VMID), "VM.Audit") {
			list = append(list, c.guestRow(guest))
		}
	}
	return list
}

func (c *call) guestRow(g *Guest) guestRow {
	row := guestRow{
		ID: fmt.Sprintf("%s/%d", g.Kind, g.VMID), VMID: g.VMID, Node: g.Node, Type: g.Kind,
		Status: "unknown", Pool: g.Pool, Lock: g.Lock, HAState: g.HAState,
	}
	if c.node.release().stylesTags() {
		row.Tags = joinTags(g.Tags)
	}
	node := c.state.nodes[g.Node]
	if !c.state.fresh(node) {
		return row
	}
	row.Status = g.Status
	row.guestDetail = g.detail(node)
	if c.node.release().major >= 9 {
		row.MemHost = row.Mem
	}
	return row
}

func (g *Guest) detail(node *Node) *guestDetail {
	d := &guestDetail{
		Name: g.listedName(), Template: number(g.Template),
		MaxCPU: g.listedCPUs(node), MaxMem: g.MemoryBytes(),
	}
	if disk := g.bootDisk(); disk != nil && !disk.UnknownSize {
		d.MaxDisk = disk.Bytes
	}
	if g.Status == StatusRunning {
		d.CPU, d.Mem, d.Uptime = 0.01, d.MaxMem/2, 86400+g.VMID
		d.NetIn, d.NetOut, d.DiskRead, d.DiskWrite = 123456, 654321, 1<<30, 1<<29
	}
	return d
}

func (g *Guest) listedName() string {
	switch {
	case g.Name != "":
		return g.Name
	case g.Kind == LXC:
		return fmt.Sprintf("CT%d", g.VMID)
	}
	return fmt.Sprintf("VM %d", g.VMID)
}

// listedCPUs is maxcpu: clamped to the host for a virtual machine, fractions of
// a CPU for a container with nothing but a limit.
func (g *Guest) listedCPUs(node *Node) float64 {
	host := float64(node.Threads)
	if g.Kind == QEMU {
		return min(float64(g.CPUs()), host)
	}
	if g.Cores > 0 {
		return float64(g.Cores)
	}
	if limit, err := strconv.ParseFloat(g.CPULimit, 64); err == nil && limit > 0 {
		return limit
	}
	return host
}

// nodeRow is the row of a node in the lists of nodes and resources.
func (c *call) nodeRow(node *Node) map[string]any {
	row := map[string]any{
		"id": "node/" + node.Name, "node": node.Name, "type": "node", "status": "online",
	}
	switch {
	case !c.state.online(node, c.entry.Name):
		row["status"] = "offline"
	case !c.state.fresh(node):
		row["status"] = "unknown"
	}
	if row["status"] != "online" || !c.may("/nodes/"+node.Name, "Sys.Audit") {
		return row
	}
	row["level"] = ""
	row["maxcpu"] = node.Threads
	row["maxmem"] = node.Memory
	row["maxdisk"] = rootSize
	row["cpu"] = 0.05
	row["mem"] = node.Memory / 2
	row["disk"] = rootUsed
	row["uptime"] = nodeUptime
	return row
}

// storageRows has one row per node, also for shared storages.
func (c *call) storageRows() rows {
	var list rows
	for _, storage := range c.state.estate.Storages {
		if !c.may("/storage/"+storage.Name, "Datastore.Audit") {
			continue
		}
		for _, node := range c.state.estate.Nodes {
			if storage.on(node.Name) {
				list = append(list, c.storageRow(storage, node))
			}
		}
	}
	return list
}

func (c *call) storageRow(storage Storage, node *Node) map[string]any {
	row := map[string]any{
		"id": "storage/" + node.Name + "/" + storage.Name, "type": "storage", "storage": storage.Name,
		"node": node.Name, "plugintype": storage.Kind, "shared": number(storage.Shared),
		"content": "images,rootdir", "status": "unknown",
	}
	if c.state.fresh(node) {
		row["status"], row["maxdisk"], row["disk"] = "available", storage.Bytes, storage.Bytes/4
	}
	return row
}

// zoneRows has one row per zone and node, of a type that changed in 9.1.
func (c *call) zoneRows() rows {
	var list rows
	if !c.node.release().atLeast(8, 1, 0) {
		return nil
	}
	for _, zone := range c.state.estate.Zones {
		if !c.may("/sdn/zones/"+zone.Name, "SDN.Audit") {
			continue
		}
		for _, node := range c.state.estate.Nodes {
			row := map[string]any{
				"id": "sdn/" + node.Name + "/" + zone.Name, "type": "sdn", "sdn": zone.Name,
				"node": node.Name, "status": "ok",
			}
			if c.node.release().namesNetworkRows() {
				row = map[string]any{
					"id": "network/" + node.Name + "/zone/" + zone.Name, "type": "network", "network": zone.Name,
					"network-type": "zone", "node": node.Name, "status": "ok",
				}
			}
			list = append(list, row)
		}
	}
	return list
}
