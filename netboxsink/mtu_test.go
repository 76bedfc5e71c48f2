package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

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
