package netboxtest

func tenancyModels() []*model {
	return []*model{{
		label: "tenancy.tenant", path: "tenancy/tenants", class: "Tenant", verbose: "tenant", app: "Tenancy", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, indexed),
			slug("slug"),
			foreign("group", "tenancy.tenantgroup"),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps(),
			constant("circuit_count", "0", relatedOnly),
			counter("device_count", "dcim.device", "tenant", relatedOnly),
			counter("ipaddress_count", "ipam.ipaddress", "tenant", relatedOnly),
			counter("prefix_count", "ipam.prefix", "tenant", relatedOnly),
			constant("rack_count", "0", relatedOnly),
			counter("site_count", "dcim.site", "tenant", relatedOnly),
			counter("virtualmachine_count", "virtualization.virtualmachine", "tenant", relatedOnly),
			counter("vlan_count", "ipam.vlan", "tenant", relatedOnly),
			counter("vrf_count", "ipam.vrf", "tenant", relatedOnly),
			counter("cluster_count", "virtualization.cluster", "tenant", relatedOnly)),
		brief:    []string{"id", "url", "display", "name", "slug", "description"},
		ordering: []string{"name"},
		display:  byName,
		constraints: []constraint{
			scopedUnique("tenancy_tenant_unique_group_name", "Tenant name must be unique per group.", "name", "group"),
			scopedUnique("tenancy_tenant_unique_group_slug", "Tenant slug must be unique per group.", "slug", "group"),
		},
	}}
}
