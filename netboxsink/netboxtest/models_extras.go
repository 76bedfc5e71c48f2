package netboxtest

import (
	"encoding/json"
	"strings"
)

func extrasModels() []*model {
	return []*model{tagModel(), customFieldModel(), choiceSetModel(), journalModel()}
}

func tagModel() *model {
	return &model{
		label: "extras.tag", path: "extras/tags", class: "Tag", verbose: "tag", app: "Extras", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, unique, bytewise),
			slug("slug", unique),
			color(),
			text("description", 200),
			integer("weight", initial(1000), between(0, 32767), since(3)),
			newField("object_types", kindContentTypes, []option{initial([]string{})}),
			computed("tagged_items", func(w *writer, o *object) { w.integer(tagged(w.store, o)) }, relatedOnly),
			stamps()),
		brief:    []string{"id", "url", "display", "name", "slug", "color", "description"},
		ordering: []string{"weight", "name"},
		display:  byName,
		removed:  untag,
	}
}

func tagged(s *store, tag *object) int {
	n := 0
	for _, m := range s.schema.models {
		n += s.count(m.label, tags, tag.id)
	}
	return n
}

// untag takes a deleted tag off its objects, with a change row for each.
func untag(t *transaction, tag *object) {
	for _, m := range t.schema.models {
		for _, o := range t.find(m.label, tags, tag.id) {
			t.relink(o, o.with(tags, without(o.ids(tags), tag.id)))
		}
	}
}

func without(ids []int, gone int) []int {
	kept := make([]int, 0, len(ids))
	for _, id := range ids {
		if id != gone {
			kept = append(kept, id)
		}
	}
	return kept
}

func customFieldModel() *model {
	return &model{
		label: "extras.customfield", path: "extras/custom-fields", class: "CustomField", verbose: "custom field",
		app: "Extras", logged: true,
		fields: assembled(identity(),
			newField("object_types", kindContentTypes, []option{required}),
			selection("type", "", choices(customFieldTypes), required),
			newField("related_object_type", kindContentType, []option{nullable}),
			computed("data_type", func(w *writer, o *object) { w.text(dataType(o.text("type"))) }),
			text("name", 50, required, unique, bytewise, matching(`(?i)^[a-z0-9_]+$`,
				"Only alphanumeric characters and underscores are allowed.")),
			text("label", 50),
			text("group_name", 50, bytewise),
			text("description", 200),
			boolean("required", false),
			boolean("unique", false),
			integer("search_weight", initial(1000), between(0, 32767)),
			selection("filter_logic", "loose", choices("disabled; loose; exact")),
			selection("ui_visible", "always", choices("always; if-set=If set; hidden")),
			selection("ui_editable", "yes", choices("yes; no; hidden")),
			boolean("is_cloneable", false),
			boolean("nulls_first", true, since(7)),
			openJSON("default"),
			openJSON("related_object_filter"),
			integer("weight", initial(100), between(0, 32767)),
			decimal("validation_minimum", 16, 4, nullable),
			decimal("validation_maximum", 16, 4, nullable),
			text("validation_regex", 500),
			openJSON("validation_schema", since(7)),
			foreign("choice_set", "extras.customfieldchoiceset", protected),
			constant("status", `{"value":"active","label":"Active"}`, since(7)),
			owner(), text("comments", 0), stamps()),
		brief:    []string{"id", "url", "display", "name", "description"},
		ordering: []string{"group_name", "weight", "name"},
		display: func(_ *store, o *object) string {
			if label := o.text("label"); label != "" {
				return label
			}
			name := strings.ReplaceAll(o.text("name"), "_", " ")
			return strings.ToUpper(name[:1]) + name[1:]
		},
		keys: []key{{"object_type", func(o *object) []any {
			types, _ := o.values["object_types"].([]string)
			keys := make([]any, len(types))
			for i, t := range types {
				keys[i] = t
			}
			return keys
		}}},
		check:   checkCustomFieldType,
		clean:   cleanCustomField,
		saved:   spreadDefault,
		removed: dropCustomData,
	}
}

func dataType(fieldType string) string {
	switch fieldType {
	case "integer", "decimal", "boolean", "object":
		return fieldType
	case "select", "text", "longtext", "url", "date", "datetime":
		return "string"
	case "multiselect", "multiobject":
		return "array"
	}
	return "object"
}

func choiceSetModel() *model {
	return &model{
		label: "extras.customfieldchoiceset", path: "extras/custom-field-choice-sets", page: "extras/custom-field-choices",
		class: "CustomFieldChoiceSet", verbose: "custom field choice set", app: "Extras", logged: true,
		fields: assembled(identity(),
			text("name", 100, required, unique, bytewise),
			text("description", 200),
			selection("base_choices", "", choices("IATA=IATA (Airport codes); ISO_3166=ISO 3166 (Country codes); "+
				"UN_LOCODE=UN/LOCODE (Location codes)")),
			newField("extra_choices", kindChoicePairs, []option{required}),
			openJSON("choice_colors", since(6), initial(json.RawMessage("{}"))),
			boolean("order_alphabetically", false),
			computed("choices_count", func(w *writer, o *object) { w.integer(len(choicePairs(o))) }),
			owner(), stamps()),
		brief:    []string{"id", "url", "display", "name", "description", "choices_count"},
		ordering: []string{"name"},
		display:  byName,
		clean:    cleanChoiceSet,
	}
}

func journalModel() *model {
	return &model{
		label: "extras.journalentry", path: "extras/journal-entries", class: "JournalEntry", verbose: "journal entry",
		app: "Extras", logged: true,
		fields: assembled(identity(),
			newField("assigned_object_type", kindContentType, []option{required}),
			integer("assigned_object_id", required),
			computed("assigned_object", renderGeneric("assigned_object")),
			createdAt(),
			computed("created_by", func(w *writer, _ *object) { w.integer(1) }),
			selection("kind", "info", choices("info; success; warning; danger")),
			text("comments", 0, required),
			tagging(), customizing(), updatedAt()),
		brief:    []string{"id", "url", "display", "created"},
		ordering: []string{"-created"},
		display: func(_ *store, o *object) string {
			kind := label(o.model.field("kind").choices, o.text("kind"))
			return o.created.Format("2006-01-02 15:04") + " (" + kind + ")"
		},
		keys: []key{genericKey("assigned_object")},
		check: func(d *draft) *invalid {
			if d.store.generic(d.after, "assigned_object") == nil {
				return refusef(d.release().nonFieldKey(), "Invalid assigned_object: %s ID %d",
					d.store.typeName(d.after.text("assigned_object_type")), d.after.ref("assigned_object_id"))
			}
			return nil
		},
	}
}
