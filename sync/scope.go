package sync

import "slices"

// Scope narrows a run. What is out of scope is left alone, not gone. The zero value is everything.
type Scope struct {
	Sources []string   `json:"sources,omitempty"` // by name; empty means all
	Guests  []GuestRef `json:"guests,omitempty"`  // empty means all guests, and all nodes
	Kinds   []Kind     `json:"kinds,omitempty"`   // kinds of units and children that are written; empty means all. Shared objects always are
	// Incremental lets the ends take what they read before for as it is, where they have a sign that nothing has changed: a
	// run between full ones, which see everything.
	Incremental bool `json:"incremental,omitempty"`
}

// GuestRef names a guest.
type GuestRef struct {
	Source string `json:"source"`
	ID     int    `json:"id"` // VMID
}

// HasSource tells whether the source is in scope.
func (s Scope) HasSource(name string) bool {
	if len(s.Sources) > 0 && !slices.Contains(s.Sources, name) {
		return false
	}
	return len(s.Guests) == 0 || slices.ContainsFunc(s.Guests, func(g GuestRef) bool { return g.Source == name })
}

// HasGuest tells whether the guest is in scope.
func (s Scope) HasGuest(source string, id int) bool {
	return s.HasSource(source) && (len(s.Guests) == 0 || slices.Contains(s.Guests, GuestRef{Source: source, ID: id}))
}

// HasKind tells whether the kind is in scope.
func (s Scope) HasKind(k Kind) bool { return len(s.Kinds) == 0 || slices.Contains(s.Kinds, k) }

// Covers tells whether a run in this scope does all that a run in the other would.
func (s Scope) Covers(other Scope) bool {
	return (!s.Incremental || other.Incremental) && coversList(s.Sources, other.Sources) && coversList(s.Guests, other.Guests) && coversList(s.Kinds, other.Kinds)
}

func coversList[T comparable](wide, narrow []T) bool {
	if len(wide) == 0 {
		return true
	}
	if len(narrow) == 0 {
		return false
	}
	return !slices.ContainsFunc(narrow, func(v T) bool { return !slices.Contains(wide, v) })
}

// hasUnit tells whether a unit is in scope by its top-level record.
func (s Scope) hasUnit(top *Record) bool {
	if top.Source != "" && !s.HasSource(top.Source) {
		return false
	}
	return len(s.Guests) == 0 || slices.Contains(s.Guests, GuestRef{Source: top.Source, ID: top.Guest})
}
