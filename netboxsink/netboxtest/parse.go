package netboxtest

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var slugPattern = regexp.MustCompile(`^[-a-zA-Z0-9_]+$`)

// parse reads one field's JSON value into its stored form, or says what
// NetBox's serializer says against it.
func (d *draft) parse(f *field, raw json.RawMessage) (any, *invalid) {
	if isNull(raw) {
		return d.parseNull(f)
	}
	switch f.kind {
	case kindText, kindSlug:
		return parseText(f, raw)
	case kindInteger:
		return parseInteger(f, raw)
	case kindDecimal:
		return parseDecimal(f, raw)
	case kindBoolean:
		return parseBoolean(f, raw)
	case kindChoice:
		return parseChoice(f, raw)
	case kindForeign:
		return nilIfZero(d.resolve(f.name, f.target, raw))
	case kindMany, kindTags:
		return d.resolveAll(f, raw)
	case kindContentType:
		return d.parseContentType(f, raw)
	case kindContentTypes:
		return d.parseContentTypes(f, raw)
	case kindJSON:
		return compact(raw), nil
	case kindAddress:
		return parseAddress(f, raw)
	case kindPrefix:
		return d.parsePrefix(f, raw)
	case kindMAC:
		return parseMACField(f, raw)
	case kindShortcutMAC:
		return d.parseShortcutMAC(f, raw)
	case kindCustomFields:
		return nil, d.parseCustomFields(raw)
	case kindChoicePairs:
		return parseChoicePairs(f, raw)
	case kindRanges:
		return parseRanges(f, raw)
	}
	return nil, nil
}

func nilIfZero(id int, problem *invalid) (any, *invalid) {
	if problem != nil || id == 0 {
		return nil, problem
	}
	return id, nil
}

func (d *draft) parseNull(f *field) (any, *invalid) {
	switch {
	case f.kind == kindShortcutMAC:
		return d.parseShortcutMAC(f, nil)
	case f.null:
		return nil, nil
	case f.kind == kindChoice && f.blank:
		return nil, nil
	case f.kind == kindChoice:
		return nil, refuse(f.name, "This field may not be blank.")
	}
	return nil, refuse(f.name, "This field may not be null.")
}

func parseText(f *field, raw json.RawMessage) (any, *invalid) {
	s, ok := str(raw)
	if !ok {
		if t := pythonType(raw); t != "int" && t != "float" {
			return nil, refuse(f.name, "Not a valid string.")
		}
		s = string(raw)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		switch {
		case f.null && f.unique:
			return nil, nil
		case !f.blank:
			return nil, refuse(f.name, "This field may not be blank.")
		}
		return "", nil
	}
	problem := &invalid{}
	if f.max > 0 && utf8.RuneCountInString(s) > f.max {
		problem.add(f.name, "Ensure this field has no more than "+strconv.Itoa(f.max)+" characters.")
	}
	if f.kind == kindSlug && !slugPattern.MatchString(s) {
		problem.add(f.name, `Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.`)
	}
	if f.pattern != nil && !f.pattern.MatchString(s) {
		problem.add(f.name, f.mismatch)
	}
	if strings.ContainsRune(s, 0) {
		problem.add(f.name, "Null characters are not allowed.")
	}
	if !problem.empty() {
		return nil, problem
	}
	return s, nil
}

var trailingZeros = regexp.MustCompile(`\.0*\s*$`)

// number returns the text of a JSON number or of a string that holds one.
func number(raw json.RawMessage) string {
	if s, ok := str(raw); ok {
		return strings.TrimSpace(s)
	}
	return string(raw)
}

func parseInteger(f *field, raw json.RawMessage) (any, *invalid) {
	n, err := strconv.Atoi(trailingZeros.ReplaceAllString(number(raw), ""))
	if err != nil {
		return nil, refuse(f.name, "A valid integer is required.")
	}
	return n, outOfBounds(f, float64(n))
}

func outOfBounds(f *field, v float64) *invalid {
	bound := func(b float64) string {
		switch {
		case b > 1e18:
			return "9223372036854775807"
		case f.kind == kindDecimal && b != 0:
			return string(appendFloat(nil, b))
		}
		return strconv.FormatFloat(b, 'f', -1, 64)
	}
	if f.least != nil && v < *f.least {
		return refuse(f.name, "Ensure this value is greater than or equal to "+bound(*f.least)+".")
	}
	if f.most != nil && v > *f.most {
		return refuse(f.name, "Ensure this value is less than or equal to "+bound(*f.most)+".")
	}
	return nil
}

