package sync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// chunk is a group of units, or of shared objects of one kind, on its way through the waves: kind by kind what is
// created and updated, then what is deleted, then the references that had to wait. Its requests follow one another, so
// that children of one unit are never in two requests at once.
type chunk struct {
	w       *writing
	changes []*Change
	units   map[Key][]*Change        // the changes by unit
	pending map[Key]bool             // to be created or taken over here, and not yet
	ids     map[Key]string           // written here
	failed  map[Key]error            // failed here
	late    map[Key]map[string]Value // fields that wait for what they refer to
	landed  map[Key]bool             // of what something was written
	memory  map[Key]Value            // of units, as it is in the sink once what was built is written
	cut     bool                     // the run was cancelled before all was sent
}

func (w *writing) newChunk(changes []*Change) *chunk {
	c := &chunk{
		w: w, changes: changes, units: map[Key][]*Change{}, pending: map[Key]bool{}, ids: map[Key]string{},
		failed: map[Key]error{}, late: map[Key]map[string]Value{}, landed: map[Key]bool{},
		memory: map[Key]Value{},
	}
	for _, change := range changes {
		c.units[change.Unit] = append(c.units[change.Unit], change)
		if change.Op == Create || change.Op == Update && change.Adopted {
			c.pending[change.Key] = true // what is taken over may hang on something else as yet
		}
	}
	return c
}

// write sends everything.
func (c *chunk) write() {
	for _, kind := range c.w.run.engine.kinds {
		c.wave(kind.Kind)
	}
	var deletes []*Change
	for _, change := range c.changes {
		if change.Op == Delete && !change.Early {
			deletes = append(deletes, change)
		}
	}
	c.deletes(deletes)
	c.lateWave()
}

// wave creates and updates what is of one kind; what refers to others of the kind after those.
func (c *chunk) wave(kind Kind) {
	var todo []*Change
	for _, change := range c.changes {
		if change.Key.Kind == kind && (change.Op == Create || change.Op == Update) {
			todo = append(todo, change)
		}
	}
	for patient := true; len(todo) > 0; {
		var creates, updates []Item
		var wait []*Change
		for _, change := range todo {
			if patient && c.waits(change) {
				wait = append(wait, change)
				continue
			}
			item, err := c.item(change)
			switch {
			case err != nil:
				c.fail(change.Key, c.blame(change, err))
			case change.Inline && change.Op == Create:
				c.inline(change)
			case change.Op == Create:
				creates = append(creates, item)
			case len(item.Fields)+len(item.Refs) > 0:
				updates = append(updates, item)
			default:
				delete(c.pending, change.Key)
			}
		}
		patient = len(wait) < len(todo) // else they wait for each other: what can be is sent, the rest comes late
		todo = wait
		c.send(kind, Create, creates)
		c.send(kind, Update, updates)
	}
}

// waits tells whether the change refers to one of its own kind that is still to be created.
func (c *chunk) waits(change *Change) bool {
	return slices.ContainsFunc(change.Fields, func(f FieldChange) bool {
		for target := range f.New.keys {
			if target.Kind == change.Key.Kind && target != change.Key && c.pending[target] {
				return true
			}
		}
		return false
	})
}

// inline settles a record that the write of the one that it hangs on creates, or would have created.
func (c *chunk) inline(change *Change) {
	for _, f := range change.Fields {
		for carrier := range f.New.keys {
			switch {
			case c.failed[carrier] != nil:
				c.fail(change.Key, c.blame(change, fmt.Errorf("%s: %w", carrier, ErrDependency)))
				return
			case c.cut && !c.landed[carrier]:
				return // never sent
			}
		}
	}
	delete(c.pending, change.Key)
}

// blame returns why a change fails that does so with the given error. What the write of another record creates landed if
// that one did, which nobody knows where its answer was lost.
func (c *chunk) blame(change *Change, err error) error {
	if !change.Inline || change.Op != Create {
		return err
	}
	for _, f := range change.Fields {
		for carrier := range f.New.keys {
			if errors.Is(c.failed[carrier], ErrUnknownOutcome) {
				return fmt.Errorf("%s: %w", carrier, ErrUnknownOutcome)
			}
		}
	}
	return err
}

