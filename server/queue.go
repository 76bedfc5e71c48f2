package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"slices"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

// errShutdown is why runs end when the server does.
var errShutdown = errors.New("the server is shutting down: ask again when it is back")

// queue sees to it that there is one run at a time.
type queue struct {
	backend Backend
	options Options
	ctx     context.Context // of all runs
	cancel  context.CancelCauseFunc
	group   stdsync.WaitGroup // of the goroutine that runs

	mu      stdsync.Mutex
	current *run
	waiting []*run
	past    []*run        // the newest last
	started int           // runs so far
	closed  bool          // no run is started any more
	changed chan struct{} // closed, and replaced, when a run is started or the queue has come to its end
}

func newQueue(b Backend, o Options) *queue {
	q := &queue{backend: b, options: o, changed: make(chan struct{})}
	q.ctx, q.cancel = context.WithCancelCause(context.Background())
	return q
}

// join returns a run that does what is asked for: the one in progress or one that waits, if it covers it, else a new
// one. ahead is the run in progress if the returned one waits for its turn.
func (q *queue) join(o order) (r, ahead *run) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		r = newRun(o)
		r.end(errShutdown)
		return r, nil
	}
	if q.current != nil && q.current.covers(o) {
		return q.current, nil
	}
	if at := slices.IndexFunc(q.waiting, func(r *run) bool { return r.covers(o) }); at >= 0 {
		return q.waiting[at], q.current
	}
	r = newRun(o)
	if q.current != nil {
		q.waiting = append(q.waiting, r)
		return r, q.current
	}
	q.start(r)
	q.group.Go(func() { q.work(r) })
	return r, nil
}

// covers tells whether the run does, or will do, all that is asked for.
func (r *run) covers(o order) bool {
	_, _, ended := r.after(0)
	return !ended && r.order.scope.Covers(o.scope) && reflect.DeepEqual(r.order.policy, o.policy) &&
		reflect.DeepEqual(r.order.rows, o.rows)
}

// start makes a run the current one. The lock is held.
func (q *queue) start(r *run) {
	q.current = r
	q.started++
	r.place = q.started
	q.tell()
}

// tell wakes whoever waits for a change. The lock is held.
func (q *queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// work does one run after the other until none waits.
func (q *queue) work(r *run) {
	for r != nil {
		q.options.Logger.Info("run started", "run", r.id, "stream", string(r.order.stream))
		err := q.run(r)
		r.end(err)
		result := r.result()
		q.options.Logger.Info("run ended", "run", r.id, "ok", result.OK, "failures", len(result.Failures), "error", result.Error)
		r = q.next()
	}
}

// run has the backend do a run. A panic there fails that run only.
func (q *queue) run(r *run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.options.Logger.Error("run panicked", "run", r.id, "panic", fmt.Sprint(p), slog.String("stack", string(debug.Stack())))
			err = errors.New("a defect in the program ended the run; the server's log says where")
		}
	}()
	runner, err := q.backend.Open(r.order.rows)
	if err != nil {
		return err
	}
	_, err = runner.Run(q.ctx, &sync.RunOptions{ID: r.id, Scope: r.order.scope, Policy: r.order.policy, Observe: r.observe})
	return err
}

// next puts the current run away and returns the next one, nil if none waits.
func (q *queue) next() *run {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.past = append(q.past, q.current)
	q.current = nil
	q.forget()
	if len(q.waiting) == 0 {
		q.tell()
		return nil
	}
	r := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.start(r)
	return r
}

// forget drops the oldest of the past runs that are too many. The lock is held.
func (q *queue) forget() {
	events := 0
	for i, r := range slices.Backward(q.past) {
		list, _, _ := r.after(0)
		events += len(list)
		kept := len(q.past) - i
		if kept > 1 && (kept > q.options.History || events > q.options.HistoryEvents) {
			q.past = slices.Delete(q.past, 0, i+1)
			return
		}
	}
}

// find returns the run of that id, nil if there is none any more.
func (q *queue) find(id string) *run {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := slices.Concat(q.past, q.waiting)
	if q.current != nil {
		all = append(all, q.current)
	}
	if at := slices.IndexFunc(all, func(r *run) bool { return r.id == id }); at >= 0 {
		return all[at]
	}
	return nil
}

// waits tells whether the run waits for its turn.
func (q *queue) waits(r *run) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Contains(q.waiting, r)
}

// now returns the place of the last run that is over.
func (q *queue) now() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.current != nil {
		return q.current.place - 1
	}
	return q.started
}

// after returns the first run that was started after the one of that place, or nil and a channel that is closed when
// there may be one. over says that there never will be.
func (q *queue) after(place int) (r *run, at int, changed <-chan struct{}, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range q.past {
		if r.place > place {
			return r, r.place, nil, false
		}
	}
	if q.current != nil && q.current.place > place {
		return q.current, q.current.place, nil, false
	}
	return nil, place, q.changed, q.closed && q.current == nil
}

// close stops the run in progress and ends those that wait.
func (q *queue) close() {
	q.mu.Lock()
	waiting := q.waiting
	q.waiting, q.closed = nil, true
	q.tell()
	q.mu.Unlock()
	q.cancel(errShutdown)
	for _, r := range waiting {
		r.end(errShutdown)
	}
}
