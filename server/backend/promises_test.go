package backend_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// moment is how everything was at one time.
type moment struct {
	netbox  snapshot
	estates map[string]*proxmoxtest.Estate
	at      time.Time
}

// moment looks at everything anew.
func (w *world) moment() moment {
	w.now = w.person.look()
	return w.asSeen()
}

// asSeen returns how everything is, NetBox as it was looked at last.
func (w *world) asSeen() moment { return moment{w.now, w.estates(), time.Now()} }

// rows returns what the engine wrote since the last time that somebody asked. Where it and the person are one user, all
// that was written in between counts as its: the person is never there during a run.
func (w *world) rows() (written []row) {
	for _, r := range w.person.rowsAfter(w.lastRow) {
		w.lastRow = max(w.lastRow, r.ID)
		if w.live || r.User == "proxbox" {
			written = append(written, r)
		}
	}
	return written
}

// kept checks what was written between two moments against what is promised.
func (w *world) kept(was, is moment, written []row) {
	w.t.Helper()
	goneUnits := map[thing]bool{}
	for _, r := range written {
		if r.Action.Value == "delete" && (r.Kind == "virtualization.virtualmachine" || r.Kind == "dcim.device") {
			goneUnits[r.thing()] = true
			w.mayGo(was, is, r)
		}
	}
	w.few(was, goneUnits)
	w.nothingStolen(was, is, written, goneUnits)
	w.editsStay(is)
	for _, r := range written {
		if r.Action.Value == "delete" && !goneUnits[was.netbox.unitOf(r.thing())] {
			w.isGone(was, is, r)
		}
	}
	w.once(is, false)
}

// mayGo checks that a device or virtual machine was to be deleted.
func (w *world) mayGo(was, is moment, r row) {
	w.t.Helper()
	f := was.netbox[r.thing()]
	source := f.source()
	switch {
	case w.mapping.Deletion.Mode != "delete":
		w.failf("%s: nothing is to be deleted", r)
	case was.estates[source] == nil:
		w.failf("%s: it is not ours: %v", r, f)
	case troubled(was.estates[source]) && troubled(is.estates[source]):
		w.failf("%s: it is not known whether it is gone: %v", r, f)
	}
	since, err := time.Parse(time.RFC3339, f.custom("proxbox_gone_since"))
	if err != nil || is.at.Sub(since) < w.mapping.Deletion.Grace {
		w.failf("%s: it is gone since %q only", r, f.custom("proxbox_gone_since"))
	}
	if r.Kind == "virtualization.virtualmachine" && guestOf(was.estates[source], f) != nil && guestOf(is.estates[source], f) != nil {
		w.failf("%s: its guest is there: %v", r, f)
	}
}

// few checks that no more is deleted of a source than may be.
func (w *world) few(was moment, gone map[thing]bool) {
	w.t.Helper()
	count, all := map[string]int{}, map[string]int{}
	for t := range gone {
		count[was.netbox[t].source()]++
	}
	for _, path := range []string{machines, devices} {
		for _, t := range was.netbox.of(path, w.ours) {
			all[was.netbox[t].source()]++
		}
	}
	most, share := w.mapping.Deletion.Most, w.mapping.Deletion.MostShare
	if most == 0 {
		most = 10
	}
	if share == 0 {
		share = 0.2
	}
	for source, n := range count {
		if n > most || n > 1 && float64(n) > share*float64(all[source]) {
			w.failf("%d of %d objects of %s were deleted: %v", n, all[source], source, gone)
		}
	}
}

// troubled tells whether a cluster cannot be read as a whole. What a node of unknown state has, it tells.
func troubled(e *proxmoxtest.Estate) bool {
	return e.QuorumLost || slices.ContainsFunc(e.Nodes, func(n *proxmoxtest.Node) bool { return unaskable(e, n.Name) != "" })
}

