package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestGuestFilters(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	estateOf := func() *inventory.Inventory {
		return estate("lab",
			qemu(101, "web01", func(g *inventory.Guest) { g.Tags, g.Pool = []string{"prod"}, "front" }),
			qemu(102, "db01", func(g *inventory.Guest) { g.Node, g.Status = "pve02", inventory.GuestStopped }),
			qemu(250, "golden", func(g *inventory.Guest) { g.Template = true }))
	}
	for name, c := range map[string]struct {
		filters netboxsink.FilterOptions
		left    []string
	}{
		"none":               {netboxsink.FilterOptions{}, []string{"db01", "golden", "web01"}},
		"include a name":     {netboxsink.FilterOptions{Include: []netboxsink.GuestFilter{{Name: "web.*"}}}, []string{"web01"}},
		"include two":        {netboxsink.FilterOptions{Include: []netboxsink.GuestFilter{{Name: "web.*"}, {Node: "pve02"}}}, []string{"db01", "web01"}},
		"all of one filter":  {netboxsink.FilterOptions{Include: []netboxsink.GuestFilter{{Name: "web.*", Node: "pve02"}}}, []string{}},
		"exclude a range":    {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{VMIDs: []string{"101", "200-299"}}}}, []string{"db01"}},
		"exclude a tag":      {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Tag: "prod"}}}, []string{"db01", "golden"}},
		"exclude a pool":     {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Pool: "fr.*"}}}, []string{"db01", "golden"}},
		"exclude templates":  {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Template: &yes}}}, []string{"db01", "web01"}},
		"templates only":     {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Template: &no}}}, []string{"golden"}},
		"exclude a status":   {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Status: "stopped"}}}, []string{"golden", "web01"}},
		"another source":     {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Source: "east"}}}, []string{"db01", "golden", "web01"}},
		"a part of a name":   {netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Name: "web"}}}, []string{"db01", "golden", "web01"}},
		"include, then less": {netboxsink.FilterOptions{Include: []netboxsink.GuestFilter{{Name: ".*01"}}, Exclude: []netboxsink.GuestFilter{{Name: "db.*"}}}, []string{"web01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := mapped(t, netboxsink.Mapping{Filters: c.filters}, estateOf())
			result := l.run()
			assert.Equal(t, c.left, l.column(machines, "name"))
			assert.Len(t, notes(result), 3-len(c.left), "each hidden guest is told")
			l.quiet()
		})
	}
}

func TestWhatAFilterHidesIsNeitherWrittenNorRemoved(t *testing.T) {
	t.Parallel()
	inv := estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24", "10.8.0.1/24"), nic("net1", "BC:24:11:00:01:01", "198.51.100.1/24"), disk("scsi0", gib)),
		qemu(102, "db01", nic("net0", "BC:24:11:00:02:00", "192.0.2.20/24"), disk("scsi0", gib)))
	l := newLab(t, inv)
	l.run()
	before := l.picture()
	l.remap(netboxsink.Mapping{
		Filters: netboxsink.FilterOptions{
			Exclude: []netboxsink.GuestFilter{{Name: "db01"}}, HideInterfaces: []string{"net1"}, DropAddresses: []string{"10.8.0.0/16"},
		},
		Deletion: netboxsink.DeletionOptions{Mode: "delete"},
	})
	l.edit(func(inv *inventory.Inventory) {
		g := guestOf(t, inv, 102)
		g.CPUs, g.NICs, g.Disks = 16, nil, nil
		g = guestOf(t, inv, 101)
		g.NICs[0].Addresses, g.NICs[1].MAC, g.NICs[1].Addresses = g.NICs[0].Addresses[:1], "BC:24:11:00:01:FF", nil
	})
	l.quiet()
	assert.Equal(t, before, l.picture())
	assert.ElementsMatch(t, []string{
		"virtual-machine db01: a filter excludes it (filters.exclude[0])",
		"virtual-machine web01: vm-interface net1: a filter hides it (filters.hide_interfaces)",
		"virtual-machine web01: mac-address BC:24:11:00:01:01: a filter hides it (filters.hide_interfaces)",
		"virtual-machine web01: ip-address 198.51.100.1/24: a filter hides it (filters.hide_interfaces)",
		"virtual-machine web01: ip-address 10.8.0.1/24: a filter hides it (filters.keep_addresses, filters.drop_addresses)",
	}, notes(l.run()))
}

func TestAddressFilters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		filters netboxsink.FilterOptions
		left    []string
	}{
		"drop":          {netboxsink.FilterOptions{DropAddresses: []string{"10.0.0.0/8", "2001:db8::/32"}}, []string{"192.0.2.10/24"}},
		"keep":          {netboxsink.FilterOptions{KeepAddresses: []string{"10.0.0.0/8"}}, []string{"10.8.0.1/24"}},
		"keep and drop": {netboxsink.FilterOptions{KeepAddresses: []string{"10.0.0.0/8"}, DropAddresses: []string{"10.8.0.0/16"}}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := mapped(t, netboxsink.Mapping{Filters: c.filters},
				estate("lab", qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24", "10.8.0.1/24", "2001:db8::1/64"))))
			l.run()
			assert.Equal(t, c.left, l.column(addresses, "address"))
			l.quiet()
		})
	}
}

func TestAddressOnAHiddenInterfaceStaysThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dropped []string
		change  func(g *inventory.Guest)
	}{
		"hidden itself too":         {[]string{"192.0.2.0/24"}, func(*inventory.Guest) {}},
		"by now on another":         {nil, func(g *inventory.Guest) { g.NICs[0].Addresses, g.NICs[1].Addresses = g.NICs[1].Addresses, nil }},
		"on another, and hidden":    {[]string{"192.0.2.0/24"}, func(g *inventory.Guest) { g.NICs[0].Addresses, g.NICs[1].Addresses = g.NICs[1].Addresses, nil }},
		"and the interface is gone": {[]string{"192.0.2.0/24"}, func(g *inventory.Guest) { g.NICs = g.NICs[:1] }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, estate("lab", qemu(101, "web01", nic("net0", "BC:24:11:00:01:00"), nic("net1", "BC:24:11:00:01:01", "192.0.2.10/24"))))
			l.run()
			l.remap(netboxsink.Mapping{Filters: netboxsink.FilterOptions{HideInterfaces: []string{"net1"}, DropAddresses: c.dropped}})
			l.guest(101, c.change)
			l.run()
			assert.Equal(t, "net1", l.one(addresses, "address", "192.0.2.10/24").at("assigned_object.name"))
			l.quiet()
		})
	}
}

func TestHiddenGuestKeepsItsName(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab", qemu(101, "web01"), qemu(102, "db01")))
	l.run()
	l.remap(netboxsink.Mapping{Filters: netboxsink.FilterOptions{Exclude: []netboxsink.GuestFilter{{Name: "db.*"}}}})
	l.edit(func(inv *inventory.Inventory) {
		inv.Guests[0].Name, inv.Guests[1].Name = inv.Guests[1].Name, inv.Guests[0].Name
	})
	l.run()
	assert.ElementsMatch(t, []string{"web01", "web01 (2)"}, l.column(machines, "name"), "the one that is hidden now is still called web01")
	l.quiet()
}
