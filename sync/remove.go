package sync

import (
	"fmt"
)

// removal plans the deletion of a unit that is to be removed, or tells why it stays. Of one that is not there, nothing
// is told.
func (d *differ) removal(top, was *Record) {
	if was == nil {
		return
	}
	if reason := d.staysThough(top, was); reason != "" {
		d.changes = append(d.changes, skip(top, was, reason))
		return
	}
	c := header(Delete, top, was)
	c.Source, c.Claims, c.Reason = was.Source, nil, top.Remove
	for name := range top.Fields.values {
		c.Fields = append(c.Fields, FieldChange{Name: name, Old: d.translate(was.Fields.Value(name))})
	}
	d.changes = append(d.changes, c)
}

// staysThough returns why a unit that is to be removed is left alone; empty if it may go.
func (d *differ) staysThough(top, was *Record) string {
	hold, held := d.holds.anyOver(was.Source, was.Unit)
	taker, taken := d.alias[was.Key]
	switch {
	case top.Skip != "":
		return top.Skip
	case !d.scope.HasKind(top.Key.Kind):
		return "not removed, because this run does not write objects of its kind"
	case was.Source == "" || was.Key != top.Key:
		return "not removed, because it is not ours"
	case !d.scope.hasUnit(was):
		return "not removed, because it is out of this run's scope"
	case held:
		return hold.Reason
	case taken:
		return fmt.Sprintf("not removed, because %s takes it over", d.desired[taker].Label)
	}
	return ""
}

// spareReferred leaves alone those among the units to be deleted that something refers to that stays.
func (d *differ) spareReferred(r *referrers) {
	staying := r.staying()
	for i := range d.changes {
		c := &d.changes[i]
		if what := staying[c.Key]; what != "" && c.deletesUnit() {
			c.Op, c.Fields = Skip, nil
			c.Reason = fmt.Sprintf("not removed, because %s refers to it", what)
		}
	}
}

// releaseUnits marks the deletions of units that let go of what another change takes. One that something refers to for a
// while yet, or of which another unit takes something over, cannot go before that is written: who takes its name has to
// wait for the next run.
func (d *differ) releaseUnits(taker map[string]Key, r *referrers) {
	if len(r.deleted) == 0 {
		return
	}
	waits := map[*Change]bool{}
	for _, was := range d.current {
		c := r.deleted[was.Unit]
		if c == nil || c.Op != Delete {
			continue
		}
		_, moves := d.alias[was.Key]
		waits[c] = waits[c] || moves || r.refersTo(c)
		for _, claim := range was.Claims {
			_, taken := taker[claim.On]
			c.Early = c.Early || taken
		}
	}
	for c := range waits {
		c.Early = c.Early && !waits[c]
	}
}
