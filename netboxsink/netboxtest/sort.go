package netboxtest

import (
	"cmp"
	"slices"
	"strings"
)

// sortObjects sorts by field names, "-" in front meaning descending. Null sorts
// last, as in PostgreSQL.
func sortObjects(s *store, objects []*object, by []string) {
	slices.SortStableFunc(objects, func(a, b *object) int { return s.order(a, b, by) })
}

func (s *store) order(a, b *object, by []string) int {
	for _, name := range by {
		direction := 1
		if strings.HasPrefix(name, "-") {
			direction, name = -1, name[1:]
		}
		if c := s.orderBy(a, b, name); c != 0 {
			return direction * c
		}
	}
	return cmp.Compare(a.id, b.id)
}

func (s *store) orderBy(a, b *object, name string) int {
	switch name {
	case "id":
		return cmp.Compare(a.id, b.id)
	case "created":
		return a.created.Compare(b.created)
	case "last_updated":
		return a.updated.Compare(b.updated)
	}
	f := a.model.field(name)
	if f == nil {
		return 0
	}
	x, y := a.values[name], b.values[name]
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil && a.model.label == "ipam.prefix" && name == "vrf":
		return -1
	case y == nil && a.model.label == "ipam.prefix" && name == "vrf":
		return 1
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	if f.kind == kindForeign {
		if x == y {
			return 0
		}
		return s.order(s.follow(a, name), s.follow(b, name), a.model.field(name).orderingOf(s))
	}
	return orderValues(f, x, y)
}

func (f *field) orderingOf(s *store) []string { return s.schema.byLabel[f.target].ordering }

func orderValues(f *field, x, y any) int {
	switch x := x.(type) {
	case string:
		if f.kind == kindAddress || f.kind == kindPrefix {
			return addressOrder(x, y.(string))
		}
		if f.bytewise {
			return strings.Compare(x, y.(string))
		}
		if f.portName {
			return portOrder(x, y.(string))
		}
		return naturalOrder(x, y.(string))
	case int:
		return cmp.Compare(x, y.(int))
	case float64:
		return cmp.Compare(x, y.(float64))
	case bool:
		if x == y.(bool) {
			return 0
		} else if x {
			return 1
		}
		return -1
	}
	return 0
}
