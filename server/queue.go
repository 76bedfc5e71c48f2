package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

// errShutdown is why runs end when the server does.
var errShutdown = errors.New("the server is shutting down: ask again when it is back")

// queue sees to it that no two runs at once touch the same source: see the package's description for the rule.
type queue struct {
	backend Backend
	options Options
	history history
	group   stdsync.WaitGroup // of the goroutines that run

	mu      stdsync.Mutex
	current []*run        // under way, in the order of their start
	waiting []*run        // first come, first served
	past    []*run        // the newest last
	started int           // runs so far
	closed  bool          // no run is started any more
	news    chan struct{} // closed, and replaced, whenever a run is started, has an event or has ended
}

// newQueue returns a queue that knows the runs of the server before this one.
func newQueue(b Backend, o Options) (*queue, error) {
	q := &queue{backend: b, options: o, news: make(chan struct{})}
	var err error
	if q.history, err = newHistory(o); err != nil {
		return nil, err
	}
	if q.past, err = q.history.load(); err != nil {
		return nil, err
	}
	q.history.remove(q.forget())
	return q, nil
}

// join returns a run that does what is asked for. ahead is a run that the returned one waits for, if it has to.
func (q *queue) join(o order) (r, ahead *run) {
	r, ahead, _ = q.enter(o)
	return r, ahead
}

// enter is join, and tells whether the run was there before.
func (q *queue) enter(o order) (r, ahead *run, joined bool) {
	r, ahead, joined = q.take(o)
	if ahead != nil && !joined {
		r.record.save()
	}
	return r, ahead, joined
}

// take finds or makes a run, and starts it if it need not wait.
func (q *queue) take(o order) (r, ahead *run, joined bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		r = newRun(o)
		r.cancel(errShutdown)
		r.end(errShutdown)
		return r, nil, false
	}
	for _, r := range slices.Concat(q.current, q.waiting) {
		if r.order.covers(o) && context.Cause(r.ctx) == nil && !r.hasEnded() {
			return r, q.before(r), true
		}
	}
	r = newRun(o)
	r.told, r.watch = q.tell, q.options.Observe
	r.record = q.history.record(r)
	q.waiting = append(q.waiting, r)
	q.proceed()
	return r, q.before(r), false
}

// before returns the first run that has to end before this one can begin; nil for one under way. The lock is held.
func (q *queue) before(r *run) *run {
	at := slices.Index(q.waiting, r)
	if at < 0 {
		return nil
	}
	for _, other := range slices.Concat(q.current, q.waiting[:at]) {
		if !other.order.apart(r.order) {
			return other
		}
	}
	return nil
}

// proceed starts what waits for nothing any more. The lock is held.
func (q *queue) proceed() {
	for _, r := range slices.Clone(q.waiting) {
		if q.before(r) != nil {
			continue
		}
		q.waiting = slices.DeleteFunc(q.waiting, func(other *run) bool { return other == r })
		q.current = append(q.current, r)
		q.started++
		r.place = q.started
		r.begin()
		q.group.Go(func() { q.work(r) })
	}
	q.wake()
}

// work does a run from its begin to its end.
func (q *queue) work(r *run) {
	log := q.options.Logger.With("run", r.id)
	log.Info("run started", "stage", string(r.order.stream), "sources", named(r.order.scope).Sources, "dry_run", r.order.dry, "plan_of", r.order.planOf)
	r.record.save()
	r.end(q.run(r, log))
	r.record.close()
	result := r.result()
	log.Info("run ended", "state", string(r.row().State), "ok", result.OK, "failures", len(result.Failures), "error", result.Error)

	q.mu.Lock()
	q.current = slices.DeleteFunc(q.current, func(other *run) bool { return other == r })
	q.past = append(q.past, r)
	forgotten := q.forget()
	q.proceed()
	q.mu.Unlock()
	q.history.remove(forgotten)
}

// run has the backend do a run. A panic there fails that run only.
func (q *queue) run(r *run, log *slog.Logger) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("run panicked", "panic", fmt.Sprint(p), slog.String("stack", string(debug.Stack())))
			err = errors.New("a defect in the program ended the run; the server's log says where")
		}
	}()
	runner, err := q.backend.Open(r.order.rows)
	if err != nil {
		return err
	}
	o := &sync.RunOptions{ID: r.id, Scope: r.order.scope, Policy: r.order.policy, Observe: r.observe}
	switch {
	case r.order.plan != nil:
		_, err = runner.Apply(r.ctx, r.order.plan, o)
	case r.order.dry:
		err = q.plan(r, runner, o)
	default:
		_, err = runner.Run(r.ctx, o)
	}
	return err
}

