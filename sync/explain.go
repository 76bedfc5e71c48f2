package sync

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Explanation tells of one object what stands, what is wanted and where that comes from, what becomes of it, and why.
type Explanation struct {
	Op    Op     `json:"op"`
	Key   Key    `json:"key"`
	Label string `json:"label"`
	ID    string `json:"id,omitempty"`
	// Source and Guest are those of the record.
	Source string `json:"source,omitempty"`
	Guest  int    `json:"guest,omitempty"`
	// Adopted says that the object bears no mark of ours yet.
	Adopted bool `json:"adopted,omitempty"`
	// Reason says why, where that is worth telling.
	Reason string `json:"reason,omitempty"`
	// Fields are all fields that stand or are wanted, in the order of their names.
	Fields []ExplainedField `json:"fields,omitempty"`
	// Children are what hangs on a unit, whosever it is.
	Children []Explanation `json:"children,omitempty"`
}

// ExplainedField tells of one field what stands and what is wanted, references by the label of what they refer to.
type ExplainedField struct {
	Name    string `json:"name"`
	Current Value  `json:"current"`
	Wanted  Value  `json:"wanted"`
	// From says where the wanted value comes from, and Rule when it may be written: as the plan's policy has it.
	From    string       `json:"from,omitempty"`
	Rule    Rule         `json:"rule,omitempty"`
	Outcome FieldOutcome `json:"outcome"`
	// Reason says why a field is left.
	Reason string `json:"reason,omitempty"`
}

// FieldOutcome is what becomes of a field.
type FieldOutcome string

// What becomes of a field.
const (
	// FieldWritten: the wanted value is written.
	FieldWritten FieldOutcome = "written"
	// FieldKept: it is as it should be.
	FieldKept FieldOutcome = "kept"
	// FieldLeft: it differs and stays, for a reason.
	FieldLeft FieldOutcome = "left"
	// FieldUnspoken: nothing is wanted of it.
	FieldUnspoken FieldOutcome = "unspoken"
	// FieldDeleted: it goes with its object.
	FieldDeleted FieldOutcome = "deleted"
)

// Named returns a match for [Plan.Explain]: guests by VMID or name, other units by name, whatever the case.
func Named(query string) func(Record) bool {
	id, err := strconv.Atoi(query)
	return func(r Record) bool {
		if strings.EqualFold(r.Label, query) {
			return true
		}
		if r.Guest != 0 {
			return err == nil && r.Guest == id
		}
		_, name, _ := strings.Cut(r.Key.Name, "/") // what the source calls it, whatever the label has become
		return strings.EqualFold(name, query)
	}
}

// Explain explains the plan's units whose top-level record, as it is or as it should be, matches; in the order of the
// plan. A plan that was read from JSON has no records to explain anything by: that is an error.
func (p *Plan) Explain(match func(Record) bool) ([]Explanation, error) {
	if p.desired == nil || p.current == nil {
		return nil, errors.New("sync: a saved plan cannot be explained, the records that it was made from are not in it: make a new one")
	}
	e := newExplaining(p)
	var found []Explanation
	for _, unit := range p.byUnit() {
		top := &unit[0]
		r, was := e.records(top.Key, top.ID)
		if top.isTop() && (r != nil && match(*r) || was != nil && match(*was)) {
			found = append(found, e.unit(unit))
		}
	}
	return found, nil
}

// explaining is an explanation under way.
type explaining struct {
	plan     *Plan
	desired  map[Key]*Record
	byKey    map[Key]*Record // the current records
	byID     map[objectID]*Record
	labels   map[Key]string
	children map[Key][]*Record // by unit, of both sides
}

func newExplaining(p *Plan) *explaining {
	e := &explaining{
		plan: p, desired: map[Key]*Record{}, byKey: map[Key]*Record{}, byID: map[objectID]*Record{},
		labels: map[Key]string{}, children: map[Key][]*Record{},
	}
	for i := range p.current.Records {
		r := &p.current.Records[i]
		e.byKey[r.Key], e.byID[objectID{r.Key.Kind, r.ID}] = r, r
		e.add(r)
	}
	for i := range p.desired.Records {
		r := &p.desired.Records[i]
		e.desired[r.Key] = r
		e.add(r)
	}
	return e
}

