package netboxtest

import (
	"math"
	"strconv"
)

func dcimModels() []*model {
	return []*model{
		siteModel(), locationModel(), manufacturerModel(), deviceTypeModel(), roleModel(), platformModel(),
		deviceModel(), deviceInterfaceModel(), macModel(),
	}
}

func siteModel() *model {
	return &model{
		label: "dcim.site", path: "dcim/sites", class: "Site", verbose: "site", app: "DCIM", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, unique), slug("slug", unique),
			selection("status", "active", choices(siteStatuses)),
			foreign("region", "dcim.region"), foreign("group", "dcim.sitegroup"),
			foreign("tenant", "tenancy.tenant", protected),
			text("facility", 50),
			text("time_zone", 0, nullable),
			text("description", 200), text("physical_address", 200), text("shipping_address", 200),
			decimal("latitude", 8, 6, nullable, between(-90, 90)), decimal("longitude", 9, 6, nullable, between(-180, 180)),
			owner(), text("comments", 0), many("asns", "ipam.asn"), tagging(), customizing(), stamps(),
			constant("circuit_count", "0", relatedOnly),
			counter("device_count", "dcim.device", "site", relatedOnly),
			counter("prefix_count", "ipam.prefix", cachedSite, relatedOnly),
			constant("rack_count", "0", relatedOnly),
			counter("virtualmachine_count", "virtualization.virtualmachine", "site", relatedOnly),
			counter("vlan_count", "ipam.vlan", "site", relatedOnly)),
		brief:     []string{"id", "url", "display", "name", "slug", "description"},
		ordering:  []string{"name"},
		display:   byName,
		dependent: scopedToSite,
	}
}

func locationModel() *model {
	return &model{
		label: "dcim.location", path: "dcim/locations", class: "Location", verbose: "location", app: "DCIM", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, indexed), slug("slug"),
			foreign("site", "dcim.site", required, cascading),
			foreign("parent", "dcim.location", cascading, reduced("slug", "_depth")),
			selection("status", "active", choices(siteStatuses)),
			foreign("tenant", "tenancy.tenant", protected),
			text("facility", 50), text("description", 200), tagging(), customizing(), stamps(),
			constant("rack_count", "0"),
			counter("device_count", "dcim.device", "location", nestedZero),
			constant("prefix_count", "0", relatedOnly),
			owner(), text("comments", 0, since(3)),
			computed("_depth", renderDepth)),
		brief:    []string{"id", "url", "display", "name", "slug", "description", "rack_count", "_depth"},
		ordering: []string{"site", "name"},
		display:  byName,
		constraints: []constraint{
			scopedTriple("dcim_location_parent_name", "A location with this name already exists within the specified site.", "name"),
			scopedTriple("dcim_location_parent_slug", "A location with this slug already exists within the specified site.", "slug"),
		},
		clean: func(d *draft) *invalid {
			if parent := d.follow("parent"); parent != nil && parent.ref("site") != d.after.ref("site") {
				return refusef(allKey, "Parent location (%s) must belong to the same site (%s).",
					d.displayOf(parent), d.displayOf(d.follow("site")))
			}
			return nil
		},
		dependent: scopedToLocation,
	}
}

// renderDepth counts the ancestors of a nested object.
func renderDepth(w *writer, o *object) {
	depth := 0
	for p := w.store.follow(o, "parent"); p != nil && depth < 64; p = w.store.follow(p, "parent") {
		depth++
	}
	w.integer(depth)
}

func manufacturerModel() *model {
	return &model{
		label: "dcim.manufacturer", path: "dcim/manufacturers", class: "Manufacturer", verbose: "manufacturer",
		app: "DCIM", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, unique), slug("slug", unique),
			text("description", 200), owner(), text("comments", 0, since(5)), tagging(), customizing(), stamps(),
			counter("devicetype_count", "dcim.devicetype", "manufacturer", relatedOnly),
			constant("moduletype_count", "0", relatedOnly, since(7)),
			constant("inventoryitem_count", "0", relatedOnly),
			counter("platform_count", "dcim.platform", "manufacturer", relatedOnly)),
		brief:    []string{"id", "url", "display", "name", "slug", "description"},
		ordering: []string{"name"},
		display:  byName,
	}
}

