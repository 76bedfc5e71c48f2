package sync

import (
	"cmp"
	"slices"
)

// referrers tells who refers to the units that a plan deletes.
type referrers struct {
	deleted map[Key]*Change // the deletions, by unit
	all     []referral
}

// referral is a reference to a unit that is deleted, or to what hangs on it, from outside of that unit.
type referral struct {
	from  Key // the unit of what refers, its own key for a shared object
	what  string
	to    *Change // the deletion
	stays bool    // while the unit that it is from does: no change takes it back
}

// newReferrers looks for references in the current records, and in what the changes write.
func newReferrers(current []Record, changes []Change) *referrers {
	r := &referrers{deleted: map[Key]*Change{}}
	for i := range changes {
		if c := &changes[i]; c.deletesUnit() {
			r.deleted[c.Key] = c
		}
	}
	if len(r.deleted) == 0 {
		return r
	}
	byID := make(map[objectID]*Change, len(changes))
	for i := range changes {
		if c := &changes[i]; c.ID != "" {
			byID[objectID{c.Key.Kind, c.ID}] = c
		}
	}
	units := make(map[Key]Key, len(current))
	for i := range current {
		units[current[i].Key] = current[i].Unit
	}
	for i := range current {
		was := &current[i]
		c := byID[objectID{was.Key.Kind, was.ID}]
		for name, v := range was.Fields.values {
			taken := c != nil && (c.Op == Update && c.field(name) != nil || c.Op == Delete && !c.isTop())
			r.add(was.Key, was.Unit, was.Label, v, units, !taken)
		}
	}
	for i := range changes {
		c := &changes[i]
		for _, f := range c.Fields {
			r.add(c.Key, c.Unit, c.Label, f.New, units, true)
		}
	}
	slices.SortFunc(r.all, func(a, b referral) int {
		return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.what, b.what), a.to.Key.Compare(b.to.Key))
	})
	return r
}

// add notes the references that a value of an object holds.
func (r *referrers) add(key, unit Key, label string, v Value, units map[Key]Key, stays bool) {
	from := unit
	if from.IsZero() {
		from = key
	}
	for target := range v.keys {
		if to := r.deleted[units[target]]; to != nil && to.Key != from {
			r.all = append(r.all, referral{from, string(key.Kind) + " " + label, to, stays})
		}
	}
}

// refersTo tells whether anything refers to what is deleted.
func (r *referrers) refersTo(c *Change) bool {
	return slices.ContainsFunc(r.all, func(ref referral) bool { return ref.to == c })
}

// staying returns, by unit, what refers to a deleted one and stays. A deleted unit that something refers to is taken to
// stay, and so does what it refers to in turn.
func (r *referrers) staying() map[Key]string {
	told := map[Key]string{}
	for again := true; again; {
		again = false
		for _, ref := range r.all {
			goes := r.deleted[ref.from] != nil && told[ref.from] == ""
			if ref.stays && !goes && told[ref.to.Key] == "" {
				told[ref.to.Key], again = ref.what, true
			}
		}
	}
	return told
}
