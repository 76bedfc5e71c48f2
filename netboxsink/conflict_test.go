package netboxsink_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// rivals returns two guests with one address.
func rivals() *inventory.Inventory {
	return estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24")),
		qemu(102, "web02", nic("net0", "BC:24:11:00:02:00", "192.0.2.10/24")))
}

func TestAddressConflicts(t *testing.T) {
	t.Parallel()
	reserve := func(role string) func(l *lab) {
		return func(l *lab) {
			l.person(addresses, map[string]any{"address": "192.0.2.10/24", "status": "reserved", "role": role, "description": "for the web"})
		}
	}
	const told = "192.0.2.10/24 belongs to nobody in NetBox"
	for name, c := range map[string]struct {
		conflict string
		fill     func(l *lab)
		have     []string // virtual machines with the address
		notes    []string
	}{
		"never-steal, of nobody": {"", reserve(""), []string{}, []string{
			"virtual-machine web01: ip-address 192.0.2.10/24: " + told, "virtual-machine web02: ip-address 192.0.2.10/24: " + told,
		}},
		"never-steal, of two guests": {"", nil, []string{"web01"}, []string{
			"virtual-machine web02: ip-address 192.0.2.10/24: 192.0.2.10 is also on lab 101, which keeps it",
		}},
		"take-if-unassigned": {"take-if-unassigned", reserve(""), []string{"web01"}, []string{
			"virtual-machine web02: ip-address 192.0.2.10/24: 192.0.2.10 is also on lab 101, which keeps it",
		}},
		"take-if-unassigned, of a machine": {"take-if-unassigned", func(l *lab) {
			_, nic := l.stranger("vcenter")
			l.person(addresses, map[string]any{"address": "192.0.2.10/24", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": nic})
		}, []string{}, []string{
			"virtual-machine web01: ip-address 192.0.2.10/24: 192.0.2.10/24 belongs to vcenter eth0 in NetBox",
			"virtual-machine web02: ip-address 192.0.2.10/24: 192.0.2.10/24 belongs to vcenter eth0 in NetBox",
		}},
		"share, of two guests":        {"share", nil, []string{"web01", "web02"}, nil},
		"share, with an anycast one":  {"share", reserve("vip"), []string{"web01", "web02"}, nil},
		"share, with an ordinary one": {"share", reserve(""), []string{}, []string{"virtual-machine web01: ip-address 192.0.2.10/24: " + told, "virtual-machine web02: ip-address 192.0.2.10/24: " + told}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []string{"4.2", "4.7"} {
				l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
					Mapping: netboxsink.Mapping{Addresses: netboxsink.AddressOptions{Conflict: c.conflict}},
				}, rivals())
				if c.fill != nil {
					c.fill(l)
				}
				result := l.run()
				have := []string{}
				for _, name := range []string{"web01", "web02"} {
					if l.machine(name).at("primary_ip4") != "" {
						have = append(have, name)
					}
				}
				assert.Equal(t, c.have, have)
				assert.ElementsMatch(t, c.notes, notes(result))
				l.quiet()
			}
		})
	}
	t.Run("what is taken keeps what a person wrote", func(t *testing.T) {
		t.Parallel()
		l := mapped(t, netboxsink.Mapping{Addresses: netboxsink.AddressOptions{Conflict: "take-if-unassigned"}}, rivals())
		reserve("")(l)
		assert.Contains(t, l.planText(), "adopted")
		l.run()
		want := map[string]string{"status": "reserved", "description": "for the web"}
		assert.Equal(t, want, fields(l.one(addresses, "address", "192.0.2.10/24"), want))
	})
}

func TestFreeAddressIsTakenForANode(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
				Mapping: netboxsink.Mapping{Addresses: netboxsink.AddressOptions{Conflict: "take-if-unassigned"}},
			}, wired())
			id := l.person(addresses, map[string]any{"address": "203.0.113.1/24", "description": "for the uplink"})
			l.run()
			have := l.one(addresses, "address", "203.0.113.1/24")
			assert.Equal(t, id, have.id())
			assert.Equal(t, "vmbr0", have.at("assigned_object.name"))
			assert.Equal(t, "for the uplink", have.at("description"))
			l.quiet()
		})
	}
}

