package backend_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// book has what a person did, and what has to stay of it.
type book struct {
	theirs map[thing]facts          // the person's own objects, as they were left
	edits  map[thing]map[string]any // by object of ours, fields that are ours until they are edited
	count  int                      // for texts that nobody else writes
}

func newBook() book { return book{theirs: map[thing]facts{}, edits: map[thing]map[string]any{}} }

// own notes an object that the person made.
func (b *book) own(path string, id int) {
	if id > 0 {
		b.theirs[thing{path, id}] = nil
	}
}

// keep notes that a field of an object of ours is the person's from now on.
func (b *book) keep(t thing, field string) {
	if b.edits[t] == nil {
		b.edits[t] = map[string]any{}
	}
	b.edits[t][field] = nil
}

// update writes down how everything is after the person was there.
func (b *book) update(now snapshot) {
	for t := range b.theirs {
		if now[t] == nil {
			delete(b.theirs, t)
			continue
		}
		b.theirs[t] = now[t]
	}
	for t, fields := range b.edits {
		if now[t] == nil {
			delete(b.edits, t)
			continue
		}
		for field := range fields {
			fields[field] = now[t][field]
			if strings.HasPrefix(field, "primary_ip") && fields[field] == nil {
				delete(fields, field) // to have none is no choice
			}
			if id := 0; strings.HasPrefix(field, "tag ") {
				_, _ = fmt.Sscanf(field, "tag %d", &id)
				if !slices.Contains(now[t].tags(), id) {
					delete(fields, field) // it was taken away again
				}
			}
		}
	}
}

// unique returns a text that nobody else writes.
func (w *world) unique() string {
	w.book.count++
	return fmt.Sprintf("by hand %d", w.book.count)
}

// edit lets the person do one thing in NetBox, and tells what.
func (w *world) edit(r *rand.Rand, now snapshot) string {
	w.t.Helper()
	edits := []func(*rand.Rand, snapshot) string{
		w.editMachine, w.editMachine, w.editDevice, w.editChild, w.editChild, w.measure, w.remove, w.remove, w.addToMachine,
		w.addToMachine, w.addMachine, w.addAddress, w.moveAddress, w.label, w.choosePrimary, w.moveDevice, w.editCluster,
		w.stranger, w.addVLAN, w.addDevice,
	}
	return pick(r, edits...)(r, now)
}

// ours tells of units that bear the mark of one of the clusters.
func (w *world) ours(f facts) bool {
	for _, l := range w.labs {
		if f.source() == l.name {
			return true
		}
	}
	return false
}

// anyOf returns one of the objects, and whether there is one.
func anyOf(r *rand.Rand, all []thing) (t thing, ok bool) {
	if len(all) == 0 {
		return thing{}, false
	}
	return pick(r, all...), true
}

// ourChild returns an object that hangs on a unit of ours and is not the person's.
func (w *world) ourChild(r *rand.Rand, now snapshot, paths ...string) (t thing, ok bool) {
	path := pick(r, paths...)
	var all []thing
	for _, t := range now.of(path, nil) {
		if _, theirs := w.book.theirs[t]; !theirs && w.ours(now[now.unitOf(t)]) && now.unitOf(t) != t {
			all = append(all, t)
		}
	}
	return anyOf(r, all)
}

// set edits fields of an object of ours that stay edited.
func (w *world) set(now snapshot, t thing, fields map[string]any) string {
	if !w.person.edit(t, fields) {
		return fmt.Sprintf("%s is refused: %v", t, fields)
	}
	for field, value := range fields {
		if fmt.Sprint(value) != fmt.Sprint(now[t][field]) { // else nobody can tell that it was edited
			w.book.keep(t, field)
		}
	}
	return fmt.Sprintf("edits %s: %v", t, fields)
}

func (w *world) editMachine(r *rand.Rand, now snapshot) string {
	t, ok := anyOf(r, now.of(machines, w.ours))
	if !ok {
		return ""
	}
	name := w.unique()
	slug := strings.ReplaceAll(name, " ", "-")
	switch r.IntN(7) {
	case 0:
		return w.set(now, t, map[string]any{"name": name})
	case 1:
		return w.set(now, t, map[string]any{"description": name, "comments": name})
	case 2:
		return w.set(now, t, map[string]any{"description": ""})
	case 3:
		role := w.person.create(roles, map[string]any{"name": name, "slug": slug, "color": "00ff00"})
		w.book.own(roles, role)
		return w.set(now, t, map[string]any{"role": role})
	case 4:
		platform := w.person.create(platforms, map[string]any{"name": name, "slug": slug})
		w.book.own(platforms, platform)
		return w.set(now, t, map[string]any{"platform": platform})
	case 5:
		tenant := w.person.create(tenants, map[string]any{"name": name, "slug": slug})
		w.book.own(tenants, tenant)
		return w.set(now, t, map[string]any{"tenant": tenant})
	}
	return w.set(now, t, map[string]any{"role": nil})
}

