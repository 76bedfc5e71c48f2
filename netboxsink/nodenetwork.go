package netboxsink

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// nodeNetwork adds the interfaces of a node.
func (m *mapping) nodeNetwork(u *nodeUnit) {
	if gap, ok := u.inv.NodeGap(u.node.Name, inventory.PartNetwork); ok {
		m.hold(sync.Hold{Unit: u.key, Reason: gap.Reason})
		u.silent = true
		if len(u.node.Interfaces) == 0 {
			return
		}
	}
	group := m.place(KindVLANGroup, u.place, sync.Value{})
	listed := map[string]*inventory.NodeInterface{}
	interfaces := onceOn(m, &u.unit, KindNodeInterface, u.node.Interfaces, func(i *inventory.NodeInterface) string { return interfaceLabel(i.Name) })
	for i := range interfaces {
		listed[interfaces[i].Name] = &interfaces[i]
	}
	for i := range interfaces {
		port := &interfaces[i]
		name := interfaceLabel(port.Name)
		n := &nic{name: name, key: childKey(u.family.nic, u.key, name), mac: port.MAC, addresses: nodeAddresses(port)}
		u.nics = append(u.nics, n)
	}
	m.findInterfaces(&u.unit)
	for i, n := range u.nics {
		m.nodeInterface(u, n, &interfaces[i], listed, group)
	}
}

func nodeAddresses(port *inventory.NodeInterface) []inventory.Address {
	list := make([]inventory.Address, len(port.Addresses))
	for i, prefix := range port.Addresses {
		list[i] = inventory.Address{Prefix: prefix, Origin: inventory.OriginConfig}
	}
	return list
}

// nodeInterface adds one interface of a node.
func (m *mapping) nodeInterface(u *nodeUnit, n *nic, port *inventory.NodeInterface, listed map[string]*inventory.NodeInterface, group placed) {
	kind := interfaceType(port.Type)
	fields := sync.NewFields(map[string]sync.Field{
		"device":      from("the node", sync.Ref(u.key)),
		"name":        {Value: sync.String(n.name), From: "the name of the interface", Remember: true},
		"type":        {Value: sync.String(kind), From: "the type of the interface: " + port.Type, Rule: sync.UntilEdited},
		"enabled":     from("whether the interface is active", sync.Bool(port.Active)),
		"description": ownText("the comment of the interface", port.Comment),
	})
	optional := func(field, source string, v sync.Value) {
		if f, ok := orNothing(source, v, n.was, field); ok {
			fields.Set(field, f)
		}
	}
	mtu := sync.Value{}
	if port.MTU > 0 {
		mtu = sync.Int(int64(port.MTU))
	}
	optional("mtu", "the configuration of the interface", mtu)
	for field, other := range u.relations(port, kind, listed) {
		optional(field, "the configuration of the interfaces", other)
	}
	m.vlanFields(&u.unit, n, &fields, group, portVLANs(port))
	m.networkInterface(&u.unit, n, fields)
}

// relations returns the interfaces that an interface hangs on: the LAG and the bridge that it is a port of, and what it
// is a part of.
func (u *nodeUnit) relations(port *inventory.NodeInterface, kind string, listed map[string]*inventory.NodeInterface) map[string]sync.Value {
	ref := func(name string) sync.Value {
		if listed[name] == nil || name == port.Name || interfaceLabel(name) == "" {
			return sync.Value{}
		}
		return sync.Ref(childKey(u.family.nic, u.key, interfaceLabel(name)))
	}
	all := map[string]sync.Value{"lag": {}, "bridge": {}, "parent": {}}
	for _, other := range u.node.Interfaces {
		if other.Name == port.Name || !slices.Contains(other.Ports, port.Name) {
			continue
		}
		switch interfaceType(other.Type) {
		case "lag":
			if kind != "virtual" && kind != "lag" { // NetBox takes neither as a member
				all["lag"] = ref(other.Name)
			}
		case "bridge":
			all["bridge"] = ref(other.Name)
		}
	}
	if kind == "virtual" {
		parent := port.Parent
		if name, _, ok := strings.Cut(port.Name, ":"); ok && port.Type == "alias" {
			parent = name
		}
		all["parent"] = ref(parent)
	}
	return all
}

// interfaceLabel returns the name that an interface has in NetBox.
func interfaceLabel(name string) string { return clean(name, nameLimit) }

// interfaceType returns NetBox's word for a type of Proxmox VE. Of a port it is not known what it is: a person may say.
func interfaceType(word string) string {
	switch word {
	case "bridge", "OVSBridge":
		return "bridge"
	case "bond", "OVSBond":
		return "lag"
	case "vlan", "alias", "OVSIntPort", "vxlan", "dummy", "vnet", "fabric":
		return "virtual"
	}
	return "other"
}

// portVLANs returns the VLANs of an interface: that of a VLAN interface, those that a bridge carries.
func portVLANs(port *inventory.NodeInterface) vlanUse {
	use := vlanUse{access: port.VLAN}
	if port.VLANAware {
		use.trunks, use.all = parseTrunks(port.Trunks)
		use.all = use.all || len(use.trunks) == 0
	}
	return use
}

// primaryOf returns the address of a family by which a node is known, among those that it has been given.
func primaryOf(node *inventory.Node, is4 bool, given []netip.Addr) (host netip.Addr, source string) {
	if slices.Contains(given, node.Address) && node.Address.Is4() == is4 {
		return node.Address, "the address of the node in its cluster"
	}
	for _, port := range node.Interfaces {
		if !slices.ContainsFunc(port.Gateways, func(g netip.Addr) bool { return g.Is4() == is4 }) {
			continue
		}
		for _, p := range port.Addresses {
			if p.Addr().Is4() == is4 && slices.Contains(given, p.Addr()) {
				return p.Addr(), "the address on the interface with the gateway"
			}
		}
	}
	return netip.Addr{}, ""
}

// parseTrunks returns the VLAN ids of lists and ranges, and whether they are as good as all.
func parseTrunks(trunks []string) (ids []int, all bool) {
	for _, t := range trunks {
		first, last, isRange := strings.Cut(t, "-")
		from, err := strconv.Atoi(first)
		to := from
		if isRange && err == nil {
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < 1 || to > 4094 {
			continue
		}
		if to-from > 1000 {
			return nil, true
		}
		for id := from; id <= to; id++ {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), false
}
