package netboxtest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// customFieldsOf returns the custom fields of a model, in the order they render.
func (s *store) customFieldsOf(label string) []*object {
	found := s.find("extras.customfield", "object_type", label)
	sortObjects(s, found, []string{"group_name", "weight", "name"})
	return found
}

// parseCustomFields merges the written custom field data into the candidate's.
func (d *draft) parseCustomFields(raw json.RawMessage) *invalid {
	if firstByte(raw) != '{' {
		return refuse(customFields, "Invalid data format. Custom field data must be passed as a dictionary mapping field names to their values.")
	}
	known := map[string]*object{}
	for _, cf := range d.customFieldsOf(d.model.label) {
		known[cf.text("name")] = cf
	}
	data := maps.Clone(d.after.custom())
	if data == nil {
		data = map[string]json.RawMessage{}
	}
	var unknown []string
	for _, p := range members(raw) {
		cf := known[p.key]
		if cf == nil {
			unknown = append(unknown, p.key)
			continue
		}
		value, problem := d.parseRelated(cf, p.value)
		if problem != nil {
			return problem
		}
		data[p.key] = value
	}
	if unknown != nil && d.release().refusesUnknownCF {
		slices.Sort(unknown)
		nested := []byte{'{'}
		for i, name := range unknown {
			if i > 0 {
				nested = append(nested, ',')
			}
			nested = appendString(nested, name)
			nested = append(nested, ':')
			nested = appendString(nested, "Custom field '"+name+"' does not exist for this object type.")
		}
		return &invalid{entries: []invalidEntry{{field: customFields, raw: append(nested, '}')}}}
	}
	d.written[customFields] = true
	d.after.values[customFields] = data
	return nil
}

// parseRelated turns the references of object fields into ids.
func (d *draft) parseRelated(cf *object, raw json.RawMessage) (json.RawMessage, *invalid) {
	kind := cf.text("type")
	if isNull(raw) || (kind != "object" && kind != "multiobject") {
		return compact(raw), nil
	}
	target := cf.text("related_object_type")
	items := []json.RawMessage{raw}
	if kind == "multiobject" && json.Unmarshal(raw, &items) != nil {
		return nil, refuse(customFields, "Unknown related object(s): "+python(raw))
	}
	ids := []int{}
	for _, item := range items {
		id, problem := d.resolve(customFields, target, item)
		if problem != nil {
			return nil, problem
		}
		ids = append(ids, id)
	}
	if kind == "object" {
		return json.RawMessage(strconv.Itoa(ids[0])), nil
	}
	b, err := json.Marshal(ids)
	if err != nil {
		return nil, refuse(customFields, err.Error())
	}
	return b, nil
}

// fillCustomFields sets on a new object what was not written: the defaults, and
// with nulls, null if nothing was written at all.
func (d *draft) fillCustomFields(nulls bool) {
	data := maps.Clone(d.after.custom())
	if data == nil {
		data = map[string]json.RawMessage{}
	}
	for _, cf := range d.customFieldsOf(d.model.label) {
		name := cf.text("name")
		if _, ok := data[name]; ok {
			continue
		}
		if fallback, ok := cf.values["default"].(json.RawMessage); ok {
			data[name] = fallback
		} else if nulls && !d.written[customFields] {
			data[name] = json.RawMessage("null")
		}
	}
	d.after.values[customFields] = data
}

// cleanCustomFields validates all custom field data of the candidate.
func (d *draft) cleanCustomFields() *invalid {
	if d.model.field(customFields) == nil {
		return nil
	}
	fields := d.customFieldsOf(d.model.label)
	data := d.after.custom()
	for _, cf := range fields {
		name := cf.text("name")
		value, ok := data[name]
		if !ok {
			continue
		}
		if message := d.checkCustomValue(cf, value); message != "" {
			return refuse(allKey, "Invalid value for custom field '"+name+"': "+message)
		}
		if cf.is("unique") && !isNull(value) && string(value) != `""` && d.customValueTaken(name, value) {
			return refuse(allKey, "Custom field '"+name+"' must have a unique value.")
		}
	}
	for _, cf := range fields {
		if _, ok := data[cf.text("name")]; !ok && cf.is("required") {
			return refuse(allKey, "Missing required custom field '"+cf.text("name")+"'.")
		}
	}
	return nil
}

func (d *draft) customValueTaken(name string, value json.RawMessage) bool {
	for id, o := range d.tables[d.model.label].rows {
		if (d.before == nil || id != d.before.id) && string(o.custom()[name]) == string(value) {
			return true
		}
	}
	return false
}

// checkCustomValue returns what NetBox says against a value, or "".
func (s *store) checkCustomValue(cf *object, value json.RawMessage) string {
	if isNull(value) || string(value) == `""` {
		if cf.is("required") {
			return "Required field cannot be empty."
		}
		return ""
	}
	content, isText := str(value)
	switch cf.text("type") {
	case "text", "longtext", "url":
		return checkCustomText(cf, content, isText)
	case "integer":
		if pythonType(value) != "int" {
			return "Value must be an integer."
		}
		return checkCustomBounds(cf, value)
	case "decimal":
		if _, err := strconv.ParseFloat(number(value), 64); err != nil {
			return "Value must be a decimal."
		}
		return checkCustomBounds(cf, value)
	case "boolean":
		switch string(value) {
		case "true", "false", "1", "0":
			return ""
		}
		return "Value must be true or false."
	case "date":
		if _, err := time.Parse(time.DateOnly, content); err != nil {
			return "Date values must be in ISO 8601 format (YYYY-MM-DD)."
		}
	case "datetime":
		return checkCustomTime(content)
	case "select", "multiselect":
		return s.checkCustomChoice(cf, value)
	}
	return ""
}

