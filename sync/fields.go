package sync

import (
	"cmp"
	"iter"
	"slices"
	"unique"
)

// Fields are the fields of a record by name. The zero value has none. A copy shares its fields with the original, unless
// it is made by Clone.
//
// An estate has hundreds of thousands of fields, and most differ only in their values: what is the same is held once.
type Fields struct{ list []compactField } // in the order of the names

// compactField is a [Field] with its name.
type compactField struct {
	value Value
	about unique.Handle[about]
	ours  *[]Value // nil for none
}

// about is what many fields have in common.
type about struct {
	name, from       string
	rule             Rule
	remember, needed bool
}

// NewFields returns fields by their names. The map is the caller's.
func NewFields(fields map[string]Field) Fields {
	f := Fields{make([]compactField, 0, len(fields))}
	for name, field := range fields {
		f.list = append(f.list, compact(name, field))
	}
	slices.SortFunc(f.list, func(a, b compactField) int { return cmp.Compare(a.about.Value().name, b.about.Value().name) })
	return f
}

func compact(name string, f Field) compactField {
	c := compactField{value: f.Value, about: unique.Make(about{name, f.From, f.Rule, f.Remember, f.Needed})}
	if len(f.Ours) > 0 {
		ours := f.Ours // declared here: it is on the heap wherever it is declared
		c.ours = &ours
	}
	return c
}

func (c *compactField) field() Field {
	a := c.about.Value()
	f := Field{Value: c.value, From: a.from, Rule: a.rule, Remember: a.remember, Needed: a.needed}
	if c.ours != nil {
		f.Ours = *c.ours
	}
	return f
}

func (f Fields) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(f.list, name, func(c compactField, name string) int { return cmp.Compare(c.about.Value().name, name) })
}

// Len returns how many there are.
func (f Fields) Len() int { return len(f.list) }

// Get returns a field, and tells whether there is one.
func (f Fields) Get(name string) (field Field, ok bool) {
	at, found := f.find(name)
	if !found {
		return Field{}, false
	}
	return f.list[at].field(), true
}

// Value returns the value of a field, null if there is none.
func (f Fields) Value(name string) Value {
	at, found := f.find(name)
	if !found {
		return Value{}
	}
	return f.list[at].value
}

// Set adds a field, or puts it in the place of the one of that name. The list of what is ours is not copied.
func (f *Fields) Set(name string, field Field) {
	at, found := f.find(name)
	if found {
		f.list[at] = compact(name, field)
		return
	}
	if len(f.list) == cap(f.list) {
		f.list = append(make([]compactField, 0, len(f.list)+2), f.list...) // and not twice as many: there are few more to come
	}
	f.list = slices.Insert(f.list, at, compact(name, field))
}

// Clone returns a copy that changes by itself.
func (f Fields) Clone() Fields { return Fields{slices.Clone(f.list)} }

// WithoutNull returns a copy with the fields that are not null: to a current record, a field that it lacks is null.
func (f Fields) WithoutNull() Fields {
	kept := make([]compactField, 0, f.said())
	for _, c := range f.list {
		if !c.value.IsNull() {
			kept = append(kept, c)
		}
	}
	return Fields{kept}
}

// All yields the fields in the order of their names.
func (f Fields) All() iter.Seq2[string, Field] {
	return func(yield func(string, Field) bool) {
		for i := range f.list {
			if !yield(f.list[i].about.Value().name, f.list[i].field()) {
				return
			}
		}
	}
}

// said counts those that are not null.
func (f Fields) said() (n int) {
	for i := range f.list {
		if !f.list[i].value.IsNull() {
			n++
		}
	}
	return n
}

// values yields the values in the order of their names.
func (f Fields) values(yield func(string, Value) bool) {
	for i := range f.list {
		if !yield(f.list[i].about.Value().name, f.list[i].value) {
			return
		}
	}
}
