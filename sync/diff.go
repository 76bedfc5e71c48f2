package sync

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Diff compares what should be with what is, and returns what is to be done. It is pure: no I/O, no clock, no
// randomness; the same records in any order give the same plan, byte for byte.
//
// A current record is touched only if it is ours (its Source is set) or a desired record takes it over by ID. Units
// that are ours and no longer desired are not removed: they are told as skips. What hangs on a unit, is ours and no
// longer desired is removed, unless a [Hold] covers it or something that stays hangs on it in turn: somebody else's
// object, or one that a hold covers.
//
// A unit goes only where its desired record says so by Remove: one Delete stands for it and for all that hangs on it,
// whosever that is. It is left alone, and told as a skip, if it is not ours, out of scope, covered by a hold in whole or
// in part, or if something outside of it that stays refers to it. Of one that is not there nothing is told.
func Diff(desired, current *State, scope Scope, policy Policy) (*Plan, error) {
	d := differ{
		scope: scope, policy: policy, holds: indexHolds(desired.Holds),
		byID: map[objectID]*Record{}, alias: map[Key]Key{}, carries: map[Key]string{}, children: map[Key][]pair{}, brought: map[Key]bool{},
	}
	var err error
	if d.desired, err = desired.index(); err != nil {
		return nil, err
	}
	if d.current, err = current.index(); err != nil {
		return nil, err
	}
	if err := d.check(desired.Records); err != nil {
		return nil, err
	}
	d.link(desired.Records, current.Records)
	d.inScope = d.unitsInScope(desired.Records, current.Records)
	d.carry(current.Records)
	d.changes = make([]Change, 0, len(d.inScope)+d.missing)
	for i := range desired.Records {
		if r := &desired.Records[i]; r.Unit.IsZero() {
			d.shared(r)
		}
	}
	slices.SortFunc(d.changes, compareChanges)
	for _, unit := range slices.SortedFunc(maps.Keys(d.inScope), compareKeys) {
		before := len(d.changes)
		d.unit(unit)
		slices.SortFunc(d.changes[before:], compareChanges)
	}
	referrers := newReferrers(current.Records, d.changes)
	d.spareReferred(referrers)
	taker := d.takers()
	d.releaseClaims(taker)
	d.releaseUnits(taker, referrers)
	return &Plan{Scope: scope, Changes: d.changes, desired: desired, current: current, policy: policy}, nil
}

type objectID struct {
	kind Kind
	id   string
}

// pair is a desired record and the current one that stands for it, or one of them.
type pair struct{ r, was *Record }

func (p pair) key() Key {
	if p.r == nil {
		return p.was.Key
	}
	return p.r.Key
}

type differ struct {
	scope            Scope
	policy           Policy
	holds            holds
	desired, current map[Key]*Record
	byID             map[objectID]*Record // the current ones that desired ones name by ID
	alias            map[Key]Key          // from a current key to the desired one that takes it over
	carries          map[Key]string       // of what cannot go though it is no longer desired: what hangs on it, in words
	children         map[Key][]pair       // by unit, of both sides
	inScope          map[Key]bool         // the units that are compared
	brought          map[Key]bool         // those among them that are in scope because another refers to them
	missing          int                  // how many of the desired records are not there under their keys
	changes          []Change
	old, memory      entries // of the unit that is compared: what it remembers, and what it will
	buffer           []byte
}

// check refuses what no sink may hand over.
func (d *differ) check(desired []Record) error {
	for i := range desired {
		r := &desired[i]
		if r.isChild() && !strings.HasPrefix(r.Key.Name, r.Unit.Name+"/") {
			return fmt.Errorf("sync: the name of %q does not begin with that of its unit %q", r.Key, r.Unit)
		}
		if r.Remove != "" && !r.isTop() {
			return fmt.Errorf("sync: %q is to be removed and is not at the top of a unit", r.Key)
		}
		for name, f := range r.Fields.All() {
			if rule := d.policy.rule(r.Key.Kind, name, f.Rule); !rule.valid() {
				return fmt.Errorf("sync: field %s of %q has the unknown rule %q", name, r.Key, rule)
			}
		}
	}
	return nil
}

