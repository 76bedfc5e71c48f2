package netboxtest

import (
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// sharedRoles are the roles whose addresses may repeat.
const sharedRoles = " anycast vip vrrp hsrp glbp carp "

func shared(o *object) bool {
	role := o.text("role")
	return role != "" && strings.Contains(sharedRoles, " "+role+" ")
}

func cleanAddress(d *draft) *invalid {
	address := d.after.text("address")
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		return refusef("address", "Invalid IP address format: %s", address)
	}
	if prefix.Bits() == 0 {
		return refuse("address", "Cannot create IP address with /0 mask.")
	}
	if d.store.generic(d.after, "assigned_object") != nil {
		if e := checkUsable(prefix); !e.empty() {
			return e
		}
	}
	if e := d.checkDuplicateAddress(address); !e.empty() {
		return e
	}
	if e := d.checkReassignment(); !e.empty() {
		return e
	}
	if d.after.text("status") == "slaac" && prefix.Addr().Is4() {
		return refuse("status", "Only IPv6 addresses can be assigned SLAAC status")
	}
	return nil
}

// checkUsable refuses network and broadcast addresses on an interface.
func checkUsable(p netip.Prefix) *invalid {
	if p.Bits() >= p.Addr().BitLen()-1 {
		return nil
	}
	if p.Masked().Addr() == p.Addr() {
		return refusef(allKey, "%s is a network ID, which may not be assigned to an interface.", p.Addr())
	}
	if p.Addr().Is4() && lastAddress(p) == p.Addr() {
		return refusef(allKey, "%s is a broadcast address, which may not be assigned to an interface.", p.Addr())
	}
	return nil
}

func lastAddress(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := range b {
		host := max(0, min(8, (i+1)*8-p.Bits()))
		b[i] |= byte(1<<host - 1)
	}
	return netip.AddrFrom4(b)
}

func (d *draft) checkDuplicateAddress(address string) *invalid {
	vrf := d.follow("vrf")
	if vrf != nil && !vrf.is("enforce_unique") {
		return nil
	}
	var duplicates []*object
	for _, o := range d.find("ipam.ipaddress", "host", hostOf(address)) {
		if (d.creating() || o.id != d.after.id) && o.ref("vrf") == d.after.ref("vrf") {
			duplicates = append(duplicates, o)
		}
	}
	if len(duplicates) == 0 {
		return nil
	}
	if shared(d.after) && !slices.ContainsFunc(duplicates, func(o *object) bool { return !shared(o) }) {
		return nil
	}
	table := "global table"
	if vrf != nil {
		table = "VRF " + displayVRF(d.store, vrf)
	}
	return refusef("address", "Duplicate IP address found in %s: %s", table, duplicates[0].text("address"))
}

// checkReassignment keeps a primary address on its device or virtual machine.
func (d *draft) checkReassignment() *invalid {
	if d.creating() {
		return nil
	}
	was := d.store.holderOf(d.store.generic(d.before, "assigned_object"))
	is := d.store.holderOf(d.store.generic(d.after, "assigned_object"))
	if was == nil || was == is {
		return nil
	}
	name := "primary_ip" + strconv.Itoa(family(d.after.text("address")))
	switch {
	case was.ref(name) == d.after.id:
		return refuse(allKey, "Cannot reassign IP address while it is designated as the primary IP for the parent object")
	case was.ref("oob_ip") == d.after.id && d.release().minor >= 5:
		return refuse(allKey, "Cannot reassign IP address while it is designated as the OOB IP for the parent object")
	}
	return nil
}

func lowerDNSName(d *draft) {
	d.after.values["dns_name"] = strings.ToLower(d.after.text("dns_name"))
}

// clearPrimaryIP takes a deleted address off the objects whose primary it was,
// with a change row for each.
func clearPrimaryIP(t *transaction, ip *object) {
	for _, label := range []string{"dcim.device", "virtualization.virtualmachine"} {
		for _, name := range []string{"primary_ip4", "primary_ip6", "oob_ip"} {
			for _, o := range t.find(label, name, ip.id) {
				t.update(o, o.with(name, nil))
			}
		}
	}
}

func cleanPrefix(d *draft) *invalid {
	prefix, err := netip.ParsePrefix(d.after.text("prefix"))
	if err != nil {
		return refusef("prefix", "Invalid IP network format: %s", d.after.text("prefix"))
	}
	if prefix.Bits() == 0 {
		return refuse("prefix", "Cannot create prefix with /0 mask.")
	}
	vrf := d.follow("vrf")
	if vrf != nil && !vrf.is("enforce_unique") {
		return nil
	}
	for _, o := range d.find("ipam.prefix", "prefix", d.after.text("prefix")) {
		if (d.creating() || o.id != d.after.id) && o.ref("vrf") == d.after.ref("vrf") {
			table := "global table"
			if vrf != nil {
				table = "VRF " + displayVRF(d.store, vrf)
			}
			return refusef("prefix", "Duplicate prefix found in %s: %s", table, o.text("prefix"))
		}
	}
	return nil
}