func deviceTypeModel() *model {
	return &model{
		label: "dcim.devicetype", path: "dcim/device-types", class: "DeviceType", verbose: "device type", app: "DCIM", logged: true,
		fields: assembled(identity(),
			foreign("manufacturer", "dcim.manufacturer", required, protected),
			foreign("default_platform", "dcim.platform"),
			text("model", 100, required, indexed), slug("slug"),
			text("part_number", 50),
			decimal("u_height", 4, 1, initial(1.0), between(0, 999.9)),
			boolean("exclude_from_utilization", false), boolean("is_full_depth", true),
			selection("subdevice_role", "", choices("parent; child")),
			selection("airflow", "", choices(airflows)),
			selection("cooling_method", "", choices("air; liquid; hybrid; immersion"), since(7)),
			decimal("weight", 8, 2, nullable),
			selection("weight_unit", "", choices("kg=Kilograms; g=Grams; lb=Pounds; oz=Ounces")),
			text("end_of_life", 10, nullable, since(7)),
			constant("front_image", "null"), constant("rear_image", "null"),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps(),
			counter("device_count", "dcim.device", "device_type"),
			constants(0, "console_port_template_count", "console_server_port_template_count", "power_port_template_count",
				"power_outlet_template_count"),
			constants(7, "cooling_intake_template_count", "cooling_outflow_template_count"),
			constants(0, "interface_template_count", "front_port_template_count", "rear_port_template_count",
				"device_bay_template_count", "module_bay_template_count", "inventory_item_template_count")),
		brief:    []string{"id", "url", "display", "manufacturer", "model", "slug", "description", "device_count"},
		ordering: []string{"manufacturer", "model"},
		display:  func(_ *store, o *object) string { return o.text("model") },
		clean: func(d *draft) *invalid {
			if height, ok := d.after.values["u_height"].(float64); ok && height*2 != math.Trunc(height*2) {
				return refuse("u_height", "U height must be in increments of 0.5 rack units.")
			}
			return nil
		},
		constraints: []constraint{
			pairUnique("dcim_devicetype_unique_manufacturer_model", "Device type with this Manufacturer and Model already exists.", "manufacturer", "model"),
			pairUnique("dcim_devicetype_unique_manufacturer_slug", "Device type with this Manufacturer and Slug already exists.", "manufacturer", "slug"),
		},
	}
}

// constants are counters of what this package does not model.
func constants(minor int, names ...string) []*field {
	var fields []*field
	for _, name := range names {
		fields = append(fields, constant(name, "0", since(minor)))
	}
	return fields
}

func roleModel() *model {
	return &model{
		label: "dcim.devicerole", path: "dcim/device-roles", class: "DeviceRole", verbose: "device role", app: "DCIM", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, unique, until(2)), slug("slug", unique, until(2)),
			text("name", 100, required, indexed, since(3)), slug("slug", since(3)),
			color(),
			boolean("vm_role", true),
			foreign("config_template", "extras.configtemplate"),
			foreign("parent", "dcim.devicerole", cascading, since(3), reduced()),
			text("description", 200), tagging(), customizing(), stamps(),
			counter("device_count", "dcim.device", "role", nestedZero),
			counter("virtualmachine_count", "virtualization.virtualmachine", "role", nestedZero),
			owner(), text("comments", 0, since(3)),
			computed("_depth", renderDepth, since(3))),
		brief:    []string{"id", "url", "display", "name", "slug", "description", "device_count", "virtualmachine_count", "_depth"},
		ordering: []string{"name"},
		display:  byName,
		constraints: []constraint{
			roleUnique("name"), roleUnique("slug"),
		},
	}
}

func platformModel() *model {
	return &model{
		label: "dcim.platform", path: "dcim/platforms", class: "Platform", verbose: "platform", app: "DCIM", logged: true,
		fields: assembled(identity(),
			foreign("parent", "dcim.platform", cascading, since(4), reduced()),
			text("name", 100, required, unique, until(3)), slug("slug", unique, until(3)),
			text("name", 100, required, indexed, since(4)), slug("slug", since(4)),
			foreign("manufacturer", "dcim.manufacturer", protected),
			foreign("config_template", "extras.configtemplate"),
			text("description", 200), owner(), text("comments", 0, since(4)), tagging(), customizing(), stamps(),
			counter("device_count", "dcim.device", "platform", nestedZero),
			counter("virtualmachine_count", "virtualization.virtualmachine", "platform", nestedZero),
			computed("_depth", renderDepth, since(4))),
		brief:       []string{"id", "url", "display", "name", "slug", "description", "device_count", "virtualmachine_count", "_depth"},
		ordering:    []string{"name"},
		display:     byName,
		constraints: []constraint{platformUnique("name"), platformUnique("slug")},
	}
}

