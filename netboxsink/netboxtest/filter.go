package netboxtest

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter decides whether one object passes one query parameter.
type filter func(o *object) bool

// filtered returns the objects that pass every parameter, by ascending id.
// Parameters that NetBox does not know filter nothing.
func (c *call) filtered(q url.Values) ([]*object, error) {
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	var filters []filter
	refused := &invalid{}
	for _, name := range names {
		f, problem := c.filter(name, slices.DeleteFunc(slices.Clone(q[name]), func(v string) bool { return v == "" }))
		refused.merge(problem)
		if f != nil {
			filters = append(filters, f)
		}
	}
	if !refused.empty() {
		return nil, refused
	}
	var found []*object
	for _, o := range c.narrowed(q) {
		if !slices.ContainsFunc(filters, func(f filter) bool { return !f(o) }) {
			found = append(found, o)
		}
	}
	return found, nil
}

// narrowed uses an index when the query names a reference or ids, so that
// asking for one parent's children does not walk the table.
func (c *call) narrowed(q url.Values) []*object {
	t := c.store.tables[c.model.label]
	if ids := q["id"]; len(ids) > 0 {
		var found []*object
		for _, v := range ids {
			if id, err := strconv.Atoi(v); err == nil && t.rows[id] != nil && !slices.Contains(found, t.rows[id]) {
				found = append(found, t.rows[id])
			}
		}
		slices.SortFunc(found, func(a, b *object) int { return a.id - b.id })
		return found
	}
	for name, values := range q {
		bare, isID := strings.CutSuffix(name, "_id")
		f := c.model.field(bare)
		if !isID || f == nil || f.kind != kindForeign || slices.Contains(values, "null") || slices.Contains(values, "") {
			continue
		}
		var found []*object
		for _, v := range values {
			if id, err := strconv.Atoi(v); err == nil {
				found = append(found, c.store.find(c.model.label, bare, id)...)
			}
		}
		slices.SortFunc(found, func(a, b *object) int { return a.id - b.id })
		return slices.Compact(found)
	}
	at := 0
	if v, err := strconv.Atoi(q.Get("id__gt")); err == nil {
		at, _ = slices.BinarySearch(t.ids, v+1)
	}
	found := make([]*object, 0, len(t.ids)-at)
	for _, id := range t.ids[at:] {
		found = append(found, t.rows[id])
	}
	return found
}

// filter builds the filter of one parameter, nil if NetBox has none.
func (c *call) filter(parameter string, values []string) (filter, *invalid) {
	if len(values) == 0 {
		return nil, nil
	}
	if f, problem, known := c.specialFilter(parameter, values); known {
		return f, problem
	}
	name, lookup := splitLookup(parameter)
	if cf, ok := strings.CutPrefix(name, "cf_"); ok {
		return c.customFilter(cf, lookup, values), nil
	}
	switch name {
	case "id":
		if problem := notWhole(name, values); problem != nil {
			return nil, problem
		}
		return anyOf(values, func(o *object, v string) bool { return compareNumber(o.id, lookup, v) }), nil
	case "created":
		return timeFilter(lookup, values, func(o *object) time.Time { return o.created }), nil
	case "last_updated":
		return timeFilter(lookup, values, func(o *object) time.Time { return o.updated }), nil
	case tags, "tag":
		if name == "tag" && c.model.field(tags) != nil {
			return c.tagFilter("tag", "slug", lookup, values)
		}
		return nil, nil
	case "tag_id":
		if c.model.field(tags) != nil {
			return c.tagFilter("tag_id", "id", lookup, values)
		}
		return nil, nil
	}
	return c.fieldFilter(name, lookup, values)
}

// notWhole refuses the first value that is no whole number.
func notWhole(parameter string, values []string) *invalid {
	for _, v := range values {
		if _, err := strconv.Atoi(v); err != nil {
			return refuse(parameter, "Enter a whole number.")
		}
	}
	return nil
}

func splitLookup(parameter string) (name, lookup string) {
	if at := strings.LastIndex(parameter, "__"); at > 0 {
		return parameter[:at], parameter[at:]
	}
	return parameter, ""
}

// anyOf passes an object that one of the values matches.
func anyOf(values []string, matches func(o *object, v string) bool) filter {
	return func(o *object) bool {
		return slices.ContainsFunc(values, func(v string) bool { return matches(o, v) })
	}
}

