package netboxtest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMachineRules(t *testing.T) {
	t.Parallel()
	post := func(version, body, answer string) refusal {
		return refusal{version, http.MethodPost, machines, body, answer}
	}
	patch := func(version, body, answer string) refusal {
		return refusal{version, http.MethodPatch, machines + "1/", body, answer}
	}
	checkRefusals(t, []refusal{
		post("4.7", `{"name":"a"}`, `{"__all__":["A virtual machine must be assigned to a site, cluster, or device."]}`),
		post("4.5", `{"name":"a"}`, `{"cluster":["A virtual machine must be assigned to a site and/or cluster."]}`),
		post("4.7", `{"name":"VM1","cluster":1}`, `{"__all__":["Virtual machine name must be unique per cluster and tenant."]}`),
		post("4.6", `{"name":"VM1","cluster":1}`, `{"__all__":["Virtual machine name must be unique per cluster."]}`),
		post("4.7", `{"name":"a","cluster":1,"site":2}`, `{"cluster":["The selected cluster (c1) is not assigned to this site (s2)."]}`),
		post("4.7", `{"name":"a","cluster":2,"device":1}`, `{"device":["The selected device (d1) is not assigned to this cluster (c2)."]}`),
		post("4.7", `{"name":"a","device":1}`, `{"cluster":["Must specify the assigned device's cluster (c1) when assigning host device d1."]}`),
		post("4.5", `{"name":"a","site":1,"device":1}`, `{"device":["Must specify a cluster when assigning a host device."]}`),
		post("4.7", `{"name":"a","site":1,"device":2}`, `{"site":["The selected device (d2) is not assigned to this site (s1)."]}`),
		patch("4.7", `{"disk":7}`, `{"disk":["The specified disk size (7) must match the aggregate size of assigned virtual disks (1500)."]}`),
		patch("4.7", `{"primary_ip4":2}`, `{"primary_ip4":["The specified IP address (10.0.0.6/24) is not assigned to this VM."]}`),
		patch("4.7", `{"primary_ip6":1}`, `{"primary_ip6":["Must be an IPv6 address. (10.0.0.5/24 is an IPv4 address.)"]}`),
	})
	c := startVersion(t, "4.7")
	c.estate()
	for _, body := range []string{
		`{"name":"vm1","cluster":1,"tenant":1}`, `{"name":"vm1","cluster":2}`, `{"name":"vm2","site":2}`, `{"name":"vm2","device":2}`,
	} {
		assert.Equal(t, 201, c.post(machines, body).Status, body)
	}
}

func TestMachineDiskIsTheSumOfItsDisks(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	disk := func() string { return c.get(machines + "1/?fields=disk").Text }
	updated := c.get(machines + "1/?fields=last_updated").Text
	rows := len(c.server.Changes())
	assert.Equal(t, `{"disk":1500}`, disk())
	c.remove("virtualization/virtual-disks/2/", nil)
	assert.Equal(t, `{"disk":1000}`, disk())
	assert.Equal(t, updated, c.get(machines+"1/?fields=last_updated").Text, "silently")
	assert.Len(t, c.server.Changes(), rows+1)
	assert.Equal(t, `{"disk":null}`, c.patch(machines+"1/?fields=disk", `{"disk":null}`).Text)
	assert.Equal(t, `{"disk":null}`, disk(), "a written null sticks")
	c.patch(machines+"1/", `{"comments":"x"}`)
	assert.Equal(t, `{"disk":1000}`, disk(), "until the next write")
	c.remove("virtualization/virtual-disks/1/", nil)
	assert.Equal(t, `{"disk":null}`, disk())
}

func TestMachineInheritsOnCreate(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	c.create("virtualization/virtual-machine-types", `{"name":"t","slug":"t","default_vcpus":4,"default_memory":512,"default_platform":1}`)
	r := c.post(machines+"?fields=site,vcpus,memory,platform,name,cluster,virtual_machine_type", `{"name":"a","cluster":1,"virtual_machine_type":1,"memory":64}`)
	o := r.object(t)
	assert.Equal(t, 4.0, o["vcpus"])
	assert.Equal(t, 64.0, o["memory"])
	assert.Equal(t, "p1", o["platform"].(map[string]any)["name"])
	assert.Equal(t, "s1", o["site"].(map[string]any)["name"])
}

