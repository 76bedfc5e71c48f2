package netboxtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// itemErrors gathers the failures of a bulk request in the form of 4.7.
type itemErrors struct {
	body   []byte
	count  int
	status int
}

func (e *itemErrors) add(key string, id, status int, errs json.RawMessage) {
	if e.count > 0 {
		e.body = append(e.body, ',')
	}
	e.body = fmt.Appendf(e.body, `{"%s":%d,"errors":%s}`, key, id, errs)
	e.count++
	// 403 outranks 409, which outranks 400.
	rank := map[int]int{http.StatusForbidden: 3, http.StatusConflict: 2, http.StatusBadRequest: 1}
	if rank[status] > rank[e.status] {
		e.status = status
	}
}

func (e *itemErrors) response(total int, what string) *response {
	b := appendString([]byte(`{"detail":`), fmt.Sprintf("%d of %d objects %s.", e.count, total, what))
	b = append(append(append(b, `,"errors":[`...), e.body...), `]}`...)
	return &response{status: e.status, body: b}
}

// addFailure files one item's error, or returns it if NetBox lets it fail the
// whole request at once.
func (e *itemErrors) addFailure(key string, id int, err error, validating bool) error {
	var refused *invalid
	var unwilling *aborted
	var conflict *guarded
	switch {
	case errors.As(err, &refused) && validating:
		e.add(key, id, http.StatusBadRequest, refused.json())
	case errors.As(err, &unwilling):
		e.add(key, id, http.StatusBadRequest, refuse(allKey, unwilling.detail).json())
	case errors.As(err, &conflict):
		e.add(key, id, http.StatusConflict, refusef(allKey,
			"Unable to delete: %d dependent object(s) prevent deletion.", len(conflict.dependants)).json())
	default:
		return err
	}
	return nil
}

func notDictionary(item json.RawMessage) json.RawMessage {
	return refusef(allKey, "Invalid data. Expected a dictionary, but got %s.", pythonType(item)).json()
}

func (c *call) createAll(items []json.RawMessage) (*response, error) {
	if c.release().itemwiseBulk {
		return c.createItemwise(items)
	}
	if c.model.label == "dcim.device" {
		return c.createInSequence(items)
	}
	return c.createAtOnce(items)
}

// createItemwise is 4.7: each item is validated and saved in turn, all errors
// are told, and any error undoes all.
func (c *call) createItemwise(items []json.RawMessage) (*response, error) {
	t, failed := c.begin(), &itemErrors{}
	var made []*object
	for i, item := range items {
		if firstByte(item) != '{' {
			failed.add("index", i, http.StatusBadRequest, notDictionary(item))
			continue
		}
		d, err := t.draft(c.model, nil, members(item), false, c.chosen())
		validating := err != nil
		if err == nil {
			mark := t.save()
			var o *object
			if o, err = d.save(); err == nil {
				made = append(made, o)
				continue
			}
			t.rollback(mark)
		}
		if err := failed.addFailure("index", i, err, validating); err != nil {
			t.rollback(savepoint{})
			return nil, err
		}
	}
	if failed.count > 0 {
		t.rollback(savepoint{})
		return failed.response(len(items), "could not be created"), nil
	}
	return c.finish(t, http.StatusCreated, made), nil
}

// createAtOnce is NetBox until 4.6: the whole list is validated before anything
// is saved, and errors are a list that is aligned with the request.
func (c *call) createAtOnce(items []json.RawMessage) (*response, error) {
	t := c.begin()
	drafts := make([]*draft, len(items))
	problems, bad := []byte{'['}, false
	for i, item := range items {
		if i > 0 {
			problems = append(problems, ',')
		}
		if firstByte(item) != '{' {
			bad = true
			problems = append(problems, refusef(c.release().nonFieldKey(),
				"Invalid data. Expected a dictionary, but got %s.", pythonType(item)).json()...)
			continue
		}
		d, err := t.draft(c.model, nil, members(item), false, c.chosen())
		var refused *invalid
		switch {
		case err == nil:
			drafts[i] = d
			problems = append(problems, "{}"...)
		case errors.As(err, &refused):
			bad = true
			problems = append(problems, refused.json()...)
		default:
			return nil, err
		}
	}
	if bad {
		return &response{status: http.StatusBadRequest, body: append(problems, ']')}, nil
	}
	made := make([]*object, 0, len(drafts))
	for _, d := range drafts {
		o, err := d.save()
		if err != nil {
			t.rollback(savepoint{})
			return nil, err
		}
		made = append(made, o)
	}
	return c.finish(t, http.StatusCreated, made), nil
}

