package sync_test

import (
	"context"
	"errors"
	"slices"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// strict is a sink that wants what its sources no longer have marked by its status, or removed.
type strict struct {
	*enginetest.Sink
	removes bool
}

// Desired adds to what the sink wants the guests that the inventories lack.
func (s *strict) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	state, err := s.Sink.Desired(inventories, current)
	if err != nil {
		return nil, err
	}
	for _, r := range current.Records {
		if r.Key.Kind != enginetest.KindGuest || r.Source == "" ||
			slices.ContainsFunc(state.Records, func(wanted sync.Record) bool { return wanted.Key == r.Key }) {
			continue
		}
		gone := sync.Record{
			Key: r.Key, Unit: r.Unit, Label: r.Label, Source: r.Source, Guest: r.Guest,
			Gone: sync.GuestRef{Source: r.Source, ID: r.Guest},
		}
		if s.removes {
			gone.Remove = "gone"
		} else {
			gone.Fields = sync.NewFields(map[string]sync.Field{"status": {Value: sync.String("gone")}})
			state.Holds = append(state.Holds, sync.Hold{Unit: r.Key, Reason: "marked"})
		}
		state.Records = append(state.Records, gone)
	}
	return state, nil
}

// asked is a source that is asked what is gone, and answers from a list.
type asked struct {
	*enginetest.Source
	answer func(ctx context.Context, guests []int) []error

	mu     stdsync.Mutex
	guests []int
}

func (a *asked) ConfirmGone(ctx context.Context, guests []int) []error {
	a.mu.Lock()
	a.guests = append(a.guests, guests...)
	a.mu.Unlock()
	return a.answer(ctx, guests)
}

// answers returns a function that answers about the guests of the list, and has no doubt about others.
func answers(doubts map[int]error) func(context.Context, []int) []error {
	return func(_ context.Context, guests []int) []error {
		list := make([]error, len(guests))
		for i, id := range guests {
			list[i] = doubts[id]
		}
		return list
	}
}

// lose takes the guests 101 and 103 out of what the source says.
func lose(source *enginetest.Source) {
	source.Edit(func(inv *inventory.Inventory) {
		inv.Guests = slices.DeleteFunc(inv.Guests, func(g inventory.Guest) bool { return g.ID == 101 || g.ID == 103 })
	})
}

// TestWhatLooksGoneIsConfirmed: what the source says of two guests that its inventory lacks, and what becomes of them.
func TestWhatLooksGoneIsConfirmed(t *testing.T) {
	t.Parallel()
	there := map[int]error{101: errors.New("VMID 101 is in use")}
	for _, tc := range []struct {
		name    string
		answer  func(ctx context.Context, guests []int) []error
		scope   sync.Scope
		asked   []int
		gone    []string
		skipped []string
	}{
		{"both are gone", answers(nil), sync.Scope{}, []int{101, 103}, []string{"vm101", "vm103"}, nil},
		{"one is not", answers(there), sync.Scope{}, []int{101, 103}, []string{"vm103"}, []string{"guest vm101: VMID 101 is in use"}},
		{
			"too few answers", func(context.Context, []int) []error { return []error{nil} },
			sync.Scope{},
			[]int{101, 103},
			[]string{"vm101"},
			[]string{"guest vm103: the source does not tell whether it is gone"},
		},
		{
			"one is out of scope", answers(there),
			sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 103}}},
			[]int{103},
			[]string{"vm103"},
			nil,
		},
	} {
		for what, removes := range map[string]bool{"marked": false, "removed": true} {
			t.Run(tc.name+", "+what, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				w.lands(t)
				before := w.labels(enginetest.KindAddress)
				lose(w.source)
				source := &asked{Source: w.source, answer: tc.answer}
				engine, err := sync.New(&strict{w.sink, removes}, []sync.Source{source}, nil)
				require.NoError(t, err)
				var recorder enginetest.Recorder
				result, err := engine.Run(t.Context(), &sync.RunOptions{Scope: tc.scope, Observe: recorder.Observe})
				require.NoError(t, err)
				require.NoError(t, recorder.Check())
				require.NoError(t, w.sink.Check())
				assert.ElementsMatch(t, tc.asked, source.guests)

				var gone []string
				for _, label := range []string{"vm101", "vm102", "vm103", "vm104"} {
					o, ok := w.sink.Object(enginetest.KindGuest, label)
					if !ok || o.Fields["status"].Text() == "gone" {
						gone = append(gone, label)
					}
				}
				assert.Equal(t, tc.gone, gone)
				if removes {
					assert.Equal(t, tc.skipped, result.Skipped)
				} else {
					assert.Subset(t, result.Skipped, tc.skipped)
					assert.Equal(t, before, w.labels(enginetest.KindAddress), "what hangs on it is held")
				}
			})
		}
	}
}

// TestGuestWhoseIDIsAnothers: nothing is asked about it, for the answer would be about the other.
func TestGuestWhoseIDIsAnothers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	source := &asked{Source: w.source, answer: answers(map[int]error{101: errors.New("in use")})}
	engine, err := sync.New(replacing{w.sink}, []sync.Source{source}, nil)
	require.NoError(t, err)
	_, err = engine.Run(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, source.guests)
	assert.NotContains(t, w.labels(enginetest.KindGuest), "vm101")
}

// replacing is a sink that takes the guest 101 of its source for another than the one it has.
type replacing struct{ *enginetest.Sink }

func (s replacing) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	state, err := s.Sink.Desired(inventories, current)
	if err != nil {
		return nil, err
	}
	for i := range state.Records {
		if r := &state.Records[i]; r.Guest == 101 {
			r.Remove, r.Gone = "another has its VMID", sync.GuestRef{Source: r.Source, ID: r.Guest}
		}
	}
	return state, nil
}

// TestSourceThatConfirmsNothingIsBelieved: it need not.
func TestSourceThatConfirmsNothingIsBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	lose(w.source)
	w.engine = newEngine(t, &strict{w.sink, true}, nil, w.source)
	w.lands(t)
	assert.Equal(t, []string{"vm102", "vm104"}, w.labels(enginetest.KindGuest))
}

// TestRunCancelledWhileItAsks: nothing is written, whatever the source answers.
func TestRunCancelledWhileItAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	lose(w.source)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	source := &asked{Source: w.source, answer: func(ctx context.Context, guests []int) []error {
		cancel(stopped)
		<-ctx.Done()
		return make([]error, len(guests))
	}}
	engine, err := sync.New(&strict{w.sink, true}, []sync.Source{source}, nil)
	require.NoError(t, err)
	_, err = engine.Run(ctx, nil)
	require.ErrorIs(t, err, stopped)
	assert.Len(t, w.labels(enginetest.KindGuest), 4)
}
