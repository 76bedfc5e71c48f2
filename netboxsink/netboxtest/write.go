package netboxtest

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// single returns the members of a body that is one object.
func (c *call) single() ([]pair, error) {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return nil, nil
	}
	if firstByte(c.body) == '[' && c.request.Method != http.MethodPost {
		return nil, &crashed{"Serializers with many=True do not support multiple update by default, only multiple create. " +
			"For updates it is unclear how to deal with insertions and deletions. If you need to support multiple update, " +
			"use a `ListSerializer` class and override `.update()` so you can specify the behavior exactly.", "NotImplementedError"}
	}
	if firstByte(c.body) != '{' {
		return nil, refusef(c.release().nonFieldKey(), "Invalid data. Expected a dictionary, but got %s.", pythonType(c.body))
	}
	return members(c.body), nil
}

func (c *call) createOne() (*response, error) {
	body, err := c.single()
	if err != nil {
		return nil, err
	}
	t := c.begin()
	d, err := t.draft(c.model, nil, body, false, c.chosen())
	if err != nil {
		return nil, err
	}
	o, err := d.save()
	if err != nil {
		t.rollback(savepoint{})
		return nil, err
	}
	t.commit()
	return c.show(http.StatusCreated, o), nil
}

func (c *call) updateOne(o *object, partial bool) (*response, error) {
	body, err := c.single()
	if err != nil {
		return nil, err
	}
	t := c.begin()
	d, err := t.draft(c.model, o, body, partial, c.chosen())
	if err != nil {
		return nil, err
	}
	o, err = d.save()
	if err != nil {
		t.rollback(savepoint{})
		return nil, err
	}
	t.commit()
	return c.show(http.StatusOK, o), nil
}

func (c *call) deleteOne(o *object) (*response, error) {
	t := c.begin()
	if err := t.remove(o, c.messageOf(c.body)); err != nil {
		t.rollback(savepoint{})
		return nil, err
	}
	t.commit()
	return &response{status: http.StatusNoContent, items: 1}, nil
}

// messageOf returns the changelog_message of an item.
func (c *call) messageOf(item json.RawMessage) string {
	if !c.release().changelogMessage {
		return ""
	}
	for _, p := range members(item) {
		if p.key == "changelog_message" {
			message, _ := str(p.value)
			return message
		}
	}
	return ""
}
