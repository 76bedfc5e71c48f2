package server

import (
	"crypto/rand"
	"errors"
	"slices"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// order is what somebody asks for.
type order struct {
	stream sse.Stream // as what it is told to sockets
	rows   Endpoints  // as they were then: changing one does not disturb the run
	scope  sync.Scope
	policy *sync.Policy
}

// run is one run, from its wait for a turn until it is forgotten, with all its events. Any number of watchers read
// them, each at its own pace; none is waited for.
type run struct {
	id    string
	order order
	place int // among the runs that were started, from 1; guarded by the queue's lock

	mu      stdsync.Mutex
	events  []sync.Event
	ended   bool          // the last of the events is sync.Complete
	changed chan struct{} // closed, and replaced, with each event
}

func newRun(o order) *run { return &run{id: rand.Text()[:12], order: o, changed: make(chan struct{})} }

// observe adds an event. What comes after the end is dropped.
func (r *run) observe(ev sync.Event) {
	complete, last := ev.(sync.Complete)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || last && complete.Result == nil {
		return
	}
	r.events = append(r.events, ev)
	r.ended = last
	close(r.changed)
	r.changed = make(chan struct{})
}

// after returns the events that follow the first n, a channel that is closed when there are more, and whether these are
// the last. The events are read-only.
func (r *run) after(n int) (events []sync.Event, changed <-chan struct{}, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n = min(n, len(r.events))
	return slices.Clip(r.events[n:]), r.changed, r.ended
}

// result returns what the run came to. It must have ended.
func (r *run) result() *sync.Result {
	events, _, _ := r.after(0)
	return events[len(events)-1].(sync.Complete).Result
}

// end makes sure that the run has its last event: a backend that could not begin, or broke down, gives none.
func (r *run) end(err error) {
	events, _, ended := r.after(0)
	if ended {
		return
	}
	if err == nil {
		err = errors.New("the run ended without telling what came of it")
	}
	var result sync.Result
	for _, ev := range events {
		result.Observe(ev)
	}
	meta := sync.Meta{Run: r.id, Seq: uint64(len(events) + 1), Time: time.Now().UTC()}
	failure := sync.Failure{
		Meta: meta, Errors: []*sync.ObjectError{{Key: sync.Key{Kind: "run", Name: r.id}, Err: err}},
	}
	meta.Seq++
	complete := sync.Complete{Meta: meta, Result: &result}
	result.Observe(failure)
	result.Observe(complete)
	r.observe(failure)
	r.observe(complete)
}
