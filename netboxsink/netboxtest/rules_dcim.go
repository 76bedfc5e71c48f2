package netboxtest

import "strings"

func cleanDevice(d *draft) *invalid {
	site, location := d.follow("site"), d.follow("location")
	if location != nil && location.ref("site") != site.id {
		return refusef("location", "Location %s does not belong to site %s.", location.text("name"), site.text("name"))
	}
	if d.after.text("face") != "" {
		return refuse("face", "Cannot select a rack face without assigning a rack.")
	}
	if d.after.values["position"] != nil {
		return refuse("position", "Cannot select a rack position without assigning a rack.")
	}
	if e := d.checkPrimaryIPs("dcim.interface", "device"); !e.empty() {
		return e
	}
	kind, platform := d.follow("device_type"), d.follow("platform")
	if platform != nil && platform.ref("manufacturer") != 0 && platform.ref("manufacturer") != kind.ref("manufacturer") {
		return refusef("platform", "The assigned platform is limited to %s device types, but this device's type belongs to %s.",
			d.store.follow(platform, "manufacturer").text("name"), d.store.follow(kind, "manufacturer").text("name"))
	}
	cluster := d.follow("cluster")
	if cluster == nil {
		return nil
	}
	if id := cluster.ref(cachedSite); id != 0 && id != site.id {
		return refusef("cluster", "The assigned cluster belongs to a different site (%s)", d.get("dcim.site", id).text("name"))
	}
	if scope := d.store.generic(cluster, "scope"); scope != nil && scope.model.label == "dcim.location" && scope.id != d.after.ref("location") {
		return refusef("cluster", "The assigned cluster belongs to a different location (%s)", scope.text("name"))
	}
	return nil
}

// prepareDevice fills what a new device inherits from its type.
func prepareDevice(d *draft) {
	after := d.after
	kind := d.follow("device_type")
	if !d.creating() || kind == nil {
		return
	}
	for name, fallback := range map[string]string{
		"airflow": "airflow", "cooling_method": "cooling_method", "platform": "default_platform",
	} {
		if after.values[name] == nil && after.model.field(name) != nil {
			after.values[name] = kind.values[fallback]
		}
	}
}

func checkDeviceInterface(d *draft) *invalid {
	if e := d.checkMACConflict(); !e.empty() {
		return e
	}
	mode, refused := d.after.text("mode"), &invalid{}
	if mode != "q-in-q" && d.after.values["qinq_svlan"] != nil {
		refused.add("qinq_svlan", "Interface mode does not support q-in-q service vlan")
	}
	if mode == "" && d.after.values["untagged_vlan"] != nil {
		refused.add("untagged_vlan", "Interface mode does not support untagged vlan")
	}
	if mode != "tagged" && mode != "q-in-q" && len(d.after.ids("tagged_vlans")) > 0 {
		refused.add("tagged_vlans", "Interface mode does not support tagged vlans")
	}
	if !refused.empty() {
		return refused
	}
	site := 0
	if device := d.follow("device"); device != nil {
		site = device.ref("site")
	}
	return d.checkTaggedSites(site, "device")
}

func cleanDeviceInterface(d *draft) *invalid {
	if e := d.cleanBaseInterface(); !e.empty() {
		return e
	}
	kind := d.after.text("type")
	virtual := kind == "virtual" || kind == "bridge" || kind == "lag"
	if virtual && d.after.is("mark_connected") {
		return refusef("mark_connected", "%s interfaces cannot be marked as connected.", label(d.model.field("type").choices, kind))
	}
	parent := d.follow("parent")
	if parent != nil && !d.creating() && parent.id == d.after.id {
		return refuse("parent", "An interface cannot be its own parent.")
	}
	if parent != nil && kind != "virtual" && d.after.values["channel_id"] == nil {
		if d.release().minor >= 7 {
			return refuse("parent", "Only virtual interfaces, or a channel subinterface with a channel ID assigned, may be assigned to a parent interface.")
		}
		return refuse("parent", "Only virtual interfaces may be assigned to a parent interface.")
	}
	if e := d.checkNeighbours(parent); !e.empty() {
		return e
	}
	if d.after.text("mode") == "" && d.after.values["untagged_vlan"] != nil {
		return refuse("untagged_vlan", "Interface mode does not support an untagged vlan.")
	}
	device := d.follow("device")
	if vlan := d.follow("untagged_vlan"); vlan != nil && vlan.ref("site") != 0 && vlan.ref("site") != device.ref("site") {
		return refusef("untagged_vlan", "The untagged VLAN (%s) must belong to the same site as the interface's parent device, or it must be global.",
			d.displayOf(vlan))
	}
	return nil
}

