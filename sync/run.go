package sync

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// run is one run under way. Everything in it is touched on the caller's goroutine only.
type run struct {
	engine   *Engine
	ctx      context.Context
	cancel   context.CancelCauseFunc
	id       string
	scope    Scope
	policy   Policy
	observe  func(Event)
	seq      uint64
	result   Result
	problems []*ObjectError // sources that could not be read
}

func (e *Engine) begin(ctx context.Context, o *RunOptions) *run {
	r := &run{engine: e, policy: e.options.Policy}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	if o != nil {
		r.id, r.scope, r.observe = o.ID, o.Scope, o.Observe
		if o.Policy != nil {
			r.policy = *o.Policy
		}
	}
	if r.id == "" {
		r.id = rand.Text()[:12]
	}
	r.ctx = context.WithValue(r.ctx, runKey{}, r.id)
	r.scope = e.named(r.scope)
	return r
}

// runKey is the key of a run's id in a context.
type runKey struct{}

// RunID returns the id of the run that a context is part of, empty for one that is part of none. A Source or Sink that
// logs with the context of its call lets a [log/slog.Handler] name the run on each line.
func RunID(ctx context.Context) string {
	id, _ := ctx.Value(runKey{}).(string)
	return id
}

// named returns the scope with its sources by name.
func (e *Engine) named(s Scope) Scope {
	if len(s.Sources) == 0 {
		for _, source := range e.sources {
			s.Sources = append(s.Sources, source.Name())
		}
	}
	return s
}

// emit numbers an event, adds it to the result and shows it.
func (r *run) emit(e Event) {
	r.seq++
	meta := Meta{Run: r.id, Seq: r.seq, Time: time.Now().UTC()}
	switch ev := e.(type) {
	case Step:
		ev.Meta = meta
		e = ev
	case Failure:
		ev.Meta = meta
		e = ev
	case Complete:
		ev.Meta = meta
		r.result.Observe(ev)
		ev.Result = r.result.clone()
		e = ev
	}
	if _, last := e.(Complete); !last {
		r.result.Observe(e)
	}
	if r.observe != nil {
		r.observe(e)
	}
}

// finish tells how the run ended.
func (r *run) finish(err error) (*Result, error) {
	defer r.cancel(nil)
	if err != nil {
		if cause := context.Cause(r.ctx); cause != nil {
			err = cause
		}
		r.emit(Failure{Errors: []*ObjectError{{Key: Key{Kind: "run", Name: r.id}, Err: err}}})
	}
	r.emit(Complete{})
	result := r.result.clone()
	if err == nil && len(result.Failures) > 0 {
		err = &PartialError{Failures: result.Failures}
	}
	return result, err
}

// read reads the sources and the sink beside each other.
func (r *run) read() ([]*inventory.Inventory, *State, error) {
	r.emit(Step{Stage: StageRead, Status: Started})
	sources := slices.DeleteFunc(slices.Clone(r.engine.sources), func(s Source) bool { return !r.scope.HasSource(s.Name()) })
	inventories := make([]*inventory.Inventory, len(sources))
	var current *State
	var sinkErr error
	tasks := []func(post func(func())){func(func(func())) { current, sinkErr = r.engine.sink.Current(r.ctx, r.scope) }}
	for i, s := range sources {
		tasks = append(tasks, func(post func(func())) {
			key := Key{Kind: SourceKind, Name: s.Name()}
			step := func(status Status, done, total int, notes ...string) {
				post(func() {
					r.emit(Step{Stage: StageRead, Status: status, Key: key, Name: s.Name(), Done: done, Total: total, Notes: notes})
				})
			}
			step(Started, 0, 0)
			ctx := context.WithValue(r.ctx, reportKey{}, func(done, total int) { step(Progress, done, total) })
			inv, err := s.Inventory(ctx, r.scope)
			if err == nil {
				inventories[i] = inv
				step(Completed, len(inv.Guests), len(inv.Guests), droppedNotes(inv)...)
				return
			}
			inventories[i] = unread(s.Name(), err)
			if r.ctx.Err() == nil {
				post(func() { r.sourceFailed(key, err) })
			}
		})
	}
	together(len(tasks), tasks)
	if err := context.Cause(r.ctx); err != nil {
		return nil, nil, err
	}
	if sinkErr != nil {
		return nil, nil, sinkErr
	}
	r.emit(Step{Stage: StageRead, Status: Completed})
	return inventories, current, nil
}

// unread is the inventory of a source of which nothing is known.
func unread(name string, err error) *inventory.Inventory {
	return &inventory.Inventory{Source: name, Gaps: []inventory.Gap{{Part: inventory.PartSource, Reason: err.Error()}}}
}

func (r *run) sourceFailed(key Key, err error) {
	problem := &ObjectError{Key: key, Label: key.Name, Err: err}
	r.problems = append(r.problems, problem)
	r.emit(Failure{Stage: StageRead, Key: key, Name: key.Name, Errors: []*ObjectError{problem}})
}

// lookup asks what is desired in view of the current records, and looks up what stands under the names that this needs,
// until nothing is missing any more.
func (r *run) lookup(current *State, desire func(current *State) (*State, error)) (desired, all *State, err error) {
	for range 10 { // each round looks one step further along references; a sink needs two or three
		if desired, err = desire(current); err != nil {
			return nil, nil, err
		}
		more, err := r.engine.sink.Lookup(r.ctx, desired, current)
		if cause := context.Cause(r.ctx); cause != nil {
			return nil, nil, cause
		}
		if err != nil {
			return nil, nil, err
		}
		if more == nil {
			return desired, current, nil
		}
		current = current.merge(more)
	}
	return nil, nil, errors.New("sync: the sink's Lookup comes to no end")
}

type reportKey struct{}

// Report tells, from inside a [Source]'s Inventory, how many of its guests have been read. Outside of a run it does
// nothing. It may be called from any goroutine that ends before Inventory returns.
func Report(ctx context.Context, done, total int) {
	if report, ok := ctx.Value(reportKey{}).(func(done, total int)); ok {
		report(done, total)
	}
}

// together runs the tasks, begun in their order, at most limit at once, and does on the calling goroutine what they post.
// It returns when all tasks have ended.
func together(limit int, tasks []func(post func(func()))) {
	posts := make(chan func())
	slots := make(chan struct{}, max(limit, 1))
	go func() {
		defer close(posts)
		var group stdsync.WaitGroup
		for _, task := range tasks {
			slots <- struct{}{}
			group.Go(func() {
				defer func() { <-slots }()
				task(func(f func()) { posts <- f })
			})
		}
		group.Wait()
	}()
	for f := range posts {
		f()
	}
}