// createInSequence is how releases until 4.6 create devices: item by item, the
// first error alone.
func (c *call) createInSequence(items []json.RawMessage) (*response, error) {
	t := c.begin()
	var made []*object
	for _, item := range items {
		d, err := t.draft(c.model, nil, members(item), false, c.chosen())
		if err == nil {
			var o *object
			if o, err = d.save(); err == nil {
				made = append(made, o)
				continue
			}
		}
		t.rollback(savepoint{})
		return nil, err
	}
	return c.finish(t, http.StatusCreated, made), nil
}

// finish commits and renders the newest state of what was written.
func (c *call) finish(t *transaction, status int, written []*object) *response {
	for i, o := range written {
		written[i] = t.current(o)
	}
	t.commit()
	return c.showAll(status, written)
}

// entry is one item of a bulk update or delete, matched to its object.
type entry struct {
	id   int
	item json.RawMessage
}

// entries reads the items of a bulk update or delete. It answers itself when
// the request cannot be matched to objects.
func (c *call) entries() ([]entry, *response) {
	items, ok := bodyList(c.body)
	if !ok {
		return nil, c.notAList()
	}
	failed := &itemErrors{}
	entries := make([]entry, 0, len(items))
	for i, item := range items {
		id, problem := entryID(item)
		if problem == nil {
			entries = append(entries, entry{id, item})
			continue
		}
		failed.add("index", i, http.StatusBadRequest, problem.json())
	}
	if failed.count == 0 {
		return c.known(entries, len(items))
	}
	if c.release().itemwiseBulk {
		return nil, failed.response(len(items), "failed validation")
	}
	return nil, alignedEntryErrors(items)
}

func alignedEntryErrors(items []json.RawMessage) *response {
	b := []byte{'['}
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		if _, problem := entryID(item); problem != nil {
			b = append(b, problem.json()...)
			continue
		}
		b = append(b, "{}"...)
	}
	return &response{status: http.StatusBadRequest, body: append(b, ']')}
}

func entryID(item json.RawMessage) (int, *invalid) {
	if firstByte(item) != '{' {
		return 0, refusef(allKey, "Invalid data. Expected a dictionary, but got %s.", pythonType(item))
	}
	for _, p := range members(item) {
		if p.key != "id" {
			continue
		}
		v, problem := parseInteger(&field{name: "id"}, p.value)
		if problem != nil {
			return 0, problem
		}
		return v.(int), nil
	}
	return 0, refuse("id", "This field is required.")
}

func (c *call) notAList() *response {
	kind := pythonType(c.body)
	if empty := bytes.TrimSpace(c.body); len(empty) == 0 || string(empty) == "{}" || string(empty) == "null" || string(empty) == `""` {
		if c.release().itemwiseBulk {
			return detail(http.StatusBadRequest, "Expected a list of objects, but no data was submitted.")
		}
		kind = "dict"
	}
	if c.release().itemwiseBulk {
		return detail(http.StatusBadRequest, "Expected a list of objects, but got "+kind+".")
	}
	return &response{
		status: http.StatusBadRequest,
		body:   refusef(c.release().nonFieldKey(), "Expected a list of items but got type %q.", kind).json(),
	}
}

