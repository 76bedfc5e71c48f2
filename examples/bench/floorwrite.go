package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// batchSize is how many objects a list holds that is written: the most that the engine sends at once.
const batchSize = 100

// create creates rows; those that refer to others of the same list follow these.
func (f *floor) create(ctx context.Context, t table, rows []row) error {
	waiting := map[ref]bool{}
	for _, r := range rows {
		waiting[ref{t.path, r.id}] = true
	}
	for len(rows) > 0 {
		var ready, rest []row
		for _, r := range rows {
			if r.refersTo(waiting) {
				rest = append(rest, r)
			} else {
				ready = append(ready, r)
			}
		}
		if len(ready) == 0 {
			return fmt.Errorf("%s: rows refer to each other in a circle", t.path)
		}
		if err := f.post(ctx, t, ready); err != nil {
			return err
		}
		for _, r := range ready {
			delete(waiting, ref{t.path, r.id})
		}
		rows = rest
	}
	return nil
}

func (r row) refersTo(some map[ref]bool) bool {
	for _, target := range r.refs {
		if some[target] {
			return true
		}
	}
	return false
}

// post creates rows in bulk, and notes their ids.
func (f *floor) post(ctx context.Context, t table, rows []row) error {
	lists := batches(t, rows)
	created := make([][]int64, len(lists))
	err := f.write(ctx, t, http.MethodPost, lists, func(i int, raw []byte) (err error) {
		created[i], err = createdIDs(t.path, raw, len(lists[i]))
		return err
	})
	if err != nil {
		return err
	}
	for i, list := range lists {
		for j, r := range list {
			f.ids[ref{t.path, r.id}] = created[i][j]
		}
	}
	return nil
}

// createdIDs returns the ids of the n objects that an answer to a POST tells, in the order in which they were sent.
func createdIDs(path string, raw []byte, n int) ([]int64, error) {
	var objects []struct{ ID int64 }
	if err := json.Unmarshal(raw, &objects); err != nil || len(objects) != n {
		return nil, fmt.Errorf("POST %s is answered by no list of what was created", path)
	}
	ids := make([]int64, n)
	for i, object := range objects {
		ids[i] = object.ID
	}
	return ids, nil
}

// patch changes rows in bulk; those in which nothing is set are left out.
func (f *floor) patch(ctx context.Context, t table, rows []row) error {
	rows = slices.DeleteFunc(rows, row.empty)
	return f.write(ctx, t, http.MethodPatch, batches(t, rows), nil)
}

// remove deletes what is no more.
func (f *floor) remove(ctx context.Context, t table, was, is snapshot) error {
	var gone []row
	for _, r := range was[t.path] {
		if _, stays := is.find(t.path, r.id); !stays {
			gone = append(gone, row{id: r.id, parent: r.parent})
		}
	}
	return f.write(ctx, t, http.MethodDelete, batches(t, gone), nil)
}

// write sends lists, several at once where the table lets it.
func (f *floor) write(ctx context.Context, t table, method string, lists [][]row, answered func(i int, raw []byte) error) error {
	limit := flight
	if t.serial {
		limit = 1
	}
	var requests []func() error
	for i, list := range lists {
		f.rows += len(list)
		requests = append(requests, func() error {
			bodies := make([]map[string]any, len(list))
			for j, r := range list {
				bodies[j] = f.body(t, method, r)
			}
			raw, err := f.send(ctx, method, t.path, bodies)
			if err == nil && answered != nil {
				err = answered(i, raw)
			}
			return err
		})
	}
	return atOnce(limit, requests)
}

// body returns what is sent for a row.
func (f *floor) body(t table, method string, r row) map[string]any {
	body := map[string]any{}
	for name, text := range r.values {
		body[name] = json.RawMessage(text)
	}
	for name, target := range r.refs {
		body[name] = nil
		if target != (ref{}) {
			body[name] = f.here(target)
		}
	}
	if len(r.custom) > 0 {
		custom := map[string]any{}
		for name, text := range r.custom {
			custom[name] = json.RawMessage(text)
		}
		body["custom_fields"] = custom
	}
	if method != http.MethodPost {
		body["id"] = f.here(ref{t.path, r.id})
	}
	return body
}

// batches cuts rows into lists. Children of one parent stay in one list: two requests at once that each hold some make
// NetBox count wrong.
func batches(t table, rows []row) [][]row {
	rows = slices.Clone(rows)
	if t.order != "" {
		slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.refs[t.order].id, b.refs[t.order].id) })
	}
	if t.parent == "" {
		return slices.Collect(slices.Chunk(rows, batchSize))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.parent, b.parent) })
	var lists [][]row
	var list []row
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].parent == rows[0].parent {
			n++
		}
		if len(list) > 0 && len(list)+n > batchSize {
			lists, list = append(lists, list), nil
		}
		list = append(list, rows[:n]...)
		rows = rows[n:]
	}
	if len(list) > 0 {
		lists = append(lists, list)
	}
	return lists
}