func parseDecimal(f *field, raw json.RawMessage) (any, *invalid) {
	s := number(raw)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || pythonType(raw) == "bool" {
		return nil, refuse(f.name, "A valid number is required.")
	}
	plain := strings.TrimLeft(strconv.FormatFloat(v, 'f', -1, 64), "-")
	if strings.ContainsRune(s, '.') && !strings.ContainsAny(s, "eE") {
		plain = strings.TrimLeft(s, "-+")
	}
	whole, fraction, _ := strings.Cut(plain, ".")
	whole = strings.TrimLeft(whole, "0")
	switch {
	case len(whole)+len(fraction) > f.digits:
		if len(fraction) > f.places {
			return nil, refusef(f.name, "Ensure that there are no more than %d digits in total.", f.digits)
		}
		if len(whole) > f.digits-f.places {
			return nil, refusef(f.name, "Ensure that there are no more than %d digits before the decimal point.", f.digits-f.places)
		}
	case len(fraction) > f.places:
		return nil, refusef(f.name, "Ensure that there are no more than %d decimal places.", f.places)
	case len(whole) > f.digits-f.places:
		return nil, refusef(f.name, "Ensure that there are no more than %d digits before the decimal point.", f.digits-f.places)
	}
	return v, outOfBounds(f, v)
}

func parseBoolean(f *field, raw json.RawMessage) (any, *invalid) {
	switch strings.ToLower(python(raw)) {
	case "true", "t", "y", "yes", "on", "1", "1.0":
		return true, nil
	case "false", "f", "n", "no", "off", "0", "0.0":
		return false, nil
	}
	return nil, refuse(f.name, "Must be a valid boolean.")
}

func parseChoice(f *field, raw json.RawMessage) (any, *invalid) {
	switch firstByte(raw) {
	case '{', '[':
		return nil, refuse(f.name, `Value must be passed directly (e.g. "foo": 123); do not use a dictionary or list.`)
	case '"':
		s, _ := str(raw)
		if s == "" {
			if f.blank {
				return nil, nil
			}
			return nil, refuse(f.name, "This field may not be blank.")
		}
		for _, c := range f.choices {
			if c.value == s {
				return s, nil
			}
		}
	}
	return nil, refusef(f.name, "%s is not a valid choice.", python(raw))
}

func (d *draft) parseContentType(f *field, raw json.RawMessage) (any, *invalid) {
	s, problem := d.contentType(f.name, raw)
	if problem != nil {
		return nil, problem
	}
	return s, nil
}

func (d *draft) contentType(name string, raw json.RawMessage) (string, *invalid) {
	s, ok := str(raw)
	if !ok || strings.Count(s, ".") != 1 {
		return "", refuse(name, "Invalid value. Specify a content type as '<app_label>.<model_name>'.")
	}
	if !d.allowsType(name, s) {
		return "", refusef(name, "Invalid content type: %s", s)
	}
	return s, nil
}

// allowsType reports whether a content type field takes the type. Types that
// this package does not model are taken where any type is.
func (d *draft) allowsType(name, label string) bool {
	switch d.model.label {
	case "dcim.macaddress":
		return label == "dcim.interface" || label == "virtualization.vminterface"
	case "ipam.ipaddress":
		return label == "dcim.interface" || label == "virtualization.vminterface" || label == "ipam.fhrpgroup"
	case "virtualization.cluster", "ipam.prefix":
		return label == "dcim.site" || label == "dcim.location" || label == "dcim.region" || label == "dcim.sitegroup"
	case "ipam.vlangroup":
		switch label {
		case "dcim.site", "dcim.location", "dcim.region", "dcim.sitegroup", "dcim.rack",
			"virtualization.cluster", "virtualization.clustergroup":
			return true
		}
		return false
	}
	if d.schema.byLabel[label] != nil {
		return true
	}
	app, _, _ := strings.Cut(label, ".")
	switch app {
	case "circuits", "core", "dcim", "extras", "ipam", "tenancy", "users", "virtualization", "vpn", "wireless":
		return true
	}
	return false
}

func (d *draft) parseContentTypes(f *field, raw json.RawMessage) (any, *invalid) {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil, refusef(f.name, "Expected a list of items but got type %q.", pythonType(raw))
	}
	types := make([]string, 0, len(items))
	for _, item := range items {
		label, problem := d.contentType(f.name, item)
		if problem != nil {
			return nil, problem
		}
		types = append(types, label)
	}
	return sortedUnique(types), nil
}

// plainName is a field's name as Django's messages have it.
func plainName(name string) string {
	if name == "rd" {
		return "route distinguisher"
	}
	return strings.ReplaceAll(name, "_", " ")
}

func tableName(m *model) string { return strings.ReplaceAll(m.label, ".", "_") }

func compact(raw json.RawMessage) json.RawMessage {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return raw
	}
	return bytes.TrimSpace(b.Bytes())
}
