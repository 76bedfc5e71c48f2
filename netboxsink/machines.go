package netboxsink

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// guestUnit is a guest with the virtual machine that stands for it.
type guestUnit struct {
	inv   *inventory.Inventory
	guest *inventory.Guest
	key   sync.Key
	was   *sync.Record // ours, or to be taken over
	// gap covers the guest, its configuration or its addresses; Part is empty for none.
	gap inventory.Gap
	// trusted says that was has a memory to go by: what that does not name is somebody else's.
	trusted bool
	nics    []*nicUnit
}

// nicUnit is a NIC with the interface that stands for it.
type nicUnit struct {
	nic  *inventory.NIC
	key  sync.Key
	was  *sync.Record
	skip string // why it is left alone
}

// machines adds the guests, and what hangs on them.
func (m *mapping) machines(inventories []*inventory.Inventory) {
	names := newNaming(KindVirtualMachine)
	var units []*guestUnit
	renamed := map[string]bool{} // virtual machines that do not keep their name, by id
	for _, inv := range inventories {
		claims := m.claimsByName(inv)
		for i := range inv.Guests {
			u := &guestUnit{inv: inv, guest: &inv.Guests[i]}
			for _, part := range []inventory.Part{inventory.PartGuest, inventory.PartConfig, inventory.PartAddresses} {
				if gap, ok := inv.GuestGap(u.guest.ID, part); ok && u.gap.Part == "" {
					u.gap = gap
				}
			}
			m.bind(u, claims)
			if reason := m.oddUnit(u.was); reason != "" {
				u.gap = inventory.Gap{Part: inventory.PartGuest, Guest: u.guest.ID, Reason: reason}
			}
			if u.was != nil && u.gap.Part != inventory.PartGuest && !stays(u.was, u.base()) {
				renamed[u.was.ID] = true
			}
			units = append(units, u)
		}
	}
	names.keep(m.byKind[KindVirtualMachine], "cluster", renamed)
	for _, u := range units {
		m.machine(u, names)
	}
	m.addresses(units)
}

// base returns the name that the guest would have were it alone.
func (u *guestUnit) base() string {
	if name := clean(u.guest.Name, 1000); name != "" {
		return name
	}
	return "vm-" + strconv.Itoa(u.guest.ID)
}

// claimsByName counts the guests of each name, folded.
func (m *mapping) claimsByName(inv *inventory.Inventory) map[string]int {
	claims := map[string]int{}
	for _, g := range inv.Guests {
		claims[strings.ToLower(g.Name)]++
	}
	return claims
}

// bind finds the virtual machine that stands for the guest: ours with its VMID, unless another guest had that VMID
// then; else one that the documented backend made.
func (m *mapping) bind(u *guestUnit, claims map[string]int) {
	u.key = machineKey(u.inv.Source, u.guest.ID)
	taken := false
	for _, r := range m.guests[guestKey{source: u.inv.Source, id: u.guest.ID}] {
		taken = taken || r.Key == u.key
		if u.was == nil && m.sameGuest(u, r) {
			u.was = r
		}
	}
	switch {
	case u.was != nil:
		u.key = u.was.Key
		u.trusted = len(sync.ParseMemory(u.was.Fields[sync.MemoryField].Value)) > 0
	case taken:
		u.key.Name += "~new"
	default:
		u.was = m.machineToTakeOver(u, claims)
	}
}

// sameGuest tells whether a virtual machine with the guest's VMID stands for this guest, and not for an earlier one of
// that VMID. QEMU guests are told apart by their SMBIOS UUID. A container has none: it is another one if it is of
// another kind, or has neither the name nor a MAC address of the earlier one.
func (m *mapping) sameGuest(u *guestUnit, r *sync.Record) bool {
	if word := r.Fields[customPrefix+fieldType].Value.Text(); word != "" && word != kindOf(u.guest.Kind).word {
		return false
	}
	if u.gap.Part == inventory.PartGuest || u.gap.Part == inventory.PartConfig {
		return true // nothing tells that it is another
	}
	if u.guest.Kind == inventory.QEMU {
		uuid := r.Fields[customPrefix+fieldUUID].Value.Text()
		return uuid == "" || u.guest.UUID == "" || strings.EqualFold(uuid, u.guest.UUID)
	}
	if isFrom(r.Fields["name"].Value.Text(), u.base()) {
		return true
	}
	memory := sync.ParseMemory(r.Fields[sync.MemoryField].Value)
	for _, last := range memory.Last("", "name") {
		if isFrom(last.Text(), u.base()) {
			return true
		}
	}
	for _, nic := range u.guest.NICs {
		if nic.MAC != "" && slices.ContainsFunc(memory.Children(), func(name string) bool {
			_, mac, ok := strings.Cut(name, "/")
			return ok && childKind(name) == KindMAC && mac == nic.MAC
		}) {
			return true
		}
	}
	return false
}