func (w *world) editDevice(r *rand.Rand, now snapshot) string {
	t, ok := anyOf(r, now.of(devices, w.ours))
	if !ok {
		return ""
	}
	name := w.unique()
	switch r.IntN(3) {
	case 0:
		return w.set(now, t, map[string]any{"name": name})
	case 1:
		return w.set(now, t, map[string]any{"description": name, "comments": name, "serial": name})
	}
	return w.set(now, t, map[string]any{"platform": nil})
}

func (w *world) editChild(r *rand.Rand, now snapshot) string {
	t, ok := w.ourChild(r, now, interfaces, ports, addresses, disks)
	switch {
	case !ok:
		return ""
	case t.path == addresses:
		return w.set(now, t, map[string]any{"description": w.unique(), "status": "deprecated", "dns_name": "by-hand.example.com"})
	case t.path == ports && chance(r, 0.3):
		return w.set(now, t, map[string]any{"type": "1000base-t"})
	}
	return w.set(now, t, map[string]any{"description": w.unique()})
}

// measure edits what the source measures: that comes back.
func (w *world) measure(r *rand.Rand, now snapshot) string {
	t, ok := anyOf(r, now.of(machines, w.ours))
	fields := pick(r, map[string]any{"status": "staged"}, map[string]any{"vcpus": 77, "memory": nil}, map[string]any{"device": nil}, map[string]any{"tags": []int{}}, map[string]any{"primary_ip4": nil})
	if chance(r, 0.6) {
		t, ok = w.ourChild(r, now, interfaces, disks, addresses)
		fields = map[string]map[string]any{
			interfaces: pick(r, map[string]any{"name": w.unique()}, map[string]any{"enabled": false, "mtu": 1234}, map[string]any{"primary_mac_address": nil}, map[string]any{"mode": "tagged-all"}),
			disks:      pick(r, map[string]any{"name": w.unique()}, map[string]any{"size": 12345}),
		}[t.path]
		if t.path == addresses {
			host, _, _ := strings.Cut(now[t].text("address"), "/")
			fields = map[string]any{"address": host + "/31"}
		}
	}
	if !ok {
		return ""
	}
	return fmt.Sprintf("measures %s: %v, taken: %v", t, fields, w.person.edit(t, fields))
}

// remove deletes an object of ours.
func (w *world) remove(r *rand.Rand, now snapshot) string {
	t, ok := w.ourChild(r, now, interfaces, ports, addresses, disks, macs)
	if chance(r, 0.2) {
		t, ok = anyOf(r, append(append(now.of(machines, w.ours), now.of(devices, w.ours)...), now.of(tags, nil)...))
	}
	if !ok {
		return ""
	}
	if _, theirs := w.book.theirs[t]; theirs {
		return ""
	}
	return fmt.Sprintf("deletes %s (%s), taken: %v", t, now.called(t), w.person.remove(t))
}

// addToMachine hangs something of the person's on a virtual machine of ours.
func (w *world) addToMachine(r *rand.Rand, now snapshot) string {
	on, ok := anyOf(r, now.of(machines, w.ours))
	if !ok {
		return ""
	}
	path := pick(r, interfaces, disks, addresses, macs)
	fields := map[string]any{"description": "mine"}
	switch path {
	case interfaces:
		fields["virtual_machine"], fields["name"] = on.id, pick(r, "net0", "net1", "net2", "eth0", "eth1", w.unique())
	case disks:
		fields["virtual_machine"], fields["name"], fields["size"] = on.id, pick(r, "scsi0", "scsi9", "mp9", w.unique()), 1024
	default:
		nic, ok := anyOf(r, now.of(interfaces, func(f facts) bool { return f.number("virtual_machine") == on.id }))
		if !ok {
			return ""
		}
		fields["assigned_object_type"], fields["assigned_object_id"] = "virtualization.vminterface", nic.id
		if path == macs {
			fields["mac_address"] = fmt.Sprintf("BC:24:11:00:00:%02X", r.IntN(256))
		} else {
			fields["address"] = w.someAddress(r)
		}
	}
	id := w.person.create(path, fields)
	if name, _ := fields["name"].(string); name == "" || !remembers(now[on], name) {
		w.book.own(path, id)
	} // else it stands where ours was, or was about to be: nothing tells it from ours
	return fmt.Sprintf("adds %s/%d to %s", path, id, now.called(on))
}

