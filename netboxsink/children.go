package netboxsink

import (
	"cmp"
	"context"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// components is what hangs on the units of one kind, as NetBox has it.
type components struct {
	family     family
	units      map[int64]unitRead
	interfaces []interfaceObject
	disks      []diskObject
	addresses  []addressObject
}

// read reads what hangs on the units, which may be read themselves meanwhile. Lists is how many lists of ids they will
// make at least, as far as that is known already.
func (c *components) read(ctx context.Context, client *client, units func(context.Context) (map[int64]unitRead, error), lists int) error {
	f := c.family
	unitIDs := once(func(ctx context.Context) (ids []string, err error) {
		c.units, err = units(ctx)
		for _, number := range slices.Sorted(maps.Keys(c.units)) {
			ids = append(ids, id(number))
		}
		return ids, err
	})
	interfaceIDs := once(func(ctx context.Context) (ids []string, err error) {
		whole := pager[interfaceObject]{client: client, kind: f.nic}
		if c.interfaces, err = byList(ctx, whole, f.parent+"_id", unitIDs, lists); err != nil {
			return nil, err
		}
		if _, err = unitIDs(ctx); err != nil {
			return nil, err
		}
		c.interfaces = slices.DeleteFunc(c.interfaces, func(i interfaceObject) bool { _, ok := c.units[i.unit()]; return !ok })
		for _, i := range c.interfaces {
			ids = append(ids, id(i.ID))
		}
		return ids, nil
	})
	return beside(ctx, 4, func(ctx context.Context, i int) (err error) {
		switch {
		case i == 0:
			_, err = unitIDs(ctx)
		case i == 1:
			_, err = interfaceIDs(ctx)
		case i == 2:
			whole := pager[addressObject]{client: client, kind: f.address, filter: url.Values{"assigned_object_type": {f.model()}}}
			c.addresses, err = byList(ctx, whole, "assigned_object_id", interfaceIDs, min(lists, 2))
		case f.unit == KindVirtualMachine:
			c.disks, err = byList(ctx, pager[diskObject]{client: client, kind: KindDisk}, "virtual_machine_id", unitIDs, lists)
		}
		return err
	})
}

// children adds what hangs on the units of one kind: ours is what their memory names, under the name that it has there.
func (r *reading) children(s *Sink, c *components) {
	f := c.family
	onInterface := make(map[int64]unitRead, len(c.interfaces))
	for _, i := range c.interfaces {
		onInterface[i.ID] = c.units[i.unit()]
	}
	r.records = slices.Grow(r.records, 2*len(c.interfaces)+len(c.disks)+len(c.addresses))
	r.interfaces(f, c.interfaces, c.units)
	for _, d := range c.disks {
		if unit, ok := c.units[d.VirtualMachine.ID]; ok {
			r.disk(&d, unit)
		}
	}
	for _, a := range c.addresses {
		if unit, ok := onInterface[a.AssignedID]; ok && a.AssignedType == f.model() {
			r.address(f, &a, unit, s.rules.sharedRole())
		}
	}
}

// interfaces adds interfaces and their MAC addresses: first those whose name the memory tells, then those that only a
// MAC address tells.
func (r *reading) interfaces(f family, interfaces []interfaceObject, units map[int64]unitRead) {
	taken := map[sync.Key]bool{}
	names := make(map[int64]string, len(interfaces))
	for _, known := range []func(sync.Memory, string, *interfaceObject) bool{isNamed, hasMAC} {
		for _, i := range interfaces {
			if names[i.ID] != "" {
				continue
			}
			unit := units[i.unit()]
			for _, name := range unit.children {
				key := childKey(f.nic, unit.key, name)
				if f.child(name) == f.nic && !taken[key] && known(unit.memory, name, &i) {
					taken[key] = true
					names[i.ID] = name
					break
				}
			}
		}
	}
	for _, i := range interfaces {
		r.know(interfaceKey(f, &i, units[i.unit()], names[i.ID]), id(i.ID)) // they refer to each other
	}
	for _, i := range interfaces {
		r.networkInterface(f, &i, units[i.unit()], names[i.ID])
	}
}

// interfaceKey returns the key of an interface by its name in the memory, which is empty for somebody else's.
func interfaceKey(f family, i *interfaceObject, unit unitRead, name string) sync.Key {
	if name == "" {
		return foreign(f.nic, i.ID)
	}
	return childKey(f.nic, unit.key, name)
}

func isNamed(m sync.Memory, name string, i *interfaceObject) bool {
	return slices.Contains(m.Last(name, "name"), sync.String(i.Name))
}

func hasMAC(m sync.Memory, name string, i *interfaceObject) bool {
	return slices.ContainsFunc(m.Children(), func(child string) bool {
		nic, mac, ok := strings.Cut(child, "/")
		return ok && nic == name && slices.ContainsFunc(i.MACs, func(b brief) bool { return strings.EqualFold(b.label(), mac) })
	})
}

// networkInterface adds one interface with its MAC addresses. The name is that in the memory, empty for somebody else's.
func (r *reading) networkInterface(f family, i *interfaceObject, unit unitRead, name string) {
	record := sync.Record{
		Key: interfaceKey(f, i, unit, name), Unit: unit.key, ID: id(i.ID), Label: i.Name,
		Fields: sync.NewFields(map[string]sync.Field{
			f.parent:        {Value: sync.Ref(unit.key)},
			"name":          {Value: sync.String(i.Name)},
			"enabled":       {Value: sync.Bool(i.Enabled)},
			"mtu":           {},
			"description":   {Value: sync.String(i.Description)},
			"mode":          {Value: textOrNull(string(i.Mode))},
			"untagged_vlan": {Value: r.vlans(i.UntaggedVLAN)},
			"tagged_vlans":  {Value: r.vlanList(i.TaggedVLANs)},
		}),
		Claims: []sync.Claim{nameClaim(f.nic, sync.Ref(unit.key), i.Name, id(i.ID))},
	}
	i.note(&record.Fields)
	if name != "" {
		record.Source = unit.source
	}
	if i.MTU != nil {
		record.Fields.Set("mtu", sync.Field{Value: sync.Int(*i.MTU)})
	}
	if f.unit == KindDevice {
		record.Fields.Set("type", sync.Field{Value: sync.String(string(i.Type))})
		for field, other := range map[string]*brief{"parent": i.Parent, "bridge": i.Bridge, "lag": i.LAG} {
			record.Fields.Set(field, sync.Field{Value: r.ref(f.nic, other)})
		}
	}
	macs := r.macs(f, i, unit, name, &record)
	r.add(record)
	for _, m := range macs {
		r.add(m)
	}
}

// macs returns the MAC addresses of an interface, and adds the primary one to its record.
func (r *reading) macs(f family, i *interfaceObject, unit unitRead, name string, record *sync.Record) []sync.Record {
	if i.PrimaryMAC != nil {
		record.Fields.Set("mac_address", sync.Field{Value: sync.String(strings.ToUpper(i.PrimaryMAC.label()))})
	}
	slices.SortStableFunc(i.MACs, func(a, b brief) int { // the primary one first: of equal ones it is the one to keep
		isPrimary := func(m brief) int {
			if i.PrimaryMAC != nil && m.ID == i.PrimaryMAC.ID {
				return 0
			}
			return 1
		}
		return cmp.Compare(isPrimary(a), isPrimary(b))
	})
	var macs []sync.Record
	for _, b := range i.MACs {
		mac := strings.ToUpper(b.label())
		m := sync.Record{
			Key: foreign(f.mac, b.ID), Unit: unit.key, ID: id(b.ID), Label: mac,
			Fields: sync.NewFields(map[string]sync.Field{
				"mac_address":     {Value: sync.String(mac)},
				"assigned_object": {Value: sync.Ref(record.Key)},
			}),
		}
		if name != "" && unit.memory.Names(macName(name, mac)) {
			key := childKey(f.mac, unit.key, macName(name, mac))
			if !r.keys.has(key) || !bool(b.IsDescribed) { // we write none: one beside ours that has one is a person's
				m.Key, m.Source = r.oursOrSurplus(key, m.ID), unit.source
			}
		}
		if i.PrimaryMAC != nil && b.ID == i.PrimaryMAC.ID {
			record.Fields.Set("primary_mac_address", sync.Field{Value: sync.Ref(m.Key)})
		}
		r.keys.add(m.Key)
		macs = append(macs, m)
	}
	return macs
}

// vlans returns a reference to a VLAN, which is known from then on by its number.
func (r *reading) vlans(b *brief) sync.Value {
	if b == nil {
		return sync.Value{}
	}
	return r.vlanList([]brief{*b})
}

// vlanList returns references to VLANs, in the order of their ids.
func (r *reading) vlanList(list []brief) sync.Value {
	keys := make([]sync.Key, 0, len(list))
	slices.SortFunc(list, func(a, b brief) int { return cmp.Compare(a.ID, b.ID) })
	for _, b := range list {
		key := foreign(KindVLAN, b.ID)
		if !r.keys.has(key) {
			r.add(sync.Record{
				Key: key, ID: id(b.ID), Label: b.label(), Fields: sync.NewFields(map[string]sync.Field{"vid": {Value: sync.Int(b.VID)}}),
			})
		}
		keys = append(keys, key)
	}
	return sync.Refs(keys...)
}

func (r *reading) disk(d *diskObject, unit unitRead) {
	record := sync.Record{
		Key: foreign(KindDisk, d.ID), Unit: unit.key, ID: id(d.ID), Label: d.Name,
		Fields: sync.NewFields(map[string]sync.Field{
			"virtual_machine": {Value: sync.Ref(unit.key)},
			"name":            {Value: sync.String(d.Name)},
			"size":            {Value: sync.Int(d.Size)},
			"description":     {Value: sync.String(d.Description)},
		}),
		Claims: []sync.Claim{nameClaim(KindDisk, sync.Ref(unit.key), d.Name, id(d.ID))},
	}
	d.note(&record.Fields)
	for _, name := range unit.children {
		if familyOf(KindVirtualMachine).child(name) == KindDisk && slices.Contains(unit.memory.Last(name, "name"), sync.String(d.Name)) {
			if key := childKey(KindDisk, unit.key, name); !r.keys.has(key) {
				record.Key, record.Source = key, unit.source
			}
			break
		}
	}
	r.add(record)
}

// address adds an address that sits on an interface. With the role that shared addresses get, if any are, it lets others
// have it too.
func (r *reading) address(f family, a *addressObject, unit unitRead, shared sync.Value) {
	host := a.host()
	record := sync.Record{
		Key: foreign(f.address, a.ID), Unit: unit.key, ID: id(a.ID), Label: a.Address, Fields: r.addressFields(a),
	}
	record.Fields.Set("assigned_object", sync.Field{Value: r.refID(f.nic, a.AssignedID)})
	a.note(&record.Fields)
	if host.IsValid() {
		claim := addressClaim(record.Fields.Value("vrf"), host)
		if !shared.IsNull() {
			claim.Field, claim.Spare = "role", shared
		}
		record.Claims = []sync.Claim{claim}
	}
	name := addressName(host.String())
	if host.IsValid() && unit.memory.Names(name) {
		r.ownAddress(&record, unit, name)
	}
	r.add(record)
}

// ownAddress makes an address ours that the memory names. Of several on one unit the oldest is ours, unless one in another
// VRF has the description that was last written and the oldest has not. A later one with that description in the same VRF
// is surplus; all others are a person's, whom NetBox lets have the same host again in another VRF, or in the same one if its
// addresses need not be unique.
func (r *reading) ownAddress(record *sync.Record, unit unitRead, name string) {
	key, i := childKey(record.Key.Kind, unit.key, name), -1
	if r.keys.has(key) {
		i = slices.IndexFunc(r.records, func(o sync.Record) bool { return o.Key == key })
	}
	if i >= 0 {
		first := &r.records[i]
		inOneVRF := first.Fields.Value("vrf") == record.Fields.Value("vrf")
		written := unit.memory.Last(name, "description")
		described := func(a *sync.Record) bool { return slices.Contains(written, a.Fields.Value("description")) }
		switch {
		case !described(record), !inOneVRF && described(first):
			return
		case inOneVRF: // surplus
		default:
			first.Key, first.Source = sync.Key{Kind: key.Kind, Name: "#" + first.ID}, ""
			r.know(first.Key, first.ID)
			delete(r.keys, key)
		}
	}
	record.Key, record.Source = r.oursOrSurplus(key, record.ID), unit.source
}

// addressFields returns what is compared of an address, but for what it sits on.
func (r *reading) addressFields(a *addressObject) sync.Fields {
	return sync.NewFields(map[string]sync.Field{
		"address":     {Value: sync.String(a.Address)},
		"status":      {Value: sync.String(string(a.Status))},
		"role":        {Value: textOrNull(string(a.Role))},
		"vrf":         {Value: r.ref(KindVRF, a.VRF)},
		"description": {Value: sync.String(a.Description)},
	})
}

// oursOrSurplus returns the key of an object that the memory names, or, if there is one under that key already, one that
// nothing is desired under: a write whose answer was lost, and that landed after it was looked for, leaves a second
// object of what NetBox does not keep unique.
func (r *reading) oursOrSurplus(key sync.Key, id string) sync.Key {
	if r.keys.has(key) {
		key.Name += "~" + id
	}
	return key
}

// fixPointers names the primary addresses, read after the units that point to them, by their keys.
func (r *reading) fixPointers(f family) {
	for _, record := range r.records {
		if record.Key.Kind != f.unit {
			continue
		}
		for _, name := range []string{"primary_ip4", "primary_ip6"} {
			for _, target := range record.Fields.Value(name).Keys() {
				if key, ok := r.known[f.address][strings.TrimPrefix(target.Name, "#")]; ok {
					record.Fields.Set(name, sync.Field{Value: sync.Ref(key)})
				}
			}
		}
	}
}

// nameClaim is that of a name in a place. What stands there, and has an id, may have to take another name for a moment.
func nameClaim(kind sync.Kind, in sync.Value, name, id string) sync.Claim {
	claim := sync.Claim{Field: "name", On: string(kind) + " in " + in.Text() + ": " + fold(kind, name)}
	if id != "" {
		claim.Spare = sync.String(shorten(name, 40) + " ~proxbox-" + id)
	}
	return claim
}

// fold returns the form in which NetBox compares names: those of devices and virtual machines by lower case.
func fold(kind sync.Kind, name string) string {
	if kind == KindDevice || kind == KindVirtualMachine {
		return strings.ToLower(name)
	}
	return name
}

// addressClaim is that of an address in a VRF, or in the global table.
func addressClaim(vrf sync.Value, host netip.Addr) sync.Claim {
	if vrf.IsNull() {
		return sync.Claim{On: "address " + host.String()}
	}
	return sync.Claim{On: "address " + host.String() + " in " + vrf.Text()}
}
