package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
)

// Engine keeps one sink true to its sources. It holds no state between runs and is safe for concurrent use, but two
// runs over the same objects at once fight: that is the caller's to prevent.
type Engine struct {
	sink    Sink
	sources []Source
	options Options
	kinds   []KindInfo
}

// Options tunes an engine. The zero value is good.
type Options struct {
	// Flight is how many writes may be under way at once. By default 4.
	Flight int
	// Chunk is how many units go through their writes together. By default it follows from the number of units,
	// between 25 and 200: many small chunks let a watcher see objects finish, few large ones save requests.
	Chunk int
	// Policy is that of runs which bring none. By default the sink's rules hold.
	Policy Policy
	// Logger gets what is of use when something is wrong, at level debug. By default nothing is logged: the events
	// are the news.
	Logger *slog.Logger
}

// RunOptions are those of one run. Nil means the defaults.
type RunOptions struct {
	// ID names the run. By default a random one is made.
	ID string
	// Scope narrows the run. By default everything is in scope. An apply takes the scope of its plan.
	Scope Scope
	// Policy replaces the engine's.
	Policy *Policy
	// Observe gets every event, in order, on the goroutine that called the engine. It must not block for long: the
	// run waits for it.
	Observe func(Event)
}

// New returns an engine that keeps dst true to the sources.
func New(dst Sink, sources []Source, o *Options) (*Engine, error) {
	if dst == nil {
		return nil, errors.New("sync: an engine needs a sink")
	}
	e := &Engine{sink: dst, sources: slices.Clone(sources), kinds: slices.Clone(dst.Kinds())}
	if o != nil {
		e.options = *o
	}
	e.options.Flight = cmp.Or(max(e.options.Flight, 0), 4)
	if e.options.Logger == nil {
		e.options.Logger = slog.New(slog.DiscardHandler)
	}
	names := map[string]bool{}
	for _, s := range sources {
		name := s.Name()
		switch {
		case name == "" || strings.Contains(name, "/"):
			return nil, fmt.Errorf("sync: the source name %q is empty or holds a slash", name)
		case names[name]:
			return nil, fmt.Errorf("sync: two sources are called %q", name)
		}
		names[name] = true
	}
	return e, nil
}

// Sources returns the names of the sources, in the order in which they were given.
func (e *Engine) Sources() []string {
	names := make([]string, len(e.sources))
	for i, source := range e.sources {
		names[i] = source.Name()
	}
	return names
}

// Run reads both ends, plans and applies: the whole job.
//
// The result is never nil and tells what landed, whatever the error. The error is nil, a [*PartialError] when objects
// or sources failed and all else was done, [context.Cause] after a cancel, or what ended the run.
func (e *Engine) Run(ctx context.Context, o *RunOptions) (*Result, error) {
	r := e.begin(ctx, o)
	plan, err := r.plan()
	if err == nil {
		err = r.apply(plan)
	}
	return r.finish(err)
}

// Plan reads both ends and returns what a run would do. It writes nothing anywhere. A source that cannot be read is a
// problem in the plan and a [*PartialError]; the plan for the others is good.
func (e *Engine) Plan(ctx context.Context, o *RunOptions) (*Plan, error) {
	r := e.begin(ctx, o)
	plan, err := r.plan()
	_, err = r.finish(err)
	return plan, err
}

// Apply does what a plan says. It reads the sink again first: a unit or shared object that no longer is as the plan
// found it fails with [ErrStale], alone; one that is to be deleted and is gone already is a skip. Results and errors are
// those of Run.
func (e *Engine) Apply(ctx context.Context, p *Plan, o *RunOptions) (*Result, error) {
	r := e.begin(ctx, o)
	fresh, err := r.recheck(p)
	if err == nil {
		err = r.apply(fresh)
	}
	return r.finish(err)
}

// Events runs and yields the run's events as they come, [Complete] last. Leaving the loop cancels the run and waits
// until it has stopped.
func (e *Engine) Events(ctx context.Context, o *RunOptions) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		options := RunOptions{}
		if o != nil {
			options = *o
		}
		observe, left := options.Observe, false
		options.Observe = func(ev Event) {
			if observe != nil {
				observe(ev)
			}
			if !left && !yield(ev) {
				left = true
				cancel()
			}
		}
		_, _ = e.Run(ctx, &options) // the Complete event tells the same
	}
}

// plan tells the first half of a run: read both ends, translate, look up what stands in the way, ask whether what looks
// gone is gone, compare.
func (r *run) plan() (*Plan, error) {
	inventories, current, err := r.read()
	if err != nil {
		return nil, err
	}
	desired, current, err := r.lookup(current, func(current *State) (*State, error) {
		return r.engine.sink.Desired(inventories, current)
	})
	if err != nil {
		return nil, err
	}
	if desired, err = r.confirm(desired, inventories); err != nil {
		return nil, err
	}
	plan, err := Diff(desired, current, r.scope, r.policy)
	if err != nil {
		return nil, err
	}
	plan.Problems = r.problems
	for _, inv := range inventories {
		plan.Dropped = append(plan.Dropped, droppedNotes(inv)...)
	}
	r.emit(Step{Stage: StagePlan, Status: Completed, Total: plan.objects()})
	return plan, nil
}

// apply tells the second half: shared objects, then what must be let go, then unit by unit, then the units that go.
func (r *run) apply(p *Plan) error {
	p.desired = nil // what is to be written is in the changes
	w := r.newWriting(p)
	defer w.stop()
	w.shared()
	w.release()
	for _, kind := range r.engine.kinds {
		if kind.Level == Unit {
			w.units(kind)
		}
	}
	w.remove()
	return context.Cause(r.ctx)
}
