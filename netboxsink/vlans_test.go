package netboxsink_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// tagged returns a cluster with a guest on VLANs, by its NICs and by a virtual network.
func tagged() *inventory.Inventory {
	inv := estate("lab", qemu(101, "web01",
		nic("net0", "BC:24:11:00:01:00"), nic("net1", "BC:24:11:00:01:01"), nic("net2", "BC:24:11:00:01:02"), nic("net3", "BC:24:11:00:01:03"),
		func(g *inventory.Guest) {
			g.NICs[0].VLAN = 20
			g.NICs[1].VLAN, g.NICs[1].Trunks = 20, []string{"30-31", "40"}
			g.NICs[2].Bridge, g.NICs[3].Bridge = "vlan50", "vxlan"
		}))
	inv.VNets = []inventory.VNet{{Name: "vlan50", Zone: "vl", VLAN: 50}, {Name: "vxlan", Zone: "vx"}}
	return inv
}

// withVLANs puts VLANs into the default site, and one of the same number elsewhere.
func (l *lab) withVLANs(vids ...int) {
	l.t.Helper()
	site := l.person(sites, map[string]any{"name": "Proxmox Default Site - lab", "slug": "proxmox-default-site-lab"})
	other := l.person(sites, map[string]any{"name": "Elsewhere", "slug": "elsewhere"})
	for _, vid := range vids {
		l.person(vlans, map[string]any{"vid": vid, "name": "ours " + text(vid), "site": site})
		l.person(vlans, map[string]any{"vid": vid, "name": "theirs " + text(vid), "site": other})
		l.person(vlans, map[string]any{"vid": vid, "name": "nobody's " + text(vid)})
	}
}

func TestVLANsOfGuestsAreFoundInTheirSite(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, tagged())
			l.withVLANs(20, 30, 50)
			result := l.run()
			for name, want := range map[string]map[string]string{
				"net0": {"mode": "access", "untagged_vlan": "ours 20 (20)", "tagged_vlans": ""},
				"net1": {"mode": "tagged", "untagged_vlan": "ours 20 (20)", "tagged_vlans": "ours 30 (30)"},
				"net2": {"mode": "access", "untagged_vlan": "ours 50 (50)"},
				"net3": {"mode": "", "untagged_vlan": ""},
			} {
				assert.Equal(t, want, fields(l.one(interfaces, "name", name), want), name)
			}
			const missing = ": the site Proxmox Default Site - lab has no such VLAN: create it there, or set objects.create_vlans"
			assert.ElementsMatch(t, []string{"vlan 31" + missing, "vlan 40" + missing}, notes(result))
			assert.Len(t, l.column(vlans, "vid"), 9, "none is made")
			l.quiet()
		})
	}
}

func TestVLANOfAnotherClustersSiteIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			east := estate("east", qemu(201, "web02", nic("net0", "BC:24:11:00:02:00"), func(g *inventory.Guest) { g.NICs[0].VLAN = 20 }))
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, tagged(), east)
			l.withVLANs(20)
			assert.Contains(t, notes(l.run()), "vlan 20: the site Proxmox Default Site - lab (east) has no such VLAN: create it there, or set objects.create_vlans")
			l.quiet()
			have := map[string]string{}
			for _, o := range l.objects(interfaces) {
				if o.at("name") == "net0" {
					have[o.at("virtual_machine")] = o.at("untagged_vlan")
				}
			}
			assert.Equal(t, map[string]string{"web01": "ours 20 (20)", "web02": ""}, have)
		})
	}
}

// TestGuestThatGoesToAnotherSiteGetsItsVLANs: from the first run on.
func TestGuestThatGoesToAnotherSiteGetsItsVLANs(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			place := []netboxsink.PlacementRule{{Node: "pve01", Value: "Berlin"}, {Value: "Hamburg"}}
			l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
				Mapping: netboxsink.Mapping{Placement: netboxsink.PlacementOptions{Site: place}},
			}, tagged())
			for _, name := range []string{"Berlin", "Hamburg"} {
				site := l.person(sites, map[string]any{"name": name, "slug": strings.ToLower(name)})
				l.person(vlans, map[string]any{"vid": 20, "name": name, "site": site})
			}
			l.run()
			assert.Equal(t, "Berlin (20)", l.one(interfaces, "name", "net0").at("untagged_vlan"))
			l.guest(101, func(g *inventory.Guest) { g.Node, g.NICs[0].Down = "pve02", true })
			l.run()
			assert.Equal(t, "Hamburg", l.machine("web01").at("site"))
			assert.Equal(t, "Hamburg (20)", l.one(interfaces, "name", "net0").at("untagged_vlan"))
			l.quiet()
		})
	}
}

