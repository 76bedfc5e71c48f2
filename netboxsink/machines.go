package netboxsink

import (
	"cmp"
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
	unit
	guest *inventory.Guest
	// gap covers the guest, its configuration or its addresses; Part is empty for none.
	gap    inventory.Gap
	moved  bool // it was another source's
	placed *unitPlacement
	skip   string // why it is left as it is
}

// machines adds the guests, and what hangs on them.
func (m *mapping) machines(inventories []*inventory.Inventory) []*unit {
	names := newNaming(KindVirtualMachine)
	moves := m.moves(inventories)
	var guests []*guestUnit
	renamed := map[string]bool{} // virtual machines that do not keep their name, by id
	for _, inv := range inventories {
		claims, gaps := claimsByName(inv), gapsByGuest(inv)
		for i := range inv.Guests {
			u := m.guest(inv, &inv.Guests[i], gaps)
			m.bind(u, claims, moves)
			if reason := m.oddUnit(u.was); reason != "" {
				u.gap = inventory.Gap{Part: inventory.PartGuest, Guest: u.guest.ID, Reason: reason}
			}
			u.placed = m.placeUnit(u.place)
			u.skip = cmp.Or(m.rules.hides(u.guest, u.place), u.unread(), u.placed.missing())
			if u.was != nil && u.skip == "" && (u.moved || !stays(&u.unit, u.base())) {
				renamed[u.was.ID] = true
			}
			guests = append(guests, u)
		}
	}
	names.keep(m.byKind[KindVirtualMachine], "cluster", renamed)
	units := make([]*unit, len(guests))
	for i, u := range guests {
		m.machine(u, names)
		units[i] = &u.unit
	}
	return units
}

// gapsByGuest returns the guests that there are gaps for; 0 stands for gaps that are about none of them alone.
func gapsByGuest(inv *inventory.Inventory) map[int]bool {
	gaps := map[int]bool{}
	for _, g := range inv.Gaps {
		gaps[g.Guest] = gaps[g.Guest] || g.Guest != 0 || g.Part == inventory.PartSource
	}
	return gaps
}

func (m *mapping) guest(inv *inventory.Inventory, guest *inventory.Guest, gaps map[int]bool) *guestUnit {
	u := &guestUnit{guest: guest, unit: unit{
		inv: inv, family: familyOf(KindVirtualMachine), key: machineKey(inv.Source, guest.ID),
		label: inv.Source + " " + strconv.Itoa(guest.ID),
		place: subject{
			source: inv.Source, cluster: inv.Cluster.Name, node: guest.Node, isGuest: true, guest: guest.Name, pool: guest.Pool,
			tags: guest.Tags,
		},
	}}
	for _, part := range []inventory.Part{inventory.PartGuest, inventory.PartConfig, inventory.PartAddresses} {
		if !gaps[0] && !gaps[guest.ID] {
			break // to look through all gaps for each guest would take long in a large estate
		}
		if gap, ok := inv.GuestGap(guest.ID, part); ok && u.gap.Part == "" {
			u.gap = gap
		}
	}
	u.silent = u.gap.Part != ""
	if u.gap.Part == inventory.PartAddresses {
		u.unknown = u.gap.Reason
	}
	return u
}

// base returns the name that the guest would have were it alone.
func (u *guestUnit) base() string {
	if name := clean(u.guest.Name, 1000); name != "" {
		return name
	}
	return "vm-" + strconv.Itoa(u.guest.ID)
}

// claimsByName counts the guests of each name, folded.
func claimsByName(inv *inventory.Inventory) map[string]int {
	claims := map[string]int{}
	for _, g := range inv.Guests {
		claims[strings.ToLower(g.Name)]++
	}
	return claims
}

