package sync_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// elements returns as many sentences about what was left out.
func elements(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("element %d is no object", i+1)
	}
	return list
}

// notes returns the sentences as a run tells them of a source.
func notes(source string, sentences ...string) []string {
	var list []string
	for _, s := range sentences {
		list = append(list, "source "+source+": "+s)
	}
	return list
}

// TestDropped: what a source left out is told once a run and in the plan, fails nothing and counts as no object.
func TestDropped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ dropped, told []string }{
		"nothing":   {},
		"one":       {elements(1), elements(1)},
		"twice":     {append(elements(2), elements(2)...), elements(2)},
		"as many":   {elements(20), elements(20)},
		"one more":  {elements(21), append(elements(20), "and 1 more")},
		"many more": {append(elements(500), elements(500)...), append(elements(20), "and 480 more")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			plain := w.lands(t)
			w.source.Edit(func(inv *inventory.Inventory) { inv.Dropped = tc.dropped })
			recorder, result, err := w.run(t, nil)
			require.NoError(t, err)
			want := notes("alpha", tc.told...)
			assert.True(t, result.OK)
			assert.Equal(t, want, result.Skipped)
			for kind, counts := range plain.Objects {
				assert.Equal(t, sync.Counts{Kept: counts.Total()}, result.Objects[kind], kind)
			}
			assert.NotContains(t, result.Objects, sync.SourceKind)
			var told []string
			for _, ev := range recorder.Events() {
				if s, ok := ev.(sync.Step); ok {
					assert.True(t, len(s.Notes) == 0 || s.Key.Kind == sync.SourceKind && s.Status == sync.Completed, s)
					told = append(told, s.Notes...)
				}
			}
			assert.Equal(t, want, told)

			plan, err := w.engine.Plan(t.Context(), nil)
			require.NoError(t, err)
			assert.Equal(t, want, plan.Dropped)
			assert.True(t, plan.Empty())
			for _, line := range want {
				assert.Contains(t, text(t, plan), "! "+line+"\n")
			}
		})
	}
}

// TestDroppedOfManySources: each is told with its source, in the plan in the order of the sources.
func TestDroppedOfManySources(t *testing.T) {
	t.Parallel()
	sources := make([]*enginetest.Source, 3)
	var want []string
	for i, name := range []string{"gamma", "alpha", "beta"} {
		inv := enginetest.Estate(name, 1, 1)
		inv.Dropped = elements(2)
		sources[i] = enginetest.NewSource(inv)
		want = append(want, notes(name, elements(2)...)...)
	}
	sink := enginetest.NewSink(nil)
	engine := newEngine(t, sink, nil, sources...)
	plan, err := engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, want, plan.Dropped)
	result, err := engine.Run(t.Context(), nil)
	require.NoError(t, err)
	assert.Subset(t, result.Skipped, want)
}

// TestSavedPlanTellsWhatWasDropped, as its run would have done.
func TestSavedPlanTellsWhatWasDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.source.Edit(func(inv *inventory.Inventory) { inv.Dropped = elements(2) })
	plan, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	raw, err := json.Marshal(plan)
	require.NoError(t, err)
	var saved sync.Plan
	require.NoError(t, json.Unmarshal(raw, &saved))
	assert.Equal(t, text(t, plan), text(t, &saved))
	var recorder enginetest.Recorder
	result, err := w.engine.Apply(t.Context(), &saved, &sync.RunOptions{Observe: recorder.Observe})
	require.NoError(t, err)
	require.NoError(t, recorder.Check())
	assert.True(t, result.OK)
	assert.Equal(t, notes("alpha", elements(2)...), result.Skipped)
}
