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

// children reads what hangs on virtual machines: ours is what their memory names, under the name that it has there.
func (r *reading) children(ctx context.Context, s *Sink, units map[int64]unitRead) error {
	if len(units) == 0 {
		return nil
	}
	ids := make([]string, 0, len(units))
	for _, number := range slices.Sorted(maps.Keys(units)) {
		ids = append(ids, id(number))
	}
	var interfaces []interfaceObject
	var disks []diskObject
	err := beside(2, func(i int) (err error) {
		switch i {
		case 0:
			interfaces, err = byList[interfaceObject](ctx, s.client, KindInterface, "virtual_machine_id", ids, nil)
		case 1:
			disks, err = byList[diskObject](ctx, s.client, KindDisk, "virtual_machine_id", ids, nil)
		}
		return err
	})
	if err != nil {
		return err
	}
	interfaces = slices.DeleteFunc(interfaces, func(i interfaceObject) bool { _, ok := units[i.VirtualMachine.ID]; return !ok })
	disks = slices.DeleteFunc(disks, func(d diskObject) bool { _, ok := units[d.VirtualMachine.ID]; return !ok })
	ids = ids[:0]
	onInterface := map[int64]unitRead{}
	for _, i := range interfaces {
		ids = append(ids, id(i.ID))
		onInterface[i.ID] = units[i.VirtualMachine.ID]
	}
	addresses, err := byList[addressObject](ctx, s.client, KindAddress, "assigned_object_id", ids,
		url.Values{"assigned_object_type": {tables[KindInterface].model}})
	if err != nil {
		return err
	}
	r.interfaces(interfaces, units)
	for _, d := range disks {
		r.disk(&d, units[d.VirtualMachine.ID])
	}
	for _, a := range addresses {
		if unit, ok := onInterface[a.AssignedID]; ok && a.AssignedType == tables[KindInterface].model {
			r.address(&a, unit)
		}
	}
	r.fixPointers()
	return nil
}

