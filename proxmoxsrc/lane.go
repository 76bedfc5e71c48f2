package proxmoxsrc

import (
	"context"
	"encoding/json"
	stdsync "sync"
)

// lane is the way of one sort of requests to one node. It is closed when the node turns out not to answer, so that a
// dead node costs its time once.
type lane struct {
	tolerance int   // how many objects in a row may hang before the lane is closed
	retry     slots // held by the one request that is tried again

	mu     stdsync.Mutex // guards what follows
	closed error         // why nothing is sent any more
	hung   int           // objects in a row that hung
}

func newLane(tolerance int) *lane { return &lane{tolerance: tolerance, retry: make(slots, 1)} }

func (l *lane) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// close keeps the first reason.
func (l *lane) close(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed == nil {
		l.closed = why
	}
}

// note closes the lane when too many have hung.
func (l *lane) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !hangs(err):
		l.hung = 0
		return
	case l.closed != nil:
		return
	}
	if l.hung++; l.hung >= l.tolerance {
		l.closed = err
	}
}

// hangs tells whether a node took a request and did not answer it.
func hangs(err error) bool {
	connection, ok := as[*ConnectionError](err)
	return causeOf(err) == CauseNodeHung || ok && connection.Timeout()
}

// ask reads a path of the node. What hangs is tried once more, when nothing else of the lane is tried again.
func (n *nodeRun) ask(ctx context.Context, l *lane, path string) (json.RawMessage, error) {
	raw, err := n.try(ctx, l, path)
	if hangs(err) && l.reason() == nil {
		if err := l.retry.take(ctx); err != nil {
			return nil, err
		}
		raw, err = n.try(ctx, l, path)
		l.note(err)
		l.retry.leave()
	} else if err == nil {
		l.note(nil)
	}
	switch causeOf(err) {
	case CauseNodeDown, CauseNodeUnknown, CauseCertificate:
		n.reads.close(err)
		n.protected.close(err)
	}
	n.run.endsBy(err)
	return raw, err
}

// try sends one request, in one of the run's places, unless the lane is closed.
func (n *nodeRun) try(ctx context.Context, l *lane, path string) (json.RawMessage, error) {
	if err := n.run.places.Take(ctx, n.left.Load); err != nil {
		return nil, err
	}
	defer n.run.places.Leave()
	if why := l.reason(); why != nil {
		return nil, why
	}
	return n.run.source.gateway.get(ctx, path, n.run.source.options.NodeTimeout)
}
