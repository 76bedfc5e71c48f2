package netboxsink

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Desired translates inventories into NetBox's objects: the mapping, as one pure function of what the sources say and
// what NetBox holds.
func (s *Sink) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	m := newMapping(s.serves(), current)
	for _, inv := range inventories {
		if gap, ok := sourceGap(inv); ok {
			m.state.Holds = append(m.state.Holds, sync.Hold{Source: inv.Source, Reason: gap.Reason})
		}
	}
	readable := slices.DeleteFunc(slices.Clone(inventories), func(inv *inventory.Inventory) bool {
		_, gone := inv.NodeGap("", inventory.PartNode)
		return gone || m.inOddCluster(inv)
	})
	for i, inv := range readable {
		readable[i] = m.once(inv)
	}
	if len(readable) > 0 {
		m.standing()
	}
	for _, inv := range readable {
		m.cluster(inv)
	}
	m.devices(readable)
	m.machines(readable)
	for _, inv := range readable {
		m.holdUnlisted(inv)
	}
	return &m.state, nil
}

// holdUnlisted holds the guests that an incomplete list lacks.
func (m *mapping) holdUnlisted(inv *inventory.Inventory) {
	gap, ok := inv.ListGap()
	if !ok {
		return
	}
	listed := map[sync.Key]bool{}
	for i := range m.state.Records {
		listed[m.state.Records[i].Key] = true
	}
	for _, r := range m.byKind[KindVirtualMachine] {
		if r.Source == inv.Source && !listed[r.Key] {
			m.state.Holds = append(m.state.Holds, sync.Hold{Unit: r.Key, Reason: gap.Reason})
		}
	}
}

// sourceGap returns the gap that lets nothing of the source be taken for gone.
func sourceGap(inv *inventory.Inventory) (inventory.Gap, bool) {
	for _, g := range inv.Gaps {
		if g.Part == inventory.PartSource || g.Part == inventory.PartQuorum {
			return g, true
		}
	}
	return inventory.Gap{}, false
}

// mapping is one translation under way.
type mapping struct {
	release release
	current map[sync.Key]*sync.Record
	byKind  map[sync.Kind][]*sync.Record // current, in the order of their keys
	onUnit  map[sync.Key][]*sync.Record  // current children, in the order of their keys
	// guests has the current virtual machines by what a guest is found by.
	guests map[guestKey][]*sync.Record
	// shared has the shared objects that are in state already.
	shared map[sync.Key]bool
	// takenOver has the objects that are taken over already.
	takenOver map[*sync.Record]bool
	// clusters and sites tell in what a source's units are, as the current records name it.
	clusters, sites map[string]sync.Key
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

func newMapping(r release, current *sync.State) *mapping {
	m := &mapping{
		release: r, current: map[sync.Key]*sync.Record{}, byKind: map[sync.Kind][]*sync.Record{},
		onUnit: map[sync.Key][]*sync.Record{}, guests: map[guestKey][]*sync.Record{}, shared: map[sync.Key]bool{},
		takenOver: map[*sync.Record]bool{}, clusters: map[string]sync.Key{}, sites: map[string]sync.Key{},
		deviceSites: map[sync.Key]sync.Value{},
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
			key.name = strings.ToLower(r.Fields["name"].Value.Text())
		}
		m.guests[key] = append(m.guests[key], r)
	}
	return m
}

func (m *mapping) add(r sync.Record) { m.state.Records = append(m.state.Records, r) }

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
		record.Fields = map[string]sync.Field{}
		for name, v := range fields {
			record.Fields[name] = sync.Field{Value: v, Rule: sync.CreateOnly}
		}
	}
	m.add(record)
	return sync.Ref(key)
}
