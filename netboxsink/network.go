package netboxsink

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// findInterfaces finds the interfaces that stand for those of a unit: ours by key, and, where there is none, one in its
// place. What a filter hides is left alone.
func (m *mapping) findInterfaces(u *unit) {
	taken := map[string]bool{} // interfaces in NetBox that stand for one, by id
	for _, n := range u.nics {
		if n.was = m.current[n.key]; n.was != nil {
			taken[n.was.ID] = true
		}
	}
	for _, n := range u.nics {
		if n.was == nil {
			n.was = m.interfaceInPlace(u, n, taken)
			if n.was != nil {
				taken[n.was.ID] = true
				if u.trusted {
					n.was, n.skip = nil, interfaceIsThere
				}
			}
		} else if name := n.was.Fields.Value("name").Text(); name != n.name && u.trusted && m.interfaceInPlace(u, n, taken) != nil {
			m.hold(sync.Hold{Unit: u.key, Kind: u.family.unit, Reason: fmt.Sprintf("%s keeps its name: %s: %s", name, n.name, interfaceIsThere)})
			n.name = name
		}
		if m.rules.hidesInterface(n.name) {
			n.skip = hiddenInterface
		}
	}
}

const interfaceIsThere = "an interface of that name is there already and is not ours"

// interfaceInPlace returns the unmarked interface of the unit that stands in the place of another: by name, or, of a unit
// that is taken over, by MAC address.
func (m *mapping) interfaceInPlace(u *unit, n *nic, taken map[string]bool) *sync.Record {
	if u.was == nil {
		return nil
	}
	for _, byName := range []bool{true, false} {
		for _, r := range m.onUnit[u.was.Key] {
			if r.Key.Kind != u.family.nic || r.Source != "" || taken[r.ID] {
				continue
			}
			mac := r.Fields.Value("mac_address")
			if byName && r.Fields.Value("name") == sync.String(n.name) || !byName && !u.trusted && n.mac != "" && mac == sync.String(n.mac) {
				return r
			}
		}
	}
	return nil
}

// networkInterface adds an interface with these fields, and its MAC address.
func (m *mapping) networkInterface(u *unit, n *nic, fields sync.Fields) {
	record := sync.Record{
		Key: n.key, Unit: u.key, Label: n.name, Source: u.inv.Source, Skip: n.skip, Fields: fields,
		Claims: []sync.Claim{nameClaim(u.family.nic, sync.Ref(u.key), n.name, "")},
	}
	if n.was != nil && n.was.Key != n.key {
		record.ID = n.was.ID
	}
	if n.mac == "" || n.skip != "" {
		m.add(record)
		if n.was != nil && n.skip != "" {
			m.keepOn(u, n)
		}
		return
	}
	const source = "the MAC address of the interface"
	mac := sync.Record{
		Key: childKey(u.family.mac, u.key, macName(u.slot(n), n.mac)), Unit: u.key, Label: n.mac, Source: u.inv.Source,
		Fields: sync.NewFields(map[string]sync.Field{
			"mac_address":     {Value: sync.String(n.mac), From: source, Rule: sync.CreateOnly},
			"assigned_object": {Value: sync.Ref(n.key), From: source, Needed: true},
		}),
	}
	was := m.current[mac.Key]
	if was == nil && n.was != nil {
		for _, r := range m.onUnit[n.was.Unit] {
			if r.Key.Kind == u.family.mac && r.Source == "" && r.Fields.Value("assigned_object") == sync.Ref(n.was.Key) &&
				r.Fields.Value("mac_address") == sync.String(n.mac) {
				mac.ID = r.ID
				break
			}
		}
	}
	loose := was != nil && was.Fields.Value("assigned_object").IsNull()
	if mac.Inline = !loose && (m.release.inlineMAC || m.release.macFirst && n.was == nil); mac.Inline {
		record.Fields.Set("mac_address", from(source, sync.String(n.mac)))
	} else {
		record.Fields.Set("primary_mac_address", from(source, sync.Ref(mac.Key)))
	}
	m.add(record)
	m.add(mac)
}

