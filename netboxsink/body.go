package netboxsink

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// body returns what is sent for an item, as NetBox wants it: references as ids, custom fields in their own object, the
// object that an address or a MAC sits on by type and id.
func body(kind sync.Kind, op sync.Op, item sync.Item) (json.RawMessage, error) {
	fields := map[string]any{}
	custom := map[string]any{}
	for name, v := range item.Fields {
		raw := json.RawMessage(v.JSON())
		switch {
		case name == sync.MemoryField:
			custom[fieldMemory] = raw
		case strings.HasPrefix(name, customPrefix):
			custom[strings.TrimPrefix(name, customPrefix)] = raw
		default:
			fields[name] = raw
		}
	}
	for name, ids := range item.Refs {
		number, err := strconv.ParseInt(ids[0], 10, 64)
		if err != nil {
			return nil, err
		}
		if name == "assigned_object" {
			fields["assigned_object_type"] = tables[KindInterface].model
			fields["assigned_object_id"] = number
			continue
		}
		fields[name] = number
	}
	if len(custom) > 0 {
		fields["custom_fields"] = custom
	}
	raw, err := tables[kind].throughModel(fields, op == sync.Create)
	if err != nil || op == sync.Create {
		return raw, err
	}
	return withID(raw, item.ID)
}

// withID adds an object's id to its body, which a list needs and go-netbox's models do not have.
func withID(raw json.RawMessage, id string) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	fields["id"] = json.RawMessage(id)
	return json.Marshal(fields)
}
