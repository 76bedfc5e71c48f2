package sync_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// slowly makes every write take a second.
func slowly(ctx context.Context, _ int, _ sync.Batch) error {
	select {
	case <-time.After(time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// TestEvents yields what Observe gets, Complete last.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var recorder, observed enginetest.Recorder
	for e := range w.engine.Events(t.Context(), &sync.RunOptions{ID: "run", Observe: observed.Observe}) {
		recorder.Observe(e)
	}
	require.NoError(t, recorder.Check())
	assert.Equal(t, recorder.Events(), observed.Events())
	assert.Equal(t, "run", recorder.Events()[0].EventMeta().Run)
}

// TestEventsLeftEarly: leaving the loop at any event ends the run; no goroutine is left, or the bubble would not end.
func TestEventsLeftEarly(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		last := false
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, &sync.Options{Chunk: 1, Flight: 2})
			w.sink.Before(slowly)
			n := 0
			for e := range w.engine.Events(t.Context(), nil) {
				if _, last = e.(sync.Complete); last {
					break
				}
				if n++; n == at {
					break
				}
			}
			requests := w.sink.Requests()
			synctest.Wait()
			assert.Equal(t, requests, w.sink.Requests(), "the run goes on after the loop")
			w.sink.Mend()
			w.lands(t)
			w.settled(t)
		})
		if last {
			break
		}
	}
}

// TestCancel in the middle of a run: it returns when the writes under way have ended, tells what landed, and the next run
// does the rest.
func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, &sync.Options{Chunk: 1, Flight: 1})
		w.sink.Before(slowly)
		cause := errors.New("the operator has seen enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(4500*time.Millisecond, func() { cancel(cause) }) // in the middle of the fifth write
		var recorder enginetest.Recorder
		begin := time.Now()
		result, err := w.engine.Run(ctx, &sync.RunOptions{Observe: recorder.Observe})
		assert.Equal(t, 5*time.Second, time.Since(begin))
		require.ErrorIs(t, err, cause)
		require.NoError(t, recorder.Check())
		assert.False(t, result.OK)
		assert.Equal(t, cause.Error(), result.Error)
		assert.Equal(t, 5, w.sink.Requests())
		assert.Equal(t, 1, result.Objects["group"].Created)
		assert.Equal(t, 2, result.Objects["host"].Created)
		assert.Equal(t, sync.Counts{Failed: 1}, result.Objects["guest"], "it was written in part")
		assert.Equal(t, sync.Counts{Created: 1}, result.Children["port"])
		assert.Equal(t, 3, result.Unreached)

		undisturbed := newWorld(t, nil)
		undisturbed.lands(t)
		w.lands(t)
		assert.Equal(t, undisturbed.sink.Text(), w.sink.Text())
		w.settled(t)
	})
}

// TestCancelAnywhere: before any of the writes, the next run comes to the same.
func TestCancelAnywhere(t *testing.T) {
	t.Parallel()
	undisturbed := newWorld(t, nil)
	undisturbed.lands(t)
	for n := range undisturbed.sink.Requests() {
		w := newWorld(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		w.sink.Before(func(_ context.Context, number int, _ sync.Batch) error {
			if number == n+1 {
				cancel()
			}
			return nil
		})
		var recorder enginetest.Recorder
		_, err := w.engine.Run(ctx, &sync.RunOptions{Observe: recorder.Observe})
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, recorder.Check())
		w.sink.Mend()
		w.lands(t)
		require.Equal(t, undisturbed.sink.Text(), w.sink.Text(), "write %d", n+1)
		w.settled(t)
	}
}

// TestCancelOfASinkThatHangs: after a moment of grace the write under way is given up.
func TestCancelOfASinkThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		w.sink.Before(func(ctx context.Context, _ int, _ sync.Batch) error {
			<-ctx.Done()
			return ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		var recorder enginetest.Recorder
		result, err := w.engine.Run(ctx, &sync.RunOptions{Observe: recorder.Observe})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, recorder.Check())
		assert.Less(t, time.Since(begin), time.Minute+2*time.Second)
		require.NotEmpty(t, result.Failures)
		assert.ErrorIs(t, result.Failures[0].Err, sync.ErrUnknownOutcome)
	})
}

// TestCancelWhileReading: the sources are not waited for.
func TestCancelWhileReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil)
		defer w.source.Block()()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result, err := w.engine.Run(ctx, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, result.Objects)
		assert.Zero(t, w.sink.Requests())
	})
}

// TestFlight: so many writes are under way at once as the options allow; hosts, a serial kind, one by one (which the sink
// checks), and never two to one unit (which it checks too).
func TestFlight(t *testing.T) {
	t.Parallel()
	for _, flight := range []int{0, 1, 3} {
		synctest.Test(t, func(t *testing.T) {
			source := enginetest.NewSource(enginetest.Estate("alpha", 8, 40))
			w := &world{source: source, sink: enginetest.NewSink(nil)}
			w.engine = newEngine(t, w.sink, &sync.Options{Flight: flight, Chunk: 2}, source)
			w.sink.Before(slowly)
			w.lands(t)
			want := flight
			if flight == 0 {
				want = 4
			}
			assert.Equal(t, want, w.sink.MostInFlight())
		})
	}
}