// item builds what is sent for a change; fields that refer to what is still to be created are put off.
func (c *chunk) item(change *Change) (Item, error) {
	if err := c.failed[change.Unit]; err != nil && !change.isTop() {
		return Item{}, fmt.Errorf("%s: %w", change.Unit, ErrDependency)
	}
	if err := c.w.failed[change.Key]; err != nil {
		return Item{}, err
	}
	item := Item{Key: change.Key, Unit: change.Unit, Label: change.Label, ID: change.ID, Fields: map[string]Value{}}
	for _, f := range change.Fields {
		switch {
		case f.Name == MemoryField:
			v := c.transition(change, f).Value()
			if v != f.Old {
				item.Fields[f.Name] = v
			}
			c.memory[change.Key] = v
		case !f.New.IsRef():
			item.Fields[f.Name] = f.New
		default:
			ids, missing := c.resolve(f.New)
			switch {
			case c.pendingIn(f.New):
				c.putOff(change.Key, f.Name, f.New)
			case missing.IsZero():
				if item.Refs == nil {
					item.Refs = map[string][]string{}
				}
				item.Refs[f.Name] = ids
			default:
				return Item{}, fmt.Errorf("%s: %w", missing, ErrDependency)
			}
		}
	}
	return item, nil
}

// pendingIn tells whether the value refers to something that is still pending.
func (c *chunk) pendingIn(v Value) bool {
	for target := range v.keys {
		if c.pending[target] {
			return true
		}
	}
	return false
}

// transition returns the memory that holds until the unit's last write has landed.
func (c *chunk) transition(change *Change, f FieldChange) Memory {
	next := ParseMemory(f.New)
	return next.either(ParseMemory(f.Old).with(c.units[change.Unit], next), func(field string) bool {
		change := change.field(field)
		if change == nil {
			return true
		}
		_, missing := c.resolve(change.New)
		return missing.IsZero() && !c.pendingIn(change.New)
	})
}

func (c *chunk) putOff(key Key, field string, v Value) {
	if c.late[key] == nil {
		c.late[key] = map[string]Value{}
	}
	c.late[key][field] = v
}

// resolve returns the ids of what the value refers to, or the first that has none.
func (c *chunk) resolve(v Value) (ids []string, missing Key) {
	for _, key := range v.Keys() {
		id := c.id(key)
		if id == "" {
			return nil, key
		}
		ids = append(ids, id)
	}
	return ids, Key{}
}

func (c *chunk) id(key Key) string {
	if id := c.ids[key]; id != "" {
		return id
	}
	return c.w.ids[key]
}

// deletes removes what hangs on others before those.
func (c *chunk) deletes(changes []*Change) {
	for _, kind := range slices.Backward(c.w.run.engine.kinds) {
		var items []Item
		for _, change := range changes {
			if change.Key.Kind == kind.Kind && c.failed[change.Unit] == nil {
				items = append(items, Item{Key: change.Key, Unit: change.Unit, Label: change.Label, ID: change.ID})
			}
		}
		c.send(kind.Kind, Delete, items)
	}
}

// letGo writes the spare values of the changes; and, where given, what remember makes of the change of a memory.
func (c *chunk) letGo(changes []*Change, remember func(*Change, FieldChange) Value) {
	for _, kind := range c.w.run.engine.kinds {
		var items []Item
		for _, change := range changes {
			if change.Key.Kind != kind.Kind || c.failed[change.Unit] != nil {
				continue
			}
			item := Item{Key: change.Key, Unit: change.Unit, Label: change.Label, ID: change.ID, Fields: map[string]Value{}}
			for _, f := range change.Fields {
				switch {
				case f.Name == MemoryField && remember != nil:
					if v := remember(change, f); v != f.Old {
						item.Fields[f.Name] = v
					}
				case f.Spare != nil:
					item.Fields[f.Name] = *f.Spare
				}
			}
			if len(item.Fields) > 0 {
				items = append(items, item)
			}
		}
		c.send(kind.Kind, Update, items)
	}
}