// remembers tells whether a name is that of something of ours on a virtual machine, by what we remember of it.
func remembers(f facts, name string) bool {
	fields, _ := f["custom_fields"].(map[string]any)
	memory, err := json.Marshal(fields["proxbox_memory"])
	return err != nil || strings.Contains(string(memory), fmt.Sprintf("%q", name))
}

// someAddress returns an address that a guest has or may get, or one that none has.
func (w *world) someAddress(r *rand.Rand) string {
	e := pick(r, w.labs...).fake.Estate()
	if len(e.Guests) > 0 && chance(r, 0.7) {
		for _, nic := range pick(r, e.Guests...).NICs {
			if len(nic.Addresses) > 0 {
				return nic.Addresses[0].String()
			}
		}
	}
	return fmt.Sprintf("203.0.113.%d/24", r.IntN(255))
}

// addMachine creates a virtual machine of the person's, in our cluster or another one, now and then with a guest's name.
func (w *world) addMachine(r *rand.Rand, now snapshot) string {
	fields := map[string]any{"name": w.unique()}
	cluster, ours := anyOf(r, now.of(clusters, w.ours))
	if !ours {
		return ""
	}
	fields["cluster"] = cluster.id
	named := chance(r, 0.4)
	if e := pick(r, w.labs...).fake.Estate(); named && len(e.Guests) > 0 {
		fields["name"] = pick(r, e.Guests...).Name
	}
	id := w.person.create(machines, fields)
	if !w.mayAdopt(named) {
		w.book.own(machines, id)
	}
	if id > 0 && !named {
		nic := w.person.create(interfaces, map[string]any{"virtual_machine": id, "name": "net0"})
		w.book.own(interfaces, nic)
		w.book.own(addresses, w.person.create(addresses, map[string]any{
			"address": w.someAddress(r), "assigned_object_type": "virtualization.vminterface", "assigned_object_id": nic,
		}))
	}
	return fmt.Sprintf("creates %s/%d %v", machines, id, fields)
}

// mayAdopt tells whether a virtual machine with a guest's name may be taken over, now or once the rules are others.
func (w *world) mayAdopt(named bool) bool {
	return named && w.mapping.Adoption.Mode == "unowned-by-name"
}

// addAddress creates an address on nothing.
func (w *world) addAddress(r *rand.Rand, _ snapshot) string {
	address := w.someAddress(r)
	id := w.person.create(addresses, map[string]any{"address": address, "description": "mine"})
	w.book.own(addresses, id)
	return fmt.Sprintf("creates %s/%d %s", addresses, id, address)
}

// moveAddress takes an address of ours for the person's own virtual machine, or from all.
func (w *world) moveAddress(r *rand.Rand, now snapshot) string {
	t, ok := w.ourChild(r, now, addresses)
	if !ok {
		return ""
	}
	fields := map[string]any{"assigned_object_type": nil, "assigned_object_id": nil}
	mine := now.of(interfaces, func(f facts) bool {
		return w.book.theirs[thing{machines, f.number("virtual_machine")}] != nil
	})
	if nic, ok := anyOf(r, mine); ok {
		fields = map[string]any{"assigned_object_type": "virtualization.vminterface", "assigned_object_id": nic.id}
	}
	unit := now.unitOf(t)
	w.person.edit(unit, map[string]any{"primary_ip4": nil, "primary_ip6": nil}) // NetBox moves no primary address
	if !w.person.edit(t, fields) {
		return fmt.Sprintf("%s stays where it is", t)
	}
	w.book.own(addresses, t.id)
	return fmt.Sprintf("moves %s %s to %v", t, now[t].text("address"), fields)
}

// label puts a tag of the person's on a virtual machine of ours.
func (w *world) label(r *rand.Rand, now snapshot) string {
	t, ok := anyOf(r, now.of(machines, w.ours))
	if !ok {
		return ""
	}
	name := w.unique()
	tag := w.person.create(tags, map[string]any{"name": name, "slug": strings.ReplaceAll(name, " ", "-")})
	w.book.own(tags, tag)
	if !w.person.edit(t, map[string]any{"tags": append(now[t].tags(), tag)}) {
		return ""
	}
	w.book.keep(t, fmt.Sprintf("tag %d", tag))
	return fmt.Sprintf("tags %s with %d", t, tag)
}

