package sync

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// Memory is what we last wrote to a unit and to all that hangs on it. It stands in the sink, in the unit's
// [MemoryField]: there is no state of our own. What it does not name is somebody else's.
//
// The outer key names a record by its key name without the unit's ("net0"), the unit itself by "". The inner one names
// a field. The list holds the value; more than one while a write is under way, when either may stand there.
type Memory map[string]map[string][]Value

// ParseMemory reads what [Memory.Value] wrote. What it cannot read it leaves out.
func ParseMemory(v Value) Memory {
	read, ok := readEntries(nil, v)
	if !ok {
		return nil
	}
	m := Memory{}
	for _, e := range read {
		m.name(e.record)
		if e.text != "" {
			m[e.record][e.field] = entryValues(e.text)
		}
	}
	return m
}

// Value returns the memory as the value of a field; null for a nil memory.
func (m Memory) Value() Value {
	if m == nil {
		return Value{}
	}
	var all entries
	for record, fields := range m {
		all = append(all, entry{record: record})
		for field, values := range fields {
			all = append(all, entry{record, field, entryText(values...)})
		}
	}
	return Value{text: string(all.appendJSON(nil))}
}

// Children returns the names of the children that the memory names, sorted.
func (m Memory) Children() []string {
	names := slices.Sorted(maps.Keys(m))
	return slices.DeleteFunc(names, func(s string) bool { return s == "" })
}

// Last returns what was last written to the field of the record; nil when nothing is remembered.
func (m Memory) Last(record, field string) []Value { return m[record][field] }

func (m Memory) set(record, field string, values []Value) {
	m.name(record)
	m[record][field] = values
}

func (m Memory) name(record string) {
	if m[record] == nil {
		m[record] = map[string][]Value{}
	}
}

// with returns the memory with what stands, or will for a moment, in the fields that the changes of a unit write and that
// next remembers.
func (m Memory) with(changes []*Change, next Memory) Memory {
	out := make(Memory, len(m))
	for name, fields := range m {
		out[name] = maps.Clone(fields)
	}
	for _, c := range changes {
		name := memoryName(c.Key, c.Unit)
		if c.Op != Update && !(c.Op == Create && c.isTop()) {
			continue // what is created with its fields is never there without them
		}
		for _, f := range c.Fields {
			if next.Last(name, f.Name) == nil {
				continue
			}
			values := slices.Clone(out.Last(name, f.Name))
			if f.Rule != IfEmptyOrOurs || !f.Old.IsEmpty() { // by that rule, nothing is as good as ours
				values = append(values, remembered(f.Old, c.Unit))
			}
			if !f.Spare.IsNull() {
				values = append(values, remembered(f.Spare, c.Unit))
			}
			out.set(name, f.Name, values)
		}
	}
	return out
}

// either returns the memory that holds while the unit goes from old to m: it names the records of both, and where they
// differ both values. The unit's own fields that are written together with the memory are not in doubt.
func (m Memory) either(old Memory, atomic func(field string) bool) Memory {
	out := make(Memory, len(m))
	for name, fields := range m {
		out.name(name)
		for field, values := range fields {
			out[name][field] = values
			if name == "" && atomic(field) {
				continue
			}
			for _, v := range old[name][field] {
				if !slices.Contains(out[name][field], v) {
					out[name][field] = append(slices.Clone(out[name][field]), v)
				}
			}
		}
	}
	for name, fields := range old {
		if _, ok := m[name]; !ok {
			out[name] = maps.Clone(fields)
		}
	}
	return out
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
	switch v.form {
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
