package sync

import (
	"bytes"
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// canonical returns the canonical form of a JSON text: no blanks, the members of objects sorted and each there once, numbers
// and texts in one spelling. Values are many, so the text is rewritten as it is, without being decoded.
func canonical(raw []byte) (string, error) {
	var compact bytes.Buffer
	compact.Grow(len(raw))
	if err := json.Compact(&compact, raw); err != nil {
		return "", err
	}
	b, _ := appendCanonical(make([]byte, 0, compact.Len()), compact.String())
	return string(b), nil
}

// appendCanonical appends the canonical form of the compact JSON value at the start of the text, and returns what follows it.
func appendCanonical(b []byte, text string) (form []byte, rest string) {
	switch text[0] {
	case '{':
		return appendObject(b, text)
	case '[':
		b, rest = append(b, '['), text[1:]
		for rest[0] != ']' {
			if b, rest = appendCanonical(b, rest); rest[0] == ',' {
				b, rest = append(b, ','), rest[1:]
			}
		}
		return append(b, ']'), rest[1:]
	}
	end := valueLength(text)
	return appendScalar(b, text[:end]), text[end:]
}

// appendObject appends an object. Of members of one name the last counts, as it does for who decodes them.
func appendObject(b []byte, text string) (form []byte, rest string) {
	type member struct{ name, value string }
	var list []member
	begin := len(b)
	for rest = text[1:]; rest[0] != '}'; rest = strings.TrimPrefix(rest, ",") {
		end := valueLength(rest)
		name := unquote(rest[:end])
		b, rest = appendCanonical(b, rest[end+1:])
		list = append(list, member{name, string(b[begin:])})
		b = b[:begin]
	}
	slices.SortStableFunc(list, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	b = append(b, '{')
	for i, m := range list {
		if i+1 < len(list) && list[i+1].name == m.name {
			continue
		}
		if len(b) > begin+1 {
			b = append(b, ',')
		}
		b = append(append(appendQuoted(b, m.name), ':'), m.value...)
	}
	return append(b, '}'), rest[1:]
}

// appendScalar appends what is no object and no list.
func appendScalar(b []byte, text string) []byte {
	switch c := text[0]; {
	case c == '"':
		return appendQuoted(b, unquote(text))
	case c != '-' && (c < '0' || c > '9'): // true, false, null
		return append(b, text...)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return strconv.AppendInt(b, n, 10)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return append(b, Float(f).text...)
	}
	return append(b, text...) // more than a number holds
}

// members yields the names and values of a JSON object in canonical form.
func members(object string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for rest := object[1 : len(object)-1]; rest != ""; {
			n := valueLength(rest)
			name := unquote(rest[:n])
			rest = rest[n+1:]
			n = valueLength(rest)
			if !yield(name, rest[:n]) {
				return
			}
			rest = strings.TrimPrefix(rest[n:], ",")
		}
	}
}

// valueLength returns the length of the compact JSON value at the start of the text.
func valueLength(text string) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			depth--
		case depth == 0 && (c == ',' || c == ':'):
			return i
		}
	}
	return len(text)
}
