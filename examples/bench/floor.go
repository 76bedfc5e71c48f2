package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// floor is a bare loader, the least that the same rows can cost over the REST API: it knows them all beforehand, and
// decides nothing. It writes list after list, all of one before the next, a MAC and a primary pointer with requests of
// their own.
type floor struct {
	client *http.Client
	netbox end
	meter  meter
	cpu    cpuTime
	ids    map[ref]int64 // here, of what the rows call by another id
	rows   int           // written
}

// newFloor returns one that writes to a NetBox.
func newFloor(netbox end, cpu cpuTime) *floor {
	f := &floor{netbox: netbox, cpu: cpu, ids: map[ref]int64{}}
	f.client = &http.Client{Transport: f.meter.wrap(newTransport())}
	return f
}

// run measures what f does.
func (f *floor) run(ctx context.Context, name string, do func(context.Context) error) (measure, error) {
	f.meter.reset()
	f.rows = 0
	m, err := costs(ctx, f.cpu, "floor", name, do)
	m.NetBox, m.Written = f.meter.traffic(), f.rows
	if err != nil {
		err = fmt.Errorf("the floor: %w", err)
	}
	return m, err
}

// load writes all rows into an empty NetBox.
func (f *floor) load(ctx context.Context, s snapshot) error { return f.change(ctx, nil, s) }

// read reads the pages of all rows, as many at once as proxbox does. The ids are known: no page waits for the one before.
// The fields are those that proxbox reads, by list, and of what it reads with something else all that a row has.
func (f *floor) read(ctx context.Context, s snapshot, fields map[string]string) error {
	all := maps.Clone(fields)
	for _, t := range tables() {
		if all[t.path] == "" {
			all[t.path] = t.fields()
		}
	}
	return f.readLists(ctx, s, all)
}

// readLists reads the pages of the rows of those lists whose fields are given.
func (f *floor) readLists(ctx context.Context, s snapshot, fields map[string]string) error {
	var pages []func() error
	for _, t := range tables() {
		if fields[t.path] == "" {
			continue
		}
		ids := make([]int64, len(s[t.path]))
		for i, r := range s[t.path] {
			ids[i] = f.here(ref{t.path, r.id})
		}
		slices.Sort(ids)
		for from := 0; from < len(ids); from += pageSize {
			last := int64(0)
			if from > 0 {
				last = ids[from-1]
			}
			pages = append(pages, func() error {
				_, err := f.get(ctx, t.path, pageAfter(last, fields[t.path]))
				return err
			})
		}
	}
	if len(pages) > 1 {
		second := pages[1]
		pages[1] = func() error { time.Sleep(headStart); return second() }
	}
	return atOnce(readers, pages)
}

// here returns the id of what a row calls by another; the same where the rows were read here.
func (f *floor) here(r ref) int64 {
	if id, ok := f.ids[r]; ok {
		return id
	}
	return r.id
}

// change makes of what was what is to be, one after the other: what lets go of something, what is deleted, changed and
// created, and late what refers to that.
func (f *floor) change(ctx context.Context, was, is snapshot) error {
	all := tables()
	for _, t := range all {
		if err := f.patch(ctx, t, letGo(t, was, is)); err != nil {
			return err
		}
	}
	for i := range all {
		t := all[len(all)-1-i]
		if err := f.remove(ctx, t, was, is); err != nil {
			return err
		}
	}
	late := map[string][]row{}
	for _, t := range all {
		created, changed := compare(t, was, is)
		var updates, creates []row
		for _, r := range changed {
			now, then := r.split(t.late)
			updates, late[t.path] = append(updates, now), append(late[t.path], then)
		}
		for _, r := range created {
			now, then := r.split(t.late)
			creates, late[t.path] = append(creates, now), append(late[t.path], then)
		}
		if err := f.patch(ctx, t, updates); err != nil {
			return err
		}
		if err := f.create(ctx, t, creates); err != nil {
			return err
		}
	}
	for _, t := range all {
		if err := f.patch(ctx, t, late[t.path]); err != nil {
			return err
		}
	}
	return nil
}

// compare returns the rows that are new, and of those that differ what differs.
func compare(t table, was, is snapshot) (created, changed []row) {
	for _, r := range is[t.path] {
		old, found := was.find(t.path, r.id)
		if !found {
			created = append(created, r)
		} else if d := r.difference(old); !d.empty() {
			changed = append(changed, d)
		}
	}
	return created, changed
}

// letGo returns what refers late to a row that goes, or goes elsewhere: NetBox refuses to move a primary address.
func letGo(t table, was, is snapshot) []row {
	var out []row
	for _, old := range was[t.path] {
		r, found := is.find(t.path, old.id)
		if !found {
			continue
		}
		free := row{id: old.id, refs: map[string]ref{}}
		for _, name := range t.late {
			target, had := old.refs[name]
			if !had || r.refs[name] == target {
				continue
			}
			before, _ := was.find(target.path, target.id)
			after, stays := is.find(target.path, target.id)
			if !stays || before.refs["assigned_object_id"] != after.refs["assigned_object_id"] {
				free.refs[name] = ref{}
			}
		}
		out = append(out, free)
	}
	return out
}
