package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// stranger is a virtual machine that a person keeps in a cluster of its own.
func (l *lab) stranger(name string) (machine, nic int) {
	l.t.Helper()
	kind := l.person(clusterTypes, map[string]any{"name": "VMware", "slug": "vmware"})
	cluster := l.person(clusters, map[string]any{"name": "other", "type": kind})
	machine = l.person(machines, map[string]any{"name": name, "cluster": cluster})
	return machine, l.person(interfaces, map[string]any{"virtual_machine": machine, "name": "eth0"})
}

func TestAddressOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	const address = "192.0.2.10/25" // the same host as web01's, whatever the mask
	for name, c := range map[string]struct {
		holder string
		create func(l *lab)
	}{
		"of a virtual machine": {"vcenter eth0", func(l *lab) {
			_, nic := l.stranger("vcenter")
			l.person(addresses, map[string]any{"address": address, "assigned_object_type": "virtualization.vminterface", "assigned_object_id": nic})
		}},
		"of a device": {"router lo0", func(l *lab) {
			site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
			role := l.person(deviceRoles, map[string]any{"name": "Router", "slug": "router"})
			maker := l.person(manufacturers, map[string]any{"name": "Juniper", "slug": "juniper"})
			kind := l.person(deviceTypes, map[string]any{"manufacturer": maker, "model": "MX", "slug": "mx"})
			device := l.person(devices, map[string]any{"name": "router", "site": site, "role": role, "device_type": kind})
			port := l.person("dcim/interfaces", map[string]any{"device": device, "name": "lo0", "type": "virtual"})
			l.person(addresses, map[string]any{"address": address, "assigned_object_type": "dcim.interface", "assigned_object_id": port})
		}},
		"of nobody": {"nobody", func(l *lab) { l.person(addresses, map[string]any{"address": address, "status": "reserved"}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, pair())
			c.create(l)
			before := l.one(addresses, "address", address)
			result := l.run()
			assert.Equal(t, draw(before), draw(l.again(addresses, before)))
			assert.Equal(t, []string{"2001:db8::10/64"}, l.on("web01", addresses, "address"))
			assert.Empty(t, l.machine("web01").at("primary_ip4"))
			assert.Equal(t, []string{"virtual-machine web01: ip-address 192.0.2.10/24: " + address + " belongs to " + c.holder + " in NetBox"}, notes(result))
			l.quiet()
			t.Run("and taken once it is free", func(t *testing.T) {
				assert.NoError(t, l.netbox.Delete(addresses, before.id()))
				l.run()
				assert.Equal(t, "192.0.2.10/24", l.machine("web01").at("primary_ip4"))
			})
		})
	}
}

func TestAddressInAVRFIsAnotherAddress(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	vrf := l.person("ipam/vrfs", map[string]any{"name": "blue"})
	inVRF := l.person(addresses, map[string]any{"address": "192.0.2.10/24", "vrf": vrf})
	l.run()
	assert.Equal(t, "192.0.2.10/24", l.machine("web01").at("primary_ip4"))
	assert.Equal(t, "", l.one(addresses, "id", text(inVRF)).at("assigned_object_type"))
	l.quiet()
}

func TestAddressThatAPersonMovedToAVRFStaysThere(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	vrf := l.person("ipam/vrfs", map[string]any{"name": "blue"})
	address := l.one(addresses, "address", "192.0.2.20/24")
	l.personEdits(addresses, address, map[string]any{"vrf": vrf})
	l.run()
	assert.Equal(t, "blue", l.again(addresses, address).at("vrf"))
	assert.Equal(t, []string{"192.0.2.20/24", "198.51.100.20/24"}, l.on("db01", addresses, "address"))
	l.quiet()
}

