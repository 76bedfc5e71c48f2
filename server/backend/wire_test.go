package backend_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	stdsync "sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is a network in memory with one server on it that speaks TLS. Unlike a real one it works inside a bubble of
// testing/synctest, where waiting costs no time.
type wire struct {
	server *http.Server
	calls  chan net.Conn
	gone   chan struct{}
	close  func()

	refusals    atomic.Int64 // how many connections are refused; below 0 all
	certificate atomic.Pointer[tls.Certificate]
}

// newWire puts the handler on a network of its own until the test ends.
func newWire(t *testing.T, handler http.Handler) *wire {
	t.Helper()
	w := &wire{calls: make(chan net.Conn), gone: make(chan struct{})}
	w.close = stdsync.OnceFunc(func() { close(w.gone) })
	w.certificate.Store(certificates()[0])
	w.server = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		_ = w.server.Serve(tls.NewListener(w, &tls.Config{
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return w.certificate.Load(), nil },
		}))
	}()
	t.Cleanup(func() { _ = w.server.Close() })
	return w
}

// fast is the cheapest key exchange: a test has thousands of them.
var fast = []tls.CurveID{tls.CurveP256}

// dial is a transport's DialContext: whatever the address, there is only one server.
func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if left := w.refusals.Load(); left != 0 {
		w.refusals.Store(left - min(max(left, 0), 1))
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	client, server := pipe()
	var err error
	select {
	case w.calls <- server:
		return client, nil
	case <-w.gone:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, client.Close(), server.Close())
}

// Accept implements [net.Listener].
func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.calls:
		return c, nil
	case <-w.gone:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (w *wire) Close() error {
	w.close()
	return nil
}

// Addr implements [net.Listener].
func (w *wire) Addr() net.Addr { return &net.TCPAddr{} }

// socket is one end of a connection in memory. Like that of a TCP connection, it takes what is written before the other end
// reads it, and can be reset.
type socket struct {
	net.Conn
	peer   *socket
	out    chan []byte   // on its way to the peer
	closed chan struct{} // by this end
	reset  atomic.Bool   // by the peer
	once   stdsync.Once
}

func pipe() (client, server *socket) {
	a, b := net.Pipe()
	client, server = newSocket(a), newSocket(b)
	client.peer, server.peer = server, client
	go client.deliver()
	go server.deliver()
	return client, server
}

func newSocket(c net.Conn) *socket {
	return &socket{Conn: c, out: make(chan []byte, 4096), closed: make(chan struct{})}
}

// deliver brings to the peer what was written, also what was just before the end.
func (s *socket) deliver() {
	defer func() { _ = s.Conn.Close() }()
	for {
		select {
		case p := <-s.out:
			if _, err := s.Conn.Write(p); err != nil {
				return
			}
			continue
		default:
		}
		select {
		case p := <-s.out:
			if _, err := s.Conn.Write(p); err != nil {
				return
			}
		case <-s.closed:
			if len(s.out) == 0 || s.peer.reset.Load() {
				return
			}
		}
	}
}

func (s *socket) Write(p []byte) (int, error) {
	select {
	case <-s.closed:
		return 0, net.ErrClosed
	case <-s.peer.closed:
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	default:
	}
	select {
	case s.out <- bytes.Clone(p):
		return len(p), nil
	case <-s.peer.closed:
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}
	}
}

func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	select {
	case <-s.closed:
		return n, net.ErrClosed
	default:
	}
	if errors.Is(err, io.EOF) && s.reset.Load() {
		err = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	return n, err
}

// SetDeadline and SetWriteDeadline are for this end alone, where no write has to wait.
func (s *socket) SetDeadline(at time.Time) error   { return s.SetReadDeadline(at) }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }

// SetLinger makes the next Close a reset, as it does for a [net.TCPConn] with 0.
func (s *socket) SetLinger(int) error {
	s.peer.reset.Store(true)
	return nil
}

func (s *socket) Close() error {
	s.once.Do(func() {
		close(s.closed)
		_ = s.Conn.SetReadDeadline(time.Unix(1, 0)) // nobody waits any more
		_ = s.peer.Conn.SetWriteDeadline(time.Unix(1, 0))
	})
	return nil
}

// certificates returns two for the names of both ends, each signed by itself: that of a server, and what it is changed to.
// They are good at any time that a bubble knows.
var certificates = stdsync.OnceValue(func() (all []*tls.Certificate) {
	for serial := range int64(2) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial + 1), Subject: pkix.Name{CommonName: "lab"}, DNSNames: []string{netboxHost, proxmoxHost},
			NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			panic(err)
		}
		leaf, err := x509.ParseCertificate(raw)
		if err != nil {
			panic(err)
		}
		all = append(all, &tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf})
	}
	return all
})

func TestSocket(t *testing.T) {
	client, server := pipe()
	n, err := server.Write([]byte("the last word"))
	require.NoError(t, err)
	require.NoError(t, server.Close())
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	require.Len(t, got, n, "what was sent before the end arrives")
	_, err = client.Write([]byte("too late"))
	require.ErrorIs(t, err, syscall.EPIPE)
	require.NoError(t, client.Close())

	client, server = pipe()
	require.NoError(t, server.SetLinger(0))
	require.NoError(t, server.Close())
	_, err = client.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	require.NoError(t, client.Close())
}
