package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chatter is a backend whose runs have more to tell than fits into the buffers of a connection.
type chatter struct{ runOnly }

func (chatter) Run(_ context.Context, o *sync.RunOptions) (*sync.Result, error) {
	s := &scripted{options: o}
	note := strings.Repeat("x", 240)
	for range 15_000 {
		step := guest("web01", sync.Completed).(sync.Step)
		step.Notes = []string{note, note, note, note, note}
		s.emit(step)
	}
	s.result.Skipped = nil
	s.emit(sync.Complete{})
	return &s.result, nil
}

// Over real connections, too, a client that does not read is cut off, and one that reads gets everything.
func TestSlowReaderOverTCP(t *testing.T) {
	t.Parallel()
	s, err := server.New(server.Fixed(chatter{}), &server.Options{WriteTimeout: time.Second})
	require.NoError(t, err)
	cut := make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r)
		if r.Header.Get("Stalled") != "" {
			close(cut)
		}
	}))
	defer web.Close()
	get := func(header string) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+full+"/stream", nil)
		require.NoError(t, err)
		request.Header.Set(header, "yes")
		response, err := web.Client().Do(request)
		require.NoError(t, err)
		return response
	}
	stalled := get("Stalled")
	reading := get("Reading")
	body, err := io.ReadAll(reading.Body)
	require.NoError(t, err)
	require.NoError(t, reading.Body.Close())
	assert.Equal(t, 1, strings.Count(string(body), "event: complete"))
	assert.Equal(t, 15_000, strings.Count(string(body), "event: step"))

	<-cut
	rest, err := io.ReadAll(stalled.Body)
	require.Error(t, err)
	require.NoError(t, stalled.Body.Close())
	assert.NotContains(t, string(rest), "event: complete")
	require.NoError(t, s.Shutdown(t.Context()))
}
