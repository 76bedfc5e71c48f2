package backend_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// grow gives a cluster what the generator has not: dual-stack nodes, VLAN interfaces, containers and cloud-init with
// static addresses, disks that are none.
func grow(r *rand.Rand, e *proxmoxtest.Estate) {
	for i, n := range e.Nodes {
		if chance(r, 0.5) {
			n.Interfaces[3].CIDR6 = fmt.Sprintf("2001:db8:99::%d/64", i+1)
			n.Interfaces = append(n.Interfaces, proxmoxtest.Interface{Name: "vmbr0.20", Type: "vlan", RawDevice: "vmbr0", VLAN: 20, CIDR: fmt.Sprintf("192.0.2.%d/24", i+1), MTU: 1400})
		}
	}
	for _, g := range e.Guests {
		if chance(r, 0.1) && g.Kind == proxmoxtest.QEMU && len(g.NICs) > 0 {
			g.NICs[0].IP = fmt.Sprintf("198.51.100.%d/24", g.VMID%250+1)
		}
		if chance(r, 0.05) {
			g.Disks = append(g.Disks, proxmoxtest.Disk{Slot: "unused0", Bytes: 1 << 30})
		}
	}
}

// drift lets clusters change as time does, beyond what their own Drift does, and tells what it did.
func (w *world) drift(r *rand.Rand) {
	for _, l := range w.labs {
		if !chance(r, 0.7) {
			continue
		}
		var changes []proxmoxtest.Change
		l.fake.Update(func(e *proxmoxtest.Estate) { changes = e.Drift(r.Uint64(), 0.1+0.4*r.Float64()) })
		for _, c := range changes {
			w.tell("%s: %s", l.name, c)
		}
		for range r.IntN(4) {
			l.fake.Update(func(e *proxmoxtest.Estate) { w.tell("%s: %s", l.name, mutate(r, e)) })
		}
	}
	if len(w.labs) == 2 && chance(r, 0.2) {
		w.migrate(r)
	}
}

// mutate changes one thing of a cluster, and tells what.
func mutate(r *rand.Rand, e *proxmoxtest.Estate) string {
	if len(e.Guests) == 0 {
		return "nothing"
	}
	g, other := pick(r, e.Guests...), pick(r, e.Guests...)
	node := pick(r, e.Nodes...)
	switch r.IntN(13) {
	case 0:
		g.Name, other.Name = other.Name, g.Name
		return fmt.Sprintf("%d and %d swap names", g.VMID, other.VMID)
	case 1:
		if len(g.NICs) > 0 && len(other.NICs) > 0 {
			a, b := &g.NICs[0], &other.NICs[0]
			a.Addresses, b.Addresses = b.Addresses, a.Addresses
			a.IP, b.IP, a.IP6, b.IP6 = b.IP, a.IP, b.IP6, a.IP6
			return fmt.Sprintf("%d and %d swap addresses", g.VMID, other.VMID)
		}
	case 2:
		if len(g.NICs) > 0 {
			g.NICs[0].MAC = fmt.Sprintf("BC:24:11:%02X:%02X:%02X", r.IntN(256), r.IntN(256), r.IntN(256))
			return fmt.Sprintf("%d has the MAC address %s", g.VMID, g.NICs[0].MAC)
		}
	case 3:
		if g.Kind == proxmoxtest.QEMU {
			g.Agent = pick(r, proxmoxtest.AgentOK, proxmoxtest.AgentDead, proxmoxtest.AgentStalled, proxmoxtest.AgentRefused, proxmoxtest.AgentOff, proxmoxtest.AgentDisabled, proxmoxtest.AgentNoPrivilege)
			return fmt.Sprintf("the agent of %d is %q", g.VMID, g.Agent)
		}
	case 4:
		if !g.Template {
			g.Status = pick(r, proxmoxtest.StatusRunning, proxmoxtest.StatusStopped)
			return fmt.Sprintf("%d is %s", g.VMID, g.Status)
		}
	case 5:
		node.State, node.RowsExpired = pick(r, proxmoxtest.NodeOffline, proxmoxtest.NodeUnknown, proxmoxtest.NodeHung), chance(r, 0.5)
		if node == e.Nodes[0] {
			node.State = proxmoxtest.NodeUnknown // somebody must answer
		}
		return fmt.Sprintf("node %s is %s", node.Name, node.State)
	case 6:
		for _, n := range e.Nodes {
			n.State, n.RowsExpired = proxmoxtest.NodeOnline, false
		}
		e.QuorumLost = false
		return "all nodes are online"
	case 7:
		e.QuorumLost = len(e.Nodes) > 1
		return fmt.Sprintf("lost quorum: %v", e.QuorumLost)
	case 8:
		slot := map[proxmoxtest.Kind]string{proxmoxtest.QEMU: "scsi9", proxmoxtest.LXC: "mp9"}[g.Kind]
		if g.Disk(slot) == nil {
			g.Disks = append(g.Disks, proxmoxtest.Disk{Slot: slot, Storage: "ceph", Bytes: 1 << 30})
			return fmt.Sprintf("%d has the disk %s", g.VMID, slot)
		}
		g.Disks = slices.DeleteFunc(g.Disks, func(d proxmoxtest.Disk) bool { return d.Slot == slot })
		return fmt.Sprintf("%d has no disk %s", g.VMID, slot)
	case 9:
		if len(g.NICs) > 0 {
			g.NICs[0].Tag, g.NICs[0].LinkDown, g.NICs[0].MTU = 100+r.IntN(3), chance(r, 0.3), pick(r, 0, 1400)
			return fmt.Sprintf("%d has the VLAN %d", g.VMID, g.NICs[0].Tag)
		}
	case 10:
		if len(g.NICs) > 0 && len(other.NICs) > 0 {
			g.NICs[0].Addresses = slices.Clone(other.NICs[0].Addresses)
			return fmt.Sprintf("%d has the addresses of %d", g.VMID, other.VMID)
		}
	case 11:
		if len(g.NICs) > 0 {
			for i, p := range g.NICs[0].Addresses {
				g.NICs[0].Addresses[i] = netip.PrefixFrom(p.Addr(), p.Bits()-1)
			}
			return fmt.Sprintf("%d has another prefix", g.VMID)
		}
	case 12:
		e.Guests = slices.DeleteFunc(e.Guests, func(x *proxmoxtest.Guest) bool { return x == g })
		return fmt.Sprintf("%d is gone", g.VMID)
	}
	return "nothing"
}

// migrate moves a guest from the first cluster to the second.
func (w *world) migrate(r *rand.Rand) {
	var moved *proxmoxtest.Guest
	w.labs[0].fake.Update(func(e *proxmoxtest.Estate) {
		if len(e.Guests) > 0 {
			moved = pick(r, e.Guests...).Clone()
			e.RemoveGuest(moved.VMID)
		}
	})
	if moved == nil {
		return
	}
	w.labs[1].fake.Update(func(e *proxmoxtest.Estate) {
		from := moved.VMID
		for e.Guest(moved.VMID) != nil {
			moved.VMID += 1000
		}
		moved.Node = e.Nodes[0].Name
		e.Guests = append(e.Guests, moved)
		w.tell("%d of %s is %d of %s", from, w.labs[0].name, moved.VMID, w.labs[1].name)
	})
}

// heal makes all nodes answer.
func (w *world) heal() {
	for _, l := range w.labs {
		l.fake.Update(func(e *proxmoxtest.Estate) {
			e.QuorumLost = false
			for _, n := range e.Nodes {
				n.State, n.RowsExpired = proxmoxtest.NodeOnline, false
			}
		})
	}
	w.tell("all nodes answer")
}
