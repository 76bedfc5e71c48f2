package sync_test

import (
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func text(t testing.TB, p *sync.Plan) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, p.WriteText(&b))
	return b.String()
}

// changedWorld returns a world in which there is something of everything to be done.
func changedWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, nil)
	withStranger(t, w)
	w.edit(t, 101, func(g *inventory.Guest) { g.ID = 201 }) // not the stranger's yet
	w.lands(t)
	w.edit(t, 201, func(g *inventory.Guest) { g.ID = 101 })
	guest := w.object(t, "guest", "vm104")
	require.NoError(t, w.sink.Edit(guest.ID, map[string]sync.Value{"name": sync.String("edited")}, nil))
	w.edit(t, 102, func(g *inventory.Guest) {
		g.Description, g.NICs = "One line.\nAnother\x1b[31m.", g.NICs[:1]
		g.NICs[0].MAC = "BC:24:11:00:00:01"
	})
	w.edit(t, 103, func(g *inventory.Guest) { g.NICs[0].Addresses = nil })
	w.source.Edit(func(inv *inventory.Inventory) {
		inv.Cluster.Version = "9.1.0"
		inv.Gaps = []inventory.Gap{{Part: inventory.PartAddresses, Guest: 103, Reason: "the guest agent does not answer"}}
		inv.Guests = append(inv.Guests, inventory.Guest{ID: 105, Kind: inventory.QEMU, Name: "new"})
	})
	return w
}

func TestPlanText(t *testing.T) {
	t.Parallel()
	first, err := newWorld(t, nil).engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	golden(t, "first.txt", text(t, first))

	w := changedWorld(t)
	changes, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	golden(t, "changes.txt", text(t, changes))

	w.lands(t)
	nothing, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	golden(t, "nothing.txt", text(t, nothing))

	w.source.Fail(errors.New("no route to host"))
	problem, err := w.engine.Plan(t.Context(), nil)
	require.Error(t, err)
	golden(t, "problem.txt", text(t, problem))
}

// TestSavedPlan: a plan that went through JSON does what the run would have done.
func TestSavedPlan(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(testing.TB) *world{
		"first":   func(t testing.TB) *world { return newWorld(t, nil) },
		"changes": changedWorld,
		"swap": func(t testing.TB) *world {
			w := newWorld(t, nil)
			w.lands(t)
			scenarioNamed(t, "names swapped").change(t, w)
			return w
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := begin(t)
			ran.lands(t)

			w := begin(t)
			plan, err := w.engine.Plan(t.Context(), nil)
			require.NoError(t, err)
			raw, err := json.Marshal(plan)
			require.NoError(t, err)
			var saved sync.Plan
			require.NoError(t, json.Unmarshal(raw, &saved))
			assert.Equal(t, text(t, plan), text(t, &saved))
			again, err := json.Marshal(&saved)
			require.NoError(t, err)
			assert.Equal(t, string(raw), string(again))

			reads := w.source.Reads()
			var recorder enginetest.Recorder
			result, err := w.engine.Apply(t.Context(), &saved, &sync.RunOptions{Observe: recorder.Observe})
			require.NoError(t, err)
			require.NoError(t, recorder.Check())
			require.NoError(t, w.sink.Check())
			assert.True(t, result.OK)
			assert.Equal(t, reads, w.source.Reads(), "the sources are not asked again")
			assert.Equal(t, ran.sink.Text(), w.sink.Text())
			w.settled(t)
		})
	}
}

// TestStalePlan: what changed since the plan was made fails, alone.
func TestStalePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	for id := 101; id <= 103; id++ {
		w.edit(t, id, func(g *inventory.Guest) { g.Memory, g.NICs[0].MAC = 8<<30, "BC:24:11:00:00:01" })
	}
	w.source.Edit(func(inv *inventory.Inventory) {
		inv.Guests = append(inv.Guests, inventory.Guest{ID: 105, Kind: inventory.QEMU, Name: "new"})
	})
	plan, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)

	require.NoError(t, w.sink.Edit(w.object(t, "guest", "vm101").ID, map[string]sync.Value{"memory": sync.Int(1)}, nil))
	require.NoError(t, w.sink.Remove(w.object(t, "address", w.labels("address")[2]).ID)) // of vm102: nothing was planned for it
	port := w.object(t, "port", "eth0")                                                  // of vm102
	require.NoError(t, w.sink.Edit(port.ID, map[string]sync.Value{"mac": sync.String("edited")}, nil))
	_, err = w.sink.Add("guest", map[string]sync.Value{"name": sync.String("new"), "vmid": sync.Int(105), "source": sync.String("alpha")},
		map[string]string{"group": w.sink.Objects("group")[0].ID})
	require.NoError(t, err)

	var recorder enginetest.Recorder
	result, err := w.engine.Apply(t.Context(), plan, &sync.RunOptions{Observe: recorder.Observe})
	require.ErrorIs(t, err, sync.ErrStale)
	require.NoError(t, recorder.Check())
	var partial *sync.PartialError
	require.ErrorAs(t, err, &partial)
	var failed []string
	for _, f := range partial.Failures {
		failed = append(failed, f.Key.String())
	}
	assert.Equal(t, []string{"guest alpha/101", "port alpha/102/net0", "guest alpha/105"}, failed)
	assert.Equal(t, sync.Counts{Updated: 1, Kept: 1, Failed: 3}, result.Objects["guest"])
	assert.Equal(t, "1", w.field(t, "guest", "vm101", "memory"))
	assert.Equal(t, "2048", w.field(t, "guest", "vm102", "memory"), "a stale unit is refused as a whole")
	assert.Equal(t, "8192", w.field(t, "guest", "vm103", "memory"))
}

