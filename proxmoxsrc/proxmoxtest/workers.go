package proxmoxtest

import (
	"context"
	"maps"
	stdsync "sync"
	"time"
)

// workersPerNode is the number of pvedaemon workers. Each serves one protected
// call at a time.
const workersPerNode = 3

// NodeLoad is how many requests for one node were in flight at most.
type NodeLoad struct {
	// Requests of all kinds that named the node.
	Requests int
	// Protected are those that need one of the three pvedaemon workers of the
	// node, whether served or waiting for one.
	Protected int
}

type workers struct {
	mu    stdsync.Mutex
	slots map[string]chan struct{}
	now   map[string]NodeLoad
	peak  map[string]NodeLoad
}

func newWorkers() *workers {
	return &workers{
		slots: map[string]chan struct{}{},
		now:   map[string]NodeLoad{},
		peak:  map[string]NodeLoad{},
	}
}

// enter counts a request as in flight until leave is called.
func (w *workers) enter(node string, protected bool) (leave func()) {
	delta := NodeLoad{Requests: 1}
	if protected {
		delta.Protected = 1
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now, peak := w.now[node].plus(delta, 1), w.peak[node]
	w.now[node] = now
	w.peak[node] = NodeLoad{max(peak.Requests, now.Requests), max(peak.Protected, now.Protected)}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.now[node] = w.now[node].plus(delta, -1)
	}
}

func (l NodeLoad) plus(d NodeLoad, sign int) NodeLoad {
	return NodeLoad{l.Requests + sign*d.Requests, l.Protected + sign*d.Protected}
}

// acquire waits for a worker of the node, at most limit if that is not 0, and
// returns nil when there was none in time or the client left.
func (w *workers) acquire(ctx context.Context, node string, limit time.Duration) (done func()) {
	w.mu.Lock()
	slot := w.slots[node]
	if slot == nil {
		slot = make(chan struct{}, workersPerNode)
		w.slots[node] = slot
	}
	w.mu.Unlock()
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	select {
	case slot <- struct{}{}:
		return func() { <-slot }
	case <-ctx.Done():
		return nil
	}
}

// Load returns per node how many requests were in flight at most. Only with a
// LatencyScale above 0 do they meet each other as they would on Proxmox VE.
func (s *Server) Load() map[string]NodeLoad {
	s.workers.mu.Lock()
	defer s.workers.mu.Unlock()
	return maps.Clone(s.workers.peak)
}
