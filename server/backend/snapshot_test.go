package backend_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The paths of what is looked at in NetBox.
const (
	clusters   = "virtualization/clusters"
	machines   = "virtualization/virtual-machines"
	interfaces = "virtualization/interfaces"
	disks      = "virtualization/virtual-disks"
	devices    = "dcim/devices"
	ports      = "dcim/interfaces"
	macs       = "dcim/mac-addresses"
	addresses  = "ipam/ip-addresses"
	vlans      = "ipam/vlans"
	vlanGroups = "ipam/vlan-groups"
	vrfs       = "ipam/vrfs"
	tags       = "extras/tags"
	sites      = "dcim/sites"
	roles      = "dcim/device-roles"
	platforms  = "dcim/platforms"
	tenants    = "tenancy/tenants"
)

// pathOf returns the path of the objects that the change log calls so.
func pathOf(kind string) string {
	return map[string]string{
		"virtualization.cluster": clusters, "virtualization.virtualmachine": machines, "virtualization.vminterface": interfaces,
		"virtualization.virtualdisk": disks, "dcim.device": devices, "dcim.interface": ports, "dcim.macaddress": macs,
		"ipam.ipaddress": addresses, "ipam.vlan": vlans, "ipam.vlangroup": vlanGroups, "ipam.vrf": vrfs, "extras.tag": tags,
		"dcim.site": sites, "dcim.devicerole": roles, "dcim.platform": platforms, "tenancy.tenant": tenants,
	}[kind]
}

// thing names an object in NetBox.
type thing struct {
	path string
	id   int
}

func (t thing) url() string { return fmt.Sprintf("/api/%s/%d/", t.path, t.id) }

func (t thing) String() string { return fmt.Sprintf("%s/%d", t.path, t.id) }

// facts are the fields of an object, with the objects inside it as their ids and without what NetBox works out by itself.
type facts map[string]any

func (f facts) text(field string) string {
	s, _ := f[field].(string)
	return s
}

func (f facts) number(field string) int {
	n, _ := f[field].(float64)
	return int(n)
}

// custom returns a custom field as text.
func (f facts) custom(field string) string {
	fields, _ := f["custom_fields"].(map[string]any)
	if v := fields[field]; v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// source returns the source whose mark the object bears.
func (f facts) source() string { return f.custom("proxbox_source") }

// vmid returns the VMID that the object names.
func (f facts) vmid() int {
	fields, _ := f["custom_fields"].(map[string]any)
	n, _ := fields["proxmox_vm_id"].(float64)
	return int(n)
}

// tags returns the ids of the tags.
func (f facts) tags() (all []int) {
	list, _ := f["tags"].([]any)
	for _, v := range list {
		n, _ := v.(float64)
		all = append(all, int(n))
	}
	return all
}

// snapshot is all that stands in NetBox.
type snapshot map[thing]facts

// look reads NetBox.
func (p *person) look() snapshot {
	p.t.Helper()
	all := snapshot{}
	for _, path := range []string{
		clusters, machines, interfaces, disks, devices, ports, macs, addresses, vlans, vlanGroups, vrfs, tags, sites, roles,
		platforms, tenants,
	} {
		for _, o := range list[map[string]any](p, path, "") {
			id, _ := o["id"].(float64)
			all[thing{path, int(id)}] = factsOf(path, o)
		}
	}
	return all
}

func factsOf(path string, o map[string]any) facts {
	f := facts{}
	for name, v := range o {
		switch {
		case strings.HasSuffix(name, "_count"), strings.HasPrefix(name, "count_"), name == "last_updated", name == "url",
			name == "display", name == "display_url", name == "tagged_items", name == "utilization",
			path == machines && name == "disk", strings.HasPrefix(name, "_"):
			continue
		}
		f[name] = plain(v)
	}
	return f
}

// plain returns the ids of objects, the values of choices, and else what it is given.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["id"]; ok {
			return id
		}
		if value, ok := v["value"]; ok && len(v) == 2 {
			return value
		}
		m := make(map[string]any, len(v))
		for name, inner := range v {
			m[name] = plain(inner)
		}
		return m
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = plain(v[i])
		}
		slices.SortFunc(all, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return all
	}
	return v
}

// differences tells in which fields two states of an object differ.
func differences(was, is facts) string {
	var all []string
	names := maps.Clone(was)
	maps.Copy(names, is)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, _ := json.Marshal(was[name])
		after, _ := json.Marshal(is[name])
		if string(before) != string(after) {
			all = append(all, fmt.Sprintf("%s: %s -> %s", name, before, after))
		}
	}
	return strings.Join(all, "; ")
}

// of returns the objects of a path that are as asked, in an order that does not depend on their ids.
func (p snapshot) of(path string, is func(facts) bool) (all []thing) {
	for t, f := range p {
		if t.path == path && (is == nil || is(f)) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b thing) int {
		return cmp.Or(cmp.Compare(p.called(a), p.called(b)), cmp.Compare(a.id, b.id))
	})
	return all
}

// called returns what an object is called, with what it hangs on.
func (p snapshot) called(t thing) string {
	f := p[t]
	name := cmp.Or(f.text("name"), f.text("address"), f.text("mac_address"))
	if on := p.unitOf(t); on != t {
		name = p[on].text("name") + " " + name
	}
	return name
}

// unitOf returns the device or virtual machine that an object hangs on; itself if it hangs on none.
func (p snapshot) unitOf(t thing) thing {
	f := p[t]
	switch t.path {
	case interfaces, disks:
		return thing{machines, f.number("virtual_machine")}
	case ports:
		return thing{devices, f.number("device")}
	case addresses, macs:
		on := thing{pathOf(f.text("assigned_object_type")), f.number("assigned_object_id")}
		if on.path == "" || p[on] == nil {
			return t
		}
		return p.unitOf(on)
	}
	return t
}

// sourceOf returns the source of the unit that an object hangs on, if it is of one.
func (p snapshot) sourceOf(t thing) string { return p[p.unitOf(t)].source() }

// row is one row of NetBox's change log.
type row struct {
	ID     int `json:"id"`
	Action struct {
		Value string `json:"value"`
	} `json:"action"`
	Kind   string         `json:"changed_object_type"`
	Object int            `json:"changed_object_id"`
	User   string         `json:"user_name"`
	Name   string         `json:"object_repr"`
	Before map[string]any `json:"prechange_data"`
}

func (r row) thing() thing { return thing{pathOf(r.Kind), r.Object} }

func (r row) String() string {
	return fmt.Sprintf("%s %s %d %q", r.Action.Value, r.Kind, r.Object, r.Name)
}

// rowsAfter returns the rows of the change log after one.
func (p *person) rowsAfter(id int) []row {
	p.t.Helper()
	return list[row](p, "core/object-changes", fmt.Sprintf("&id__gt=%d", id))
}
