package proxmoxtest_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClusterStatus(t *testing.T) {
	t.Parallel()
	rows := data[[]object](serve(t, three("")), "/cluster/status")
	require.Len(t, rows, 6)
	assert.Equal(t, object{"type": "cluster", "id": "cluster", "name": "alpha", "nodes": 5.0, "version": 5.0, "quorate": 1.0},
		row(rows, "type", "cluster"))
	assert.Equal(t, object{
		"type": "node", "id": "node/a1", "name": "a1", "nodeid": 1.0, "ip": "192.0.2.1",
		"local": 1.0, "online": 1.0, "level": "",
	}, row(rows, "name", "a1"))
	assert.Equal(t, 0.0, row(rows, "name", "down")["online"])
	assert.Equal(t, 1.0, row(rows, "name", "mute")["online"])
}

func TestStandaloneStatus(t *testing.T) {
	t.Parallel()
	rows := data[[]object](serve(t, nil), "/cluster/status")
	require.Len(t, rows, 1)
	assert.Equal(t, "pve", rows[0]["name"])
	assert.Equal(t, 0.0, rows[0]["nodeid"])
}

func TestQuorumLost(t *testing.T) {
	t.Parallel()
	estate := three("")
	estate.QuorumLost = true
	c := serve(t, estate)
	rows := data[[]object](c, "/cluster/status")
	assert.Equal(t, 0.0, row(rows, "type", "cluster")["quorate"])
	assert.Equal(t, 0.0, row(rows, "name", "a2")["online"])
	assert.Equal(t, 1.0, row(rows, "name", "a1")["online"])
	assert.Equal(t, "offline", row(data[[]object](c, "/nodes"), "node", "a2")["status"])
	assert.Equal(t, 595, c.get("/nodes/a2/status").status)
	assert.Equal(t, 200, c.get("/nodes/a1/qemu/100/config").status)
}

func TestEntryNodes(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three(""), nil)
	second := start(t, fake.Entry("a2"))
	assert.Equal(t, 1.0, row(data[[]object](second, "/cluster/status"), "name", "a2")["local"])
	_, err := start(t, fake.Entry("down")).do("GET", "/version", "")
	assert.Error(t, err)
	assert.Len(t, fake.Requests(), 2)
}

func TestGuestRows(t *testing.T) {
	t.Parallel()
	estate := &proxmoxtest.Estate{
		Cluster: "alpha",
		Nodes: []*proxmoxtest.Node{
			{Name: "a1"},
			{Name: "fresh", State: proxmoxtest.NodeOffline},
			{Name: "expired", State: proxmoxtest.NodeOffline, RowsExpired: true},
			{Name: "mute", State: proxmoxtest.NodeUnknown},
		},
		Guests: []*proxmoxtest.Guest{
			{
				VMID: 100, Name: "web", Sockets: 2, Cores: 2, Memory: 1 << 30, Tags: []string{"b", "A"}, Pool: "p", HAState: "started", Lock: "backup",
				Disks: []proxmoxtest.Disk{{Slot: "efidisk0", Bytes: 528 << 10}, {Slot: "scsi0", Bytes: 8 << 30}, {Slot: "scsi1", Bytes: 1 << 30}},
			},
			{VMID: 101, Cores: 64},
			{VMID: 102, Kind: proxmoxtest.LXC, CPULimit: "0.5"},
			{VMID: 103, Kind: proxmoxtest.LXC, Name: "all"},
			{VMID: 104, Template: true, Cores: 8, VCPUs: 3, Disks: []proxmoxtest.Disk{{Slot: "scsi0", UnknownSize: true, Bytes: 5}}},
			{VMID: 105, Node: "fresh", Name: "x"},
			{VMID: 106, Node: "expired", Name: "x", Tags: []string{"t"}},
			{VMID: 107, Node: "mute", Name: "x"},
		},
	}
	rows := data[[]object](serve(t, estate), "/cluster/resources?type=vm")
	at := func(vmid int) object { return row(rows, "vmid", float64(vmid)) }

	web := at(100)
	expected := object{
		"id": "qemu/100", "node": "a1", "type": "qemu", "status": "running", "name": "web", "template": 0.0,
		"maxcpu": 4.0, "maxmem": float64(1 << 30), "maxdisk": float64(8 << 30), "tags": "b;A", "pool": "p",
		"hastate": "started", "lock": "backup",
	}
	for key, want := range expected {
		assert.Equal(t, want, web[key], key)
	}
	assert.NotContains(t, web, "memhost")
	assert.Equal(t, "VM 101", at(101)["name"])
	assert.Equal(t, 16.0, at(101)["maxcpu"], "clamped to the host")
	assert.Equal(t, "CT102", at(102)["name"])
	assert.Equal(t, 0.5, at(102)["maxcpu"])
	assert.Equal(t, 16.0, at(103)["maxcpu"], "all of the host")
	assert.Equal(t, "stopped", at(104)["status"])
	assert.Equal(t, 3.0, at(104)["maxcpu"])
	assert.Equal(t, 0.0, at(104)["maxdisk"])
	assert.Equal(t, 512.0*(1<<20), at(104)["maxmem"])
	assert.Equal(t, "running", at(105)["status"])
	assert.Equal(t, object{"id": "qemu/106", "vmid": 106.0, "node": "expired", "type": "qemu", "status": "unknown", "tags": "t"}, at(106))
	assert.Equal(t, object{"id": "qemu/107", "vmid": 107.0, "node": "mute", "type": "qemu", "status": "unknown"}, at(107))
}

