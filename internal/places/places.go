// Package places bounds how many requests are under way at once, and says whose is next.
package places

import (
	"context"
	"slices"
	stdsync "sync"
)

// Places are for requests under way at once. Who finds none free waits. The zero value has none; all methods may be called
// at once.
type Places struct {
	mu       stdsync.Mutex
	allowed  int
	underway int
	queue    []waiting // in the order in which they came
}

// waiting is one that waits for a place.
type waiting struct {
	urgency func() int64
	given   chan struct{}
}

// New returns places for so many at once.
func New(allowed int) *Places { return &Places{allowed: allowed} }

// Take takes a place, which [Places.Leave] gives back, unless the context ends before there is one; the error is then the
// context's cause. Of those that wait the one with the highest urgency is next, and among equal ones who came first. The
// urgency is asked for each time that a place is given, with all else waiting for the answer; nil stands for 0.
func (p *Places) Take(ctx context.Context, urgency func() int64) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	if p.underway < p.allowed {
		p.underway++
		p.mu.Unlock()
		return nil
	}
	if urgency == nil {
		urgency = func() int64 { return 0 }
	}
	given := make(chan struct{})
	p.queue = append(p.queue, waiting{urgency, given})
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
		p.Leave()
	}
	return context.Cause(ctx)
}

// Leave gives a place back.
func (p *Places) Leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.underway--
	p.give()
}

// Allow makes it places for so many from now on. Who has one keeps it.
func (p *Places) Allow(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = n
	p.give()
}

// give gives the places that are free to those that wait.
func (p *Places) give() {
	for p.underway < p.allowed && len(p.queue) > 0 {
		next, most := 0, p.queue[0].urgency()
		for i, w := range p.queue[1:] {
			if urgency := w.urgency(); urgency > most {
				next, most = i+1, urgency
			}
		}
		close(p.queue[next].given)
		p.queue = slices.Delete(p.queue, next, next+1)
		p.underway++
	}
}
