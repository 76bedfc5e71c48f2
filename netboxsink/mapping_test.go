package netboxsink_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with the file of that name in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// changeRichEstate changes something of every kind.
func changeRichEstate(t testing.TB, inv *inventory.Inventory) {
	web := guestOf(t, inv, 101)
	web.Name, web.Node, web.CPUs, web.Memory = "web02", "pve02", 4, 4*gib
	web.NICs[0].MAC = "BC:24:11:00:01:FF"
	web.NICs[1].Addresses = addressList("198.51.100.11/24")
	web.Disks = []inventory.Disk{{Key: "scsi0", Storage: "ceph", Bytes: 64 * gib, Known: true}}
	db := guestOf(t, inv, 102)
	db.Status = inventory.GuestStopped
	db.NICs[1].Name = "backup"
	db.Disks = append(db.Disks, inventory.Disk{Key: "mp1", Storage: "ceph", Bytes: gib, Known: true})
	remove(inv, 103)
	guestOf(t, inv, 104).Name = "no longer nameless"
	guestOf(t, inv, 106).Name = "single"
	guestOf(t, inv, 112).NICs = nil
	inv.Nodes[2].Status, inv.Nodes[2].Version = inventory.NodeOnline, "9.1.1"
	inv.Gaps = nil
	guestOf(t, inv, 114).NICs[0].Addresses = addressList("192.0.2.114/24")
	inv.Guests = append(inv.Guests, qemu(115, "new", nic("net0", "BC:24:11:00:15:00", "192.0.2.115/24")))
}

func TestPlans(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, richEstate())
			golden(t, "first-"+version+".plan", l.planText())
			l.run()
			l.edit(func(inv *inventory.Inventory) { changeRichEstate(t, inv) })
			golden(t, "changed-"+version+".plan", l.planText())
			l.run()
			golden(t, "settled-"+version+".plan", l.planText())
		})
	}
}

// fields returns the texts of an object's fields by the paths asked for.
func fields(o object, want map[string]string) map[string]string {
	got := map[string]string{}
	for path := range want {
		got[path] = o.at(path)
	}
	return got
}

func TestVirtualMachineIsMapped(t *testing.T) {
	t.Parallel()
	l := newLab(t, richEstate())
	l.run()
	for name, want := range map[string]map[string]string{
		"web01": {
			"status": "active", "cluster": "lab", "device": "pve01", "role": "Virtual Machine (QEMU)",
			"virtual_machine_type": "QEMU Virtual Machine", "vcpus": "2", "memory": "2048", "disk": "32769",
			"description": "Synced from Proxmox node pve01", "comments": "", "tags": "Proxbox,prod", "platform": "Linux",
			"start_on_boot": "on", "custom_fields.proxmox_node": "pve01", "custom_fields.proxmox_tags": "prod",
			"primary_ip4": "192.0.2.10/24", "primary_ip6": "2001:db8::10/64",
			"custom_fields.proxmox_vm_id": "101", "custom_fields.proxmox_vm_type": "qemu",
			"custom_fields.proxmox_start_at_boot": "true", "custom_fields.proxmox_qemu_agent": "true",
			"custom_fields.proxmox_unprivileged_container": "", "custom_fields.proxmox_search_domain": "",
			"custom_fields.proxbox_source": "lab", "custom_fields.proxbox_uuid": uuid(101),
		},
		"db01": {
			"status": "active", "cluster": "lab", "device": "pve02", "role": "Container (LXC)",
			"virtual_machine_type": "LXC Container", "vcpus": "0.5", "memory": "2048", "disk": "110592",
			"description": "Synced from Proxmox node pve02", "tags": "Proxbox",
			"primary_ip4": "192.0.2.20/24", "primary_ip6": "2001:db8::20/64",
			"custom_fields.proxmox_vm_id": "102", "custom_fields.proxmox_vm_type": "lxc",
			"custom_fields.proxmox_start_at_boot": "false", "custom_fields.proxmox_qemu_agent": "",
			"custom_fields.proxmox_unprivileged_container": "true", "custom_fields.proxmox_search_domain": "example.com",
			"custom_fields.proxbox_source": "lab", "custom_fields.proxbox_uuid": "",
		},
		"debian-template": {"status": "offline", "disk": "4096"},
		"unplugged":       {"status": "paused", "primary_ip4": "192.0.2.112/24"},
		"stranded":        {"status": "active", "vcpus": "", "memory": "", "device": "pve03"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, want, fields(l.machine(name), want))
		})
	}
}

func TestNodeIsMapped(t *testing.T) {
	t.Parallel()
	l := newLab(t, richEstate())
	l.run()
	for name, want := range map[string]map[string]string{
		"pve01": {
			"status": "active", "cluster": "lab", "site": "Proxmox Default Site - lab", "role": "Proxmox Node",
			"device_type": "Proxmox Generic Device", "platform": "Proxmox VE 9.0", "description": "Proxmox Node pve01",
			"tags": "Proxbox", "custom_fields.proxbox_source": "lab",
		},
		"pve03": {"status": "offline", "platform": ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, want, fields(l.one(devices, "name", name), want))
		})
	}
}

