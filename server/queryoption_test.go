package server

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQueryOptions(t *testing.T) {
	t.Parallel()
	once := func(kind sync.Kind, names ...string) map[sync.Kind]map[string]sync.Rule {
		rules := map[string]sync.Rule{}
		for _, name := range names {
			rules[name] = sync.CreateOnly
		}
		return map[sync.Kind]map[string]sync.Rule{kind: rules}
	}
	noMAC := map[sync.Kind]map[string]sync.Rule{"vm-interface": {"mac_address": sync.Never, "primary_mac_address": sync.Never}}
	onMachine := []sync.Kind{"vm-interface", "mac-address", "ip-address", "virtual-disk"}
	custom := func(names ...string) []string {
		for i, name := range names {
			names[i] = "custom_fields.proxmox_" + name
		}
		return names
	}
	nic := []string{"name", "enabled", "mtu", "description", "mode", "untagged_vlan", "tagged_vlans"}
	address := []string{"address", "status", "assigned_object", "description", "vrf", "role"}
	node := once("device", append(custom("node_cpus", "node_memory", "node_cpu_model"),
		"site", "location", "cluster", "device_type", "role", "tenant", "description", "tags", "status", "platform")...)
	maps.Copy(node, once("node-interface", append(slices.Clone(nic), "type", "parent", "bridge", "lag")...))
	maps.Copy(node, once("node-ip-address", address...))
	aboutMachine := custom("start_at_boot", "unprivileged_container", "qemu_agent", "search_domain", "node", "pool", "ha_state")
	machine := once("virtual-machine", append(slices.Clone(aboutMachine), "cluster", "role", "virtual_machine_type", "platform", "tenant",
		"status", "device", "site", "description", "comments", "vcpus", "memory", "start_on_boot", "tags", "custom_fields.proxmox_tags")...)
	maps.Copy(machine, once("virtual-disk", "name", "size", "description"))
	for query, want := range map[string]struct {
		leaves []sync.Kind
		rules  map[sync.Kind]map[string]sync.Rule
	}{
		"":                                                  {},
		"overwrite_device_role=true":                        {},
		"overwrite_device_role=1":                           {},
		"overwrite_device_role=":                            {},
		"overwrite_device_role=false":                       {nil, once("device", "role")},
		"overwrite_device_role=False":                       {nil, once("device", "role")},
		"overwrite_device_role=0":                           {nil, once("device", "role")},
		"overwrite_device_type=off":                         {nil, once("device", "device_type")},
		"overwrite_device_tags=no":                          {nil, once("device", "tags")},
		"overwrite_device_status=f":                         {nil, once("device", "status")},
		"overwrite_device_description=n":                    {nil, once("device", "description")},
		"overwrite_device_custom_fields=off":                {nil, once("device", custom("node_cpus", "node_memory", "node_cpu_model")...)},
		"overwrite_vm_role=false":                           {nil, once("virtual-machine", "role")},
		"overwrite_vm_type=false":                           {nil, once("virtual-machine", "virtual_machine_type")},
		"overwrite_vm_tags=false":                           {nil, once("virtual-machine", "tags", "custom_fields.proxmox_tags")},
		"overwrite_vm_proxmox_tags=false":                   {nil, once("virtual-machine", "tags", "custom_fields.proxmox_tags")},
		"overwrite_vm_description=false":                    {nil, once("virtual-machine", "description")},
		"overwrite_vm_custom_fields=false":                  {nil, once("virtual-machine", aboutMachine...)},
		"overwrite_ip_status=false":                         {nil, once("ip-address", "status")},
		"overwrite_vm_platform=false":                       {nil, once("virtual-machine", "platform")},
		"overwrite_node_interface_tags=false":               {},
		"overwrite_cluster_tags=false":                      {},
		"overwrite_ip_address_dns_name=false":               {},
		"sync_mode_vm=always":                               {},
		"sync_mode_vm=disabled":                             {slices.Concat([]sync.Kind{"virtual-machine"}, onMachine), nil},
		"sync_mode_vm=bootstrap_only":                       {nil, machine},
		"sync_mode_vm_interface=disabled":                   {onMachine[:3], nil},
		"sync_mode_vm_interface=bootstrap_only":             {nil, once("vm-interface", nic...)},
		"sync_mode_mac=disabled":                            {onMachine[1:2], noMAC},
		"sync_mode_mac=bootstrap_only":                      {},
		"sync_mode_ip_address=disabled":                     {onMachine[2:3], nil},
		"sync_mode_ip_address=bootstrap_only":               {nil, once("ip-address", address...)},
		"sync_mode_node=disabled":                           {[]sync.Kind{"device", "node-interface", "node-mac-address", "node-ip-address"}, nil},
		"sync_mode_node=bootstrap_only":                     {nil, node},
		"sync_mode_sdn=disabled":                            {},
		"sync_mode_vm_template=disabled":                    {},
		"sync_vm_network=false":                             {onMachine, nil},
		"assign_vm_interface_ips=false":                     {onMachine[2:3], nil},
		"sync_vm_interface_macs=false":                      {onMachine[1:2], noMAC},
		"primary_ip_preference=ipv6&fetch_max_concurrency=": {},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(query)
			require.NoError(t, err)
			leaves, policy := readOptions(values)
			assert.Equal(t, want.leaves, leaves)
			if want.rules == nil {
				assert.Nil(t, policy)
				return
			}
			require.NotNil(t, policy)
			assert.Equal(t, want.rules, policy.Rules)
		})
	}
}

