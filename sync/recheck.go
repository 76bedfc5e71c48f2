package sync

import "slices"

// recheck reads the sink again and returns the plan as it can be applied now: what no longer is as the plan found it
// has failed, with all that belongs to its unit.
func (r *run) recheck(p *Plan) (*Plan, error) {
	r.scope = r.engine.named(p.Scope)
	r.scope.Incremental = false
	r.problems = p.Problems
	for _, problem := range p.Problems {
		r.emit(Failure{Stage: StageRead, Key: problem.Key, Name: problem.Label, Errors: []*ObjectError{problem}})
	}
	r.emit(Step{Stage: StageRead, Status: Started})
	current, err := r.engine.sink.Current(r.ctx, r.scope)
	if err != nil {
		return nil, err
	}
	planned := p.records()
	desired, current, err := r.lookup(current, func(*State) (*State, error) { return planned, nil })
	if err != nil {
		return nil, err
	}
	r.emit(Step{Stage: StageRead, Status: Completed, Notes: p.Dropped})
	r.emit(Step{Stage: StagePlan, Status: Completed, Total: p.objects()})
	fresh := &Plan{Scope: p.Scope, Problems: p.Problems, Dropped: p.Dropped, desired: desired, current: current}
	check, err := newStaleness(p, current)
	if err != nil {
		return nil, err
	}
	for _, unit := range p.byUnit() {
		if check.gone(&unit[0]) {
			fresh.Changes = append(fresh.Changes, alreadyGone(unit[0]))
			continue
		}
		if change := check.stale(unit); change != nil {
			r.emit(Failure{
				Stage: StagePlan, Key: unit[0].Key, Name: unit[0].Label,
				Errors: []*ObjectError{{Op: change.Op, Key: change.Key, Unit: change.Unit, Label: change.Label, UnitLabel: unit[0].Label, Err: ErrStale}},
			})
			continue
		}
		fresh.Changes = append(fresh.Changes, unit...)
	}
	return fresh, nil
}

// records returns the records that the plan writes or keeps, as far as it tells.
func (p *Plan) records() *State {
	s := &State{}
	for _, c := range p.Changes {
		if c.Op != Create && c.Op != Update && c.Op != Keep {
			continue
		}
		r := Record{
			Key: c.Key, Unit: c.Unit, Label: c.Label, Source: c.Source, Guest: c.Guest, Claims: c.Claims,
		}
		if c.Adopted {
			r.ID = c.ID
		}
		for _, f := range c.Fields {
			r.Fields.Set(f.Name, Field{Value: f.New})
		}
		s.Records = append(s.Records, r)
	}
	return s
}

// staleness finds what no longer is as a plan found it.
type staleness struct {
	byKey   map[Key]*Record
	byID    map[objectID]*Record
	planned map[Key]string // the ids that the plan knows: what it takes over has its own key there, and none of ours here
}

func newStaleness(p *Plan, current *State) (*staleness, error) {
	byKey, err := current.index()
	if err != nil {
		return nil, err
	}
	s := &staleness{byKey: byKey, byID: map[objectID]*Record{}, planned: map[Key]string{}}
	for _, r := range byKey {
		s.byID[objectID{r.Key.Kind, r.ID}] = r
	}
	for _, c := range p.Changes {
		if c.ID != "" {
			s.planned[c.Key] = c.ID
		}
	}
	return s, nil
}

// gone tells whether the change deletes a unit that is not there any more.
func (s *staleness) gone(c *Change) bool {
	return c.deletesUnit() && s.byID[objectID{c.Key.Kind, c.ID}] == nil
}

// alreadyGone returns what becomes of a deletion when somebody was faster.
func alreadyGone(c Change) Change {
	c.Op, c.Fields, c.Early, c.Reason = Skip, nil, false, "already gone, or no longer ours"
	return c
}

// stale returns the first change of the unit whose old values no longer hold, or nil.
func (s *staleness) stale(unit []Change) *Change {
	for i := range unit {
		c := &unit[i]
		switch c.Op {
		case Create:
			if s.byKey[c.Key] != nil && !c.Inline {
				return c
			}
		case Update, Delete:
			was := s.byID[objectID{c.Key.Kind, c.ID}]
			if was == nil || c.deletesUnit() && (was.Key != c.Key || was.Source != c.Source) {
				return c
			}
			for _, f := range c.Fields {
				if !s.holds(f.Old, was.Fields.Value(f.Name)) {
					return c
				}
			}
		}
	}
	return nil
}

// holds tells whether a value that the plan found is the one that stands there now; references if they are to the same
// objects.
func (s *staleness) holds(old, now Value) bool {
	if !old.IsRef() || !now.IsRef() {
		return old == now
	}
	return slices.EqualFunc(old.Keys(), now.Keys(), func(old, now Key) bool {
		id := s.planned[old]
		if r := s.byKey[old]; id == "" && r != nil {
			id = r.ID
		}
		if r := s.byKey[now]; r != nil && id != "" {
			return old.Kind == now.Kind && id == r.ID
		}
		return old == now
	})
}
