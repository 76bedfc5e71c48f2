package server

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

var (
	// errCancelled is why a run ends that somebody has cancelled.
	errCancelled = errors.New("the run was cancelled")
	// errInterrupted is why a run ended that a server before this one did not end.
	errInterrupted = errors.New("the server ended in the middle of the run: the next one does what is left")
)

// run is one run, from its wait for a turn until it is forgotten, with all its events. Any number of watchers read
// them, each at its own pace; none is waited for.
type run struct {
	id      string
	order   order
	created time.Time
	place   int    // among the runs that were started, from 1; guarded by the queue's lock
	told    func() // called after each event
	watch   func(RunInfo, sync.Event)
	record  *runRecord      // on disk; nil if nothing is kept there
	ctx     context.Context // of the run itself
	cancel  context.CancelCauseFunc

	mu       stdsync.Mutex
	state    runState
	started  time.Time
	events   []sync.Event
	progress progress
	plan     *sync.Plan         // of a dry run that has come to its end
	ended    bool               // nothing more comes: the last of the events was sync.Complete
	kept     *runRow            // of a run without events: what is still known of it, or was kept on disk
	shared   map[string]*shared // by dialect
	changed  chan struct{}      // closed, and replaced, with each event
}

// runState is where a run is in its life.
type runState string

const (
	stateWaiting   runState = "waiting" // for its turn
	stateRunning   runState = "running"
	stateCompleted runState = "completed"
	stateFailed    runState = "failed"    // something failed, or the run could not be done
	stateCancelled runState = "cancelled" // by somebody, or because the server was shut down
	// stateInterrupted: the server was ended so that it could not end the run.
	stateInterrupted runState = "interrupted"
)

// runStates returns all of them.
func runStates() []runState {
	return []runState{stateWaiting, stateRunning, stateCompleted, stateFailed, stateCancelled, stateInterrupted}
}

func newRun(o order) *run {
	r := &run{
		id: rand.Text()[:12], order: o, created: time.Now().UTC(), state: stateWaiting, told: func() {}, changed: make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	return r
}

// observe adds an event, and tells of it. What comes after the end is dropped.
func (r *run) observe(ev sync.Event) {
	if r.add(ev) {
		r.told()
	}
}

// add adds an event, unless it is to be dropped.
func (r *run) add(ev sync.Event) bool {
	complete, last := ev.(sync.Complete)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || last && complete.Result == nil {
		return false
	}
	// What a watcher has seen is on disk: then the ids that it may come back with are known after a restart.
	r.record.append(ev)
	r.events = append(r.events, ev)
	r.progress.observe(ev)
	if last {
		r.ended = true
		r.state = r.outcome(complete.Result)
	}
	r.watched(ev)
	close(r.changed)
	r.changed = make(chan struct{})
	return true
}

// outcome returns the state that a result stands for. The lock is held.
func (r *run) outcome(result *sync.Result) runState {
	cause := context.Cause(r.ctx)
	switch {
	case result.Error != "" && errors.Is(cause, errInterrupted):
		return stateInterrupted
	case result.Error != "" && cause != nil:
		return stateCancelled
	case result.OK:
		return stateCompleted
	}
	return stateFailed
}

// after returns the events that follow the first n, a channel that is closed when there are more, and whether these are
// the last. The events are read-only.
func (r *run) after(n int) (events []sync.Event, changed <-chan struct{}, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n = min(n, len(r.events))
	return slices.Clip(r.events[n:]), r.changed, r.ended
}

// hasEnded tells whether the run has come to its end.
func (r *run) hasEnded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// result returns what the run came to. It must have ended.
func (r *run) result() *sync.Result {
	events, _, _ := r.after(0)
	return events[len(events)-1].(sync.Complete).Result
}

// isOpen tells whether the run is to begin or under way.
func (r *run) isOpen() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state == stateWaiting || r.state == stateRunning
}

// weight returns how much the run holds, in events; a change of a plan counts as one.
func (r *run) weight() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.events)
	if r.plan != nil {
		n += len(r.plan.Changes)
	}
	return n
}

// bare returns the run without its events and its plan; nil if it has none. It must have ended.
func (r *run) bare() *run {
	if r.weight() == 0 {
		return nil
	}
	row := r.row()
	b := newRun(r.order)
	b.id, b.created, b.place, b.record = r.id, r.created, r.place, r.record
	b.order.plan, b.order.rows = nil, Endpoints{}
	b.state, b.ended, b.kept = row.State, true, &row
	return b
}

// begin says that the run's turn has come.
func (r *run) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state, r.started = stateRunning, time.Now().UTC()
}

// planned keeps what a dry run has found.
func (r *run) planned(p *sync.Plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plan = p
}

// end makes sure that the run has its last event: a backend that could not begin, or broke down, gives none.
func (r *run) end(err error) { r.endAt(time.Now().UTC(), err) }

func (r *run) endAt(now time.Time, err error) {
	r.mu.Lock()
	ended, result, seq := r.ended, r.progress.result, uint64(len(r.events)+1)
	r.mu.Unlock()
	if ended {
		return
	}
	if err == nil {
		err = errors.New("the run ended without telling what came of it")
	}
	failure := sync.Failure{
		Meta:   sync.Meta{Run: r.id, Seq: seq, Time: now},
		Errors: []*sync.ObjectError{{Key: sync.Key{Kind: "run", Name: r.id}, Err: err}},
	}
	complete := sync.Complete{Meta: sync.Meta{Run: r.id, Seq: seq + 1, Time: now}, Result: &result}
	result.Observe(failure)
	result.Observe(complete)
	r.observe(failure)
	r.observe(complete)
}