func TestOptionsAddUp(t *testing.T) {
	t.Parallel()
	leaves, policy := readOptions(url.Values{
		"sync_mode_vm": {"bootstrap_only"}, "overwrite_device_role": {"false"}, "overwrite_device_tags": {"false"}, "sync_mode_mac": {"disabled"},
	})
	assert.Equal(t, []sync.Kind{"mac-address"}, leaves)
	assert.Equal(t, map[string]sync.Rule{"role": sync.CreateOnly, "tags": sync.CreateOnly}, policy.Rules["device"])
	assert.Equal(t, sync.CreateOnly, policy.Rules["virtual-machine"]["memory"])
	assert.Equal(t, sync.CreateOnly, policy.Rules["virtual-disk"]["size"])
	assert.Equal(t, sync.Never, policy.Rules["vm-interface"]["mac_address"])
}

// What marks an object as ours is written whatever the options say.
func TestOptionsLeaveTheMarksAlone(t *testing.T) {
	t.Parallel()
	for _, o := range queryOptions() {
		assert.Equal(t, o.ignored == "", len(o.leaves)+len(o.once)+len(o.never) > 0, "%s either has an effect or a reason why not", o.name)
		for _, names := range o.once {
			for _, name := range names {
				for _, mark := range []string{"proxbox_", "vm_id", "vm_type", "remembered"} {
					assert.NotContains(t, strings.TrimPrefix(name, "custom_fields."), mark, o.name)
				}
			}
		}
	}
}

// Every option that the plugin was recorded sending stands in the table.
func TestAllRecordedOptionsAreKnown(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, o := range queryOptions() {
		known[o.name] = true
	}
	flags := map[string]string{
		"device_":         "role type tags status description custom_fields",
		"vm_":             "role type platform tags proxmox_tags description custom_fields cloudinit",
		"cluster_":        "tags description custom_fields",
		"node_interface_": "tags custom_fields",
		"storage_":        "tags",
		"vm_interface_":   "tags custom_fields",
		"ip_":             "status tags custom_fields address_dns_name",
	}
	names := strings.Fields("use_guest_agent_interface_name vm_interface_sync_strategy fetch_max_concurrency " +
		"ignore_ipv6_link_local_addresses primary_ip_preference parse_description_metadata")
	for group, list := range flags {
		for name := range strings.FieldsSeq(list) {
			names = append(names, "overwrite_"+group+name)
		}
	}
	for name := range strings.FieldsSeq("vm vm_template vm_interface mac ip_address cluster node storage sdn sdn_bgp") {
		names = append(names, "sync_mode_"+name)
	}
	assert.Len(t, names, 42, "and proxmox_endpoint_ids")
	for _, name := range names {
		assert.True(t, known[name], name)
	}
}