func TestSilentNodeAnswers(t *testing.T) {
	t.Parallel()
	c := serve(t, three(""))
	assert.Equal(t, "silent", data[object](c, "/nodes/mute/qemu/110/config")["name"])
	nodes := data[[]object](c, "/cluster/resources?type=node")
	assert.Equal(t, "unknown", row(nodes, "node", "mute")["status"])
	assert.Equal(t, "offline", row(nodes, "node", "down")["status"])
	assert.Equal(t, "online", row(nodes, "node", "hung")["status"])
	assert.NotContains(t, row(nodes, "node", "mute"), "maxmem")
	assert.Contains(t, row(nodes, "node", "a1"), "maxmem")
}

func TestResourceTypes(t *testing.T) {
	t.Parallel()
	for version, zone := range map[string]string{"9.1.1": "network", "8.4.1": "sdn"} {
		c := serve(t, &proxmoxtest.Estate{
			Cluster: "alpha", Version: version, Nodes: []*proxmoxtest.Node{{Name: "a1"}, {Name: "a2"}},
			Guests: []*proxmoxtest.Guest{{VMID: 100, Pool: "p"}}, Zones: []proxmoxtest.Zone{{Name: "z"}},
			Storages: []proxmoxtest.Storage{{Name: "rbd", Shared: true}, {Name: "own", Nodes: []string{"a2"}}},
		})
		counts := map[string]int{}
		for _, r := range data[[]object](c, "/cluster/resources") {
			counts[r["type"].(string)]++
		}
		assert.Equal(t, map[string]int{"qemu": 1, "node": 2, "storage": 3, "pool": 1, zone: 2}, counts, version)
	}
}

func TestRowOrder(t *testing.T) {
	t.Parallel()
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Name: "alpha", Guests: 50})
	order := func(c *client) []float64 {
		var out []float64
		for _, r := range data[[]object](c, "/cluster/resources?type=vm") {
			out = append(out, r["vmid"].(float64))
		}
		return out
	}
	c, same := serve(t, estate), serve(t, estate)
	other := start(t, proxmoxtest.New(estate, &proxmoxtest.Options{RowSeed: 1}))
	first, second := order(c), order(c)
	assert.NotEqual(t, first, second, "another order at each request")
	assert.Equal(t, first, order(same))
	assert.NotEqual(t, first, order(other))
	slices.Sort(first)
	slices.Sort(second)
	assert.Equal(t, first, second)
}

func TestSmallLists(t *testing.T) {
	t.Parallel()
	c := serve(t, &proxmoxtest.Estate{
		Version: "9.1.6", MACPrefix: "02:AB", TagStyle: "case-sensitive=1,color-map=prod:ff0000;web:00ff00:ffffff",
		Pools: []proxmoxtest.Pool{{Name: "p", Comment: "ü"}},
		Zones: []proxmoxtest.Zone{{Name: "vl", Kind: "vlan", Bridge: "vmbr0"}},
		Vnets: []proxmoxtest.Vnet{{Name: "v300", Zone: "vl", Tag: 300, Alias: "dmz"}},
		Guests: []*proxmoxtest.Guest{
			{VMID: 100, HAState: "error"}, {VMID: 101, Kind: proxmoxtest.LXC, HAState: "started"}, {VMID: 102},
		},
	})
	assert.Equal(t, object{"version": "9.1.6", "release": "9.1"}, without(data[object](c, "/version"), "repoid"))
	assert.Equal(t, []object{{"poolid": "p", "comment": "ü"}}, data[[]object](c, "/pools"))
	assert.Equal(t, object{"zone": "vl", "type": "vlan", "bridge": "vmbr0"}, without(data[[]object](c, "/cluster/sdn/zones")[0], "digest"))
	assert.Equal(t, object{"vnet": "v300", "zone": "vl", "type": "vnet", "tag": 300.0, "alias": "dmz"},
		without(data[[]object](c, "/cluster/sdn/vnets")[0], "digest"))
	assert.Equal(t, "02:AB", data[object](c, "/cluster/options")["mac_prefix"])
	assert.Equal(t, object{"case-sensitive": 1.0, "color-map": "prod:ff0000;web:00ff00:ffffff"}, data[object](c, "/cluster/options")["tag-style"])
	resources := data[[]object](c, "/cluster/ha/resources")
	require.Len(t, resources, 2)
	assert.Equal(t, "started", row(resources, "sid", "vm:100")["state"])
	assert.Len(t, data[[]object](c, "/cluster/ha/resources?type=ct"), 1)
	assert.Equal(t, "Etc/UTC", data[object](c, "/nodes/pve/time")["timezone"])
	assert.Regexp(t, `^([0-9A-F]{2}:){31}[0-9A-F]{2}$`, data[[]object](c, "/nodes")[0]["ssl_fingerprint"])
}

