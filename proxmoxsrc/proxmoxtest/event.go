package proxmoxtest

import stdsync "sync"

// event is a change of the estate that waits for its request.
type event struct {
	pattern pattern
	left    int
	change  func(*Estate)
}

type events struct {
	mu      stdsync.Mutex
	pending []*event
}

// After calls change once, when the n-th request that the pattern selects (see
// [Fault.Pattern]; "" selects all) has been handled and before its answer is
// sent: that answer shows the old estate, the client's next request meets the
// new one. n counts from the call of After; below 1 it means 1.
//
// Change may use [Server.Inject], [Server.SetCredentials] and
// [Server.ExpireTickets]; other methods of the server that see the estate would
// wait for ever.
func (s *Server) After(pattern string, n int, change func(*Estate)) {
	s.events.mu.Lock()
	defer s.events.mu.Unlock()
	s.events.pending = append(s.events.pending, &event{pattern: parsePattern(pattern), left: max(n, 1), change: change})
}

// due takes the events out whose request this is.
func (e *events) due(method, path string) []func(*Estate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var due []func(*Estate)
	rest := e.pending[:0]
	for _, event := range e.pending {
		if event.pattern.matches(method, path) {
			event.left--
		}
		if event.left == 0 {
			due = append(due, event.change)
			continue
		}
		rest = append(rest, event)
	}
	clear(e.pending[len(rest):])
	e.pending = rest
	return due
}
