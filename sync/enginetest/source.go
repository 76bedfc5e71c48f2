package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Source is a [sync.Source] in memory. It answers with a copy of its inventory, whatever the scope. It is safe for
// concurrent use.
type Source struct {
	name string

	mu        stdsync.Mutex
	inventory *inventory.Inventory
	err       error
	blocked   chan struct{}
	reads     int
}

// NewSource returns a source with the name and the inventory of inv. It keeps a copy.
func NewSource(inv *inventory.Inventory) *Source {
	return &Source{name: inv.Source, inventory: clone(inv)}
}

// Name returns the name that the first inventory had.
func (s *Source) Name() string { return s.name }

// Inventory returns a copy of the inventory, after it has told its progress by [sync.Report].
func (s *Source) Inventory(ctx context.Context, _ sync.Scope) (*inventory.Inventory, error) {
	s.mu.Lock()
	s.reads++
	blocked := s.blocked
	s.mu.Unlock()
	if blocked != nil {
		select {
		case <-blocked:
		case <-ctx.Done():
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	sync.Report(ctx, len(s.inventory.Guests), len(s.inventory.Guests))
	return clone(s.inventory), nil
}

// Edit changes the inventory: f gets it for the time of the call, and may replace it.
func (s *Source) Edit(f func(inv *inventory.Inventory)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.inventory)
}

// Fail makes every reading fail from now on; nil ends that.
func (s *Source) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Block makes every reading that begins from now on wait until the returned function is called, or its context ends.
func (s *Source) Block() (unblock func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked = gate
	return stdsync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.blocked == gate {
			s.blocked = nil
		}
		close(gate)
	})
}

// Reads returns how often the source was asked for its inventory.
func (s *Source) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// clone returns a deep copy.
func clone(inv *inventory.Inventory) *inventory.Inventory {
	raw, err := json.Marshal(inv)
	if err != nil {
		panic(fmt.Sprintf("enginetest: an inventory is plain data, and yet: %v", err))
	}
	var out inventory.Inventory
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(fmt.Sprintf("enginetest: an inventory is plain data, and yet: %v", err))
	}
	return &out
}