// slot is the name by which the unit's memory has the interface.
func (u *unit) slot(n *nic) string { return strings.TrimPrefix(n.key.Name, u.key.Name+"/") }

// keepOn leaves alone what hangs on an interface that is left alone.
func (m *mapping) keepOn(u *unit, n *nic) {
	for _, r := range m.onUnit[n.was.Unit] {
		if (r.Key.Kind == u.family.mac || r.Key.Kind == u.family.address) && r.Source != "" && r.Fields.Value("assigned_object") == sync.Ref(n.was.Key) {
			m.keep(r, n.skip)
		}
	}
}

// guestNetwork adds the interfaces of a guest.
func (m *mapping) guestNetwork(u *guestUnit) {
	group := m.place(KindVLANGroup, u.place, sync.Value{})
	nics := onceOn(m, &u.unit, KindInterface, u.guest.NICs, func(n *inventory.NIC) string { return n.Key })
	for i := range nics {
		u.nics = append(u.nics, &nic{
			name: m.interfaceName(u, &nics[i]), key: childKey(KindInterface, u.key, nics[i].Key),
			mac: nics[i].MAC, addresses: nics[i].Addresses,
		})
	}
	m.findInterfaces(&u.unit)
	for i, n := range u.nics {
		m.guestInterface(u, n, &nics[i], group)
	}
}

// interfaceName returns what an interface is called: as the container calls it, or, where the configuration says so, the
// guest's agent; else as Proxmox VE does. Without a word of the agent, a name that stands there stays.
func (m *mapping) interfaceName(u *guestUnit, n *inventory.NIC) string {
	if name := clean(n.Name, nameLimit); name != "" {
		return name
	}
	if m.rules.names.AgentInterfaces {
		if name := clean(n.AgentName, nameLimit); name != "" {
			return name
		}
		if was := m.current[childKey(KindInterface, u.key, n.Key)]; was != nil {
			return was.Fields.Value("name").Text()
		}
	}
	return n.Key
}

// guestInterface adds one interface of a guest.
func (m *mapping) guestInterface(u *guestUnit, n *nic, port *inventory.NIC, group placed) {
	fields := sync.NewFields(map[string]sync.Field{
		"virtual_machine": from("the guest", sync.Ref(u.key)),
		"name":            {Value: sync.String(n.name), From: "the name of " + port.Key, Remember: true},
		"enabled":         from("link_down of "+port.Key, sync.Bool(!port.Down)),
	})
	bridge := ""
	if port.Bridge != "" {
		bridge = "Bridge " + port.Bridge
	}
	fields.Set("description", ownText("bridge of "+port.Key, bridge))
	mtu := sync.Value{}
	if port.MTU > 1 { // 1 inherits the bridge's
		mtu = sync.Int(int64(port.MTU))
	}
	if f, ok := orNothing("mtu of "+port.Key, mtu, n.was, "mtu"); ok {
		fields.Set("mtu", f)
	}
	use := vlanUse{access: port.VLAN}
	use.trunks, use.all = parseTrunks(port.Trunks)
	if use.access == 0 {
		use.access = vnetVLAN(u.inv, port.Bridge)
	}
	if use.access > 0 || len(use.trunks) > 0 || isKnown(u, port.Bridge) {
		m.vlanFields(&u.unit, n, &fields, group, use)
	}
	m.networkInterface(&u.unit, n, fields)
}

// isKnown tells whether it is known that a bridge brings no VLAN: the virtual networks are known, or it is one of the
// node's.
func isKnown(u *guestUnit, bridge string) bool {
	return bridge == "" || u.inv.VNets != nil ||
		slices.ContainsFunc(u.inv.Nodes, func(n inventory.Node) bool {
			return n.Name == u.guest.Node && slices.ContainsFunc(n.Interfaces, func(i inventory.NodeInterface) bool { return i.Name == bridge })
		})
}

// vnetVLAN returns the VLAN of a virtual network; 0 for none.
func vnetVLAN(inv *inventory.Inventory, name string) int {
	for _, v := range inv.VNets {
		if v.Name == name {
			return v.VLAN
		}
	}
	return 0
}
