package netboxtest

import (
	"cmp"
	"fmt"
	"slices"
)

// remove deletes an object with everything that goes with it, or refuses with
// *guarded when something else depends on it.
func (t *transaction) remove(o *object, message string) error {
	doomed := &doomedSet{seen: map[*object]bool{}}
	var dependants []*object
	t.collect(o, doomed, &dependants)
	var guards []string
	told := map[*object]bool{}
	for _, d := range dependants {
		if !told[d] && (!doomed.seen[d] || t.isProtected(d, doomed)) {
			told[d] = true
			guards = append(guards, fmt.Sprintf("%s (%d)", d.model.display(t.store, d), d.id))
		}
	}
	if guards != nil {
		return &guarded{guards}
	}
	if len([]rune(message)) > 200 {
		return &crashed{"value too long for type character varying(200)", "DataError"}
	}
	slices.SortStableFunc(doomed.order, func(a, b *object) int {
		return cmp.Or(cmp.Compare(deleteRank(a), deleteRank(b)), cmp.Compare(a.id, b.id))
	})
	for _, d := range doomed.order {
		t.unlink(d, doomed, o, message)
	}
	for _, d := range doomed.order {
		d = t.current(d)
		if d == nil {
			continue
		}
		t.replace(d, nil)
		if d.model.removed != nil {
			d.model.removed(t, d)
		}
	}
	return nil
}

// deleteRank is the order in which NetBox deletes what goes together: dependants
// before what they depend on.
func deleteRank(o *object) int {
	order := []string{
		"extras.journalentry", "dcim.macaddress", "virtualization.virtualdisk", "ipam.ipaddress",
		"dcim.interface", "virtualization.vminterface", "virtualization.virtualmachine", "dcim.device",
		"ipam.vlangroup", "ipam.prefix", "virtualization.cluster", "dcim.location", "dcim.site",
	}
	if at := slices.Index(order, o.model.label); at >= 0 {
		return at
	}
	return len(order)
}

// doomedSet is what one delete takes along, the object itself first.
type doomedSet struct {
	seen  map[*object]bool
	order []*object
}

// collect walks the references to o: cascading ones go along, protecting and
// restricting ones are dependants.
func (t *transaction) collect(o *object, doomed *doomedSet, dependants *[]*object) {
	if doomed.seen[o] {
		return
	}
	doomed.seen[o] = true
	doomed.order = append(doomed.order, o)
	for _, r := range t.schema.referring[o.model.label] {
		if r.field.kind != kindForeign {
			continue
		}
		for _, other := range t.find(r.model.label, r.field.name, o.id) {
			switch r.field.onDelete {
			case cascade:
				t.collect(other, doomed, dependants)
			case protect, restrict:
				*dependants = append(*dependants, other)
			}
		}
	}
	if o.model.dependent != nil {
		for _, other := range o.model.dependent(t.store, o) {
			t.collect(other, doomed, dependants)
		}
	}
	for _, entry := range t.find("extras.journalentry", "assigned_object", genericID{o.model.label, o.id}) {
		t.collect(entry, doomed, dependants)
	}
}

// isProtected reports whether a doomed object still stands in the way: PROTECT
// holds even against a delete that takes both along, RESTRICT does not.
func (t *transaction) isProtected(o *object, doomed *doomedSet) bool {
	for _, f := range o.model.fields {
		if f.kind == kindForeign && f.onDelete == protect && o.ref(f.name) != 0 && doomed.seen[t.follow(o, f.name)] {
			return true
		}
	}
	return false
}

// unlink logs the delete of one object and clears the references to it that are
// set null, with a change row for each object that held one.
func (t *transaction) unlink(o *object, doomed *doomedSet, root *object, message string) {
	o = t.current(o)
	if o.id == root.id && o.model == root.model {
		t.message = message
	}
	t.record(actionDelete, o, nil)
	t.message = ""
	if o.model.removing != nil {
		o.model.removing(t, o)
	}
	for _, r := range t.schema.referring[o.model.label] {
		if r.field.kind == kindForeign && r.field.onDelete != setNull {
			continue
		}
		for _, other := range t.find(r.model.label, r.field.name, o.id) {
			switch {
			case r.field.kind == kindMany:
				t.relink(other, other.with(r.field.name, without(other.ids(r.field.name), o.id)))
			case r.field.exclusive || doomed.gone(other):
				t.replace(other, other.with(r.field.name, nil))
			default:
				t.update(other, other.with(r.field.name, nil))
			}
		}
	}
}

// gone reports whether an object, in whatever state, is in the set.
func (d *doomedSet) gone(o *object) bool {
	for _, other := range d.order {
		if other.id == o.id && other.model == o.model {
			return true
		}
	}
	return false
}
