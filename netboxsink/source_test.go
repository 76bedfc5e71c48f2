package netboxsink_test

import (
	"context"
	"encoding/json"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// source is a sync.Source that says what it is told to. It is edited between runs only.
type source struct {
	name      string
	inventory *inventory.Inventory
	err       error
	doubts    map[int]error // why a guest is not gone, whatever the inventory says
	asked     []int         // the guests that it was asked about
}

func (s *source) Name() string { return s.name }

// Inventory returns a copy.
func (s *source) Inventory(context.Context, sync.Scope) (*inventory.Inventory, error) {
	if s.err != nil {
		return nil, s.err
	}
	raw, err := json.Marshal(s.inventory)
	if err != nil {
		return nil, err
	}
	inv := &inventory.Inventory{}
	return inv, json.Unmarshal(raw, inv)
}

func (s *source) ConfirmGone(_ context.Context, guests []int) []error {
	doubts := make([]error, len(guests))
	for i, id := range guests {
		doubts[i] = s.doubts[id]
	}
	s.asked = append(s.asked, guests...)
	return doubts
}
