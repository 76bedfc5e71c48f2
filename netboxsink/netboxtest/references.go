package netboxtest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// resolve finds the object that a written reference means: an id, a numeric
// string or attributes.
func (t *transaction) resolve(name, target string, raw json.RawMessage) (int, *invalid) {
	if firstByte(raw) == '{' {
		return t.resolveAttributes(name, target, raw)
	}
	id, ok := idFrom(raw)
	if !ok {
		return 0, refuse(name, "Related objects must be referenced by numeric ID or by dictionary of attributes. "+
			"Received an unrecognized value: "+python(raw))
	}
	if t.get(target, id) == nil {
		return 0, refusef(name, "Related object not found using the provided numeric ID: %d", id)
	}
	return id, nil
}

// idFrom reads an id as Python's int() does.
func idFrom(raw json.RawMessage) (int, bool) {
	switch firstByte(raw) {
	case 't':
		return 1, true
	case 'f':
		return 0, true
	case '[', 'n':
		return 0, false
	case '"':
		id, err := strconv.Atoi(number(raw))
		return id, err == nil
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	return int(f), err == nil
}

func (t *transaction) resolveAttributes(name, target string, raw json.RawMessage) (int, *invalid) {
	table := t.tables[target]
	attributes := "{" + strings.Join(flattened("", raw), ", ") + "}"
	missing := func() (int, *invalid) {
		return 0, refuse(name, "Related object not found using the provided attributes: "+attributes)
	}
	if table == nil || (t.release.lookupNeedsView && !t.account.may(View, target)) {
		return missing()
	}
	wanted := members(raw)
	if unknown := table.model.unknownAttribute(wanted); unknown != "" {
		return 0, refusef(name, "Cannot resolve keyword '%s' into field. Choices are: %s", unknown, table.model.attributeNames())
	}
	found := 0
	for _, o := range t.candidates(table, wanted) {
		if !t.matches(o, wanted) {
			continue
		}
		if found != 0 {
			return 0, refuse(name, "Multiple objects match the provided attributes: "+attributes)
		}
		found = o.id
	}
	if found == 0 {
		return missing()
	}
	return found, nil
}

// flattened prints nested attributes as Django filter parameters.
func flattened(prefix string, raw json.RawMessage) []string {
	var parts []string
	for _, p := range members(raw) {
		if firstByte(p.value) == '{' {
			parts = append(parts, flattened(prefix+p.key+"__", p.value)...)
			continue
		}
		parts = append(parts, pythonQuote(prefix+p.key)+": "+pythonRepr(p.value))
	}
	return parts
}

func (m *model) unknownAttribute(wanted []pair) string {
	for _, p := range wanted {
		name, _, _ := strings.Cut(p.key, "__")
		if f := m.field(strings.TrimSuffix(name, "_id")); name != "id" && name != "pk" && f == nil && m.field(name) == nil {
			return name
		}
	}
	return ""
}

func (m *model) attributeNames() string {
	names := []string{}
	for _, f := range m.fields {
		if f.stored() || f.name == "id" || f.name == "created" || f.name == "last_updated" {
			names = append(names, f.name)
		}
		if f.kind == kindForeign {
			names = append(names, f.name+"_id")
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// candidates narrows a lookup by an indexed attribute, if one is given.
func (s *store) candidates(t *table, wanted []pair) []*object {
	for _, p := range wanted {
		f := t.model.field(p.key)
		if p.key == "id" || p.key == "pk" {
			if id, ok := idFrom(p.value); ok && t.rows[id] != nil {
				return []*object{t.rows[id]}
			}
			return nil
		}
		if f == nil || !(f.indexed || f.unique) {
			continue
		}
		if value, ok := str(p.value); ok {
			return s.find(t.model.label, f.name, value)
		}
	}
	all := make([]*object, len(t.ids))
	for i, id := range t.ids {
		all[i] = t.rows[id]
	}
	return all
}

func (s *store) matches(o *object, wanted []pair) bool {
	for _, p := range wanted {
		if !s.matchesOne(o, p) {
			return false
		}
	}
	return true
}

func (s *store) matchesOne(o *object, p pair) bool {
	name, rest, nested := strings.Cut(p.key, "__")
	if name == "id" || name == "pk" {
		id, ok := idFrom(p.value)
		return ok && id == o.id
	}
	f := o.model.field(name)
	if f == nil {
		name = strings.TrimSuffix(name, "_id")
		f = o.model.field(name)
	}
	if f.kind == kindForeign {
		target := s.follow(o, name)
		switch {
		case isNull(p.value):
			return target == nil
		case target == nil:
			return false
		case nested:
			return s.matchesOne(target, pair{rest, p.value})
		case firstByte(p.value) == '{':
			return s.matches(target, members(p.value))
		}
		id, ok := idFrom(p.value)
		return ok && id == target.id
	}
	if isNull(p.value) {
		return o.values[name] == nil
	}
	w := &writer{store: s}
	w.value(o.values[name])
	if own, ok := str(w.buffer); ok {
		return own == python(p.value)
	}
	return string(w.buffer) == python(p.value)
}

// resolveAll reads a list of references.
func (d *draft) resolveAll(f *field, raw json.RawMessage) (any, *invalid) {
	target := f.target
	if f.kind == kindTags {
		target = "extras.tag"
	}
	ids, problem := d.resolveList(f.name, target, raw, f.kind == kindTags)
	if problem != nil {
		return nil, problem
	}
	return ids, nil
}

func (d *draft) resolveList(name, target string, raw json.RawMessage, attributes bool) ([]int, *invalid) {
	var items []json.RawMessage
	if isNull(raw) || json.Unmarshal(raw, &items) != nil {
		message := "Expected a list of items but got type \"" + pythonType(raw) + "\"."
		if !attributes {
			return nil, refuse(name, message)
		}
		inner := refuse(d.release().nonFieldKey(), message)
		return nil, &invalid{entries: []invalidEntry{{field: name, raw: inner.json()}}}
	}
	ids := []int{}
	for _, item := range items {
		var id int
		var problem *invalid
		if attributes {
			id, problem = d.resolve(name, target, item)
		} else {
			id, problem = d.resolveKey(name, target, item)
		}
		if problem != nil {
			return nil, problem
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// resolveKey finds an object by primary key alone, as many-to-many fields do.
func (d *draft) resolveKey(name, target string, raw json.RawMessage) (int, *invalid) {
	id, ok := idFrom(raw)
	if !ok || firstByte(raw) == '{' || firstByte(raw) == 't' || firstByte(raw) == 'f' {
		return 0, refusef(name, "Incorrect type. Expected pk value, received %s.", pythonType(raw))
	}
	if d.get(target, id) == nil {
		return 0, refusef(name, "Invalid pk \"%d\" - object does not exist.", id)
	}
	return id, nil
}

func sortedUnique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}
