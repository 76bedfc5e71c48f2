package netboxsink_test

import (
	"testing"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestSecondRunWritesNothing(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, richEstate())
			l.run()
			l.quiet()
			l.edit(func(inv *inventory.Inventory) { changeRichEstate(t, inv) })
			l.run()
			l.quiet()
			l.edit(func(inv *inventory.Inventory) { *inv = *richEstate() })
			l.run()
			l.quiet()
		})
	}
}
