package netboxsink

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// mapping is one translation under way.
type mapping struct {
	release release
	rules   *rules
	current map[sync.Key]*sync.Record
	byKind  map[sync.Kind][]*sync.Record // current, in the order of their keys
	onUnit  map[sync.Key][]*sync.Record  // current children, in the order of their keys
	asked   map[sync.Key]bool            // what was looked up
	// guests has the current virtual machines by what a guest is found by.
	guests map[guestKey][]*sync.Record
	// tagNames has the tags that are known to be there, by slug.
	tagNames map[string]string
	// tagLists has the tags of each value of theirs that was read: few sets of tags are on many objects.
	tagLists map[sync.Value][]tagBrief
	// shared has the shared objects that are in state already.
	shared map[sync.Key]bool
	// kept has the addresses and MAC addresses that are left alone with what hides them.
	kept map[sync.Key]bool
	// takenOver has the objects that are taken over already.
	takenOver map[*sync.Record]bool
	// clusters and sites tell in what a source's units are, as the current records name it.
	clusters, sites map[string]sync.Key
	// clusterNames has the names of clusters to be created, by source; defaultSites those of the clusters that may need a
	// default site, by its slug.
	clusterNames, defaultSites map[string]string
	// deviceSites tells which site each device will be in.
	deviceSites map[sync.Key]sync.Value
	state       sync.State
}

// guestKey is what a guest's virtual machine is found by: our mark and the VMID; without a mark, the VMID, or, where
// that is missing, the name in lower case.
type guestKey struct {
	source string
	id     int
	name   string
}

func newMapping(r release, rules *rules, current *sync.State) *mapping {
	m := &mapping{
		release: r, rules: rules, current: make(map[sync.Key]*sync.Record, len(current.Records)), byKind: map[sync.Kind][]*sync.Record{},
		onUnit: map[sync.Key][]*sync.Record{}, asked: map[sync.Key]bool{}, guests: map[guestKey][]*sync.Record{},
		tagNames: map[string]string{}, tagLists: map[sync.Value][]tagBrief{}, shared: map[sync.Key]bool{}, kept: map[sync.Key]bool{}, takenOver: map[*sync.Record]bool{},
		clusters: map[string]sync.Key{}, sites: map[string]sync.Key{}, clusterNames: map[string]string{},
		defaultSites: map[string]string{}, deviceSites: map[sync.Key]sync.Value{},
	}
	for _, key := range current.Asked {
		m.asked[key] = true
	}
	for i := range current.Records {
		r := &current.Records[i]
		m.current[r.Key] = r
		m.byKind[r.Key.Kind] = append(m.byKind[r.Key.Kind], r)
		if !r.Unit.IsZero() && r.Unit != r.Key {
			m.onUnit[r.Unit] = append(m.onUnit[r.Unit], r)
		}
	}
	byKey := func(a, b *sync.Record) int { return a.Key.Compare(b.Key) }
	for _, records := range m.byKind {
		slices.SortFunc(records, byKey)
	}
	for _, records := range m.onUnit {
		slices.SortFunc(records, byKey)
	}
	for _, r := range m.byKind[KindVirtualMachine] {
		key := guestKey{source: r.Source, id: r.Guest}
		if r.Source == "" && r.Guest == 0 {
			key.name = strings.ToLower(r.Fields.Value("name").Text())
		}
		m.guests[key] = append(m.guests[key], r)
	}
	m.knowTags()
	return m
}

func (m *mapping) add(r sync.Record) { m.state.Records = append(m.state.Records, r) }

// keep leaves something of ours that hangs on a unit as it is, and tells why, once.
func (m *mapping) keep(r *sync.Record, reason string) {
	if !m.kept[r.Key] {
		m.kept[r.Key] = true
		m.add(sync.Record{Key: r.Key, Unit: r.Unit, Label: r.Label, Source: r.Source, Skip: reason})
	}
}

