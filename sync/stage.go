package sync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// stage tells what becomes of the objects of one stage.
type stage struct {
	w           *writing
	name        Stage
	done, total int
}

func (s *stage) step(status Status) {
	s.w.run.emit(Step{Stage: s.name, Status: status, Done: s.done, Total: s.total})
}

func (s *stage) started(c *Change) {
	s.w.run.emit(Step{
		Stage: s.name, Status: Started, Key: c.Key, Name: c.Label, ID: c.ID, Done: s.done, Total: s.total,
		Object: s.w.object(c, nil),
	})
}

// ended tells what became of a shared object.
func (s *stage) ended(c *Change, in *chunk) { s.unitEnded([]*Change{c}, in) }

// unitEnded tells what became of a unit. in is nil for one that had nothing to be written.
func (s *stage) unitEnded(unit []*Change, in *chunk) {
	top := unit[0]
	errs, reached := s.failures(unit, in)
	if !reached {
		return // the run was cut before it came to this one
	}
	s.done++
	children := childCounts(unit, in)
	if len(errs) > 0 {
		s.w.run.emit(Failure{
			Stage: s.name, Key: top.Key, Name: top.Label, Done: s.done, Total: s.total, Children: children, Errors: errs,
		})
		return
	}
	step := Step{
		Stage: s.name, Status: Completed, Key: top.Key, Name: top.Label, Op: unitOp(unit), ID: s.id(top.Key, in),
		Done: s.done, Total: s.total, Children: children, Object: s.w.object(top, in),
	}
	for _, c := range unit {
		for _, f := range c.Fields {
			if f.Name == MemoryField || !c.writes() || c.Op == Delete {
				continue
			}
			if c != top {
				f.Name = c.Label + ": " + f.Name
			}
			step.Changes = append(step.Changes, f)
		}
		if c.Op == Skip {
			step.Notes = append(step.Notes, note(top, c))
		}
	}
	s.w.run.emit(step)
}

func (s *stage) id(key Key, in *chunk) string {
	if in != nil {
		return in.id(key)
	}
	return s.w.ids[key]
}

// failures returns what failed of the unit, and whether the run came to it at all.
func (s *stage) failures(unit []*Change, in *chunk) (errs []*ObjectError, reached bool) {
	if in == nil {
		return nil, true // there was nothing to be written
	}
	touched, open := false, false
	for _, c := range unit {
		err := in.failure(c)
		if err != nil && (c == unit[0] || !errors.Is(err, ErrDependency)) {
			errs = append(errs, &ObjectError{Op: c.Op, Key: c.Key, Unit: c.Unit, Label: c.Label, UnitLabel: unit[0].Label, Err: err})
		}
		touched = touched || err != nil || in.landed[c.Key]
		open = open || in.late[c.Key] != nil || err == nil && !in.done(c)
	}
	if in.cut && !touched {
		return nil, false
	}
	if in.cut && open && len(errs) == 0 {
		top := unit[0]
		errs = append(errs, &ObjectError{
			Op: top.Op, Key: top.Key, Unit: top.Unit, Label: top.Label,
			Err: fmt.Errorf("written in part, the run was stopped: %w", context.Cause(s.w.run.ctx)),
		})
	}
	return errs, true
}

// unitOp returns what was done to the unit as a whole: an unchanged object whose children changed was updated.
func unitOp(unit []*Change) Op {
	op := unit[0].Op
	if op != Keep {
		return op
	}
	if slices.ContainsFunc(unit, func(c *Change) bool { return c.writes() }) {
		return Update
	}
	return Keep
}

// childCounts counts what became of the unit's children; nil if it has none.
func childCounts(unit []*Change, in *chunk) map[Kind]Counts {
	counts := map[Kind]Counts{}
	add := func(kind Kind, f func(*Counts)) {
		c := counts[kind]
		f(&c)
		counts[kind] = c
	}
	for kind, n := range unit[0].Kept {
		add(kind, func(c *Counts) { c.Kept += n })
	}
	for _, c := range unit[1:] {
		if c.Key.Kind == "" {
			continue // a note on the unit as a whole
		}
		add(c.Key.Kind, func(n *Counts) {
			switch {
			case in != nil && errors.Is(in.failure(c), ErrDependency):
				n.Skipped++
			case in != nil && in.failure(c) != nil:
				n.Failed++
			case in != nil && !in.done(c): // never sent
			default:
				n.add(c.Op, 1)
			}
		})
	}
	if len(counts) == 0 {
		return nil
	}
	return counts
}

// note tells why something was left alone.
func note(top, c *Change) string {
	if c == top || c.Label == top.Label {
		return fmt.Sprintf("%s %s: %s", top.Key.Kind, top.Label, c.Reason)
	}
	return fmt.Sprintf("%s %s: %s %s: %s", top.Key.Kind, top.Label, c.Key.Kind, c.Label, c.Reason)
}

// object returns the object's fields as they stand, or stood last, references by label. in is nil before it was written.
func (w *writing) object(c *Change, in *chunk) map[string]Value {
	fields := map[string]Value{}
	if was := w.current[c.Key]; was != nil {
		maps.Insert(fields, was.Fields.values)
	}
	if in != nil && in.landed[c.Key] && c.Op != Delete {
		for _, f := range c.Fields {
			fields[f.Name] = f.New
		}
	}
	delete(fields, MemoryField)
	for name, v := range fields {
		fields[name] = v.labelled(w.labels)
	}
	if len(fields) == 0 {
		return nil
	}
	return fields
}
