package proxmoxsrc_test

import (
	"context"
	"net/http"
	"strings"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// nowhere is a sink that has nothing and wants nothing.
type nowhere struct{}

func (*nowhere) Kinds() []sync.KindInfo { return nil }

func (*nowhere) Current(context.Context, sync.Scope) (*sync.State, error) { return &sync.State{}, nil }

func (*nowhere) Desired([]*inventory.Inventory, *sync.State) (*sync.State, error) {
	return &sync.State{}, nil
}

func (*nowhere) Lookup(context.Context, *sync.State, *sync.State) (*sync.State, error) {
	return nil, nil
}

func (*nowhere) Apply(context.Context, sync.Batch) ([]sync.Outcome, error) { return nil, nil }

// gauge counts the requests below a path that are under way at most. Their answers are small, so none reaches the client
// before its request is through.
type gauge struct {
	below     string
	full      int // none is answered before so many are under way, or have been
	mu        stdsync.Mutex
	now, peak int
}

func (g *gauge) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, g.below) {
			g.add(1)
			defer g.add(-1)
			for g.most() < g.full && r.Context().Err() == nil {
				time.Sleep(time.Millisecond)
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.peak = max(g.peak, g.now)
}

func (g *gauge) most() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peak
}
