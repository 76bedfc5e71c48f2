package netboxtest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	actionCreate = "create"
	actionUpdate = "update"
	actionDelete = "delete"
)

// change is one row of the change log.
type change struct {
	id            int
	at            time.Time
	action        string
	model         *model
	object        int
	repr          string
	before, after *object
	requestID     string
	user          string
	message       string
}

// Change is one row of the change log, as /api/core/object-changes/ serves it.
type Change struct {
	ID        int
	Time      time.Time
	Action    string // "create", "update" or "delete"
	Type      string // of the object: "virtualization.virtualmachine"
	Object    int    // id of the object
	Name      string // how the object displayed then
	RequestID string
	User      string
	Message   string
	// Before and After are the object's raw values, null where it did not exist.
	Before, After json.RawMessage
}

// Changes returns the change log, oldest row first.
func (s *Server) Changes() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make([]Change, len(s.store.log))
	for i, c := range s.store.log {
		rows[i] = Change{
			ID: c.id, Time: c.at, Action: c.action, Type: c.model.label, Object: c.object, Name: c.repr,
			RequestID: c.requestID, User: c.user, Message: c.message,
			Before: s.store.rawData(c.before), After: s.store.rawData(c.after),
		}
	}
	return rows
}

// rawData renders an object's values as the change log keeps them: references
// as ids, tags as names, choices and custom fields as stored.
func (s *store) rawData(o *object) json.RawMessage {
	w := &writer{store: s}
	w.data(o)
	return w.buffer
}

func (w *writer) data(o *object) {
	if o == nil {
		w.raw("null")
		return
	}
	w.raw("{")
	first := true
	for _, f := range o.model.fields {
		if !f.stored() {
			continue
		}
		if !first {
			w.raw(",")
		}
		first = false
		w.text(f.name)
		w.raw(":")
		w.datum(o, f)
	}
	w.raw("}")
}

func (w *writer) datum(o *object, f *field) {
	switch value := o.values[f.name]; {
	case f.kind == kindTags:
		names := []string{}
		for _, tag := range w.store.all("extras.tag", o.ids(tags)) {
			names = append(names, tag.text("name"))
		}
		slices.Sort(names)
		w.value(names)
	case f.kind == kindCustomFields:
		w.customData(o.custom())
	case f.kind == kindDecimal && value != nil:
		w.text(strconv.FormatFloat(value.(float64), 'f', f.places, 64))
	case f.kind == kindText && value == nil && !f.null:
		w.text("")
	default:
		w.value(value)
	}
}

func (w *writer) customData(data map[string]json.RawMessage) {
	w.raw("{")
	separated(w, slices.Sorted(maps.Keys(data)), func(name string) {
		w.text(name)
		w.raw(":")
		w.raw(string(data[name]))
	})
	w.raw("}")
}

// change renders one row as the REST API does.
func (w *writer) change(c *change) {
	done := titled(c.action) + "d"
	id := strconv.Itoa(c.id)
	w.raw(`{"id":` + id + `,"url":`)
	w.text(w.base + "/api/core/object-changes/" + id + "/")
	w.raw(`,"display_url":`)
	w.text(w.base + "/core/changelog/" + id + "/")
	w.raw(`,"display":`)
	w.text(c.model.app + " | " + c.model.verbose + " " + c.repr + " " + strings.ToLower(done) + " by " + c.user)
	w.raw(`,"time":`)
	w.text(stamp(c.at))
	w.raw(`,"user":{"id":1,"url":`)
	w.text(w.base + "/api/users/users/1/")
	w.raw(`,"display":`)
	w.text(c.user)
	w.raw(`,"username":`)
	w.text(c.user)
	w.raw(`},"user_name":`)
	w.text(c.user)
	w.raw(`,"request_id":`)
	w.text(c.requestID)
	w.raw(`,"action":`)
	w.labelled(c.action, done)
	w.raw(`,"changed_object_type":`)
	w.text(c.model.label)
	w.raw(`,"changed_object_id":`)
	w.integer(c.object)
	w.raw(`,"changed_object":`)
	w.brief(w.store.get(c.model.label, c.object), nil)
	w.raw(`,"object_repr":`)
	w.text(c.repr)
	if w.store.release.changelogMessage {
		w.raw(`,"message":`)
		w.text(c.message)
	}
	w.raw(`,"prechange_data":`)
	w.changeData(c.before)
	w.raw(`,"postchange_data":`)
	w.changeData(c.after)
	w.raw("}")
}

func (w *writer) changeData(o *object) {
	if o == nil {
		w.raw("{}")
		return
	}
	w.data(o)
}