// mayTake tells whether an object of the person's may be taken over.
func (w *world) mayTake(was moment, t thing) bool {
	switch f := was.netbox[t]; t.path {
	case machines, devices:
		return w.adopting && f.source() == ""
	case addresses:
		return w.taking && f["assigned_object_id"] == nil
	}
	return w.adopting && !w.ours(was.netbox[was.netbox.unitOf(t)])
}

// nothingStolen checks that the person's own objects are as they were left.
func (w *world) nothingStolen(was, is moment, written []row, gone map[thing]bool) {
	w.t.Helper()
	spared := func(t thing) bool { return gone[was.netbox.unitOf(t)] || w.mayTake(was, t) }
	for _, r := range written {
		if _, theirs := w.book.theirs[r.thing()]; theirs && r.Action.Value != "create" && !spared(r.thing()) {
			w.failf("%s: it is the person's: %s", r, differences(was.netbox[r.thing()], is.netbox[r.thing()]))
		}
	}
	for t, left := range w.book.theirs {
		switch {
		case spared(t) && (is.netbox[t] == nil || differences(left, is.netbox[t]) != ""):
			delete(w.book.theirs, t) // it is ours by now
		case is.netbox[t] == nil:
			w.failf("%s of the person is gone: %v", t, left)
		case differences(left, is.netbox[t]) != "":
			w.failf("%s of the person is another: %s", t, differences(left, is.netbox[t]))
		}
	}
}

// editsStay checks that what a person edited is as it was left.
func (w *world) editsStay(is moment) {
	w.t.Helper()
	for t, fields := range w.book.edits {
		if is.netbox[t] == nil {
			delete(w.book.edits, t) // whether that may be is seen elsewhere
			continue
		}
		for field, left := range fields {
			now := is.netbox[t][field]
			if id := 0; strings.HasPrefix(field, "tag ") {
				_, _ = fmt.Sscanf(field, "tag %d", &id)
				if is.netbox[thing{tags, id}] != nil && !slices.Contains(is.netbox[t].tags(), id) {
					w.failf("%s lost the person's tag %d: %v", t, id, is.netbox[t].tags())
				}
				continue
			}
			if id, isID := left.(float64); isID && strings.HasPrefix(field, "primary_ip") && is.netbox.unitOf(thing{addresses, int(id)}) != t {
				delete(fields, field)
				continue
			}
			if fmt.Sprint(now) != fmt.Sprint(left) {
				w.failf("%s of %s (%s) was edited to %v and is %v", field, t, is.netbox.called(t), left, now)
			}
		}
	}
}

// isGone checks that the source no longer has what was deleted of a guest that is there.
func (w *world) isGone(was, is moment, r row) {
	w.t.Helper()
	t := r.thing()
	f := was.netbox[t]
	if f == nil || t.path == "" {
		return // made and deleted in one step
	}
	if _, theirs := w.book.theirs[t]; t.path == macs && f["assigned_object_id"] == nil && !theirs {
		return // made by a run that was cut off before it made the interface
	}
	unit := was.netbox.unitOf(t)
	source := was.netbox[unit].source()
	if was.estates[source] == nil {
		w.failf("%s: it hangs on nothing of ours: %v", r, f)
	}
	if w.surplus(was, t) || isElsewhere(was.estates, source, was.netbox[unit]) || isElsewhere(is.estates, source, was.netbox[unit]) {
		return
	}
	if g := is.netbox[unit]; unit.path == machines && (guestOf(was.estates[source], g) == nil) != (guestOf(is.estates[source], g) == nil) {
		return // another guest got the VMID while the one was read: what was read is of both
	}
	var reasons [2]string
	for i, e := range []*proxmoxtest.Estate{was.estates[source], is.estates[source]} {
		if unit.path == devices {
			reasons[i] = nodeHas(e, was.netbox, t)
		} else {
			reasons[i] = guestHas(e, was.netbox, unit, t)
		}
	}
	if reasons[0] != "" && reasons[1] != "" {
		w.failf("%s on %s (%s): %s: %v", r, unit, was.netbox.called(unit), reasons[1], f)
	}
}