func checkCustomText(cf *object, content string, isText bool) string {
	if !isText {
		return "Value must be a string."
	}
	if cf.text("type") == "url" && !allowedScheme(content) {
		return "URLs must use a scheme permitted by ALLOWED_URL_SCHEMES."
	}
	if pattern := cf.text("validation_regex"); pattern != "" {
		if re, err := regexp.Compile("^(?:" + pattern + ")"); err == nil && !re.MatchString(content) {
			return "Value must match regex '" + pattern + "'"
		}
	}
	return ""
}

// allowedScheme reports whether a URL has no scheme or one of those that NetBox
// allows by default.
func allowedScheme(url string) bool {
	scheme, _, found := strings.Cut(url, ":")
	if !found || !schemePattern.MatchString(scheme) {
		return true
	}
	switch strings.ToLower(scheme) {
	case "file", "ftp", "ftps", "http", "https", "irc", "mailto", "sftp", "ssh", "tel", "telnet", "tftp", "vnc", "xmpp":
		return true
	}
	return false
}

var schemePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

func checkCustomBounds(cf *object, value json.RawMessage) string {
	v, _ := strconv.ParseFloat(number(value), 64)
	if least, ok := cf.values["validation_minimum"].(float64); ok && v < least {
		return "Value must be at least " + strconv.FormatFloat(least, 'f', 4, 64)
	}
	if most, ok := cf.values["validation_maximum"].(float64); ok && v > most {
		return "Value must not exceed " + strconv.FormatFloat(most, 'f', 4, 64)
	}
	return ""
}

func checkCustomTime(content string) string {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05-07:00", time.DateOnly} {
		if _, err := time.Parse(layout, content); err == nil {
			return ""
		}
	}
	return "Date and time values must be in ISO 8601 format (YYYY-MM-DD HH:MM:SS)."
}

func (s *store) checkCustomChoice(cf *object, value json.RawMessage) string {
	set := s.follow(cf, "choice_set")
	valid := func(raw json.RawMessage) bool {
		v, ok := str(raw)
		return ok && slices.ContainsFunc(choicePairs(set), func(c choice) bool { return c.value == v })
	}
	if cf.text("type") == "select" {
		if valid(value) {
			return ""
		}
		return "Invalid choice (" + python(value) + ") for choice set " + set.text("name") + "."
	}
	var items []json.RawMessage
	if json.Unmarshal(value, &items) == nil && !slices.ContainsFunc(items, func(i json.RawMessage) bool { return !valid(i) }) {
		return ""
	}
	return "Invalid choice(s) (" + python(value) + ") for choice set " + set.text("name") + "."
}

// customFields renders an object's custom field data.
func (w *writer) customFields(o *object) {
	w.raw("{")
	data := o.custom()
	separated(w, w.store.customFieldsOf(o.model.label), func(cf *object) {
		name := cf.text("name")
		w.text(name)
		w.raw(":")
		w.customValue(cf, data[name])
	})
	w.raw("}")
}

func (w *writer) customValue(cf *object, value json.RawMessage) {
	if value == nil || isNull(value) {
		w.raw("null")
		return
	}
	switch kind := cf.text("type"); {
	case kind == "object":
		id, _ := idFrom(value)
		w.brief(w.store.get(cf.text("related_object_type"), id), nil)
	case kind == "multiobject":
		var ids []int
		_ = json.Unmarshal(value, &ids)
		w.many(cf.text("related_object_type"), ids)
	case kind == "select" && w.store.release.labelledSelection:
		w.selection(cf, value)
	case kind == "multiselect" && w.store.release.labelledSelection:
		var items []json.RawMessage
		_ = json.Unmarshal(value, &items)
		list(w, items, func(item json.RawMessage) { w.selection(cf, item) })
	default:
		w.raw(string(value))
	}
}

func (w *writer) selection(cf *object, value json.RawMessage) {
	v, _ := str(value)
	name := v
	if l := label(choicePairs(w.store.follow(cf, "choice_set")), v); l != "" {
		name = l
	}
	w.labelled(v, name)
}

// choicePairs returns the choices of a choice set.
func choicePairs(set *object) []choice {
	if set == nil {
		return nil
	}
	raw, _ := set.values["extra_choices"].(json.RawMessage)
	var pairs [][]string
	if json.Unmarshal(raw, &pairs) != nil {
		return nil
	}
	found := make([]choice, len(pairs))
	for i, p := range pairs {
		found[i] = choice{p[0], p[1]}
	}
	return found
}

func parseChoicePairs(f *field, raw json.RawMessage) (any, *invalid) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, refusef(f.name, "Expected a list of items but got type %q.", pythonType(raw))
	}
	pairs := [][]string{}
	for i, item := range items {
		var values []json.RawMessage
		message := ""
		switch err := json.Unmarshal(item, &values); {
		case err != nil:
			message = "Expected a list of items but got type \"" + pythonType(item) + "\"."
		case len(values) < 2:
			message = "Ensure this field has at least 2 elements."
		case len(values) > 2:
			message = "Ensure this field has no more than 2 elements."
		}
		if message != "" {
			nested := refuse(strconv.Itoa(i), message).json()
			return nil, &invalid{entries: []invalidEntry{{field: f.name, raw: nested}}}
		}
		pairs = append(pairs, []string{strings.TrimSpace(python(values[0])), strings.TrimSpace(python(values[1]))})
	}
	b, err := json.Marshal(pairs)
	if err != nil {
		return nil, refuse(f.name, err.Error())
	}
	return json.RawMessage(b), nil
}
