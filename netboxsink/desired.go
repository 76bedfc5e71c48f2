package netboxsink

import (
	"slices"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Desired translates inventories into NetBox's objects: the mapping, as one pure function of what the sources say and
// what NetBox holds.
func (s *Sink) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	m := newMapping(s.serves(), s.rules, current)
	for _, inv := range inventories {
		if gap, ok := sourceGap(inv); ok {
			m.hold(sync.Hold{Source: inv.Source, Reason: gap.Reason})
		}
	}
	readable := slices.DeleteFunc(slices.Clone(inventories), func(inv *inventory.Inventory) bool {
		_, gone := inv.NodeGap("", inventory.PartNode)
		return gone || m.isFrozen(inv) || m.inOddCluster(inv)
	})
	for i, inv := range readable {
		readable[i] = m.once(inv)
	}
	m.state.Records = slices.Grow(m.state.Records, records(readable))
	if len(readable) > 0 {
		m.standing()
	}
	m.findClusters(readable)
	nodes := m.devices(readable)
	guests := m.machines(readable)
	m.addresses(slices.Concat(nodes, guests))
	for _, inv := range readable {
		m.holdUnlisted(inv)
		m.gone(inv)
	}
	m.own()
	state := m.state // and not all that led there
	return &state, nil
}

// records returns about how many records the inventories will be.
func records(inventories []*inventory.Inventory) (n int) {
	for _, inv := range inventories {
		n += 50 // what they share
		for _, node := range inv.Nodes {
			n += 1 + 3*len(node.Interfaces)
		}
		for _, guest := range inv.Guests {
			n += 1 + len(guest.Disks) + 2*len(guest.NICs)
			for _, nic := range guest.NICs {
				n += len(nic.Addresses)
			}
		}
	}
	return n
}

// own puts the rules of the configuration in the place of ours.
func (m *mapping) own() {
	if len(m.rules.ownership) == 0 {
		return
	}
	for i := range m.state.Records {
		r := &m.state.Records[i]
		for field, rule := range m.rules.ownership[r.Key.Kind] {
			if f, ok := r.Fields.Get(field); ok {
				// What was written stays in the memory, and with it what people edited: rules come and go.
				f.Remember = f.Remember || f.Rule == sync.UntilEdited || f.Rule == sync.IfEmptyOrOurs
				f.Rule = rule
				r.Fields.Set(field, f)
			}
		}
	}
}

// holdUnlisted holds the guests that an incomplete list lacks.
func (m *mapping) holdUnlisted(inv *inventory.Inventory) {
	gap, ok := inv.ListGap()
	if !ok {
		return
	}
	listed := m.desired()
	for _, r := range m.byKind[KindVirtualMachine] {
		if r.Source == inv.Source && !listed.has(r.Key) {
			m.hold(sync.Hold{Unit: r.Key, Reason: gap.Reason})
		}
	}
}

// desired returns the keys of the units that there are so far.
func (m *mapping) desired() keySet {
	keys := keySet{}
	for i := range m.state.Records {
		if r := &m.state.Records[i]; r.Key == r.Unit {
			keys.add(r.Key)
		}
	}
	return keys
}

// isFrozen tells whether the cluster is known to have no quorum. It changes nothing then, and who is asked may be the one
// that is cut off, to whom all others look offline, and their guests as they were: nothing of the source is touched. Of a
// cluster that does not let read its status not even the name is known, and the rest is as good as ever.
func (m *mapping) isFrozen(inv *inventory.Inventory) bool {
	gap, ok := sourceGap(inv)
	if !ok || gap.Part != inventory.PartQuorum || inv.Cluster.Name == "" {
		return false
	}
	m.add(sync.Record{Key: clusterKey(inv.Source), Label: clusterName(inv), Source: inv.Source, Skip: gap.Reason})
	return true
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