func (c *call) fieldFilter(name, lookup string, values []string) (filter, *invalid) {
	m := c.model
	if bare, ok := strings.CutSuffix(name, "_id"); ok {
		if f := m.field(bare); f != nil && f.kind == kindForeign {
			return c.referenceFilter(f, name, "id", lookup, values)
		}
	}
	f := m.field(name)
	if f == nil {
		return nil, nil
	}
	switch f.kind {
	case kindForeign:
		return c.referenceFilter(f, name, c.lookupField(f.target), lookup, values)
	case kindText, kindSlug, kindMAC:
		return textFilter(f, lookup, values, name == "name" && (m.label == "dcim.device" || m.label == "virtualization.virtualmachine")), nil
	case kindDecimal:
		return anyOf(values, func(o *object, v string) bool {
			own, set := o.values[name].(float64)
			return set && compareDecimal(own, lookup, v)
		}), nil
	case kindInteger:
		if problem := notWhole(name, values); problem != nil {
			return nil, problem
		}
		return anyOf(values, func(o *object, v string) bool {
			n, set := o.values[name].(int)
			return set && compareNumber(n, lookup, v)
		}), nil
	case kindBoolean:
		return anyOf(values, func(o *object, v string) bool { return o.is(name) == (strings.ToLower(v) == "true" || v == "1") }), nil
	case kindChoice, kindContentType:
		return c.choiceFilter(f, lookup, values)
	}
	return nil, nil
}

func (c *call) choiceFilter(f *field, lookup string, values []string) (filter, *invalid) {
	if f.kind == kindChoice && lookup != "__empty" {
		for _, v := range values {
			if label(f.choices, v) == "" && v != "null" {
				return nil, notAChoice(f.name, v)
			}
		}
	}
	matches := anyOf(values, func(o *object, v string) bool { return o.text(f.name) == v || (v == "null" && o.text(f.name) == "") })
	switch lookup {
	case "":
		return matches, nil
	case "__n":
		return func(o *object) bool { return !matches(o) }, nil
	}
	return nil, nil
}

func notAChoice(parameter, value string) *invalid {
	return refuse(parameter, "Select a valid choice. "+value+" is not one of the available choices.")
}

// lookupField names the field by which filters name an object of the type.
func (c *call) lookupField(label string) string {
	m := c.schema().byLabel[label]
	switch {
	case m == nil:
		return "slug"
	case label == "ipam.vrf":
		return "rd"
	case m.field("slug") != nil:
		return "slug"
	}
	return "name"
}

func (s *Server) schema() *schema { return s.store.schema }

// referenceFilter filters by a referenced object; one that does not exist is an
// error.
func (c *call) referenceFilter(f *field, parameter, by, lookup string, values []string) (filter, *invalid) {
	if lookup != "" && lookup != "__n" {
		return nil, nil
	}
	wanted := map[int]bool{}
	for _, v := range values {
		if v == "null" {
			wanted[0] = true
			continue
		}
		if _, err := strconv.Atoi(v); by == "id" && err != nil {
			return nil, refuse(parameter, "“"+v+"” is not a valid value.")
		}
		found := c.named(f.target, by, v)
		if len(found) == 0 {
			return nil, notAChoice(parameter, v)
		}
		for _, o := range found {
			wanted[o.id] = true
		}
	}
	name, not := f.name, lookup == "__n"
	return func(o *object) bool { return wanted[o.ref(name)] != not }, nil
}

// named returns the objects of a type whose field has the value.
func (c *call) named(label, by, value string) []*object {
	t := c.store.tables[label]
	if t == nil {
		return nil
	}
	if by == "id" {
		if id, err := strconv.Atoi(value); err == nil && t.rows[id] != nil {
			return []*object{t.rows[id]}
		}
		return nil
	}
	return c.store.find(label, by, value)
}

func (c *call) tagFilter(parameter, by, lookup string, values []string) (filter, *invalid) {
	var wanted []int
	for _, v := range values {
		found := c.named("extras.tag", by, v)
		if len(found) == 0 {
			return nil, notAChoice(parameter, v)
		}
		wanted = append(wanted, found[0].id)
	}
	has := func(o *object) func(id int) bool {
		return func(id int) bool { return slices.Contains(o.ids(tags), id) }
	}
	switch lookup {
	case "":
		return func(o *object) bool {
			return !slices.ContainsFunc(wanted, func(id int) bool { return !slices.Contains(o.ids(tags), id) })
		}, nil
	case "__n":
		return func(o *object) bool { return !slices.ContainsFunc(wanted, has(o)) }, nil
	case "__any":
		if c.release().minor >= 6 {
			return func(o *object) bool { return slices.ContainsFunc(wanted, has(o)) }, nil
		}
	}
	return nil, nil
}

