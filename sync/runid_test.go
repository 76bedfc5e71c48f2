package sync_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// asking is a source that remembers the run that it was read for.
type asking struct{ run string }

func (*asking) Name() string { return "lab" }

func (a *asking) Inventory(ctx context.Context, _ sync.Scope) (*inventory.Inventory, error) {
	a.run = sync.RunID(ctx)
	return &inventory.Inventory{}, nil
}

func TestRunID(t *testing.T) {
	t.Parallel()
	source := &asking{}
	e, err := sync.New(enginetest.NewSink(nil), []sync.Source{source}, nil)
	require.NoError(t, err)
	_, _ = e.Plan(t.Context(), &sync.RunOptions{ID: "run-1"})
	assert.Equal(t, "run-1", source.run)
	assert.Empty(t, sync.RunID(t.Context()))
}