func TestDeviceAndInterfaceRules(t *testing.T) {
	t.Parallel()
	device := func(version, body, answer string) refusal {
		return refusal{version, http.MethodPost, "dcim/devices/", `{"role":1,"device_type":1,` + body, answer}
	}
	port := func(body, answer string) refusal {
		return refusal{"4.7", http.MethodPost, "dcim/interfaces/", `{"name":"x",` + body, answer}
	}
	guest := func(body, answer string) refusal {
		return refusal{"4.7", http.MethodPost, "virtualization/interfaces/", `{"name":"x",` + body, answer}
	}
	checkRefusals(t, []refusal{
		device("4.7", `"name":"D1","site":1}`, `{"__all__":["Device name must be unique per site and tenant."]}`),
		device("4.5", `"name":"D1","site":1}`, `{"__all__":["Device name must be unique per site."]}`),
		device("4.7", `"name":"x","site":2,"cluster":1}`, `{"cluster":["The assigned cluster belongs to a different site (s1)"]}`),
		port(`"device":1,"type":"nope"}`, `{"type":["nope is not a valid choice."]}`),
		port(`"device":2,"type":"bridge","bridge":1}`, `{"bridge":["The selected bridge interface (vmbr0) belongs to a different device (d1)."]}`),
		port(`"device":2,"type":"virtual","parent":1}`, `{"parent":["The selected parent interface (vmbr0) belongs to a different device (d1)"]}`),
		port(`"device":1,"type":"virtual","lag":1}`, `{"lag":["Virtual interfaces cannot have a parent LAG interface."]}`),
		port(`"device":1,"type":"other","untagged_vlan":1,"tagged_vlans":[1]}`, `{"untagged_vlan":["Interface mode does not support untagged vlan"],"tagged_vlans":["Interface mode does not support tagged vlans"]}`),
		port(`"device":1,"type":"other","mode":"tagged","tagged_vlans":[2]}`, `{"tagged_vlans":["VLAN elsewhere (20) must belong to the same site as the interface's parent device, or it must be global."]}`),
		{"4.7", http.MethodPost, "dcim/interfaces/", `{"name":"vmbr0","device":1,"type":"bridge"}`, `{"__all__":["Interface with this Device and Name already exists."]}`},
		{"4.7", http.MethodPost, "virtualization/interfaces/", `{"name":"net0","virtual_machine":1}`, `{"__all__":["Interface with this Virtual machine and Name already exists."]}`},
		guest(`"virtual_machine":2,"parent":1}`, `{"parent":["The selected parent interface (net0) belongs to a different virtual machine (vm1)."]}`),
		guest(`"virtual_machine":1,"mode":"access","untagged_vlan":2}`, `{"untagged_vlan":["The untagged VLAN (elsewhere (20)) must belong to the same site as the interface's parent virtual machine, or it must be global."]}`),
		guest(`"virtual_machine":1,"tagged_vlans":[99]}`, `{"tagged_vlans":["Invalid pk \"99\" - object does not exist."]}`),
		guest(`"virtual_machine":1,"tagged_vlans":[{"vid":10}]}`, `{"tagged_vlans":["Incorrect type. Expected pk value, received dict."]}`),
		{"4.7", http.MethodPatch, "virtualization/interfaces/1/", `{"bridge":1}`, `{"bridge":["An interface cannot be bridged to itself."]}`},
	})
	c := startVersion(t, "4.7")
	c.estate()
	assert.Equal(t, 201, c.post("virtualization/interfaces/", `{"name":"NET0","virtual_machine":1}`).Status, "interface names are case-sensitive")
}

