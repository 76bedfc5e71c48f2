package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// mapped returns a lab with these rules.
func mapped(t testing.TB, m netboxsink.Mapping, inventories ...*inventory.Inventory) *lab {
	t.Helper()
	return newLabWith(t, nil, &netboxsink.Options{Mapping: m}, inventories...)
}

// remap goes on with another mapping.
func (l *lab) remap(m netboxsink.Mapping) {
	l.t.Helper()
	var err error
	l.sink, err = netboxsink.New(netboxURL, netboxtest.TokenV1, &netboxsink.Options{HTTPClient: l.client, Mapping: m})
	require.NoError(l.t, err)
	var inventories []*inventory.Inventory
	for _, s := range l.sources {
		inventories = append(inventories, s.inventory)
	}
	l.attach(inventories...)
}

// grown returns a cluster over two sites with guests of two teams.
func grown() *inventory.Inventory {
	return estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24"), func(g *inventory.Guest) { g.Pool = "prod" }),
		qemu(102, "db01", nic("net0", "BC:24:11:00:02:00", "192.0.2.20/24"), func(g *inventory.Guest) {
			g.Node, g.Tags = "pve02", []string{"red"}
		}))
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	rules := netboxsink.PlacementOptions{
		Site:     []netboxsink.PlacementRule{{Node: "pve01", Value: "berlin"}, {Cluster: "lab", Value: "Hamburg"}},
		Location: []netboxsink.PlacementRule{{Node: "pve01", Value: "Rack room"}},
		Tenant:   []netboxsink.PlacementRule{{Tag: "red|blue", Value: "Team Red"}, {Pool: "prod", Value: "operations"}, {Node: "pve02", Value: "Team Red"}},
		Role:     []netboxsink.PlacementRule{{Guest: "db.*", Value: "database"}},
		Platform: []netboxsink.PlacementRule{{Guest: "db.*", Value: "Debian 12"}},
		VRF:      []netboxsink.PlacementRule{{Guest: "db.*", Value: "red"}},
	}
	fill := func(l *lab) {
		berlin := l.person(sites, map[string]any{"name": "Berlin DC", "slug": "berlin"})
		hamburg := l.person(sites, map[string]any{"name": "Hamburg", "slug": "hh"})
		l.person(locations, map[string]any{"name": "Rack room", "slug": "rack", "site": berlin})
		l.person(locations, map[string]any{"name": "Rack room", "slug": "rack", "site": hamburg})
		l.person(tenants, map[string]any{"name": "Team Red", "slug": "red"})
		l.person(tenants, map[string]any{"name": "Operations", "slug": "operations"})
		l.person(deviceRoles, map[string]any{"name": "Database", "slug": "database", "vm_role": true})
		l.person(platforms, map[string]any{"name": "Debian 12", "slug": "deb12"})
		l.person(vrfs, map[string]any{"name": "red"})
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{Mapping: netboxsink.Mapping{Placement: rules}}, grown())
			fill(l)
			l.run()
			for name, want := range map[string]map[string]string{
				"pve01": {"site": "Berlin DC", "location": "Rack room", "tenant": ""},
				"pve02": {"site": "Hamburg", "location": "", "tenant": "Team Red"},
			} {
				assert.Equal(t, want, fields(l.one(devices, "name", name), want), name)
			}
			for name, want := range map[string]map[string]string{
				"web01": {"tenant": "Operations", "role": "Virtual Machine (QEMU)", "platform": "", "primary_ip4.address": "192.0.2.10/24"},
				"db01":  {"tenant": "Team Red", "role": "Database", "platform": "Debian 12"},
			} {
				assert.Equal(t, want, fields(l.machine(name), want), name)
			}
			assert.Equal(t, "red", l.one(addresses, "address", "192.0.2.20/24").at("vrf"))
			assert.Empty(t, l.one(addresses, "address", "192.0.2.10/24").at("vrf"))
			assert.Empty(t, l.one(clusters, "name", "lab").at("scope_type"), "its nodes are in two sites")
			l.quiet()
			t.Run("and a person's choice stays", func(t *testing.T) {
				operations := l.one(tenants, "slug", "operations").id()
				l.personEdits(machines, l.machine("db01"), map[string]any{"tenant": operations})
				l.personEdits(devices, l.one(devices, "name", "pve02"), map[string]any{"tenant": nil})
				l.quiet()
				assert.Equal(t, "Operations", l.machine("db01").at("tenant"))
			})
		})
	}
}

// TestGuestsStayWithADeviceThatStays: as long as a device cannot be where the placement wants it, its guests are in the
// site that it is in.
func TestGuestsStayWithADeviceThatStays(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.5", "4.6", "4.7"} {
		for name, rules := range map[string]netboxsink.PlacementOptions{
			"its site is missing": {Site: []netboxsink.PlacementRule{{Value: "Berlin"}}},
			"its role is missing": {Site: []netboxsink.PlacementRule{{Value: "Hamburg"}}, Role: []netboxsink.PlacementRule{{Node: "pve.*", Value: "Host"}}},
		} {
			t.Run(version+"/"+name, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
				l.person(sites, map[string]any{"name": "Hamburg", "slug": "hamburg"})
				l.run()
				before := l.machine("web01").at("site")
				assert.NotEmpty(t, before)
				l.remap(netboxsink.Mapping{Placement: rules})
				l.run()
				assert.Equal(t, before, l.machine("web01").at("site"))
				l.quiet()
			})
		}
	}
}