// bind finds the virtual machine that stands for the guest: ours with its VMID, unless another guest had that VMID
// then; else that of a guest which moved here from another source, or one to be taken over.
func (m *mapping) bind(u *guestUnit, claims map[string]int, moves map[string]*sync.Record) {
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
	case u.guest.UUID != "" && u.gap.Part != inventory.PartGuest && u.gap.Part != inventory.PartConfig && moves[u.guest.UUID] != nil:
		u.was, u.moved = moves[u.guest.UUID], true
		u.key = u.was.Key
	case taken:
		u.key.Name += "~new"
	default:
		u.was = m.machineToTakeOver(u, claims)
	}
	u.remember()
}

// sameGuest tells whether a virtual machine with the guest's VMID stands for this guest, and not for an earlier one of
// that VMID. QEMU guests are told apart by their SMBIOS UUID. A container has none: it is another one if it is of
// another kind, or has neither the name nor a MAC address of the earlier one.
func (m *mapping) sameGuest(u *guestUnit, r *sync.Record) bool {
	if word := r.Fields.Value(customPrefix + fieldType).Text(); word != "" && word != kindOf(u.guest.Kind).word {
		return false
	}
	if u.gap.Part == inventory.PartGuest || u.gap.Part == inventory.PartConfig {
		return true // nothing tells that it is another
	}
	if u.guest.Kind == inventory.QEMU {
		uuid := r.Fields.Value(customPrefix + fieldUUID).Text()
		return uuid == "" || u.guest.UUID == "" || strings.EqualFold(uuid, u.guest.UUID)
	}
	if isFrom(r.Fields.Value("name").Text(), u.base(), u.inv.Source) {
		return true
	}
	memory := sync.ParseMemory(r.Fields.Value(sync.MemoryField))
	for _, last := range memory.Last("", "name") {
		if isFrom(last.Text(), u.base(), u.inv.Source) {
			return true
		}
	}
	for _, nic := range u.guest.NICs {
		if nic.MAC != "" && slices.ContainsFunc(memory.Children(), func(name string) bool {
			_, mac, ok := strings.Cut(name, "/")
			return ok && u.family.child(name) == KindMAC && mac == nic.MAC
		}) {
			return true
		}
	}
	return false
}

// machine adds one guest.
func (m *mapping) machine(u *guestUnit, names *naming) {
	record := sync.Record{Key: u.key, Unit: u.key, Label: u.base(), Source: u.inv.Source, Guest: u.guest.ID, Skip: u.skip}
	if u.skip != "" {
		if u.was != nil {
			record.Label = u.was.Label
		}
		u.silent, u.unknown = true, ""
		m.add(record)
		return
	}
	place := sync.Ref(m.clusters[u.inv.Source])
	if u.was != nil && !u.moved {
		place = u.was.Fields.Value("cluster")
	}
	name := ""
	if u.moved {
		name = names.give(place, u.base(), u.inv.Source)
		record.Reason = "it moved here from " + u.was.Source
		record.Gone = guestOf(u.was)
	} else {
		name = names.name(&u.unit, place, u.base())
	}
	record.Label = name
	record.Claims = []sync.Claim{nameClaim(KindVirtualMachine, place, name, "")}
	record.Fields = m.machineFields(u, name)
	u.placed.settle(&record.Fields)
	u.vrf = u.placed.vrf
	m.takeOver(&record, &u.unit)
	m.add(record)
	if u.gap.Part == inventory.PartConfig {
		m.hold(sync.Hold{Unit: u.key, Reason: u.gap.Reason})
		return
	}
	m.guestNetwork(u)
	m.disks(u)
}

// unread returns why nothing is known of the guest; empty if something is.
func (u *guestUnit) unread() string {
	if u.gap.Part == inventory.PartGuest {
		return u.gap.Reason
	}
	return ""
}