// checkNeighbours checks that parent, bridge and LAG are on the same device.
func (d *draft) checkNeighbours(parent *object) *invalid {
	device := d.after.ref("device")
	away := func(o *object) bool { return o != nil && o.ref("device") != device }
	host := func(o *object) string { return d.displayOf(d.store.follow(o, "device")) }
	if away(parent) {
		return refusef("parent", "The selected parent interface (%s) belongs to a different device (%s)", parent.text("name"), host(parent))
	}
	bridge := d.follow("bridge")
	if bridge != nil && !d.creating() && bridge.id == d.after.id {
		return refuse("bridge", "An interface cannot be bridged to itself.")
	}
	if away(bridge) {
		return refusef("bridge", "The selected bridge interface (%s) belongs to a different device (%s).", bridge.text("name"), host(bridge))
	}
	lag := d.follow("lag")
	switch {
	case lag != nil && d.after.text("type") == "virtual":
		return refuse("lag", "Virtual interfaces cannot have a parent LAG interface.")
	case lag != nil && !d.creating() && lag.id == d.after.id:
		return refuse("lag", "A LAG interface cannot be its own parent.")
	case away(lag):
		return refusef("lag", "The selected LAG interface (%s) belongs to a different device (%s).", lag.text("name"), host(lag))
	}
	return nil
}

func isPrimaryMAC(s *store, mac *object) bool {
	o := s.generic(mac, "assigned_object")
	return o != nil && o.ref("primary_mac_address") == mac.id
}

// checkAssigned refuses half an assignment and, in 4.7, an assignment to an
// interface that does not exist.
func checkAssigned(d *draft) *invalid {
	if !d.written["assigned_object_type"] && !d.written["assigned_object_id"] {
		return nil
	}
	label := d.after.values["assigned_object_type"]
	id, set := d.after.values["assigned_object_id"].(int)
	switch {
	case !d.release().wholeAssignment:
	case set && label == nil:
		return refuse("assigned_object_type", "This field cannot be null.")
	case !set && label != nil:
		return refuse("assigned_object_id", "This field cannot be null.")
	}
	if d.release().checksAssigned && set && d.after.text("assigned_object_type") != "" &&
		d.store.generic(d.after, "assigned_object") == nil {
		return refusef("assigned_object_id", "Related object not found using the provided value: %d.", id)
	}
	return nil
}

// cleanMAC keeps a primary MAC address on its interface.
func cleanMAC(d *draft) *invalid {
	if d.creating() || !isPrimaryMAC(d.store, d.before) {
		return nil
	}
	was, is := d.store.generic(d.before, "assigned_object"), d.store.generic(d.after, "assigned_object")
	switch {
	case is == nil:
		return refuse(allKey, "Cannot unassign MAC Address while it is designated as the primary MAC for an object")
	case is != was:
		return refuse(allKey, "Cannot reassign MAC Address while it is designated as the primary MAC for an object")
	}
	return nil
}

// scopedTriple keeps a location's name or slug unique among its siblings.
func scopedTriple(name, message, value string) constraint {
	return constraint{
		name: name, fields: []string{value, "site", "parent"},
		of:      func(o *object) any { return tripleKey{o.values["site"], o.values["parent"], o.text(value)} },
		message: func(*release, *object) string { return message },
	}
}

// roleUnique keeps a device role's name or slug unique among its siblings, the
// top-level roles being siblings too.
func roleUnique(value string) constraint {
	return constraint{
		name: "dcim_devicerole_parent_" + value, fields: []string{value, "parent"}, since: 3,
		of: func(o *object) any { return pairKey{o.values["parent"], o.text(value)} },
		message: func(r *release, o *object) string {
			switch {
			case r.singleConstraints:
				return "A device role with this " + value + " already exists."
			case o.values["parent"] == nil:
				return "A top-level device role with this " + value + " already exists."
			}
			return "Device role with this Parent and " + titled(value) + " already exists."
		},
	}
}

// platformUnique keeps a platform's name or slug unique per manufacturer.
func platformUnique(value string) constraint {
	return constraint{
		name: "dcim_platform_manufacturer_" + value, fields: []string{value, "manufacturer"}, since: 4,
		of: func(o *object) any { return pairKey{o.values["manufacturer"], o.text(value)} },
		message: func(r *release, o *object) string {
			if r.singleConstraints || o.values["manufacturer"] == nil {
				return "Platform " + value + " must be unique."
			}
			return "Platform with this Manufacturer and " + titled(value) + " already exists."
		},
	}
}

func titled(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// scopedGroups are the VLAN groups scoped to an object.
func scopedGroups(s *store, o *object) []*object {
	return s.find("ipam.vlangroup", "scope", genericID{o.model.label, o.id})
}

// scopedToSite is what goes with a site: the VLAN groups, prefixes and clusters
// scoped to it.
func scopedToSite(s *store, o *object) []*object {
	found := scopedGroups(s, o)
	found = append(found, s.find("ipam.prefix", cachedSite, o.id)...)
	return append(found, s.find("virtualization.cluster", cachedSite, o.id)...)
}

func scopedToLocation(s *store, o *object) []*object {
	id := genericID{o.model.label, o.id}
	found := scopedGroups(s, o)
	found = append(found, s.find("ipam.prefix", "scope", id)...)
	return append(found, s.find("virtualization.cluster", "scope", id)...)
}