func TestVLANThatThereAreTwoOfIsNotGuessed(t *testing.T) {
	t.Parallel()
	l := newLab(t, tagged())
	l.withVLANs(20)
	site := l.one(sites, "slug", "proxmox-default-site-lab")
	l.person(vlans, map[string]any{"vid": 20, "name": "again", "site": site.id()})
	assert.Contains(t, notes(l.run()), "vlan 20: the site Proxmox Default Site - lab has more than one of that number: it is not known which is meant")
	assert.Empty(t, l.one(interfaces, "name", "net0").at("untagged_vlan"))
	l.quiet()
}

func TestVLANsAreFoundInTheGroupOfTheirSite(t *testing.T) {
	t.Parallel()
	l := newLab(t, tagged())
	site := l.person(sites, map[string]any{"name": "Proxmox Default Site - lab", "slug": "proxmox-default-site-lab"})
	group := l.person(vlanGroups, map[string]any{"name": "campus", "slug": "campus", "scope_type": "dcim.site", "scope_id": site})
	l.person(vlans, map[string]any{"vid": 20, "name": "office", "group": group})
	l.run()
	assert.Equal(t, "office (20)", l.one(interfaces, "name", "net0").at("untagged_vlan"))
	l.quiet()
}

func TestVLANsAreFoundInTheGroupThatTheConfigurationNames(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, nil, &netboxsink.Options{Mapping: netboxsink.Mapping{Placement: netboxsink.PlacementOptions{
		VLANGroup: []netboxsink.PlacementRule{{Guest: "web.*", Value: "campus"}},
	}}}, tagged())
	l.withVLANs(20)
	group := l.person(vlanGroups, map[string]any{"name": "Campus", "slug": "campus"})
	l.person(vlans, map[string]any{"vid": 20, "name": "office", "group": group})
	l.run()
	assert.Equal(t, "office (20)", l.one(interfaces, "name", "net0").at("untagged_vlan"))
	l.quiet()
}

func TestVLANsAreCreatedOnlyIfTheConfigurationSaysSo(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, nil, &netboxsink.Options{Mapping: netboxsink.Mapping{Objects: netboxsink.ObjectOptions{CreateVLANs: true}}}, tagged())
	l.withVLANs(20)
	l.run()
	group := l.one(vlanGroups, "name", "Proxmox lab")
	made := map[string]string{}
	for _, v := range l.where(vlans, "group.id", text(group.id())) {
		made[v.at("vid")] = v.at("name")
	}
	assert.Equal(t, map[string]string{"20": "VLAN 20", "30": "VLAN 30", "31": "VLAN 31", "40": "VLAN 40", "50": "vlan50 50"}, made)
	want := map[string]string{"mode": "tagged", "untagged_vlan": "VLAN 20 (20)", "tagged_vlans": "VLAN 30 (30),VLAN 31 (31),VLAN 40 (40)"}
	assert.Equal(t, want, fields(l.one(interfaces, "name", "net1"), want))
	l.quiet()
	l.guest(101, func(g *inventory.Guest) { g.NICs[1].Trunks, g.NICs[1].VLAN = nil, 0 })
	l.run()
	want = map[string]string{"mode": "", "untagged_vlan": "", "tagged_vlans": ""}
	assert.Equal(t, want, fields(l.one(interfaces, "name", "net1"), want))
	l.quiet()
}

func TestVLANThatAPersonChoseStays(t *testing.T) {
	t.Parallel()
	l := newLab(t, tagged())
	l.withVLANs(20)
	l.run()
	theirs := l.person(vlans, map[string]any{"vid": 60, "name": "guests"})
	l.personEdits(interfaces, l.one(interfaces, "name", "net3"), map[string]any{"mode": "access", "untagged_vlan": theirs})
	l.quiet()
	assert.Equal(t, "guests (60)", l.one(interfaces, "name", "net3").at("untagged_vlan"), "Proxmox VE says nothing of it")
}
