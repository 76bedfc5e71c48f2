package sync_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// world is an engine between ends in memory.
type world struct {
	source *enginetest.Source
	sink   *enginetest.Sink
	engine *sync.Engine
}

// newWorld returns a world with two nodes and four guests, vm101 to vm104, in the source alpha, and an empty sink.
func newWorld(t testing.TB, o *sync.Options) *world {
	t.Helper()
	w := &world{source: enginetest.NewSource(enginetest.Estate("alpha", 2, 4)), sink: enginetest.NewSink(nil)}
	w.engine = newEngine(t, w.sink, o, w.source)
	return w
}

func newEngine(t testing.TB, sink sync.Sink, o *sync.Options, sources ...*enginetest.Source) *sync.Engine {
	t.Helper()
	var ends []sync.Source
	for _, s := range sources {
		ends = append(ends, s)
	}
	engine, err := sync.New(sink, ends, o)
	require.NoError(t, err)
	return engine
}

// run runs, checks the stream and what the engine asked of the sink, and returns what was told.
func (w *world) run(t testing.TB, o *sync.RunOptions) (*enginetest.Recorder, *sync.Result, error) {
	t.Helper()
	var recorder enginetest.Recorder
	options := sync.RunOptions{}
	if o != nil {
		options = *o
	}
	options.Observe = recorder.Observe
	result, err := w.engine.Run(t.Context(), &options)
	require.NotNil(t, result)
	require.NoError(t, recorder.Check())
	require.NoError(t, w.sink.Check())
	return &recorder, result, err
}

// lands runs and requires that all went well.
func (w *world) lands(t testing.TB) *sync.Result {
	t.Helper()
	_, result, err := w.run(t, nil)
	require.NoError(t, err)
	require.True(t, result.OK)
	return result
}

// settled requires that a further run writes nothing.
func (w *world) settled(t testing.TB) {
	t.Helper()
	before := w.sink.Requests()
	w.lands(t)
	assert.Equal(t, before, w.sink.Requests(), "a run over an unchanged estate has written")
}

// edit changes the guest in the source.
func (w *world) edit(t testing.TB, id int, f func(g *inventory.Guest)) {
	t.Helper()
	w.source.Edit(func(inv *inventory.Inventory) {
		i := slices.IndexFunc(inv.Guests, func(g inventory.Guest) bool { return g.ID == id })
		require.GreaterOrEqual(t, i, 0, "no guest %d", id)
		f(&inv.Guests[i])
	})
}

// object returns what the sink has under a label.
func (w *world) object(t testing.TB, kind sync.Kind, label string) enginetest.Object {
	t.Helper()
	o, ok := w.sink.Object(kind, label)
	require.True(t, ok, "the sink has no %s %s:\n%s", kind, label, w.sink.Text())
	return o
}

// field returns a field of what the sink has under a label, as a person reads it.
func (w *world) field(t testing.TB, kind sync.Kind, label, field string) string {
	t.Helper()
	return w.object(t, kind, label).Fields[field].Text()
}

// labels returns what people call the sink's objects of a kind.
func (w *world) labels(kind sync.Kind) []string {
	var labels []string
	for _, o := range w.sink.Objects(kind) {
		label := o.Fields["name"].Text()
		if kind == enginetest.KindAddress {
			label = o.Fields["address"].Text()
		}
		labels = append(labels, label)
	}
	return labels
}

// scenario is a change of the estate after a first run.
type scenario struct {
	name   string
	change func(t testing.TB, w *world)
}

// scenarios are changes of every sort.
var scenarios = []scenario{
	{"fields", func(t testing.TB, w *world) {
		w.edit(t, 101, func(g *inventory.Guest) { g.Name, g.Memory, g.Description = "web", 4<<30, "A web server." })
		w.edit(t, 102, func(g *inventory.Guest) { g.NICs[0].Name = "wan0" })
	}},
	{"a guest more, a NIC less", func(t testing.TB, w *world) {
		w.source.Edit(func(inv *inventory.Inventory) { inv.Guests = enginetest.Estate("alpha", 2, 5).Guests })
		w.edit(t, 102, func(g *inventory.Guest) { g.NICs = g.NICs[1:] })
	}},
	{"names swapped", func(t testing.TB, w *world) {
		w.edit(t, 101, func(g *inventory.Guest) { g.Name = "vm103" })
		w.edit(t, 103, func(g *inventory.Guest) { g.Name = "vm101" })
	}},
	{"names in a circle", func(t testing.TB, w *world) {
		w.edit(t, 101, func(g *inventory.Guest) { g.Name = "vm102" })
		w.edit(t, 102, func(g *inventory.Guest) { g.Name = "vm103" })
		w.edit(t, 103, func(g *inventory.Guest) { g.Name = "vm101" })
	}},
	{"a name freed by another", func(t testing.TB, w *world) {
		w.edit(t, 104, func(g *inventory.Guest) { g.Name = "old" })
		w.edit(t, 101, func(g *inventory.Guest) { g.Name = "vm104" })
	}},
	{"names of ports swapped", func(t testing.TB, w *world) {
		w.edit(t, 102, func(g *inventory.Guest) {
			g.NICs[0].Name, g.NICs[1].Name = g.NICs[1].Name, g.NICs[0].Name
		})
	}},
	{"an address moved", func(t testing.TB, w *world) {
		var moved []inventory.Address
		w.edit(t, 103, func(g *inventory.Guest) { moved, g.NICs[0].Addresses = g.NICs[0].Addresses, nil })
		w.edit(t, 101, func(g *inventory.Guest) { g.NICs[0].Addresses = moved })
	}},
	{"addresses swapped", func(t testing.TB, w *world) {
		var a, b []inventory.Address
		w.edit(t, 101, func(g *inventory.Guest) { a = g.NICs[0].Addresses })
		w.edit(t, 103, func(g *inventory.Guest) { b, g.NICs[0].Addresses = g.NICs[0].Addresses, a })
		w.edit(t, 101, func(g *inventory.Guest) { g.NICs[0].Addresses = b })
	}},
	{"another first address", func(t testing.TB, w *world) {
		w.edit(t, 104, func(g *inventory.Guest) {
			first := inventory.Address{Prefix: netip.MustParsePrefix("10.9.9.9/24")}
			g.NICs[0].Addresses = append([]inventory.Address{first}, g.NICs[0].Addresses...)
		})
		w.edit(t, 103, func(g *inventory.Guest) {
			g.NICs[0].Addresses = []inventory.Address{{Prefix: netip.MustParsePrefix("10.9.9.8/24")}}
		})
	}},
	{"a guest on another node", func(t testing.TB, w *world) {
		w.source.Edit(func(inv *inventory.Inventory) { inv.Nodes = enginetest.Estate("alpha", 3, 0).Nodes })
		w.edit(t, 101, func(g *inventory.Guest) { g.Node = "pve03" })
	}},
}
