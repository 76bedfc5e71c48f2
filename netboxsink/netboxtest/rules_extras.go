package netboxtest

import (
	"encoding/json"
	"iter"
	"maps"
	"strings"
)

func cleanChoiceSet(d *draft) *invalid {
	pairs := choicePairs(d.after)
	if len(pairs) == 0 && d.after.values["base_choices"] == nil {
		return refuse(allKey, "Must define base or extra choices.")
	}
	seen := map[string]bool{}
	for _, c := range pairs {
		if seen[c.value] {
			return refuse(allKey, "Duplicate value '"+c.value+"' found in extra choices.")
		}
		seen[c.value] = true
	}
	return nil
}

func checkCustomFieldType(d *draft) *invalid {
	if d.before != nil && d.before.text("type") != d.after.text("type") {
		return refuse("type", "Changing the type of custom fields is not supported.")
	}
	return nil
}

func cleanCustomField(d *draft) *invalid {
	name, kind := d.after.text("name"), d.after.text("type")
	if strings.Contains(name, "__") {
		return refuse("name", "Double underscores are not permitted in custom field names.")
	}
	choosing := kind == "select" || kind == "multiselect"
	relating := kind == "object" || kind == "multiobject"
	numeric := kind == "integer" || kind == "decimal"
	if fallback, ok := d.after.values["default"].(json.RawMessage); ok && !isNull(fallback) && !choosing {
		if message := d.checkCustomValue(d.after, fallback); message != "" {
			return refuse("default", "Invalid default value \""+python(fallback)+"\": "+message)
		}
	}
	switch {
	case !numeric && d.after.values["validation_minimum"] != nil:
		return refuse("validation_minimum", "A minimum value may be set only for numeric fields")
	case !numeric && d.after.values["validation_maximum"] != nil:
		return refuse("validation_maximum", "A maximum value may be set only for numeric fields")
	case d.after.is("unique") && kind == "boolean":
		return refuse("unique", "Uniqueness cannot be enforced for boolean fields")
	case choosing && d.after.values["choice_set"] == nil:
		return refuse("choice_set", "Selection fields must specify a set of choices.")
	case !choosing && d.after.values["choice_set"] != nil:
		return refuse("choice_set", "Choices may be set only on selection fields.")
	case relating && d.after.values["related_object_type"] == nil:
		return refuse("related_object_type", "Object fields must define an object type.")
	case !relating && d.after.values["related_object_type"] != nil:
		return refuse("type", label(d.model.field("type").choices, kind)+" fields may not define an object type.")
	}
	return nil
}

// spreadDefault gives a new custom field's default to every object of its
// types, silently.
func spreadDefault(t *transaction, before, cf *object) {
	fallback, ok := cf.values["default"].(json.RawMessage)
	if before != nil || !ok {
		return
	}
	for o := range t.bearing(cf) {
		data := map[string]json.RawMessage{}
		maps.Copy(data, o.custom())
		data[cf.text("name")] = fallback
		t.replace(o, o.with(customFields, data))
	}
}

// dropCustomData takes a deleted custom field's values off all objects; NetBox
// logs nothing on them.
func dropCustomData(t *transaction, cf *object) {
	for o := range t.bearing(cf) {
		if _, ok := o.custom()[cf.text("name")]; ok {
			data := maps.Clone(o.custom())
			delete(data, cf.text("name"))
			t.replace(o, o.with(customFields, data))
		}
	}
}

// bearing has the objects of a custom field's types.
func (t *transaction) bearing(cf *object) iter.Seq[*object] {
	return func(yield func(*object) bool) {
		types, _ := cf.values["object_types"].([]string)
		for _, label := range types {
			table := t.tables[label]
			if table == nil {
				continue
			}
			for _, o := range t.candidates(table, nil) {
				if !yield(o) {
					return
				}
			}
		}
	}
}