// link finds what hangs together.
func (d *differ) link(desired, current []Record) {
	for i := range desired {
		if r := &desired[i]; r.ID != "" {
			d.byID[objectID{r.Key.Kind, r.ID}] = nil
		}
	}
	for i := range current {
		r := &current[i]
		id := objectID{r.Key.Kind, r.ID}
		if _, named := d.byID[id]; named {
			d.byID[id] = r
		}
		if r.isChild() && r.Source != "" && d.desired[r.Key] == nil {
			d.children[r.Unit] = append(d.children[r.Unit], pair{was: r})
		}
	}
	for i := range desired {
		r := &desired[i]
		was := d.currentOf(r.Key)
		if r.isChild() {
			d.children[r.Unit] = append(d.children[r.Unit], pair{r, was})
		}
		switch {
		case was == nil:
			d.missing++
		case was.Key != r.Key:
			d.missing++
			d.alias[was.Key] = r.Key
		}
	}
}

// unitsInScope returns the units in scope and those that they refer to and that do not exist yet.
func (d *differ) unitsInScope(desired, current []Record) map[Key]bool {
	in := map[Key]bool{}
	var add func(r *Record, brought bool)
	add = func(r *Record, brought bool) {
		if in[r.Key] && (d.brought[r.Key] || !brought) {
			return
		}
		in[r.Key], d.brought[r.Key] = true, brought
		if d.notNow(r) != "" || !brought && !d.scope.HasKind(r.Key.Kind) {
			return
		}
		for _, v := range r.Fields.values {
			for target := range v.keys {
				if t := d.desired[target]; t != nil && t.isTop() && d.currentOf(target) == nil {
					add(t, true)
				}
			}
		}
	}
	for i := range desired {
		if r := &desired[i]; r.isTop() && d.scope.hasUnit(r) && d.unitHasKind(r) {
			add(r, false)
		}
	}
	for i := range current {
		r := &current[i]
		if r.isTop() && r.Source != "" && d.desired[r.Key] == nil && d.scope.hasUnit(r) && d.scope.HasKind(r.Key.Kind) {
			in[r.Key] = true
		}
	}
	return in
}

// unitHasKind tells whether something of the unit is of a kind in scope.
func (d *differ) unitHasKind(top *Record) bool {
	return d.scope.HasKind(top.Key.Kind) ||
		slices.ContainsFunc(d.children[top.Key], func(child pair) bool { return d.scope.HasKind(child.key().Kind) })
}

// shared compares one shared object.
func (d *differ) shared(r *Record) {
	was := d.currentOf(r.Key)
	if r.Skip != "" {
		d.changes = append(d.changes, skip(r, was, r.Skip))
		return
	}
	d.changes = append(d.changes, d.compare(r, was))
}

// unit compares one unit.
func (d *differ) unit(key Key) {
	top, was := d.desired[key], d.currentOf(key)
	if top == nil {
		d.changes = append(d.changes, d.gone(was))
		return
	}
	if top.Remove != "" {
		d.removal(top, was)
		return
	}
	if reason := d.notNow(top); reason != "" {
		d.changes = append(d.changes, skip(top, was, reason))
		return
	}
	d.old, d.memory = d.old[:0], d.memory[:0]
	if was != nil {
		d.old, _ = readEntries(d.old, was.Fields.Value(MemoryField))
	}
	var change Change
	if was != nil && !d.scope.HasKind(key.Kind) {
		change = header(Keep, top, was)
		d.keepMemory("")
	} else {
		change = d.compare(top, was)
	}
	kept := map[Kind]int{}
	for _, child := range d.children[key] {
		c, counted := d.child(child)
		switch {
		case counted && c.Op == Keep && len(c.Left) == 0 && !c.Adopted:
			kept[c.Key.Kind]++
		case counted:
			d.changes = append(d.changes, c)
		}
	}
	d.tellHolds(top)
	if len(kept) > 0 {
		change.Kept = kept
	}
	d.remember(&change, was)
	d.changes = append(d.changes, change)
}

// notNow returns why a unit as a whole is left alone this time; empty if it is not.
func (d *differ) notNow(top *Record) string {
	was := d.currentOf(top.Key)
	switch {
	case top.Skip != "" || top.Remove != "":
		return cmp.Or(top.Skip, top.Remove)
	case was == nil && !d.scope.HasKind(top.Key.Kind) && !d.brought[top.Key]:
		return "not written yet, and this run does not write objects of its kind"
	}
	return somebodyElses(top, was)
}

