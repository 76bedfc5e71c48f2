package sync_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestNamesAndAddressesChangeHands in one run, though the sink allows one holder at a time, whatever the chunks are.
func TestNamesAndAddressesChangeHands(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		for _, o := range []*sync.Options{nil, {Chunk: 1, Flight: 1}, {Chunk: 1, Flight: 4}, {Chunk: 4, Flight: 1}} {
			w := newWorld(t, nil)
			w.lands(t)
			s.change(t, w)
			plain := newWorld(t, nil)
			s.change(t, plain)
			plain.lands(t)
			w.engine = newEngine(t, w.sink, o, w.source)
			w.lands(t)
			assert.Equal(t, plain.sink.Text(), w.sink.Text(), "%s with %+v", s.name, o)
		}
	}
}

// TestReleaseIsBulk: what is let go is let go in one request for each kind, not one by one.
func TestReleaseIsBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	scenarioNamed(t, "names in a circle").change(t, w)
	var batches []sync.Batch
	w.sink.Before(func(_ context.Context, _ int, b sync.Batch) error {
		batches = append(batches, b)
		return nil
	})
	w.lands(t)
	require.Len(t, batches, 2)
	assert.Len(t, batches[0].Items, 3)
	assert.Len(t, batches[1].Items, 3)
}

// TestReleaseFails: who would have taken the name fails, who holds it keeps it, and the next run makes it good.
func TestReleaseFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	w.edit(t, 104, func(g *inventory.Guest) { g.Name = "old" })
	w.edit(t, 101, func(g *inventory.Guest) { g.Name, g.Memory = "vm104", 1<<30 })
	w.sink.Reject("guest", "old", errBad)
	_, result, err := w.run(t, nil)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, sync.Counts{Kept: 2, Failed: 2}, result.Objects["guest"])
	assert.ElementsMatch(t, []string{"vm101", "vm102", "vm103", "vm104"}, w.labels("guest"))
	w.sink.Mend()
	w.lands(t)
	assert.ElementsMatch(t, []string{"vm104", "vm102", "vm103", "old"}, w.labels("guest"))
	w.settled(t)
}

func scenarioNamed(t testing.TB, name string) scenario {
	t.Helper()
	for _, s := range scenarios {
		if s.name == name {
			return s
		}
	}
	require.Fail(t, "no scenario "+name)
	return scenario{}
}