// TestAddressIsKnownInWhicheverVRFItIs: where no rule says one, the VRF is a person's, or that of a rule that is gone.
func TestAddressIsKnownInWhicheverVRFItIs(t *testing.T) {
	t.Parallel()
	t.Run("when its guest is taken over", func(t *testing.T) {
		t.Parallel()
		l := mapped(t, netboxsink.Mapping{Placement: netboxsink.PlacementOptions{
			VRF: []netboxsink.PlacementRule{{Value: "blue"}}, Missing: "create",
		}}, pair())
		l.run()
		l.personEdits(machines, l.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxbox_source": nil, "proxbox_memory": nil}})
		before := l.one(addresses, "address", "192.0.2.10/24")
		require.Equal(t, "blue", before.at("vrf"))
		l.remap(netboxsink.Mapping{})
		l.run()
		assert.Equal(t, draw(before), draw(l.one(addresses, "address", "192.0.2.10/24")))
		assert.Equal(t, "192.0.2.10/24", l.machine("web01").at("primary_ip4"))
		l.quiet()
	})
	// twin puts the address that web01 is to have on its interface in a VRF, by hand.
	twin := func(l *lab, description string) object {
		id := l.person(addresses, map[string]any{
			"address": "192.0.2.10/24", "vrf": l.person(vrfs, map[string]any{"name": "blue"}),
			"assigned_object_type": "virtualization.vminterface", "assigned_object_id": l.one(interfaces, "mac_address", "BC:24:11:00:01:00").id(),
			"description": description,
		})
		return l.one(addresses, "id", text(id))
	}
	// goes takes the address from the guest: ours goes, and theirs stays.
	goes := func(l *lab, theirs object) {
		l.guest(101, func(g *inventory.Guest) { g.NICs[0].Addresses = nil })
		l.run()
		assert.Equal(l.t, draw(theirs), draw(l.one(addresses, "address", "192.0.2.10/24")))
		l.quiet()
	}
	t.Run("but a person's beside it when its guest is taken over", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, pair())
		l.run()
		mine := l.one(addresses, "address", "192.0.2.10/24")
		theirs := twin(l, "From the guest agent")
		before := l.picture()
		l.personEdits(machines, l.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxbox_source": nil, "proxbox_memory": nil}})
		l.run()
		assert.Equal(t, before, l.picture())
		assert.Equal(t, text(mine.id()), l.machine("web01").at("primary_ip4.id"))
		l.quiet()
		goes(l, theirs)
	})
	t.Run("but a person's while its guest has none yet", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, pair())
		l.guest(101, func(g *inventory.Guest) { g.NICs[0].Addresses = nil })
		l.run()
		theirs := twin(l, "mine")
		l.attach(pair())
		assert.Empty(t, notes(l.run()))
		assert.Len(t, l.where(addresses, "address", "192.0.2.10/24"), 2)
		l.quiet()
		goes(l, theirs)
	})
	t.Run("when another guest has it in the global table", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, pair())
		l.run()
		mine := l.one(addresses, "address", "192.0.2.10/24")
		l.personEdits(addresses, mine, map[string]any{"vrf": l.person(vrfs, map[string]any{"name": "blue"})})
		l.edit(func(inv *inventory.Inventory) {
			inv.Guests = append(inv.Guests, qemu(103, "mail", nic("net0", "BC:24:11:00:03:00", "192.0.2.10/24")))
		})
		assert.Empty(t, notes(l.run()))
		assert.Equal(t, "blue", l.again(addresses, mine).at("vrf"))
		assert.Equal(t, "192.0.2.10/24", l.machine("mail").at("primary_ip4"))
		l.quiet()
	})
}

func TestVirtualMachineOfSomebodyElseKeepsItsName(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab"))
	l.run() // the cluster is there
	mine := l.person(machines, map[string]any{"name": "WEB01", "cluster": l.one(clusters, "name", "lab").id(), "comments": "by hand"})
	before := l.one(machines, "id", text(mine))
	l.edit(func(inv *inventory.Inventory) { inv.Guests = pair().Guests })
	l.run()
	assert.Equal(t, draw(before), draw(l.again(machines, before)))
	assert.Equal(t, "101", l.machine("web01 (2)").at("custom_fields.proxmox_vm_id"))
	l.quiet()
}

