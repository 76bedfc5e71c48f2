package netboxtest

import "strconv"

func ipamModels() []*model {
	return []*model{addressModel(), prefixModel(), vlanGroupModel(), vlanModel(), vrfModel()}
}

func addressModel() *model {
	return &model{
		label: "ipam.ipaddress", path: "ipam/ip-addresses", class: "IPAddress", verbose: "IP address", app: "IPAM", logged: true,
		fields: assembled(identity(),
			computed("family", renderFamily("address")),
			newField("address", kindAddress, []option{required, indexed}),
			foreign("vrf", "ipam.vrf", protected),
			foreign("tenant", "tenancy.tenant", protected),
			selection("status", "active", choices(addressStatuses)),
			selection("role", "", choices(addressRoles)),
			genericFields("assigned_object"),
			foreign("nat_inside", "ipam.ipaddress"),
			computed("nat_outside", func(w *writer, o *object) {
				w.objects(w.store.find("ipam.ipaddress", "nat_inside", o.id))
			}),
			text("dns_name", 255, matching(`^([0-9A-Za-z_-]+|\*)(\.[0-9A-Za-z_-]+)*\.?$`,
				"Only alphanumeric characters, asterisks, hyphens, periods, and underscores are allowed in DNS names")),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps()),
		brief:    []string{"id", "url", "display", "family", "address", "description"},
		ordering: []string{"address", "id"},
		display:  func(_ *store, o *object) string { return o.text("address") },
		keys: []key{genericKey("assigned_object"), {"host", func(o *object) []any {
			return []any{hostOf(o.text("address"))}
		}}},
		check:    checkAssigned,
		clean:    cleanAddress,
		prepare:  lowerDNSName,
		removing: clearPrimaryIP,
	}
}

func renderFamily(name string) func(w *writer, o *object) {
	return func(w *writer, o *object) {
		if family(o.text(name)) == 6 {
			w.raw(`{"value":6,"label":"IPv6"}`)
			return
		}
		w.raw(`{"value":4,"label":"IPv4"}`)
	}
}

func prefixModel() *model {
	return &model{
		label: "ipam.prefix", path: "ipam/prefixes", class: "Prefix", verbose: "prefix", app: "IPAM", logged: true,
		fields: assembled(identity(),
			computed("family", renderFamily("prefix")),
			newField("prefix", kindPrefix, []option{required, indexed}),
			foreign("vrf", "ipam.vrf", protected),
			genericFields("scope"),
			foreign("tenant", "tenancy.tenant", protected),
			foreign("vlan", "ipam.vlan", protected),
			selection("status", "active", choices(prefixStatuses)),
			foreign("role", "ipam.role"),
			boolean("is_pool", false), boolean("mark_utilized", false),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps(),
			computed("children", renderChildren), computed("_depth", renderPrefixDepth)),
		brief:    []string{"id", "url", "display", "family", "prefix", "description", "_depth"},
		ordering: []string{"vrf", "prefix", "id"},
		display:  func(_ *store, o *object) string { return o.text("prefix") },
		keys:     []key{genericKey("scope"), cachedSiteKey()},
		check:    checkScope,
		clean:    cleanPrefix,
		prepare:  cacheScope,
	}
}

func vlanGroupModel() *model {
	return &model{
		label: "ipam.vlangroup", path: "ipam/vlan-groups", class: "VLANGroup", verbose: "VLAN group", app: "IPAM", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, indexed), slug("slug"),
			genericFields("scope"),
			newField("vid_ranges", kindRanges, []option{initial(rangesOf("[[1,4094]]"))}),
			computed("total_vlan_ids", func(w *writer, o *object) { w.integer(totalIDs(o)) }, since(7)),
			foreign("tenant", "tenancy.tenant", protected, since(4)),
			text("description", 200), owner(), text("comments", 0, since(5)), tagging(), customizing(), stamps(),
			counter("vlan_count", "ipam.vlan", "group", relatedOnly),
			computed("utilization", renderUtilization)),
		brief:    []string{"id", "url", "display", "name", "slug", "description", "vlan_count"},
		ordering: []string{"name", "id"},
		display:  byName,
		keys:     []key{genericKey("scope")},
		constraints: []constraint{
			groupUnique("name", "VLAN group with this Scope type, Scope id and Name already exists."),
			groupUnique("slug", "VLAN group with this Scope type, Scope id and Slug already exists."),
		},
		check: checkScope,
		clean: cleanVLANGroup,
	}
}

func groupUnique(name, message string) constraint {
	return constraint{
		name: "ipam_vlangroup_unique_scope_" + name, fields: []string{name, "scope_type", "scope_id"},
		of: func(o *object) any {
			if o.values["scope_id"] == nil {
				return nil
			}
			return tripleKey{o.text("scope_type"), o.ref("scope_id"), o.text(name)}
		},
		message: func(*release, *object) string { return message },
	}
}

func vlanModel() *model {
	return &model{
		label: "ipam.vlan", path: "ipam/vlans", class: "VLAN", verbose: "VLAN", app: "IPAM", logged: true,
		fields: assembled(identity(),
			foreign("site", "dcim.site", protected),
			foreign("group", "ipam.vlangroup", protected),
			integer("vid", required, between(1, 4094)),
			text("name", 64, required, indexed),
			foreign("tenant", "tenancy.tenant", protected),
			selection("status", "active", choices(vlanStatuses)),
			foreign("role", "ipam.role"),
			text("description", 200),
			selection("qinq_role", "", choices("svlan=Service; cvlan=Customer")),
			foreign("qinq_svlan", "ipam.vlan", protected),
			owner(), text("comments", 0), constant("l2vpn_termination", "null"), tagging(), customizing(), stamps(),
			counter("prefix_count", "ipam.prefix", "vlan", relatedOnly)),
		brief:    []string{"id", "url", "display", "vid", "name", "description"},
		ordering: []string{"site", "group", "vid", "id"},
		display: func(_ *store, o *object) string {
			return o.text("name") + " (" + strconv.Itoa(o.ref("vid")) + ")"
		},
		constraints: []constraint{
			pairUnique("ipam_vlan_unique_group_vid", "VLAN with this Group and VLAN ID already exists.", "group", "vid"),
			pairUnique("ipam_vlan_unique_group_name", "VLAN with this Group and Name already exists.", "group", "name"),
		},
		clean: cleanVLAN,
	}
}

func vrfModel() *model {
	return &model{
		label: "ipam.vrf", path: "ipam/vrfs", class: "VRF", verbose: "VRF", app: "IPAM", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, indexed),
			text("rd", 21, nullable, unique),
			foreign("tenant", "tenancy.tenant", protected),
			boolean("enforce_unique", true),
			text("description", 200), owner(), text("comments", 0),
			many("import_targets", "ipam.routetarget"), many("export_targets", "ipam.routetarget"),
			tagging(), customizing(), stamps(),
			counter("ipaddress_count", "ipam.ipaddress", "vrf", relatedOnly),
			counter("prefix_count", "ipam.prefix", "vrf", relatedOnly)),
		brief:    []string{"id", "url", "display", "name", "rd", "description", "prefix_count"},
		ordering: []string{"name", "rd"},
		display:  displayVRF,
	}
}

func displayVRF(_ *store, o *object) string {
	if rd := o.text("rd"); rd != "" {
		return o.text("name") + " (" + rd + ")"
	}
	return o.text("name")
}