func TestMACRules(t *testing.T) {
	t.Parallel()
	checkRefusals(t, []refusal{
		{"4.7", http.MethodPost, "dcim/mac-addresses/", `{"mac_address":"zz"}`, `{"mac_address":["Invalid MAC address format: zz"]}`},
		{"4.7", http.MethodPost, "dcim/mac-addresses/", `{"mac_address":"aa:bb:cc:00:00:02","assigned_object_type":"virtualization.vminterface","assigned_object_id":99}`, `{"assigned_object_id":["Related object not found using the provided value: 99."]}`},
		{"4.7", http.MethodPost, "dcim/mac-addresses/", `{"mac_address":"aa:bb:cc:00:00:02","assigned_object_id":1}`, `{"assigned_object_type":["This field cannot be null."]}`},
		{"4.7", http.MethodPost, "dcim/mac-addresses/", `{"mac_address":"aa:bb:cc:00:00:02","assigned_object_type":"dcim.device","assigned_object_id":1}`, `{"assigned_object_type":["Invalid content type: dcim.device"]}`},
		{"4.7", http.MethodPatch, "dcim/mac-addresses/1/", `{"assigned_object_type":null,"assigned_object_id":null}`, `{"__all__":["Cannot unassign MAC Address while it is designated as the primary MAC for an object"]}`},
		{"4.7", http.MethodPatch, "dcim/mac-addresses/1/", `{"assigned_object_id":2}`, `{"__all__":["Cannot reassign MAC Address while it is designated as the primary MAC for an object"]}`},
		{"4.7", http.MethodPatch, "virtualization/interfaces/2/", `{"primary_mac_address":1}`, `{"__all__":["MAC address AA:BB:CC:00:00:01 is assigned to a different interface (net0)."]}`},
		{"4.6", http.MethodPatch, "virtualization/interfaces/2/", `{"primary_mac_address":1}`, `{"primary_mac_address":["MAC address AA:BB:CC:00:00:01 is assigned to a different interface (net0)."]}`},
		{"4.7", http.MethodPatch, "virtualization/interfaces/1/", `{"mac_address":"zz"}`, `{"mac_address":["Enter a valid MAC address (e.g. 00:11:22:33:44:55)."]}`},
		{"4.7", http.MethodPatch, "virtualization/interfaces/1/", `{"mac_address":"00:00:00:00:00:01","primary_mac_address":1}`, `{"__all__":["The provided 'mac_address' and 'primary_mac_address' values conflict."]}`},
		{"4.7", http.MethodPatch, "virtualization/interfaces/1/", `{"primary_mac_address":{"mac_address":"00:00:00:00:00:09"}}`, `{"primary_mac_address":["Related object not found using the provided attributes: {'mac_address': '00:00:00:00:00:09'}"]}`},
	})
}

func TestWritableMAC(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	path := "virtualization/interfaces/1/?fields=mac_address"
	assert.Equal(t, `{"mac_address":"00:00:00:00:00:02"}`, c.patch(path, `{"mac_address":"0000.0000.0002"}`).Text)
	assert.Equal(t, []string{"1", "1"}, c.get("dcim/mac-addresses/").column(t, "assigned_object_id"), "the old one stays")
	assert.Equal(t, `{"mac_address":"AA:BB:CC:00:00:01"}`, c.patch(path, `{"mac_address":"AA:BB:CC:00:00:01"}`).Text)
	assert.Len(t, c.get("dcim/mac-addresses/").column(t, "id"), 2, "found again")
	assert.Equal(t, `{"mac_address":null}`, c.patch(path, `{"mac_address":null}`).Text)
	assert.Len(t, c.get("dcim/mac-addresses/").column(t, "id"), 2)

	old := startVersion(t, "4.6")
	old.estate()
	assert.Equal(t, `{"mac_address":"AA:BB:CC:00:00:01"}`, old.patch(path, `{"mac_address":"00:00:00:00:00:02"}`).Text, "read-only before 4.7")
	old.create("dcim/mac-addresses", `{"mac_address":"00:00:00:00:00:03"}`)
	r := old.post("virtualization/interfaces/", `{"name":"x","virtual_machine":2,"primary_mac_address":2}`)
	require.Equal(t, 201, r.Status, r.Text)
	assert.Equal(t, []string{"4"}, old.get("dcim/mac-addresses/?id=2").column(t, "assigned_object_id"), "assigned on create")
}

