package netboxsink

import "github.com/proxbox-go/proxbox/sync"

// The kinds of objects that the sink writes. What hangs on a device has kinds of its own, though some of it is the same
// to NetBox: a run may be for the one and not for the other.
const (
	KindTag            sync.Kind = "tag"
	KindCustomField    sync.Kind = "custom-field"
	KindTenant         sync.Kind = "tenant"
	KindClusterType    sync.Kind = "cluster-type"
	KindSite           sync.Kind = "site"
	KindLocation       sync.Kind = "location"
	KindManufacturer   sync.Kind = "manufacturer"
	KindDeviceType     sync.Kind = "device-type"
	KindDeviceRole     sync.Kind = "device-role"
	KindPlatform       sync.Kind = "platform"
	KindMachineType    sync.Kind = "virtual-machine-type"
	KindVRF            sync.Kind = "vrf"
	KindVLANGroup      sync.Kind = "vlan-group"
	KindVLAN           sync.Kind = "vlan"
	KindCluster        sync.Kind = "cluster"
	KindDevice         sync.Kind = "device"
	KindNodeInterface  sync.Kind = "node-interface"
	KindNodeMAC        sync.Kind = "node-mac-address"
	KindNodeAddress    sync.Kind = "node-ip-address"
	KindVirtualMachine sync.Kind = "virtual-machine"
	KindInterface      sync.Kind = "vm-interface"
	KindMAC            sync.Kind = "mac-address"
	KindAddress        sync.Kind = "ip-address"
	KindDisk           sync.Kind = "virtual-disk"
)

// Kinds returns the kinds in the order in which they are written.
func (s *Sink) Kinds() []sync.KindInfo {
	return []sync.KindInfo{
		{Kind: KindTag, Level: sync.Shared},
		{Kind: KindCustomField, Level: sync.Shared},
		{Kind: KindTenant, Level: sync.Shared},
		{Kind: KindClusterType, Level: sync.Shared},
		{Kind: KindSite, Level: sync.Shared},
		{Kind: KindLocation, Level: sync.Shared},
		{Kind: KindManufacturer, Level: sync.Shared},
		{Kind: KindDeviceType, Level: sync.Shared},
		{Kind: KindDeviceRole, Level: sync.Shared},
		{Kind: KindPlatform, Level: sync.Shared},
		{Kind: KindMachineType, Level: sync.Shared},
		{Kind: KindVRF, Level: sync.Shared},
		{Kind: KindVLANGroup, Level: sync.Shared},
		{Kind: KindVLAN, Level: sync.Shared},
		{Kind: KindCluster, Level: sync.Shared},
		// Each new device counts on its type's row: two requests at once would wait for each other.
		{Kind: KindDevice, Level: sync.Unit, Stage: "devices", Serial: true},
		{Kind: KindVirtualMachine, Level: sync.Unit, Stage: "virtual-machines"},
		{Kind: KindNodeInterface, Level: sync.Child},
		{Kind: KindInterface, Level: sync.Child},
		{Kind: KindNodeMAC, Level: sync.Child},
		{Kind: KindMAC, Level: sync.Child},
		{Kind: KindNodeAddress, Level: sync.Child},
		{Kind: KindAddress, Level: sync.Child},
		{Kind: KindDisk, Level: sync.Child},
	}
}

// family is the kinds that hang on one kind of unit.
type family struct {
	unit, nic, mac, address sync.Kind
	parent                  string // the field of an interface that names its unit
}

// familyOf returns the family of a kind: of a device's or of a virtual machine's.
func familyOf(kind sync.Kind) family {
	switch kind {
	case KindDevice, KindNodeInterface, KindNodeMAC, KindNodeAddress:
		return family{KindDevice, KindNodeInterface, KindNodeMAC, KindNodeAddress, "device"}
	}
	return family{KindVirtualMachine, KindInterface, KindMAC, KindAddress, "virtual_machine"}
}

// model is what NetBox calls the interfaces of the family.
func (f family) model() string { return tables[f.nic].model }

// child tells what a remembered child is by its name.
func (f family) child(name string) sync.Kind {
	switch isDisk, isAddress, isMAC := childForm(name); {
	case isAddress:
		return f.address
	case isDisk:
		return KindDisk
	case isMAC:
		return f.mac
	}
	return f.nic
}