func TestDevicesThatGoToASiteWhereTheirNameIsTaken(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, estate("lab"), estate("east"))
			l.run()
			require.Equal(t, []string{"pve01", "pve01", "pve02", "pve02"}, l.column(devices, "name"))
			site := l.person(sites, map[string]any{"name": "Hamburg", "slug": "hamburg"})
			l.person(devices, map[string]any{
				"name": "PVE02", "site": site, "device_type": l.one(deviceTypes, "slug", "proxmox-generic-device").id(),
				"role": l.one(deviceRoles, "slug", "proxmox-node").id(),
			})
			l.remap(netboxsink.Mapping{Placement: netboxsink.PlacementOptions{Site: []netboxsink.PlacementRule{{Value: "Hamburg"}}}})
			l.run()
			assert.ElementsMatch(t, []string{"PVE02", "pve01", "pve01 (east)", "pve02 (lab)", "pve02 (east)"}, l.column(devices, "name"))
			l.quiet()
		})
	}
}

func TestPlacementOfWhatNetBoxLacks(t *testing.T) {
	t.Parallel()
	rules := netboxsink.PlacementOptions{
		Site:      []netboxsink.PlacementRule{{Node: "pve01", Value: "Berlin"}},
		Location:  []netboxsink.PlacementRule{{Node: "pve01", Value: "Rack room"}},
		Tenant:    []netboxsink.PlacementRule{{Guest: "db01", Value: "Team Red"}},
		VRF:       []netboxsink.PlacementRule{{Guest: "web01", Value: "red"}},
		VLANGroup: []netboxsink.PlacementRule{{Value: "campus"}},
	}
	t.Run("it is refused by default", func(t *testing.T) {
		t.Parallel()
		l := mapped(t, netboxsink.Mapping{Placement: rules}, grown())
		result := l.run()
		const do = ": create it there, or set placement.missing to create"
		assert.Subset(t, notes(result), []string{
			`device pve01: NetBox has no site called "Berlin"` + do,
			`virtual-machine db01: NetBox has no tenant called "Team Red"` + do,
			`virtual-machine web01: NetBox has no vrf called "red"` + do,
		})
		assert.Equal(t, []string{"pve02"}, l.column(devices, "name"))
		assert.Empty(t, l.column(machines, "name"))
		l.quiet()
	})
	t.Run("it is created if the configuration says so", func(t *testing.T) {
		t.Parallel()
		rules := rules
		rules.Missing = "create"
		l := mapped(t, netboxsink.Mapping{Placement: rules}, grown())
		l.run()
		want := map[string]string{"site": "Berlin", "location": "Rack room"}
		assert.Equal(t, want, fields(l.one(devices, "name", "pve01"), want))
		assert.Equal(t, "Team Red", l.machine("db01").at("tenant"))
		assert.Equal(t, "red", l.one(addresses, "address", "192.0.2.10/24").at("vrf"))
		l.quiet()
	})
}

func TestClusterLosesItsSiteOnceItsNodesAreInSeveral(t *testing.T) {
	t.Parallel()
	l := newLab(t, grown())
	l.run()
	assert.Equal(t, "dcim.site", l.one(clusters, "name", "lab").at("scope_type"))
	l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
	l.remap(netboxsink.Mapping{Placement: netboxsink.PlacementOptions{Site: []netboxsink.PlacementRule{{Node: "pve01", Value: "berlin"}}}})
	l.run()
	assert.Empty(t, l.one(clusters, "name", "lab").at("scope_type"))
	assert.Equal(t, "Berlin", l.one(devices, "name", "pve01").at("site"))
	assert.Equal(t, "Berlin", l.machine("web01").at("site"))
	l.quiet()
}

func TestOwnership(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Ownership: netboxsink.OwnershipOptions{
		netboxsink.KindVirtualMachine: {"description": sync.Always, "memory": sync.CreateOnly, "platform": sync.Never, "vcpus": sync.IfEmpty},
		netboxsink.KindInterface:      {"name": sync.UntilEdited},
	}}, estate("lab", qemu(101, "web01", nic("net0", "BC:24:11:00:01:00"), func(g *inventory.Guest) { g.OSType = "l26" })))
	l.run()
	assert.Empty(t, l.machine("web01").at("platform"))
	l.personEdits(machines, l.machine("web01"), map[string]any{"description": "mine", "memory": 4096, "vcpus": nil})
	l.personEdits(interfaces, l.one(interfaces, "name", "net0"), map[string]any{"name": "uplink"})
	l.run()
	want := map[string]string{"description": "Synced from Proxmox node pve01", "memory": "4096", "vcpus": "2", "platform": ""}
	assert.Equal(t, want, fields(l.machine("web01"), want))
	assert.Equal(t, []string{"uplink"}, l.column(interfaces, "name"))
	l.quiet()
}

// TestDefaultRules: what the table says is what is asked for.
func TestDefaultRules(t *testing.T) {
	t.Parallel()
	inv := wired()
	inv.Guests = append(richEstate().Guests, labelled("prod").Guests[0])
	inv.Guests[len(inv.Guests)-1].ID = 900
	sink, err := netboxsink.New(netboxURL, netboxtest.TokenV1, nil)
	require.NoError(t, err)
	desired, err := sink.Desired([]*inventory.Inventory{inv}, &sync.State{})
	require.NoError(t, err)
	table, seen := netboxsink.DefaultRules(), 0
	for _, r := range desired.Records {
		for name, f := range r.Fields.All() {
			want, ruled := table[r.Key.Kind][name]
			if !ruled || r.Skip != "" {
				continue
			}
			seen++
			rule := f.Rule
			if rule == "" {
				rule = sync.Always
			}
			assert.Equal(t, want, rule, "%s of %s", name, r.Key)
		}
	}
	assert.Greater(t, seen, 300)
}