// textFilter is NetBox's family of lookups on a text.
func textFilter(f *field, lookup string, values []string, folded bool) filter {
	name := f.name
	var matches func(text, v string) bool
	lower := strings.ToLower
	switch strings.TrimPrefix(strings.TrimPrefix(lookup, "__"), "n") {
	case "":
		matches = func(text, v string) bool { return text == v || (folded && lower(text) == lower(v)) }
		if f.kind == kindMAC {
			matches = func(text, v string) bool { mac, ok := parseMAC(v); return ok && text == mac }
		}
	case "ie":
		matches = func(text, v string) bool { return lower(text) == lower(v) }
	case "ic":
		matches = func(text, v string) bool { return strings.Contains(lower(text), lower(v)) }
	case "isw":
		matches = func(text, v string) bool { return strings.HasPrefix(lower(text), lower(v)) }
	case "iew":
		matches = func(text, v string) bool { return strings.HasSuffix(lower(text), lower(v)) }
	case "empty":
		return anyOf(values, func(o *object, v string) bool { return (o.text(name) == "") == (lower(v) == "true" || v == "1") })
	case "regex", "iregex":
		prefix := ""
		if lookup == "__iregex" {
			prefix = "(?i)"
		}
		matches = func(text, v string) bool {
			re, err := regexp.Compile(prefix + v)
			return err == nil && re.MatchString(text)
		}
	default:
		return nil
	}
	passes := anyOf(values, func(o *object, v string) bool { return matches(o.text(name), v) })
	if lookup == "__n" || lookup == "__nic" || lookup == "__nie" || lookup == "__nisw" || lookup == "__niew" {
		return func(o *object) bool { return !passes(o) }
	}
	return passes
}

func timeFilter(lookup string, values []string, of func(o *object) time.Time) filter {
	return anyOf(values, func(o *object, v string) bool {
		t, ok := parseTime(v)
		if !ok {
			return true
		}
		c := of(o).Compare(t)
		switch lookup {
		case "":
			return c == 0
		case "__n":
			return c != 0
		case "__gt":
			return c > 0
		case "__gte":
			return c >= 0
		case "__lt":
			return c < 0
		case "__lte":
			return c <= 0
		}
		return true
	})
}

func parseTime(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999", time.DateOnly} {
		if t, err := time.Parse(layout, strings.ReplaceAll(v, " 0", "+0")); err == nil {
			return t, true
		}
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// customFilter filters by a custom field. NetBox has none, and so returns
// everything, for a field that does not exist here, is disabled, or is JSON.
func (c *call) customFilter(name, lookup string, values []string) filter {
	for _, cf := range c.store.customFieldsOf(c.model.label) {
		if cf.text("name") != name || cf.text("filter_logic") == "disabled" || cf.text("type") == "json" {
			continue
		}
		matches := anyOf(values, func(o *object, v string) bool { return customMatches(cf, o, v, lookup) })
		if strings.HasPrefix(lookup, "__n") {
			return func(o *object) bool { return !matches(o) }
		}
		return matches
	}
	return nil
}

func customMatches(cf, o *object, v, lookup string) bool {
	raw := o.custom()[cf.text("name")]
	empty := raw == nil || isNull(raw) || string(raw) == `""`
	if lookup == "__empty" {
		return empty == (strings.ToLower(v) == "true" || v == "1")
	}
	if empty {
		return false
	}
	own := python(raw)
	switch cf.text("type") {
	case "integer", "decimal":
		x, errX := strconv.ParseFloat(own, 64)
		y, errY := strconv.ParseFloat(v, 64)
		if errX != nil || errY != nil {
			return false
		}
		switch lookup {
		case "__gt":
			return x > y
		case "__gte":
			return x >= y
		case "__lt":
			return x < y
		case "__lte":
			return x <= y
		}
		return x == y
	case "boolean":
		return strings.EqualFold(own, v)
	case "multiselect", "multiobject":
		return strings.Contains(string(raw), `"`+v+`"`) || slices.Contains(strings.FieldsFunc(string(raw), func(r rune) bool {
			return r < '0' || r > '9'
		}), v)
	case "text", "longtext", "url":
		return customTextMatches(own, v, lookup, cf.text("filter_logic") == "loose")
	}
	return own == v
}

func customTextMatches(own, v, lookup string, loose bool) bool {
	lower := strings.ToLower
	switch strings.TrimPrefix(lookup, "__") {
	case "ic", "nic":
		return strings.Contains(lower(own), lower(v))
	case "ie", "nie":
		return lower(own) == lower(v)
	case "isw", "nisw":
		return strings.HasPrefix(lower(own), lower(v))
	case "iew", "niew":
		return strings.HasSuffix(lower(own), lower(v))
	}
	if loose && lookup == "" {
		return strings.Contains(lower(own), lower(v))
	}
	return own == v
}
