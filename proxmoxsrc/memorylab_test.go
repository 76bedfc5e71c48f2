package proxmoxsrc_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// wire is a network in memory with one server on it. Unlike a real one it works inside a bubble of testing/synctest, where
// waiting costs no time.
type wire struct {
	calls chan net.Conn
	gone  chan struct{}
	close func()
}

func newWire() *wire {
	w := &wire{calls: make(chan net.Conn), gone: make(chan struct{})}
	w.close = stdsync.OnceFunc(func() { close(w.gone) })
	return w
}

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case w.calls <- server:
		return client, nil
	case <-w.gone:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case conn := <-w.calls:
		return conn, nil
	case <-w.gone:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	w.close()
	return nil
}

func (w *wire) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

// newMemoryLab serves the estate by a network in memory.
func newMemoryLab(t *testing.T, estate *proxmoxtest.Estate) *lab {
	t.Helper()
	l := &lab{fake: proxmoxtest.New(estate, nil), urls: []string{"http://a1.example.com:8006"}, log: &bytes.Buffer{}}
	w := newWire()
	server := &http.Server{Handler: l.fake, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = server.Serve(w) }()
	t.Cleanup(func() { _ = server.Close() })
	id, secret := l.fake.Token()
	l.options.Token = id + "=" + secret
	l.options.WrapTransport = func(next http.RoundTripper) http.RoundTripper {
		base, _ := next.(*http.Transport)
		base.DialContext, base.Proxy = w.dial, nil
		return base
	}
	return l
}

// full reads everything; incremental what has changed.
func full(t *testing.T, source *proxmoxsrc.Source) *inventory.Inventory {
	t.Helper()
	return reading(t, source, sync.Scope{})
}

func incremental(t *testing.T, source *proxmoxsrc.Source) *inventory.Inventory {
	t.Helper()
	return reading(t, source, sync.Scope{Incremental: true})
}

func reading(t *testing.T, source *proxmoxsrc.Source, scope sync.Scope) *inventory.Inventory {
	t.Helper()
	inv, err := source.Inventory(t.Context(), scope)
	require.NoError(t, err)
	return inv
}

// asFull sees that an inventory is what a source that knows nothing reads.
func (l *lab) asFull(t *testing.T, inv *inventory.Inventory) {
	t.Helper()
	want := full(t, l.source(t))
	want.ReadAt = inv.ReadAt
	assert.Equal(t, want, inv)
}

// always are the requests of every incremental run.
func always() []string {
	return []string{"/access/permissions", "/cluster/resources", "/cluster/status"}
}

// requested returns the paths that were asked for since it was called last, sorted, without those that always are.
func (l *lab) requested(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, r := range l.fake.Requests() {
		paths = append(paths, r.Path)
	}
	l.fake.ResetRequests()
	slices.Sort(paths)
	for _, path := range always() {
		i := slices.Index(paths, path)
		if assert.GreaterOrEqual(t, i, 0, path) {
			paths = slices.Delete(paths, i, i+1)
		}
	}
	return paths
}

// of returns those of the paths that end so.
func of(paths []string, end string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !strings.HasSuffix(path, end) })
}
