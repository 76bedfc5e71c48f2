package netboxsink_test

import (
	"context"
	"net"
	"net/http"
	stdsync "sync"
	"testing"
)

// network is a network in memory with one server on it. Unlike a real one it works inside a bubble of
// testing/synctest, where waiting costs no time.
type network struct {
	calls chan net.Conn
	gone  chan struct{}
	close func()
}

// serve returns a client of which every request, whatever the address, goes to the handler.
func serve(t testing.TB, handler http.Handler) *http.Client {
	t.Helper()
	n := &network{calls: make(chan net.Conn), gone: make(chan struct{})}
	n.close = stdsync.OnceFunc(func() { close(n.gone) })
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(n) }()
	transport := &http.Transport{DialContext: n.dial, MaxIdleConnsPerHost: 8}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.calls <- server:
		return client, nil
	case <-n.gone:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.calls:
		return conn, nil
	case <-n.gone:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.close()
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }
