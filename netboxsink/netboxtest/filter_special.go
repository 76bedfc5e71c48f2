package netboxtest

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// specialFilter builds the filters that do not follow from a field alone. The
// last result tells whether the parameter is one of them.
func (c *call) specialFilter(parameter string, values []string) (filter, *invalid, bool) {
	label := c.model.label
	switch label {
	case "ipam.ipaddress", "dcim.macaddress":
		if f, ok := c.assignmentFilter(parameter, values); ok {
			return f, nil, true
		}
	case "virtualization.vminterface", "dcim.interface":
		if f, problem, ok := c.interfaceFilter(parameter, values); ok {
			return f, problem, true
		}
	}
	if label == "ipam.ipaddress" || label == "ipam.prefix" {
		if f, ok := c.networkFilter(parameter, values); ok {
			return f, nil, true
		}
	}
	switch {
	case label == "virtualization.cluster" && (parameter == "site_id" || parameter == "site"):
		by := strings.TrimPrefix(strings.TrimPrefix(parameter, "site"), "_")
		f, problem := c.scopeFilter(parameter, by, values)
		return f, problem, true
	case label == "extras.customfield" && (parameter == "object_type" || parameter == "object_type_id"):
		return anyOf(values, func(o *object, v string) bool {
			types, _ := o.values["object_types"].([]string)
			return slices.Contains(types, v)
		}), nil, true
	}
	switch parameter {
	case "q":
		return anyOf(values, func(o *object, v string) bool {
			return strings.Contains(strings.ToLower(o.model.display(c.store, o)), strings.ToLower(v))
		}), nil, true
	case "mac_address":
		if label == "virtualization.virtualmachine" || label == "dcim.device" {
			if problem := notMAC(values); problem != nil {
				return nil, problem, true
			}
			return c.ownerOfMAC(values), nil, true
		}
	}
	return nil, nil, false
}

// assignmentFilter filters addresses by what they are assigned to. Unlike other
// filters, an unknown id returns nothing.
func (c *call) assignmentFilter(parameter string, values []string) (filter, bool) {
	holder := func(label, by string) filter {
		return anyOf(values, func(o *object, v string) bool {
			h := c.store.holderOf(c.store.generic(o, "assigned_object"))
			if h == nil || h.model.label != label {
				return false
			}
			return (by == "id" && strconv.Itoa(h.id) == v) || (by == "name" && h.text("name") == v)
		})
	}
	port := func(label, by string) filter {
		return anyOf(values, func(o *object, v string) bool {
			p := c.store.generic(o, "assigned_object")
			if p == nil || p.model.label != label {
				return false
			}
			return (by == "id" && strconv.Itoa(p.id) == v) || (by == "name" && p.text("name") == v)
		})
	}
	truth := values[0] == "1" || strings.EqualFold(values[0], "true")
	switch parameter {
	case "device_id":
		return holder("dcim.device", "id"), true
	case "device":
		return holder("dcim.device", "name"), true
	case "virtual_machine_id":
		return holder("virtualization.virtualmachine", "id"), true
	case "virtual_machine":
		return holder("virtualization.virtualmachine", "name"), true
	case "interface_id":
		return port("dcim.interface", "id"), true
	case "interface":
		return port("dcim.interface", "name"), true
	case "vminterface_id":
		return port("virtualization.vminterface", "id"), true
	case "vminterface":
		return port("virtualization.vminterface", "name"), true
	case "assigned", "assigned_to_interface":
		return func(o *object) bool { return (o.values["assigned_object_id"] != nil) == truth }, true
	case "primary":
		if c.model.label == "dcim.macaddress" && c.release().minor >= 4 {
			return func(o *object) bool { return isPrimaryMAC(c.store, o) == truth }, true
		}
	}
	return nil, false
}

