package netboxsink_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/sync"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	raw, err := l.sink.Status(t.Context())
	require.NoError(t, err)
	var status map[string]any
	require.NoError(t, json.Unmarshal(raw, &status))
	assert.Contains(t, status["netbox-version"], "4.7")
	assert.Contains(t, status, "python-version", "NetBox's own words")
}

func TestStatusThatCannotBeHad(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") {
		case "Token refused":
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"detail":"Invalid token"}`))
		case "Token page":
			_, _ = w.Write([]byte(`<html>`))
		default:
			<-hang
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hang) })
	late := errors.New("it took too long")
	for token, want := range map[string]string{
		"refused": "does not accept the token (Invalid token)",
		"page":    "does not answer as a NetBox does",
		"hangs":   "NetBox at " + server.URL + ": it took too long",
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			sink, err := netboxsink.New(server.URL, token, nil)
			require.NoError(t, err)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if token == "hangs" {
				cancel(late)
			}
			_, err = sink.Status(ctx)
			require.ErrorContains(t, err, want)
			assert.NotErrorIs(t, err, sync.ErrUnknownOutcome, "nothing was written")
		})
	}
}

func TestGuest(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("alpha", qemu(101, "web")))
	l.run()
	guest, err := l.sink.Guest(t.Context(), int64(l.machine("web").id()))
	require.NoError(t, err)
	assert.Equal(t, sync.GuestRef{Source: "alpha", ID: 101}, guest)

	_, err = l.sink.Guest(t.Context(), 4711)
	require.EqualError(t, err, "NetBox has no virtual machine 4711, or the token's user may not view it")

	id := l.person(machines, map[string]any{"name": "by hand", "cluster": l.one(clusters, "name", "lab").id()})
	_, err = l.sink.Guest(t.Context(), int64(id))
	require.ErrorContains(t, err, "(by hand) bears no mark of a guest: sync all virtual machines first")
}