// isElsewhere tells whether the guest of a virtual machine is in another cluster by now, and has the address there.
func isElsewhere(estates map[string]*proxmoxtest.Estate, source string, f facts) bool {
	for name, e := range estates {
		if name != source && slices.ContainsFunc(e.Guests, func(g *proxmoxtest.Guest) bool { return g.UUID != "" && g.UUID == f.custom("proxbox_uuid") }) {
			return true
		}
	}
	return false
}

// surplus tells whether there was another object in the place of this one.
func (w *world) surplus(was moment, t thing) bool {
	f := was.netbox[t]
	same := was.netbox.of(t.path, func(o facts) bool {
		if t.path == addresses {
			return hostOf(o) == hostOf(f) && fmt.Sprint(o["vrf"]) == fmt.Sprint(f["vrf"])
		}
		return t.path == macs && o.text("mac_address") == f.text("mac_address") && o.number("assigned_object_id") == f.number("assigned_object_id")
	})
	return len(same) > 1
}

func hostOf(f facts) netip.Addr {
	p, _ := netip.ParsePrefix(f.text("address"))
	return p.Addr()
}

// unaskable returns why a guest's node cannot be asked; empty if it can.
func unaskable(e *proxmoxtest.Estate, node string) string {
	n := e.Node(node)
	switch {
	case e.QuorumLost:
		return "there is no quorum"
	case n == nil || n.State == proxmoxtest.NodeOffline || n.State == proxmoxtest.NodeHung:
		return "its node does not answer"
	}
	return ""
}

// guestHas returns why something must not be deleted from a guest; empty if it may be.
func guestHas(e *proxmoxtest.Estate, netbox snapshot, unit, t thing) string {
	f := netbox[unit]
	g := guestOf(e, f)
	if other := e.Guest(f.vmid()); g == nil && other != nil && other.Kind == proxmoxtest.LXC {
		return "" // it may be the one or the other
	}
	if g == nil {
		return "its guest is gone, and what it had is to be kept"
	}
	if reason := unaskable(e, g.Node); reason != "" {
		return reason
	}
	o := netbox[t]
	switch t.path {
	case disks:
		if d := g.Disk(o.text("name")); d != nil && d.Kind != proxmoxtest.DiskCDROM && !strings.HasPrefix(d.Slot, "unused") {
			return "the guest has this disk"
		}
	case interfaces:
		for _, nic := range g.NICs {
			if o.text("name") == interfaceName(g, nic) {
				return "the guest has this interface"
			}
		}
	case macs:
		for _, nic := range g.NICs {
			on := netbox[thing{interfaces, o.number("assigned_object_id")}]
			if on.text("name") == interfaceName(g, nic) && strings.EqualFold(nic.MAC, o.text("mac_address")) {
				return "the guest has this MAC address"
			}
		}
	case addresses:
		return addressStays(e, g, netbox, o)
	}
	return ""
}

// interfaceName returns what an interface is called that nobody renamed.
func interfaceName(g *proxmoxtest.Guest, nic proxmoxtest.NIC) string {
	if g.Kind == proxmoxtest.LXC {
		return nic.Name
	}
	return fmt.Sprintf("net%d", nic.Index)
}

// addressStays returns why an address must not be deleted from a guest.
func addressStays(e *proxmoxtest.Estate, g *proxmoxtest.Guest, netbox snapshot, o facts) string {
	on := netbox[thing{interfaces, o.number("assigned_object_id")}].text("name")
	for _, nic := range g.NICs {
		if on != interfaceName(g, nic) {
			continue
		}
		if slices.ContainsFunc(e.VisibleAddresses(g.VMID)[nic.Index], func(p netip.Prefix) bool { return p.Addr() == hostOf(o) }) {
			return "the guest has this address"
		}
		silent := []proxmoxtest.Agent{proxmoxtest.AgentDead, proxmoxtest.AgentStalled, proxmoxtest.AgentRefused, proxmoxtest.AgentNoPrivilege}
		if g.Kind == proxmoxtest.QEMU && g.Status == proxmoxtest.StatusRunning && slices.Contains(silent, g.Agent) {
			return "the agent tells no addresses"
		}
	}
	return ""
}

