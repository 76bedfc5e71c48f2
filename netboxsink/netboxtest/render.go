package netboxtest

import (
	"encoding/json"
	"slices"
	"strconv"
)

// writer renders objects as NetBox's serializers do.
type writer struct {
	store  *store
	base   string // scheme and host of the request
	buffer []byte
	nested int
}

func (w *writer) raw(s string)    { w.buffer = append(w.buffer, s...) }
func (w *writer) text(s string)   { w.buffer = appendString(w.buffer, s) }
func (w *writer) integer(i int)   { w.buffer = strconv.AppendInt(w.buffer, int64(i), 10) }
func (w *writer) boolean(b bool)  { w.buffer = strconv.AppendBool(w.buffer, b) }
func (w *writer) float(f float64) { w.buffer = appendFloat(w.buffer, f) }

// list renders an array.
func list[T any](w *writer, items []T, render func(T)) {
	w.raw("[")
	separated(w, items, render)
	w.raw("]")
}

// separated renders items with commas between them.
func separated[T any](w *writer, items []T, render func(T)) {
	for i, item := range items {
		if i > 0 {
			w.raw(",")
		}
		render(item)
	}
}

func (w *writer) url(o *object, root, path string) {
	w.buffer = append(w.buffer, '"')
	w.buffer = append(w.buffer, w.base...)
	w.buffer = append(w.buffer, root...)
	w.buffer = append(w.buffer, path...)
	w.buffer = append(w.buffer, '/')
	w.integer(o.id)
	w.raw(`/"`)
}

// selected is the set of fields of one request: nil means all.
type selected func(name string) bool

// object renders the chosen fields of one object.
func (w *writer) object(o *object, chosen selected) {
	w.raw("{")
	first := true
	for _, f := range o.model.fields {
		if chosen != nil && !chosen(f.name) {
			continue
		}
		if w.nested > 0 && f.related {
			continue
		}
		if !first {
			w.raw(",")
		}
		first = false
		w.buffer = append(w.buffer, '"')
		w.raw(f.name)
		w.raw(`":`)
		w.field(o, f)
	}
	w.raw("}")
}

// brief renders the short form that stands for a referenced object.
func (w *writer) brief(o *object, fields []string) {
	if o == nil {
		w.raw("null")
		return
	}
	if fields == nil {
		fields = o.model.brief
	}
	w.nested++
	w.object(o, chosenFrom(fields))
	w.nested--
}

func chosenFrom(names []string) selected {
	return func(name string) bool {
		return slices.Contains(names, name)
	}
}

func (w *writer) field(o *object, f *field) {
	if f.render != nil {
		if f.nestedZero && w.nested > 0 {
			w.raw("0")
			return
		}
		f.render(w, o)
		return
	}
	switch f.kind {
	case kindForeign:
		if f.long {
			w.longNested(w.store.follow(o, f.name))
			return
		}
		w.brief(w.store.follow(o, f.name), f.nested)
	case kindMany:
		w.many(f.target, o.ids(f.name))
	case kindTags:
		w.tags(o.ids(f.name))
	case kindCustomFields:
		w.customFields(o)
	case kindChoice:
		w.choice(f, o.text(f.name))
	default:
		w.value(o.values[f.name])
	}
}

func (w *writer) value(v any) {
	switch v := v.(type) {
	case nil:
		w.raw("null")
	case string:
		w.text(v)
	case int:
		w.integer(v)
	case float64:
		w.float(v)
	case bool:
		w.boolean(v)
	case json.RawMessage:
		w.buffer = append(w.buffer, v...)
	case []string:
		list(w, v, w.text)
	case []int:
		list(w, v, w.integer)
	}
}

func (w *writer) choice(f *field, value string) {
	if value == "" {
		w.raw("null")
		return
	}
	w.labelled(value, label(f.choices, value))
}

func (w *writer) labelled(value, label string) {
	w.raw(`{"value":`)
	w.text(value)
	w.raw(`,"label":`)
	w.text(label)
	w.raw("}")
}

func label(choices []choice, value string) string {
	for _, c := range choices {
		if c.value == value {
			return c.label
		}
	}
	return ""
}

func (w *writer) many(target string, ids []int) {
	list(w, w.store.all(target, ids), func(o *object) { w.brief(o, nil) })
}

// objects renders the brief forms of a list, in the order of their model.
func (w *writer) objects(found []*object) {
	w.ordered(found, func(o *object) { w.brief(o, nil) })
}

func (w *writer) ordered(found []*object, render func(o *object)) {
	if len(found) > 1 {
		sortObjects(w.store, found, found[0].model.ordering)
	}
	list(w, found, render)
}

// longNested renders an interface as other interfaces refer to it: NetBox keeps
// an older nested form for that.
func (w *writer) longNested(o *object) {
	if o == nil {
		w.raw("null")
		return
	}
	holder := "virtual_machine"
	if o.model.label == "dcim.interface" {
		holder = "device"
	}
	w.head(o)
	w.raw(`,"` + holder + `":`)
	parent := w.store.holderOf(o)
	w.head(parent)
	w.raw(`,"name":`)
	w.value(parent.values["name"])
	w.raw(`},"name":`)
	w.text(o.text("name"))
	if holder == "device" {
		w.raw(`,"cable":null,"_occupied":false`)
	}
	w.raw("}")
}

// head opens an object with its identity.
func (w *writer) head(o *object) {
	w.raw(`{"id":`)
	w.integer(o.id)
	w.raw(`,"url":`)
	w.url(o, "/api/", o.model.path)
	w.raw(`,"display_url":`)
	w.url(o, "/", o.model.webPath())
	w.raw(`,"display":`)
	w.text(o.model.display(w.store, o))
}

// tags renders an object's tags in the order of their names.
func (w *writer) tags(ids []int) {
	if len(ids) == 0 {
		w.raw("[]")
		return
	}
	found := w.store.all("extras.tag", ids)
	sortObjects(w.store, found, []string{"weight", "name"})
	list(w, found, func(o *object) {
		w.brief(o, []string{"id", "url", "display_url", "display", "name", "slug", "color"})
	})
}
