package sync_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

var errBad = errors.New("bad request")

// TestSecondRunWritesNothing, after the first run and after any change.
func TestSecondRunWritesNothing(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.lands(t)
			w.settled(t)
			s.change(t, w)
			w.lands(t)
			w.settled(t)
			fresh := newWorld(t, nil)
			s.change(t, fresh)
			fresh.lands(t)
			assert.Equal(t, fresh.labels("guest"), w.labels("guest"), "not what a first run makes of it")
		})
	}
}

// TestResultCounts what became of units, shared objects and children.
func TestResultCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	result := w.lands(t)
	assert.Equal(t, map[sync.Kind]sync.Counts{"group": {Created: 1}, "host": {Created: 2}, "guest": {Created: 4}}, result.Objects)
	assert.Equal(t, map[sync.Kind]sync.Counts{"port": {Created: 6}, "address": {Created: 6}}, result.Children)

	w.edit(t, 101, func(g *inventory.Guest) { g.Memory *= 2 })
	w.edit(t, 102, func(g *inventory.Guest) { g.NICs = g.NICs[:1] })
	result = w.lands(t)
	assert.Equal(t, map[sync.Kind]sync.Counts{"group": {Kept: 1}, "host": {Kept: 2}, "guest": {Kept: 2, Updated: 2}}, result.Objects)
	assert.Equal(t, map[sync.Kind]sync.Counts{"port": {Kept: 5, Deleted: 1}, "address": {Kept: 5, Deleted: 1}}, result.Children)
}

// TestPlanWritesNothing, and tells what the run then does.
func TestPlanWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var recorder enginetest.Recorder
	plan, err := w.engine.Plan(t.Context(), &sync.RunOptions{Observe: recorder.Observe})
	require.NoError(t, err)
	require.NoError(t, recorder.Check())
	assert.Zero(t, w.sink.Requests())
	assert.False(t, plan.Empty())
	assert.Equal(t, map[sync.Kind]sync.Counts{
		"group": {Created: 1}, "host": {Created: 2}, "guest": {Created: 4}, "port": {Created: 6}, "address": {Created: 6},
	}, plan.Counts())
}

// TestOneBadObject costs only itself and what hangs on it.
func TestOneBadObject(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind     sync.Kind
		label    string
		failed   []string // units
		children map[sync.Kind]sync.Counts
		missing  int // objects, of 19
	}{
		{"guest", "vm102", []string{"vm102"}, map[sync.Kind]sync.Counts{"port": {Created: 4, Skipped: 2}, "address": {Created: 4, Skipped: 2}}, 5},
		{"port", "eth0", []string{"vm102", "vm104"}, map[sync.Kind]sync.Counts{"port": {Created: 4, Failed: 2}, "address": {Created: 4, Skipped: 2}}, 4},
		{"host", "pve02", []string{"pve02", "vm102", "vm104"}, map[sync.Kind]sync.Counts{"port": {Created: 2, Skipped: 4}, "address": {Created: 2, Skipped: 4}}, 11},
		{"group", "alpha", []string{"alpha", "pve01", "pve02", "vm101", "vm102", "vm103", "vm104"}, map[sync.Kind]sync.Counts{"port": {Skipped: 6}, "address": {Skipped: 6}}, 19},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			t.Parallel()
			undisturbed := newWorld(t, nil)
			undisturbed.lands(t)
			w := newWorld(t, nil)
			w.sink.Reject(tc.kind, tc.label, errBad)
			recorder, result, err := w.run(t, nil)
			var partial *sync.PartialError
			require.ErrorAs(t, err, &partial)
			require.ErrorIs(t, err, errBad)
			assert.False(t, result.OK)
			assert.Empty(t, result.Error, "the run came to its end")
			var failed []string
			for _, f := range recorder.Failures() {
				failed = append(failed, f.Name)
			}
			assert.ElementsMatch(t, tc.failed, failed)
			assert.Equal(t, tc.children, result.Children)
			assert.Equal(t, 19-tc.missing, strings.Count(w.sink.Text(), "\n"))

			w.sink.Mend()
			w.lands(t)
			assert.Equal(t, undisturbed.sink.Text(), w.sink.Text())
			w.settled(t)
		})
	}
}

