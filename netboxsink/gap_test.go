package netboxsink_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// blank empties all of a guest that a gap for the part leaves without meaning.
func blank(g *inventory.Guest, part inventory.Part) {
	switch part {
	case inventory.PartGuest:
		*g = inventory.Guest{ID: g.ID, Kind: g.Kind, Node: g.Node}
	case inventory.PartConfig:
		*g = inventory.Guest{ID: g.ID, Kind: g.Kind, Node: g.Node, Name: g.Name, Status: g.Status, Template: g.Template, Tags: g.Tags}
	case inventory.PartAddresses:
		for i := range g.NICs {
			g.NICs[i].Addresses = nil
		}
	}
}

func TestUnknownIsNotGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in    func(inv *inventory.Inventory, web, db *inventory.Guest)
		notes []string
	}{
		"whole source": {func(inv *inventory.Inventory, _, _ *inventory.Guest) {
			*inv = inventory.Inventory{Source: inv.Source, Gaps: []inventory.Gap{{Part: inventory.PartSource, Reason: "no route"}}}
		}, []string{
			"device pve01: no route", "device pve02: no route", "virtual-machine web01: no route", "virtual-machine db01: no route",
		}},
		"quorum, and a guest and a node are missing": {func(inv *inventory.Inventory, _, _ *inventory.Guest) {
			inv.Cluster.Quorate = false
			inv.Gaps = []inventory.Gap{{Part: inventory.PartQuorum, Reason: "no quorum"}}
			inv.Nodes = inv.Nodes[:1]
			inv.Nodes[0].Status = inventory.NodeOffline
			remove(inv, 102)
			inv.Guests[0].Node = "pve02"
		}, []string{
			"cluster lab: no quorum", "device pve01: no quorum", "device pve02: no quorum", "virtual-machine web01: no quorum",
			"virtual-machine db01: no quorum",
		}},
		"whether there is quorum, and a guest is missing": {func(inv *inventory.Inventory, _, _ *inventory.Guest) {
			inv.Cluster = inventory.Cluster{Version: inv.Cluster.Version}
			inv.Gaps = []inventory.Gap{{Part: inventory.PartQuorum, Reason: "Sys.Audit is missing"}}
			remove(inv, 102)
		}, []string{"virtual-machine db01: Sys.Audit is missing"}},
		"list of guests": {func(inv *inventory.Inventory, _, _ *inventory.Guest) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartGuests, Reason: "VM.Audit is missing"}}
			remove(inv, 102)
		}, []string{"virtual-machine db01: VM.Audit is missing"}},
		"node": {func(inv *inventory.Inventory, _, _ *inventory.Guest) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartNode, Node: "pve01", Reason: "it is offline"}}
			inv.Nodes[0] = inventory.Node{Name: "pve01"}
		}, []string{"device pve01: it is offline"}},
		"guest": {func(inv *inventory.Inventory, web, db *inventory.Guest) {
			inv.Gaps = []inventory.Gap{guestGap(inventory.PartGuest, 101), guestGap(inventory.PartGuest, 102)}
			blank(web, inventory.PartGuest)
			blank(db, inventory.PartGuest)
		}, []string{"virtual-machine web01: it could not be read", "virtual-machine db01: it could not be read"}},
		"configuration": {func(inv *inventory.Inventory, web, db *inventory.Guest) {
			inv.Gaps = []inventory.Gap{guestGap(inventory.PartConfig, 101), guestGap(inventory.PartConfig, 102)}
			blank(web, inventory.PartConfig)
			blank(db, inventory.PartConfig)
		}, []string{"virtual-machine web01: it could not be read", "virtual-machine db01: it could not be read"}},
		"addresses": {func(inv *inventory.Inventory, web, db *inventory.Guest) {
			inv.Gaps = []inventory.Gap{guestGap(inventory.PartAddresses, 101), guestGap(inventory.PartAddresses, 102)}
			blank(web, inventory.PartAddresses)
			blank(db, inventory.PartAddresses)
		}, []string{"virtual-machine web01: it could not be read", "virtual-machine db01: it could not be read"}},
	} {
		for _, version := range []string{"4.4", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
				l.run()
				before, was := l.picture(), l.ids(machines, "name")
				l.edit(func(inv *inventory.Inventory) { c.in(inv, guestOf(t, inv, 101), guestOf(t, inv, 102)) })
				l.quiet()
				result := l.run()
				assert.Equal(t, before, l.picture())
				assert.Equal(t, was, l.ids(machines, "name"))
				assert.ElementsMatch(t, c.notes, notes(result))
				assert.True(t, result.OK, "a gap is no failure")
				t.Run("and once it is known again there is nothing to do", func(t *testing.T) {
					l.edit(func(inv *inventory.Inventory) { *inv = *pair() })
					l.quiet()
					assert.Equal(t, before, l.picture())
				})
			})
		}
	}
}

func TestWhatIsKnownBesideAGapIsWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		part  inventory.Part
		in    func(g *inventory.Guest)
		check func(t *testing.T, l *lab)
	}{
		"status and node without the configuration": {
			inventory.PartConfig,
			func(g *inventory.Guest) { g.Status, g.Node = inventory.GuestStopped, "pve02" },
			func(t *testing.T, l *lab) {
				assert.Equal(t, "offline", l.machine("web01").at("status"))
				assert.Equal(t, "pve02", l.machine("web01").at("device"))
				assert.Equal(t, "2048", l.machine("web01").at("memory"))
			},
		},
		"NICs and disks without the addresses": {
			inventory.PartAddresses,
			func(g *inventory.Guest) {
				g.Disks[0].Bytes = 64 * gib
				nic("net1", "BC:24:11:00:01:01")(g)
			},
			func(t *testing.T, l *lab) {
				assert.Equal(t, "65536", l.one(disks, "name", "scsi0").at("size"))
				assert.Equal(t, []string{"net0", "net1"}, l.on("web01", interfaces, "name"))
				assert.Equal(t, "192.0.2.10/24", l.machine("web01").at("primary_ip4"))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, pair())
			l.run()
			l.edit(func(inv *inventory.Inventory) {
				inv.Gaps = []inventory.Gap{guestGap(c.part, 101)}
				blank(guestOf(t, inv, 101), c.part)
				c.in(guestOf(t, inv, 101))
			})
			l.run()
			c.check(t, l)
			l.quiet()
		})
	}
}

func TestNothingIsMadeOfAGuestThatWasNeverRead(t *testing.T) {
	t.Parallel()
	inv := pair()
	inv.Gaps = []inventory.Gap{guestGap(inventory.PartGuest, 101)}
	blank(guestOf(t, inv, 101), inventory.PartGuest)
	l := newLab(t, inv)
	l.run()
	assert.Equal(t, []string{"db01"}, l.column(machines, "name"))
	l.quiet()
}

func TestUnknownStatusAndSizesAreNotWritten(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	before := l.picture()
	l.edit(func(inv *inventory.Inventory) {
		for i := range inv.Guests {
			g := &inv.Guests[i]
			g.Status, g.CPUs, g.Memory = inventory.GuestUnknown, 0, 0
		}
		for i := range inv.Nodes {
			inv.Nodes[i] = inventory.Node{Name: inv.Nodes[i].Name}
		}
	})
	l.quiet()
	assert.Equal(t, before, l.picture())
}

func TestSourceThatFailsCostsOnlyItself(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair(), func() *inventory.Inventory {
		inv := estate("edge", qemu(100, "gw"))
		inv.Cluster.Name = "edge"
		return inv
	}())
	l.run()
	before := l.owned("lab")
	l.sources[0].err = errors.New("connection refused")
	l.sources[1].inventory.Guests[0].CPUs = 8
	result, err := l.try()
	var partial *sync.PartialError
	assert.ErrorAs(t, err, &partial)
	assert.False(t, result.OK)
	assert.Equal(t, before, l.owned("lab"))
	assert.Equal(t, "8", l.machine("gw").at("vcpus"))
}

func TestGuestOnANodeThatIsNotListed(t *testing.T) {
	t.Parallel()
	inv := pair()
	guestOf(t, inv, 101).Node = "pve99"
	l := newLab(t, inv)
	l.run()
	assert.Empty(t, l.machine("web01").at("device"))
	assert.Equal(t, "lab", l.machine("web01").at("cluster"))
	l.quiet()
	l.edit(func(inv *inventory.Inventory) { *inv = *pair() })
	l.run()
	assert.Equal(t, "pve01", l.machine("web01").at("device"))
	l.quiet()
}

func TestNothingIsMadeOfAClusterWithoutQuorum(t *testing.T) {
	t.Parallel()
	inv := pair()
	inv.Cluster.Quorate = false
	inv.Gaps = []inventory.Gap{{Part: inventory.PartQuorum, Reason: "no quorum"}}
	l := newLab(t, inv)
	assert.Equal(t, []string{"cluster lab: no quorum"}, notes(l.run()))
	assert.Empty(t, l.column(devices, "name"))
	assert.Empty(t, l.column(machines, "name"))
	l.quiet()
}

// TestAddressIsNotTakenFromAGuestThatKeepsIt: without quorum nothing goes, and what one guest keeps no other can get.
func TestAddressIsNotTakenFromAGuestThatKeepsIt(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24")),
		qemu(102, "db01", nic("net0", "BC:24:11:00:02:00", "192.0.2.20/24"))))
	l.run()
	swap := func(inv *inventory.Inventory) {
		a, b := &inv.Guests[0].NICs[0], &inv.Guests[1].NICs[0]
		a.Addresses, b.Addresses = b.Addresses, a.Addresses
	}
	l.edit(func(inv *inventory.Inventory) {
		swap(inv)
		inv.Cluster.Quorate = false
		inv.Gaps = []inventory.Gap{{Part: inventory.PartQuorum, Reason: "no quorum"}}
	})
	before := l.picture()
	l.run()
	assert.Equal(t, before, l.picture())
	l.edit(func(inv *inventory.Inventory) { inv.Cluster.Quorate, inv.Gaps = true, nil })
	l.run()
	assert.Equal(t, "192.0.2.20/24", l.machine("web01").at("primary_ip4"))
	assert.Equal(t, "192.0.2.10/24", l.machine("db01").at("primary_ip4"))
	l.quiet()
}
