package netboxsink

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// docker is the range that docker gives to its own bridges.
var docker = netip.MustParsePrefix("172.17.0.0/16")

// primaries points each unit to its first address of either family, as the rules say. Where not all addresses are known
// a pointer that is there stays.
func (m *mapping) primaries(units []*unit, known map[sync.Key]bool, given map[sync.Key][]claim) {
	at := make(map[sync.Key]int, len(units))
	for i := range m.state.Records {
		if r := &m.state.Records[i]; r.Key == r.Unit {
			at[r.Key] = i
		}
	}
	for _, u := range units {
		i, ok := at[u.key]
		if !ok || m.state.Records[i].Fields.Len() == 0 || m.state.Records[i].Skip != "" {
			continue
		}
		for field, is4 := range map[string]bool{"primary_ip4": true, "primary_ip6": false} {
			v, source := m.primary(u, given[u.key], is4)
			if known[u.key] || !v.IsNull() && (u.was == nil || u.was.Fields.Value(field).IsNull()) {
				m.state.Records[i].Fields.Set(field, sync.Field{Value: v, From: source, Rule: sync.IfEmptyOrOurs})
			}
		}
	}
}

// primary returns the primary address of a family among those that a unit has been given, and by which rule.
func (m *mapping) primary(u *unit, given []claim, is4 bool) (sync.Value, string) {
	given = slices.DeleteFunc(slices.Clone(given), func(c claim) bool { return c.address.Prefix.Addr().Is4() != is4 })
	if len(given) == 0 {
		return sync.Value{}, "there is no such address"
	}
	if !u.place.isGuest {
		return m.nodePrimary(u, given, is4)
	}
	best := given[0]
	for _, c := range given[1:] {
		if slices.Compare(m.rank(c), m.rank(best)) < 0 {
			best = c
		}
	}
	return u.refTo(best.address.Prefix.Addr()), m.rankRule(best)
}

// nodePrimary returns the address by which a node is known: that of the cluster's network, else the one on the interface
// with the gateway.
func (m *mapping) nodePrimary(u *unit, given []claim, is4 bool) (sync.Value, string) {
	at := slices.IndexFunc(u.inv.Nodes, func(n inventory.Node) bool { return n.Name == u.place.node })
	if at < 0 {
		return sync.Value{}, ""
	}
	hosts := make([]netip.Addr, len(given))
	for i, c := range given {
		hosts[i] = c.address.Prefix.Addr()
	}
	host, source := primaryOf(&u.inv.Nodes[at], is4, hosts)
	if !host.IsValid() {
		return sync.Value{}, "no address is that of the cluster, or on the interface with the gateway"
	}
	return u.refTo(host), source
}

// refTo returns a reference to an address of the unit.
func (u *unit) refTo(host netip.Addr) sync.Value {
	return sync.Ref(childKey(u.family.address, u.key, addressName(host.String())))
}

// rank orders addresses, the best first: by the first rule that matches, static ones, not docker's, by their interface
// and place there.
func (m *mapping) rank(c claim) []int {
	rule := slices.IndexFunc(m.rules.primary, func(r primaryRule) bool { return r.matches(c) })
	if rule < 0 {
		rule = len(m.rules.primary)
	}
	number := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return []int{
		rule, number(docker.Contains(c.address.Prefix.Addr())), number(c.address.Dynamic), slices.Index(c.unit.nics, c.nic),
		slices.IndexFunc(c.nic.addresses, func(a inventory.Address) bool { return a.Prefix == c.address.Prefix }),
	}
}

func (m *mapping) rankRule(c claim) string {
	if rule := m.rank(c)[0]; rule < len(m.rules.primary) {
		return fmt.Sprintf("addresses.primary[%d]", rule)
	}
	return "static before DHCP, the first interface first"
}

func (r *primaryRule) matches(c claim) bool {
	inSubnet := len(r.subnets) == 0 || slices.ContainsFunc(r.subnets, func(p netip.Prefix) bool { return p.Contains(c.address.Prefix.Addr()) })
	return inSubnet && fits(r.nic, c.nic.name) && (!r.static || !c.address.Dynamic)
}