// TestAddressIsSharedWithWhoHasItAlready: NetBox takes a second one only once the first has the role for that.
func TestAddressIsSharedWithWhoHasItAlready(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2", "4.7"} {
		for _, first := range []int{0, 1} {
			t.Run(fmt.Sprint(version, "/", first), func(t *testing.T) {
				t.Parallel()
				inv := rivals()
				inv.Guests[1-first].NICs[0].Addresses = nil
				l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
					Mapping: netboxsink.Mapping{Addresses: netboxsink.AddressOptions{Conflict: "share"}},
				}, inv)
				l.run()
				assert.Empty(t, l.one(addresses, "address", "192.0.2.10/24").at("role"))
				l.edit(func(inv *inventory.Inventory) { *inv = *rivals() })
				l.run()
				assert.Equal(t, []string{"192.0.2.10/24", "192.0.2.10/24"}, l.column(addresses, "address"))
				assert.Equal(t, []string{"anycast", "anycast"}, l.column(addresses, "role"))
				l.quiet()
			})
		}
	}
}

func TestPrimaryAddressRules(t *testing.T) {
	t.Parallel()
	inv := func() *inventory.Inventory {
		inv := estate("lab", qemu(101, "web01",
			nic("net0", "BC:24:11:00:01:00", "172.17.0.1/16", "192.0.2.10/24"), nic("net1", "BC:24:11:00:01:01", "198.51.100.10/24", "10.0.0.10/8")))
		inv.Guests[0].NICs[0].Addresses[1].Dynamic = true
		return inv
	}
	for name, c := range map[string]struct {
		rules []netboxsink.PrimaryRule
		want  string
	}{
		"static before DHCP, and docker last": {nil, "198.51.100.10/24"},
		"a subnet":                            {[]netboxsink.PrimaryRule{{Subnets: []string{"10.0.0.0/8"}}}, "10.0.0.10/8"},
		"an interface":                        {[]netboxsink.PrimaryRule{{Interface: "net0"}}, "192.0.2.10/24"},
		"the first rule that fits":            {[]netboxsink.PrimaryRule{{Subnets: []string{"203.0.113.0/24"}}, {Interface: "net0"}, {Subnets: []string{"10.0.0.0/8"}}}, "192.0.2.10/24"},
		"all of one rule":                     {[]netboxsink.PrimaryRule{{Interface: "net0", Static: true}}, "172.17.0.1/16"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := mapped(t, netboxsink.Mapping{Addresses: netboxsink.AddressOptions{Primary: c.rules}}, inv())
			l.run()
			assert.Equal(t, c.want, l.machine("web01").at("primary_ip4"))
			l.quiet()
			theirs := l.one(addresses, "address", "10.0.0.10/8").id()
			if c.want == "10.0.0.10/8" {
				theirs = l.one(addresses, "address", "192.0.2.10/24").id()
			}
			l.personEdits(machines, l.machine("web01"), map[string]any{"primary_ip4": theirs})
			l.quiet()
			assert.NotEqual(t, c.want, l.machine("web01").at("primary_ip4"), "a person's choice stays")
		})
	}
}

func TestInterfaceNamesOfTheAgent(t *testing.T) {
	t.Parallel()
	inv := func() *inventory.Inventory {
		inv := estate("lab", qemu(101, "web01", nic("net0", "BC:24:11:00:01:00"), nic("net1", "BC:24:11:00:01:01")))
		inv.Guests[0].NICs[0].AgentName = "ens18"
		return inv
	}
	l := newLab(t, inv())
	l.run()
	assert.Equal(t, []string{"net0", "net1"}, l.column(interfaces, "name"))

	l = mapped(t, netboxsink.Mapping{Names: netboxsink.NameOptions{AgentInterfaces: true}}, inv())
	l.run()
	assert.Equal(t, []string{"ens18", "net1"}, l.column(interfaces, "name"))
	l.guest(101, func(g *inventory.Guest) { g.NICs[0].AgentName, g.NICs[1].AgentName = "", "ens19" })
	was := l.ids(interfaces, "name")
	l.run()
	assert.Equal(t, []string{"ens18", "ens19"}, l.column(interfaces, "name"), "the agent is silent about the one, and speaks of the other")
	assert.Equal(t, was["net1"], l.ids(interfaces, "name")["ens19"])
	l.quiet()
}