func deviceModel() *model {
	address := []string{"id", "url", "display", "family", "address", "nat_inside", "nat_outside", "dns_name", "description"}
	return &model{
		label: "dcim.device", path: "dcim/devices", class: "Device", verbose: "device", app: "DCIM", logged: true,
		fields: assembled(identity(),
			text("name", 64, nullable, indexed),
			foreign("device_type", "dcim.devicetype", required, protected),
			foreign("role", "dcim.devicerole", required, protected),
			foreign("tenant", "tenancy.tenant", protected),
			foreign("platform", "dcim.platform"),
			text("serial", 50),
			text("asset_tag", 50, nullable, unique),
			foreign("site", "dcim.site", required, protected),
			foreign("location", "dcim.location", protected),
			foreign("rack", "dcim.rack"),
			decimal("position", 4, 1, nullable, between(0.5, 100)),
			selection("face", "", choices("front; rear")),
			decimal("latitude", 8, 6, nullable, between(-90, 90)), decimal("longitude", 9, 6, nullable, between(-180, 180)),
			constant("parent_device", "null"),
			selection("status", "active", choices(deviceStatuses)),
			selection("airflow", "", choices(airflows)),
			selection("cooling_method", "", choices("air; liquid; hybrid; immersion"), since(7)),
			computed("primary_ip", renderPrimaryIP(address)),
			foreign("primary_ip4", "ipam.ipaddress", nestedAs(address...), oneToOne),
			foreign("primary_ip6", "ipam.ipaddress", nestedAs(address...), oneToOne),
			foreign("oob_ip", "ipam.ipaddress", oneToOne),
			foreign("cluster", "virtualization.cluster"),
			foreign("virtual_chassis", "dcim.virtualchassis"),
			integer("vc_position", nullable, between(0, 255)), integer("vc_priority", nullable, between(0, 255)),
			text("description", 200), owner(), text("comments", 0),
			foreign("config_template", "extras.configtemplate"),
			constant("config_context", "{}"),
			openJSON("local_context_data"),
			tagging(), customizing(), stamps(),
			constants(0, "console_port_count", "console_server_port_count", "power_port_count", "power_outlet_count"),
			constants(7, "cooling_intake_count", "cooling_outflow_count"),
			counter("interface_count", "dcim.interface", "device"),
			constants(0, "front_port_count", "rear_port_count", "device_bay_count", "module_bay_count", "inventory_item_count")),
		brief:       []string{"id", "url", "display", "name", "description"},
		ordering:    []string{"name", "id"},
		display:     displayDevice,
		constraints: []constraint{deviceName()},
		clean:       cleanDevice,
		prepare:     prepareDevice,
	}
}

func displayDevice(s *store, o *object) string {
	name, tag := o.text("name"), o.text("asset_tag")
	switch {
	case name != "" && tag != "":
		return name + " (" + tag + ")"
	case name != "":
		return name
	case tag == "":
		tag = strconv.Itoa(o.id)
	}
	kind := s.follow(o, "device_type")
	if kind == nil {
		return tag
	}
	return s.follow(kind, "manufacturer").text("name") + " " + kind.text("model") + " (" + tag + ")"
}

