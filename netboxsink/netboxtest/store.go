package netboxtest

import (
	"maps"
	"slices"
	"time"
)

// store holds every table and the change log. The Server's lock guards it.
type store struct {
	release *release
	schema  *schema
	tables  map[string]*table // by model label
	log     []*change
	last    time.Time // the newest time handed out
}

// table holds the rows of one model and its indexes.
type table struct {
	model   *model
	next    int
	rows    map[int]*object
	ids     []int // ascending
	indexes map[string]index
}

// index maps a key to the ids of the rows that have it.
type index map[any]map[int]struct{}

func newStore(r *release) *store {
	s := &store{release: r, schema: newSchema(r), tables: map[string]*table{}}
	for _, m := range s.schema.models {
		t := &table{model: m, next: 1, rows: map[int]*object{}, indexes: map[string]index{}}
		for _, k := range m.keys {
			t.indexes[k.name] = index{}
		}
		s.tables[m.label] = t
	}
	return s
}

// now returns the time in NetBox's resolution, never the same twice, so that a
// write always moves last_updated.
func (s *store) now() time.Time {
	t := time.Now().UTC().Truncate(time.Microsecond)
	if !t.After(s.last) {
		t = s.last.Add(time.Microsecond)
	}
	s.last = t
	return t
}

// get returns the object with that id, or nil.
func (s *store) get(label string, id int) *object {
	if t := s.tables[label]; t != nil {
		return t.rows[id]
	}
	return nil
}

// all returns the objects with those ids, in their order; an id without an object is passed over.
func (s *store) all(label string, ids []int) []*object {
	found := make([]*object, 0, len(ids))
	for _, id := range ids {
		if o := s.get(label, id); o != nil {
			found = append(found, o)
		}
	}
	return found
}

// follow returns the object that a reference of o names, or nil.
func (s *store) follow(o *object, name string) *object {
	f := o.model.field(name)
	if f == nil || o.ref(name) == 0 {
		return nil
	}
	return s.get(f.target, o.ref(name))
}

// find returns the objects under one key of an index, by ascending id.
func (s *store) find(label, index string, key any) []*object {
	t := s.tables[label]
	if t == nil {
		return nil
	}
	set := t.indexes[index][key]
	if len(set) == 0 {
		return nil
	}
	return s.all(label, slices.Sorted(maps.Keys(set)))
}

// count returns how many objects are under one key of an index.
func (s *store) count(label, index string, key any) int {
	if t := s.tables[label]; t != nil {
		return len(t.indexes[index][key])
	}
	return 0
}

// put replaces before by after in one table; either may be nil.
func (t *table) put(before, after *object) {
	for _, k := range t.model.keys {
		entries := t.indexes[k.name]
		if before != nil {
			for _, key := range k.of(before) {
				delete(entries[key], before.id)
				if len(entries[key]) == 0 {
					delete(entries, key)
				}
			}
		}
		if after != nil {
			for _, key := range k.of(after) {
				if entries[key] == nil {
					entries[key] = map[int]struct{}{}
				}
				entries[key][after.id] = struct{}{}
			}
		}
	}
	switch {
	case after == nil:
		delete(t.rows, before.id)
		if at, ok := slices.BinarySearch(t.ids, before.id); ok {
			t.ids = slices.Delete(t.ids, at, at+1)
		}
	case before == nil:
		t.rows[after.id] = after
		at, _ := slices.BinarySearch(t.ids, after.id)
		t.ids = slices.Insert(t.ids, at, after.id)
	default:
		t.rows[after.id] = after
	}
}