// plan does a dry run. Its end is told when its plan can be had.
func (q *queue) plan(r *run, runner Runner, o *sync.RunOptions) error {
	var last sync.Event
	o.Observe = func(ev sync.Event) {
		if _, ok := ev.(sync.Complete); ok {
			last = ev
			return
		}
		r.observe(ev)
	}
	plan, err := runner.Plan(r.ctx, o)
	if plan != nil {
		r.planned(plan)
		r.record.savePlan(plan)
	}
	if last != nil {
		r.observe(last)
	}
	return err
}

// stop cancels a run. over says that it has ended already.
func (q *queue) stop(r *run) (over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.hasEnded() {
		return true
	}
	r.cancel(errCancelled)
	if slices.Contains(q.waiting, r) {
		q.takeBack(errCancelled, r)
		q.proceed()
	}
	return false
}

// takeBack ends runs that never began. The lock is held.
func (q *queue) takeBack(why error, runs ...*run) {
	for _, r := range runs {
		q.waiting = slices.DeleteFunc(q.waiting, func(other *run) bool { return other == r })
		q.past = append(q.past, r)
		r.cancel(why)
		q.group.Go(func() { // what is told, is told without the lock
			r.end(why)
			r.record.close()
		})
	}
}

// forget drops the oldest of the past runs that are too many, and the events of those whose events are. It returns what
// is no longer kept. The lock is held.
func (q *queue) forget() (gone forgotten) {
	if more := len(q.past) - q.options.History; more > 0 {
		gone.runs = slices.Clone(q.past[:more])
		q.past = slices.Delete(q.past, 0, more)
	}
	weight, bytes := 0, int64(0)
	for i, r := range slices.Backward(q.past) {
		weight += r.weight()
		bytes += r.record.bytes()
		if i == len(q.past)-1 || weight <= q.options.HistoryEvents && bytes <= q.options.HistoryBytes {
			continue
		}
		if bare := r.bare(); bare != nil {
			q.past[i] = bare // whoever watches the run still has it
			gone.events = append(gone.events, r)
		}
	}
	return gone
}

// find returns the run of that id, nil if there is none any more.
func (q *queue) find(id string) *run {
	all := q.all()
	if at := slices.IndexFunc(all, func(r *run) bool { return r.id == id }); at >= 0 {
		return all[at]
	}
	return nil
}

// all returns all runs, the oldest first: those that are over, those under way, those that wait.
func (q *queue) all() []*run {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Concat(q.past, q.current, q.waiting)
}

// rows returns how all of them are told of.
func (q *queue) rows() []runRow {
	all := q.all()
	rows := make([]runRow, len(all))
	for i, r := range all {
		rows[i] = r.row()
	}
	return rows
}

// waits tells whether the run waits for its turn.
func (q *queue) waits(r *run) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Contains(q.waiting, r)
}

// place returns the one of the last run that was started before those under way.
func (q *queue) place() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.current) > 0 {
		return q.current[0].place - 1
	}
	return q.started
}

// since returns the runs that were started after the one of that place, and the place of the last that was; a channel
// that is closed at the next news; and whether there never will be any.
func (q *queue) since(place int) (runs []*run, last int, news <-chan struct{}, over bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range slices.Concat(q.past, q.current) {
		if r.place > place {
			runs = append(runs, r)
		}
	}
	slices.SortFunc(runs, func(a, b *run) int { return a.place - b.place })
	return runs, q.started, q.news, q.closed && len(q.current) == 0
}

// tell wakes whoever waits for news.
func (q *queue) tell() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake()
}

// wake is tell with the lock held.
func (q *queue) wake() {
	close(q.news)
	q.news = make(chan struct{})
}

// close stops the runs under way and ends those that wait.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.takeBack(errShutdown, slices.Clone(q.waiting)...)
	for _, r := range q.current {
		r.cancel(errShutdown)
	}
	q.wake()
}
