package netboxtest

import "strings"

// A generic relation names its object by content type and id. Its two fields
// share a prefix: assigned_object_type and assigned_object_id.

type genericID struct {
	label string
	id    int
}

func genericKey(prefix string) key {
	return key{prefix, func(o *object) []any {
		label, id := o.text(prefix+"_type"), o.ref(prefix+"_id")
		if label == "" || id == 0 {
			return nil
		}
		return []any{genericID{label, id}}
	}}
}

// generic returns the object that a generic relation of o names, or nil.
func (s *store) generic(o *object, prefix string) *object {
	return s.get(o.text(prefix+"_type"), o.ref(prefix+"_id"))
}

// typeName names a content type as NetBox's messages do.
func (s *store) typeName(label string) string {
	m := s.schema.byLabel[label]
	if m == nil {
		return label
	}
	words := strings.Fields(m.verbose)
	for i, word := range words {
		words[i] = titled(word)
	}
	return m.app + " > " + strings.Join(words, " ")
}

func renderGeneric(prefix string) func(w *writer, o *object) {
	return func(w *writer, o *object) { w.brief(w.store.generic(o, prefix), nil) }
}

// genericFields are the type, the id and the object of a generic relation.
func genericFields(prefix string) []*field {
	kindOf := newField(prefix+"_type", kindContentType, []option{nullable})
	id := integer(prefix+"_id", nullable, between(0, 9223372036854775807))
	return []*field{kindOf, id, computed(prefix, renderGeneric(prefix))}
}
