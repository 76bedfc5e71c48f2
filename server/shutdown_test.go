package server_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const stopping = "the server is shutting down: ask again when it is back"

func TestShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		running := s.watch(devices)
		run := s.backend.run(t)
		run.tell(begin(), node(sync.Started), node(sync.Completed))
		waiting, posted := s.watch(machines), s.later(http.MethodPost, devices)
		require.NoError(t, s.server.Shutdown(context.Background()))

		require.ErrorContains(t, context.Cause(run.ctx), stopping)
		assert.Equal(t, "Devices sync failed: "+stopping, running.last().Body["message"])
		assert.Equal(t, "Virtual machines sync failed: "+stopping, waiting.last().Body["message"])
		assert.Equal(t, http.StatusOK, (<-posted).status, "something did happen")
		s.backend.idle(t)

		late := s.watch(full)
		assert.Equal(t, http.StatusOK, late.response.StatusCode)
		assert.Equal(t, []string{stopping, "Full update sync failed: " + stopping}, late.said())
		assert.Equal(t, http.StatusBadGateway, s.ask(http.MethodPost, full).status)
		assert.Equal(t, http.StatusServiceUnavailable, s.ask(http.MethodGet, "/ready").status, "nothing more is to be sent here")
		assert.Equal(t, http.StatusOK, s.ask(http.MethodGet, "/health").status)
		require.NoError(t, s.server.Shutdown(context.Background()), "a second time")
	})
}

// A backend that finishes a write first is waited for, but not longer than the caller wants.
func TestShutdownTakesNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := stubborn{last: 5 * time.Second}
		s, err := server.New(server.Fixed(b), nil)
		require.NoError(t, err)
		web := serveOn(t, s)
		w := web.watch(full)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
		assert.False(t, w.ended())
		require.NoError(t, s.Shutdown(context.Background()))
		assert.Equal(t, "complete", w.last().Event)
	})
}

// stubborn is a backend whose runs go on for a while after a cancel.
type stubborn struct {
	runOnly
	last time.Duration
}

func (s stubborn) Run(ctx context.Context, _ *sync.RunOptions) (*sync.Result, error) {
	<-ctx.Done()
	time.Sleep(s.last)
	return &sync.Result{}, context.Cause(ctx)
}