func without(o object, keys ...string) object {
	for _, key := range keys {
		delete(o, key)
	}
	return o
}

func TestNodeStatus(t *testing.T) {
	t.Parallel()
	estate := &proxmoxtest.Estate{Nodes: []*proxmoxtest.Node{{Sockets: 2, Cores: 16, Threads: 32, Memory: 128 << 30}}}
	status := data[object](serve(t, estate), "/nodes/pve/status")
	cpu := status["cpuinfo"].(object)
	assert.Equal(t, []any{2.0, 16.0, 32.0, "2000.000"}, []any{cpu["sockets"], cpu["cores"], cpu["cpus"], cpu["mhz"]})
	assert.Equal(t, 128.0*(1<<30), status["memory"].(object)["total"])
	assert.Equal(t, []any{"0.52", "0.48", "0.41"}, status["loadavg"])
	assert.Contains(t, status, "current-kernel")

	old := data[object](serve(t, &proxmoxtest.Estate{Version: "7.4"}), "/nodes/pve/status")
	assert.NotContains(t, old, "current-kernel")
}

func TestNodeNetwork(t *testing.T) {
	t.Parallel()
	node := &proxmoxtest.Node{PendingChanges: "--- a\n+++ b\n", Interfaces: []proxmoxtest.Interface{
		{Name: "eno1", AltNames: []string{"enx001b21aabbcc"}},
		{Name: "bond0", Type: "bond", Ports: "eno1 eno2", BondMode: "802.3ad", MTU: 9000},
		{Name: "vmbr0", Type: "bridge", Ports: "bond0", VLANAware: true, VLANs: "2-4094", CIDR: "192.0.2.1/24", Gateway: "192.0.2.254", Comment: "uplink"},
		{Name: "vmbr1", Type: "bridge", Raw: map[string]any{"bridge_fd": 0, "bridge_ports": nil, "families": []any{nil}}},
		{Name: "vmbr0.30", Type: "vlan", VLAN: 30, RawDevice: "vmbr0", CIDR6: "2001:db8::1/64"},
		{Name: "ovs0", Type: "OVSIntPort", OVSBridge: "vmbr2", VLAN: 5, NoAutostart: true, Inactive: true},
		{Name: "vmbr2", Type: "OVSBridge", Ports: "bond1 ovs0"},
		{Name: "bond1", Type: "OVSBond", Ports: "eno3 eno4", OVSBridge: "vmbr2", BondMode: "lacp-balance-tcp"},
		{Name: "eno9", Raw: map[string]any{"exists": json.RawMessage("null"), "active": "1"}},
	}}
	estate := &proxmoxtest.Estate{Version: "9.1.1", Nodes: []*proxmoxtest.Node{node}, Zones: []proxmoxtest.Zone{{Name: "z"}}, Vnets: []proxmoxtest.Vnet{{Name: "v1", Zone: "z"}}}
	c := serve(t, estate)
	assert.Contains(t, c.get("/nodes/pve/network").body, `"changes":"--- a\n+++ b\n"`)
	rows := data[[]object](c, "/nodes/pve/network")
	require.Len(t, rows, 9)
	contains := func(name string, want object) {
		got := row(rows, "iface", name)
		for key, value := range want {
			assert.Equal(t, value, got[key], "%s %s", name, key)
		}
	}
	contains("eno1", object{"type": "eth", "exists": 1.0, "active": 1.0, "autostart": 1.0, "altnames": []any{"enx001b21aabbcc"}})
	contains("bond0", object{"slaves": "eno1 eno2", "bond_mode": "802.3ad", "mtu": "9000"})
	contains("vmbr0", object{
		"bridge_ports": "bond0", "bridge_vlan_aware": 1.0, "bridge_vids": "2-4094", "bridge_fd": "0",
		"cidr": "192.0.2.1/24", "address": "192.0.2.1", "netmask": "24", "gateway": "192.0.2.254", "method": "static", "comments": "uplink\n",
	})
	contains("vmbr1", object{"bridge_fd": 0.0, "families": []any{nil}})
	assert.NotContains(t, row(rows, "iface", "vmbr1"), "bridge_ports")
	contains("vmbr0.30", object{"vlan-id": "30", "vlan-raw-device": "vmbr0", "cidr6": "2001:db8::1/64", "families": []any{"inet6"}})
	contains("ovs0", object{"ovs_tag": "5", "ovs_bridge": "vmbr2", "autostart": nil, "active": nil})
	contains("vmbr2", object{"type": "OVSBridge", "ovs_ports": "bond1 ovs0"})
	contains("bond1", object{"ovs_bonds": "eno3 eno4", "ovs_bridge": "vmbr2", "bond_mode": "lacp-balance-tcp"})
	contains("eno9", object{"active": "1", "exists": nil})

	assert.Len(t, data[[]object](c, "/nodes/pve/network?type=bridge"), 2)
	assert.Len(t, data[[]object](c, "/nodes/pve/network?type=any_bridge"), 4)
	assert.Len(t, data[[]object](c, "/nodes/pve/network?type=include_sdn"), 10)
}