// somebodyElses returns why a record is not written over the one that stands in its place; empty if it may be.
func somebodyElses(r, was *Record) string {
	if was == nil || was.Source != "" || r.ID == was.ID {
		return ""
	}
	return fmt.Sprintf("%s is in its place and is not ours", was.Label)
}

// loose returns why a record is not created while what it needs is not there; empty if it can be.
func (d *differ) loose(r, was *Record) string {
	if was == nil {
		for _, f := range r.Fields.All() {
			if f.Needed && !d.reachable(f.Value) {
				return "what it hangs on is not written yet, and this run does not write it"
			}
		}
	}
	return ""
}

// child compares one child. It is not counted when it is out of scope.
func (d *differ) child(p pair) (Change, bool) {
	r, was, key, reason := p.r, p.was, p.key(), ""
	if r != nil {
		reason = cmp.Or(r.Skip, somebodyElses(r, was), d.loose(r, was))
	}
	switch {
	case !d.scope.HasKind(key.Kind):
		if was != nil && was.Source != "" {
			d.keepMemory(memoryName(key, was.Unit))
		}
		return Change{}, false
	case r == nil:
		return d.goneChild(was), true
	case reason != "":
		if was != nil && was.Source != "" {
			d.keepMemory(memoryName(key, was.Unit))
		}
		return skip(r, was, reason), true
	}
	return d.compare(r, was), true
}

// keepMemory goes on remembering what is known of a record that is left as it is.
func (d *differ) keepMemory(name string) { d.memory = append(d.memory, d.old.of(name)...) }

// currentOf returns the record that stands for the desired key: under the key itself, or taken over by ID.
func (d *differ) currentOf(key Key) *Record {
	if r := d.current[key]; r != nil {
		return r
	}
	if r := d.desired[key]; r != nil && r.ID != "" {
		return d.byID[objectID{key.Kind, r.ID}]
	}
	return nil
}

// compare compares a record that should be with the one that is, and notes in the unit's memory what is written or was.
func (d *differ) compare(r, was *Record) Change {
	c := header(Keep, r, was)
	c.Reason = r.Reason
	if was == nil {
		c.Op, c.Fields = Create, make([]FieldChange, 0, r.Fields.said()+1) // and the memory
	} else if was.Source == "" && !r.Unit.IsZero() {
		c.Adopted = true
	}
	name := memoryName(r.Key, r.Unit)
	if !r.Unit.IsZero() {
		d.rememberUnspoken(name, r)
	}
	for field, f := range r.Fields.All() {
		rule := d.policy.rule(r.Key.Kind, field, f.Rule)
		written := d.compareField(&c, r, was, name, field, f, rule)
		if r.Unit.IsZero() || !f.Remember && !rule.remembers() && !f.Rule.remembers() {
			continue
		}
		if written {
			d.memory = append(d.memory, entry{name, field, entryText(remembered(f.Value, r.Unit))})
		} else if last := d.old.last(name, field); last != "" {
			d.memory = append(d.memory, entry{name, field, last})
		}
	}
	if was != nil && len(c.Fields) > 0 {
		c.Op = Update
	}
	return c
}

// compareField adds a field of a record to its change, if it differs, and tells whether the desired value stands there
// or is written.
func (d *differ) compareField(c *Change, r, was *Record, name, field string, f Field, rule Rule) (written bool) {
	var current Value
	if was != nil {
		current = d.translate(was.Fields.Value(field))
	}
	switch {
	case f.Value == current:
		return true
	case was == nil && rule == Never, !d.reachable(f.Value), f.Value.IsNull() && d.pointsOutOfScope(current):
		return false
	case was == nil:
		c.Fields = append(c.Fields, FieldChange{Name: field, New: f.Value, Rule: rule.unlessAlways()})
		return true
	}
	last := entryValues(d.old.last(name, field))
	reason := rule.refuses(f, current, last, r.Unit)
	if reason != "" && d.goes(current, r.Unit) {
		if f.Value.IsNull() {
			return true // as it will be
		}
		reason = rule.refuses(f, Value{}, last, r.Unit)
	}
	if reason != "" {
		c.Left = append(c.Left, LeftField{Name: field, Value: current, Wanted: f.Value, Reason: reason})
		return false
	}
	c.Fields = append(c.Fields, FieldChange{Name: field, Old: current, New: f.Value, Rule: rule.unlessAlways()})
	return true
}

