package netboxtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// invalid is a refusal by validation: messages by field, in NetBox's order.
type invalid struct {
	entries []invalidEntry
}

type invalidEntry struct {
	field    string
	messages []string
	raw      json.RawMessage // instead of messages, where NetBox nests
}

func (e *invalid) Error() string { return string(e.json()) }

func (e *invalid) empty() bool { return e == nil || len(e.entries) == 0 }

func (e *invalid) add(field string, messages ...string) {
	for i := range e.entries {
		if e.entries[i].field == field {
			e.entries[i].messages = append(e.entries[i].messages, messages...)
			return
		}
	}
	e.entries = append(e.entries, invalidEntry{field: field, messages: messages})
}

func (e *invalid) merge(other *invalid) {
	if other == nil {
		return
	}
	for _, entry := range other.entries {
		if entry.raw != nil {
			e.entries = append(e.entries, entry)
			continue
		}
		e.add(entry.field, entry.messages...)
	}
}

func (e *invalid) has(field string) bool {
	for _, entry := range e.entries {
		if entry.field == field {
			return true
		}
	}
	return false
}

func (e *invalid) json() json.RawMessage {
	b := []byte{'{'}
	for i, entry := range e.entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, entry.field)
		b = append(b, ':')
		if entry.raw != nil {
			b = append(b, entry.raw...)
			continue
		}
		b = append(b, '[')
		for j, m := range entry.messages {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendString(b, m)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// refuse is one message against one field.
func refuse(field, message string) *invalid {
	return &invalid{entries: []invalidEntry{{field: field, messages: []string{message}}}}
}

func refusef(field, format string, args ...any) *invalid {
	return refuse(field, fmt.Sprintf(format, args...))
}

// allKey is the key of a model's errors that belong to no field.
const allKey = "__all__"

// aborted is NetBox's AbortRequest: 400 with a bare detail.
type aborted struct{ detail string }

func (e *aborted) Error() string { return e.detail }

// denied is a missing permission: 403.
type denied struct{ detail string }

func (e *denied) Error() string { return e.detail }

// crashed is an exception that NetBox does not catch: 500.
type crashed struct{ message, exception string }

func (e *crashed) Error() string { return e.exception + ": " + e.message }

// guarded is a delete that dependants prevent: 409. NetBox names them in no
// particular order.
type guarded struct{ dependants []string }

func (e *guarded) Error() string {
	return fmt.Sprintf("Unable to delete object. %d dependent objects were found: %s",
		len(e.dependants), strings.Join(e.dependants, ", "))
}

const (
	deniedText     = "You do not have permission to perform this action."
	deniedItemText = "You do not have permission to perform this action on this object."
)
