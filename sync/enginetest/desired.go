package enginetest

import (
	"fmt"
	"strconv"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Desired makes one group of each source, one host of each node, one guest of each guest, a port of each NIC and an
// address of each address of it. The first address is the guest's primary one.
//
// Names and descriptions are until-edited, primary addresses if-empty-or-ours, all else is always written. A guest's name that another
// guest of the source, or somebody else's in its group, has is followed by the VMID.
func (s *Sink) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	m := &mapping{state: &sync.State{}, holders: map[string]*sync.Record{}, current: map[sync.Key]*sync.Record{}}
	described := described(inventories)
	for i := range current.Records {
		r := &current.Records[i]
		m.current[r.Key] = r
		if r.Source == "" || !described[r.Unit] {
			for _, claim := range r.Claims {
				m.holders[claim.On] = r
			}
		}
	}
	for _, inv := range inventories {
		m.inventory(inv)
	}
	return m.state, nil
}

// described returns the units that the inventories describe: others keep what they have.
func described(inventories []*inventory.Inventory) map[sync.Key]bool {
	units := map[sync.Key]bool{}
	for _, inv := range inventories {
		for _, node := range inv.Nodes {
			units[sync.Key{Kind: KindHost, Name: inv.Source + "/" + node.Name}] = true
		}
		for _, g := range inv.Guests {
			if _, unknown := inv.GuestGap(g.ID, inventory.PartGuest); !unknown {
				units[sync.Key{Kind: KindGuest, Name: inv.Source + "/" + strconv.Itoa(g.ID)}] = true
			}
		}
	}
	return units
}

// mapping is one translation under way.
type mapping struct {
	state   *sync.State
	current map[sync.Key]*sync.Record
	holders map[string]*sync.Record // of names and addresses that are somebody else's, or given already
	adopted *sync.Record            // what the present guest takes over
}

func (m *mapping) inventory(inv *inventory.Inventory) {
	if gap, ok := inv.ListGap(); ok {
		m.state.Holds = append(m.state.Holds, sync.Hold{Source: inv.Source, Reason: gap.Reason})
		if gap.Part == inventory.PartSource {
			return
		}
	}
	group := sync.Key{Kind: KindGroup, Name: inv.Source}
	m.add(sync.Record{Key: group, Label: inv.Source, Fields: sync.NewFields(map[string]sync.Field{
		"name": {Value: sync.String(inv.Source)}, "version": {Value: sync.String(inv.Cluster.Version)},
	})})
	hosts := map[string]sync.Key{}
	for _, node := range inv.Nodes {
		hosts[node.Name] = m.host(inv, &node, group)
	}
	for i := range inv.Guests {
		m.guest(inv, &inv.Guests[i], group, hosts[inv.Guests[i].Node])
	}
}

func (m *mapping) add(r sync.Record) {
	for _, claim := range r.Claims {
		m.holders[claim.On] = &r
	}
	m.state.Records = append(m.state.Records, r)
}

func (m *mapping) host(inv *inventory.Inventory, node *inventory.Node, group sync.Key) sync.Key {
	key := sync.Key{Kind: KindHost, Name: inv.Source + "/" + node.Name}
	gap, _ := inv.NodeGap(node.Name, inventory.PartNode)
	m.add(sync.Record{
		Key: key, Unit: key, Label: node.Name, Source: inv.Source, Skip: gap.Reason,
		Claims: claims(KindHost, group.Name, node.Name, ""),
		Fields: sync.NewFields(map[string]sync.Field{
			"source": {Value: sync.String(inv.Source)},
			"node":   {Value: sync.String(node.Name), Rule: sync.CreateOnly},
			"name":   {Value: sync.String(node.Name), Rule: sync.UntilEdited},
			"status": {Value: sync.String(string(node.Status))},
			"group":  {Value: sync.Ref(group)},
		}),
	})
	return key
}

func (m *mapping) guest(inv *inventory.Inventory, g *inventory.Guest, group, host sync.Key) {
	key := sync.Key{Kind: KindGuest, Name: inv.Source + "/" + strconv.Itoa(g.ID)}
	unit := sync.Record{Key: key, Unit: key, Label: g.Name, Source: inv.Source, Guest: g.ID}
	if gap, ok := inv.GuestGap(g.ID, inventory.PartGuest); ok {
		unit.Skip = gap.Reason
		m.add(unit)
		return
	}
	name := m.takeOver(&unit, g, group)
	unit.Claims = claims(KindGuest, group.Name, name, "")
	unit.Fields = sync.NewFields(map[string]sync.Field{
		"source": {Value: sync.String(inv.Source)},
		"vmid":   {Value: sync.Int(int64(g.ID)), Rule: sync.CreateOnly},
		"name":   {Value: sync.String(name), Rule: sync.UntilEdited, Ours: []sync.Value{sync.String(g.Name)}},
		"status": {Value: sync.String(string(g.Status))},
		"group":  {Value: sync.Ref(group)},
	})
	if !host.IsZero() {
		unit.Fields.Set("host", sync.Field{Value: sync.Ref(host)})
	}
	if gap, ok := inv.GuestGap(g.ID, inventory.PartConfig); ok {
		m.state.Holds = append(m.state.Holds, sync.Hold{Unit: key, Reason: gap.Reason})
		m.add(unit)
		return
	}
	unit.Fields.Set("memory", sync.Field{Value: sync.Int(g.Memory >> 20), From: "memory in MiB"})
	unit.Fields.Set("description", sync.Field{
		Value: sync.String(g.Description), Rule: sync.UntilEdited, Ours: []sync.Value{{}, sync.String("")},
	})
	m.hang(inv, g, unit)
}