// rememberUnspoken goes on remembering the fields that the record does not speak of this time, and at least its name.
func (d *differ) rememberUnspoken(name string, r *Record) {
	if name != "" {
		d.memory = append(d.memory, entry{record: name})
	}
	for _, last := range d.old.of(name) {
		if _, spoken := r.Fields.find(last.field); !spoken {
			d.memory = append(d.memory, last)
		}
	}
}

// translate names in the references what a desired record takes over by the desired record's key.
func (d *differ) translate(v Value) Value {
	if len(d.alias) == 0 || !v.IsRef() {
		return v
	}
	keys := v.Keys()
	for i, k := range keys {
		if to, ok := d.alias[k]; ok {
			keys[i] = to
		}
	}
	return Refs(keys...)
}

// pointsOutOfScope tells whether the value refers to a child that this run neither writes nor removes: then the reference
// to it is not taken back either.
func (d *differ) pointsOutOfScope(v Value) bool {
	return slices.ContainsFunc(v.Keys(), func(k Key) bool {
		r := d.currentOf(k)
		return r != nil && r.isChild() && !d.scope.HasKind(k.Kind)
	})
}

// reachable tells whether all that the value refers to exists or is written in this run.
func (d *differ) reachable(v Value) bool {
	return !slices.ContainsFunc(v.Keys(), func(k Key) bool {
		if d.currentOf(k) != nil {
			return false
		}
		r := d.desired[k]
		switch {
		case r == nil || r.Skip != "":
			return true
		case r.Unit.IsZero():
			return false
		}
		top := d.desired[r.Unit]
		return !d.inScope[r.Unit] || top == nil || d.notNow(top) != "" || k != r.Unit && !d.scope.HasKind(k.Kind)
	})
}

// remember adds the change of the unit's memory to that of its top-level record.
func (d *differ) remember(c *Change, was *Record) {
	var current Value
	if was != nil {
		current = was.Fields.Value(MemoryField)
	}
	d.buffer = d.memory.appendJSON(d.buffer[:0])
	if current.form() == plain && current.text == string(d.buffer) {
		return
	}
	at, _ := slices.BinarySearchFunc(c.Fields, MemoryField, func(f FieldChange, name string) int { return cmp.Compare(f.Name, name) })
	c.Fields = slices.Insert(c.Fields, at, FieldChange{Name: MemoryField, Old: current, New: Value{text: string(d.buffer)}})
	if c.Op == Keep {
		c.Op = Update
	}
}

// takers returns, by what they claim, the changes that take it.
func (d *differ) takers() map[string]Key {
	taker := map[string]Key{}
	for i := range d.changes {
		c := &d.changes[i]
		for _, claim := range c.Claims {
			if c.Op == Create || c.Op == Update && c.field(claim.Field) != nil {
				taker[claim.On] = c.Key
			}
		}
	}
	return taker
}

// releaseClaims marks the changes that let go of what another change takes.
func (d *differ) releaseClaims(taker map[string]Key) {
	for i := range d.changes {
		c := &d.changes[i]
		was := d.currentOf(c.Key)
		if was == nil || c.Op != Update && c.Op != Delete || c.deletesUnit() {
			continue
		}
		for _, claim := range was.Claims {
			by, taken := taker[claim.On]
			if !taken || by == c.Key {
				continue
			}
			if f := c.field(claim.Field); f != nil {
				c.Early = true
				if spare := claim.Spare; !spare.IsNull() {
					f.Spare = &spare
				}
			}
			c.Early = c.Early || c.Op == Delete
		}
	}
}

// header returns a change that says which record it is about.
func header(op Op, r, was *Record) Change {
	c := Change{
		Op: op, Key: r.Key, Unit: r.Unit, Label: r.Label, Source: r.Source, Guest: r.Guest,
		Claims: r.Claims, Inline: r.Inline,
	}
	if was != nil {
		c.ID = was.ID
	}
	return c
}

// skip returns a change that says why a record is left alone.
func skip(r, was *Record, reason string) Change {
	c := header(Skip, r, was)
	c.Reason = reason
	return c
}
