package proxmoxsrc

import (
	"context"
	"math"
	"slices"
	stdsync "sync"
)

// places bounds how many requests of a run are under way in its cluster. The next goes to the node that has most guests
// left to read, among equals to who asked first: a node answers few at once, and one that is slow must not come last.
type places struct {
	mu      stdsync.Mutex
	free    int
	waiting []*claim // in the order of asking
}

// claim is who waits for a place: a node, or nil for the cluster itself.
type claim struct {
	node  *nodeRun
	given chan struct{}
}

func newPlaces(free int) *places { return &places{free: free} }

// left returns how many guests the claim stands for; what the cluster itself tells comes before them all.
func (c *claim) left() int64 {
	if c.node == nil {
		return math.MaxInt64
	}
	return c.node.left.Load()
}

// take takes a place for a request to the node, unless the context ends before there is one.
func (p *places) take(ctx context.Context, node *nodeRun) error {
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
		return nil
	}
	c := &claim{node, make(chan struct{})}
	p.waiting = append(p.waiting, c)
	p.mu.Unlock()
	select {
	case <-c.given:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	at := slices.Index(p.waiting, c)
	if at >= 0 {
		p.waiting = slices.Delete(p.waiting, at, at+1)
	}
	p.mu.Unlock()
	if at < 0 { // it was given just now
		p.leave()
	}
	return context.Cause(ctx)
}

// leave hands a place on.
func (p *places) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		p.free++
		return
	}
	next, most := 0, p.waiting[0].left()
	for i, c := range p.waiting {
		if left := c.left(); left > most {
			next, most = i, left
		}
	}
	close(p.waiting[next].given)
	p.waiting = slices.Delete(p.waiting, next, next+1)
}
