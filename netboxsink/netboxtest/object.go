package netboxtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// object is one stored row. It is never changed once stored: a write stores
// another object under the same id, so that a transaction can be undone and the
// change log can keep what was.
//
// A value is nil, string, int (numbers and references), float64 (decimals),
// bool, []int (many-to-many), []string (content types) or json.RawMessage.
type object struct {
	model            *model
	id               int
	values           map[string]any
	created, updated time.Time
}

func (o *object) clone() *object {
	c := *o
	c.values = maps.Clone(o.values)
	return &c
}

// with returns a copy in which one value differs.
func (o *object) with(name string, value any) *object {
	c := o.clone()
	c.values[name] = value
	return c
}

// text returns a string value, "" for null.
func (o *object) text(name string) string {
	s, _ := o.values[name].(string)
	return s
}

// ref returns a referenced id, 0 for null.
func (o *object) ref(name string) int {
	id, _ := o.values[name].(int)
	return id
}

func (o *object) is(name string) bool {
	b, _ := o.values[name].(bool)
	return b
}

func (o *object) ids(name string) []int {
	ids, _ := o.values[name].([]int)
	return ids
}

// custom returns the object's custom field data, by field name.
func (o *object) custom() map[string]json.RawMessage {
	data, _ := o.values[customFields].(map[string]json.RawMessage)
	return data
}

// sameValues reports whether two states of an object would be logged alike:
// created and last_updated do not count.
func sameValues(a, b *object) bool {
	if len(a.values) != len(b.values) {
		return false
	}
	for name, value := range a.values {
		if !sameValue(value, b.values[name]) {
			return false
		}
	}
	return true
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case []int:
		b, ok := b.([]int)
		return ok && slices.Equal(a, b)
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	case json.RawMessage:
		b, ok := b.(json.RawMessage)
		return ok && bytes.Equal(a, b)
	case map[string]json.RawMessage:
		b, ok := b.(map[string]json.RawMessage)
		return ok && maps.EqualFunc(a, b, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) })
	}
	switch b.(type) {
	case []int, []string, json.RawMessage, map[string]json.RawMessage:
		return false
	}
	return a == b
}
