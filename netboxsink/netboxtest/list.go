package netboxtest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bounds is the page that a list request asks for.
type bounds struct {
	limit, offset int
	start         int // of a cursor page, -1 for none
}

const defaultPageSize = 50

// bounds reads limit, offset and start. Text that is no number is ignored, a
// limit of 0 or over the maximum is clamped.
func (s *Server) bounds(q url.Values) (bounds, error) {
	b := bounds{limit: min(defaultPageSize, s.maxPage), start: -1}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n >= 0 {
		b.limit = n
		if n == 0 || n > s.maxPage {
			b.limit = s.maxPage
		}
	}
	if n, err := strconv.Atoi(q.Get("offset")); err == nil && n > 0 {
		b.offset = n
	}
	if !s.release().cursor || !q.Has("start") {
		return b, nil
	}
	refusal := func(text string) error {
		return &response{status: http.StatusBadRequest, body: append(appendString([]byte{'['}, text), ']')}
	}
	n, err := strconv.Atoi(q.Get("start"))
	switch {
	case q.Has("offset"):
		return b, refusal("'start' and 'offset' are mutually exclusive.")
	case q.Has("ordering"):
		return b, refusal("Ordering cannot be specified in conjunction with cursor-based pagination.")
	case err != nil || n < 0:
		return b, refusal("Invalid 'start' parameter: must be a non-negative integer.")
	}
	b.start = n
	return b, nil
}

// page serves the list of a model.
func (c *call) page() (*response, error) {
	q := c.request.URL.Query()
	b, err := c.bounds(q)
	if err != nil {
		return nil, err
	}
	found, err := c.filtered(q)
	if err != nil {
		return nil, err
	}
	e := envelope{request: c.request, bounds: b, count: len(found)}
	if b.start >= 0 {
		at, _ := slices.BinarySearchFunc(found, b.start, func(o *object, id int) int { return o.id - id })
		found = found[at:]
		if len(found) > b.limit {
			found = found[:b.limit]
		}
		if len(found) == b.limit && b.limit > 0 {
			e.nextStart = found[len(found)-1].id + 1
		}
	} else {
		if by := c.ordering(q); !slices.Equal(by, []string{"id"}) {
			sortObjects(c.store, found, by)
		}
		found = found[min(b.offset, len(found)):]
		found = found[:min(b.limit, len(found))]
	}
	w := c.writer()
	e.open(w)
	chosen := c.shown()
	separated(w, found, func(o *object) { w.object(o, chosen) })
	w.raw("]}")
	return &response{status: http.StatusOK, body: w.buffer, items: len(found)}, nil
}

// ordering is what ?ordering= asks for; an unknown field is ignored.
func (c *call) ordering(q url.Values) []string {
	var by []string
	for name := range strings.SplitSeq(q.Get("ordering"), ",") {
		bare := strings.TrimPrefix(name, "-")
		if bare == "id" || c.model.field(bare) != nil {
			by = append(by, name)
		}
	}
	if by == nil {
		return c.model.ordering
	}
	return by
}

// envelope is the frame around a page.
type envelope struct {
	request   *http.Request
	bounds    bounds
	count     int
	nextStart int // of a cursor page, 0 for none
}

// open writes everything before the first result.
func (e *envelope) open(w *writer) {
	if e.bounds.start >= 0 {
		w.raw(`{"count":null,"next":`)
		e.link(w, e.nextStart > 0, "start", e.nextStart)
		w.raw(`,"previous":null,"results":[`)
		return
	}
	w.raw(`{"count":`)
	w.integer(e.count)
	w.raw(`,"next":`)
	e.link(w, e.bounds.offset+e.bounds.limit < e.count, "offset", e.bounds.offset+e.bounds.limit)
	w.raw(`,"previous":`)
	e.link(w, e.bounds.offset > 0, "offset", e.bounds.offset-e.bounds.limit)
	w.raw(`,"results":[`)
}

