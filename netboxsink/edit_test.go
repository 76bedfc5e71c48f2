package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// changePair changes at the source all that the tests below have a person edit.
func changePair(inv *inventory.Inventory, web, db *inventory.Guest) {
	web.Name, web.Node, web.CPUs, web.Memory, web.Status = "web99", "pve02", 8, 8*gib, inventory.GuestStopped
	web.Disks[0].Bytes, web.Disks[0].Storage = 64*gib, "ceph"
	web.NICs[0].MTU, web.Description = 1400, "from the source"
	nic("net1", "BC:24:11:00:01:01", "203.0.113.10/24")(web)
	db.NICs[0].Addresses[0].Dynamic = true
	inv.Nodes[0].Version = "9.1.1"
}

func TestWhatAPersonEditedStays(t *testing.T) {
	t.Parallel()
	type edit struct {
		path, field, value string // of the object that is edited
		fields             map[string]any
		want               map[string]string
	}
	for name, c := range map[string]func(l *lab) edit{
		"name of a virtual machine": func(*lab) edit {
			return edit{machines, "name", "web01", map[string]any{"name": "Web front"}, map[string]string{"name": "Web front"}}
		},
		"description": func(*lab) edit {
			return edit{machines, "name", "web01", map[string]any{"description": "mine"}, map[string]string{"description": "mine"}}
		},
		"cleared description": func(*lab) edit {
			return edit{machines, "name", "web01", map[string]any{"description": ""}, map[string]string{"description": ""}}
		},
		"role": func(l *lab) edit {
			role := l.person(deviceRoles, map[string]any{"name": "Web", "slug": "web"})
			return edit{machines, "name", "web01", map[string]any{"role": role}, map[string]string{"role": "Web"}}
		},
		"cleared role": func(*lab) edit {
			return edit{machines, "name", "web01", map[string]any{"role": nil}, map[string]string{"role": ""}}
		},
		"type": func(l *lab) edit {
			kind := l.person(machineTypes, map[string]any{"name": "Big", "slug": "big"})
			return edit{machines, "name", "web01", map[string]any{"virtual_machine_type": kind}, map[string]string{"virtual_machine_type": "Big"}}
		},
		"platform, comments, tenant": func(l *lab) edit {
			platform := l.person(platforms, map[string]any{"name": "Debian", "slug": "debian"})
			tenant := l.person("tenancy/tenants", map[string]any{"name": "Ops", "slug": "ops"})
			return edit{
				machines, "name", "web01",
				map[string]any{"platform": platform, "comments": "do not touch", "tenant": tenant},
				map[string]string{"platform": "Debian", "comments": "do not touch", "tenant": "Ops"},
			}
		},
		"tag that was added": func(l *lab) edit {
			tag := l.person(tags, map[string]any{"name": "Prod", "slug": "prod"})
			ours := l.one(tags, "slug", "proxbox").id()
			return edit{machines, "name", "web01", map[string]any{"tags": []int{ours, tag}}, map[string]string{"tags": "Prod,Proxbox"}}
		},
		"custom field": func(l *lab) edit {
			l.person(customFields, map[string]any{"name": "owner", "type": "text", "object_types": []string{"virtualization.virtualmachine"}})
			return edit{machines, "name", "web01", map[string]any{"custom_fields": map[string]any{"owner": "Ada"}}, map[string]string{"custom_fields.owner": "Ada"}}
		},
		"primary address": func(l *lab) edit {
			return edit{
				machines, "name", "db01",
				map[string]any{"primary_ip4": l.one(addresses, "address", "198.51.100.20/24").id()},
				map[string]string{"primary_ip4": "198.51.100.20/24"},
			}
		},
		"name of a device": func(*lab) edit {
			return edit{devices, "name", "pve01", map[string]any{"name": "rack 1"}, map[string]string{"name": "rack 1"}}
		},
		"description, comments and serial of a device": func(*lab) edit {
			return edit{
				devices, "name", "pve01",
				map[string]any{"description": "", "comments": "loud", "serial": "X1"},
				map[string]string{"description": "", "comments": "loud", "serial": "X1"},
			}
		},
		"role, type and platform of a device": func(l *lab) edit {
			role := l.person(deviceRoles, map[string]any{"name": "Host", "slug": "host"})
			maker := l.person(manufacturers, map[string]any{"name": "Dell", "slug": "dell"})
			kind := l.person(deviceTypes, map[string]any{"manufacturer": maker, "model": "R640", "slug": "r640"})
			return edit{
				devices, "name", "pve01",
				map[string]any{"role": role, "device_type": kind, "platform": nil},
				map[string]string{"role": "Host", "device_type": "R640", "platform": ""},
			}
		},
		"site of a device": func(l *lab) edit {
			// As long as the cluster has a site NetBox takes no node of it elsewhere.
			l.personEdits(clusters, l.one(clusters, "name", "lab"), map[string]any{"scope_type": nil, "scope_id": nil})
			site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
			return edit{devices, "name", "pve01", map[string]any{"site": site}, map[string]string{"site": "Berlin"}}
		},
		"name and description of a cluster": func(*lab) edit {
			return edit{
				clusters, "name", "lab",
				map[string]any{"name": "Lab cluster", "description": "ours"},
				map[string]string{"name": "Lab cluster", "description": "ours"},
			}
		},
		"name and colour of a tag": func(*lab) edit {
			return edit{
				tags, "slug", "proxbox",
				map[string]any{"name": "From Proxmox", "color": "000000"},
				map[string]string{"name": "From Proxmox", "color": "000000"},
			}
		},
		"description of an interface": func(*lab) edit {
			return edit{interfaces, "name", "net0", map[string]any{"description": "uplink"}, map[string]string{"description": "uplink"}}
		},
		"MTU that Proxmox does not know": func(*lab) edit {
			return edit{interfaces, "name", "eth0", map[string]any{"mtu": 1280}, map[string]string{"mtu": "1280"}}
		},
		"description of a disk": func(*lab) edit {
			return edit{disks, "name", "scsi0", map[string]any{"description": "fast"}, map[string]string{"description": "fast"}}
		},
		"status, role and name of an address": func(*lab) edit {
			return edit{
				addresses, "address", "192.0.2.20/24",
				map[string]any{"status": "reserved", "dns_name": "db.example.com"},
				map[string]string{"status": "reserved", "dns_name": "db.example.com", "assigned_object.name": "eth0"},
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, pair())
			l.run()
			edit := c(l)
			o := l.one(edit.path, edit.field, edit.value)
			l.personEdits(edit.path, o, edit.fields)
			before := l.column(edit.path, "id")
			l.run()
			assert.Equal(t, edit.want, fields(l.again(edit.path, o), edit.want), "after the next run")
			assert.Equal(t, before, l.column(edit.path, "id"), "it is known again")
			l.quiet()
			l.edit(func(inv *inventory.Inventory) { changePair(inv, guestOf(t, inv, 101), guestOf(t, inv, 102)) })
			l.run()
			assert.Equal(t, edit.want, fields(l.again(edit.path, o), edit.want), "after the source changed")
			l.quiet()
		})
	}
}

func TestWhatTheSourceMeasuresIsRestored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, field, value string
		edit               map[string]any
	}{
		"status":             {machines, "name", "web01", map[string]any{"status": "staged"}},
		"processors":         {machines, "name", "web01", map[string]any{"vcpus": 64}},
		"memory":             {machines, "name", "web01", map[string]any{"memory": nil}},
		"node":               {machines, "name", "web01", map[string]any{"device": nil}},
		"our tag":            {machines, "name", "web01", map[string]any{"tags": []int{}}},
		"our custom fields":  {machines, "name", "web01", map[string]any{"custom_fields": map[string]any{"proxmox_start_at_boot": true}}},
		"cleared primary":    {machines, "name", "web01", map[string]any{"primary_ip4": nil}},
		"status of a node":   {devices, "name", "pve01", map[string]any{"status": "failed"}},
		"name of a NIC":      {interfaces, "name", "net0", map[string]any{"name": "uplink"}},
		"link":               {interfaces, "name", "net0", map[string]any{"enabled": false}},
		"MAC of a NIC":       {interfaces, "name", "net0", map[string]any{"primary_mac_address": nil}},
		"size of a disk":     {disks, "name", "scsi0", map[string]any{"size": 1}},
		"mask of an address": {addresses, "address", "192.0.2.10/24", map[string]any{"address": "192.0.2.10/32"}},
	} {
		for _, version := range []string{"4.4", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
				l.run()
				before, was := l.picture(), l.ids(c.path, c.field)
				l.personEdits(c.path, l.one(c.path, c.field, c.value), c.edit)
				l.run()
				assert.Equal(t, before, l.picture())
				assert.Equal(t, was, l.ids(c.path, c.field), "the same objects")
				l.quiet()
			})
		}
	}
}

func TestWhatAPersonDeletedComesBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, field, value string }{
		"virtual machine": {machines, "name", "web01"},
		"interface":       {interfaces, "name", "net0"},
		"MAC address":     {macs, "mac_address", "BC:24:11:00:01:00"},
		"address":         {addresses, "address", "192.0.2.10/24"},
		"disk":            {disks, "name", "scsi0"},
	} {
		for _, version := range []string{"4.4", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
				l.run()
				before := l.picture()
				assert.NoError(t, l.netbox.Delete(c.path, l.one(c.path, c.field, c.value).id()))
				l.run()
				assert.Equal(t, before, l.picture())
				l.quiet()
			})
		}
	}
}

func TestTagsOfOthersSurviveTheRestoringOfOurs(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	tag := l.person(tags, map[string]any{"name": "Prod", "slug": "prod"})
	l.personEdits(machines, l.machine("web01"), map[string]any{"tags": []int{tag}})
	l.run()
	assert.Equal(t, "Prod,Proxbox", l.machine("web01").at("tags"))
	l.quiet()
}

func TestWhatAPersonAddedToAVirtualMachineStays(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
			l.run()
			web, net0 := l.machine("web01").id(), l.one(interfaces, "name", "net0").id()
			l.person(interfaces, map[string]any{"virtual_machine": web, "name": "ilo"})
			l.person(disks, map[string]any{"virtual_machine": web, "name": "backup", "size": 5})
			l.person(macs, map[string]any{"mac_address": "02:00:00:00:00:01", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": net0})
			l.person(addresses, map[string]any{"address": "192.0.2.77/24", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": net0})
			l.quiet()
			l.guest(101, func(g *inventory.Guest) {
				g.NICs[0].MAC, g.NICs[0].Addresses, g.Disks[0].Bytes = "BC:24:11:00:01:FF", addressList("192.0.2.11/24"), 64*gib
			})
			l.run()
			assert.Equal(t, []string{"ilo", "net0"}, l.on("web01", interfaces, "name"))
			assert.Equal(t, []string{"backup", "scsi0"}, l.on("web01", disks, "name"))
			assert.Equal(t, []string{"02:00:00:00:00:01", "BC:24:11:00:01:FF"}, l.on("web01", macs, "mac_address"))
			assert.Equal(t, []string{"192.0.2.11/24", "192.0.2.77/24"}, l.on("web01", addresses, "address"))
			l.quiet()
		})
	}
}

func TestNICThatGoesStaysWhileSomethingOfAPersonHangsOnIt(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	eth1 := l.one(interfaces, "name", "eth1")
	l.person(addresses, map[string]any{"address": "192.0.2.77/24", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": eth1.id()})
	l.guest(102, func(g *inventory.Guest) { g.NICs = g.NICs[:1] })
	result := l.run()
	assert.Equal(t, []string{"eth0", "eth1"}, l.on("db01", interfaces, "name"))
	assert.Equal(t, []string{"192.0.2.20/24", "192.0.2.77/24"}, l.on("db01", addresses, "address"))
	assert.Contains(t, notes(result), "virtual-machine db01: vm-interface eth1: "+
		"no longer in the source, but 192.0.2.77/24 hangs on it and is not ours: remove both by hand")
	l.quiet()
}

func TestWhatIsThereAlreadyUnderTheNameOfAChildIsNotTaken(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	web := l.machine("web01").id()
	l.person(interfaces, map[string]any{"virtual_machine": web, "name": "net1", "description": "mine"})
	l.person(disks, map[string]any{"virtual_machine": web, "name": "scsi1", "size": 5})
	l.guest(101, func(g *inventory.Guest) {
		nic("net1", "BC:24:11:00:01:01", "198.51.100.10/24")(g)
		disk("scsi1", gib)(g)
	})
	result := l.run()
	assert.Equal(t, []string{"net0", "net1"}, l.on("web01", interfaces, "name"))
	assert.Equal(t, []string{"192.0.2.10/24", "2001:db8::10/64"}, l.on("web01", addresses, "address"))
	assert.Equal(t, "5", l.one(disks, "name", "scsi1").at("size"))
	assert.Equal(t, []string{
		"virtual-machine web01: virtual-disk scsi1: a disk of that name is there already and is not ours",
		"virtual-machine web01: vm-interface net1: an interface of that name is there already and is not ours",
	}, notes(result))
	l.quiet()
	l.guest(101, func(g *inventory.Guest) { g.NICs, g.Disks = g.NICs[:1], g.Disks[:1] })
	l.run()
	assert.Equal(t, []string{"net0", "net1"}, l.on("web01", interfaces, "name"))
	assert.Equal(t, []string{"scsi0", "scsi1"}, l.on("web01", disks, "name"))
}

// TestInterfaceIsNotRenamedOverAPersons: one that would be called as a person's keeps its name, and that is told.
func TestInterfaceIsNotRenamedOverAPersons(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			inv := pair()
			inv.Guests[0].NICs[0].AgentName = "ens18"
			names := netboxsink.Mapping{Names: netboxsink.NameOptions{AgentInterfaces: true}}
			l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{Mapping: names}, inv)
			l.run()
			l.person(interfaces, map[string]any{"virtual_machine": l.machine("web01").id(), "name": "net0", "description": "mine"})
			before := l.picture()
			l.remap(netboxsink.Mapping{}) // the names of the agents no longer count
			assert.Contains(t, notes(l.run()), "virtual-machine web01: ens18 keeps its name: net0: an interface of that name is there already and is not ours")
			assert.Equal(t, before, l.picture())
			l.quiet()
		})
	}
}

// TestEditStaysWhileTheRulesChange: a rule of the configuration that needs no memory does not end it.
func TestEditStaysWhileTheRulesChange(t *testing.T) {
	t.Parallel()
	for _, rule := range []sync.Rule{sync.CreateOnly, sync.Never} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, pair())
			l.run()
			l.personEdits(machines, l.machine("web01"), map[string]any{"role": nil, "description": ""})
			for _, ownership := range []netboxsink.OwnershipOptions{
				{netboxsink.KindVirtualMachine: {"role": rule, "description": sync.Never}}, nil,
			} {
				l.remap(netboxsink.Mapping{Ownership: ownership})
				l.guest(101, func(g *inventory.Guest) { g.CPUs++ })
				l.run()
				want := map[string]string{"role": "", "description": ""}
				assert.Equal(t, want, fields(l.machine("web01"), want))
				l.quiet()
			}
		})
	}
}
