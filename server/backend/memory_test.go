package backend_test

import (
	"context"
	"net"
	"net/http"
	stdsync "sync"
	"testing"
)

// memory is a network in memory with one server on it. Unlike a real one it works inside a bubble of testing/synctest,
// where waiting costs no time.
type memory struct {
	calls chan net.Conn
	gone  chan struct{}
	close func()
}

// inMemory returns what sends every request, whatever its address, to the handler, the writes as the sink does: on a
// connection of their own.
func inMemory(t testing.TB, handler http.Handler) http.RoundTripper {
	t.Helper()
	m := &memory{calls: make(chan net.Conn), gone: make(chan struct{})}
	m.close = stdsync.OnceFunc(func() { close(m.gone) })
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(m) }()
	reads := &http.Transport{DialContext: m.dial, DialTLSContext: m.dial, MaxIdleConnsPerHost: 8}
	writes := &http.Transport{DialContext: m.dial, DialTLSContext: m.dial, DisableKeepAlives: true}
	t.Cleanup(func() {
		reads.CloseIdleConnections()
		writes.CloseIdleConnections()
		_ = server.Close()
	})
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return reads.RoundTrip(r)
		}
		return writes.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case m.calls <- server:
		return client, nil
	case <-m.gone:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.calls:
		return conn, nil
	case <-m.gone:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.close()
	return nil
}

func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }
