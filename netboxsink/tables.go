package netboxsink

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/netbox-community/go-netbox/v4"

	"github.com/proxbox-go/proxbox/sync"
)

// table is one of NetBox's lists of objects.
type table struct {
	path  string // of the list
	model string // NetBox's name for the kind of object
	// key is the parameter by which an object is found by its natural key, and the field that holds it.
	key string
	// fields are those that are read.
	fields string
	// create and change make the request models that a body passes through on its way out: they refuse what NetBox
	// would, before it is sent.
	create, change func() any
}

const (
	addressFields = "id,address,status,role,vrf,description,assigned_object_type,assigned_object_id,assigned_object"
	macFields     = "id,mac_address,assigned_object_type,assigned_object_id,description,comments,tags"
)

// tables has the tables by kind. It is read only.
var tables = map[sync.Kind]table{
	KindTag: {
		path: "/api/extras/tags/", model: "extras.tag", key: "slug", fields: "id,name,slug,object_types",
		create: model[netbox.TagRequest], change: model[netbox.PatchedTagRequest],
	},
	KindCustomField: {
		path: "/api/extras/custom-fields/", model: "extras.customfield", key: "name", fields: "id,name,label,object_types,type",
		create: model[netbox.WritableCustomFieldRequest], change: model[netbox.PatchedWritableCustomFieldRequest],
	},
	KindTenant: {
		path: "/api/tenancy/tenants/", model: "tenancy.tenant", key: "slug", fields: "id,name,slug",
		create: model[netbox.TenantRequest], change: model[netbox.PatchedTenantRequest],
	},
	KindClusterType: {
		path: "/api/virtualization/cluster-types/", model: "virtualization.clustertype", key: "slug", fields: "id,name,slug",
		create: model[netbox.ClusterTypeRequest], change: model[netbox.PatchedClusterTypeRequest],
	},
	KindSite: {
		path: "/api/dcim/sites/", model: "dcim.site", key: "slug", fields: "id,name,slug",
		create: model[netbox.WritableSiteRequest], change: model[netbox.PatchedWritableSiteRequest],
	},
	KindLocation: {
		path: "/api/dcim/locations/", model: "dcim.location", key: "name", fields: "id,name,slug,site",
		create: model[netbox.WritableLocationRequest], change: model[netbox.PatchedWritableLocationRequest],
	},
	KindManufacturer: {
		path: "/api/dcim/manufacturers/", model: "dcim.manufacturer", key: "slug", fields: "id,name,slug",
		create: model[netbox.ManufacturerRequest], change: model[netbox.PatchedManufacturerRequest],
	},
	KindDeviceType: {
		path: "/api/dcim/device-types/", model: "dcim.devicetype", key: "slug", fields: "id,model,slug",
		create: model[netbox.WritableDeviceTypeRequest], change: model[netbox.PatchedWritableDeviceTypeRequest],
	},
	KindDeviceRole: {
		path: "/api/dcim/device-roles/", model: "dcim.devicerole", key: "slug", fields: "id,name,slug",
		create: model[netbox.WritableDeviceRoleRequest], change: model[netbox.PatchedWritableDeviceRoleRequest],
	},
	KindPlatform: {
		path: "/api/dcim/platforms/", model: "dcim.platform", key: "slug", fields: "id,name,slug",
		create: model[netbox.PlatformRequest], change: model[netbox.PatchedPlatformRequest],
	},
	KindMachineType: { // from NetBox 4.6: younger than go-netbox's models
		path: "/api/virtualization/virtual-machine-types/", model: "virtualization.virtualmachinetype", key: "slug", fields: "id,name,slug",
		create: model[map[string]json.RawMessage], change: model[map[string]json.RawMessage],
	},
	KindVRF: {
		path: "/api/ipam/vrfs/", model: "ipam.vrf", key: "name", fields: "id,name",
		create: model[netbox.VRFRequest], change: model[netbox.PatchedVRFRequest],
	},
	KindVLANGroup: {
		path: "/api/ipam/vlan-groups/", model: "ipam.vlangroup", key: "name", fields: "id,name,slug,scope_type,scope_id",
		create: model[netbox.VLANGroupRequest], change: model[netbox.PatchedVLANGroupRequest],
	},
	KindVLAN: {
		path: "/api/ipam/vlans/", model: "ipam.vlan", key: "vid", fields: "id,vid,name,site,group",
		create: model[netbox.WritableVLANRequest], change: model[netbox.PatchedWritableVLANRequest],
	},
	KindCluster: {
		path: "/api/virtualization/clusters/", model: "virtualization.cluster", key: "name",
		fields: "id,name,type,description,scope_type,scope,tenant,tags,custom_fields",
		create: model[netbox.WritableClusterRequest], change: model[netbox.PatchedWritableClusterRequest],
	},
	KindDevice: {
		path: "/api/dcim/devices/", model: "dcim.device", key: "name",
		fields: "id,name,status,site,location,cluster,device_type,role,platform,tenant,description,primary_ip4,primary_ip6,tags,custom_fields",
		create: model[netbox.WritableDeviceWithConfigContextRequest], change: model[netbox.PatchedWritableDeviceWithConfigContextRequest],
	},
	KindNodeInterface: {
		path: "/api/dcim/interfaces/", model: "dcim.interface", key: "name",
		fields: "id,device,name,type,enabled,mtu,parent,bridge,lag,mode,untagged_vlan,tagged_vlans,description,mac_addresses,primary_mac_address",
		create: model[netbox.WritableInterfaceRequest], change: model[netbox.PatchedWritableInterfaceRequest],
	},
	KindNodeMAC: {
		path: "/api/dcim/mac-addresses/", model: "dcim.macaddress", key: "mac_address",
		fields: macFields,
		create: model[netbox.MACAddressRequest], change: model[netbox.PatchedMACAddressRequest],
	},
	KindNodeAddress: {
		path: "/api/ipam/ip-addresses/", model: "ipam.ipaddress", key: "address",
		fields: addressFields,
		create: model[netbox.WritableIPAddressRequest], change: model[netbox.PatchedWritableIPAddressRequest],
	},
	KindVirtualMachine: {
		path: "/api/virtualization/virtual-machines/", model: "virtualization.virtualmachine", key: "name",
		fields: "id,name,status,site,cluster,device,role,virtual_machine_type,platform,tenant,vcpus,memory,start_on_boot,description," +
			"comments,primary_ip4,primary_ip6,tags,custom_fields",
		create: model[netbox.WritableVirtualMachineWithConfigContextRequest],
		change: model[netbox.PatchedWritableVirtualMachineWithConfigContextRequest],
	},
	KindInterface: {
		path: "/api/virtualization/interfaces/", model: "virtualization.vminterface", key: "name",
		fields: "id,virtual_machine,name,enabled,mtu,mode,untagged_vlan,tagged_vlans,description,mac_addresses,primary_mac_address",
		create: model[netbox.WritableVMInterfaceRequest], change: model[netbox.PatchedWritableVMInterfaceRequest],
	},
	KindMAC: {
		path: "/api/dcim/mac-addresses/", model: "dcim.macaddress", key: "mac_address",
		fields: macFields,
		create: model[netbox.MACAddressRequest], change: model[netbox.PatchedMACAddressRequest],
	},
	KindAddress: {
		path: "/api/ipam/ip-addresses/", model: "ipam.ipaddress", key: "address",
		fields: addressFields,
		create: model[netbox.WritableIPAddressRequest], change: model[netbox.PatchedWritableIPAddressRequest],
	},
	KindDisk: {
		path: "/api/virtualization/virtual-disks/", model: "virtualization.virtualdisk", key: "name",
		fields: "id,virtual_machine,name,size,description",
		create: model[netbox.VirtualDiskRequest], change: model[netbox.PatchedVirtualDiskRequest],
	},
}

func model[T any]() any { return new(T) }

// throughModel passes a body through go-netbox's model of the request, which refuses a missing or ill-typed field with
// a [*FieldError].
func (t table) throughModel(body map[string]any, create bool) (json.RawMessage, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request := t.change()
	if create {
		request = t.create()
	}
	if err := json.Unmarshal(raw, request); err != nil {
		return nil, t.refusal(body, err)
	}
	return json.Marshal(request)
}

// refusal finds the field for which go-netbox refuses a body: no field is needed in a change.
func (t table) refusal(body map[string]any, err error) error {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		one, _ := json.Marshal(map[string]any{name: body[name]})
		if cause := json.Unmarshal(one, t.change()); cause != nil {
			value, _ := json.Marshal(body[name])
			return &FieldError{Model: t.model, Field: name, Value: shorten(string(value), 100), Err: cause}
		}
	}
	return &FieldError{Model: t.model, Err: err}
}
