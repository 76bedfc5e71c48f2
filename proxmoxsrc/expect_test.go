package proxmoxsrc_test

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// expected translates the fake's own model of an estate of which everything can be read. It knows nothing of the API.
func expected(e *proxmoxtest.Estate) *inventory.Inventory {
	inv := &inventory.Inventory{
		Source:  "alpha",
		Cluster: inventory.Cluster{Name: e.Cluster, Standalone: e.Cluster == "", Quorate: true, Version: e.Nodes[0].Version},
	}
	if e.Cluster == "" {
		inv.Cluster.Name = e.Nodes[0].Name
	}
	for _, n := range e.Nodes {
		inv.Nodes = append(inv.Nodes, inventory.Node{
			Name: n.Name, Status: inventory.NodeOnline, Address: netip.MustParseAddr(n.Address), Version: n.Version,
			CPUs: n.Threads, Memory: n.Memory, CPUModel: n.CPUModel, Interfaces: expectedInterfaces(n),
		})
	}
	inv.VNets = []inventory.VNet{}
	for _, v := range e.Vnets {
		if v.Zone != "vl" {
			v.Tag = 0
		}
		inv.VNets = append(inv.VNets, inventory.VNet{Name: v.Name, Zone: v.Zone, Alias: v.Alias, VLAN: v.Tag})
	}
	slices.SortFunc(inv.VNets, func(a, b inventory.VNet) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(inv.Nodes, func(a, b inventory.Node) int { return cmp.Compare(a.Name, b.Name) })
	for _, g := range e.Guests {
		inv.Guests = append(inv.Guests, expectedGuest(e, g))
	}
	slices.SortFunc(inv.Guests, func(a, b inventory.Guest) int { return cmp.Compare(a.ID, b.ID) })
	return inv
}

func expectedInterfaces(n *proxmoxtest.Node) []inventory.NodeInterface {
	var list []inventory.NodeInterface
	for _, i := range n.Interfaces {
		one := inventory.NodeInterface{
			Name: i.Name, Type: i.Type, Active: !i.Inactive, MTU: i.MTU, Ports: strings.Fields(i.Ports), Parent: i.RawDevice,
			VLAN: i.VLAN, BondMode: i.BondMode, VLANAware: i.VLANAware, Trunks: strings.Fields(i.VLANs), Comment: i.Comment,
		}
		if i.VLANs == "" {
			one.Trunks = nil
		}
		for _, s := range []string{i.CIDR, i.CIDR6} {
			if s != "" {
				one.Addresses = append(one.Addresses, netip.MustParsePrefix(s))
			}
		}
		for _, s := range []string{i.Gateway, i.Gateway6} {
			if s != "" {
				one.Gateways = append(one.Gateways, netip.MustParseAddr(s))
			}
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b inventory.NodeInterface) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func expectedGuest(e *proxmoxtest.Estate, g *proxmoxtest.Guest) inventory.Guest {
	out := inventory.Guest{
		ID: g.VMID, Kind: inventory.GuestKind(g.Kind), Name: g.Name, Node: g.Node, Status: expectedStatus(g.Status),
		Template: g.Template, Tags: sorted(g.Tags), Pool: g.Pool, HAState: g.HAState, Lock: g.Lock,
		UUID: g.UUID, CPUs: expectedCPUs(e, g), Memory: g.MemoryBytes(), Description: g.Description, OSType: g.OSType,
		StartAtBoot: g.OnBoot, Agent: g.Agent != proxmoxtest.AgentOff && g.Agent != proxmoxtest.AgentDisabled,
		Unprivileged: g.Kind == proxmoxtest.LXC,
	}
	if answers(g) {
		out.OS = expectedOS(g)
	}
	visible := e.VisibleAddresses(g.VMID)
	for _, n := range g.NICs {
		out.NICs = append(out.NICs, expectedNIC(g, n, visible[n.Index]))
	}
	for i, d := range g.Disks {
		if d.Kind == proxmoxtest.DiskVolume || d.Kind == proxmoxtest.DiskPassthrough {
			out.Disks = append(out.Disks, expectedDisk(g, i))
		}
	}
	slices.SortFunc(out.Disks, func(a, b inventory.Disk) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// answers tells whether the guest has an agent that answers.
func answers(g *proxmoxtest.Guest) bool {
	return g.Kind == proxmoxtest.QEMU && g.Status == proxmoxtest.StatusRunning && !g.Template && g.Agent == proxmoxtest.AgentOK
}

// expectedOS is what the agents of all guests of the fake say.
func expectedOS(g *proxmoxtest.Guest) inventory.OS {
	if strings.HasPrefix(g.OSType, "win") {
		return inventory.OS{ID: "mswindows", Name: "Windows Server 2022 Standard", Version: "2022"}
	}
	return inventory.OS{ID: "debian", Name: "Debian GNU/Linux", Version: "12"}
}

func expectedStatus(s proxmoxtest.Status) inventory.GuestStatus {
	return map[proxmoxtest.Status]inventory.GuestStatus{
		proxmoxtest.StatusRunning: inventory.GuestRunning, proxmoxtest.StatusStopped: inventory.GuestStopped,
		proxmoxtest.StatusPaused: inventory.GuestPaused, proxmoxtest.StatusSuspended: inventory.GuestPaused,
		proxmoxtest.StatusPrelaunch: inventory.GuestPaused, proxmoxtest.StatusIOError: inventory.GuestFailed,
	}[s]
}

func expectedCPUs(e *proxmoxtest.Estate, g *proxmoxtest.Guest) float64 {
	switch {
	case g.CPUs() > 0:
		return float64(g.CPUs())
	case g.CPULimit == "0.5":
		return 0.5
	}
	return float64(e.Node(g.Node).Threads)
}

func sorted(tags []string) []string {
	tags = slices.Clone(tags)
	slices.Sort(tags)
	return tags
}

func expectedNIC(g *proxmoxtest.Guest, n proxmoxtest.NIC, visible []netip.Prefix) inventory.NIC {
	out := inventory.NIC{
		Key: "net" + string(rune('0'+n.Index)), Model: n.Model, MAC: strings.ToUpper(n.MAC), Bridge: n.Bridge, VLAN: n.Tag,
		MTU: n.MTU, Down: n.LinkDown,
	}
	if answers(g) && n.MAC != "" {
		out.AgentName = n.Name
	}
	if n.MTU == 1 {
		out.MTU = 0
	}
	if n.Trunks != "" {
		out.Trunks = strings.Split(n.Trunks, ";")
	}
	origin := inventory.OriginAgent
	if g.Kind == proxmoxtest.LXC {
		out.Name, out.Model, origin = n.Name, "veth", inventory.OriginContainer
		if g.Status == proxmoxtest.StatusStopped {
			origin = inventory.OriginConfig
			for _, s := range []string{n.IP, n.IP6} {
				if prefix, err := netip.ParsePrefix(s); err == nil && !g.Template {
					visible = append(visible, prefix)
				}
			}
		}
	}
	for _, p := range visible {
		dynamic := n.IP == "dhcp"
		if p.Addr().Is6() {
			dynamic = n.IP6 == "dhcp" || n.IP6 == "auto"
		}
		out.Addresses = append(out.Addresses, inventory.Address{Prefix: p, Origin: origin, Dynamic: dynamic})
	}
	return out
}

func expectedDisk(g *proxmoxtest.Guest, i int) inventory.Disk {
	d := g.Disks[i]
	out := inventory.Disk{Key: d.Slot, Storage: d.Storage, Volume: d.Volume}
	if d.Kind == proxmoxtest.DiskPassthrough {
		out.Storage, out.Volume = "", d.Path
	} else if out.Volume == "" {
		volumes := 0
		for _, before := range g.Disks[:i] {
			if before.Kind == proxmoxtest.DiskVolume {
				volumes++
			}
		}
		prefix := "vm-"
		if g.Template {
			prefix = "base-"
		}
		out.Volume = prefix + itoa(g.VMID) + "-disk-" + itoa(volumes)
	}
	if !d.UnknownSize && d.Bytes > 0 {
		out.Bytes, out.Known = d.Bytes, true
	}
	return out
}