func TestInterfaceIsMapped(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, richEstate())
			l.run()
			for _, want := range []map[string]string{
				{"virtual_machine": "web01", "name": "net0", "enabled": "true", "mtu": "", "primary_mac_address": "BC:24:11:00:01:00"},
				{"virtual_machine": "web01", "name": "net1", "enabled": "true", "mtu": "9000", "primary_mac_address": "BC:24:11:00:01:01"},
				{"virtual_machine": "db01", "name": "eth0", "enabled": "true", "mtu": "", "primary_mac_address": "BC:24:11:00:02:00"},
				{"virtual_machine": "unplugged", "name": "net0", "enabled": "false", "mtu": "", "primary_mac_address": ""},
			} {
				found := slices.DeleteFunc(l.where(interfaces, "name", want["name"]), func(o object) bool {
					return o.at("virtual_machine") != want["virtual_machine"]
				})
				if assert.Len(t, found, 1) {
					assert.Equal(t, want, fields(found[0], want))
				}
			}
			assert.Equal(t, []string{
				"BC:24:11:00:01:00", "BC:24:11:00:01:01", "BC:24:11:00:02:00", "BC:24:11:00:02:01",
				"BC:24:11:00:10:00", "BC:24:11:00:13:00",
			}, l.column(macs, "mac_address"), "each once")
		})
	}
}

func TestDiskIsMapped(t *testing.T) {
	t.Parallel()
	l := newLab(t, richEstate())
	l.run()
	for name, size := range map[string]string{"efidisk0": "1", "rootfs": "8192", "mp0": "102400"} {
		found := l.one(disks, "name", name)
		assert.Equal(t, size, found.at("size"), name)
		assert.Equal(t, "local-lvm", found.at("description"), name)
	}
	assert.Empty(t, l.on("iscsi", disks, "name"), "a disk of unknown size")
}

func TestAddressIsMapped(t *testing.T) {
	t.Parallel()
	l := newLab(t, richEstate())
	result := l.run()
	want := map[string]string{"status": "dhcp", "assigned_object.virtual_machine": "db01", "assigned_object.name": "eth0", "vrf": ""}
	assert.Equal(t, want, fields(l.one(addresses, "address", "192.0.2.20/24"), want))
	want = map[string]string{"status": "active", "assigned_object.virtual_machine": "web01", "assigned_object.name": "net0"}
	assert.Equal(t, want, fields(l.one(addresses, "address", "192.0.2.10/24"), want))
	assert.Empty(t, l.on("rival", addresses, "address"))
	assert.Contains(t, notes(result), "virtual-machine rival: ip-address 192.0.2.10/24: 192.0.2.10 is also on lab 101, which keeps it")
}

func TestStandaloneNodeIsAClusterOfItsOwn(t *testing.T) {
	t.Parallel()
	inv := estate("edge", qemu(100, "gw"))
	inv.Cluster = inventory.Cluster{Name: "pve01", Standalone: true, Quorate: true}
	l := newLab(t, inv)
	l.run()
	cluster := l.one(clusters, "name", "pve01")
	assert.Equal(t, "Standalone", cluster.at("type"))
	assert.Equal(t, "Proxmox standalone cluster.", cluster.at("description"))
	assert.Equal(t, "pve01", l.machine("gw").at("cluster"))
}

func TestSiteOfTheClusterIsThatOfItsNodes(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab", qemu(101, "web01")))
	site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
	kind := l.person(clusterTypes, map[string]any{"name": "Cluster", "slug": "cluster"})
	tag := l.person(tags, map[string]any{"name": "Proxbox", "slug": "proxbox"})
	l.person(clusters, map[string]any{
		"name": "lab", "type": kind, "scope_type": "dcim.site", "scope_id": site, "tags": []int{tag},
	})
	l.run()
	assert.Equal(t, "Berlin", l.one(devices, "name", "pve01").at("site"))
	assert.Equal(t, "Berlin", l.machine("web01").at("site"))
	l.quiet()
}

func TestDesiredIsPure(t *testing.T) {
	t.Parallel()
	sink, err := netboxsink.New(netboxURL, netboxtest.TokenV1, nil)
	require.NoError(t, err)
	first, err := sink.Desired([]*inventory.Inventory{richEstate()}, &sync.State{})
	require.NoError(t, err)
	for range 5 {
		again, err := sink.Desired([]*inventory.Inventory{richEstate()}, &sync.State{})
		require.NoError(t, err)
		assert.Equal(t, first, again)
	}
}

func TestPlanDoesNotDependOnTheOrderInWhichNetBoxAnswers(t *testing.T) {
	t.Parallel()
	l := newLab(t, richEstate())
	l.run()
	changed := richEstate()
	changeRichEstate(t, changed)
	current, err := l.sink.Current(l.context(), sync.Scope{Sources: []string{"lab"}})
	require.NoError(t, err)
	want, err := l.sink.Desired([]*inventory.Inventory{changed}, current)
	require.NoError(t, err)
	for range 5 {
		rand.Shuffle(len(current.Records), func(i, j int) {
			current.Records[i], current.Records[j] = current.Records[j], current.Records[i]
		})
		got, err := l.sink.Desired([]*inventory.Inventory{changed}, current)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}
