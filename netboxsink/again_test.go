package netboxsink_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// What a source lists twice costs only itself: the first is taken, and the second told.
func TestListedTwice(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	before := l.picture()
	l.edit(func(inv *inventory.Inventory) {
		web := &inv.Guests[0]
		web.NICs = append(web.NICs, web.NICs[0])
		web.Disks = append(web.Disks, web.Disks[0])
		inv.Guests = append(inv.Guests, inv.Guests[0])
		inv.Nodes = append(inv.Nodes, inv.Nodes[0])
	})
	result, err := l.try()
	require.NoError(t, err)
	assert.Equal(t, before, l.picture())
	assert.Equal(t, 4, strings.Count(strings.Join(result.Skipped, "\n"), "more than once"), "%s", result.Skipped)
	l.quiet()
}

// An MTU of ours goes when Proxmox VE has none any more; a person's stays.
func TestMTUThatIsGone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		person any
		want   string
	}{"ours": {nil, ""}, "a person's": {1280, "1280"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, pair())
			l.guest(101, func(g *inventory.Guest) { g.NICs[0].MTU = 9000 })
			l.run()
			assert.Equal(t, "9000", l.one(interfaces, "name", "net0").at("mtu"))
			if tt.person != nil {
				l.personEdits(interfaces, l.one(interfaces, "name", "net0"), map[string]any{"mtu": tt.person})
			}
			l.guest(101, func(g *inventory.Guest) { g.NICs[0].MTU = 0 })
			l.run()
			assert.Equal(t, tt.want, l.one(interfaces, "name", "net0").at("mtu"))
			l.quiet()
		})
	}
}
