package netboxtest

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// appendString appends s as a JSON string the way NetBox's renderer does:
// non-ASCII characters, <, > and & stay as they are.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	// A string always encodes.
	_ = e.Encode(s)
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
}

// appendFloat writes a float as Python does: 2.0, not 2.
func appendFloat(b []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1e16 {
		return strconv.AppendFloat(b, f, 'f', 1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// stamp formats a time as NetBox's JSON has it.
func stamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

func etagOf(o *object) string {
	return `W/"` + o.updated.UTC().Format("2006-01-02T15:04:05.000000-07:00") + `"`
}

// pair is one member of a JSON object, in the order of the text.
type pair struct {
	key   string
	value json.RawMessage
}

// members splits a JSON object, keeping its order; a repeated key keeps its
// first place and its last value. It returns nil for anything else.
func members(raw json.RawMessage) []pair {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	pairs := []pair{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil
		}
		key, _ := t.(string)
		known := false
		for i := range pairs {
			if pairs[i].key == key {
				pairs[i].value, known = value, true
			}
		}
		if !known {
			pairs = append(pairs, pair{key, value})
		}
	}
	return pairs
}

func firstByte(raw json.RawMessage) byte {
	if raw = bytes.TrimLeft(raw, " \t\r\n"); len(raw) > 0 {
		return raw[0]
	}
	return 0
}

func isNull(raw json.RawMessage) bool {
	return string(bytes.TrimSpace(raw)) == "null"
}

// str returns the string in raw, if raw is one.
func str(raw json.RawMessage) (string, bool) {
	if firstByte(raw) != '"' {
		return "", false
	}
	var s string
	return s, json.Unmarshal(raw, &s) == nil
}

// python renders a JSON value as Python's str() shows it at the top level, which
// is how NetBox's messages quote what they refuse.
func python(raw json.RawMessage) string {
	if s, ok := str(raw); ok {
		return s
	}
	return pythonRepr(raw)
}

func pythonRepr(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	switch firstByte(raw) {
	case '"':
		s, _ := str(raw)
		return pythonQuote(s)
	case 'n':
		return "None"
	case 't':
		return "True"
	case 'f':
		return "False"
	case '[':
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items)
		parts := make([]string, len(items))
		for i, item := range items {
			parts[i] = pythonRepr(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case '{':
		parts := []string{}
		for _, p := range members(raw) {
			parts = append(parts, pythonQuote(p.key)+": "+pythonRepr(p.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return string(raw)
}

func pythonQuote(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
	if quote == "'" {
		s = strings.ReplaceAll(s, "'", `\'`)
	}
	return quote + s + quote
}

// pythonType names the Python type of a JSON value.
func pythonType(raw json.RawMessage) string {
	switch firstByte(raw) {
	case '"':
		return "str"
	case 'n':
		return "NoneType"
	case 't', 'f':
		return "bool"
	case '[':
		return "list"
	case '{':
		return "dict"
	}
	if bytes.ContainsAny(raw, ".eE") {
		return "float"
	}
	return "int"
}