// machineToTakeOver returns the virtual machine that the documented backend made for the guest, in the guest's cluster:
// tagged, marked by nobody, with its VMID; or, where newer backends left that field empty, with its name, if no other
// guest has that too.
func (m *mapping) machineToTakeOver(u *guestUnit, claims map[string]int) *sync.Record {
	folded := strings.ToLower(u.guest.Name)
	candidates := slices.Clone(m.guests[guestKey{id: u.guest.ID}])
	if claims[folded] == 1 {
		candidates = append(candidates, m.guests[guestKey{name: folded}]...)
	}
	var found []*sync.Record
	for _, r := range candidates {
		word := r.Fields[customPrefix+fieldType].Value.Text()
		if isTagged(r) && r.Fields[customPrefix+fieldSource].Value.IsEmpty() && !m.takenOver[r] &&
			(word == "" || word == kindOf(u.guest.Kind).word) &&
			r.Fields["cluster"].Value == sync.Ref(m.clusters[u.inv.Source]) {
			found = append(found, r)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(r *sync.Record) bool { return !strings.EqualFold(r.Fields["name"].Value.Text(), u.guest.Name) })
	}
	if len(found) != 1 {
		return nil // none, or several: taking one of them would be a guess
	}
	return found[0]
}

// machine adds one guest.
func (m *mapping) machine(u *guestUnit, names *naming) {
	record := sync.Record{Key: u.key, Unit: u.key, Label: u.base(), Source: u.inv.Source, Guest: u.guest.ID}
	if u.gap.Part == inventory.PartGuest {
		if u.was != nil {
			record.Label = u.was.Label
		}
		record.Skip = u.gap.Reason
		m.add(record)
		return
	}
	place := sync.Ref(m.clusters[u.inv.Source])
	if u.was != nil {
		place = u.was.Fields["cluster"].Value
	}
	name := names.name(u.was, place, u.base())
	record.Label = name
	record.Claims = []sync.Claim{nameClaim(KindVirtualMachine, place, name, "")}
	record.Fields = m.machineFields(u, name)
	m.takeOver(&record, u.was)
	m.add(record)
	if u.gap.Part == inventory.PartConfig {
		m.state.Holds = append(m.state.Holds, sync.Hold{Unit: u.key, Reason: u.gap.Reason})
		return
	}
	m.network(u)
	m.disks(u)
}

