package sync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kind names a kind of object in the sink, for example "virtual-machine". It is the sink's word: the engine only
// compares it.
type Kind string

// Key names a record during a run: what it is, and which one. A sink derives it from identity, not from display names.
type Key struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

// String returns "kind name".
func (k Key) String() string { return strings.TrimSpace(string(k.Kind) + " " + k.Name) }

// IsZero tells whether the key names nothing.
func (k Key) IsZero() bool { return k == Key{} }

// Compare orders keys by kind, then name.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Kind, other.Kind), cmp.Compare(k.Name, other.Name))
}

// Record is one object of the sink: as it should be (desired) or as it is (current).
type Record struct {
	Key Key
	// Unit is the key of the top-level object that the record hangs on: its own for a top-level object, the zero Key
	// for a shared one (a tag, a role, a cluster). The key names of a unit's records are unique in the unit, and those
	// of its children begin with the unit's key name and a slash.
	Unit Key
	// Label is what people call the object.
	Label string
	// ID is the sink's own name for the object. On a current record it is set. On a desired record it is empty, or names
	// an object to be taken over that bears no mark of ours.
	ID string
	// Source names the source that the object belongs to. On a current record of a unit, the empty string says that
	// the object is somebody else's: it is never written, except where a desired record takes it over by ID.
	Source string
	// Guest is the VMID that a top-level record stands for; 0 for none.
	Guest int
	// Fields holds the fields that are spoken of. A field that a desired record lacks is left as it is; one that a current
	// record lacks is null.
	Fields Fields
	// Claims tells what of this record may be held by one object only.
	Claims []Claim
	// Inline says that the record is created by the write of the record that it hangs on: it is never sent as a create.
	Inline bool
	// Skip, on a desired record, says why it is left alone this time: it is neither written nor removed.
	Skip string
	// Remove, on a desired top-level record, says why the unit is to be deleted, with all that hangs on it. Its fields are
	// not written: they name what that was decided by, so that a saved plan finds out if one has changed since. A unit
	// that is not ours, or that a hold covers, is left alone all the same.
	Remove string
	// Gone, on a desired top-level record, names the guest that the record follows from no longer being in its source: to
	// be marked as gone, to be removed, to be another source's now. A source that is a [Confirmer] is asked about it; while
	// it does not confirm, the unit is skipped and held. The word of other sources is taken, and nothing is asked about a
	// guest whose VMID another has in the inventory.
	Gone GuestRef
	// Reason, on a desired record, says why it is as it is where that is worth telling ("adopted: …").
	Reason string
}

// isTop tells whether the record is that of a unit's top-level object.
func (r *Record) isTop() bool { return r.Key == r.Unit }

// isChild tells whether the record hangs on a unit.
func (r *Record) isChild() bool { return !r.Unit.IsZero() && r.Key != r.Unit }

// Field is one field of a record.
type Field struct {
	Value Value
	// From says, on a desired record, where the value comes from, for those who ask: "cores × sockets of the configuration".
	From string
	// Rule says, on a desired record, when the field may be written over. The zero value is [Always].
	Rule Rule
	// Remember asks that the written value be kept in the unit's memory although the rule does not need it.
	Remember bool
	// Needed says, of a reference on a desired child, that the child is not created without what it refers to.
	Needed bool
	// Ours lists, on a desired record, values that are taken for our own where no memory tells.
	Ours []Value
}

// Claim is something of which the sink allows one holder: a name in a cluster, an address in a VRF.
type Claim struct {
	// Field is the field by which the record claims it; empty when the record's existence does.
	Field string `json:"field,omitempty"`
	// On names the thing; equal texts are the same thing.
	On string `json:"on"`
	// Spare is a value for Field that claims nothing of anybody: it is taken for the moment between letting go and
	// taking, where two records swap.
	Spare Value `json:"spare,omitzero"`
}

// State is one side of a comparison. The records' order means nothing; their keys are unique.
type State struct {
	Records []Record
	// Holds, on the desired side, says where absence means nothing.
	Holds []Hold
	// Asked, on the current side, notes in the sink's own words what Lookup has looked up, so that what was not found is
	// not looked up again.
	Asked []Key
}

// Hold says that the desired side does not know everything about something: current records under it that have no
// desired counterpart are kept. It is the sink's translation of an inventory gap.
type Hold struct {
	// Source alone holds everything that belongs to the source.
	Source string
	// Unit holds one unit; with Kind, its records of that kind only.
	Unit Key
	Kind Kind
	// Reason is one sentence without a secret. Holds on a unit are told as skips.
	Reason string
}

// MemoryField is the field of a unit's top-level record that holds the unit's [Memory].
const MemoryField = "remembered"

// index maps the records by key, and fails on a key that stands twice.
func (s *State) index() (map[Key]*Record, error) {
	m := make(map[Key]*Record, len(s.Records))
	for i := range s.Records {
		r := &s.Records[i]
		if m[r.Key] = r; len(m) == i {
			return nil, fmt.Errorf("sync: two records have the key %q", r.Key)
		}
	}
	return m, nil
}

// merge returns the state with what the other has and it lacks.
func (s *State) merge(other *State) *State {
	lacking := make(map[Key]bool, len(other.Records))
	for i := range other.Records {
		lacking[other.Records[i].Key] = true
	}
	for i := range s.Records {
		delete(lacking, s.Records[i].Key)
	}
	out := &State{
		Records: append(make([]Record, 0, len(s.Records)+len(lacking)), s.Records...), Holds: s.Holds,
		Asked: slices.Concat(s.Asked, other.Asked),
	}
	for _, r := range other.Records {
		if lacking[r.Key] {
			delete(lacking, r.Key)
			out.Records = append(out.Records, r)
		}
	}
	return out
}