// TestBadChange: a unit of which one change fails is written for the rest, and the failed one is due in the next run.
func TestBadChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	w.edit(t, 102, func(g *inventory.Guest) {
		g.Memory, g.NICs[0].Name, g.NICs[1].MAC = 8<<30, "wan0", "BC:24:11:00:00:01"
	})
	w.sink.Reject("port", "wan0", errBad)
	_, result, err := w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, sync.Counts{Kept: 4, Updated: 1, Failed: 1}, result.Children["port"])
	assert.Equal(t, "8192", w.field(t, "guest", "vm102", "memory"))
	assert.Equal(t, "BC:24:11:00:00:01", w.field(t, "port", "eth1", "mac"))
	w.sink.Mend()
	w.lands(t)
	assert.Contains(t, w.labels("port"), "wan0")
	w.settled(t)
}

// TestBadChangeAgain: a run that fails as the one before writes nothing beside what fails.
func TestBadChangeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	w.edit(t, 102, func(g *inventory.Guest) { g.NICs[0].Name = "wan0" })
	w.sink.Reject("port", "wan0", errBad)
	_, _, err := w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	written := w.sink.Written()
	_, _, err = w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, written, w.sink.Written())
}

// TestBadChangeIsDueAgain: what was refused is not remembered as written, or the rule would take what stands there for a
// person's edit.
func TestBadChangeIsDueAgain(t *testing.T) {
	t.Parallel()
	for _, rule := range []sync.Rule{sync.UntilEdited, sync.IfEmptyOrOurs} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &sync.Options{Policy: sync.Policy{
				Rules: map[sync.Kind]map[string]sync.Rule{enginetest.KindPort: {"mac": rule}},
			}})
			w.lands(t)
			w.edit(t, 102, func(g *inventory.Guest) { g.Memory, g.NICs[1].MAC = 8<<30, "BC:24:11:00:00:01" })
			w.sink.Reject("port", "eth1", errBad)
			_, _, err := w.run(t, nil)
			require.ErrorIs(t, err, errBad)
			w.sink.Mend()
			w.lands(t)
			assert.Equal(t, "BC:24:11:00:00:01", w.field(t, "port", "eth1", "mac"))
			w.settled(t)
		})
	}
}

// TestDeletesOfFailedUnits are not counted as done.
func TestDeletesOfFailedUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	w.edit(t, 102, func(g *inventory.Guest) { g.Memory, g.NICs = 8<<30, g.NICs[:1] })
	w.sink.Reject("guest", "vm102", errBad)
	_, result, err := w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	assert.Zero(t, result.Children["port"].Deleted)
	assert.Zero(t, result.Children["address"].Deleted)
	assert.Len(t, w.labels("port"), 6)
}

// TestChangesOfFailedUnits are not sent: what hangs on a unit whose own update is refused waits for it.
func TestChangesOfFailedUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	before := w.field(t, "port", "eth1", "mac")
	w.edit(t, 102, func(g *inventory.Guest) { g.Memory, g.NICs[1].MAC = 8<<30, "BC:24:11:00:00:01" })
	w.sink.Reject("guest", "vm102", errBad)
	_, result, err := w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	require.NotErrorIs(t, err, sync.ErrDependency, "only the cause is told")
	assert.Zero(t, result.Children["port"].Updated)
	assert.Equal(t, before, w.field(t, "port", "eth1", "mac"))
	w.sink.Mend()
	w.lands(t)
	assert.Equal(t, "BC:24:11:00:00:01", w.field(t, "port", "eth1", "mac"))
	w.settled(t)
}

