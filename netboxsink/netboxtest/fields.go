package netboxtest

import "regexp"

// The constructors below are the vocabulary of the model declarations.

type option func(*field)

func newField(name string, k kind, options []option) *field {
	f := &field{name: name, kind: k}
	for _, o := range options {
		o(f)
	}
	return f
}

func required(f *field)    { f.required = true }
func nullable(f *field)    { f.null = true }
func unique(f *field)      { f.unique = true }
func indexed(f *field)     { f.indexed = true }
func relatedOnly(f *field) { f.related = true }
func protected(f *field)   { f.onDelete = protect }
func cascading(f *field)   { f.onDelete = cascade }
func restricted(f *field)  { f.onDelete = restrict }
func since(m int) option   { return func(f *field) { f.since = m } }
func until(m int) option   { return func(f *field) { f.until = m } }
func initial(v any) option { return func(f *field) { f.initial = v } }
func nestedAs(n ...string) option {
	return func(f *field) { f.nested = n }
}

func between(least, most float64) option {
	return func(f *field) { f.least, f.most = &least, &most }
}

// text is a text of at most max characters, "" by default; max 0 is unbounded.
func text(name string, max int, options ...option) *field {
	f := newField(name, kindText, nil)
	f.max, f.blank, f.initial = max, true, ""
	for _, o := range options {
		o(f)
	}
	if f.required {
		f.blank = false
	}
	if f.null && f.initial == "" {
		f.initial = nil
	}
	return f
}

func slug(name string, options ...option) *field {
	f := newField(name, kindSlug, options)
	f.max, f.required, f.indexed = 100, true, true
	return f
}

func integer(name string, options ...option) *field {
	f := newField(name, kindInteger, nil)
	between(0, 2147483647)(f)
	for _, o := range options {
		o(f)
	}
	return f
}

func decimal(name string, digits, places int, options ...option) *field {
	f := newField(name, kindDecimal, options)
	f.digits, f.places = digits, places
	return f
}

func boolean(name string, fallback bool, options ...option) *field {
	return newField(name, kindBoolean, append(options, initial(fallback)))
}

// selection is a choice field; fallback "" means that nothing is chosen.
func selection(name, fallback string, choices []choice, options ...option) *field {
	f := newField(name, kindChoice, options)
	f.choices = choices
	if fallback != "" {
		f.initial = fallback
	} else if !f.required {
		f.blank, f.null = true, true
	}
	return f
}

// foreign refers to one object of the target model. A target that this package
// does not model has no objects, so that only null is accepted.
func foreign(name, target string, options ...option) *field {
	f := newField(name, kindForeign, options)
	f.target = target
	if !f.required {
		f.null = true
	}
	return f
}

func many(name, target string, options ...option) *field {
	f := newField(name, kindMany, options)
	f.target, f.initial = target, []int{}
	return f
}

func openJSON(name string, options ...option) *field {
	return newField(name, kindJSON, append([]option{nullable}, options...))
}

// constant is a read-only field that always renders as the same JSON.
func constant(name, json string, options ...option) *field {
	f := newField(name, kindComputed, options)
	f.render = func(w *writer, _ *object) { w.raw(json) }
	return f
}

func computed(name string, render func(w *writer, o *object), options ...option) *field {
	f := newField(name, kindComputed, options)
	f.render = render
	return f
}

// counter counts the objects of a model that refer to this one.
func counter(name, label, reference string, options ...option) *field {
	return computed(name, func(w *writer, o *object) {
		w.integer(w.store.count(label, reference, o.id))
	}, options...)
}

func nestedZero(f *field) { f.nestedZero = true }

// identity are the fields that every object begins with.
func identity() []*field {
	return []*field{
		computed("id", func(w *writer, o *object) { w.integer(o.id) }),
		computed("url", func(w *writer, o *object) { w.url(o, "/api/", o.model.path) }),
		computed("display_url", func(w *writer, o *object) { w.url(o, "/", o.model.webPath()) }),
		computed("display", func(w *writer, o *object) { w.text(o.model.display(w.store, o)) }),
	}
}

func tagging() *field {
	return newField(tags, kindTags, []option{initial([]int{})})
}

func customizing() *field { return newField(customFields, kindCustomFields, nil) }

func owner() *field { return foreign("owner", "users.owner", since(5), protected) }

func stamps() []*field { return []*field{createdAt(), updatedAt()} }

func createdAt() *field {
	return computed("created", func(w *writer, o *object) { w.text(stamp(o.created)) })
}

func updatedAt() *field {
	return computed("last_updated", func(w *writer, o *object) { w.text(stamp(o.updated)) })
}

// assembled joins fields and lists of fields in order.
func assembled(parts ...any) []*field {
	var fields []*field
	for _, p := range parts {
		switch p := p.(type) {
		case *field:
			fields = append(fields, p)
		case []*field:
			fields = append(fields, p...)
		}
	}
	return fields
}

func (m *model) webPath() string {
	if m.page != "" {
		return m.page
	}
	return m.path
}

func byName(_ *store, o *object) string { return o.text("name") }

// oneToOne references are cleared by the database alone when their target goes.
func oneToOne(f *field) { f.exclusive = true }

// leastPrinted is a lower bound above zero that the model checks, printed as its
// message prints it.
func leastPrinted(bound string) option { return func(f *field) { f.cleanLeast = bound } }

func longNested(f *field) { f.long = true }

func portName(f *field) { f.portName = true }

func bytewise(f *field) { f.bytewise = true }

// matching refuses a text that does not match, in the words of the message.
func matching(pattern, message string) option {
	re := regexp.MustCompile(pattern)
	return func(f *field) { f.pattern, f.mismatch = re, message }
}

func color() *field {
	return text("color", 6, initial("9e9e9e"), matching(`^[0-9a-f]{6}$`, "Enter a valid hexadecimal RGB color code."))
}

// reduced nests a parent in the older form, by the fields named.
func reduced(names ...string) option {
	return nestedAs(append([]string{"id", "url", "display_url", "display", "name"}, names...)...)
}
