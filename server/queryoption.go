package server

import (
	"net/url"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// queryOption is an option that the newest plugin sends with every stage, and what it means for a run once it has a
// value other than the plugin's default.
type queryOption struct {
	name string
	// value is the one with the effect.
	value string
	// leaves are the kinds that are left out of the run.
	leaves []sync.Kind
	// once are fields that are written only when the object is created.
	once map[sync.Kind][]string
	// never are fields that are not written at all.
	never map[sync.Kind][]string
	// ignored says why the option has no effect.
	ignored string
}

// fields are fields of kinds.
type fields = map[sync.Kind][]string

// queryOptions returns the options that the plugin sends. What marks an object as ours (its source, UUID, VMID and kind)
// is written whatever they say, and so is a name that nobody has edited: without them the next run would not know the
// object again.
//
// The plugin's options for interfaces, MAC and IP addresses are about those of virtual machines, and it switches them off
// together with these. What hangs on nodes goes by the mode of the nodes.
func queryOptions() []queryOption {
	const (
		off       = "false"
		disabled  = "disabled"
		bootstrap = "bootstrap_only"

		notWritten = "it is never written"
		createOnly = "it is written at the creation only, whatever the option says"
		notOurs    = "what it is about is left alone"
		mapping    = "it is decided in the mapping, which a run does not change"
		tuning     = "it tunes another backend"
		shared     = "shared objects are in every run; the plugin leaves the nodes out too"
	)
	aboutNode := []string{
		"custom_fields.proxmox_node_cpus", "custom_fields.proxmox_node_memory", "custom_fields.proxmox_node_cpu_model",
	}
	about := []string{
		"custom_fields.proxmox_start_at_boot", "custom_fields.proxmox_unprivileged_container",
		"custom_fields.proxmox_qemu_agent", "custom_fields.proxmox_search_domain",
		"custom_fields.proxmox_node", "custom_fields.proxmox_pool", "custom_fields.proxmox_ha_state",
	}
	// The custom field tells which of the tags are Proxmox VE's: it changes with them or not at all.
	tags := []string{"tags", "custom_fields.proxmox_tags"}
	network := []sync.Kind{"vm-interface", "mac-address", "ip-address"}
	onMachine := slices.Concat(network, []sync.Kind{"virtual-disk"})
	mac := fields{"vm-interface": {"mac_address", "primary_mac_address"}}
	ofInterface := []string{"name", "enabled", "mtu", "description", "mode", "untagged_vlan", "tagged_vlans"}
	ofAddress := []string{"address", "status", "assigned_object", "description", "vrf", "role"}
	return []queryOption{
		{name: "overwrite_device_role", value: off, once: fields{"device": {"role"}}},
		{name: "overwrite_device_type", value: off, once: fields{"device": {"device_type"}}},
		{name: "overwrite_device_tags", value: off, once: fields{"device": {"tags"}}},
		{name: "overwrite_device_status", value: off, once: fields{"device": {"status"}}},
		{name: "overwrite_device_description", value: off, once: fields{"device": {"description"}}},
		{name: "overwrite_device_custom_fields", value: off, once: fields{"device": aboutNode}},
		{name: "overwrite_vm_role", value: off, once: fields{"virtual-machine": {"role"}}},
		{name: "overwrite_vm_type", value: off, once: fields{"virtual-machine": {"virtual_machine_type"}}},
		{name: "overwrite_vm_platform", value: off, once: fields{"virtual-machine": {"platform"}}},
		{name: "overwrite_vm_tags", value: off, once: fields{"virtual-machine": tags}},
		{name: "overwrite_vm_proxmox_tags", value: off, once: fields{"virtual-machine": tags}},
		{name: "overwrite_vm_description", value: off, once: fields{"virtual-machine": {"description"}}},
		{name: "overwrite_vm_custom_fields", value: off, once: fields{"virtual-machine": about}},
		{name: "overwrite_ip_status", value: off, once: fields{"ip-address": {"status"}}},

		{name: "sync_mode_vm", value: disabled, leaves: slices.Concat([]sync.Kind{"virtual-machine"}, onMachine)},
		{name: "sync_mode_vm", value: bootstrap, once: fields{
			"virtual-machine": slices.Concat([]string{
				"cluster", "role", "virtual_machine_type", "platform", "tenant", "status", "device", "site", "description", "comments",
				"vcpus", "memory", "start_on_boot",
			}, tags, about),
			"virtual-disk": {"name", "size", "description"},
		}},
		{name: "sync_mode_vm_interface", value: disabled, leaves: network},
		{name: "sync_mode_vm_interface", value: bootstrap, once: fields{"vm-interface": ofInterface}},
		{name: "sync_mode_mac", value: disabled, leaves: []sync.Kind{"mac-address"}, never: mac},
		{name: "sync_mode_ip_address", value: disabled, leaves: []sync.Kind{"ip-address"}},
		{name: "sync_mode_ip_address", value: bootstrap, once: fields{"ip-address": ofAddress}},
		{name: "sync_mode_node", value: disabled, leaves: Scope(sse.Devices).Kinds},
		{name: "sync_mode_node", value: bootstrap, once: fields{
			"device": slices.Concat([]string{
				"site", "location", "cluster", "device_type", "role", "tenant", "description", "tags", "status", "platform",
			}, aboutNode),
			"node-interface":  slices.Concat(ofInterface, []string{"type", "parent", "bridge", "lag"}),
			"node-ip-address": ofAddress,
		}},

		{name: "sync_vm_network", value: off, leaves: onMachine},
		{name: "assign_vm_interface_ips", value: off, leaves: []sync.Kind{"ip-address"}},
		{name: "sync_vm_interface_macs", value: off, leaves: []sync.Kind{"mac-address"}, never: mac},

		{name: "overwrite_vm_cloudinit", ignored: notWritten},
		{name: "overwrite_cluster_tags", ignored: createOnly},
		{name: "overwrite_cluster_description", ignored: createOnly},
		{name: "overwrite_cluster_custom_fields", ignored: "those of a cluster only mark it as ours"},
		{name: "overwrite_node_interface_tags", ignored: notWritten},
		{name: "overwrite_node_interface_custom_fields", ignored: notWritten},
		{name: "overwrite_storage_tags", ignored: notOurs},
		{name: "overwrite_vm_interface_tags", ignored: notWritten},
		{name: "overwrite_vm_interface_custom_fields", ignored: notWritten},
		{name: "overwrite_ip_tags", ignored: notWritten},
		{name: "overwrite_ip_custom_fields", ignored: notWritten},
		{name: "overwrite_ip_address_dns_name", ignored: notWritten},
		{name: "sync_mode_vm_template", ignored: mapping},
		{name: "sync_mode_mac", value: bootstrap, ignored: "the MAC addresses of an interface are one with it"},
		{name: "sync_mode_cluster", ignored: shared},
		{name: "sync_mode_storage", ignored: notOurs},
		{name: "sync_mode_sdn", ignored: notOurs},
		{name: "sync_mode_sdn_bgp", ignored: notOurs},
		{name: "use_guest_agent_interface_name", ignored: mapping},
		{name: "vm_interface_sync_strategy", ignored: mapping},
		{name: "ignore_ipv6_link_local_addresses", ignored: mapping},
		{name: "primary_ip_preference", ignored: mapping},
		{name: "parse_description_metadata", ignored: mapping},
		{name: "fetch_max_concurrency", ignored: tuning},
		{name: "sync_task_history", ignored: notOurs},
		{name: "run_id", ignored: "a run has an id of its own"},
		{name: "delete_nonexistent_backup", ignored: notOurs},
		{name: "delete_nonexistent_snapshot", ignored: notOurs},
		{name: "netbox_endpoint_ids", ignored: "there is one NetBox"},
	}
}

// readOptions returns what the options of a query come to: the kinds that are left out, and the policy; nil if there is
// nothing that a run does differently.
func readOptions(query url.Values) (leaves []sync.Kind, policy *sync.Policy) {
	rules := map[sync.Kind]map[string]sync.Rule{}
	set := func(all fields, rule sync.Rule) {
		for kind, names := range all {
			if rules[kind] == nil {
				rules[kind] = map[string]sync.Rule{}
			}
			for _, name := range names {
				rules[kind][name] = rule
			}
		}
	}
	var never []fields
	for _, o := range queryOptions() {
		if o.value == "" || !hasValue(query, o.name, o.value) {
			continue
		}
		leaves = append(leaves, o.leaves...)
		set(o.once, sync.CreateOnly)
		never = append(never, o.never)
	}
	for _, all := range never {
		set(all, sync.Never)
	}
	if len(rules) > 0 {
		policy = &sync.Policy{Rules: rules}
	}
	return leaves, policy
}

// hasValue tells whether an option has the value; "false" has more ways to be written.
func hasValue(query url.Values, name, value string) bool {
	given := strings.ToLower(strings.TrimSpace(query.Get(name)))
	if value == "false" && slices.Contains([]string{"0", "no", "off", "f", "n"}, given) {
		return true
	}
	return given == value
}
