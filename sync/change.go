package sync

// Op is what is done to an object.
type Op string

// The operations.
const (
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"
	// Keep: it is as it should be.
	Keep Op = "keep"
	// Skip: it is left alone for a reason that somebody should know.
	Skip Op = "skip"
)

// Change is what a plan does, or does not do, to one record.
type Change struct {
	Op    Op     `json:"op"`
	Key   Key    `json:"key"`
	Unit  Key    `json:"unit,omitzero"` // as in [Record.Unit]
	Label string `json:"label"`
	ID    string `json:"id,omitempty"`
	// Source and Guest are those of the record.
	Source string `json:"source,omitempty"`
	Guest  int    `json:"guest,omitempty"`
	// Fields are the fields that are written, in the order of their names. On the Delete of a unit they are those that
	// it was decided by, with the value that stood there as Old.
	Fields []FieldChange `json:"fields,omitempty"`
	// Left are the fields that differ and stay.
	Left []LeftField `json:"left,omitempty"`
	// Kept counts, on a unit's top-level record, the children that are as they should be.
	Kept map[Kind]int `json:"kept,omitempty"`
	// Claims are those of the record once changed.
	Claims []Claim `json:"claims,omitempty"`
	Inline bool    `json:"inline,omitempty"`
	// Early says that the record lets go of something that another takes: it is written before all units.
	Early bool `json:"early,omitempty"`
	// Adopted says that the object bore no mark of ours.
	Adopted bool `json:"adopted,omitempty"`
	// Reason says why, where that is worth telling: always on a skip and a delete.
	Reason string `json:"reason,omitempty"`
}

// FieldChange is a field that is written.
type FieldChange struct {
	Name string `json:"name"`
	Old  Value  `json:"old"`
	New  Value  `json:"new"`
	// Rule is that by which the field is written; empty for [Always].
	Rule Rule `json:"rule,omitempty"`
	// Spare is the value that the field takes before New where another record waits for Old; nil for none.
	Spare *Value `json:"spare,omitempty"`
}

// LeftField is a field that differs from what the source says, and stays.
type LeftField struct {
	Name   string `json:"name"`
	Value  Value  `json:"value"`
	Wanted Value  `json:"wanted"`
	Reason string `json:"reason"`
}

// writes tells whether the change writes anything.
func (c *Change) writes() bool { return c.Op == Create || c.Op == Update || c.Op == Delete }

// deletesUnit tells whether the change deletes a unit with all that hangs on it.
func (c *Change) deletesUnit() bool { return c.Op == Delete && c.isTop() }

// isTop tells whether the change is that of a unit's top-level record.
func (c *Change) isTop() bool { return c.Key == c.Unit }

// isShared tells whether the change is that of a shared object.
func (c *Change) isShared() bool { return c.Unit.IsZero() }

// field returns the change of the field, or nil.
func (c *Change) field(name string) *FieldChange {
	for i := range c.Fields {
		if c.Fields[i].Name == name {
			return &c.Fields[i]
		}
	}
	return nil
}
