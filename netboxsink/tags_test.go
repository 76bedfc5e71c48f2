package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// labelled returns a cluster with a guest that bears these tags.
func labelled(names ...string) *inventory.Inventory {
	inv := estate("lab", qemu(101, "web01", func(g *inventory.Guest) { g.Tags = names }))
	inv.TagColors = map[string]string{"prod": "ff0000"}
	return inv
}

func TestTagsOfGuests(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, labelled("prod", "web"))
			l.run()
			assert.Equal(t, "Proxbox,prod,web", l.machine("web01").at("tags"))
			assert.Equal(t, "ff0000", l.one(tags, "slug", "prod").at("color"))
			l.quiet()
			l.guest(101, func(g *inventory.Guest) { g.Tags = []string{"db", "web"} })
			l.run()
			assert.Equal(t, "Proxbox,db,web", l.machine("web01").at("tags"))
			l.quiet()
		})
	}
}

func TestTagsOfAPerson(t *testing.T) {
	t.Parallel()
	l := newLab(t, labelled("prod", "web"))
	l.run()
	mine := l.person(tags, map[string]any{"name": "audited", "slug": "audited"})
	prod, ours := l.one(tags, "slug", "prod").id(), l.one(tags, "slug", "proxbox").id()
	t.Run("one that is added stays, one that is taken away stays away", func(t *testing.T) {
		l.personEdits(machines, l.machine("web01"), map[string]any{"tags": []int{ours, prod, mine}})
		l.quiet()
		assert.Equal(t, "Proxbox,audited,prod", l.machine("web01").at("tags"))
	})
	t.Run("and those of Proxmox VE come and go beside it", func(t *testing.T) {
		l.guest(101, func(g *inventory.Guest) { g.Tags = []string{"new", "web"} })
		l.run()
		assert.Equal(t, "Proxbox,audited,new", l.machine("web01").at("tags"))
		l.quiet()
	})
}

func TestTagsThatAreThereAreUsedAsTheyAre(t *testing.T) {
	t.Parallel()
	l := newLab(t, labelled("prod", "web", "dcim"))
	l.person(tags, map[string]any{"name": "prod", "slug": "production", "color": "00ff00"})
	l.person(tags, map[string]any{"name": "WWW", "slug": "web"})
	l.person(tags, map[string]any{"name": "dcim", "slug": "dcim", "object_types": []string{"dcim.device"}})
	l.run()
	assert.Equal(t, "Proxbox,WWW,prod", l.machine("web01").at("tags"), "and one that is not for virtual machines is left out")
	assert.Equal(t, "00ff00", l.one(tags, "slug", "production").at("color"))
	assert.Len(t, l.column(tags, "slug"), 4)
	l.quiet()
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	template := func() *inventory.Inventory {
		return estate("lab", qemu(101, "web01"), qemu(102, "debian", func(g *inventory.Guest) { g.Template = true }))
	}
	l := newLab(t, template())
	l.run()
	assert.Equal(t, "Proxbox,Proxmox template", l.machine("debian").at("tags"))
	l.quiet()
	l.guest(102, func(g *inventory.Guest) { g.Template = false })
	l.run()
	assert.Equal(t, "Proxbox", l.machine("debian").at("tags"))

	l = newLabWith(t, nil, &netboxsink.Options{Mapping: netboxsink.Mapping{Objects: netboxsink.ObjectOptions{Templates: "skip"}}}, template())
	assert.Equal(t, []string{"virtual-machine debian: templates are skipped (objects.templates)"}, notes(l.run()))
	assert.Equal(t, []string{"web01"}, l.column(machines, "name"))
	l.quiet()
}

func TestPools(t *testing.T) {
	t.Parallel()
	for pools, want := range map[string]map[string]string{
		"":       {"tags": "Proxbox", "tenant": "", "custom_fields.proxmox_pool": "prod"},
		"tag":    {"tags": "Proxbox,pool prod", "tenant": "", "custom_fields.proxmox_pool": "prod"},
		"tenant": {"tags": "Proxbox", "tenant": "prod", "custom_fields.proxmox_pool": "prod"},
	} {
		t.Run(pools, func(t *testing.T) {
			t.Parallel()
			mapping := netboxsink.Mapping{
				Objects: netboxsink.ObjectOptions{Pools: pools}, Placement: netboxsink.PlacementOptions{Missing: "create"},
			}
			l := newLabWith(t, nil, &netboxsink.Options{Mapping: mapping}, estate("lab", qemu(101, "web01", func(g *inventory.Guest) { g.Pool = "prod" })))
			l.run()
			assert.Equal(t, want, fields(l.machine("web01"), want))
			l.quiet()
		})
	}
}
