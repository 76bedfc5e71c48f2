package server

import (
	"container/list"
	"net/netip"
	stdsync "sync"
	"time"
)

// lockout limits how many keys a client may guess: after five wrong ones within five minutes it is not listened to until
// the first of them is five minutes old. It is safe for concurrent use.
type lockout struct {
	mu      stdsync.Mutex
	clients map[netip.Addr]*list.Element
	order   list.List // of *guesses; whose last is the oldest comes first
}

const (
	lockoutFailures = 5
	lockoutWindow   = 5 * time.Minute
	lockoutClients  = 10_000 // of which the failures are remembered
)

// guesses are the wrong keys of one client.
type guesses struct {
	client netip.Addr
	times  []time.Time // the oldest first
}

func newLockout() *lockout { return &lockout{clients: map[netip.Addr]*list.Element{}} }

// try has a client's key checked, unless the client is locked out: then wait says for how long.
func (l *lockout) try(client netip.Addr, check func() bool) (ok bool, wait time.Duration) {
	client = network(client)
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	entry, known := l.clients[client]
	if known {
		g := entry.Value.(*guesses)
		for now.Sub(g.times[0]) >= lockoutWindow {
			g.times = g.times[1:]
		}
		if len(g.times) >= lockoutFailures {
			return false, lockoutWindow - now.Sub(g.times[0])
		}
	}
	if check() {
		return true, 0
	}
	if !known {
		if l.order.Len() >= lockoutClients {
			l.drop(l.order.Front())
		}
		entry = l.order.PushBack(&guesses{client: client})
		l.clients[client] = entry
	}
	g := entry.Value.(*guesses)
	g.times = append(g.times, now)
	l.order.MoveToBack(entry)
	return false, 0
}

// forget drops the clients whose failures are all too old. The lock is held.
func (l *lockout) forget(now time.Time) {
	for e := l.order.Front(); e != nil; e = l.order.Front() {
		times := e.Value.(*guesses).times
		if now.Sub(times[len(times)-1]) < lockoutWindow {
			return
		}
		l.drop(e)
	}
}

// drop forgets one client. The lock is held.
func (l *lockout) drop(entry *list.Element) {
	delete(l.clients, l.order.Remove(entry).(*guesses).client)
}

// network returns what counts as one client: an IPv4 address, or the 64 bits of an IPv6 address that one host may
// choose freely below.
func network(client netip.Addr) netip.Addr {
	if !client.Is6() {
		return client
	}
	return netip.PrefixFrom(client, 64).Masked().Addr()
}
