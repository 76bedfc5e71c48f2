package main

import (
	"maps"
	"slices"
	"strings"
)

// table is one of NetBox's lists, as far as rows of proxbox's are in it.
type table struct {
	path string
	// values are the fields that are written as they are read; of a choice its value.
	values []string
	// refs are the fields that refer to an object, with the path of its list; without one another field tells the type.
	refs map[string]string
	// late are those of refs that are set when all else is there.
	late []string
	// parent is the field of refs whose children stay in one request, as NetBox sums them up.
	parent string
	// order is the field of refs by which rows are sorted before they are written: NetBox counts on what it refers to, and
	// requests that lock several of these in different orders wait for each other.
	order string
	// serial tables take one write at a time.
	serial bool
}

const (
	tagsPath         = "/api/extras/tags/"
	fieldsPath       = "/api/extras/custom-fields/"
	clusterTypePath  = "/api/virtualization/cluster-types/"
	sitePath         = "/api/dcim/sites/"
	manufacturerPath = "/api/dcim/manufacturers/"
	deviceTypePath   = "/api/dcim/device-types/"
	rolePath         = "/api/dcim/device-roles/"
	platformPath     = "/api/dcim/platforms/"
	machineTypePath  = "/api/virtualization/virtual-machine-types/"
	clusterPath      = "/api/virtualization/clusters/"
	devicePath       = "/api/dcim/devices/"
	machinePath      = "/api/virtualization/virtual-machines/"
	portPath         = "/api/dcim/interfaces/"
	interfacePath    = "/api/virtualization/interfaces/"
	macPath          = "/api/dcim/mac-addresses/"
	addressPath      = "/api/ipam/ip-addresses/"
	diskPath         = "/api/virtualization/virtual-disks/"
)

// tables returns the lists in the order in which they are written: what refers comes after what is referred to.
func tables() []table {
	named := []string{"name", "slug", "description"}
	return []table{
		{path: tagsPath, values: append(named, "color", "weight", "object_types")},
		{path: fieldsPath, values: []string{
			"name", "label", "group_name", "description", "type", "object_types", "ui_visible", "ui_editable", "filter_logic",
			"search_weight", "weight", "required", "is_cloneable",
		}},
		{path: clusterTypePath, values: named},
		{path: sitePath, values: append(named, "status")},
		{path: manufacturerPath, values: named},
		{
			path: deviceTypePath, values: []string{"model", "slug", "description", "u_height", "is_full_depth"},
			refs: map[string]string{"manufacturer": manufacturerPath},
		},
		{path: rolePath, values: append(named, "color", "vm_role")},
		{path: platformPath, values: named, refs: map[string]string{"manufacturer": manufacturerPath}},
		{path: machineTypePath, values: named},
		{
			path: clusterPath, values: []string{"name", "status", "description", "comments", "scope_type"},
			refs: map[string]string{"type": clusterTypePath, "scope_id": ""},
		},
		{
			path: devicePath, values: []string{"name", "status", "serial", "description", "comments"}, serial: true,
			refs: map[string]string{
				"device_type": deviceTypePath, "role": rolePath, "site": sitePath, "cluster": clusterPath, "platform": platformPath,
				"primary_ip4": addressPath, "primary_ip6": addressPath,
			},
			late: []string{"primary_ip4", "primary_ip6"},
		},
		{
			path: machinePath, values: []string{"name", "status", "vcpus", "memory", "start_on_boot", "description", "comments"},
			refs: map[string]string{
				"site": sitePath, "cluster": clusterPath, "device": devicePath, "role": rolePath, "platform": platformPath,
				"virtual_machine_type": machineTypePath, "primary_ip4": addressPath, "primary_ip6": addressPath,
			},
			late: []string{"primary_ip4", "primary_ip6"}, order: "virtual_machine_type",
		},
		{
			path: portPath, values: []string{"name", "type", "enabled", "mtu", "mode", "description"},
			refs: map[string]string{
				"device": devicePath, "parent": portPath, "bridge": portPath, "lag": portPath, "primary_mac_address": macPath,
			},
			late: []string{"primary_mac_address"},
		},
		{
			path: interfacePath, values: []string{"name", "enabled", "mtu", "mode", "description"},
			refs: map[string]string{"virtual_machine": machinePath, "primary_mac_address": macPath},
			late: []string{"primary_mac_address"},
		},
		{
			path: macPath, values: []string{"mac_address", "description", "assigned_object_type"},
			refs: map[string]string{"assigned_object_id": ""},
		},
		{
			path: addressPath, values: []string{"address", "status", "role", "dns_name", "description", "assigned_object_type"},
			refs: map[string]string{"assigned_object_id": ""},
		},
		{
			path: diskPath, values: []string{"name", "size", "description"}, parent: "virtual_machine",
			refs: map[string]string{"virtual_machine": machinePath},
		},
	}
}

// fields are all that a row has.
func (t table) fields() string {
	names := append([]string{"id", "tags", "custom_fields"}, t.values...)
	return strings.Join(append(names, slices.Sorted(maps.Keys(t.refs))...), ",")
}

// typeFields are the fields that tell of what type the object is that another field refers to by id.
func typeFields() map[string]string {
	return map[string]string{"scope_id": "scope_type", "assigned_object_id": "assigned_object_type"}
}

// pathOf returns the list of a type.
func pathOf(model string) string {
	switch model {
	case "dcim.site":
		return sitePath
	case "dcim.interface":
		return portPath
	case "virtualization.vminterface":
		return interfacePath
	}
	return ""
}