// machineFields returns what is known of the guest itself.
func (m *mapping) machineFields(u *guestUnit, name string) map[string]sync.Field {
	g, kind := u.guest, kindOf(u.guest.Kind)
	role := m.untilEdited(sync.Key{Kind: KindDeviceRole, Name: kind.roleSlug})
	fields := map[string]sync.Field{
		"name":                     {Value: sync.String(name), Rule: sync.UntilEdited, Ours: []sync.Value{sync.String(g.Name)}},
		"cluster":                  {Value: sync.Ref(clusterKey(u.inv.Source))},
		"role":                     role,
		"tags":                     {Value: m.withTag(u.was)},
		customPrefix + fieldID:     {Value: sync.Int(int64(g.ID))},
		customPrefix + fieldType:   {Value: sync.String(kind.word)},
		customPrefix + fieldSource: {Value: sync.String(u.inv.Source)},
	}
	if m.release.machineTypes {
		fields["virtual_machine_type"] = m.untilEdited(sync.Key{Kind: KindMachineType, Name: kind.typeSlug})
	}
	if status := map[inventory.GuestStatus]string{
		inventory.GuestRunning: "active", inventory.GuestStopped: "offline",
		inventory.GuestPaused: "paused", inventory.GuestFailed: "failed",
	}[g.Status]; status != "" {
		fields["status"] = sync.Field{Value: sync.String(status)}
	}
	if slices.ContainsFunc(u.inv.Nodes, func(n inventory.Node) bool { return n.Name == g.Node }) {
		device := deviceKey(u.inv.Source, g.Node)
		fields["device"] = sync.Field{Value: sync.Ref(device)}
		if m.release.siteOfDevice {
			// NetBox puts it there at the creation, and refuses every change of it once the device is elsewhere.
			fields["site"] = sync.Field{Value: m.deviceSites[device]}
		}
		description := ownText("Synced from Proxmox node " + g.Node)
		if u.was != nil && strings.HasPrefix(u.was.Fields["description"].Value.Text(), "Synced from Proxmox node ") {
			description.Ours = append(description.Ours, u.was.Fields["description"].Value)
		}
		fields["description"] = description
	}
	if u.gap.Part == inventory.PartConfig {
		return fields
	}
	switch cpus := math.Round(g.CPUs*100) / 100; {
	case cpus > mostCPUs:
		m.leaveOut(u, fmt.Sprintf("%v vCPUs are more than NetBox can hold: they are left out", g.CPUs))
	case g.CPUs > 0:
		fields["vcpus"] = sync.Field{Value: sync.Float(max(cpus, 0.01))}
	}
	switch memory := mebibytes(g.Memory); {
	case memory > math.MaxInt32:
		m.leaveOut(u, fmt.Sprintf("%d bytes of memory are more than NetBox can hold: they are left out", g.Memory))
	case g.Memory > 0:
		fields["memory"] = sync.Field{Value: sync.Int(memory)}
	}
	fields[customPrefix+fieldUUID] = sync.Field{Value: textOrNull(g.UUID)}
	fields[customPrefix+fieldStartAtBoot] = sync.Field{Value: sync.Bool(g.StartAtBoot)}
	if g.Kind == inventory.LXC {
		fields[customPrefix+fieldUnprivileged] = sync.Field{Value: sync.Bool(g.Unprivileged)}
	} else {
		fields[customPrefix+fieldAgent] = sync.Field{Value: sync.Bool(g.Agent)}
	}
	fields[customPrefix+fieldSearchDomain] = sync.Field{Value: textOrNull(clean(g.SearchDomain, 200))}
	return fields
}

// mostCPUs is what NetBox holds at most: six digits, two of them behind the point.
const mostCPUs = 9999.99

// leaveOut tells what of a guest is not written, and keeps nothing else.
func (m *mapping) leaveOut(u *guestUnit, reason string) {
	m.state.Holds = append(m.state.Holds, sync.Hold{Unit: u.key, Kind: KindVirtualMachine, Reason: reason})
}

func textOrNull(s string) sync.Value {
	if s == "" {
		return sync.Value{}
	}
	return sync.String(s)
}

// mebibytes returns bytes in NetBox's unit here, rounded up: something is never nothing.
func mebibytes(n int64) int64 { return (n + 1<<20 - 1) >> 20 }

// network adds the interfaces and their MAC addresses.
func (m *mapping) network(u *guestUnit) {
	taken := map[string]bool{} // interfaces in NetBox that stand for a NIC, by id
	nics := onceOn(m, u, KindInterface, u.guest.NICs, func(n *inventory.NIC) string { return n.Key })
	for i := range nics {
		nic := &nics[i]
		n := &nicUnit{nic: nic, key: childKey(KindInterface, u.key, nic.Key)}
		n.was = m.current[n.key]
		u.nics = append(u.nics, n)
		if n.was != nil {
			taken[n.was.ID] = true
		}
	}
	for _, n := range u.nics {
		if n.was != nil {
			continue
		}
		n.was = m.interfaceOf(u, n, taken)
		if n.was != nil {
			taken[n.was.ID] = true
			if u.trusted {
				n.was, n.skip = nil, "an interface of that name is there already and is not ours"
			}
		}
	}
	for _, n := range u.nics {
		m.networkInterface(u, n)
	}
}

// interfaceOf returns the unmarked interface of the unit that stands in the NIC's place: by name, or, of a machine that
// is taken over, by MAC address.
func (m *mapping) interfaceOf(u *guestUnit, n *nicUnit, taken map[string]bool) *sync.Record {
	if u.was == nil {
		return nil
	}
	name := sync.String(interfaceName(n.nic))
	for _, byName := range []bool{true, false} {
		for _, r := range m.onUnit[u.was.Key] {
			if r.Key.Kind != KindInterface || r.Source != "" || taken[r.ID] {
				continue
			}
			mac := r.Fields["mac_address"].Value
			if byName && r.Fields["name"].Value == name || !byName && !u.trusted && n.nic.MAC != "" && mac == sync.String(n.nic.MAC) {
				return r
			}
		}
	}
	return nil
}

