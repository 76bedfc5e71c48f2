package sync

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Memory is what we last wrote to a unit and to all that hangs on it. It stands in the sink, in the unit's
// [MemoryField]: there is no state of our own. What it does not name is somebody else's. The zero value is no memory.
//
// It names a record by its key name without the unit's ("net0"), the unit itself by "". Of a field it holds the value; more
// than one while a write is under way, when either may stand there.
type Memory struct{ text string } // canonical, of parts that are understood; empty for no memory

// NewMemory returns a memory of records, their fields and values.
func NewMemory(records map[string]map[string][]Value) Memory {
	var list entries
	for record, fields := range records {
		list = append(list, entry{record: record})
		for field, values := range fields {
			list = append(list, entry{record, field, entryText(values...)})
		}
	}
	return list.memory()
}

// ParseMemory reads what [Memory.Value] wrote. What it cannot read it leaves out.
func ParseMemory(v Value) Memory {
	if !v.isObject() {
		return Memory{}
	}
	for _, fields := range members(v.text) {
		if fields[0] != '{' { // null, and what nobody understands
			list, _ := readEntries(nil, v)
			if list == nil {
				return Memory{}
			}
			return list.memory()
		}
	}
	return Memory{v.text}
}

// Value returns the memory as the value of a field; null for no memory.
func (m Memory) Value() Value { return Value{text: m.text} }

// IsEmpty tells whether it names nothing.
func (m Memory) IsEmpty() bool { return m.text == "" || m.text == "{}" }

// records yields the names of the records, in order, with their fields as JSON.
func (m Memory) records(yield func(record, fields string) bool) {
	if m.IsEmpty() {
		return
	}
	for record, fields := range members(m.text) {
		if !yield(record, fields) {
			return
		}
	}
}

// Names tells whether it names the record.
func (m Memory) Names(record string) bool {
	for name := range m.records {
		if name == record {
			return true
		}
	}
	return false
}

// Children returns the names of the children that the memory names, sorted.
func (m Memory) Children() []string {
	var names []string
	for name := range m.records {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Last returns what was last written to the field of the record; nil when nothing is remembered.
func (m Memory) Last(record, field string) []Value {
	for name, fields := range m.records {
		if name != record {
			continue
		}
		for name, text := range members(fields) {
			if name == field {
				return entryValues(text)
			}
		}
	}
	return nil
}

// with returns the memory with what stands, or will for a moment, in the fields that the changes of a unit write and that
// next remembers.
func (m Memory) with(changes []*Change, next Memory) Memory {
	out, _ := readEntries(nil, m.Value())
	coming, _ := readEntries(nil, next.Value())
	for _, c := range changes {
		name := memoryName(c.Key, c.Unit)
		if c.Op != Update && !(c.Op == Create && c.isTop()) {
			continue // what is created with its fields is never there without them
		}
		for _, f := range c.Fields {
			if coming.last(name, f.Name) == "" {
				continue
			}
			values := entryValues(out.last(name, f.Name))
			if f.Rule != IfEmptyOrOurs || !f.Old.IsEmpty() { // by that rule, nothing is as good as ours
				values = append(values, remembered(f.Old, c.Unit))
			}
			if f.Spare != nil {
				values = append(values, remembered(*f.Spare, c.Unit))
			}
			if len(values) > 0 {
				out = out.set(entry{name, f.Name, entryText(values...)})
			}
		}
	}
	return out.memory()
}

// either returns the memory that holds while the unit goes from old to m: it names the records of both, and where they
// differ both values. The unit's own fields that are written together with the memory are not in doubt.
func (m Memory) either(old Memory, atomic func(field string) bool) Memory {
	now, _ := readEntries(nil, m.Value())
	then, _ := readEntries(nil, old.Value())
	out := slices.Clone(now)
	for _, e := range then {
		switch text := now.last(e.record, e.field); {
		case len(now.of(e.record)) == 0:
			out = out.set(e)
		case text == "" || e.text == "" || e.record == "" && atomic(e.field):
		default:
			values := entryValues(text)
			for _, v := range entryValues(e.text) {
				if !slices.Contains(values, v) {
					values = append(values, v)
				}
			}
			out = out.set(entry{e.record, e.field, entryText(values...)})
		}
	}
	return out.memory()
}

// memoryName returns the name under which a record is remembered in its unit.
func memoryName(key, unit Key) string {
	if key == unit {
		return ""
	}
	return inUnit(key.Name, unit)
}

// inUnit returns a key name without that of the unit, if it begins with that.
func inUnit(name string, unit Key) string {
	if rest, ok := strings.CutPrefix(name, unit.Name); ok && strings.HasPrefix(rest, "/") {
		return rest[1:]
	}
	return name
}

// remembered returns the form in which a value of a unit is remembered: long texts as a digest, references by name, and
// those to what hangs on the unit by the name that has there: a unit may have another key in the next run.
func remembered(v Value, unit Key) Value {
	switch v.form() {
	case reference:
		v = String(inUnit(v.text, unit))
	case references:
		var names []string
		for k := range v.keys {
			names = append(names, inUnit(k.Name, unit))
		}
		v = String(strings.Join(names, ", "))
	}
	if len(v.text) > 100 {
		sum := sha256.Sum256([]byte(v.text))
		return String("sha256:" + hex.EncodeToString(sum[:16]))
	}
	return v
}