// nodeHas returns why something must not be deleted from a node; empty if it may be.
func nodeHas(e *proxmoxtest.Estate, netbox snapshot, t thing) string {
	o := netbox[t]
	for _, n := range e.Nodes {
		if unaskable(e, n.Name) != "" {
			return "a node does not answer" // which one it is, is not looked at
		}
	}
	if t.path != ports {
		return ""
	}
	name := netbox[netbox.unitOf(t)].text("name")
	if n := e.Node(name); n != nil && slices.ContainsFunc(n.Interfaces, func(i proxmoxtest.Interface) bool { return i.Name == o.text("name") }) {
		return "the node has this interface"
	}
	return ""
}

// once checks that nothing is there twice. While answers are lost, what NetBox does not keep unique may be, until the
// next run.
func (w *world) once(is moment, settled bool) {
	w.t.Helper()
	seen := map[string]thing{}
	note := func(what string, t thing) {
		if other, twice := seen[what]; twice {
			w.failf("%s and %s are both %s", other, t, what)
		}
		seen[what] = t
	}
	for t, f := range is.netbox {
		_, theirs := w.book.theirs[t]
		switch {
		case theirs:
		case t.path == clusters && w.ours(f) && !w.late: // NetBox takes two of a name, and shared objects are never deleted
			note("the cluster of "+f.source(), t)
		case t.path == machines && w.ours(f) && f.custom("proxbox_uuid") != "":
			note(fmt.Sprintf("guest %d %s of %s", f.vmid(), f.custom("proxbox_uuid"), f.source()), t)
		case t.path == machines && w.ours(f): // a container is known by its name too
			name, _, _ := strings.Cut(f.text("name"), " (")
			note(fmt.Sprintf("%s %d %q of %s", f.custom("proxmox_vm_type"), f.vmid(), name, f.source()), t)
		case t.path == interfaces:
			note(fmt.Sprintf("interface %q of %d", f.text("name"), f.number("virtual_machine")), t)
		case t.path == disks:
			note(fmt.Sprintf("disk %q of %d", f.text("name"), f.number("virtual_machine")), t)
		case (t.path == macs || t.path == addresses) && (!settled || !w.looksAt(is, t)):
		case t.path == macs:
			note(fmt.Sprintf("MAC address %s of %v %v", f.text("mac_address"), f["assigned_object_type"], f["assigned_object_id"]), t)
		case t.path == addresses && f.text("role") == "":
			note(fmt.Sprintf("address %s in %v", hostOf(f), f["vrf"]), t)
		}
	}
}

// looksAt tells whether the engine writes what an object hangs on: not of a guest that is gone, or that a filter hides.
func (w *world) looksAt(is moment, t thing) bool {
	unit := is.netbox.unitOf(t)
	f := is.netbox[unit]
	e := is.estates[f.source()]
	hides := len(w.mapping.Filters.Exclude)+len(w.mapping.Filters.HideInterfaces)+len(w.mapping.Filters.DropAddresses) > 0 ||
		w.mapping.Placement.Missing == "refuse" || w.mapping.Objects.Pools == "tenant" || w.mapping.Objects.Templates == "skip"
	return e != nil && !hides && !troubled(e) && (unit.path == devices || guestOf(e, f) != nil)
}

// apart checks that a run of one cluster touched nothing of another.
func (w *world) apart(was moment, source string, written []row) {
	w.t.Helper()
	for _, r := range written {
		if other := was.netbox.sourceOf(r.thing()); other != "" && other != source {
			w.failf("%s: it is of %s, and the run was for %s", r, other, source)
		}
	}
}
