package sync

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unique"
)

// Value is what a field of a record holds: a JSON value in canonical form, or references to other records.
// The zero value is null. Values are immutable and compare with ==.
type Value struct {
	text string // canonical JSON, empty for null; of one reference its name, of several the list of [kind, name] pairs
	// kind is that of one reference, several for more, and the zero handle for what is no reference: there are many values
	// and few kinds.
	kind unique.Handle[Kind]
}

// several stands for the kinds of several references. It is no text, and so no kind of a reference.
var several = unique.Make(Kind("\xff"))

// form tells what a value's text is.
type form uint8

const (
	plain form = iota
	reference
	references
)

func (v Value) form() form {
	switch v.kind {
	case unique.Handle[Kind]{}:
		return plain
	case several:
		return references
	}
	return reference
}

// String returns the value of a text. It is the canonical form of a JSON string: bytes that are no UTF-8 become U+FFFD.
func String(s string) Value { return Value{text: quote(s)} }

// Int returns the value of an integer.
func Int(n int64) Value { return Value{text: strconv.FormatInt(n, 10)} }

// Float returns the value of a number. A whole number equals its [Int].
func Float(f float64) Value { return encode(f + 0) } // + 0: of two zeros, the one without a sign

// Bool returns the value of a truth value.
func Bool(b bool) Value { return Value{text: strconv.FormatBool(b)} }

// Strings returns the value of a list of texts, in the given order. An empty list is not null.
func Strings(s ...string) Value {
	texts := make([]string, len(s))
	for i := range s {
		texts[i] = valid(s[i])
	}
	return encode(texts)
}

// Ref returns a reference to another record.
func Ref(k Key) Value { return Refs(k) }

// Refs returns references to other records, in the given order; none is null.
func Refs(keys ...Key) Value {
	switch len(keys) {
	case 0:
		return Value{}
	case 1:
		return Value{text: valid(keys[0].Name), kind: unique.Make(Kind(valid(string(keys[0].Kind))))}
	}
	return Value{text: pairs(keys), kind: several}
}

// pairs returns keys as a JSON list of [kind, name] pairs.
func pairs(keys []Key) string {
	list := make([][2]string, len(keys))
	for i, k := range keys {
		list[i] = [2]string{valid(string(k.Kind)), valid(k.Name)}
	}
	return encode(list).text
}

// ParseValue returns the canonical form of a JSON text: object keys sorted, no blanks, 4.0 as 4. The empty text and
// null are the zero Value.
func ParseValue(raw []byte) (Value, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0, string(raw) == "null":
		return Value{}, nil
	case string(raw) == "true", string(raw) == "false", isPlainText(raw): // most are: no need to decode them
		return Value{text: string(raw)}, nil
	}
	text, err := canonical(raw)
	if err != nil {
		return Value{}, fmt.Errorf("sync: no JSON value: %w", err)
	}
	return Value{text: text}, nil
}

// isPlainText tells whether a JSON text is a string that has one spelling.
func isPlainText(raw []byte) bool {
	last := len(raw) - 1
	return last > 0 && raw[0] == '"' && raw[last] == '"' && isPlain(raw[1:last])
}

// isPlain tells whether a text stands in a JSON string as it is, and in no other way.
func isPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}

// valid returns the text as it comes back from JSON.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// quote returns the text as a JSON string.
func quote(s string) string { return string(appendQuoted(make([]byte, 0, len(s)+2), s)) }

// appendQuoted appends the text as a JSON string.
func appendQuoted(b []byte, s string) []byte {
	if !isPlain(s) {
		return append(b, encode(valid(s)).text...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// encode marshals what cannot fail to marshal, without escaping HTML: the text is also shown to people.
func encode(v any) Value {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return Value{} // NaN or an infinity: no JSON value
	}
	return Value{text: string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))}
}

// IsNull tells whether the value is null.
func (v Value) IsNull() bool { return v == Value{} }

// IsEmpty tells whether the value is null, an empty text, an empty list or an empty object.
func (v Value) IsEmpty() bool {
	return v.form() == plain && (v.text == "" || v.text == `""` || v.text == "[]" || v.text == "{}")
}

// isObject tells whether the value is a JSON object.
func (v Value) isObject() bool { return v.form() == plain && strings.HasPrefix(v.text, "{") }

// IsRef tells whether the value holds references.
func (v Value) IsRef() bool { return v.form() != plain }

// Keys returns the records that the value refers to; nil if it holds no references.
func (v Value) Keys() []Key {
	switch v.form() {
	case reference:
		return []Key{{Kind: v.kind.Value(), Name: v.text}}
	case references:
		var list [][2]string
		if err := json.Unmarshal([]byte(v.text), &list); err != nil {
			return nil // cannot be: only Refs makes such values
		}
		keys := make([]Key, len(list))
		for i, p := range list {
			keys[i] = Key{Kind: Kind(p[0]), Name: p[1]}
		}
		return keys
	}
	return nil
}

// keys yields what Keys returns, without a list where there is one.
func (v Value) keys(yield func(Key) bool) {
	if v.form() == reference {
		yield(Key{Kind: v.kind.Value(), Name: v.text})
		return
	}
	for _, k := range v.Keys() {
		if !yield(k) {
			return
		}
	}
}

// JSON returns the canonical JSON text, "null" for null. For references it is a list of [kind, name] pairs.
func (v Value) JSON() string {
	switch {
	case v.form() == reference:
		return pairs(v.Keys())
	case v.text == "":
		return "null"
	}
	return v.text
}

// Text returns the value as a person reads it: texts without quotes, references by name, null as "".
func (v Value) Text() string {
	switch {
	case v.form() == reference:
		return v.text
	case v.form() == references:
		var names []string
		for k := range v.keys {
			names = append(names, k.Name)
		}
		return strings.Join(names, ", ")
	case strings.HasPrefix(v.text, `"`):
		return unquote(v.text)
	}
	return v.text
}

// unquote returns the text of a JSON string.
func unquote(text string) string {
	if plain := text[1 : len(text)-1]; isPlain(plain) {
		return plain
	}
	var s string
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return text // cannot be: the text is JSON
	}
	return s
}

// MarshalJSON encodes the value; references become {"$refs":[[kind, name], …]}.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.IsRef() {
		return slices.Concat([]byte(`{"$refs":`), []byte(v.JSON()), []byte("}")), nil
	}
	return []byte(v.JSON()), nil
}

// UnmarshalJSON decodes what MarshalJSON wrote, and any other JSON value.
func (v *Value) UnmarshalJSON(raw []byte) error {
	var wire struct {
		Refs *[][2]string `json:"$refs"`
	}
	if bytes.Contains(raw, []byte(`"$refs"`)) && json.Unmarshal(raw, &wire) == nil && wire.Refs != nil {
		keys := make([]Key, len(*wire.Refs))
		for i, p := range *wire.Refs {
			keys[i] = Key{Kind: Kind(p[0]), Name: p[1]}
		}
		*v = Refs(keys...)
		return nil
	}
	parsed, err := ParseValue(raw)
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