func (e *explaining) add(r *Record) {
	e.labels[r.Key] = r.Label
	if r.isChild() {
		e.children[r.Unit] = append(e.children[r.Unit], r)
	}
}

// records returns what should be under a key, and what is; nil for what there is none of.
func (e *explaining) records(key Key, id string) (r, was *Record) {
	r, was = e.desired[key], e.byKey[key]
	switch {
	case id != "":
		was = e.byID[objectID{key.Kind, id}]
	case was == nil && r != nil && r.ID != "":
		was = e.byID[objectID{key.Kind, r.ID}]
	}
	return r, was
}

// unit explains a unit with what hangs on it.
func (e *explaining) unit(unit []Change) Explanation {
	top := &unit[0]
	x := e.object(top)
	told := map[Key]bool{}
	seen := map[*Record]bool{}
	tell := func(c *Change) {
		_, was := e.records(c.Key, c.ID)
		told[c.Key], seen[was] = true, was != nil
		x.Children = append(x.Children, e.object(c))
	}
	for i := range unit[1:] {
		tell(&unit[1+i])
	}
	hanging := e.children[top.Key]
	if _, was := e.records(top.Key, top.ID); was != nil && was.Key != top.Key {
		hanging = slices.Concat(e.children[was.Key], hanging) // of what is taken over
	}
	for _, r := range slices.Backward(hanging) { // what should be first: it may take over what is
		if !told[r.Key] && !seen[r] {
			c := e.untold(top, r.Key)
			tell(&c)
		}
	}
	slices.SortStableFunc(x.Children, func(a, b Explanation) int { return compareKeys(a.Key, b.Key) })
	return x
}

// untold returns what becomes of a child of which the plan does not speak.
func (e *explaining) untold(top *Change, key Key) Change {
	r, was := e.records(key, "")
	shown := r
	if shown == nil {
		shown = was
	}
	c := header(Keep, shown, was)
	switch {
	case top.Op == Delete:
		c.Op = Delete
	case top.Op == Skip:
		c.Op, c.Reason = Skip, top.Reason
	case r == nil && was.Source == "":
		c.Op, c.Reason = Skip, "not ours"
	}
	return c
}

// object explains one object, of which the plan makes the change.
func (e *explaining) object(c *Change) Explanation {
	x := Explanation{
		Op: c.Op, Key: c.Key, Label: c.Label, ID: c.ID, Source: c.Source, Guest: c.Guest, Adopted: c.Adopted, Reason: c.Reason,
	}
	r, was := e.records(c.Key, c.ID)
	names := map[string]bool{}
	for _, record := range []*Record{r, was} {
		if record != nil {
			for name := range record.Fields.values {
				names[name] = name != MemoryField
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] {
			x.Fields = append(x.Fields, e.field(c, r, was, name))
		}
	}
	return x
}

// field explains one field.
func (e *explaining) field(c *Change, r, was *Record, name string) ExplainedField {
	x := ExplainedField{Name: name, Outcome: FieldUnspoken}
	if was != nil {
		x.Current = was.Fields.Value(name).labelled(e.labels)
	}
	if r != nil {
		if f, spoken := r.Fields.Get(name); spoken {
			x.Wanted, x.From = f.Value.labelled(e.labels), f.From
			x.Rule = e.plan.policy.rule(c.Key.Kind, name, f.Rule)
			x.Outcome, x.Reason = e.outcome(c, was, &x)
		}
	}
	if c.Op == Delete {
		x.Outcome, x.Reason = FieldDeleted, ""
	}
	return x
}

// outcome returns what becomes of a field that is spoken of, and why, if it is left.
func (e *explaining) outcome(c *Change, was *Record, x *ExplainedField) (FieldOutcome, string) {
	left := slices.IndexFunc(c.Left, func(l LeftField) bool { return l.Name == x.Name })
	switch {
	case c.field(x.Name) != nil:
		return FieldWritten, ""
	case left >= 0:
		return FieldLeft, c.Left[left].Reason
	case x.Current == x.Wanted:
		return FieldKept, ""
	case c.Op == Skip:
		return FieldLeft, c.Reason
	case was == nil && x.Rule == Never:
		return FieldLeft, Never.refuses(Field{}, Value{}, nil, Key{})
	case !e.plan.Scope.HasKind(c.Key.Kind):
		return FieldLeft, "this run does not write objects of its kind"
	}
	return FieldLeft, "this run does not write what it refers to"
}
