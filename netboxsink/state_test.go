package netboxsink_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// The paths of what NetBox holds.
const (
	tags          = "extras/tags"
	customFields  = "extras/custom-fields"
	clusters      = "virtualization/clusters"
	clusterTypes  = "virtualization/cluster-types"
	sites         = "dcim/sites"
	deviceRoles   = "dcim/device-roles"
	deviceTypes   = "dcim/device-types"
	manufacturers = "dcim/manufacturers"
	platforms     = "dcim/platforms"
	devices       = "dcim/devices"
	machines      = "virtualization/virtual-machines"
	machineTypes  = "virtualization/virtual-machine-types"
	interfaces    = "virtualization/interfaces"
	macs          = "dcim/mac-addresses"
	addresses     = "ipam/ip-addresses"
	disks         = "virtualization/virtual-disks"
)

// object is an object of NetBox as its JSON has it.
type object map[string]any

func (o object) id() int { return int(o["id"].(float64)) }

// at returns a field as text, "a.b" for one of a nested object; of a choice its value, of an object what it displays.
func (o object) at(path string) string {
	var v any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		nested, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = nested[name]
	}
	return text(v)
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		for _, name := range []string{"value", "display"} {
			if s, ok := v[name]; ok {
				return text(s)
			}
		}
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = text(item)
		}
		return strings.Join(parts, ",")
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

// objects returns all objects at the path, in the order of their ids.
func (l *lab) objects(path string) []object {
	l.t.Helper()
	raws, err := l.netbox.Objects(path)
	require.NoError(l.t, err)
	list := make([]object, len(raws))
	for i, raw := range raws {
		require.NoError(l.t, json.Unmarshal(raw, &list[i]))
	}
	return list
}

// where returns the objects at the path that have that text in a field.
func (l *lab) where(path, field, value string) []object {
	l.t.Helper()
	return slices.DeleteFunc(l.objects(path), func(o object) bool { return o.at(field) != value })
}

// one returns the only object at the path that has that text in a field.
func (l *lab) one(path, field, value string) object {
	l.t.Helper()
	found := l.where(path, field, value)
	require.Len(l.t, found, 1, "%s with %s %s", path, field, value)
	return found[0]
}

// again returns the object as it is now.
func (l *lab) again(path string, o object) object {
	l.t.Helper()
	return l.one(path, "id", text(o["id"]))
}

// machine returns the virtual machine of that name.
func (l *lab) machine(name string) object {
	l.t.Helper()
	return l.one(machines, "name", name)
}

// on returns what of the path hangs on the virtual machine of that name, as the texts of a field, sorted.
func (l *lab) on(machine, path, field string) []string {
	l.t.Helper()
	owner := map[string]string{
		interfaces: "virtual_machine.name", disks: "virtual_machine.name",
		addresses: "assigned_object.virtual_machine.name", macs: "assigned_object.virtual_machine.name",
	}[path]
	texts := []string{}
	for _, o := range l.where(path, owner, machine) {
		texts = append(texts, o.at(field))
	}
	slices.Sort(texts)
	return texts
}

// column returns the texts of a field of all objects at the path, sorted.
func (l *lab) column(path, field string) []string {
	l.t.Helper()
	texts := []string{}
	for _, o := range l.objects(path) {
		texts = append(texts, o.at(field))
	}
	slices.Sort(texts)
	return texts
}

// picture returns all that NetBox holds, without ids and times: two NetBoxes that hold the same have equal pictures.
func (l *lab) picture() string {
	l.t.Helper()
	var lines []string
	paths := []string{
		tags, customFields, clusters, clusterTypes, sites, deviceRoles, deviceTypes, manufacturers, platforms, devices,
		machines, interfaces, macs, addresses, disks,
	}
	if !strings.HasPrefix(l.netbox.Version(), "4.5") && l.netbox.Version() > "4.6" {
		paths = append(paths, machineTypes)
	}
	for _, path := range paths {
		for _, o := range l.objects(path) {
			lines = append(lines, path+" "+draw(o))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// draw returns an object's fields on one line, objects inside it by what they display.
func draw(o map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		switch name {
		case "id", "url", "display_url", "created", "last_updated", "assigned_object_id":
			continue
		}
		value := text(o[name])
		if nested, ok := o[name].(map[string]any); ok && name == "custom_fields" {
			value = "{" + draw(nested) + "}"
		}
		if nested, ok := o[name].(map[string]any); ok && name == "assigned_object" {
			value = object(nested).at("virtual_machine") + " " + value
		}
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, " ")
}