// interfaceName returns what an interface is called: as the container calls it, else as Proxmox does.
func interfaceName(nic *inventory.NIC) string {
	if name := clean(nic.Name, nameLimit); name != "" {
		return name
	}
	return nic.Key
}

func (m *mapping) networkInterface(u *guestUnit, n *nicUnit) {
	name := interfaceName(n.nic)
	record := sync.Record{
		Key: n.key, Unit: u.key, Label: name, Source: u.inv.Source, Skip: n.skip,
		Claims: []sync.Claim{nameClaim(KindInterface, sync.Ref(u.key), name, "")},
		Fields: map[string]sync.Field{
			"virtual_machine": {Value: sync.Ref(u.key)},
			"name":            {Value: sync.String(name), Remember: true},
			"enabled":         {Value: sync.Bool(!n.nic.Down)},
		},
	}
	switch {
	case n.nic.MTU > 1: // 1 inherits the bridge's
		record.Fields["mtu"] = sync.Field{Value: sync.Int(int64(n.nic.MTU)), Remember: true}
	case n.was != nil && !n.was.Fields["mtu"].Value.IsNull():
		record.Fields["mtu"] = sync.Field{Rule: sync.IfEmptyOrOurs} // to have none says nothing of a person's
	}
	if n.was != nil && n.was.Key != n.key {
		record.ID = n.was.ID
	}
	if n.nic.MAC == "" || n.skip != "" {
		m.add(record)
		return
	}
	mac := sync.Record{
		Key: childKey(KindMAC, u.key, macName(n.nic.Key, n.nic.MAC)), Unit: u.key, Label: n.nic.MAC, Source: u.inv.Source,
		Inline: m.release.inlineMAC,
		Fields: map[string]sync.Field{
			"mac_address":     {Value: sync.String(n.nic.MAC), Rule: sync.CreateOnly},
			"assigned_object": {Value: sync.Ref(n.key), Needed: true},
		},
	}
	if m.current[mac.Key] == nil && n.was != nil {
		for _, r := range m.onUnit[n.was.Unit] {
			if r.Key.Kind == KindMAC && r.Source == "" && r.Fields["assigned_object"].Value == sync.Ref(n.was.Key) &&
				r.Fields["mac_address"].Value == sync.String(n.nic.MAC) {
				mac.ID = r.ID
				break
			}
		}
	}
	if m.release.inlineMAC {
		record.Fields["mac_address"] = sync.Field{Value: sync.String(n.nic.MAC)}
	} else {
		record.Fields["primary_mac_address"] = sync.Field{Value: sync.Ref(mac.Key)}
	}
	m.add(record)
	m.add(mac)
}

// disks adds the virtual disks.
func (m *mapping) disks(u *guestUnit) {
	for _, d := range onceOn(m, u, KindDisk, u.guest.Disks, func(d *inventory.Disk) string { return d.Key }) {
		name := clean(d.Key, nameLimit)
		record := sync.Record{
			Key: childKey(KindDisk, u.key, diskName(d.Key)), Unit: u.key, Label: name, Source: u.inv.Source,
			Claims: []sync.Claim{nameClaim(KindDisk, sync.Ref(u.key), name, "")},
			Fields: map[string]sync.Field{
				"virtual_machine": {Value: sync.Ref(u.key)},
				"name":            {Value: sync.String(name), Remember: true},
				"description":     ownText(d.Storage),
			},
		}
		if was := m.current[record.Key]; was == nil && u.was != nil {
			m.diskOf(u, &record)
		}
		switch {
		case d.Known && mebibytes(d.Bytes) <= math.MaxInt32:
			record.Fields["size"] = sync.Field{Value: sync.Int(mebibytes(d.Bytes))}
		case d.Known:
			record.Skip = fmt.Sprintf("%d bytes are more than NetBox can hold", d.Bytes)
		case m.current[record.Key] == nil && record.ID == "":
			record.Skip = "Proxmox VE does not tell its size, and NetBox takes no disk without one"
		}
		m.add(record)
	}
}

// diskOf looks for an unmarked disk of that name: taken over with its machine, else somebody else's.
func (m *mapping) diskOf(u *guestUnit, record *sync.Record) {
	for _, r := range m.onUnit[u.was.Key] {
		if r.Key.Kind != KindDisk || r.Source != "" || r.Fields["name"].Value != record.Fields["name"].Value {
			continue
		}
		if u.trusted {
			record.Skip = "a disk of that name is there already and is not ours"
		} else {
			record.ID = r.ID
		}
		return
	}
}