// interfaceFilter filters interfaces by what stands beyond their own fields.
func (c *call) interfaceFilter(parameter string, values []string) (filter, *invalid, bool) {
	switch parameter {
	case "mac_address":
		if problem := notMAC(values); problem != nil {
			return nil, problem, true
		}
		return anyOf(values, func(o *object, v string) bool {
			mac, ok := parseMAC(v)
			return ok && c.store.macOn(o, mac) != nil
		}), nil, true
	case "cluster_id", "site_id":
		name := strings.TrimSuffix(parameter, "_id")
		for _, v := range values {
			if len(c.named(map[string]string{"cluster": "virtualization.cluster", "site": "dcim.site"}[name], "id", v)) == 0 {
				return nil, notAChoice(parameter, v), true
			}
		}
		return anyOf(values, func(o *object, v string) bool {
			h := c.store.holderOf(o)
			return h != nil && strconv.Itoa(h.ref(name)) == v
		}), nil, true
	case "cluster", "site":
		return anyOf(values, func(o *object, v string) bool {
			target := c.store.follow(c.store.holderOf(o), parameter)
			return target != nil && (target.text("slug") == v || (parameter == "cluster" && target.text("name") == v))
		}), nil, true
	}
	return nil, nil, false
}

// notMAC refuses the first value that is no MAC address.
func notMAC(values []string) *invalid {
	for _, v := range values {
		if _, ok := parseMAC(v); !ok {
			return refuse("mac_address", "Invalid MAC address format: "+v)
		}
	}
	return nil
}

func (c *call) ownerOfMAC(values []string) filter {
	owners := map[int]bool{}
	for _, v := range values {
		mac, ok := parseMAC(v)
		if !ok {
			continue
		}
		for _, m := range c.store.find("dcim.macaddress", "mac_address", mac) {
			if h := c.store.holderOf(c.store.generic(m, "assigned_object")); h != nil && h.model == c.model {
				owners[h.id] = true
			}
		}
	}
	return func(o *object) bool { return owners[o.id] }
}

// networkFilter filters addresses and prefixes by their numbers.
func (c *call) networkFilter(parameter string, values []string) (filter, bool) {
	name := "address"
	if c.model.label == "ipam.prefix" {
		name = "prefix"
	}
	switch parameter {
	case "address":
		return anyOf(values, func(o *object, v string) bool {
			own := o.text("address")
			if !strings.Contains(v, "/") {
				return hostOf(own) == normalHost(v)
			}
			return own == normalPrefix(v)
		}), name == "address"
	case "prefix":
		return anyOf(values, func(o *object, v string) bool { return o.text("prefix") == normalPrefix(v) }), name == "prefix"
	case "parent":
		if name == "prefix" {
			return nil, false
		}
		return anyOf(values, func(o *object, v string) bool { return within(v, hostOf(o.text(name))) }), true
	case "within", "within_include":
		if name != "prefix" {
			return nil, false
		}
		return anyOf(values, func(o *object, v string) bool {
			return within(v, o.text(name)) && (parameter == "within_include" || o.text(name) != normalPrefix(v))
		}), true
	case "contains":
		if name != "prefix" {
			return nil, false
		}
		return anyOf(values, func(o *object, v string) bool { return within(o.text(name), v) }), true
	case "family":
		return anyOf(values, func(o *object, v string) bool { return strconv.Itoa(family(o.text(name))) == v }), true
	case "mask_length":
		return anyOf(values, func(o *object, v string) bool { return strings.HasSuffix(o.text(name), "/"+v) }), true
	case "site_id":
		if name != "prefix" {
			return nil, false
		}
		return func(o *object) bool { return slices.Contains(values, strconv.Itoa(o.ref(cachedSite))) }, true
	}
	return nil, false
}

func normalHost(v string) string {
	a, err := netip.ParseAddr(v)
	if err != nil {
		return v
	}
	return a.String()
}

func normalPrefix(v string) string {
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return v
	}
	return p.String()
}

// within reports whether a prefix or address lies in an outer prefix.
func within(outer, inner string) bool {
	p, err := netip.ParsePrefix(outer)
	if err != nil {
		return false
	}
	q, err := netip.ParsePrefix(inner)
	if err != nil {
		a, err := netip.ParseAddr(inner)
		return err == nil && p.Contains(a)
	}
	return q.Bits() >= p.Bits() && p.Contains(q.Addr())
}

// scopeFilter filters by the site that an object's scope lies in.
func (c *call) scopeFilter(parameter, by string, values []string) (filter, *invalid) {
	if by == "" {
		by = "slug"
	}
	wanted := map[int]bool{}
	for _, v := range values {
		found := c.named("dcim.site", by, v)
		if len(found) == 0 {
			return nil, notAChoice(parameter, v)
		}
		wanted[found[0].id] = true
	}
	return func(o *object) bool { return wanted[o.ref(cachedSite)] }, nil
}