// interfaces adds interfaces and their MAC addresses: first those whose name the memory tells, then those that only a
// MAC address tells.
func (r *reading) interfaces(interfaces []interfaceObject, units map[int64]unitRead) {
	taken := map[sync.Key]bool{}
	names := make(map[int64]string, len(interfaces))
	for _, known := range []func(sync.Memory, string, *interfaceObject) bool{isNamed, hasMAC} {
		for _, i := range interfaces {
			if names[i.ID] != "" {
				continue
			}
			unit := units[i.VirtualMachine.ID]
			for _, name := range unit.memory.Children() {
				key := childKey(KindInterface, unit.key, name)
				if childKind(name) == KindInterface && !taken[key] && known(unit.memory, name, &i) {
					taken[key] = true
					names[i.ID] = name
					break
				}
			}
		}
	}
	for _, i := range interfaces {
		r.networkInterface(&i, units[i.VirtualMachine.ID], names[i.ID])
	}
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
func (r *reading) networkInterface(i *interfaceObject, unit unitRead, name string) {
	record := sync.Record{
		Key: foreign(KindInterface, i.ID), Unit: unit.key, ID: id(i.ID), Label: i.Name,
		Fields: map[string]sync.Field{
			"virtual_machine": {Value: sync.Ref(unit.key)},
			"name":            {Value: sync.String(i.Name)},
			"enabled":         {Value: sync.Bool(i.Enabled)},
			"mtu":             {},
		},
		Claims: []sync.Claim{nameClaim(KindInterface, sync.Ref(unit.key), i.Name, id(i.ID))},
	}
	i.note(record.Fields)
	if name != "" {
		record.Key, record.Source = childKey(KindInterface, unit.key, name), unit.source
	}
	if i.MTU != nil {
		record.Fields["mtu"] = sync.Field{Value: sync.Int(*i.MTU)}
	}
	primary := ""
	if i.PrimaryMAC != nil {
		primary = strings.ToUpper(i.PrimaryMAC.label())
		record.Fields["mac_address"] = sync.Field{Value: sync.String(primary)}
	}
	var macs []sync.Record
	slices.SortStableFunc(i.MACs, func(a, b brief) int { // the primary one first: of equal ones it is the one to keep
		isPrimary := func(m brief) int {
			if i.PrimaryMAC != nil && m.ID == i.PrimaryMAC.ID {
				return 0
			}
			return 1
		}
		return cmp.Compare(isPrimary(a), isPrimary(b))
	})
	for _, b := range i.MACs {
		mac := strings.ToUpper(b.label())
		m := sync.Record{
			Key: foreign(KindMAC, b.ID), Unit: unit.key, ID: id(b.ID), Label: mac,
			Fields: map[string]sync.Field{
				"mac_address":     {Value: sync.String(mac)},
				"assigned_object": {Value: sync.Ref(record.Key)},
			},
		}
		if _, named := unit.memory[macName(name, mac)]; named && name != "" {
			m.Key, m.Source = r.oursOrSurplus(childKey(KindMAC, unit.key, macName(name, mac)), b.ID), unit.source
		}
		if i.PrimaryMAC != nil && b.ID == i.PrimaryMAC.ID {
			record.Fields["primary_mac_address"] = sync.Field{Value: sync.Ref(m.Key)}
		}
		r.keys[m.Key] = true
		macs = append(macs, m)
	}
	r.add(record)
	for _, m := range macs {
		r.add(m)
	}
}

func (r *reading) disk(d *diskObject, unit unitRead) {
	record := sync.Record{
		Key: foreign(KindDisk, d.ID), Unit: unit.key, ID: id(d.ID), Label: d.Name,
		Fields: map[string]sync.Field{
			"virtual_machine": {Value: sync.Ref(unit.key)},
			"name":            {Value: sync.String(d.Name)},
			"size":            {Value: sync.Int(d.Size)},
			"description":     {Value: sync.String(d.Description)},
		},
		Claims: []sync.Claim{nameClaim(KindDisk, sync.Ref(unit.key), d.Name, id(d.ID))},
	}
	d.note(record.Fields)
	for _, name := range unit.memory.Children() {
		if childKind(name) == KindDisk && slices.Contains(unit.memory.Last(name, "name"), sync.String(d.Name)) {
			if key := childKey(KindDisk, unit.key, name); !r.keys[key] {
				record.Key, record.Source = key, unit.source
			}
			break
		}
	}
	r.add(record)
}

// address adds an address that sits on an interface of a virtual machine.
func (r *reading) address(a *addressObject, unit unitRead) {
	host := a.host()
	record := sync.Record{
		Key: foreign(KindAddress, a.ID), Unit: unit.key, ID: id(a.ID), Label: a.Address,
		Fields: map[string]sync.Field{
			"address":         {Value: sync.String(a.Address)},
			"status":          {Value: sync.String(string(a.Status))},
			"assigned_object": {Value: r.refID(KindInterface, a.AssignedID)},
		},
	}
	a.note(record.Fields)
	if a.VRF == nil && host.IsValid() {
		record.Claims = []sync.Claim{addressClaim(host)}
	}
	name := addressName(host.String())
	if _, named := unit.memory[name]; named && host.IsValid() {
		record.Key, record.Source = r.oursOrSurplus(childKey(KindAddress, unit.key, name), a.ID), unit.source
	}
	r.add(record)
}

// oursOrSurplus returns the key of an object that the memory names, or, if there is one under that key already, one that
// nothing is desired under: a write whose answer was lost, and that landed after it was looked for, leaves a second
// object of what NetBox does not keep unique.
func (r *reading) oursOrSurplus(key sync.Key, number int64) sync.Key {
	if r.keys[key] {
		key.Name += "~" + id(number)
	}
	return key
}

// fixPointers names the primary addresses, read after the machines that point to them, by their keys.
func (r *reading) fixPointers() {
	for _, record := range r.records {
		if record.Key.Kind != KindVirtualMachine {
			continue
		}
		for _, name := range []string{"primary_ip4", "primary_ip6"} {
			for _, target := range record.Fields[name].Value.Keys() {
				if key, ok := r.known[KindAddress][strings.TrimPrefix(target.Name, "#")]; ok {
					record.Fields[name] = sync.Field{Value: sync.Ref(key)}
				}
			}
		}
	}
}

func nameClaim(kind sync.Kind, in sync.Value, name, id string) sync.Claim {
	return sync.Claim{
		Field: "name", On: string(kind) + " in " + in.Text() + ": " + fold(kind, name),
		Spare: sync.String(shorten(name, 40) + " ~proxbox-" + id),
	}
}

// fold returns the form in which NetBox compares names: those of devices and virtual machines by lower case.
func fold(kind sync.Kind, name string) string {
	if kind == KindDevice || kind == KindVirtualMachine {
		return strings.ToLower(name)
	}
	return name
}

func addressClaim(host netip.Addr) sync.Claim { return sync.Claim{On: "address " + host.String()} }
