package netboxsink

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// rejections tells which objects of a bulk write NetBox rejected, and why, by their place in the request and by id.
type rejections struct {
	byIndex map[int]json.RawMessage
	byID    map[string]json.RawMessage
}

// of returns the reason for one object.
func (r rejections) of(index int, id string, op sync.Op) (json.RawMessage, bool) {
	if reason, ok := r.byIndex[index]; ok {
		return reason, true
	}
	if op == sync.Create {
		return nil, false
	}
	reason, ok := r.byID[id]
	return reason, ok
}

// parseRejections reads the two forms in which NetBox tells them: from 4.7 {"detail", "errors": [{"index" or "id",
// "errors"}]}, before, for a POST, a list with an object for each of the request, empty for a good one. It tells
// whether the body is of one of these forms.
func parseRejections(body []byte) (rejections, bool) {
	r := rejections{byIndex: map[int]json.RawMessage{}, byID: map[string]json.RawMessage{}}
	var modern struct {
		Errors []struct {
			Index  *int            `json:"index"`
			ID     *json.Number    `json:"id"`
			Errors json.RawMessage `json:"errors"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &modern) == nil && len(modern.Errors) > 0 {
		for _, e := range modern.Errors {
			switch {
			case e.ID != nil:
				r.byID[e.ID.String()] = e.Errors
			case e.Index != nil:
				r.byIndex[*e.Index] = e.Errors
			}
		}
		return r, true
	}
	var aligned []json.RawMessage
	if json.Unmarshal(body, &aligned) != nil {
		return r, false
	}
	for i, e := range aligned {
		if text := strings.TrimSpace(string(e)); text != "{}" && text != "null" {
			r.byIndex[i] = e
		}
	}
	return r, len(r.byIndex) > 0
}

// isMissing tells whether an object was refused because it no longer exists.
func isMissing(status *StatusError, reason string) bool {
	return status.Code == http.StatusNotFound || strings.Contains(reason, "does not exist") && strings.Contains(reason, "Object with ID")
}