// known refuses repeated and unknown ids in 4.7; older releases let the last of
// the repeated win and drop the unknown in silence.
func (c *call) known(entries []entry, total int) ([]entry, *response) {
	if !c.release().itemwiseBulk {
		return c.lastOfEach(entries), nil
	}
	times := map[int]int{}
	for _, e := range entries {
		times[e.id]++
	}
	repeated, missing := &itemErrors{}, &itemErrors{}
	told := map[int]bool{}
	for _, e := range entries {
		if told[e.id] {
			continue
		}
		told[e.id] = true
		if n := times[e.id]; n > 1 {
			repeated.add("id", e.id, http.StatusBadRequest,
				refusef("id", "Each object may be specified only once; ID %d is listed %d times", e.id, n).json())
		}
		if c.store.get(c.model.label, e.id) == nil {
			missing.add("id", e.id, http.StatusBadRequest, refusef("id", "Object with ID %d does not exist", e.id).json())
		}
	}
	switch {
	case repeated.count > 0:
		return nil, repeated.response(total, "are listed more than once")
	case missing.count > 0:
		return nil, missing.response(total, "could not be found")
	}
	return entries, nil
}

func (c *call) lastOfEach(entries []entry) []entry {
	var kept []entry
	for i, e := range entries {
		last := !slices.ContainsFunc(entries[i+1:], func(later entry) bool { return later.id == e.id })
		// A string does not match the id's key before 4.7, so that the item
		// has no effect.
		quoted := slices.ContainsFunc(members(e.item), func(p pair) bool { return p.key == "id" && firstByte(p.value) == '"' })
		if last && !quoted && c.store.get(c.model.label, e.id) != nil {
			kept = append(kept, e)
		}
	}
	return kept
}

// inModelOrder sorts entries as NetBox processes them: by the model's ordering.
func (c *call) inModelOrder(entries []entry) []*object {
	objects := make([]*object, len(entries))
	for i, e := range entries {
		objects[i] = c.store.get(c.model.label, e.id)
	}
	sortObjects(c.store, objects, c.model.ordering)
	return objects
}

func (c *call) updateAll(partial bool) (*response, error) {
	entries, answer := c.entries()
	if answer != nil {
		return answer, nil
	}
	items := map[int]json.RawMessage{}
	for _, e := range entries {
		items[e.id] = e.item
	}
	t, failed := c.begin(), &itemErrors{}
	objects := c.inModelOrder(entries)
	for _, o := range objects {
		if err := c.checkMatch(o); err != nil {
			t.rollback(savepoint{})
			return nil, err
		}
		d, err := t.draft(c.model, t.current(o), members(items[o.id]), partial, c.chosen())
		validating := err != nil
		mark := t.save()
		if err == nil {
			_, err = d.save()
		}
		if err == nil {
			continue
		}
		t.rollback(mark)
		if c.release().itemwiseBulk {
			err = failed.addFailure("id", o.id, err, validating)
		}
		if err != nil {
			t.rollback(savepoint{})
			return nil, err
		}
	}
	if failed.count > 0 {
		t.rollback(savepoint{})
		return failed.response(len(objects), "could not be updated"), nil
	}
	for i, o := range objects {
		objects[i] = t.current(o)
	}
	sortObjects(c.store, objects, c.model.ordering)
	return c.finish(t, http.StatusOK, objects), nil
}

func (c *call) deleteAll() (*response, error) {
	entries, answer := c.entries()
	if answer != nil {
		return answer, nil
	}
	messages := map[int]string{}
	for _, e := range entries {
		messages[e.id] = c.messageOf(e.item)
	}
	t, failed := c.begin(), &itemErrors{}
	objects := c.inModelOrder(entries)
	for _, o := range objects {
		now := t.current(o)
		if now == nil {
			continue
		}
		if err := c.checkMatch(now); err != nil {
			t.rollback(savepoint{})
			return nil, err
		}
		mark := t.save()
		err := t.remove(now, messages[o.id])
		if err == nil {
			continue
		}
		t.rollback(mark)
		if c.release().itemwiseBulk {
			err = failed.addFailure("id", o.id, err, true)
		}
		if err != nil {
			t.rollback(savepoint{})
			return nil, err
		}
	}
	if failed.count > 0 {
		t.rollback(savepoint{})
		return failed.response(len(objects), "could not be deleted"), nil
	}
	t.commit()
	return &response{status: http.StatusNoContent, items: len(objects)}, nil
}
