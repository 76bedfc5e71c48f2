package netboxtest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// draft is one object on its way into the database: read from a request body
// and validated, but not saved.
type draft struct {
	*transaction
	model         *model
	before, after *object // before is nil on create
	written       map[string]bool
	addTags       []int
	removeTags    []int
	mac           *string // the mac_address shortcut of an interface, "" for null
	message       string
}

// release is the release whose rules apply.
func (d *draft) release() *release { return d.store.release }

func (d *draft) creating() bool { return d.before == nil }

// follow returns the object that a reference of the candidate names, or nil.
func (d *draft) follow(name string) *object { return d.store.follow(d.after, name) }

func (d *draft) displayOf(o *object) string {
	if o == nil {
		return "None"
	}
	return o.model.display(d.store, o)
}

// draft reads and validates one body. A nil before means create; partial means
// PATCH. The chosen fields are those that ?fields= and ?omit= leave writable.
func (t *transaction) draft(m *model, before *object, body []pair, partial bool, chosen selected) (*draft, error) {
	d := &draft{transaction: t, model: m, before: before, written: map[string]bool{}}
	if before != nil {
		d.after = before.clone()
	} else {
		d.after = &object{model: m, values: map[string]any{}}
	}
	refused := &invalid{}
	for _, f := range m.fields {
		if f.stored() && before == nil {
			d.after.values[f.name] = f.initial
		}
		if !f.writable() || (chosen != nil && !chosen(f.name)) {
			continue
		}
		if err := d.read(f, body, partial, refused); err != nil {
			return nil, err
		}
	}
	d.readTagDeltas(body, chosen, refused)
	d.readMessage(body)
	if !refused.empty() {
		return nil, refused
	}
	fresh := before == nil && m.field(customFields) != nil
	listed := chosen == nil || chosen(customFields)
	if fresh && listed {
		d.fillCustomFields(true)
	}
	err := d.validate()
	if fresh && !listed { // the serializer has no defaults then: they come as it is saved, too late for the checks
		d.fillCustomFields(false)
	}
	return d, err
}

// read takes one field from the body.
func (d *draft) read(f *field, body []pair, partial bool, refused *invalid) error {
	i := slices.IndexFunc(body, func(p pair) bool { return p.key == f.name })
	if i < 0 {
		d.missing(f, partial, refused)
		return nil
	}
	value, problem := d.parse(f, body[i].value)
	if problem != nil {
		refused.merge(problem)
		return nil
	}
	switch f.kind {
	case kindCustomFields, kindShortcutMAC:
		return nil
	}
	if f.unique && value != nil && d.used(f, value) {
		refused.add(f.name, d.model.verbose+" with this "+plainName(f.name)+" already exists.")
		return nil
	}
	d.written[f.name] = true
	d.after.values[f.name] = value
	return nil
}

// missing handles a field that the body does not hold: an error if it is
// required; in a PUT, a few fields fall back to null.
func (d *draft) missing(f *field, partial bool, refused *invalid) {
	switch {
	case partial:
	case f.required:
		refused.add(f.name, "This field is required.")
	case d.before != nil && f.kind == kindForeign && d.model.putClears(f.name):
		d.after.values[f.name] = nil
	}
}

// putClears reports whether a PUT without the field clears it: the serializer
// declares default=None for it.
func (m *model) putClears(name string) bool {
	switch m.label + " " + name {
	case "virtualization.virtualmachine virtual_machine_type", "virtualization.virtualmachine site",
		"virtualization.virtualmachine cluster", "virtualization.virtualmachine device",
		"virtualization.virtualmachine tenant", "virtualization.virtualmachine config_template",
		"virtualization.cluster group":
		return true
	}
	return false
}

func (d *draft) used(f *field, value any) bool {
	for id := range d.tables[d.model.label].indexes[f.name][value] {
		if d.before == nil || id != d.before.id {
			return true
		}
	}
	return false
}

