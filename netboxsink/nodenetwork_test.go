package netboxsink_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

const (
	nodeInterfaces = "dcim/interfaces"
	vlans          = "ipam/vlans"
	vlanGroups     = "ipam/vlan-groups"
	vrfs           = "ipam/vrfs"
	tenants        = "tenancy/tenants"
	locations      = "dcim/locations"
)

// wired returns a node with an interface of every kind.
func wired() *inventory.Inventory {
	inv := estate("lab")
	inv.Nodes = inv.Nodes[:1]
	inv.Nodes[0].Address = netip.MustParseAddr("192.0.2.1")
	inv.Nodes[0].CPUs, inv.Nodes[0].Memory, inv.Nodes[0].CPUModel = 32, 64*gib, "EPYC"
	inv.Nodes[0].Interfaces = []inventory.NodeInterface{
		{Name: "bond0", Type: "bond", Active: true, Ports: []string{"eno1", "eno2"}, BondMode: "802.3ad"},
		{Name: "eno1", Type: "eth", Active: true, MAC: "00:1B:21:AA:BB:01"},
		{Name: "eno1:1", Type: "alias", Active: true, Addresses: prefixList("198.51.100.1/24")},
		{Name: "eno2", Type: "eth", MTU: 9000},
		{Name: "ovs0", Type: "OVSBridge", Active: true, Ports: []string{"ovsint"}},
		{Name: "ovsint", Type: "OVSIntPort", Active: true, VLAN: 30},
		{
			Name: "vmbr0", Type: "bridge", Active: true, Ports: []string{"bond0"}, VLANAware: true, Trunks: []string{"2-4094"},
			Addresses: prefixList("203.0.113.1/24", "2001:db8::1/64"), Gateways: []netip.Addr{netip.MustParseAddr("2001:db8::ffff")}, Comment: "uplink",
		},
		{Name: "vmbr0.30", Type: "vlan", Active: true, Parent: "vmbr0", VLAN: 30, Addresses: prefixList("192.0.2.1/24")},
		{Name: "wg0", Type: "unknown"},
	}
	return inv
}

func prefixList(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

func TestNodeNetworkIsMapped(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, wired())
			site := l.person(sites, map[string]any{"name": "Proxmox Default Site - lab", "slug": "proxmox-default-site-lab"})
			l.person(vlans, map[string]any{"vid": 30, "name": "storage", "site": site})
			l.run()
			for name, want := range map[string]map[string]string{
				"bond0":    {"type": "lag", "enabled": "true", "bridge": "vmbr0", "lag": "", "parent": "", "mode": ""},
				"eno1":     {"type": "other", "lag": "bond0", "primary_mac_address.mac_address": "00:1B:21:AA:BB:01"},
				"eno1:1":   {"type": "virtual", "parent": "eno1"},
				"eno2":     {"type": "other", "lag": "bond0", "enabled": "false", "mtu": "9000"},
				"ovs0":     {"type": "bridge"},
				"ovsint":   {"type": "virtual", "bridge": "ovs0", "mode": "access", "untagged_vlan": "storage (30)"},
				"vmbr0":    {"type": "bridge", "mode": "tagged-all", "description": "uplink"},
				"vmbr0.30": {"type": "virtual", "parent": "vmbr0", "mode": "access", "untagged_vlan": "storage (30)"},
				"wg0":      {"type": "other", "enabled": "false"},
			} {
				assert.Equal(t, want, fields(l.one(nodeInterfaces, "name", name), want), name)
			}
			want := map[string]string{
				"primary_ip4": "192.0.2.1/24", "primary_ip6": "2001:db8::1/64", "custom_fields.proxmox_node_cpus": "32",
				"custom_fields.proxmox_node_memory": "65536", "custom_fields.proxmox_node_cpu_model": "EPYC",
			}
			assert.Equal(t, want, fields(l.one(devices, "name", "pve01"), want))
			assert.Equal(t, []string{"192.0.2.1/24", "198.51.100.1/24", "2001:db8::1/64", "203.0.113.1/24"}, l.column(addresses, "address"))
			l.quiet()
		})
	}
}

func TestNodeNetworkIsKeptTrue(t *testing.T) {
	t.Parallel()
	l := newLab(t, wired())
	l.run()
	l.edit(func(inv *inventory.Inventory) {
		ports := inv.Nodes[0].Interfaces
		ports[1].MAC, ports[3].MTU, ports[6].Active = "00:1B:21:AA:BB:02", 0, false
		ports[6].Addresses = prefixList("203.0.113.2/24")
		inv.Nodes[0].Interfaces = ports[:7] // without vmbr0.30 and wg0
	})
	l.run()
	assert.Equal(t, []string{"bond0", "eno1", "eno1:1", "eno2", "ovs0", "ovsint", "vmbr0"}, l.column(nodeInterfaces, "name"))
	assert.Equal(t, []string{"198.51.100.1/24", "203.0.113.2/24"}, l.column(addresses, "address"))
	assert.Equal(t, []string{"00:1B:21:AA:BB:02"}, l.column(macs, "mac_address"))
	assert.Equal(t, "false", l.one(nodeInterfaces, "name", "vmbr0").at("enabled"))
	assert.Empty(t, l.one(nodeInterfaces, "name", "eno2").at("mtu"))
	assert.Empty(t, l.one(devices, "name", "pve01").at("primary_ip6"))
	l.quiet()
}

func TestNodeNetworkOfAPersonStays(t *testing.T) {
	t.Parallel()
	l := newLab(t, wired())
	l.run()
	device := l.one(devices, "name", "pve01")
	mine := l.person(nodeInterfaces, map[string]any{"device": device.id(), "name": "ipmi", "type": "1000base-t"})
	l.personEdits(nodeInterfaces, l.one(nodeInterfaces, "name", "eno1"), map[string]any{"type": "10gbase-x-sfpp", "description": "port 7"})
	l.quiet()
	want := map[string]string{"type": "10gbase-x-sfpp", "description": "port 7"}
	assert.Equal(t, want, fields(l.one(nodeInterfaces, "name", "eno1"), want))
	assert.Equal(t, "ipmi", l.one(nodeInterfaces, "id", text(mine)).at("name"))
}

func TestNodeNetworkThatIsUnknownIsNotGone(t *testing.T) {
	t.Parallel()
	l := newLab(t, wired())
	l.run()
	before := l.picture()
	l.edit(func(inv *inventory.Inventory) {
		inv.Nodes[0].Interfaces = nil
		inv.Gaps = []inventory.Gap{{Part: inventory.PartNetwork, Node: "pve01", Reason: "it could not be read"}}
	})
	l.quiet()
	assert.Equal(t, before, l.picture())
	assert.Equal(t, []string{"device pve01: it could not be read"}, notes(l.run()))
}
