package proxmoxtest

import "slices"

// Estate is the model of one Proxmox VE cluster, or of one standalone node.
//
// Fields left zero get the defaults their comments state when the estate is
// given to [New] or changed by [Server.Update]; [Server.Estate] shows the
// result. An Estate is not safe for concurrent use.
type Estate struct {
	// Cluster is the corosync name; "" is a standalone node, which must then
	// be the only one.
	Cluster string
	// Version is the Proxmox VE version of all nodes that name none of their
	// own, such as "7.4-20", "8.4.1" or "9.1.6". Default "8.4.1".
	Version string
	// QuorumLost cuts the entry node off: it answers from its own frozen copy,
	// all other nodes look offline and are not reachable.
	QuorumLost bool
	// Nodes in the order of their corosync ids. Default one node "pve".
	Nodes []*Node
	// Guests of all nodes; a VMID occurs once.
	Guests []*Guest
	// Pools by name. Pools that guests name are added.
	Pools []Pool
	// Storages of the estate. Default "local" and "local-lvm" on each node.
	Storages []Storage
	// Zones and Vnets of the software-defined network. Releases before 8.1
	// answer 501 to both lists.
	Zones []Zone
	Vnets []Vnet
	// MACPrefix is the mac_prefix of the datacenter options, "" when unset.
	MACPrefix string
	// TagStyle is the tag-style of the datacenter options as it is stored, such
	// as "color-map=prod:ff0000;web:00ff00:ffffff,ordering=config", "" when
	// unset.
	TagStyle string
}

// Pool is a resource pool.
type Pool struct {
	Name    string
	Comment string
}

// Storage is a storage definition.
type Storage struct {
	Name string
	// Kind is the plugin type, such as "dir", "lvmthin", "rbd". Default "dir".
	Kind   string
	Shared bool
	// Nodes that have it; nil means all.
	Nodes []string
	// Bytes is the size. Default 1 TiB.
	Bytes int64
}

// Zone is an SDN zone.
type Zone struct {
	Name string
	// Kind is "simple", "vlan", "qinq", "vxlan" or "evpn". Default "simple".
	Kind string
	// Bridge of a vlan or qinq zone.
	Bridge string
}

// Vnet is a virtual network of an SDN zone. A guest names it as its bridge.
type Vnet struct {
	Name string
	Zone string
	// Tag is a VLAN id in vlan and qinq zones and a VNI in vxlan and evpn
	// zones; 0 is none.
	Tag   int
	Alias string
}

// Node returns the node of that name, or nil.
func (e *Estate) Node(name string) *Node {
	for _, node := range e.Nodes {
		if node.Name == name {
			return node
		}
	}
	return nil
}

// Guest returns the guest with that VMID, or nil.
func (e *Estate) Guest(vmid int) *Guest {
	for _, guest := range e.Guests {
		if guest.VMID == vmid {
			return guest
		}
	}
	return nil
}

// RemoveGuest deletes the guest with that VMID, if there is one.
func (e *Estate) RemoveGuest(vmid int) {
	e.Guests = slices.DeleteFunc(e.Guests, func(g *Guest) bool { return g.VMID == vmid })
}

// Clone returns a deep copy. Only the values inside [Guest.Config],
// [Guest.Pending] and [Interface.Raw] are shared.
func (e *Estate) Clone() *Estate {
	c := *e
	c.Nodes = cloneAll(e.Nodes, (*Node).Clone)
	c.Guests = cloneAll(e.Guests, (*Guest).Clone)
	c.Pools = slices.Clone(e.Pools)
	c.Storages = slices.Clone(e.Storages)
	for i := range c.Storages {
		c.Storages[i].Nodes = slices.Clone(c.Storages[i].Nodes)
	}
	c.Zones = slices.Clone(e.Zones)
	c.Vnets = slices.Clone(e.Vnets)
	return &c
}

func cloneAll[T any](items []*T, clone func(*T) *T) []*T {
	if items == nil {
		return nil
	}
	out := make([]*T, len(items))
	for i, item := range items {
		out[i] = clone(item)
	}
	return out
}

// fill sets the defaults.
func (e *Estate) fill() {
	if e.Version == "" {
		e.Version = "8.4.1"
	}
	if len(e.Nodes) == 0 {
		e.Nodes = []*Node{{}}
	}
	for i, node := range e.Nodes {
		node.fill(i, e.Version)
	}
	if e.Storages == nil {
		e.Storages = []Storage{{Name: "local"}, {Name: "local-lvm", Kind: "lvmthin"}}
	}
	for i := range e.Storages {
		e.Storages[i].fill()
	}
	for i := range e.Zones {
		if e.Zones[i].Kind == "" {
			e.Zones[i].Kind = "simple"
		}
	}
	pools := make(map[string]bool, len(e.Pools))
	for _, pool := range e.Pools {
		pools[pool.Name] = true
	}
	for _, guest := range e.Guests {
		guest.fill(e)
		if guest.Pool != "" && !pools[guest.Pool] {
			pools[guest.Pool] = true
			e.Pools = append(e.Pools, Pool{Name: guest.Pool})
		}
	}
}

func (s *Storage) fill() {
	if s.Kind == "" {
		s.Kind = "dir"
	}
	if s.Bytes == 0 {
		s.Bytes = 1 << 40
	}
}