// TestFailingSource: nothing of it is touched, the others are synced.
func TestFailingSource(t *testing.T) {
	t.Parallel()
	alpha, beta := enginetest.NewSource(enginetest.Estate("alpha", 1, 2)), enginetest.NewSource(enginetest.Estate("beta", 1, 2))
	w := &world{source: beta, sink: enginetest.NewSink(nil)}
	w.engine = newEngine(t, w.sink, nil, alpha, beta)
	w.lands(t)
	before := w.sink.Text()
	alpha.Fail(errors.New("no route to host"))
	alpha.Edit(func(inv *inventory.Inventory) { inv.Guests = nil })
	_, result, err := w.run(t, nil)
	var partial *sync.PartialError
	require.ErrorAs(t, err, &partial)
	require.EqualError(t, err, "1 failed: source alpha: no route to host")
	assert.False(t, result.OK)
	assert.Equal(t, before, w.sink.Text())
	assert.Contains(t, result.Skipped, "guest vm101: no route to host")

	w.edit(t, 101, func(g *inventory.Guest) { g.Memory *= 2 })
	_, _, err = w.run(t, nil)
	require.ErrorAs(t, err, &partial)
	assert.NotEqual(t, before, w.sink.Text(), "the other source is synced")

	plan, err := w.engine.Plan(t.Context(), nil)
	require.ErrorAs(t, err, &partial)
	require.Len(t, plan.Problems, 1)
	assert.True(t, plan.Empty())
}

// TestFailingSink: nothing is planned, and the error says why.
func TestFailingSink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.sink.FailReads(errBad)
	recorder, result, err := w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, "bad request", result.Error)
	assert.False(t, result.OK)
	assert.Len(t, recorder.Failures(), 1)
	assert.Zero(t, w.sink.Requests())
}

// TestSinkGone: the run ends at once.
func TestSinkGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &sync.Options{Chunk: 1, Flight: 1})
	w.sink.CutAfter(3)
	_, result, err := w.run(t, nil)
	require.ErrorIs(t, err, sync.ErrUnavailable)
	assert.Equal(t, 4, w.sink.Requests())
	assert.Equal(t, 1, result.Objects["guest"].Failed)
	assert.Equal(t, 3, result.Unreached, "of seven objects, the group and the hosts landed, and one guest failed")
}

// TestGapsKeepWhatIsThere and do not make a run fail.
func TestGapsKeepWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		gap inventory.Gap
		hit func(inv *inventory.Inventory)
	}{
		{inventory.Gap{Part: inventory.PartQuorum}, func(inv *inventory.Inventory) { inv.Guests, inv.Nodes = inv.Guests[:1], inv.Nodes[:1] }},
		{inventory.Gap{Part: inventory.PartGuests}, func(inv *inventory.Inventory) { inv.Guests = inv.Guests[:2] }},
		{inventory.Gap{Part: inventory.PartNode, Node: "pve02"}, func(inv *inventory.Inventory) {
			inv.Nodes[1] = inventory.Node{Name: "pve02", Status: inventory.NodeOffline}
		}},
		{inventory.Gap{Part: inventory.PartGuest, Guest: 102}, func(inv *inventory.Inventory) {
			inv.Guests[1] = inventory.Guest{ID: 102, Kind: inventory.LXC, Node: "pve02"}
		}},
		{inventory.Gap{Part: inventory.PartConfig, Guest: 102}, func(inv *inventory.Inventory) {
			g := inv.Guests[1]
			inv.Guests[1] = inventory.Guest{ID: 102, Kind: inventory.LXC, Name: g.Name, Node: g.Node, Status: g.Status}
		}},
		{inventory.Gap{Part: inventory.PartAddresses, Guest: 102}, func(inv *inventory.Inventory) {
			for i := range inv.Guests[1].NICs {
				inv.Guests[1].NICs[i].Addresses = nil
			}
		}},
	} {
		t.Run(string(tc.gap.Part), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.lands(t)
			before := w.sink.Text()
			tc.gap.Reason = "it could not be read"
			w.source.Edit(func(inv *inventory.Inventory) {
				inv.Gaps = append(inv.Gaps, tc.gap)
				tc.hit(inv)
			})
			result := w.lands(t)
			assert.Equal(t, before, w.sink.Text())
			assert.Contains(t, fmt.Sprint(result.Skipped), "it could not be read")
		})
	}
}