// choosePrimary makes another address of a virtual machine of ours the primary one.
func (w *world) choosePrimary(r *rand.Rand, now snapshot) string {
	t, ok := w.ourChild(r, now, addresses)
	if !ok {
		return ""
	}
	unit := now.unitOf(t)
	field := "primary_ip4"
	if strings.Contains(now[t].text("address"), ":") {
		field = "primary_ip6"
	}
	if _, again := w.book.edits[unit][field]; again || now[unit].number(field) == t.id {
		return ""
	}
	return w.set(now, unit, map[string]any{field: t.id})
}

// moveDevice takes a device to a site of the person's: NetBox lets that be once its cluster is in no site.
func (w *world) moveDevice(r *rand.Rand, now snapshot) string {
	t, ok := anyOf(r, now.of(devices, w.ours))
	if !ok {
		return ""
	}
	name := w.unique()
	site := w.person.create(sites, map[string]any{"name": name, "slug": strings.ReplaceAll(name, " ", "-")})
	w.book.own(sites, site)
	if cluster := now[t].number("cluster"); cluster > 0 {
		w.person.edit(thing{clusters, cluster}, map[string]any{"scope_type": nil, "scope_id": nil})
	}
	return w.set(now, t, map[string]any{"site": site})
}

func (w *world) editCluster(r *rand.Rand, now snapshot) string {
	t, ok := anyOf(r, now.of(clusters, w.ours))
	if !ok {
		return ""
	}
	return w.set(now, t, pick(r, map[string]any{"name": w.unique()}, map[string]any{"description": w.unique()}))
}

// stranger is a virtual machine that another installation keeps, in our cluster and with a VMID of ours.
func (w *world) stranger(r *rand.Rand, now snapshot) string {
	cluster, ok := anyOf(r, now.of(clusters, w.ours))
	if !ok {
		return ""
	}
	var tagged []int
	for _, t := range now.of(tags, func(f facts) bool { return f.text("slug") == "proxbox" }) {
		tagged = append(tagged, t.id)
	}
	id := w.person.create(machines, map[string]any{
		"name": w.unique(), "cluster": cluster.id, "tags": tagged,
		"custom_fields": map[string]any{"proxbox_source": "elsewhere", "proxmox_vm_id": 100 + r.IntN(10), "proxmox_vm_type": "qemu"},
	})
	w.book.own(machines, id)
	return fmt.Sprintf("creates %s/%d of another installation", machines, id)
}

// addVLAN creates a VLAN in one of the sites.
func (w *world) addVLAN(r *rand.Rand, now snapshot) string {
	site, ok := anyOf(r, now.of(sites, nil))
	if !ok {
		return ""
	}
	id := w.person.create(vlans, map[string]any{"vid": 100 + r.IntN(40), "name": w.unique(), "site": site.id})
	w.book.own(vlans, id)
	return fmt.Sprintf("creates %s/%d", vlans, id)
}

// addDevice creates a device of the person's like one of ours, with an interface and an address of it.
func (w *world) addDevice(r *rand.Rand, now snapshot) string {
	like, ok := anyOf(r, now.of(devices, w.ours))
	if !ok {
		return ""
	}
	f := now[like]
	id := w.person.create(devices, map[string]any{
		"name": w.unique(), "device_type": f.number("device_type"), "role": f.number("role"), "site": f.number("site"), "cluster": f["cluster"],
	})
	w.book.own(devices, id)
	port := w.person.create(ports, map[string]any{"device": id, "name": "vmbr0", "type": "bridge"})
	w.book.own(ports, port)
	w.book.own(addresses, w.person.create(addresses, map[string]any{
		"address": w.someAddress(r), "assigned_object_type": "dcim.interface", "assigned_object_id": port,
	}))
	return fmt.Sprintf("creates %s/%d", devices, id)
}

// guestOf returns the guest that a virtual machine stands for, nil if there is none: of a container, only one with its name.
func guestOf(e *proxmoxtest.Estate, f facts) *proxmoxtest.Guest {
	g := e.Guest(f.vmid())
	if g == nil || string(g.Kind) != f.custom("proxmox_vm_type") {
		return nil
	}
	if g.Kind == proxmoxtest.QEMU && f.custom("proxbox_uuid") != "" && !strings.EqualFold(g.UUID, f.custom("proxbox_uuid")) {
		return nil
	}
	if g.Kind == proxmoxtest.LXC && (g.Name == "" || !strings.HasPrefix(f.text("name"), g.Name[:min(len(g.Name), 50)])) {
		return nil
	}
	return g
}