// renderChildren counts the prefixes within a prefix of the same VRF.
func renderChildren(w *writer, o *object) {
	own, _ := netip.ParsePrefix(o.text("prefix"))
	n := 0
	for _, other := range w.store.tables["ipam.prefix"].rows {
		p, _ := netip.ParsePrefix(other.text("prefix"))
		if other.ref("vrf") == o.ref("vrf") && p.Bits() > own.Bits() && own.Contains(p.Addr()) {
			n++
		}
	}
	w.integer(n)
}

func renderPrefixDepth(w *writer, o *object) {
	own, _ := netip.ParsePrefix(o.text("prefix"))
	n := 0
	for _, other := range w.store.tables["ipam.prefix"].rows {
		p, _ := netip.ParsePrefix(other.text("prefix"))
		if other.ref("vrf") == o.ref("vrf") && p.Bits() < own.Bits() && p.Contains(own.Addr()) {
			n++
		}
	}
	w.integer(n)
}

func cleanVLAN(d *draft) *invalid {
	group := d.follow("group")
	if group == nil {
		return nil
	}
	scope := d.store.generic(group, "scope")
	if site := d.follow("site"); site != nil && scope != nil && scope.model.label == "dcim.site" && scope.id != site.id {
		return refusef(allKey, "VLAN is assigned to group %s (scope: %s); cannot also assign to site %s.",
			group.text("name"), scope.text("name"), site.text("name"))
	}
	vid := d.after.ref("vid")
	for _, r := range ranges(group) {
		if r[0] <= vid && vid <= r[1] {
			return nil
		}
	}
	return refusef("vid", "VID must be in ranges %s for VLANs in group %s", printRanges(group), group.text("name"))
}

func ranges(group *object) [][2]int {
	raw, _ := group.values["vid_ranges"].(json.RawMessage)
	var found [][2]int
	if json.Unmarshal(raw, &found) != nil {
		return nil
	}
	return found
}

func printRanges(group *object) string {
	var parts []string
	for _, r := range ranges(group) {
		parts = append(parts, strconv.Itoa(r[0])+"-"+strconv.Itoa(r[1]))
	}
	return strings.Join(parts, ",")
}

func totalIDs(group *object) int {
	total := 0
	for _, r := range ranges(group) {
		total += r[1] - r[0] + 1
	}
	return total
}

func renderUtilization(w *writer, o *object) {
	share := 0.0
	if total := totalIDs(o); total > 0 {
		share = float64(w.store.count("ipam.vlan", "group", o.id)) * 100 / float64(total)
	}
	w.text(string(appendFloat(nil, math.Round(share*100)/100)))
}

// cleanVLANGroup checks that the ranges lie within what VLANs have.
func cleanVLANGroup(d *draft) *invalid {
	for _, r := range ranges(d.after) {
		switch {
		case r[0] < 1:
			return refusef("vid_ranges", "Starting VLAN ID in range (%d) cannot be less than 1", r[0])
		case r[1] > 4094:
			return refusef("vid_ranges", "Ending VLAN ID in range (%d) cannot exceed 4094", r[1])
		case r[0] > r[1]:
			return refusef("vid_ranges", "Ending VLAN ID in range must be greater than or equal to the starting VLAN ID (%d-%d)", r[0], r[1])
		}
	}
	return nil
}

func parseRanges(f *field, raw json.RawMessage) (any, *invalid) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		nested := refusef(allKey, "Expected a list of items but got type %q.", pythonType(raw)).json()
		return nil, &invalid{entries: []invalidEntry{{field: f.name, raw: nested}}}
	}
	found := [][2]int{}
	for _, item := range items {
		var bounds []json.RawMessage
		if json.Unmarshal(item, &bounds) != nil || len(bounds) != 2 {
			return nil, refuse(f.name, "Ranges must be specified in the form (lower, upper).")
		}
		if pythonType(bounds[0]) != "int" || pythonType(bounds[1]) != "int" {
			return nil, refuse(f.name, "Range boundaries must be defined as integers.")
		}
		low, _ := idFrom(bounds[0])
		high, _ := idFrom(bounds[1])
		found = append(found, [2]int{low, high})
	}
	b, err := json.Marshal(found)
	if err != nil {
		return nil, refuse(f.name, err.Error())
	}
	return json.RawMessage(b), nil
}
