package netboxsink

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// NetBox's answers are read leniently: a number may come as a text, a text as a number. A field that is not understood
// all the same makes its object an odd one: it counts as present, and is left alone with the unit that it belongs to.

// listed is embedded in what is read of a list: which object it is, and which of its fields are not understood.
type listed struct {
	ID  int64 `json:"id"`
	odd string
}

func (l *listed) self() *listed { return l }

// listedOf returns what is embedded in an object.
func listedOf(object any) *listed { return object.(interface{ self() *listed }).self() }

// fieldOdd is the field of a current record that tells why it is left alone; it is none of NetBox's.
const fieldOdd = "odd"

// note adds to the fields of a record that its object is odd.
func (l *listed) note(fields *sync.Fields) {
	if l.odd != "" {
		fields.Set(fieldOdd, sync.Field{Value: sync.String(l.odd)})
	}
}

// oddReason returns why a record is left alone; empty if its object is not odd.
func oddReason(r *sync.Record) string {
	if r == nil || r.Fields.Value(fieldOdd).IsNull() {
		return ""
	}
	return "what NetBox tells of " + string(r.Key.Kind) + " " + r.Label + " is not understood (" + r.Fields.Value(fieldOdd).Text() +
		"): all is left as it is"
}

// oddUnit returns why a unit is left alone; empty if neither it nor what hangs on it is odd.
func (m *mapping) oddUnit(was *sync.Record) string {
	reason := oddReason(was)
	if was == nil || reason != "" {
		return reason
	}
	for _, r := range m.onUnit[was.Key] {
		if reason := oddReason(r); reason != "" {
			return reason
		}
	}
	return ""
}

// isPlacing tells of a field that without it nothing tells whose an object is, or where: a list fails on an odd one.
func isPlacing(kind sync.Kind, field string) bool {
	return kind == KindNodeInterface && field == "device" ||
		slices.Contains([]string{"id", "slug", "custom_fields", "virtual_machine", "address", "assigned_object_type", "assigned_object_id"}, field)
}

// decode decodes an object of NetBox and returns the names of the fields that are not understood.
func decode(raw []byte, object any) ([]string, error) {
	err := json.Unmarshal(raw, object)
	if err == nil {
		return nil, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil, err
	}
	var odd []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !decodeField(name, fields[name], object) {
			odd = append(odd, name)
		}
	}
	return odd, nil
}

// decodeField decodes one field, in the first of the forms of its value that fits.
func decodeField(name string, raw json.RawMessage, object any) bool {
	for _, form := range forms(raw) {
		one, err := json.Marshal(map[string]json.RawMessage{name: form})
		if err == nil && json.Unmarshal(one, object) == nil {
			return true
		}
	}
	return false
}

// forms returns a value as it is, and in the forms that mean the same: a number without a needless point, a number or
// truth value that came as a text, and the other way round.
func forms(raw json.RawMessage) []json.RawMessage {
	forms := []json.RawMessage{raw}
	v, err := sync.ParseValue(raw)
	if err != nil {
		return forms
	}
	forms = append(forms, json.RawMessage(v.JSON()))
	switch trimmed := strings.TrimSpace(string(raw)); {
	case strings.HasPrefix(trimmed, `"`):
		if bare, err := sync.ParseValue([]byte(strings.TrimSpace(v.Text()))); err == nil && !bare.IsNull() {
			forms = append(forms, json.RawMessage(bare.JSON()))
		}
	case !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "["):
		forms = append(forms, json.RawMessage(strconv.Quote(v.Text())))
	}
	return forms
}
