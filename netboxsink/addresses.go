package netboxsink

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// spot is an address in a VRF, or in the global table: what NetBox wants only one to have.
type spot struct {
	host netip.Addr
	vrf  sync.Value
}

// claim is a node or guest that has an address, with its key there and the VRF that it is in.
type claim struct {
	unit    *unit
	nic     *nic
	address inventory.Address
	key     sync.Key
	vrf     sync.Value
}

// verdict is what becomes of the claims of one address.
type verdict struct {
	winner claim
	// reason tells why the others do not get it.
	reason string
	// adopt is the id of the object that the winner takes over.
	adopt string
	// shared says that all get it, with the role for that.
	shared bool
}

// addresses adds the addresses. One that several have stays with whoever holds it in NetBox; else the first gets it.
// The others are told.
func (m *mapping) addresses(units []*unit) {
	var spots []spot // in the order in which they are met
	claims := map[spot][]claim{}
	holders := m.holders()
	known := map[sync.Key]bool{} // units all of whose addresses are known, so that one may go
	for _, u := range units {
		m.holdAddresses(u)
		_, held := sourceGap(u.inv)
		known[u.key] = !u.silent && !held
		mine := map[netip.Addr]bool{}
		for _, n := range u.nics {
			for _, a := range n.addresses {
				host := a.Prefix.Addr()
				key := childKey(u.family.address, u.key, addressName(host.String()))
				if n.skip != "" || m.kept[key] || mine[host] || m.rules.hidesAddress(host) {
					continue
				}
				mine[host] = true
				at := spot{host, m.vrfOf(u, key, host, holders)}
				if len(claims[at]) == 0 {
					spots = append(spots, at)
				}
				claims[at] = append(claims[at], claim{u, n, a, key, at.vrf})
			}
		}
		m.keepHidden(u)
	}
	given := map[sync.Key][]claim{}
	for _, at := range spots {
		v := m.judge(claims[at], holders.at[at], known)
		for _, c := range claims[at] {
			skip := unassignable(c.address.Prefix)
			if c != v.winner && !v.shared {
				skip = v.reason
			}
			m.address(c, v, skip)
			if skip == "" {
				given[c.unit.key] = append(given[c.unit.key], c)
			}
		}
	}
	m.primaries(units, known, given)
}

// holdAddresses keeps the addresses of a guest that are there, where it is not known whether they still are: those that
// are known all the same are written.
func (m *mapping) holdAddresses(u *unit) {
	if u.unknown != "" {
		m.hold(sync.Hold{Unit: u.key, Kind: u.family.address, Reason: u.unknown})
	}
}

// holders are who has which address in NetBox, of what was read.
type holders struct {
	at      map[spot]*sync.Record         // ours first
	unowned map[netip.Addr][]*sync.Record // those of nobody's that are in a VRF
}

func (m *mapping) holders() holders {
	all := holders{map[spot]*sync.Record{}, map[netip.Addr][]*sync.Record{}}
	for _, kind := range []sync.Kind{KindNodeAddress, KindAddress} {
		for _, r := range m.byKind[kind] {
			prefix, err := netip.ParsePrefix(r.Fields.Value("address").Text())
			if err != nil {
				continue
			}
			host := prefix.Addr()
			at := spot{host, r.Fields.Value("vrf")}
			if other := all.at[at]; other == nil || other.Source == "" && r.Source != "" {
				all.at[at] = r
			}
			if r.Source == "" && !at.vrf.IsNull() {
				all.unowned[host] = append(all.unowned[host], r)
			}
		}
	}
	return all
}

// vrfOf returns the VRF that an address of a unit is in, or will be: what a rule says; else where it is, if it is ours or
// is taken over with the unit.
func (m *mapping) vrfOf(u *unit, key sync.Key, host netip.Addr, holders holders) sync.Value {
	was := m.current[key]
	switch {
	case u.vrf.said:
		return u.vrf.value
	case was != nil:
		return was.Fields.Value("vrf")
	case u.was == nil || u.trusted || m.sitsOn(holders.at[spot{host: host}], u.was.Key):
		return sync.Value{}
	}
	for _, r := range holders.unowned[host] {
		if m.sitsOn(r, u.was.Key) {
			return r.Fields.Value("vrf")
		}
	}
	return sync.Value{}
}

