package server

import (
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
		lockOut(l, first)
		client := netip.MustParseAddr("10.0.0.0")
		for range lockoutClients - 1 {
			client = client.Next()
			l.try(client, wrong)
		}
		assert.Len(t, l.clients, lockoutClients)
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