func TestNewNameThatSomebodyElseHasIsLeftToThem(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, estate("lab", qemu(101, "web01"), qemu(102, "db01")))
			l.run()
			lab := l.one(clusters, "name", "lab").id()
			l.person(machines, map[string]any{"name": "Mail", "cluster": lab})
			l.person(machines, map[string]any{"name": "mail (2)", "cluster": lab})
			l.guest(101, func(g *inventory.Guest) { g.Name = "mail" })
			l.run()
			assert.Equal(t, "101", l.machine("mail (3)").at("custom_fields.proxmox_vm_id"))
			l.quiet()
			t.Run("and a person's choice costs nothing", func(t *testing.T) {
				l.personEdits(machines, l.machine("db01"), map[string]any{"name": "orders"})
				l.quiet()
				for _, r := range l.netbox.Requests() {
					assert.False(t, r.Query.Has("cluster_id"), "%s %s", r.Path, r.Query)
				}
			})
		})
	}
}

func TestVirtualMachineOfAnotherTenantKeepsItsName(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, estate("lab"))
			l.run()
			tenant := l.person("tenancy/tenants", map[string]any{"name": "Ops", "slug": "ops"})
			l.person(machines, map[string]any{"name": "web01", "cluster": l.one(clusters, "name", "lab").id(), "tenant": tenant})
			l.edit(func(inv *inventory.Inventory) { inv.Guests = pair().Guests })
			l.run()
			assert.Equal(t, "101", l.machine("web01 (2)").at("custom_fields.proxmox_vm_id"), "two of one name confuse people")
			l.quiet()
		})
	}
}

func TestDeviceOfSomebodyElseKeepsItsName(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab"))
	site := l.person(sites, map[string]any{"name": "Proxmox Default Site - lab", "slug": "proxmox-default-site-lab"})
	role := l.person(deviceRoles, map[string]any{"name": "Server", "slug": "server"})
	maker := l.person(manufacturers, map[string]any{"name": "Dell", "slug": "dell"})
	kind := l.person(deviceTypes, map[string]any{"manufacturer": maker, "model": "R640", "slug": "r640"})
	mine := l.person(devices, map[string]any{"name": "pve01", "site": site, "role": role, "device_type": kind})
	before := l.one(devices, "id", text(mine))
	l.run()
	assert.Equal(t, draw(before), draw(l.again(devices, before)))
	assert.Equal(t, []string{"pve01", "pve01 (lab)", "pve02"}, l.column(devices, "name"))
	l.quiet()
}

func TestDeviceOfThatNameAtAnotherSiteIsNoneOfOurs(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab"))
	site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
	role := l.person(deviceRoles, map[string]any{"name": "Server", "slug": "server"})
	maker := l.person(manufacturers, map[string]any{"name": "Dell", "slug": "dell"})
	kind := l.person(deviceTypes, map[string]any{"manufacturer": maker, "model": "R640", "slug": "r640"})
	l.person(devices, map[string]any{"name": "pve01", "site": site, "role": role, "device_type": kind})
	l.run()
	assert.Equal(t, []string{"pve01", "pve01", "pve02"}, l.column(devices, "name"))
	l.quiet()
}

func TestMACOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
			_, port := l.stranger("vcenter")
			mac := map[string]any{"mac_address": "BC:24:11:00:01:00", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": port}
			before := l.one(macs, "id", text(l.person(macs, mac)))
			spare := l.one(macs, "id", text(l.person(macs, map[string]any{"mac_address": "BC:24:11:00:02:00"})))
			l.run()
			assert.Equal(t, draw(before), draw(l.again(macs, before)))
			assert.Equal(t, draw(spare), draw(l.again(macs, spare)))
			assert.Equal(t, []string{"BC:24:11:00:01:00"}, l.on("web01", macs, "mac_address"))
			assert.Equal(t, []string{"BC:24:11:00:02:00", "BC:24:11:00:02:01"}, l.on("db01", macs, "mac_address"))
			l.quiet()
		})
	}
}

func TestSharedObjectsOfAPersonAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.person(tags, map[string]any{"name": "PROXBOX", "slug": "proxbox", "color": "123456"})
	l.person(deviceRoles, map[string]any{"name": "VMs", "slug": "virtual-machine-qemu", "color": "abcdef", "vm_role": true})
	l.run()
	assert.Equal(t, "123456", l.one(tags, "slug", "proxbox").at("color"))
	assert.Equal(t, "VMs", l.machine("web01").at("role"))
	l.quiet()
}
