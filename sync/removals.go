package sync

import (
	"fmt"
	"slices"
)

// removals are the units of one kind that are deleted when all is written. Their stage ends with them.
type removals struct {
	stage *stage
	units [][]*Change
}

// remove deletes the units that go, of the kinds that others may refer to last.
func (w *writing) remove() {
	for _, r := range slices.Backward(w.removals) {
		if w.run.ctx.Err() != nil {
			return
		}
		w.removeAll(r)
	}
}

// removeAll deletes units of one kind; but none that something still refers to, because a write failed, or because that
// came after the plan was made.
func (w *writing) removeAll(r removals) {
	c := w.newChunk(slices.Concat(r.units...))
	staying := newReferrers(w.plan.current.Records, w.landing()).staying()
	for _, change := range c.changes {
		r.stage.started(change)
		if what := staying[change.Key]; what != "" {
			c.fail(change.Key, fmt.Errorf("not removed, because %s refers to it", what))
		}
	}
	c.deletes(c.changes)
	w.merge(c)
	for _, unit := range r.units {
		r.stage.unitEnded(unit, c)
	}
	if w.run.ctx.Err() == nil {
		r.stage.step(Completed)
	}
}

// landing returns the plan's changes without those that have failed.
func (w *writing) landing() []Change {
	return slices.DeleteFunc(slices.Clone(w.plan.Changes), func(c Change) bool {
		return w.failed[c.Key] != nil || w.failed[c.Unit] != nil
	})
}
