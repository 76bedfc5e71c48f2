package sync

import (
	"fmt"
	"slices"
)

// gone tells of a unit of ours that the source no longer has.
func (d *differ) gone(was *Record) Change {
	reason := "no longer in the source: left as it is"
	if h, held := d.holds.over(was.Source, was.Unit, ""); held {
		reason = h.Reason
	}
	return skip(was, was, reason)
}

// goes tells whether a value refers to children of the unit only, all of which this run removes: then nothing will stand
// there.
func (d *differ) goes(v Value, unit Key) bool {
	keys := v.Keys()
	return len(keys) > 0 && !slices.ContainsFunc(keys, func(k Key) bool {
		r := d.current[k]
		if r == nil || !r.isChild() || r.Source == "" || r.Unit != unit || d.desired[k] != nil || !d.scope.HasKind(k.Kind) {
			return true
		}
		_, held := d.holds.over(r.Source, unit, k.Kind)
		return held || d.carries[k] != ""
	})
}

// goneChild decides what becomes of a child of ours that is no longer desired.
func (d *differ) goneChild(was *Record) Change {
	name := memoryName(was.Key, was.Unit)
	if _, held := d.holds.over(was.Source, was.Unit, was.Key.Kind); held {
		d.keepMemory(name)
		return header(Keep, was, was)
	}
	if what, ok := d.carries[was.Key]; ok {
		d.keepMemory(name)
		return skip(was, was, "no longer in the source, but "+what)
	}
	c := header(Delete, was, was)
	c.Claims = nil
	c.Reason = "no longer in the source"
	return c
}

// carry finds out which children of ours cannot go although they are no longer desired: to remove one is to remove what
// refers to it, and that stays.
func (d *differ) carry(current []Record) {
	type staying struct {
		*Record
		what string
	}
	var stay []staying
	for i := range current {
		r := &current[i]
		if what := d.staysAsItIs(r); what != "" {
			stay = append(stay, staying{r, what})
		}
	}
	slices.SortFunc(stay, func(a, b staying) int { return a.Key.Compare(b.Key) })
	for len(stay) > 0 {
		r := stay[0]
		stay = stay[1:]
		for _, v := range r.Fields.values {
			for target := range v.keys {
				t := d.current[target]
				if t == nil || t.Source == "" || !t.isChild() || d.desired[target] != nil || d.carries[target] != "" {
					continue
				}
				d.carries[target] = r.what
				stay = append(stay, staying{t, t.Label + " hangs on it and stays"})
			}
		}
	}
}

// staysAsItIs tells of a current child that it is neither written nor removed, and why, in words about what it hangs on;
// empty for one that may be written or removed, and for what is no child.
func (d *differ) staysAsItIs(r *Record) string {
	if !r.isChild() {
		return ""
	}
	desired := d.desired[r.Key]
	switch {
	case r.Source == "":
		return r.Label + " hangs on it and is not ours: remove both by hand"
	case desired == nil:
		if _, held := d.holds.over(r.Source, r.Unit, r.Key.Kind); held {
			return fmt.Sprintf("it is not known whether %s still is, which hangs on it", r.Label)
		}
	case desired.Skip != "":
		return fmt.Sprintf("%s hangs on it and stays: %s", r.Label, desired.Skip)
	case !d.scope.HasKind(r.Key.Kind):
		return r.Label + " hangs on it and is not written by this run"
	}
	return ""
}
