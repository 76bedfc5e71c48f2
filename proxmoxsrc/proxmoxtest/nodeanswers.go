package proxmoxtest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	rootSize   = int64(94 << 30)
	rootUsed   = int64(12 << 30)
	nodeUptime = 1209600
)

func (s *Storage) on(node string) bool {
	return s.Nodes == nil || slices.Contains(s.Nodes, node)
}

func (c *call) nodeList() answer {
	list := rows{}
	for _, node := range c.state.estate.Nodes {
		row := c.nodeRow(node)
		row["ssl_fingerprint"] = node.fingerprint()
		list = append(list, row)
	}
	return success(list)
}

// fingerprint stands for the SHA-256 of the node's certificate.
func (n *Node) fingerprint() string {
	sum := sha256.Sum256([]byte(n.Name + n.Address))
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

func (c *call) nodeStatus() answer {
	n, v := c.node, c.node.release()
	kernel := "6.8.12-9-pve"
	if v.major < 8 {
		kernel = "5.15.158-2-pve"
	}
	status := map[string]any{
		"cpuinfo": map[string]any{
			"model": n.CPUModel, "sockets": n.Sockets, "cores": n.Cores, "cpus": n.Threads,
			"mhz": "2000.000", "user_hz": 100, "hvm": "1", "flags": "fpu vme de pse tsc msr",
		},
		"memory":     map[string]any{"total": n.Memory, "used": n.Memory / 2, "free": n.Memory - n.Memory/2},
		"rootfs":     map[string]any{"total": rootSize, "used": rootUsed, "free": rootSize - rootUsed, "avail": rootSize - rootUsed},
		"swap":       map[string]any{"total": int64(8 << 30), "used": 0, "free": int64(8 << 30)},
		"ksm":        map[string]any{"shared": 0},
		"loadavg":    []string{"0.52", "0.48", "0.41"},
		"uptime":     nodeUptime,
		"cpu":        0.05,
		"wait":       0.001,
		"idle":       0,
		"kversion":   "Linux " + kernel + " #1 SMP PREEMPT_DYNAMIC PMX",
		"pveversion": "pve-manager/" + v.full() + "/2a5fa54a8503f96d",
	}
	if v.atLeast(8, 1, 0) {
		status["current-kernel"] = map[string]any{
			"sysname": "Linux", "release": kernel, "version": "#1 SMP PREEMPT_DYNAMIC PMX", "machine": "x86_64",
		}
		status["boot-info"] = map[string]any{"mode": "efi", "secureboot": 0}
	}
	return success(status)
}

func (c *call) clock() answer {
	now := time.Now().Unix()
	return success(map[string]any{"timezone": "Etc/UTC", "time": now, "localtime": now})
}

// network lists the interfaces; bridges and vnets only as far as the caller may
// see them.
func (c *call) network() answer {
	list := rows{}
	wanted := c.query.Get("type")
	for i := range c.node.Interfaces {
		iface := &c.node.Interfaces[i]
		if iface.selected(wanted) && c.seesBridge(iface) {
			list = append(list, iface.row(c.node.release()))
		}
	}
	if wanted == "any_bridge" || wanted == "include_sdn" || wanted == "vnet" {
		list = append(list, c.vnetInterfaces()...)
	}
	a := success(list)
	a.changes = c.node.PendingChanges
	return a
}

func (i *Interface) isBridge() bool { return i.Type == "bridge" || i.Type == "OVSBridge" }

func (i *Interface) selected(wanted string) bool {
	switch wanted {
	case "", "include_sdn":
		return true
	case "any_bridge", "any_local_bridge":
		return i.isBridge()
	}
	return i.Type == wanted
}

func (c *call) seesBridge(i *Interface) bool {
	if !i.isBridge() || !c.node.release().filtersBridges() {
		return true
	}
	return c.may("/sdn/zones/localnetwork/"+i.Name, "SDN.Audit")
}

func (c *call) vnetInterfaces() rows {
	var list rows
	for _, vnet := range c.state.estate.Vnets {
		if c.may("/sdn/zones/"+vnet.Zone+"/"+vnet.Name, "SDN.Audit") {
			list = append(list, map[string]any{"iface": vnet.Name, "type": "vnet", "active": 1})
		}
	}
	return list
}

// row renders the interface with the types that Proxmox VE gives each key.
func (i *Interface) row(v release) map[string]any {
	row := map[string]any{
		"iface": i.Name, "type": i.Type, "priority": 3,
		"method": "manual", "method6": "manual", "families": []string{"inet"},
	}
	if !i.NoAutostart {
		row["autostart"] = 1
	}
	if !i.Inactive {
		row["active"] = 1
	}
	if i.Type == "eth" {
		row["exists"] = 1
	}
	i.addresses(row)
	i.role(row)
	if i.MTU > 0 {
		row["mtu"] = strconv.Itoa(i.MTU)
	}
	if i.Comment != "" {
		row["comments"] = i.Comment + "\n"
	}
	if len(i.AltNames) > 0 && v.major >= 9 {
		row["altnames"] = i.AltNames
	}
	overlay(row, i.Raw)
	return row
}

func (i *Interface) addresses(row map[string]any) {
	families := []string{"inet"}
	if i.CIDR != "" {
		row["method"], row["cidr"] = "static", i.CIDR
		row["address"], row["netmask"], _ = strings.Cut(i.CIDR, "/")
	}
	if i.CIDR6 != "" {
		if families = append(families, "inet6"); i.CIDR == "" {
			families = families[1:]
		}
		row["method6"], row["cidr6"] = "static", i.CIDR6
		row["address6"], row["netmask6"], _ = strings.Cut(i.CIDR6, "/")
	}
	row["families"] = families
	setText(row, "gateway", i.Gateway)
	setText(row, "gateway6", i.Gateway6)
}

// role adds what only interfaces of one type have.
func (i *Interface) role(row map[string]any) {
	switch i.Type {
	case "bridge":
		row["bridge_ports"], row["bridge_stp"], row["bridge_fd"] = i.Ports, "off", "0"
		if i.VLANAware {
			row["bridge_vlan_aware"] = 1
			setText(row, "bridge_vids", i.VLANs)
		}
	case "bond":
		row["slaves"], row["bond_miimon"] = i.Ports, "100"
		setText(row, "bond_mode", i.BondMode)
	case "vlan":
		setText(row, "vlan-raw-device", i.RawDevice)
		if i.VLAN > 0 {
			row["vlan-id"] = strconv.Itoa(i.VLAN)
		}
	case "OVSBridge":
		row["ovs_ports"] = i.Ports
	case "OVSBond":
		row["ovs_bonds"], row["ovs_bridge"] = i.Ports, i.OVSBridge
		setText(row, "bond_mode", i.BondMode)
	case "OVSPort", "OVSIntPort":
		row["ovs_type"], row["ovs_bridge"] = i.Type, i.OVSBridge
		if i.VLAN > 0 {
			row["ovs_tag"] = strconv.Itoa(i.VLAN)
		}
	}
}
