package netboxtest

func virtualizationModels() []*model {
	return []*model{
		clusterCategory("virtualization.clustertype", "virtualization/cluster-types", "ClusterType", "cluster type", "type"),
		clusterCategory("virtualization.clustergroup", "virtualization/cluster-groups", "ClusterGroup", "cluster group", "group"),
		clusterModel(), machineTypeModel(), machineModel(), machineInterfaceModel(), diskModel(),
	}
}

// clusterCategory is a cluster type or a cluster group.
func clusterCategory(label, path, class, verbose, reference string) *model {
	return &model{
		label: label, path: path, class: class, verbose: verbose, app: "Virtualization", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, unique), slug("slug", unique),
			text("description", 200), owner(), text("comments", 0, since(5)), tagging(), customizing(), stamps(),
			counter("cluster_count", "virtualization.cluster", reference, relatedOnly)),
		brief:     []string{"id", "url", "display", "name", "slug", "description", "cluster_count"},
		ordering:  []string{"name"},
		display:   byName,
		dependent: scopedGroups,
	}
}

func clusterModel() *model {
	return &model{
		label: "virtualization.cluster", path: "virtualization/clusters", class: "Cluster", verbose: "cluster",
		app: "Virtualization", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, indexed),
			foreign("type", "virtualization.clustertype", required, protected),
			foreign("group", "virtualization.clustergroup", protected),
			selection("status", "active", choices(clusterStatuses)),
			foreign("tenant", "tenancy.tenant", protected),
			genericFields("scope"),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps(),
			counter("device_count", "dcim.device", "cluster", relatedOnly),
			counter("virtualmachine_count", "virtualization.virtualmachine", "cluster", relatedOnly),
			computed("allocated_vcpus", allocated("vcpus"), since(3)),
			computed("allocated_memory", allocated("memory"), since(3)),
			computed("allocated_disk", allocated("disk"), since(3))),
		brief:    []string{"id", "url", "display", "name", "description", "virtualmachine_count"},
		ordering: []string{"name"},
		display:  byName,
		constraints: []constraint{
			pairUnique("virtualization_cluster_unique_group_name", "Cluster with this Group and Name already exists.", "group", "name"),
			{
				name: "virtualization_cluster_unique__site_name", fields: []string{cachedSite, "name"}, unseen: true,
				of: func(o *object) any {
					if o.values[cachedSite] == nil {
						return nil
					}
					return pairKey{o.values[cachedSite], o.text("name")}
				},
				message: func(*release, *object) string {
					return "Constraint “virtualization_cluster_unique__site_name” is violated."
				},
			},
		},
		keys:      []key{genericKey("scope"), cachedSiteKey()},
		check:     checkScope,
		clean:     cleanCluster,
		prepare:   cacheScope,
		saved:     moveMachines,
		dependent: scopedGroups,
	}
}

// allocated sums a number over a cluster's virtual machines, null without any.
func allocated(name string) func(w *writer, o *object) {
	return func(w *writer, o *object) {
		sum, some := 0.0, false
		for _, vm := range w.store.find("virtualization.virtualmachine", "cluster", o.id) {
			switch v := vm.values[name].(type) {
			case int:
				sum, some = sum+float64(v), true
			case float64:
				sum, some = sum+v, true
			}
		}
		switch {
		case !some:
			w.raw("null")
		case name == "vcpus":
			w.float(sum)
		default:
			w.integer(int(sum))
		}
	}
}

func machineTypeModel() *model {
	return &model{
		label: "virtualization.virtualmachinetype", path: "virtualization/virtual-machine-types",
		class: "VirtualMachineType", verbose: "virtual machine type", app: "Virtualization", logged: true, since: 6,
		fields: assembled(identity(),
			text("name", 100, required, indexed), slug("slug", unique),
			foreign("default_platform", "dcim.platform"),
			decimal("default_vcpus", 6, 2, nullable, between(0.01, 9999.99)),
			integer("default_memory", nullable),
			text("description", 200), owner(), text("comments", 0), tagging(), customizing(), stamps(),
			counter("virtual_machine_count", "virtualization.virtualmachine", "virtual_machine_type")),
		brief:    []string{"id", "url", "display", "name", "slug", "description"},
		ordering: []string{"name"},
		display:  byName,
		constraints: []constraint{
			lowerUnique("virtualization_virtualmachinetype_unique_name", "Virtual machine type name must be unique."),
		},
	}
}