// TestBatches: no write has more items than the kind allows, and an estate is written in bulk.
func TestBatches(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 7} {
		source := enginetest.NewSource(enginetest.Estate("alpha", 3, 60))
		w := &world{source: source, sink: enginetest.NewSink(&enginetest.SinkOptions{Batch: size})}
		w.engine = newEngine(t, w.sink, nil, source)
		w.lands(t)
		w.settled(t)
		if size == 0 {
			assert.Less(t, w.sink.Requests(), 20, "for 244 objects and 60 pointers")
		}
	}
}

// TestObserveIsNeverBeside itself, and comes on the caller's goroutine: that this needs no lock is what the race detector
// looks at.
func TestObserveIsNeverBeside(t *testing.T) {
	t.Parallel()
	source := enginetest.NewSource(enginetest.Estate("alpha", 4, 40))
	engine := newEngine(t, enginetest.NewSink(nil), &sync.Options{Chunk: 1, Flight: 8}, source)
	events := 0
	_, err := engine.Run(t.Context(), &sync.RunOptions{Observe: func(sync.Event) { events++ }})
	require.NoError(t, err)
	assert.Greater(t, events, 90)
}

// TestStory: what a watcher is told of a small run.
func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &sync.Options{Flight: 1})
	w.source.Edit(func(inv *inventory.Inventory) { inv.Guests, inv.Nodes = inv.Guests[:2], inv.Nodes[:1] })
	w.lands(t)
	w.edit(t, 102, func(g *inventory.Guest) {
		g.Memory, g.NICs[0].MAC, g.NICs[1].Addresses = 4<<30, "BC:24:11:00:00:01", nil
	})
	recorder, _, err := w.run(t, nil)
	require.NoError(t, err)
	var story []string
	for _, e := range recorder.Events() {
		s, ok := e.(sync.Step)
		if !ok {
			continue
		}
		line := string(s.Stage) + " " + string(s.Status)
		if s.Name != "" {
			line += " " + s.Name
		}
		if s.Op != "" {
			line += " " + string(s.Op)
		}
		story = append(story, line)
	}
	assert.Equal(t, []string{
		"read started", "read started alpha", "read progress alpha", "read completed alpha", "read completed",
		"plan completed",
		"shared started", "shared started alpha", "shared completed alpha keep", "shared completed",
		"hosts started", "hosts started pve01", "hosts completed pve01 keep", "hosts completed",
		"guests started", "guests started vm101", "guests completed vm101 keep",
		"guests started vm102", "guests completed vm102 update", "guests completed",
	}, story)
	last := recorder.Steps()[3]
	assert.Equal(t, map[sync.Kind]sync.Counts{"port": {Kept: 1, Updated: 1}, "address": {Kept: 1, Deleted: 1}}, last.Children)
	assert.Equal(t, []sync.FieldChange{
		{Name: "memory", Old: sync.Int(2048), New: sync.Int(4096)},
		{Name: "eth0: mac", Old: sync.String("BC:24:11:AB:00:04"), New: sync.String("BC:24:11:00:00:01")},
	}, last.Changes)
	assert.Equal(t, "4096", last.Object["memory"].Text())
	assert.Equal(t, "alpha", last.Object["group"].Text(), "references are told by label")
	assert.NotContains(t, last.Object, sync.MemoryField)
	assert.Equal(t, w.object(t, "guest", "vm102").ID, last.ID)
}

func TestEventsAreRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "{}", `{"type":"other"}`, `{"type":"step","seq":"one"}`} {
		_, err := sync.UnmarshalEvent([]byte(raw))
		assert.Error(t, err, raw)
	}
	_, err := sync.MarshalEvent(nil)
	assert.Error(t, err)
}

// TestReportOutsideOfARun does nothing.
func TestReportOutsideOfARun(t *testing.T) {
	t.Parallel()
	sync.Report(t.Context(), 1, 2)
}

func TestErrorsAreTold(t *testing.T) {
	t.Parallel()
	failure := func(name string) *sync.ObjectError {
		return &sync.ObjectError{Op: sync.Create, Key: vm(name), Err: errBad}
	}
	one := &sync.PartialError{Failures: []*sync.ObjectError{failure("a/1")}}
	assert.EqualError(t, one, "1 failed: vm a/1: bad request")
	many := &sync.PartialError{Failures: []*sync.ObjectError{failure("1"), failure("2"), failure("3"), failure("4"), failure("5")}}
	assert.EqualError(t, many, "5 failed: vm 1: bad request; vm 2: bad request; vm 3: bad request; and 2 more")
	require.ErrorIs(t, many, errBad)
	var object *sync.ObjectError
	require.ErrorAs(t, many, &object)
	assert.Equal(t, "vm a/1: bad request", sync.Failure{Errors: one.Failures}.Error())
	child := &sync.ObjectError{Key: disk("a/1/d"), Unit: vm("a/1"), Label: "d", UnitLabel: "web", Err: errBad}
	assert.EqualError(t, child, "vm web: disk d: bad request")
	assert.Equal(t, "vm 1: bad request (and 4 more)", sync.Failure{Errors: many.Failures}.Error())
}
