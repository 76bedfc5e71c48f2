package sync

import "slices"

// holds finds holds by what they hold.
type holds struct {
	bySource map[string]Hold
	byUnit   map[Key][]Hold
}

func indexHolds(all []Hold) holds {
	h := holds{bySource: map[string]Hold{}, byUnit: map[Key][]Hold{}}
	for _, hold := range all {
		if _, known := h.bySource[hold.Source]; !known && hold.Source != "" {
			h.bySource[hold.Source] = hold
		}
		if !hold.Unit.IsZero() {
			h.byUnit[hold.Unit] = append(h.byUnit[hold.Unit], hold)
		}
	}
	return h
}

// over returns the hold that covers the records of a kind in a unit.
func (h holds) over(source string, unit Key, kind Kind) (Hold, bool) {
	for _, hold := range h.byUnit[unit] {
		if hold.Kind == "" || hold.Kind == kind {
			return hold, true
		}
	}
	hold, held := h.bySource[source]
	return hold, held
}

// anyOver returns the first hold that covers the unit, or some of its records.
func (h holds) anyOver(source string, unit Key) (Hold, bool) {
	if all := h.byUnit[unit]; len(all) > 0 {
		return all[0], true
	}
	hold, held := h.bySource[source]
	return hold, held
}

// tellHolds tells why children of a unit are left as they are.
func (d *differ) tellHolds(top *Record) {
	var told []string
	for _, hold := range d.holds.byUnit[top.Key] {
		if hold.Kind != "" && !d.scope.HasKind(hold.Kind) || slices.Contains(told, hold.Reason) {
			continue
		}
		told = append(told, hold.Reason)
		d.changes = append(d.changes, Change{
			Op: Skip, Key: Key{Kind: hold.Kind, Name: top.Key.Name + "/"}, Unit: top.Key,
			Label: top.Label, Source: top.Source, Guest: top.Guest, Reason: hold.Reason,
		})
	}
}
