package netboxtest

import "encoding/json"

// What device interfaces and machine interfaces have in common: VLANs, MAC
// addresses and what hangs on them.

func (d *draft) cleanBaseInterface() *invalid {
	if d.after.values["qinq_svlan"] != nil && d.after.text("mode") != "q-in-q" {
		return refuse("qinq_svlan", "Only Q-in-Q interfaces may specify a service VLAN.")
	}
	mac := d.follow("primary_mac_address")
	if mac == nil {
		return nil
	}
	holder := d.store.generic(mac, "assigned_object")
	switch {
	case holder == nil && !d.creating() && d.release().writableMAC:
		return refuse(d.macErrorKey(), "Only a MAC address assigned to this interface can be its primary MAC address.")
	case holder != nil && (d.creating() || holder.model != d.model || holder.id != d.after.id):
		return refusef(d.macErrorKey(), "MAC address %s is assigned to a different interface (%s).",
			mac.text("mac_address"), d.displayOf(holder))
	}
	return nil
}

// macErrorKey is where a refused primary MAC is reported.
func (d *draft) macErrorKey() string {
	if d.release().writableMAC {
		return allKey
	}
	return "primary_mac_address"
}

// parseShortcutMAC reads mac_address, which releases before 4.7 ignore.
func (d *draft) parseShortcutMAC(f *field, raw json.RawMessage) (any, *invalid) {
	if !d.release().writableMAC {
		return nil, nil
	}
	text := ""
	if raw != nil {
		value, problem := parseText(&field{name: f.name}, raw)
		if problem != nil {
			return nil, problem
		}
		text, _ = value.(string)
	}
	d.mac = &text
	return nil, nil
}

// checkMACConflict refuses a shortcut that is no MAC address or that
// contradicts primary_mac_address.
func (d *draft) checkMACConflict() *invalid {
	if d.mac == nil {
		return nil
	}
	mac, ok := parseMAC(*d.mac)
	if *d.mac != "" && !ok {
		return refuse("mac_address", "Enter a valid MAC address (e.g. 00:11:22:33:44:55).")
	}
	if !d.written["primary_mac_address"] {
		return nil
	}
	primary := ""
	if o := d.follow("primary_mac_address"); o != nil {
		primary = o.text("mac_address")
	}
	if primary != mac {
		return refuse(allKey, "The provided 'mac_address' and 'primary_mac_address' values conflict.")
	}
	return nil
}

// mayAddMAC checks the permission to create the MAC address that the shortcut needs.
func (d *draft) mayAddMAC() error {
	if d.mac == nil || *d.mac == "" || d.account.may(Add, "dcim.macaddress") {
		return nil
	}
	mac, _ := parseMAC(*d.mac)
	if d.before != nil && d.store.macOn(d.before, mac) != nil {
		return nil
	}
	return &denied{"You do not have permission to create MAC addresses."}
}

// macOn returns the MAC object with that address on the interface, or nil.
func (s *store) macOn(o *object, mac string) *object {
	for _, m := range s.find("dcim.macaddress", "assigned_object", genericID{o.model.label, o.id}) {
		if m.text("mac_address") == mac {
			return m
		}
	}
	return nil
}

// setPrimaryMAC applies the shortcut to a saved interface: it finds the address
// on the interface or creates it there, and makes it the primary one. The
// address that was primary before stays where it is.
func (d *draft) setPrimaryMAC(o *object) error {
	if d.mac == nil {
		return nil
	}
	var primary any
	if *d.mac != "" {
		address, _ := parseMAC(*d.mac)
		mac := d.store.macOn(o, address)
		if mac == nil {
			mac = d.insert(d.newMAC(o, address))
		}
		primary = mac.id
	}
	if o.values["primary_mac_address"] == primary {
		return nil
	}
	after := o.with("primary_mac_address", primary)
	dropTagged(after)
	d.update(o, after)
	return nil
}

func (d *draft) newMAC(o *object, address string) *object {
	m := d.schema.byLabel["dcim.macaddress"]
	mac := &object{model: m, values: map[string]any{}}
	for _, f := range m.fields {
		if f.stored() {
			mac.values[f.name] = f.initial
		}
	}
	fill := &draft{transaction: d.transaction, model: m, after: mac, written: map[string]bool{}}
	fill.fillCustomFields(true)
	mac.values["mac_address"] = address
	mac.values["assigned_object_type"] = o.model.label
	mac.values["assigned_object_id"] = o.id
	return mac
}

// adoptPrimaryMAC assigns to a new interface the unassigned MAC address that it
// was created with as its primary.
func adoptPrimaryMAC(t *transaction, before, o *object) {
	if mac := t.follow(o, "primary_mac_address"); mac != nil && before == nil && t.release.adoptsPrimaryMAC {
		adopted := mac.with("assigned_object_type", o.model.label)
		adopted.values["assigned_object_id"] = o.id
		t.update(mac, adopted)
	}
}

// settleVLANs clears the VLANs that the mode does not have, as every save does.
// Tagged VLANs that this very request wrote come after the save, and so stay.
func settleVLANs(d *draft) {
	if d.after.text("mode") == "" {
		d.after.values["untagged_vlan"] = nil
	}
	if !d.creating() && !d.written["tagged_vlans"] {
		dropTagged(d.after)
	}
}

func dropTagged(o *object) {
	if o.text("mode") != "tagged" && len(o.ids("tagged_vlans")) > 0 {
		o.values["tagged_vlans"] = []int{}
	}
}

// attachedToInterface are the addresses that go with an interface.
func attachedToInterface(s *store, o *object) []*object {
	id := genericID{o.model.label, o.id}
	return append(s.find("ipam.ipaddress", "assigned_object", id), s.find("dcim.macaddress", "assigned_object", id)...)
}

// holderOf returns the device or virtual machine of an interface, or nil.
func (s *store) holderOf(o *object) *object {
	if o == nil {
		return nil
	}
	if o.model.label == "dcim.interface" {
		return s.follow(o, "device")
	}
	return s.follow(o, "virtual_machine")
}

// checkPrimaryIPs checks that primary addresses sit on the object's own interfaces.
func (d *draft) checkPrimaryIPs(interfaces, reference string) *invalid {
	for _, name := range []string{"primary_ip4", "primary_ip6", "oob_ip"} {
		ip := d.follow(name)
		if ip == nil {
			continue
		}
		address := ip.text("address")
		if want := int(name[len(name)-1] - '0'); name != "oob_ip" && family(address) != want {
			if reference == "device" {
				return refusef(name, "%s is not an IPv%d address.", address, want)
			}
			return refusef(name, "Must be an IPv%d address. (%s is an IPv%d address.)", want, address, family(address))
		}
		if d.sitsOn(ip, interfaces, reference) || d.sitsOn(d.store.follow(ip, "nat_inside"), interfaces, reference) {
			continue
		}
		what := "device"
		if reference != "device" {
			what = "VM"
		}
		return refusef(name, "The specified IP address (%s) is not assigned to this %s.", address, what)
	}
	return nil
}

func (d *draft) sitsOn(ip *object, interfaces, reference string) bool {
	if ip == nil || d.creating() {
		return false
	}
	o := d.store.generic(ip, "assigned_object")
	return o != nil && o.model.label == interfaces && o.ref(reference) == d.after.id
}