// takeOver decides on the guest's name, and whether it is somebody's guest that is to be taken over.
func (m *mapping) takeOver(unit *sync.Record, g *inventory.Guest, group sync.Key) (name string) {
	m.adopted = nil
	name = g.Name
	if name == "" {
		name = "guest"
	}
	holder := m.holders[claims(KindGuest, group.Name, name, "")[0].On]
	switch {
	case holder == nil:
	case m.current[unit.Key] == nil && holder.ID != "" && holder.Guest == g.ID:
		m.adopted, unit.ID, unit.Reason = holder, holder.ID, "it has the name and the VMID"
	default:
		name = fmt.Sprintf("%s %d", name, g.ID)
	}
	unit.Label = name
	return name
}

// hang adds the unit, its ports and its addresses.
func (m *mapping) hang(inv *inventory.Inventory, g *inventory.Guest, unit sync.Record) {
	gap, unknown := inv.GuestGap(g.ID, inventory.PartAddresses)
	if unknown {
		m.state.Holds = append(m.state.Holds, sync.Hold{Unit: unit.Key, Kind: KindAddress, Reason: gap.Reason})
	} else {
		unit.Fields.Set("primary", sync.Field{Rule: sync.IfEmptyOrOurs})
	}
	var children []sync.Record
	for _, nic := range g.NICs {
		port := m.port(&unit, &nic)
		children = append(children, port)
		if unknown {
			continue
		}
		for _, address := range nic.Addresses {
			record := m.address(&unit, port.Key, address.Prefix.String())
			children = append(children, record)
			if record.Skip == "" && unit.Fields.Value("primary").IsNull() {
				unit.Fields.Set("primary", sync.Field{Value: sync.Ref(record.Key), Rule: sync.IfEmptyOrOurs})
			}
		}
	}
	m.add(unit)
	for _, child := range children {
		m.add(child)
	}
}

func (m *mapping) port(unit *sync.Record, nic *inventory.NIC) sync.Record {
	name := nic.Name
	if name == "" {
		name = nic.Key
	}
	return m.adopt(sync.Record{
		Key: sync.Key{Kind: KindPort, Name: unit.Key.Name + "/" + nic.Key}, Unit: unit.Key, Label: name, Source: unit.Source,
		Claims: claims(KindPort, unit.Key.Name, name, ""),
		Fields: sync.NewFields(map[string]sync.Field{
			"name":  {Value: sync.String(name), Remember: true},
			"mac":   {Value: sync.String(nic.MAC)},
			"guest": {Value: sync.Ref(unit.Key), Needed: true},
		}),
	})
}

func (m *mapping) address(unit *sync.Record, port sync.Key, address string) sync.Record {
	record := m.adopt(sync.Record{
		Key: sync.Key{Kind: KindAddress, Name: unit.Key.Name + "/" + hostPart(address)}, Unit: unit.Key, Label: address,
		Source: unit.Source, Claims: claims(KindAddress, "", address, ""),
		Fields: sync.NewFields(map[string]sync.Field{
			"address": {Value: sync.String(address), Remember: true},
			"port":    {Value: sync.Ref(port), Needed: true},
		}),
	})
	if holder := m.holders[record.Claims[0].On]; holder != nil && record.ID == "" {
		owner := holder.Fields.Value("holder").Text()
		if owner == "" {
			owner = holder.Unit.Name
		}
		record.Skip, record.Claims = fmt.Sprintf("%s belongs to %s, and %s has it too", address, owner, unit.Label), nil
	}
	return record
}

// adopt takes over the child of the same kind and label of the guest that is taken over.
func (m *mapping) adopt(child sync.Record) sync.Record {
	if m.adopted == nil {
		return child
	}
	for _, r := range m.current {
		if r.Unit == m.adopted.Unit && r.Key.Kind == child.Key.Kind && r.Label == child.Label {
			child.ID = r.ID
		}
	}
	return child
}
