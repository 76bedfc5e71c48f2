package main

import (
	"encoding/json"
	"slices"
	"strings"
)

// ref is what a field refers to: an object of a list.
type ref struct {
	path string
	id   int64
}

// row is an object of NetBox's as it is to be written. Values are JSON.
type row struct {
	id     int64
	parent int64 // of a table that has one
	values map[string]string
	custom map[string]string
	refs   map[string]ref
}

// parseRow takes from what NetBox answers what a request for the same object says.
func parseRow(t table, raw json.RawMessage) (row, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return row{}, err
	}
	r := row{values: map[string]string{}, custom: map[string]string{}, refs: map[string]ref{}}
	if err := json.Unmarshal(fields["id"], &r.id); err != nil {
		return row{}, err
	}
	for _, name := range t.values {
		if text := plain(fields[name]); text != "" {
			r.values[name] = text
		}
	}
	if t.parent != "" {
		r.parent = idOf(fields[t.parent])
	}
	for name, path := range t.refs {
		if by, ok := typeFields()[name]; ok {
			path = pathOf(strings.Trim(plain(fields[by]), `"`))
		}
		if id := idOf(fields[name]); id != 0 {
			r.refs[name] = ref{path, id}
		}
	}
	if tags := tagsOf(fields["tags"]); tags != "" {
		r.values["tags"] = tags
	}
	var custom map[string]json.RawMessage
	if raw := fields["custom_fields"]; raw != nil {
		if err := json.Unmarshal(raw, &custom); err != nil {
			return row{}, err
		}
	}
	for name, raw := range custom {
		if string(raw) != "null" {
			r.custom[name] = string(raw)
		}
	}
	return r, nil
}

// plain returns a value as it is written: of a choice its value, of what is empty nothing.
func plain(raw json.RawMessage) string {
	var choice struct{ Value json.RawMessage }
	if json.Unmarshal(raw, &choice) == nil && choice.Value != nil {
		raw = choice.Value
	}
	if text := string(raw); !slices.Contains([]string{"null", `""`, "[]"}, text) {
		return text
	}
	return ""
}

// idOf returns the id in a reference, which is the id alone or an object with it; 0 for none.
func idOf(raw json.RawMessage) int64 {
	var object struct{ ID int64 }
	if json.Unmarshal(raw, &object) == nil && object.ID != 0 {
		return object.ID
	}
	var id int64
	_ = json.Unmarshal(raw, &id) // null is none
	return id
}

// tagsOf returns tags by their slugs.
func tagsOf(raw json.RawMessage) string {
	var tags []struct {
		Slug string `json:"slug"`
	}
	if json.Unmarshal(raw, &tags) != nil || len(tags) == 0 {
		return ""
	}
	text, _ := json.Marshal(tags) // slugs always can be
	return string(text)
}

// difference returns what is to be written to make a row of what was: the fields that differ, null where there is nothing
// any more.
func (r row) difference(was row) row {
	d := row{
		id: r.id, parent: r.parent,
		values: changes(was.values, r.values, "null"), custom: changes(was.custom, r.custom, "null"), refs: changes(was.refs, r.refs, ref{}),
	}
	if d.values["tags"] == "null" {
		d.values["tags"] = "[]"
	}
	return d
}

func (r row) empty() bool { return len(r.values)+len(r.custom)+len(r.refs) == 0 }

// changes returns what differs, and gone for what is no longer there.
func changes[V comparable](was, is map[string]V, gone V) map[string]V {
	out := map[string]V{}
	for name := range was {
		out[name] = gone
	}
	for name, v := range is {
		if old, ok := was[name]; ok && old == v {
			delete(out, name)
		} else {
			out[name] = v
		}
	}
	return out
}

// split parts the fields that come late from the others.
func (r row) split(late []string) (now, then row) {
	now, then = r, row{id: r.id, parent: r.parent, refs: map[string]ref{}}
	now.refs = map[string]ref{}
	for name, target := range r.refs {
		if slices.Contains(late, name) {
			then.refs[name] = target
		} else {
			now.refs[name] = target
		}
	}
	return now, then
}
