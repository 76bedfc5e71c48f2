package netboxtest

import (
	"regexp"
	"slices"
)

// kind says what a field holds and so how it is read, checked and written.
type kind uint8

const (
	kindComputed kind = iota // read-only, rendered by a function
	kindText
	kindSlug
	kindInteger
	kindDecimal
	kindBoolean
	kindChoice
	kindForeign
	kindMany
	kindContentType
	kindContentTypes
	kindJSON
	kindAddress // IP address with mask
	kindPrefix
	kindMAC
	kindShortcutMAC // mac_address of an interface: written through another object
	kindTags
	kindCustomFields
	kindChoicePairs // extra_choices of a choice set
	kindRanges      // vid_ranges of a VLAN group
)

// deletion says what deleting a referenced object does to the referring one.
type deletion uint8

const (
	setNull deletion = iota
	protect
	cascade
	restrict
)

// field is one field of a model, in the order of NetBox's serializer.
type field struct {
	name     string
	kind     kind
	required bool // must be in a POST
	null     bool // accepts and stores null
	blank    bool // accepts ""
	unique   bool // single-column unique, refused by the serializer
	readOnly bool
	indexed  bool // a lookup by this value is by index

	max            int            // length of a text
	least, most    *float64       // bounds of a number, by the serializer
	digits, places int            // of a decimal
	pattern        *regexp.Regexp // of a text
	mismatch       string         // what is said against a text that does not match
	choices        []choice
	target         string   // model label of a reference
	onDelete       deletion // of a reference
	nested         []string // fields of the nested object, if not its brief ones
	initial        any      // value on create, if not written
	since, until   int      // first and last minor release that has it; 0 = no bound
	cleanLeast     string   // lower bound that the model checks, as its message prints it
	bytewise       bool     // sorts by its bytes, not naturally
	portName       bool     // sorts as interface names do: numbers by value, case counts
	exclusive      bool     // one-to-one reference

	render     func(w *writer, o *object) // kindComputed and overrides
	long       bool                       // rendered by longNested
	nestedZero bool                       // NetBox shows 0 in nested objects
	related    bool                       // NetBox drops it from nested objects
}

type choice struct{ value, label string }

// key is an index over a model: the keys of one object, none for no entry.
type key struct {
	name string
	of   func(o *object) []any
}

// constraint is a unique constraint over several columns.
type constraint struct {
	name    string   // in the database
	fields  []string // that a failed field check excludes
	of      func(o *object) any
	since   int  // first minor release that has it
	unseen  bool // only the database checks it, on create
	message func(r *release, o *object) string
}

// model is one object type.
type model struct {
	label    string // "virtualization.virtualmachine"
	path     string // "virtualization/virtual-machines", below /api/
	page     string // the same in the web interface, if it differs
	class    string // "VirtualMachine"
	verbose  string // "virtual machine"
	app      string // "Virtualization", as the change log shows it
	fields   []*field
	brief    []string
	ordering []string // default order; "-x" is descending
	since    int
	logged   bool

	display     func(s *store, o *object) string
	constraints []constraint
	keys        []key

	check     func(d *draft) *invalid                     // the serializer's own checks
	clean     func(d *draft) *invalid                     // the model's clean()
	prepare   func(d *draft)                              // on save, before the row is stored
	saved     func(t *transaction, before, after *object) // on save, after it
	removing  func(t *transaction, o *object)             // before a delete
	removed   func(t *transaction, o *object)             // after a delete
	dependent func(s *store, o *object) []*object         // generic relations: deleted along

	byName map[string]*field
}

func (m *model) field(name string) *field { return m.byName[name] }

// schema is every model of one release.
type schema struct {
	models  []*model
	byLabel map[string]*model
	byPath  map[string]*model
	// referring lists, per target label, the fields that refer to it.
	referring map[string][]reference
}

type reference struct {
	model *model
	field *field
}

// newSchema builds the tables of one release out of the declarations.
func newSchema(r *release) *schema {
	s := &schema{byLabel: map[string]*model{}, byPath: map[string]*model{}, referring: map[string][]reference{}}
	declared := slices.Concat(extrasModels(), tenancyModels(), dcimModels(), virtualizationModels(), ipamModels())
	for _, m := range declared {
		if m.since > r.minor {
			continue
		}
		m.fields = slices.DeleteFunc(m.fields, func(f *field) bool {
			return f.since > r.minor || (f.until > 0 && f.until < r.minor)
		})
		m.constraints = slices.DeleteFunc(m.constraints, func(c constraint) bool { return c.since > r.minor })
		m.byName = map[string]*field{}
		for _, f := range m.fields {
			m.byName[f.name] = f
		}
		m.keys = append(m.keys, m.defaultKeys()...)
		s.models = append(s.models, m)
		s.byLabel[m.label], s.byPath[m.path] = m, m
	}
	for _, m := range s.models {
		for _, f := range m.fields {
			if f.kind == kindForeign || f.kind == kindMany {
				s.referring[f.target] = append(s.referring[f.target], reference{m, f})
			}
		}
	}
	return s
}

// defaultKeys are the indexes that follow from the fields and constraints.
func (m *model) defaultKeys() []key {
	var keys []key
	for _, f := range m.fields {
		name := f.name
		switch {
		case f.kind == kindForeign, f.indexed, f.unique:
			keys = append(keys, key{name, func(o *object) []any {
				if v := o.values[name]; v != nil {
					return []any{v}
				}
				return nil
			}})
		case f.kind == kindMany, f.kind == kindTags:
			keys = append(keys, key{name, func(o *object) []any {
				ids := o.ids(name)
				found := make([]any, len(ids))
				for i, id := range ids {
					found[i] = id
				}
				return found
			}})
		}
	}
	for _, c := range m.constraints {
		of := c.of
		keys = append(keys, key{c.name, func(o *object) []any {
			if v := of(o); v != nil {
				return []any{v}
			}
			return nil
		}})
	}
	return keys
}

// writable reports whether the field takes part in a write.
func (f *field) writable() bool { return f.kind != kindComputed && !f.readOnly }

// stored reports whether the field has a value of its own.
func (f *field) stored() bool { return f.kind != kindComputed && f.kind != kindShortcutMAC }

// The names of the two fields that nearly every model has.
const (
	tags         = "tags"
	customFields = "custom_fields"
)