func deviceInterfaceModel() *model {
	return &model{
		label: "dcim.interface", path: "dcim/interfaces", class: "Interface", verbose: "interface", app: "DCIM", logged: true,
		fields: assembled(identity(),
			foreign("device", "dcim.device", required, cascading),
			many("vdcs", "dcim.virtualdevicecontext"), foreign("module", "dcim.module"),
			text("name", 64, required, indexed, portName), text("label", 64),
			selection("type", "", interfaceTypes(), required),
			integer("channels", nullable, between(1, 1024), since(7)),
			integer("channel_id", nullable, between(1, 1024), since(7)),
			boolean("enabled", true),
			foreign("parent", "dcim.interface", restricted, longNested),
			foreign("bridge", "dcim.interface", longNested),
			computed("bridge_interfaces", func(w *writer, o *object) {
				w.ordered(w.store.find("dcim.interface", "bridge", o.id), w.longNested)
			}, since(5)),
			foreign("lag", "dcim.interface", longNested),
			integer("mtu", nullable, between(1, 65536)),
			macFields(),
			integer("speed", nullable, until(4)),
			integer("speed", nullable, between(0, 9223372036854775807), since(5)),
			selection("duplex", "", choices("half; full; auto")),
			constant("wwn", "null"),
			boolean("mgmt_only", false),
			text("description", 200),
			newModeField(),
			constant("rf_role", "null"), constant("rf_channel", "null"), constant("poe_mode", "null"), constant("poe_type", "null"),
			constant("rf_channel_frequency", "null"), constant("rf_channel_width", "null"), constant("tx_power", "null"),
			vlanReferences(),
			boolean("mark_connected", false),
			constant("cable", "null"), constant("cable_end", "null"), constant("wireless_link", "null"),
			constant("link_peers", "[]"), constant("link_peers_type", "null"), constant("wireless_lans", "[]"),
			foreign("vrf", "ipam.vrf"),
			constant("l2vpn_termination", "null"), constant("connected_endpoints", "null"),
			constant("connected_endpoints_type", "null"), constant("connected_endpoints_reachable", "false"),
			owner(), tagging(), customizing(), stamps(),
			computed("count_ipaddresses", countAddresses),
			constant("count_fhrp_groups", "0"), constant("_occupied", "false")),
		brief:    []string{"id", "url", "display", "device", "name", "description", "cable", "_occupied"},
		ordering: []string{"device", "name"},
		display:  byName,
		constraints: []constraint{pairUnique("dcim_interface_unique_device_name",
			"Interface with this Device and Name already exists.", "device", "name")},
		check:     checkDeviceInterface,
		clean:     cleanDeviceInterface,
		prepare:   settleVLANs,
		saved:     adoptPrimaryMAC,
		dependent: attachedToInterface,
	}
}

// macFields are an interface's three views of its MAC addresses.
func macFields() []*field {
	return []*field{
		newField("mac_address", kindShortcutMAC, []option{nullable, func(f *field) { f.render = renderPrimaryMAC }}),
		foreign("primary_mac_address", "dcim.macaddress", oneToOne),
		computed("mac_addresses", func(w *writer, o *object) {
			w.objects(w.store.find("dcim.macaddress", "assigned_object", genericID{o.model.label, o.id}))
		}),
	}
}

func renderPrimaryMAC(w *writer, o *object) {
	mac := w.store.follow(o, "primary_mac_address")
	if mac == nil {
		w.raw("null")
		return
	}
	w.text(mac.text("mac_address"))
}

func newModeField() *field { return selection("mode", "", choices(interfaceModes)) }

func vlanReferences() []*field {
	return []*field{
		foreign("untagged_vlan", "ipam.vlan"),
		many("tagged_vlans", "ipam.vlan"),
		foreign("qinq_svlan", "ipam.vlan"),
		foreign("vlan_translation_policy", "ipam.vlantranslationpolicy"),
	}
}

func vlanFields() []*field { return append([]*field{newModeField()}, vlanReferences()...) }

func countAddresses(w *writer, o *object) {
	w.integer(w.store.count("ipam.ipaddress", "assigned_object", genericID{o.model.label, o.id}))
}

func macModel() *model {
	return &model{
		label: "dcim.macaddress", path: "dcim/mac-addresses", class: "MACAddress", verbose: "MAC address", app: "DCIM", logged: true,
		fields: assembled(identity(),
			newField("mac_address", kindMAC, []option{required, indexed}),
			genericFields("assigned_object"),
			computed("is_primary", func(w *writer, o *object) { w.boolean(isPrimaryMAC(w.store, o)) }, since(7)),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps()),
		brief:    []string{"id", "url", "display", "mac_address", "description"},
		ordering: []string{"mac_address", "id"},
		display:  func(_ *store, o *object) string { return o.text("mac_address") },
		keys:     []key{genericKey("assigned_object")},
		check:    checkAssigned,
		clean:    cleanMAC,
	}
}