// machineFields returns what is known of the guest itself.
func (m *mapping) machineFields(u *guestUnit, name string) sync.Fields {
	g, kind := u.guest, kindOf(u.guest.Kind)
	fields := map[string]sync.Field{
		"name": {
			Value: sync.String(name), From: "the name of the guest", Rule: sync.UntilEdited, Ours: []sync.Value{sync.String(g.Name)},
		},
		"cluster":                  from("the cluster of the source", sync.Ref(clusterKey(u.inv.Source))),
		"role":                     untilEdited("the kind of guest", sync.Ref(sync.Key{Kind: KindDeviceRole, Name: kind.roleSlug})),
		customPrefix + fieldID:     from("the VMID", sync.Int(int64(g.ID))),
		customPrefix + fieldType:   from("the kind of guest", sync.String(kind.word)),
		customPrefix + fieldNode:   from("the node that it is on", textOrNull(clean(g.Node, 200))),
		customPrefix + fieldPool:   from("the pool", textOrNull(clean(g.Pool, 200))),
		customPrefix + fieldHA:     from("the state of the HA manager", textOrNull(clean(g.HAState, 200))),
		customPrefix + fieldSource: from("the name of the source", sync.String(u.inv.Source)),
	}
	if u.was != nil && !u.was.Fields.Value(customPrefix+fieldGone).IsNull() {
		fields[customPrefix+fieldGone] = from("the guest is there again", sync.Value{})
	}
	if m.release.machineTypes {
		fields["virtual_machine_type"] = untilEdited("the kind of guest", sync.Ref(sync.Key{Kind: KindMachineType, Name: kind.typeSlug}))
	}
	if status := map[inventory.GuestStatus]string{
		inventory.GuestRunning: "active", inventory.GuestStopped: "offline",
		inventory.GuestPaused: "paused", inventory.GuestFailed: "failed",
	}[g.Status]; status != "" {
		fields["status"] = from("the status of the guest", sync.String(status))
	}
	m.onNode(u, fields)
	if u.gap.Part == inventory.PartConfig {
		fields["tags"] = from("what others put there, and ours", m.withTag(u.was))
	} else {
		m.configured(u, fields)
	}
	return sync.NewFields(fields)
}

// onNode adds what follows from the node that the guest is on.
func (m *mapping) onNode(u *guestUnit, fields map[string]sync.Field) {
	u.site = sync.Ref(m.sites[u.inv.Source])
	if !slices.ContainsFunc(u.inv.Nodes, func(n inventory.Node) bool { return n.Name == u.guest.Node }) {
		return
	}
	device := deviceKey(u.inv.Source, u.guest.Node)
	u.site = m.deviceSites[device]
	fields["device"] = from("the node that it is on", sync.Ref(device))
	switch {
	case u.site.IsNull(): // of a device that is not written, and NetBox takes the site of the cluster then
	case m.release.siteOfDevice:
		// NetBox puts it there at the creation, and refuses every change of it once the device is elsewhere.
		fields["site"] = from("the site of its node", u.site)
	default:
		fields["site"] = untilEdited("the site of its node", u.site)
	}
	const text = "Synced from Proxmox node "
	description := ownText("the node that it is on", text+u.guest.Node)
	if u.was != nil && strings.HasPrefix(u.was.Fields.Value("description").Text(), text) {
		description.Ours = append(description.Ours, u.was.Fields.Value("description"))
	}
	fields["description"] = description
}