func (e *envelope) link(w *writer, there bool, name string, value int) {
	if !there {
		w.raw("null")
		return
	}
	q := e.request.URL.Query()
	q.Set("limit", strconv.Itoa(e.bounds.limit))
	q.Set(name, strconv.Itoa(value))
	if value <= 0 {
		q.Del(name)
	}
	w.text(base(e.request) + e.request.URL.Path + "?" + q.Encode())
}

// changesPage serves the change log, newest row first.
func (s *Server) changesPage(r *http.Request, who *account, id string) (*response, error) {
	if !who.may(View, "core.objectchange") {
		return nil, &denied{deniedText}
	}
	w := &writer{store: s.store, base: base(r)}
	if id != "" {
		n, err := strconv.Atoi(id)
		if err != nil || n < 1 || n > len(s.store.log) {
			return detail(http.StatusNotFound, "No ObjectChange matches the given query."), nil
		}
		w.change(s.store.log[n-1])
		return &response{status: http.StatusOK, body: w.buffer, items: 1}, nil
	}
	q := r.URL.Query()
	b, err := s.bounds(q)
	if err != nil {
		return nil, err
	}
	rows := s.changesMatching(q)
	e := envelope{request: r, bounds: b, count: len(rows)}
	if b.start >= 0 {
		rows = slices.DeleteFunc(rows, func(c *change) bool { return c.id < b.start })
		if len(rows) >= b.limit {
			rows = rows[:b.limit]
			e.nextStart = rows[len(rows)-1].id + 1
		}
	} else {
		if by := q.Get("ordering"); by != "id" && by != "time" {
			slices.Reverse(rows)
		}
		rows = rows[min(b.offset, len(rows)):]
		rows = rows[:min(b.limit, len(rows))]
	}
	e.open(w)
	separated(w, rows, w.change)
	w.raw("]}")
	return &response{status: http.StatusOK, body: w.buffer, items: len(rows)}, nil
}

// changesMatching filters the change log, oldest row first.
func (s *Server) changesMatching(q url.Values) []*change {
	rows := slices.Clone(s.store.log)
	for name, values := range q {
		var matches func(c *change, v string) bool
		switch name {
		case "id", "id__gt", "id__gte", "id__lt", "id__lte":
			matches = func(c *change, v string) bool { return compareNumber(c.id, strings.TrimPrefix(name, "id"), v) }
		case "time_before":
			matches = func(c *change, v string) bool {
				t, err := time.Parse(time.RFC3339, v)
				return err != nil || !c.at.After(t)
			}
		case "time_after":
			matches = func(c *change, v string) bool {
				t, err := time.Parse(time.RFC3339, v)
				return err != nil || !c.at.Before(t)
			}
		case "request_id":
			matches = func(c *change, v string) bool { return c.requestID == v }
		case "action":
			matches = func(c *change, v string) bool { return c.action == v }
		case "changed_object_type":
			matches = func(c *change, v string) bool { return c.model.label == v }
		case "changed_object_id":
			matches = func(c *change, v string) bool { return strconv.Itoa(c.object) == v }
		case "user_name", "user":
			matches = func(c *change, v string) bool { return c.user == v }
		default:
			continue
		}
		rows = slices.DeleteFunc(rows, func(c *change) bool {
			return !slices.ContainsFunc(values, func(v string) bool { return v == "" || matches(c, v) })
		})
	}
	return rows
}

// compareDecimal applies a lookup such as "__gt" to a decimal.
func compareDecimal(n float64, lookup, value string) bool {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return false
	}
	switch lookup {
	case "":
		return n == v
	case "__n":
		return n != v
	case "__gt":
		return n > v
	case "__gte":
		return n >= v
	case "__lt":
		return n < v
	case "__lte":
		return n <= v
	}
	return false
}

// compareNumber applies a lookup such as "__gt" to a whole number.
func compareNumber(n int, lookup, value string) bool {
	return compareDecimal(float64(n), lookup, value)
}
