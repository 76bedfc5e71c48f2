package netboxtest

import (
	"fmt"
	"slices"
	"strings"
)

type pairKey struct{ a, b any }

type tripleKey struct{ a, b, c any }

// scopedUnique keeps a text unique within a reference, null being a scope like
// any other (NULLS NOT DISTINCT).
func scopedUnique(name, message, value, scope string) constraint {
	return constraint{
		name: name, fields: []string{value, scope},
		of:      func(o *object) any { return pairKey{o.values[scope], o.text(value)} },
		message: func(*release, *object) string { return message },
	}
}

// pairUnique keeps two columns unique together; null is never equal to null.
func pairUnique(name, message, a, b string) constraint {
	return constraint{
		name: name, fields: []string{a, b},
		of: func(o *object) any {
			if o.values[a] == nil || o.values[b] == nil {
				return nil
			}
			return pairKey{o.values[a], o.values[b]}
		},
		message: func(*release, *object) string { return message },
	}
}

// machineName keeps a virtual machine's name unique in its cluster and tenant.
func machineName() constraint {
	return constraint{
		name: "virtualization_virtualmachine_unique_name_cluster_tenant", fields: []string{"name", "cluster", "tenant"},
		of: func(o *object) any {
			if o.values["cluster"] == nil {
				return nil
			}
			return tripleKey{strings.ToLower(o.text("name")), o.values["cluster"], o.values["tenant"]}
		},
		message: func(r *release, o *object) string {
			switch {
			case r.tenantInNameMessage:
				return "Virtual machine name must be unique per cluster and tenant."
			case o.values["tenant"] == nil:
				return "Virtual machine name must be unique per cluster."
			}
			return "Constraint “virtualization_virtualmachine_unique_name_cluster_tenant” is violated."
		},
	}
}

// loneMachineName is the same for machines on a device without cluster.
func loneMachineName() constraint {
	return constraint{
		name: "virtualization_virtualmachine_unique_name_device_tenant", fields: []string{"name", "device", "tenant"},
		of: func(o *object) any {
			if o.values["cluster"] != nil || o.values["device"] == nil {
				return nil
			}
			return tripleKey{strings.ToLower(o.text("name")), o.values["device"], o.values["tenant"]}
		},
		message: func(r *release, o *object) string {
			if r.tenantInNameMessage {
				return "Virtual machine name must be unique per device and tenant."
			}
			return "Virtual machine name must be unique per device."
		},
	}
}

// deviceName keeps a device's name unique in its site and tenant.
func deviceName() constraint {
	return constraint{
		name: "dcim_device_unique_name_site_tenant", fields: []string{"name", "site", "tenant"},
		of: func(o *object) any {
			if o.values["name"] == nil {
				return nil
			}
			return tripleKey{strings.ToLower(o.text("name")), o.values["site"], o.values["tenant"]}
		},
		message: func(r *release, o *object) string {
			switch {
			case r.tenantInNameMessage:
				return "Device name must be unique per site and tenant."
			case o.values["tenant"] == nil:
				return "Device name must be unique per site."
			}
			return "Constraint “dcim_device_unique_name_site_tenant” is violated."
		},
	}
}

// violated checks the unique constraints of a candidate, leaving out those whose
// fields were already refused.
func (s *store) violated(o *object, refused *invalid) *invalid {
	found := &invalid{}
	for _, c := range o.model.constraints {
		if skip(c, refused) || !s.taken(c, o) || (c.unseen && o.id == 0) {
			continue
		}
		found.add(allKey, c.message(s.release, o))
	}
	return found
}

func skip(c constraint, refused *invalid) bool {
	return slices.ContainsFunc(c.fields, refused.has)
}

// taken reports whether another object holds the constraint's key.
func (s *store) taken(c constraint, o *object) bool {
	value := c.of(o)
	if value == nil {
		return false
	}
	for id := range s.tables[o.model.label].indexes[c.name][value] {
		if id != o.id {
			return true
		}
	}
	return false
}

// duplicate is the database's refusal of a second row under a constraint.
func duplicate(c constraint, o *object) *crashed {
	columns, values := make([]string, len(c.fields)), make([]string, len(c.fields))
	for i, name := range c.fields {
		columns[i] = name
		if f := o.model.field(name); name == cachedSite || (f != nil && f.kind == kindForeign) {
			columns[i] = name + "_id"
		} else if strings.Contains(c.name, "unique_name_") {
			columns[i] = "lower(" + name + "::text)"
		}
		values[i] = "null"
		if v := o.values[name]; v != nil {
			values[i] = fmt.Sprint(v)
		}
	}
	return &crashed{"duplicate key value violates unique constraint \"" + c.name + "\"\nDETAIL:  Key (" +
		strings.Join(columns, ", ") + ")=(" + strings.Join(values, ", ") + ") already exists.", "IntegrityError"}
}