// lateWave sets the references that had to wait, and the memory as it is now that all has landed.
func (c *chunk) lateWave() {
	for _, change := range c.changes {
		f := change.field(MemoryField)
		if f == nil || c.cut || !c.settled(change.Unit) {
			continue
		}
		if c.memory[change.Key] != f.New {
			c.putOff(change.Key, MemoryField, f.New)
		}
	}
	for _, kind := range c.w.run.engine.kinds {
		var items []Item
		for _, change := range c.changes {
			fields := c.late[change.Key]
			if fields == nil || change.Key.Kind != kind.Kind || c.failed[change.Key] != nil {
				continue
			}
			item := Item{
				Key: change.Key, Unit: change.Unit, Label: change.Label, ID: c.id(change.Key),
				Fields: map[string]Value{}, Refs: map[string][]string{},
			}
			for _, name := range slices.Sorted(maps.Keys(fields)) {
				if !fields[name].IsRef() {
					item.Fields[name] = fields[name]
				} else if ids, missing := c.resolve(fields[name]); missing.IsZero() {
					item.Refs[name] = ids // what is missing has failed, and was told
				}
			}
			if len(item.Fields)+len(item.Refs) > 0 {
				items = append(items, item)
			}
		}
		c.send(kind.Kind, Update, items)
		for _, item := range items {
			if !c.cut {
				delete(c.late, item.Key)
			}
		}
	}
}

// settled tells whether all of the unit that was due has landed so far.
func (c *chunk) settled(unit Key) bool {
	return !slices.ContainsFunc(c.units[unit], func(change *Change) bool {
		return c.failure(change) != nil || c.pending[change.Key]
	})
}

// send writes items of one kind, in batches, and notes what became of each.
func (c *chunk) send(kind Kind, op Op, items []Item) {
	info := c.w.infos[kind]
	size := info.Batch
	if size <= 0 {
		size = 100
	}
	for batch := range slices.Chunk(items, size) {
		done := c.w.turn(info.Serial && op == Create)
		if c.w.run.ctx.Err() != nil {
			done()
			c.cut = true
			return
		}
		outcomes := c.w.deliver(Batch{Kind: kind, Op: op, Items: batch})
		done()
		for i, item := range batch {
			delete(c.pending, item.Key)
			if err := outcomes[i].Err; err != nil {
				c.fail(item.Key, err)
				continue
			}
			if op == Create {
				c.ids[item.Key] = outcomes[i].ID
			}
			c.landed[item.Key] = true
		}
	}
}

// done tells whether all that the change writes has landed so far, late references aside.
func (c *chunk) done(change *Change) bool {
	switch {
	case !change.writes(), c.landed[change.Key]:
		return true
	case change.Inline && change.Op == Create:
		return !c.pending[change.Key]
	}
	return change.Op == Delete && c.w.released[change.Key]
}

// failure returns why the change did not land, or nil.
func (c *chunk) failure(change *Change) error {
	if err := c.failed[change.Key]; err != nil {
		return err
	}
	return c.w.failed[change.Key]
}

func (c *chunk) fail(key Key, err error) {
	delete(c.pending, key)
	c.failed[key] = err
}

// turn waits, where creations must not run beside each other, until no other is under way, or the run is cancelled.
func (w *writing) turn(serial bool) (done func()) {
	if serial {
		select {
		case w.serial <- struct{}{}:
			return func() { <-w.serial }
		case <-w.run.ctx.Done():
		}
	}
	return func() {}
}

// deliver hands a batch to the sink and makes sure of one outcome for each item.
func (w *writing) deliver(b Batch) []Outcome {
	outcomes, err := w.run.engine.sink.Apply(w.ctx, b)
	if err == nil && len(outcomes) == len(b.Items) {
		return outcomes
	}
	if err == nil {
		err = fmt.Errorf("sync: the sink gave %d outcomes for %d items", len(outcomes), len(b.Items))
	}
	if errors.Is(err, ErrUnavailable) {
		w.run.cancel(err)
	}
	if errors.Is(err, context.Canceled) {
		err = errors.Join(ErrUnknownOutcome, context.Cause(w.ctx))
	}
	w.run.engine.options.Logger.DebugContext(w.ctx, "batch failed", "kind", b.Kind, "op", b.Op, "items", len(b.Items), "error", err)
	outcomes = make([]Outcome, len(b.Items))
	for i := range outcomes {
		outcomes[i].Err = err
	}
	return outcomes
}
