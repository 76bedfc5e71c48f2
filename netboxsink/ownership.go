package netboxsink

import "maps"

import "github.com/proxbox-go/proxbox/sync"

// DefaultRules returns, by kind and field, the rule that says when a field may be written over, for every field that
// [OwnershipOptions] may rule. What marks an object as ours, and what ties the parts of one together, is not among them:
// the next run would not know it again. The caller owns the maps.
func DefaultRules() map[sync.Kind]map[string]sync.Rule {
	const always, edited, once, empty = sync.Always, sync.UntilEdited, sync.CreateOnly, sync.IfEmptyOrOurs
	network := func(more map[string]sync.Rule) map[string]sync.Rule {
		rules := map[string]sync.Rule{
			"name": always, "enabled": always, "mtu": always, "description": edited, "mode": always, "untagged_vlan": always,
			"tagged_vlans": always,
		}
		maps.Copy(rules, more)
		return rules
	}
	address := func() map[string]sync.Rule {
		return map[string]sync.Rule{"address": always, "status": edited, "role": edited, "description": edited, "vrf": always}
	}
	return map[sync.Kind]map[string]sync.Rule{
		KindCluster: {"name": once, "type": once, "description": once, "tags": once, "tenant": once, "site": once},
		KindDevice: {
			"name": edited, "site": edited, "location": edited, "tenant": edited, "role": edited, "device_type": edited,
			"platform": edited, "description": edited, "status": always, "cluster": always, "tags": always,
			"primary_ip4": empty, "primary_ip6": empty,
			customPrefix + fieldNodeCPUs: always, customPrefix + fieldNodeMemory: always, customPrefix + fieldNodeCPUModel: always,
		},
		KindNodeInterface: network(map[string]sync.Rule{"type": edited, "parent": always, "bridge": always, "lag": always}),
		KindNodeAddress:   address(),
		KindVirtualMachine: {
			"name": edited, "role": edited, "virtual_machine_type": edited, "platform": edited, "tenant": edited,
			"description": edited, "comments": edited, "status": always, "vcpus": always, "memory": always, "start_on_boot": always,
			"device": always, "cluster": always, "tags": always, "primary_ip4": empty, "primary_ip6": empty,
			customPrefix + fieldNode: always, customPrefix + fieldPool: always, customPrefix + fieldHA: always,
			customPrefix + fieldTags: always, customPrefix + fieldStartAtBoot: always, customPrefix + fieldUnprivileged: always,
			customPrefix + fieldAgent: always, customPrefix + fieldSearchDomain: always,
		},
		KindInterface: network(nil),
		KindAddress:   address(),
		KindDisk:      {"name": always, "size": always, "description": edited},
	}
}
