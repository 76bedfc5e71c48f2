package server

import (
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func wrong() bool { return false }

func right() bool { return true }

// lockOut lets a client guess until it is locked out.
func lockOut(l *lockout, client netip.Addr) {
	for range lockoutFailures {
		l.try(client, wrong)
	}
}

func TestLockoutMemoryIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLockout()
		first := netip.MustParseAddr("192.0.2.1")
		for range lockoutFailures - 1 {
			l.try(first, wrong)
		}
		client := netip.MustParseAddr("10.0.0.0")
		for range lockoutClients - 1 {
			client = client.Next()
			l.try(client, wrong)
		}
		l.try(first, wrong)
		assert.Len(t, l.clients, lockoutClients)
		l.try(client.Next(), wrong) // for which another is forgotten, who failed last before the first one did
		ok, wait := l.try(first, right)
		assert.False(t, ok)
		assert.Equal(t, lockoutWindow, wait)
		for range 3 * lockoutClients {
			client = client.Next()
			l.try(client, wrong)
		}
		assert.Len(t, l.clients, lockoutClients)
		assert.Equal(t, lockoutClients, l.order.Len())

		time.Sleep(lockoutWindow)
		ok, _ = l.try(first, right)
		assert.True(t, ok)
		assert.Empty(t, l.clients, "what is too old is forgotten")
		assert.Zero(t, l.order.Len())
	})
}

func TestLockoutOfNetworks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guesser, other string
		want           bool
	}{
		"IPv4: the same":            {"192.0.2.1", "192.0.2.1", false},
		"IPv4: the next":            {"192.0.2.1", "192.0.2.2", true},
		"IPv6: another of one host": {"2001:db8:1:1::1", "2001:db8:1:1:ffff::2", false},
		"IPv6: another network":     {"2001:db8:1:1::1", "2001:db8:1:2::1", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLockout()
			lockOut(l, netip.MustParseAddr(c.guesser))
			ok, _ := l.try(netip.MustParseAddr(c.other), right)
			assert.Equal(t, c.want, ok)
		})
	}
}

func TestClientOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:80":          "192.0.2.1",
		"[2001:db8::1]:80":      "2001:db8::1",
		"[fe80::1%eth0]:80":     "fe80::1",
		"[::ffff:192.0.2.1]:80": "192.0.2.1",
		"@":                     "invalid IP",
		"":                      "invalid IP",
	} {
		client := clientOf(&http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {"127.0.0.1"}}})
		assert.Equal(t, want, client.String(), remote)
	}
}
