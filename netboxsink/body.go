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
		case name == "tagged_vlans" && v.IsNull():
			fields[name] = []int64{}
		case name == "site" && kind == KindCluster: // it has one no longer
			fields["scope_type"], fields["scope_id"] = nil, nil
		case strings.HasPrefix(name, customPrefix):
			custom[strings.TrimPrefix(name, customPrefix)] = raw
		default:
			fields[name] = raw
		}
	}
	for name, ids := range item.Refs {
		numbers := make([]int64, len(ids))
		for i, text := range ids {
			number, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			numbers[i] = number
		}
		switch {
		case name == "assigned_object":
			fields["assigned_object_type"] = familyOf(kind).model()
			fields["assigned_object_id"] = numbers[0]
		case name == "site" && kind == KindCluster:
			fields["scope_type"], fields["scope_id"] = tables[KindSite].model, numbers[0]
		case name == "tagged_vlans":
			fields[name] = numbers
		default:
			fields[name] = numbers[0]
		}
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
