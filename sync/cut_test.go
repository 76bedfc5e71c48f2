package sync_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

// TestCutAnywhere cuts a run after every single object that it writes, in the middle of requests too: the next run must
// come to the state of a run that nothing disturbed, and the one after that write nothing.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	first := scenario{"first run", nil}
	for _, s := range append([]scenario{first}, scenarios...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			begin := func() *world {
				w := newWorld(t, &sync.Options{Flight: 1, Chunk: 2})
				if s.change != nil {
					w.lands(t)
					s.change(t, w)
				}
				return w
			}
			undisturbed := begin()
			before := undisturbed.sink.Written()
			undisturbed.lands(t)
			objects := undisturbed.sink.Written() - before
			require.Positive(t, objects)
			undisturbed.settled(t)
			for n := range objects {
				w := begin()
				w.sink.CutAfter(n)
				_, result, err := w.run(t, nil)
				require.ErrorIs(t, err, sync.ErrUnavailable, "cut after %d objects", n)
				require.False(t, result.OK, "cut after %d objects", n)
				w.sink.Mend()
				w.lands(t)
				require.Equal(t, undisturbed.sink.Text(), w.sink.Text(), "cut after %d of %d objects", n, objects)
				w.settled(t)
			}
		})
	}
}

// TestCutBeforeLateReference cuts where a reference is remembered and not set yet. The rule must not take what is not
// there for a person's edit.
func TestCutBeforeLateReference(t *testing.T) {
	t.Parallel()
	policy := sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{enginetest.KindGuest: {"primary": sync.UntilEdited}}}
	undisturbed := newWorld(t, &sync.Options{Policy: policy})
	undisturbed.lands(t)
	for n := range undisturbed.sink.Written() {
		w := newWorld(t, &sync.Options{Policy: policy})
		w.sink.CutAfter(n)
		_, _, err := w.run(t, nil)
		require.Error(t, err)
		w.sink.Mend()
		w.lands(t)
		require.Equal(t, undisturbed.sink.Text(), w.sink.Text(), "cut after %d objects", n)
		w.settled(t)
	}
}

// TestCutBeforeFieldTakenForOurs cuts where a field that is taken for ours without a memory is remembered and not written
// yet.
func TestCutBeforeFieldTakenForOurs(t *testing.T) {
	t.Parallel()
	begin := func() *fixed {
		return newFixed(
			sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Label: "vm", Source: "a", Fields: fields("x", sync.String("1"))},
			sync.Record{Key: disk("a/1/d"), Unit: vm("a/1"), Label: "d", Source: "a", Fields: sync.NewFields(map[string]sync.Field{
				"comment": {Value: sync.String("ours"), Rule: sync.UntilEdited, Ours: []sync.Value{sync.String("theirs")}},
			})},
		).holding(
			sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Label: "vm", ID: "1", Source: "a", Fields: fields("x", sync.String("1"))},
			sync.Record{Key: disk("a/1/d"), Unit: vm("a/1"), Label: "d", ID: "2", Source: "a", Fields: fields("comment", sync.String("theirs"))},
		)
	}
	for n := range 3 {
		f := begin()
		f.cut = n
		_, err := f.run(t)
		require.ErrorIs(t, err, sync.ErrUnavailable)
		f.cut = -1
		_, err = f.run(t)
		require.NoError(t, err)
		require.Equal(t, "ours", f.records[disk("a/1/d")].Fields.Value("comment").Text(), "cut after %d writes", n)
	}
}

// TestAnswersLost loses the answer to each write in turn, done or not done.
func TestAnswersLost(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{false, true} {
		undisturbed := newWorld(t, nil)
		undisturbed.lands(t)
		for n := range undisturbed.sink.Requests() {
			w := newWorld(t, nil)
			w.sink.Before(func(_ context.Context, number int, _ sync.Batch) error {
				if number == n+1 {
					w.sink.LoseAnswers(1, landed)
				}
				return nil
			})
			_, result, err := w.run(t, nil)
			var partial *sync.PartialError
			require.ErrorAs(t, err, &partial, "answer %d", n+1)
			require.ErrorIs(t, err, sync.ErrUnknownOutcome, "answer %d", n+1)
			require.False(t, result.OK)
			w.sink.Mend()
			w.lands(t)
			require.Equal(t, undisturbed.sink.Text(), w.sink.Text(), "answer %d lost, landed: %v", n+1, landed)
			w.settled(t)
		}
	}
}