func TestAddressRules(t *testing.T) {
	t.Parallel()
	post := func(body, answer string) refusal {
		return refusal{"4.7", http.MethodPost, "ipam/ip-addresses/", body, answer}
	}
	assigned := `,"assigned_object_type":"virtualization.vminterface","assigned_object_id":1}`
	checkRefusals(t, []refusal{
		post(`{"address":"zz"}`, `{"address":["Invalid IP address format: zz"]}`),
		post(`{"address":"10.9.0.1/0"}`, `{"address":["Cannot create IP address with /0 mask."]}`),
		post(`{"address":"10.0.0.5"}`, `{"address":["Duplicate IP address found in global table: 10.0.0.5/24"]}`),
		post(`{"address":"10.0.0.7/8","vrf":1}`, `{"address":["Duplicate IP address found in VRF v1 (1:1): 10.0.0.7/24"]}`),
		post(`{"address":"10.9.0.0/24"`+assigned, `{"__all__":["10.9.0.0 is a network ID, which may not be assigned to an interface."]}`),
		post(`{"address":"10.9.0.255/24"`+assigned, `{"__all__":["10.9.0.255 is a broadcast address, which may not be assigned to an interface."]}`),
		post(`{"address":"10.9.0.1/24","status":"slaac"}`, `{"status":["Only IPv6 addresses can be assigned SLAAC status"]}`),
		post(`{"address":"10.9.0.1/24","dns_name":"no!"}`, `{"dns_name":["Only alphanumeric characters, asterisks, hyphens, periods, and underscores are allowed in DNS names"]}`),
		post(`{"address":"10.9.0.1/24","assigned_object_type":"virtualization.vminterface","assigned_object_id":99}`, `{"assigned_object_id":["Related object not found using the provided value: 99."]}`),
		{"4.7", http.MethodPatch, "ipam/ip-addresses/1/", `{"assigned_object_id":3}`, `{"__all__":["Cannot reassign IP address while it is designated as the primary IP for the parent object"]}`},
		{"4.7", http.MethodPatch, "ipam/ip-addresses/1/", `{"assigned_object_type":null,"assigned_object_id":null}`, `{"__all__":["Cannot reassign IP address while it is designated as the primary IP for the parent object"]}`},
		{"4.7", http.MethodPost, "ipam/prefixes/", `{"prefix":"10.9.0.7/24"}`, `{"prefix":["10.9.0.7/24 is not a valid prefix. Did you mean 10.9.0.0/24?"]}`},
	})
	c := startVersion(t, "4.7")
	c.estate()
	assert.Equal(t, 200, c.patch("ipam/ip-addresses/1/", `{"assigned_object_id":2}`).Status, "to a sibling interface")
	require.Equal(t, 200, c.patch(machines+"1/", `{"primary_ip4":null}`).Status)
	assert.Equal(t, 200, c.patch("ipam/ip-addresses/1/", `{"assigned_object_id":3}`).Status, "no longer primary")
	assert.Equal(t, 201, c.post("ipam/ip-addresses/", `{"address":"10.9.1.1/24","role":"vip"}`).Status)
	assert.Equal(t, 201, c.post("ipam/ip-addresses/", `{"address":"10.9.1.1/24","role":"anycast"}`).Status, "all roles shared")
	assert.Equal(t, 400, c.post("ipam/ip-addresses/", `{"address":"10.9.1.1/24","role":"loopback"}`).Status)
	assert.Equal(t, 201, c.post("ipam/ip-addresses/", `{"address":"10.9.2.0/31"`+assigned).Status)
}

func TestUniquenessByVersion(t *testing.T) {
	t.Parallel()
	role, platform := `{"name":"r1","slug":"r1"}`, `{"name":"p1","slug":"p1"}`
	checkRefusals(t, []refusal{
		{"4.2", http.MethodPost, "dcim/device-roles/", role, `{"name":["device role with this name already exists."],"slug":["device role with this slug already exists."]}`},
		{"4.6", http.MethodPost, "dcim/device-roles/", role, `{"__all__":["A top-level device role with this name already exists.","A top-level device role with this slug already exists."]}`},
		{"4.7", http.MethodPost, "dcim/device-roles/", role, `{"__all__":["A device role with this name already exists.","A device role with this slug already exists."]}`},
		{"4.3", http.MethodPost, "dcim/platforms/", platform, `{"name":["platform with this name already exists."],"slug":["platform with this slug already exists."]}`},
		{"4.7", http.MethodPost, "dcim/platforms/", platform, `{"__all__":["Platform name must be unique.","Platform slug must be unique."]}`},
		{"4.7", http.MethodPost, "dcim/device-types/", `{"manufacturer":1,"model":"dt1","slug":"x"}`, `{"__all__":["Device type with this Manufacturer and Model already exists."]}`},
		{"4.7", http.MethodPost, "ipam/vrfs/", `{"name":"v1","rd":"1:1"}`, `{"rd":["VRF with this route distinguisher already exists."]}`},
	})
}