func (m *mapping) hold(h sync.Hold) { m.state.Holds = append(m.state.Holds, h) }

// share adds a shared object, once. One that exists is taken as it is.
func (m *mapping) share(kind sync.Kind, name, label string, fields map[string]sync.Value) sync.Value {
	key := sync.Key{Kind: kind, Name: name}
	if m.shared[key] {
		return sync.Ref(key)
	}
	m.shared[key] = true
	record := sync.Record{Key: key, Label: label}
	if was := m.current[key]; was != nil {
		record.Label = was.Label
	} else {
		for name, v := range fields {
			record.Fields.Set(name, sync.Field{Value: v, Rule: sync.CreateOnly})
		}
	}
	m.add(record)
	return sync.Ref(key)
}

// unit is what a node and a guest have in common.
type unit struct {
	inv    *inventory.Inventory
	family family
	key    sync.Key
	label  string       // of the node or guest, for those who read of it: "lab 101"
	was    *sync.Record // ours, or to be taken over
	// memory is that of was; trusted says that there is one to go by: what it does not name is somebody else's.
	memory  sync.Memory
	trusted bool
	place   subject
	site    sync.Value // that it is in, or will be
	vrf     placed     // of its addresses
	nics    []*nic
	// silent says that not all addresses are known, and unknown why, where it is about the addresses alone.
	silent  bool
	unknown string
}

// remember reads what was last written to the unit.
func (u *unit) remember() {
	u.memory, u.trusted = sync.Memory{}, false
	if u.was != nil {
		u.memory = sync.ParseMemory(u.was.Fields.Value(sync.MemoryField))
		u.trusted = !u.memory.IsEmpty()
	}
}

// nic is an interface of a node or guest, with what stands for it in NetBox.
type nic struct {
	name      string // of the interface in NetBox
	key       sync.Key
	was       *sync.Record
	skip      string // why it is left alone
	mac       string
	addresses []inventory.Address
}

// from returns a field that is written whenever the source says something else.
func from(source string, v sync.Value) sync.Field { return sync.Field{Value: v, From: source} }

// untilEdited returns a field that a person may change for good. Without a memory, what is there is ours if it is one of
// ours, or nothing.
func untilEdited(source string, v sync.Value, ours ...sync.Value) sync.Field {
	if len(ours) == 0 {
		ours = nothing
	} else {
		ours = append(ours, nothing...)
	}
	return sync.Field{Value: v, From: source, Rule: sync.UntilEdited, Ours: ours}
}

// nothing is what stands in a field that nobody has filled in.
var nothing = []sync.Value{{}, sync.String("")}

// ownText returns a text that a person may change for good.
func ownText(source, s string) sync.Field { return untilEdited(source, sync.String(clean(s, 200))) }

// orNothing returns a field of what only some have: to have none says nothing of a person's. ok is false where there is
// nothing to be said at all.
func orNothing(source string, v sync.Value, was *sync.Record, field string) (f sync.Field, ok bool) {
	switch {
	case !v.IsNull():
		return sync.Field{Value: v, From: source, Remember: true}, true
	case was != nil && !was.Fields.Value(field).IsNull():
		return sync.Field{From: source, Rule: sync.IfEmptyOrOurs}, true
	}
	return sync.Field{}, false
}

// takeOver makes the record take over an object that bears nobody's mark, and calls it as it is called.
func (m *mapping) takeOver(record *sync.Record, u *unit) {
	if u.was == nil {
		return
	}
	if stays(u, record.Label) {
		record.Label = u.was.Label
	}
	if u.was.Key != record.Key {
		m.adopt(record, u.was)
	}
}

func (m *mapping) adopt(record, was *sync.Record) {
	m.takenOver[was] = true
	record.ID = was.ID
	record.Reason = "it bears the tag " + tagSlug + " and nobody's mark"
	if !isTagged(was) {
		record.Reason = "it has its name and bears nobody's mark"
	}
}