func machineModel() *model {
	address := []string{"id", "url", "display", "family", "address", "nat_inside", "nat_outside", "dns_name", "description"}
	return &model{
		label: "virtualization.virtualmachine", path: "virtualization/virtual-machines",
		class: "VirtualMachine", verbose: "virtual machine", app: "Virtualization", logged: true,
		fields: assembled(identity(),
			text("name", 64, required, indexed),
			foreign("virtual_machine_type", "virtualization.virtualmachinetype", protected, since(6)),
			foreign("role", "dcim.devicerole", protected),
			selection("status", "active", choices(machineStatuses)),
			selection("start_on_boot", "off", choices("on; off; laststate=Last State"), since(5)),
			foreign("site", "dcim.site", protected),
			foreign("cluster", "virtualization.cluster", protected),
			foreign("device", "dcim.device", protected),
			foreign("platform", "dcim.platform"),
			computed("primary_ip", renderPrimaryIP(address)),
			foreign("primary_ip4", "ipam.ipaddress", nestedAs(address...), oneToOne),
			foreign("primary_ip6", "ipam.ipaddress", nestedAs(address...), oneToOne),
			decimal("vcpus", 6, 2, nullable, leastPrinted("0.01000000000000000020816681711721685132943093776702880859375")),
			integer("memory", nullable),
			integer("disk", nullable),
			text("description", 200),
			text("serial", 50),
			foreign("tenant", "tenancy.tenant", protected),
			owner(), text("comments", 0), tagging(),
			openJSON("local_context_data"),
			foreign("config_template", "extras.configtemplate"),
			customizing(), stamps(),
			counter("interface_count", "virtualization.vminterface", "virtual_machine"),
			counter("virtual_disk_count", "virtualization.virtualdisk", "virtual_machine"),
			constant("config_context", "{}")),
		brief:       []string{"id", "url", "display", "name", "description"},
		ordering:    []string{"name", "id"},
		display:     byName,
		constraints: []constraint{machineName(), loneMachineName()},
		clean:       cleanMachine,
		prepare:     prepareMachine,
	}
}

func renderPrimaryIP(fields []string) func(w *writer, o *object) {
	return func(w *writer, o *object) {
		for _, name := range []string{"primary_ip6", "primary_ip4"} {
			if ip := w.store.follow(o, name); ip != nil {
				w.brief(ip, fields)
				return
			}
		}
		w.raw("null")
	}
}

func machineInterfaceModel() *model {
	return &model{
		label: "virtualization.vminterface", path: "virtualization/interfaces", class: "VMInterface", verbose: "interface",
		app: "Virtualization", logged: true,
		fields: assembled(identity(),
			foreign("virtual_machine", "virtualization.virtualmachine", required, cascading),
			text("name", 64, required, indexed, portName),
			boolean("enabled", true),
			foreign("parent", "virtualization.vminterface", restricted, longNested),
			foreign("bridge", "virtualization.vminterface", longNested),
			integer("mtu", nullable, between(1, 65536)),
			macFields(),
			text("description", 200),
			vlanFields(),
			foreign("vrf", "ipam.vrf"),
			constant("l2vpn_termination", "null"),
			owner(), tagging(), customizing(), stamps(),
			computed("count_ipaddresses", countAddresses),
			constant("count_fhrp_groups", "0")),
		brief:    []string{"id", "url", "display", "virtual_machine", "name", "description"},
		ordering: []string{"virtual_machine", "name"},
		display:  byName,
		constraints: []constraint{pairUnique("virtualization_vminterface_unique_virtual_machine_name",
			"Interface with this Virtual machine and Name already exists.", "virtual_machine", "name")},
		check:     checkMachineInterface,
		clean:     cleanMachineInterface,
		prepare:   settleVLANs,
		saved:     adoptPrimaryMAC,
		dependent: attachedToInterface,
	}
}

func diskModel() *model {
	return &model{
		label: "virtualization.virtualdisk", path: "virtualization/virtual-disks", class: "VirtualDisk",
		verbose: "virtual disk", app: "Virtualization", logged: true,
		fields: assembled(identity(),
			foreign("virtual_machine", "virtualization.virtualmachine", required, cascading),
			text("name", 64, required, indexed),
			text("description", 200),
			integer("size", required),
			owner(), tagging(), customizing(), stamps()),
		brief:    []string{"id", "url", "display", "virtual_machine", "name", "description", "size"},
		ordering: []string{"virtual_machine", "name"},
		display:  byName,
		constraints: []constraint{pairUnique("virtualization_virtualdisk_unique_virtual_machine_name",
			"Virtual disk with this Virtual machine and Name already exists.", "virtual_machine", "name")},
		saved:   func(t *transaction, _, after *object) { sumDisks(t, after) },
		removed: sumDisks,
	}
}
