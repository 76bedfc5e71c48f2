package netboxsink_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// versions are the NetBox releases that are served, the oldest first.
var versions = []string{"4.2", "4.3", "4.4", "4.5", "4.6", "4.7"}

const netboxURL = "http://netbox.example.com"

// lab is a fake NetBox, a sink for it, and sources in memory.
type lab struct {
	t       testing.TB
	netbox  *netboxtest.Server
	client  *http.Client
	sink    *netboxsink.Sink
	sources []*source
	engine  *sync.Engine
	// engineOptions are those of the engine that attach makes.
	engineOptions *sync.Options
}

// newLab returns an empty NetBox of the newest version with one source for each inventory.
func newLab(t testing.TB, inventories ...*inventory.Inventory) *lab {
	return newLabWith(t, nil, nil, inventories...)
}

func newLabWith(t testing.TB, netbox *netboxtest.Options, sink *netboxsink.Options, inventories ...*inventory.Inventory) *lab {
	t.Helper()
	server, err := netboxtest.New(netbox)
	require.NoError(t, err)
	l := &lab{t: t, netbox: server, client: serve(t, server)}
	options := netboxsink.Options{HTTPClient: l.client}
	if sink != nil {
		options = *sink
		options.HTTPClient = l.client
	}
	l.sink, err = netboxsink.New(netboxURL, netboxtest.TokenV1, &options)
	require.NoError(t, err)
	l.attach(inventories...)
	return l
}

// through lets every request pass a handler before NetBox gets it.
func (l *lab) through(wrap func(netbox http.Handler) http.Handler) {
	l.t.Helper()
	var err error
	l.sink, err = netboxsink.New(netboxURL, netboxtest.TokenV1, &netboxsink.Options{HTTPClient: serve(l.t, wrap(l.netbox))})
	require.NoError(l.t, err)
	ends := make([]sync.Source, len(l.sources))
	for i, s := range l.sources {
		ends[i] = s
	}
	l.engine, err = sync.New(l.sink, ends, l.engineOptions)
	require.NoError(l.t, err)
}

// attach puts these sources in the place of those that were there.
func (l *lab) attach(inventories ...*inventory.Inventory) {
	l.t.Helper()
	l.sources = nil
	ends := make([]sync.Source, len(inventories))
	for i, inv := range inventories {
		s := &source{name: inv.Source, inventory: inv}
		l.sources, ends[i] = append(l.sources, s), s
	}
	var err error
	l.engine, err = sync.New(l.sink, ends, l.engineOptions)
	require.NoError(l.t, err)
}

// try runs once, and checks what it tells on the way.
func (l *lab) try() (*sync.Result, error) {
	l.t.Helper()
	var events enginetest.Recorder
	result, err := l.engine.Run(l.context(), &sync.RunOptions{Observe: events.Observe})
	assert.NoError(l.t, events.Check())
	return result, err
}

// run runs once, and nothing may fail.
func (l *lab) run() *sync.Result {
	l.t.Helper()
	result, err := l.try()
	require.NoError(l.t, err)
	return result
}

func (l *lab) plan() *sync.Plan {
	l.t.Helper()
	plan, err := l.engine.Plan(l.context(), nil)
	require.NoError(l.t, err)
	return plan
}

// planText returns the plan as a person reads it.
func (l *lab) planText() string {
	l.t.Helper()
	var text bytes.Buffer
	require.NoError(l.t, l.plan().WriteText(&text))
	return text.String()
}

// context ends with the test; a benchmark's too.
func (l *lab) context() context.Context { return l.t.Context() }

// edit changes what the only source says.
func (l *lab) edit(f func(inv *inventory.Inventory)) {
	l.t.Helper()
	require.Len(l.t, l.sources, 1)
	f(l.sources[0].inventory)
}

// guest changes what the only source says of a guest.
func (l *lab) guest(id int, f func(g *inventory.Guest)) {
	l.t.Helper()
	l.edit(func(inv *inventory.Inventory) { f(guestOf(l.t, inv, id)) })
}

// quiet asserts that a run writes nothing.
func (l *lab) quiet() {
	l.t.Helper()
	l.netbox.ResetRequests()
	before := len(l.netbox.Changes())
	result := l.run()
	for kind, counts := range result.Objects {
		assert.Zero(l.t, counts.Written(), kind)
	}
	require.NotEmpty(l.t, l.netbox.Requests())
	for _, r := range l.netbox.Requests() {
		assert.Equal(l.t, http.MethodGet, r.Method, "%s %s", r.Path, r.Body)
	}
	assert.Len(l.t, l.netbox.Changes(), before, "rows in the change log")
}

// writes counts the requests that write.
func (l *lab) writes() int {
	n := 0
	for _, r := range l.netbox.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// person creates an object as a person does in the web interface.
func (l *lab) person(path string, fields map[string]any) int {
	l.t.Helper()
	id, err := l.netbox.Create(path, fields)
	require.NoError(l.t, err)
	return id
}

// personEdits changes an object as a person does in the web interface.
func (l *lab) personEdits(path string, o object, fields map[string]any) {
	l.t.Helper()
	require.NoError(l.t, l.netbox.Edit(path, o.id(), fields))
}

// notes returns what the run said of what it left alone.
func notes(result *sync.Result) []string { return slices.Clone(result.Skipped) }
