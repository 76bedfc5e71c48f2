package netboxsink

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// claim is a guest that has an address.
type claim struct {
	unit    *guestUnit
	nic     *nicUnit
	address inventory.Address
}

// addresses adds the addresses. One that several have stays with whoever holds it in NetBox; else the first guest gets
// it. The others are told.
func (m *mapping) addresses(units []*guestUnit) {
	var hosts []netip.Addr // in the order in which they are met
	claims := map[netip.Addr][]claim{}
	known := map[sync.Key]bool{} // units all of whose addresses are known
	for _, u := range units {
		switch u.gap.Part {
		case inventory.PartGuest, inventory.PartConfig:
			continue
		case inventory.PartAddresses: // those that are known all the same are written
			m.state.Holds = append(m.state.Holds, sync.Hold{Unit: u.key, Kind: KindAddress, Reason: u.gap.Reason})
		default:
			known[u.key] = true
		}
		mine := map[netip.Addr]bool{}
		for _, n := range u.nics {
			for _, a := range n.nic.Addresses {
				host := a.Prefix.Addr()
				if n.skip != "" || mine[host] {
					continue
				}
				mine[host] = true
				if len(claims[host]) == 0 {
					hosts = append(hosts, host)
				}
				claims[host] = append(claims[host], claim{u, n, a})
			}
		}
	}
	holders := m.holders()
	given := map[sync.Key][]netip.Addr{}
	for _, host := range hosts {
		winner, reason, adopt := m.winner(claims[host], holders[host], known)
		for _, c := range claims[host] {
			if c != winner {
				m.address(c, adopt, reason)
				continue
			}
			m.address(c, adopt, unassignable(c.address.Prefix))
			if unassignable(c.address.Prefix) == "" {
				given[c.unit.key] = append(given[c.unit.key], host)
			}
		}
	}
	m.primaries(units, known, given)
}

// holders returns who has which address in NetBox's global table, of what was read.
func (m *mapping) holders() map[netip.Addr]*sync.Record {
	holders := map[netip.Addr]*sync.Record{}
	for _, r := range m.byKind[KindAddress] {
		if len(r.Claims) == 0 {
			continue // in a VRF
		}
		prefix, err := netip.ParsePrefix(r.Fields["address"].Value.Text())
		if err != nil {
			continue
		}
		if other := holders[prefix.Addr()]; other == nil || other.Source == "" && r.Source != "" {
			holders[prefix.Addr()] = r
		}
	}
	return holders
}

// winner returns which of the claims gets the address, why the others do not, and the id of the object that it takes
// over, if any.
func (m *mapping) winner(claims []claim, holder *sync.Record, known map[sync.Key]bool) (winner claim, reason, adopt string) {
	first := claims[0]
	told := func(c claim) string {
		return fmt.Sprintf("%s is also on %s %d, which keeps it", c.address.Prefix.Addr(), c.unit.inv.Source, c.unit.guest.ID)
	}
	switch {
	case holder == nil:
		return first, told(first), ""
	case holder.Source != "":
		for _, c := range claims {
			if c.unit.key == holder.Unit {
				return c, told(c), ""
			}
		}
		if known[holder.Unit] {
			return first, told(first), "" // its holder lets it go
		}
		owner := holder.Unit.Name
		if unit := m.current[holder.Unit]; unit != nil {
			owner = unit.Label
		}
		return claim{}, fmt.Sprintf("%s belongs to virtual machine %s in NetBox", holder.Label, owner), ""
	}
	for _, c := range claims {
		if c.unit.was == nil || c.unit.trusted {
			continue
		}
		for _, key := range holder.Fields["assigned_object"].Value.Keys() {
			if r := m.current[key]; r != nil && r.Unit == c.unit.was.Key {
				return c, told(c), holder.ID
			}
		}
	}
	owner := holder.Fields["holder"].Value.Text()
	if owner == "" {
		owner = "the same virtual machine, and somebody else put it there"
	}
	return claim{}, fmt.Sprintf("%s belongs to %s in NetBox", holder.Label, owner), ""
}

// unassignable returns why NetBox would not assign the address; empty if it would.
func unassignable(p netip.Prefix) string {
	short := p.Addr().BitLen() - p.Bits()
	switch {
	case p.Bits() == 0:
		return "NetBox takes no address with a prefix length of 0"
	case short < 2:
		return ""
	case p.Masked().Addr() == p.Addr():
		return "it is the address of its network, which NetBox does not assign"
	case p.Addr().Is4() && !p.Contains(p.Addr().Next()):
		return "it is the broadcast address of its network, which NetBox does not assign"
	}
	return ""
}

// address adds one address of a guest, or the reason why it is left alone.
func (m *mapping) address(c claim, adopt, skip string) {
	host := c.address.Prefix.Addr()
	status := "active"
	if c.address.Dynamic {
		status = "dhcp"
	}
	record := sync.Record{
		Key: childKey(KindAddress, c.unit.key, addressName(host.String())), Unit: c.unit.key,
		Label: c.address.Prefix.String(), Source: c.unit.inv.Source, Skip: skip,
		Claims: []sync.Claim{addressClaim(host)},
		Fields: map[string]sync.Field{
			"address":         {Value: sync.String(c.address.Prefix.String())},
			"status":          {Value: sync.String(status), Rule: sync.UntilEdited, Ours: []sync.Value{sync.String("active")}},
			"assigned_object": {Value: sync.Ref(c.nic.key), Needed: true},
		},
	}
	if skip != "" {
		record.Claims = nil
	} else if m.current[record.Key] == nil {
		record.ID = adopt
	}
	m.add(record)
}

// primaries points each guest to its first address of either family. Where not all addresses are known a pointer that is
// there stays.
func (m *mapping) primaries(units []*guestUnit, known map[sync.Key]bool, given map[sync.Key][]netip.Addr) {
	at := map[sync.Key]int{}
	for i := range m.state.Records {
		at[m.state.Records[i].Key] = i
	}
	for _, u := range units {
		i, ok := at[u.key]
		if !ok || m.state.Records[i].Fields == nil {
			continue
		}
		for field, v := range firstAddresses(u, given[u.key]) {
			if known[u.key] || !v.IsNull() && (u.was == nil || u.was.Fields[field].Value.IsNull()) {
				m.state.Records[i].Fields[field] = sync.Field{Value: v, Rule: sync.IfEmptyOrOurs}
			}
		}
	}
}

// firstAddresses returns the primary pointers of a guest that has been given these addresses.
func firstAddresses(u *guestUnit, given []netip.Addr) map[string]sync.Value {
	primary := map[string]sync.Value{"primary_ip4": {}, "primary_ip6": {}}
	for _, n := range u.nics {
		for _, a := range n.nic.Addresses {
			host, field := a.Prefix.Addr(), "primary_ip6"
			if host.Is4() {
				field = "primary_ip4"
			}
			if slices.Contains(given, host) && primary[field].IsNull() {
				primary[field] = sync.Ref(childKey(KindAddress, u.key, addressName(host.String())))
			}
		}
	}
	return primary
}
