package sync

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// entries is a [Memory] as [Diff] handles it, without maps: most memories are read only to find that they are as they
// should be.
type entries []entry

// entry is what is remembered of one field; without a text it only names the record.
type entry struct {
	record, field string
	text          string // canonical JSON: the value, or an object that lists several
}

// readEntries appends what [Memory.Value] wrote, in order. It tells what is no memory.
func readEntries(into entries, v Value) (read entries, ok bool) {
	if !v.isObject() {
		return into, false
	}
	for record, fields := range members(v.text) {
		switch {
		case fields == "null" || fields == "{}":
			into = append(into, entry{record: record})
		case fields[0] != '{':
			return into[:0], false
		default:
			for field, text := range members(fields) {
				into = append(into, entry{record, field, text})
			}
		}
	}
	return into, true
}

// memory puts the entries in order and returns them as a memory.
func (e entries) memory() Memory { return Memory{string(e.appendJSON(nil))} }

// of returns the entries of a record. They must be in order.
func (e entries) of(record string) entries {
	begin, _ := slices.BinarySearchFunc(e, record, func(one entry, record string) int { return cmp.Compare(one.record, record) })
	end := begin
	for end < len(e) && e[end].record == record {
		end++
	}
	return e[begin:end]
}

// last returns what was last written to the field of a record, as text; empty when nothing is remembered. The entries
// must be in order.
func (e entries) last(record, field string) string {
	for _, one := range e.of(record) {
		if one.field == field {
			return one.text
		}
	}
	return ""
}

// set returns the entries with one in the place of that of the same field, or added. They must be in order, and are.
func (e entries) set(one entry) entries {
	at, found := slices.BinarySearchFunc(e, one, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(a.field, b.field))
	})
	if found {
		e[at] = one
		return e
	}
	return slices.Insert(e, at, one)
}

// appendJSON puts the entries in order and appends them as canonical JSON.
func (e entries) appendJSON(b []byte) []byte {
	slices.SortFunc(e, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(a.field, b.field), cmp.Compare(a.text, b.text))
	})
	b = append(b, '{')
	for i, one := range e {
		if i == 0 || one.record != e[i-1].record {
			if i > 0 {
				b = append(b, "},"...)
			}
			b = append(appendQuoted(b, one.record), ":{"...)
		}
		if one.text == "" {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(appendQuoted(b, one.field), ':'), one.text...)
	}
	if len(e) > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}

// entryText returns the values of a field as the text of a entry.
func entryText(values ...Value) string {
	if len(values) == 1 && !strings.HasPrefix(values[0].text, "{") { // an object might be taken for a list of values
		return values[0].JSON()
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.JSON()
	}
	return `{"or":[` + strings.Join(texts, ",") + "]}"
}

// entryValues returns the values that the text of a entry tells; nil if there is no text.
func entryValues(text string) []Value {
	if text == "" {
		return nil
	}
	if text[0] == '{' {
		var either struct {
			Or []Value `json:"or"`
		}
		if json.Unmarshal([]byte(text), &either) == nil && either.Or != nil {
			return either.Or
		}
	}
	if text == "null" {
		text = ""
	}
	return []Value{{text: text}}
}