// judge decides who gets an address.
func (m *mapping) judge(claims []claim, holder *sync.Record, known map[sync.Key]bool) verdict {
	to := func(c claim, adopt string) verdict {
		return verdict{
			winner: c, adopt: adopt, shared: m.rules.addresses.Conflict == "share" && len(claims) > 1,
			reason: fmt.Sprintf("%s is also on %s, which keeps it", c.address.Prefix.Addr(), c.unit.label),
		}
	}
	switch {
	case holder == nil:
		return to(claims[0], "")
	case holder.Source != "":
		for _, c := range claims {
			if c.unit.key == holder.Unit {
				return to(c, "")
			}
		}
		if known[holder.Unit] {
			return to(claims[0], "") // its holder lets it go
		}
	default:
		for _, c := range claims {
			if c.unit.was != nil && !c.unit.trusted && m.sitsOn(holder, c.unit.was.Key) {
				return to(c, holder.ID)
			}
		}
		if m.rules.addresses.Conflict == "take-if-unassigned" && holder.Fields.Value("holder") == sync.String(nobody) {
			return to(claims[0], holder.ID)
		}
	}
	if m.rules.addresses.Conflict == "share" && slices.Contains(sharedRoles(), holder.Fields.Value("role").Text()) {
		return verdict{shared: true}
	}
	return verdict{reason: fmt.Sprintf("%s belongs to %s in NetBox", holder.Label, m.ownerOf(holder))}
}

// sitsOn tells whether an address is on an interface of a unit.
func (m *mapping) sitsOn(address *sync.Record, unit sync.Key) bool {
	if address == nil {
		return false
	}
	for _, key := range address.Fields.Value("assigned_object").Keys() {
		if r := m.current[key]; r != nil && r.Unit == unit {
			return true
		}
	}
	return false
}

// ownerOf tells whose an address is.
func (m *mapping) ownerOf(address *sync.Record) string {
	if owner := address.Fields.Value("holder").Text(); owner != "" {
		return owner
	}
	unit := m.current[address.Unit]
	switch {
	case unit == nil:
		return address.Unit.Name
	case address.Source == "":
		return "the same " + what(address.Unit.Kind) + ", and somebody else put it there"
	}
	return what(address.Unit.Kind) + " " + unit.Label
}

// what returns what a kind of unit is called in a sentence.
func what(kind sync.Kind) string {
	if kind == KindVirtualMachine {
		return "virtual machine"
	}
	return string(kind)
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

// address adds one address, or the reason why it is left alone.
func (m *mapping) address(c claim, v verdict, skip string) {
	u, host := c.unit, c.address.Prefix.Addr()
	status := "active"
	if c.address.Dynamic {
		status = "dhcp"
	}
	source := originOf(u, c.address.Origin)
	record := sync.Record{
		Key: c.key, Unit: u.key,
		Label: c.address.Prefix.String(), Source: u.inv.Source, Skip: skip,
		Claims: []sync.Claim{addressClaim(c.vrf, host)},
		Fields: sync.NewFields(map[string]sync.Field{
			"address":         from(source, sync.String(c.address.Prefix.String())),
			"status":          untilEdited("whether the configuration asks for DHCP", sync.String(status), sync.String("active")),
			"assigned_object": {Value: sync.Ref(c.nic.key), From: source, Needed: true},
			"description":     ownText("where the address is from", "From "+source),
		}),
	}
	was := m.current[record.Key]
	if u.vrf.said {
		record.Fields.Set("vrf", from(u.vrf.rule, u.vrf.value))
	}
	if v.shared {
		record.Fields.Set("role", untilEdited("addresses.share_role", sync.String(m.rules.addresses.ShareRole)))
	}
	if skip != "" {
		record.Claims = nil
	} else if was == nil && c == v.winner {
		record.ID = v.adopt
	}
	m.add(record)
}

// originOf tells where an address comes from.
func originOf(u *unit, o inventory.Origin) string {
	if !u.place.isGuest {
		return "the configuration of the node"
	}
	names := map[inventory.Origin]string{
		inventory.OriginAgent:     "the guest agent",
		inventory.OriginContainer: "the running container",
		inventory.OriginConfig:    "the configuration of the container",
		inventory.OriginCloudInit: "the cloud-init configuration",
	}
	return cmp.Or(names[o], "Proxmox VE")
}