// TestGoneInterfaceKeepsUnknownAddresses: whoever removes it removes them too.
func TestGoneInterfaceKeepsUnknownAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	before := w.sink.Text()
	w.edit(t, 102, func(g *inventory.Guest) { g.NICs = g.NICs[:1] })
	gaps := func(gaps ...inventory.Gap) {
		w.source.Edit(func(inv *inventory.Inventory) { inv.Gaps = gaps })
	}
	gaps(inventory.Gap{Part: inventory.PartAddresses, Guest: 102, Reason: "silent"})
	result := w.lands(t)
	assert.Equal(t, before, w.sink.Text())
	assert.Contains(t, strings.Join(result.Skipped, "\n"), "it is not known whether")
	w.settled(t)

	gaps()
	result = w.lands(t)
	assert.Equal(t, 1, result.Children["port"].Deleted)
	w.settled(t)
}

// TestTwoEngines in one process share nothing.
func TestTwoEngines(t *testing.T) {
	t.Parallel()
	a, b := newWorld(t, nil), newWorld(t, nil)
	b.source.Edit(func(inv *inventory.Inventory) { inv.Guests = inv.Guests[:1] })
	done := make(chan error)
	go func() {
		_, err := a.engine.Run(t.Context(), &sync.RunOptions{ID: "one"})
		done <- err
	}()
	result := b.lands(t)
	require.NoError(t, <-done)
	assert.NotEqual(t, "one", result.Run)
	assert.Len(t, a.labels("guest"), 4)
	assert.Len(t, b.labels("guest"), 1)
}

// TestTwoSourcesWithEqualNames do not touch each other.
func TestTwoSourcesWithEqualNames(t *testing.T) {
	t.Parallel()
	alpha, beta := enginetest.NewSource(enginetest.Estate("alpha", 2, 3)), enginetest.NewSource(enginetest.Estate("beta", 2, 3))
	w := &world{source: beta, sink: enginetest.NewSink(nil)}
	w.engine = newEngine(t, w.sink, nil, alpha, beta)
	w.lands(t)
	before := w.object(t, "guest", "vm101")
	w.edit(t, 101, func(g *inventory.Guest) { g.Description = "beta's" })
	w.lands(t)
	assert.Equal(t, before, w.object(t, "guest", "vm101"))
	alone := &world{source: beta, sink: w.sink, engine: newEngine(t, w.sink, nil, beta)}
	alone.settled(t)
	assert.Equal(t, before, w.object(t, "guest", "vm101"), "a source that is no longer configured is not touched")
}

// TestAddressOfAnother stays with whoever holds it, and the conflict is told with both names.
func TestAddressOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	group, err := w.sink.Add("group", map[string]sync.Value{"name": sync.String("manual")}, nil)
	require.NoError(t, err)
	theirs, err := w.sink.Add("guest", map[string]sync.Value{"name": sync.String("theirs")}, map[string]string{"group": group})
	require.NoError(t, err)
	port, err := w.sink.Add("port", map[string]sync.Value{"name": sync.String("eth0")}, map[string]string{"guest": theirs})
	require.NoError(t, err)
	var host string
	w.edit(t, 101, func(g *inventory.Guest) { host = g.NICs[0].Addresses[0].Prefix.Addr().String() })
	_, err = w.sink.Add("address", map[string]sync.Value{"address": sync.String(host + "/24")}, map[string]string{"port": port})
	require.NoError(t, err)

	result := w.lands(t)
	assert.Equal(t, port, w.object(t, "address", host+"/24").Refs["port"])
	assert.Contains(t, fmt.Sprint(result.Skipped), host+"/16 belongs to theirs, and vm101 has it too")
	assert.Equal(t, sync.Counts{Created: 5, Skipped: 1}, result.Children["address"])
	w.settled(t)
}

// TestEditsStay and removals of a person are made good.
func TestEditsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	guest := w.object(t, "guest", "vm101")
	require.NoError(t, w.sink.Edit(guest.ID, map[string]sync.Value{
		"name": sync.String("database"), "description": {}, "memory": sync.Int(1),
	}, nil))
	require.NoError(t, w.sink.Remove(w.object(t, "address", w.labels("address")[5]).ID))
	w.lands(t)
	guest = w.object(t, "guest", "database")
	assert.True(t, guest.Fields["description"].IsNull(), "cleared is edited")
	assert.Equal(t, "2048", guest.Fields["memory"].Text(), "it is measured")
	assert.Len(t, w.labels("address"), 6)
	w.settled(t)
}

