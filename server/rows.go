package server

import (
	stdsync "sync"
)

// rows holds the endpoint rows that were pushed. It is safe for concurrent use.
type rows struct {
	mu        stdsync.Mutex
	endpoints Endpoints
}

// snapshot returns the rows as they are. Later changes do not show in it.
func (r *rows) snapshot() Endpoints {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.endpoints
}