// configured adds what the guest's configuration tells.
func (m *mapping) configured(u *guestUnit, fields map[string]sync.Field) {
	g := u.guest
	switch cpus := math.Round(g.CPUs*100) / 100; {
	case cpus > mostCPUs:
		m.leaveOut(u, fmt.Sprintf("%v vCPUs are more than NetBox can hold: they are left out", g.CPUs))
	case g.CPUs > 0:
		fields["vcpus"] = from("the CPUs of the guest", sync.Float(max(cpus, 0.01)))
	}
	switch memory := mebibytes(g.Memory); {
	case memory > math.MaxInt32:
		m.leaveOut(u, fmt.Sprintf("%d bytes of memory are more than NetBox can hold: they are left out", g.Memory))
	case g.Memory > 0:
		fields["memory"] = from("the memory of the guest", sync.Int(memory))
	}
	if m.release.startOnBoot {
		start := "off"
		if g.StartAtBoot {
			start = "on"
		}
		fields["start_on_boot"] = from("onboot", sync.String(start))
	}
	if notes := clean(g.Description, 50_000); notes != "" || u.memory.Last("", "comments") != nil {
		fields["comments"] = untilEdited("the notes of the guest", sync.String(notes))
	}
	m.guestPlatform(u, fields)
	tags, ours := m.guestTags(&u.unit, g)
	fields["tags"] = from("what others put there, ours, and those of the guest", tags)
	fields[customPrefix+fieldTags] = from("the tags of the guest", textOrNull(strings.Join(ours, " ")))
	fields[customPrefix+fieldUUID] = from("smbios1", textOrNull(g.UUID))
	fields[customPrefix+fieldStartAtBoot] = from("onboot", sync.Bool(g.StartAtBoot))
	if g.Kind == inventory.LXC {
		fields[customPrefix+fieldUnprivileged] = from("unprivileged", sync.Bool(g.Unprivileged))
	} else {
		fields[customPrefix+fieldAgent] = from("agent", sync.Bool(g.Agent))
	}
	fields[customPrefix+fieldSearchDomain] = from("searchdomain", textOrNull(clean(g.SearchDomain, 200)))
}

// guestPlatform adds the operating system. What a guest's agent said once stands until it says something else.
func (m *mapping) guestPlatform(u *guestUnit, fields map[string]sync.Field) {
	g := u.guest
	name, source := systemName(g.OS), "the operating system, by the guest's agent"
	if name == "" {
		if g.Agent && u.was != nil && !u.was.Fields.Value("platform").IsNull() {
			return
		}
		name, source = typeNames[g.OSType], "ostype"
	}
	if name != "" && !u.placed.platform.said {
		fields["platform"] = untilEdited(source, m.platformNamed(name))
	}
}

// systemName returns what an operating system is called, with its version.
func systemName(os inventory.OS) string {
	name := clean(os.Name, 80)
	if name == "" {
		name = clean(os.ID, 80)
	}
	if version := clean(os.Version, 20); name != "" && version != "" && !strings.Contains(name, version) {
		name += " " + version
	}
	return name
}

// typeNames tells what an ostype stands for; of some, nothing.
var typeNames = map[string]string{
	"l24": "Linux 2.4", "l26": "Linux", "solaris": "Solaris", "wxp": "Windows XP", "w2k": "Windows 2000", "w2k3": "Windows Server 2003",
	"w2k8": "Windows Server 2008", "wvista": "Windows Vista", "win7": "Windows 7", "win8": "Windows 8", "win10": "Windows 10",
	"win11": "Windows 11", "debian": "Debian", "devuan": "Devuan", "ubuntu": "Ubuntu", "centos": "CentOS", "fedora": "Fedora",
	"opensuse": "openSUSE", "archlinux": "Arch Linux", "alpine": "Alpine Linux", "gentoo": "Gentoo", "nixos": "NixOS",
}

// mostCPUs is what NetBox holds at most: six digits, two of them behind the point.
const mostCPUs = 9999.99

// leaveOut tells what of a guest is not written, and keeps nothing else.
func (m *mapping) leaveOut(u *guestUnit, reason string) {
	m.hold(sync.Hold{Unit: u.key, Kind: KindVirtualMachine, Reason: reason})
}

func textOrNull(s string) sync.Value {
	if s == "" {
		return sync.Value{}
	}
	return sync.String(s)
}

// mebibytes returns bytes in NetBox's unit here, rounded up: something is never nothing.
func mebibytes(n int64) int64 { return (n + 1<<20 - 1) >> 20 }
