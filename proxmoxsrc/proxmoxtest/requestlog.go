package proxmoxtest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	stdsync "sync"
	"time"
)

// Request is one request the server has answered.
type Request struct {
	// Number counts requests from 1 in the order of arrival.
	Number int
	// Time of arrival.
	Time   time.Time
	Method string
	// Path without the base path and query.
	Path string
	// Query is the raw query.
	Query string
	// Route is the path pattern of the call, such as
	// "/nodes/{node}/qemu/{vmid}/config"; "" when there is no such call.
	Route string
	// Status answered; 0 when the connection was cut or the client left.
	Status int
	// Reason is the text of the status line, "" unless the answer is an error.
	Reason string
	// Credential is the id of the user or token, "" when not logged in.
	Credential string
}

// requestLog keeps the newest requests and counts all.
type requestLog struct {
	mu         stdsync.Mutex
	limit      int
	number     int
	requests   []Request
	counts     map[string]int
	violations []Request
}

func (l *requestLog) next() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.number++
	return l.number
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	route := r.Route
	if route == "" {
		route = r.Path
	}
	l.counts[r.Method+" "+route]++
	if len(l.requests) >= 2*l.limit {
		l.requests = slices.Delete(l.requests, 0, len(l.requests)-l.limit)
	}
	l.requests = append(l.requests, r)
	if r.violates() {
		l.violations = append(l.violations, r)
	}
}

// violates reports whether a read-only client must not send such a request.
func (r *Request) violates() bool {
	return r.Method != http.MethodGet && !(r.Method == http.MethodPost && r.Path == "/access/ticket")
}

// Requests returns the newest requests, up to the limit of the options, in the
// order of arrival. A request appears when its answer is ready.
func (s *Server) Requests() []Request {
	l := &s.log
	l.mu.Lock()
	defer l.mu.Unlock()
	out := slices.Clone(l.requests)
	slices.SortFunc(out, func(a, b Request) int { return cmp.Compare(a.Number, b.Number) })
	return out[max(0, len(out)-l.limit):]
}

// Counts returns how many requests were answered by method and route, such as
// "GET /nodes/{node}/qemu/{vmid}/config". Requests for unknown calls count under
// their own path.
func (s *Server) Counts() map[string]int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return maps.Clone(s.log.counts)
}

// Violations returns the requests that would have changed something: any method
// but GET, except for the login. They were answered 501.
func (s *Server) Violations() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Clone(s.log.violations)
}

// ResetRequests forgets all requests, counts and violations.
func (s *Server) ResetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.requests = nil
	s.log.violations = nil
	s.log.number = 0
	clear(s.log.counts)
}