// TestSavedPlanTakesOver what it found, and is not stale for the keys that it gave it; but it is where a reference is to
// another object by now.
func TestSavedPlanTakesOver(t *testing.T) {
	t.Parallel()
	policy := sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{enginetest.KindGuest: {"primary": sync.Always}}}
	for name, stale := range map[string]bool{"as it was": false, "the primary address is another one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &sync.Options{Policy: policy})
			guest, port, _ := withStranger(t, w)
			another, err := w.sink.Add("address", map[string]sync.Value{"address": sync.String("10.9.9.7/24")}, map[string]string{"port": port})
			require.NoError(t, err)
			w.edit(t, 101, func(g *inventory.Guest) { // the address that is taken over is not the first any more
				first := inventory.Address{Prefix: netip.MustParsePrefix("10.9.9.9/24")}
				g.NICs[0].Addresses = append([]inventory.Address{first}, g.NICs[0].Addresses...)
			})
			plan, err := w.engine.Plan(t.Context(), nil)
			require.NoError(t, err)
			var primary *sync.FieldChange
			for _, c := range plan.Changes {
				if c.Key.Name == "alpha/101" {
					primary = fieldOf(c, "primary")
				}
			}
			require.NotNil(t, primary)
			require.False(t, primary.Old.IsNull())
			raw, err := json.Marshal(plan)
			require.NoError(t, err)
			var saved sync.Plan
			require.NoError(t, json.Unmarshal(raw, &saved))
			if stale {
				require.NoError(t, w.sink.Edit(guest, nil, map[string]string{"primary": another}))
			}
			_, err = w.engine.Apply(t.Context(), &saved, nil)
			require.NoError(t, w.sink.Check())
			after := w.object(t, "guest", "vm101")
			assert.Equal(t, guest, after.ID)
			if stale {
				require.ErrorIs(t, err, sync.ErrStale)
				assert.Equal(t, another, after.Refs["primary"])
				assert.Empty(t, after.Fields["source"].Text())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, w.object(t, "address", "10.9.9.9/24").ID, after.Refs["primary"])
			w.settled(t)
		})
	}
}

// TestPlanWithProblems tells them again when it is applied.
func TestPlanWithProblems(t *testing.T) {
	t.Parallel()
	alpha, beta := enginetest.NewSource(enginetest.Estate("alpha", 1, 2)), enginetest.NewSource(enginetest.Estate("beta", 1, 2))
	w := &world{source: beta, sink: enginetest.NewSink(nil)}
	w.engine = newEngine(t, w.sink, nil, alpha, beta)
	alpha.Fail(errBad)
	plan, err := w.engine.Plan(t.Context(), nil)
	require.ErrorIs(t, err, errBad)
	var recorder enginetest.Recorder
	result, err := w.engine.Apply(t.Context(), plan, &sync.RunOptions{Observe: recorder.Observe})
	require.ErrorIs(t, err, errBad)
	require.NoError(t, recorder.Check())
	assert.False(t, result.OK)
	assert.Equal(t, 2, result.Objects["guest"].Created)
}

// TestPlanKeepsItsScope when it is applied.
func TestPlanKeepsItsScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	scope := sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 102}}}
	plan, err := w.engine.Plan(t.Context(), &sync.RunOptions{Scope: scope})
	require.NoError(t, err)
	_, err = w.engine.Apply(t.Context(), plan, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"vm102"}, w.labels("guest"))
	assert.Equal(t, []string{"pve02"}, w.labels("host"), "what it needs is brought in")
}
