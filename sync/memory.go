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
type Memory struct{ list entries } // in order; nil for no memory

// NewMemory returns a memory of records, their fields and values.
func NewMemory(records map[string]map[string][]Value) Memory {
	m := Memory{entries{}}
	for record, fields := range records {
		m.list = append(m.list, entry{record: record})
		for field, values := range fields {
			m.list = append(m.list, entry{record, field, entryText(values...)})
		}
	}
	m.list.sort()
	return ParseMemory(m.Value())
}

// ParseMemory reads what [Memory.Value] wrote. What it cannot read it leaves out.
func ParseMemory(v Value) Memory {
	read, ok := readEntries(entries{}, v)
	if !ok {
		return Memory{}
	}
	return Memory{slices.Clip(read)}
}

// Value returns the memory as the value of a field; null for no memory.
func (m Memory) Value() Value {
	if m.list == nil {
		return Value{}
	}
	return Value{text: string(m.list.appendJSON(nil))}
}

// IsEmpty tells whether it names nothing.
func (m Memory) IsEmpty() bool { return len(m.list) == 0 }

// Names tells whether it names the record.
func (m Memory) Names(record string) bool { return len(m.list.of(record)) > 0 }

// Children returns the names of the children that the memory names, sorted.
func (m Memory) Children() []string {
	var names []string
	for i, e := range m.list {
		if e.record != "" && (i == 0 || e.record != m.list[i-1].record) {
			names = append(names, e.record)
		}
	}
	return names
}

// Last returns what was last written to the field of the record; nil when nothing is remembered.
func (m Memory) Last(record, field string) []Value { return entryValues(m.list.last(record, field)) }

// with returns the memory with what stands, or will for a moment, in the fields that the changes of a unit write and that
// next remembers.
func (m Memory) with(changes []*Change, next Memory) Memory {
	out := Memory{slices.Clone(m.list)}
	for _, c := range changes {
		name := memoryName(c.Key, c.Unit)
		if c.Op != Update && !(c.Op == Create && c.isTop()) {
			continue // what is created with its fields is never there without them
		}
		for _, f := range c.Fields {
			if next.list.last(name, f.Name) == "" {
				continue
			}
			values := out.Last(name, f.Name)
			if f.Rule != IfEmptyOrOurs || !f.Old.IsEmpty() { // by that rule, nothing is as good as ours
				values = append(values, remembered(f.Old, c.Unit))
			}
			if !f.Spare.IsNull() {
				values = append(values, remembered(f.Spare, c.Unit))
			}
			if len(values) > 0 {
				out.list = out.list.set(entry{name, f.Name, entryText(values...)})
			}
		}
	}
	return out
}

// either returns the memory that holds while the unit goes from old to m: it names the records of both, and where they
// differ both values. The unit's own fields that are written together with the memory are not in doubt.
func (m Memory) either(old Memory, atomic func(field string) bool) Memory {
	out := Memory{slices.Clone(m.list)}
	for _, e := range old.list {
		switch now := m.list.last(e.record, e.field); {
		case now == "" && !m.Names(e.record):
			out.list = out.list.set(e)
		case now == "" || e.field == "" || e.record == "" && atomic(e.field):
		default:
			values := entryValues(now)
			for _, v := range entryValues(e.text) {
				if !slices.Contains(values, v) {
					values = append(values, v)
				}
			}
			out.list = out.list.set(entry{e.record, e.field, entryText(values...)})
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
