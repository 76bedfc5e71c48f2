package netboxsink

import (
	"context"
	"slices"
	stdsync "sync"
)

// places are for requests under way at once. Who finds none free waits; the lowest rank is next, and among equal ones who
// came first.
type places struct {
	mu       stdsync.Mutex
	allowed  int // requests under way at once, for now
	underway int
	queue    []waiting // in the order in which they came
}

// waiting is one that waits for a place.
type waiting struct {
	rank  int
	given chan struct{}
}

// place takes a place, which leave gives back.
func (p *places) place(ctx context.Context, rank int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	if p.underway < p.allowed {
		p.underway++
		p.mu.Unlock()
		return nil
	}
	given := make(chan struct{})
	p.queue = append(p.queue, waiting{rank, given})
	p.mu.Unlock()
	select {
	case <-given:
		if ctx.Err() == nil {
			return nil
		}
	case <-ctx.Done():
	}
	p.mu.Lock()
	i := slices.IndexFunc(p.queue, func(w waiting) bool { return w.given == given })
	if i >= 0 {
		p.queue = slices.Delete(p.queue, i, i+1)
	}
	p.mu.Unlock()
	if i < 0 { // it was given just now
		p.leave()
	}
	return context.Cause(ctx)
}

// leave gives a place back, and as many as are allowed to those that wait.
func (p *places) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.underway--
	for p.underway < p.allowed && len(p.queue) > 0 {
		next := 0
		for i, w := range p.queue {
			if w.rank < p.queue[next].rank {
				next = i
			}
		}
		close(p.queue[next].given)
		p.queue = slices.Delete(p.queue, next, next+1)
		p.underway++
	}
}