// TestWhatPeopleAddStays on our units too.
func TestWhatPeopleAddStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	port, err := w.sink.Add("port", map[string]sync.Value{"name": sync.String("eth9")}, map[string]string{"guest": w.object(t, "guest", "vm102").ID})
	require.NoError(t, err)
	ours := w.object(t, "port", "eth1")
	_, err = w.sink.Add("address", map[string]sync.Value{"address": sync.String("192.0.2.1/32")}, map[string]string{"port": ours.ID})
	require.NoError(t, err)
	w.settled(t)
	w.edit(t, 102, func(g *inventory.Guest) { g.NICs = g.NICs[:1] })
	result := w.lands(t)
	assert.Contains(t, w.labels("port"), "eth9", port)
	assert.Contains(t, w.labels("port"), "eth1", "somebody else's address hangs on it")
	assert.Contains(t, w.labels("address"), "192.0.2.1/32")
	assert.Contains(t, fmt.Sprint(result.Skipped), "192.0.2.1/32 hangs on it and is not ours")
	w.settled(t)
}

// TestGoneGuestStays, is told, and keeps its name.
func TestGoneGuestStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	w.source.Edit(func(inv *inventory.Inventory) {
		inv.Guests = inv.Guests[1:]
		inv.Guests[2].Name = "vm101"
	})
	result := w.lands(t)
	assert.ElementsMatch(t, []string{"vm101", "vm102", "vm103", "vm101 104"}, w.labels("guest"))
	assert.Contains(t, result.Skipped, "guest vm101: no longer in the source: left as it is")
	w.settled(t)
}

// TestLookupWithoutEnd is noticed.
func TestLookupWithoutEnd(t *testing.T) {
	t.Parallel()
	source := enginetest.NewSource(enginetest.Estate("alpha", 1, 1))
	engine := newEngine(t, endless{enginetest.NewSink(nil)}, nil, source)
	_, err := engine.Run(t.Context(), nil)
	require.ErrorContains(t, err, "Lookup comes to no end")

	plan, err := newEngine(t, enginetest.NewSink(nil), nil, source).Plan(t.Context(), nil)
	require.NoError(t, err)
	_, err = engine.Apply(t.Context(), plan, nil)
	require.ErrorContains(t, err, "Lookup comes to no end", "of a saved plan, too")
}

type endless struct{ *enginetest.Sink }

func (endless) Lookup(context.Context, *sync.State, *sync.State) (*sync.State, error) {
	return &sync.State{}, nil
}

// TestSinkThatMiscounts: every item then stands as failed.
func TestSinkThatMiscounts(t *testing.T) {
	t.Parallel()
	engine := newEngine(t, miscounting{enginetest.NewSink(nil)}, nil, enginetest.NewSource(enginetest.Estate("alpha", 0, 0)))
	_, err := engine.Run(t.Context(), nil)
	require.ErrorContains(t, err, "the sink gave 0 outcomes for 1 items")
}

type miscounting struct{ *enginetest.Sink }

func (miscounting) Apply(context.Context, sync.Batch) ([]sync.Outcome, error) { return nil, nil }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	named := func(name string) sync.Source { return enginetest.NewSource(&inventory.Inventory{Source: name}) }
	sink := enginetest.NewSink(nil)
	for says, tc := range map[string]struct {
		sink    sync.Sink
		sources []sync.Source
	}{
		"needs a sink":             {nil, nil},
		`name "" is empty`:         {sink, []sync.Source{named("")}},
		`"a/b" is empty or holds`:  {sink, []sync.Source{named("a/b")}},
		`two sources are called "`: {sink, []sync.Source{named("a"), named("a")}},
	} {
		_, err := sync.New(tc.sink, tc.sources, nil)
		require.ErrorContains(t, err, says)
	}
}

// TestOptionsAreCopied: what the caller does with them afterwards does not matter.
func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	source := enginetest.NewSource(enginetest.Estate("alpha", 1, 1))
	sources, options := []sync.Source{source}, &sync.Options{Flight: 1}
	engine, err := sync.New(enginetest.NewSink(nil), sources, options)
	require.NoError(t, err)
	sources[0], options.Flight = nil, -1
	_, err = engine.Run(t.Context(), nil)
	require.NoError(t, err)
}