// validate runs what NetBox runs after the fields: the serializer's checks, then
// the model's full_clean with custom validators, custom fields and constraints.
func (d *draft) validate() error {
	if d.model.check != nil {
		if e := d.model.check(d); !e.empty() {
			return e
		}
	}
	if e := d.checkTagDeltas(); !e.empty() {
		return e
	}
	refused := d.cleanFields()
	if refused.empty() || !d.lacksReference() {
		refused.merge(d.cleanModel())
	}
	if e := d.store.violated(d.after, refused); !e.empty() {
		refused.merge(e)
	}
	if !refused.empty() {
		return refused
	}
	return nil
}

// cleanFields runs the checks that the model makes per field.
func (d *draft) cleanFields() *invalid {
	refused := &invalid{}
	for _, f := range d.model.fields {
		v := d.after.values[f.name]
		switch {
		case f.required && (f.kind == kindText || f.kind == kindSlug) && v == "":
			refused.add(f.name, "This field cannot be blank.")
		case f.required && f.stored() && f.kind != kindText && f.kind != kindSlug && v == nil:
			refused.add(f.name, "This field cannot be null.")
		}
		if v, ok := v.(float64); ok && f.cleanLeast != "" && v < 0.01 {
			refused.add(f.name, "Ensure this value is greater than or equal to "+f.cleanLeast+".")
		}
	}
	return refused
}

// lacksReference reports whether ?fields= kept a required reference out of a
// create, so that the model's rules have nothing to stand on.
func (d *draft) lacksReference() bool {
	for _, f := range d.model.fields {
		if f.required && f.kind == kindForeign && d.after.values[f.name] == nil {
			return true
		}
	}
	return false
}

// cleanModel runs the model's clean(): custom validators first, custom fields
// next, its own rules last; the first refusal ends it.
func (d *draft) cleanModel() *invalid {
	if e := d.runValidator(); !e.empty() {
		return e
	}
	if e := d.cleanCustomFields(); !e.empty() {
		return e
	}
	if context, ok := d.after.values["local_context_data"].(json.RawMessage); ok && firstByte(context) != '{' {
		return refuse("local_context_data", "JSON data must be in object form. Example: {\"foo\": 123}")
	}
	if d.model.clean != nil {
		return d.model.clean(d)
	}
	return nil
}

func (d *draft) readMessage(body []pair) {
	if !d.release().changelogMessage {
		return
	}
	for _, p := range body {
		if p.key == "changelog_message" {
			d.message, _ = str(p.value)
		}
	}
}

// save stores a validated draft with its side effects and returns the object.
func (d *draft) save() (*object, error) {
	d.transaction.message = d.message
	defer func() { d.transaction.message = "" }()
	if len([]rune(d.message)) > 200 {
		return nil, &crashed{"value too long for type character varying(200)", "DataError"}
	}
	if err := d.checkTagScope(); err != nil {
		return nil, err
	}
	if err := d.mayAddMAC(); err != nil {
		return nil, err
	}
	if d.model.prepare != nil {
		d.model.prepare(d)
	}
	d.applyTagDeltas()
	for _, c := range d.model.constraints {
		if d.store.taken(c, d.after) {
			return nil, duplicate(c, d.after)
		}
	}
	if err := d.uniqueInDatabase(); err != nil {
		return nil, err
	}
	var o *object
	if d.before == nil {
		o = d.insert(d.after)
	} else {
		// Another item of the same batch may have changed the row since the
		// draft was read.
		o = d.update(d.current(d.before), d.after)
	}
	if d.model.saved != nil {
		d.model.saved(d.transaction, d.before, o)
	}
	if err := d.setPrimaryMAC(d.current(o)); err != nil {
		return nil, err
	}
	return d.current(o), nil
}

func (d *draft) uniqueInDatabase() error {
	for _, f := range d.model.fields {
		if v := d.after.values[f.name]; f.unique && v != nil && d.used(f, v) {
			return &crashed{"duplicate key value violates unique constraint \"" +
				tableName(d.model) + "_" + f.name + "_key\"\nDETAIL:  Key (" + f.name + ")=(" + fmt.Sprint(v) + ") already exists.", "IntegrityError"}
		}
	}
	return nil
}
