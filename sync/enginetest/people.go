package enginetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Object is one object of a [Sink], as people see it.
type Object struct {
	ID     string
	Fields map[string]sync.Value // without references
	Refs   map[string]string     // by field, the id of what is referred to
}

// Objects returns the objects of a kind in the order in which they were made.
func (s *Sink) Objects(kind sync.Kind) []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Object
	for _, o := range s.sorted() {
		if o.kind == kind {
			c := o.clone()
			found = append(found, Object{ID: c.id, Fields: c.fields, Refs: c.refs})
		}
	}
	return found
}

// Object returns the first object of a kind that people call by the label, and whether there is one.
func (s *Sink) Object(kind sync.Kind, label string) (Object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.sorted() {
		if o.kind == kind && o.label() == label {
			c := o.clone()
			return Object{ID: c.id, Fields: c.fields, Refs: c.refs}, true
		}
	}
	return Object{}, false
}

// Add makes an object as a person would, and returns its id. It obeys the sink's constraints, but counts for no write.
func (s *Sink) Add(kind sync.Kind, fields map[string]sync.Value, refs map[string]string) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.create(kind, byHand("", fields, refs))
}

// Edit changes an object as a person would; the empty id clears a reference.
func (s *Sink) Edit(id string, fields map[string]sync.Value, refs map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[id]
	if o == nil {
		return fmt.Errorf("there is no object %s", id)
	}
	return s.update(o.kind, byHand(id, fields, refs))
}

// Remove deletes an object as a person would.
func (s *Sink) Remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[id]
	if o == nil {
		return fmt.Errorf("there is no object %s", id)
	}
	return s.remove(o.kind, sync.Item{ID: id})
}

func byHand(id string, fields map[string]sync.Value, refs map[string]string) sync.Item {
	item := sync.Item{ID: id, Fields: fields, Refs: map[string][]string{}}
	for name, target := range refs {
		item.Refs[name] = nil
		if target != "" {
			item.Refs[name] = []string{target}
		}
	}
	return item
}

// Text tells all that the sink holds, one object in a line, in the order of the lines and without ids: two sinks with
// equal texts hold the same.
func (s *Sink) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, o := range s.objects {
		var line strings.Builder
		line.WriteString(s.path(o) + ":")
		for _, name := range slices.Sorted(maps.Keys(o.fields)) {
			if v := o.fields[name]; !v.IsNull() {
				line.WriteString(" " + name + "=" + v.JSON())
			}
		}
		for _, name := range slices.Sorted(maps.Keys(o.refs)) {
			line.WriteString(" " + name + "→" + s.path(s.objects[o.refs[name]]))
		}
		lines = append(lines, line.String()+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// path names an object by its kind and the labels of what it hangs on and its own.
func (s *Sink) path(o *object) string {
	labels := []string{o.label()}
	for at := o; at != nil; {
		at = s.objects[at.refs["port"]+at.refs["guest"]+at.refs["group"]]
		if at != nil {
			labels = append(labels, at.label())
		}
	}
	slices.Reverse(labels)
	return string(o.kind) + " " + strings.Join(labels, "/")
}
