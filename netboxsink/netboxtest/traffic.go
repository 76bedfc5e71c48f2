package netboxtest

import (
	"net/http"
	"net/url"
	"slices"
	stdsync "sync"
	"time"
)

// Request is one request that the server received.
type Request struct {
	Time   time.Time
	Method string
	Path   string
	Query  url.Values
	Status int    // as sent; 0 if the connection was cut instead
	Body   []byte // as received
	Items  int    // objects read or written
}

// traffic is the request log and the faults waiting to happen.
type traffic struct {
	mu       stdsync.Mutex
	limit    int
	requests []Request
	faults   []*armedFault
}

func (t *traffic) log(r *http.Request, at time.Time, status int, body []byte, items int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.requests) >= 2*t.limit {
		t.requests = slices.Delete(t.requests, 0, len(t.requests)-t.limit)
	}
	t.requests = append(t.requests, Request{
		Time: at, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Status: status, Body: body, Items: items,
	})
}

// Requests returns the requests answered since the start or the last
// [Server.ResetRequests], in the order of their answers: the newest, up to the
// limit of the options.
func (s *Server) Requests() []Request {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	kept := s.traffic.requests
	return slices.Clone(kept[max(0, len(kept)-s.traffic.limit):])
}

// ResetRequests empties the request log.
func (s *Server) ResetRequests() {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	s.traffic.requests = nil
}
