package sync

import (
	"context"
	"maps"
	"slices"
	"time"
)

// grace is how long a write that is under way may go on after a cancel: cut off, nobody would know whether it landed.
const grace = 1500 * time.Millisecond

// writing is the second half of a run: a plan being applied.
type writing struct {
	run      *run
	plan     *Plan
	ctx      context.Context // of the writes: ends a moment after the run's
	stop     func()
	serial   chan struct{} // holds one while a serial kind is created
	order    map[Kind]int
	infos    map[Kind]KindInfo
	ids      map[Key]string // of all that exists; chunks that are under way only read it
	failed   map[Key]error  // what of shared objects and early writes failed
	released map[Key]bool   // what was deleted before all units
	current  map[Key]*Record
	labels   map[Key]string
	removals []removals // in the order of their kinds
}

func (r *run) newWriting(p *Plan) *writing {
	w := &writing{
		run: r, plan: p, serial: make(chan struct{}, 1), order: map[Kind]int{}, infos: map[Kind]KindInfo{},
		ids: map[Key]string{}, failed: map[Key]error{}, released: map[Key]bool{}, current: map[Key]*Record{}, labels: map[Key]string{},
	}
	for i, k := range r.engine.kinds {
		w.order[k.Kind], w.infos[k.Kind] = i, k
	}
	for i := range p.current.Records {
		c := &p.current.Records[i]
		w.ids[c.Key], w.current[c.Key], w.labels[c.Key] = c.ID, c, c.Label
	}
	for _, c := range p.Changes {
		w.labels[c.Key] = c.Label
		if c.ID != "" {
			w.ids[c.Key] = c.ID
		}
	}
	w.ctx, w.stop = graceful(r.ctx)
	return w
}

// graceful returns a context that ends a moment after the given one.
func graceful(ctx context.Context) (context.Context, func()) {
	slow, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(slow, func() { timer.Stop() })
	})
	return slow, func() {
		release()
		cancel(nil)
	}
}

// shared writes the shared objects, kind by kind.
func (w *writing) shared() {
	byKind := map[Kind][]*Change{}
	total := 0
	for i := range w.plan.Changes {
		if c := &w.plan.Changes[i]; c.isShared() {
			byKind[c.Key.Kind] = append(byKind[c.Key.Kind], c)
			total++
		}
	}
	if total == 0 {
		return
	}
	stage := stage{w: w, name: StageShared, total: total}
	stage.step(Started)
	for _, kind := range w.run.engine.kinds {
		changes := byKind[kind.Kind]
		if kind.Level != Shared || len(changes) == 0 || w.run.ctx.Err() != nil {
			continue
		}
		c := w.newChunk(changes)
		for _, change := range changes {
			stage.started(change)
		}
		c.write()
		w.merge(c)
		for _, change := range changes {
			stage.ended(change, c)
		}
	}
	stage.step(Completed)
}

// release deletes and renames what another unit is about to take, chains and swaps too, before any unit is written. What
// a unit's memory knows a record by is in the memory before it stands in the record.
func (w *writing) release() {
	var deletes, updates, tops []*Change
	units := map[Key][]*Change{}
	for _, unit := range w.plan.byUnit() {
		early := false
		for i := range unit {
			c := &unit[i]
			units[c.Unit] = append(units[c.Unit], c)
			switch {
			case c.Early && c.Op == Delete:
				deletes = append(deletes, c)
			case c.Early && !c.isTop():
				updates = append(updates, c)
			}
			early = early || c.Early && c.Op == Update
		}
		if early && unit[0].isTop() {
			tops = append(tops, &unit[0])
		}
	}
	c := w.newChunk(nil)
	c.letGo(tops, func(top *Change, f FieldChange) Value {
		next := ParseMemory(f.New)
		return next.either(ParseMemory(f.Old).with(units[top.Key], next), func(string) bool { return false }).Value()
	})
	c.deletes(deletes)
	c.letGo(updates, nil)
	w.merge(c)
	for _, change := range deletes {
		w.released[change.Key] = c.landed[change.Key]
	}
}

// units writes all units of one kind, several chunks at once.
func (w *writing) units(kind KindInfo) {
	stage := &stage{w: w, name: Stage(kind.Stage)}
	var idle, due, last [][]*Change
	for _, unit := range w.plan.byUnit() {
		if unit[0].Unit.Kind != kind.Kind {
			continue
		}
		stage.total++
		changes := make([]*Change, len(unit))
		writes := false
		for i := range unit {
			changes[i] = &unit[i]
			writes = writes || unit[i].writes()
		}
		switch {
		case unit[0].deletesUnit() && !unit[0].Early:
			last = append(last, changes)
		case writes:
			due = append(due, changes)
		default:
			idle = append(idle, changes)
		}
	}
	if stage.total == 0 && !w.run.scope.HasKind(kind.Kind) {
		return
	}
	stage.step(Started)
	for _, unit := range idle {
		stage.started(unit[0])
		stage.unitEnded(unit, nil)
	}
	for _, round := range rounds(due) {
		w.round(stage, round)
	}
	if len(last) > 0 {
		w.removals = append(w.removals, removals{stage, last})
	} else if w.run.ctx.Err() == nil {
		stage.step(Completed)
	}
}

// rounds orders units so that each refers to what exists, or is created in its own unit or an earlier round; but those that
// wait for each other are one round, the last.
func rounds(units [][]*Change) [][][]*Change {
	creates := map[Key]Key{} // by what is created and has not been: its unit
	for _, unit := range units {
		for _, c := range unit {
			if c.Op == Create {
				creates[c.Key] = c.Unit
			}
		}
	}
	var all [][][]*Change
	for len(units) > 0 {
		var now, later [][]*Change
		for _, unit := range units {
			if refersTo(unit, creates) {
				later = append(later, unit)
			} else {
				now = append(now, unit)
			}
		}
		if len(now) == 0 {
			return append(all, later)
		}
		all, units = append(all, now), later
		for _, unit := range now {
			for _, c := range unit {
				delete(creates, c.Key)
			}
		}
	}
	return all
}

// refersTo tells whether the unit refers to what is created in another one.
func refersTo(unit []*Change, creates map[Key]Key) bool {
	for _, c := range unit {
		for _, f := range c.Fields {
			for target := range f.New.keys {
				if of, ok := creates[target]; ok && of != c.Unit {
					return true
				}
			}
		}
	}
	return false
}

// round writes units of one kind that do not wait for each other.
func (w *writing) round(stage *stage, units [][]*Change) {
	var chunks []*chunk
	var tasks []func(post func(func()))
	for group := range slices.Chunk(units, w.chunkSize(len(units))) {
		c := w.newChunk(slices.Concat(group...))
		chunks = append(chunks, c)
		tasks = append(tasks, func(post func(func())) {
			if w.run.ctx.Err() != nil {
				return
			}
			post(func() {
				for _, unit := range group {
					stage.started(unit[0])
				}
			})
			c.write()
			post(func() {
				for _, unit := range group {
					stage.unitEnded(unit, c)
				}
			})
		})
	}
	together(w.run.engine.options.Flight, tasks)
	for _, c := range chunks {
		w.merge(c)
	}
}

// chunkSize returns how many of the units go through their writes together.
func (w *writing) chunkSize(units int) int {
	o := w.run.engine.options
	if o.Chunk > 0 {
		return o.Chunk
	}
	return min(max(units/(2*o.Flight), 25), 200)
}

// merge takes over what a chunk that has ended wrote.
func (w *writing) merge(c *chunk) {
	maps.Copy(w.ids, c.ids)
	maps.Copy(w.failed, c.failed)
}
