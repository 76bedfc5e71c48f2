package proxmoxsrc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// door counts logins and gives out one ticket after the other.
type door struct {
	mu        stdsync.Mutex
	passwords []string
	closed    error
}

func (d *door) login(_ context.Context, password string) (string, error) {
	time.Sleep(time.Second)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passwords = append(d.passwords, password)
	if d.closed != nil {
		return "", d.closed
	}
	return "ticket" + string(rune('0'+len(d.passwords))), nil
}

func TestSession_oneLoginForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d door
		s := newSession("secret")
		var group stdsync.WaitGroup
		for range 20 {
			group.Go(func() {
				ticket, err := s.current(t.Context(), d.login)
				assert.NoError(t, err)
				assert.Equal(t, "ticket1", ticket)
			})
		}
		group.Wait()
		assert.Equal(t, []string{"secret"}, d.passwords)
	})
}

func TestSession_renewsBeforeTheTicketEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d door
		s := newSession("secret")
		for range 5 {
			_, err := s.current(t.Context(), d.login)
			require.NoError(t, err)
			time.Sleep(time.Hour)
		}
		assert.Equal(t, []string{"secret", "ticket1", "ticket2"}, d.passwords, "a ticket renews itself")
	})
}

func TestSession_logsInAnewWhereATicketDoesNotRenew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSession("secret")
		do := func(_ context.Context, password string) (string, error) {
			if password != "secret" {
				return "", &StatusError{Code: 401}
			}
			return "fresh", nil
		}
		_, err := s.current(t.Context(), do)
		require.NoError(t, err)
		time.Sleep(3 * time.Hour)
		ticket, err := s.current(t.Context(), do)
		require.NoError(t, err)
		assert.Equal(t, "fresh", ticket)
	})
}

// What stands in between may repeat what it was sent: a ticket that is renewed is sent as a password.
func TestSession_refusalOfARenewalThatRepeatsTheTicket(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{"message": "not for " + string(body)})
	}))
	t.Cleanup(server.Close)
	source, err := New("lab", []string{server.URL}, &Options{Username: "root@pam", Password: "secret"})
	require.NoError(t, err)
	source.gateway.session.ticket, source.gateway.session.taken = "PVE:root@pam:canary==", time.Now().Add(-renewAfter)
	_, err = source.Version(t.Context())
	require.ErrorContains(t, err, "not for")
	assert.NotContains(t, err.Error(), "canary")
}

func TestSession_oneLoginInsteadOfARefusedTicket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d door
		s := newSession("secret")
		old, err := s.current(t.Context(), d.login)
		require.NoError(t, err)
		var group stdsync.WaitGroup
		for range 20 {
			group.Go(func() {
				ticket, err := s.instead(t.Context(), old, d.login)
				assert.NoError(t, err)
				assert.Equal(t, "ticket2", ticket)
			})
		}
		group.Wait()
		assert.Equal(t, []string{"secret", "secret"}, d.passwords)
	})
}

func TestSession_staysRefusedUntilForgiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := door{closed: &StatusError{Code: 401, Reason: "authentication failure"}}
		s := newSession("secret")
		for range 3 {
			_, err := s.current(t.Context(), d.login)
			require.ErrorIs(t, err, d.closed)
		}
		assert.Len(t, d.passwords, 1, "each costs 3 s")
		d.closed = nil
		s.forgive(t.Context())
		_, err := s.current(t.Context(), d.login)
		require.NoError(t, err)
	})
}

func TestSession_waitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d door
		s := newSession("secret")
		var group stdsync.WaitGroup
		group.Go(func() { _, _ = s.current(t.Context(), d.login) })
		synctest.Wait()
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		_, err := s.current(ctx, d.login)
		require.ErrorIs(t, err, reason)
		group.Wait()
	})
}
