package netboxtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The methods below act as a person in NetBox's web interface does: validated
// and logged as the API's writes are, but not seen in the request log.

// Create adds an object and returns its id. The path is the model's, such as
// "virtualization/clusters"; the fields are anything that encodes as the JSON
// object that a POST would carry, or that JSON itself as a string.
func (s *Server) Create(path string, fields any) (int, error) {
	var id int
	err := s.act(path, fields, func(t *transaction, m *model, body []pair) error {
		d, err := t.draft(m, nil, body, false, nil)
		if err != nil {
			return err
		}
		o, err := d.save()
		if err == nil {
			id = o.id
		}
		return err
	})
	return id, err
}

// Edit changes the given fields of an object.
func (s *Server) Edit(path string, id int, fields any) error {
	return s.act(path, fields, func(t *transaction, m *model, body []pair) error {
		o := t.get(m.label, id)
		if o == nil {
			return fmt.Errorf("no %s matches id %d", m.class, id)
		}
		d, err := t.draft(m, o, body, true, nil)
		if err != nil {
			return err
		}
		_, err = d.save()
		return err
	})
}

// Delete removes an object with everything that goes with it.
func (s *Server) Delete(path string, id int) error {
	return s.act(path, struct{}{}, func(t *transaction, m *model, _ []pair) error {
		o := t.get(m.label, id)
		if o == nil {
			return fmt.Errorf("no %s matches id %d", m.class, id)
		}
		return t.remove(o, "")
	})
}

// Objects returns every object of a model as a detail GET shows it, by ascending
// id. Its URLs have no host.
func (s *Server) Objects(path string) ([]json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.modelAt(path)
	if err != nil {
		return nil, err
	}
	t := s.store.tables[m.label]
	found := make([]json.RawMessage, len(t.ids))
	for i, id := range t.ids {
		w := &writer{store: s.store}
		w.object(t.rows[id], nil)
		found[i] = w.buffer
	}
	return found, nil
}

func (s *Server) modelAt(path string) (*model, error) {
	m := s.schema().byPath[strings.Trim(strings.TrimPrefix(path, "/api/"), "/")]
	if m == nil {
		return nil, fmt.Errorf("netboxtest: NetBox %s has no object type at %q", s.release().full, path)
	}
	return m, nil
}

// act runs one write as a person, as one transaction.
func (s *Server) act(path string, fields any, write func(t *transaction, m *model, body []pair) error) error {
	body, err := encode(fields)
	if err != nil {
		return fmt.Errorf("netboxtest: %s: %w", path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.modelAt(path)
	if err != nil {
		return err
	}
	t := &transaction{store: s.store, requestID: randomUUID(), validate: s.validator}
	if err := write(t, m, members(body)); err != nil {
		t.rollback(savepoint{})
		return fmt.Errorf("netboxtest: %s: %w", path, err)
	}
	t.commit()
	return nil
}

func encode(fields any) (json.RawMessage, error) {
	if text, ok := fields.(string); ok {
		if !json.Valid([]byte(text)) {
			return nil, fmt.Errorf("not JSON: %s", text)
		}
		return json.RawMessage(text), nil
	}
	return json.Marshal(fields)
}
