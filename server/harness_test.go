package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, byte for byte.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// The paths that start runs.
const (
	devices  = "/dcim/devices/create"
	machines = "/virtualization/virtual-machines/create"
	full     = "/full-update"
)

// backend is a server.Backend whose runs do what a test tells them.
type backend struct {
	runOnly
	begun chan *scripted
}

func (b *backend) Run(ctx context.Context, o *sync.RunOptions) (*sync.Result, error) {
	s := &scripted{ctx: ctx, options: o, acts: make(chan func() error)}
	select {
	case b.begun <- s:
	case <-ctx.Done():
	}
	for {
		select {
		case act := <-s.acts:
			if err := act(); err != nil {
				if errors.Is(err, errDone) {
					err = nil
				}
				return &s.result, err
			}
		case <-ctx.Done():
			s.emit(sync.Failure{Errors: []*sync.ObjectError{{Err: context.Cause(ctx)}}})
			s.emit(sync.Complete{})
			return &s.result, context.Cause(ctx)
		}
	}
}

// runOnly is what a runner lacks that only runs.
type runOnly struct{}

func (runOnly) Plan(context.Context, *sync.RunOptions) (*sync.Plan, error) {
	return nil, errors.New("not scripted")
}

func (runOnly) Apply(context.Context, *sync.Plan, *sync.RunOptions) (*sync.Result, error) {
	return nil, errors.New("not scripted")
}

// run returns the next run that the server has started.
func (b *backend) run(t *testing.T) *scripted {
	t.Helper()
	select {
	case s := <-b.begun:
		return s
	case <-time.After(time.Minute): // of the bubble
		require.Fail(t, "no run was started")
		return nil
	}
}

// idle makes sure that no run waits to be taken.
func (b *backend) idle(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case s := <-b.begun:
		require.Fail(t, "a run was started", "%+v", s.options.Scope)
	default:
	}
}

// scripted is a run under way.
type scripted struct {
	ctx     context.Context
	options *sync.RunOptions
	acts    chan func() error
	seq     uint64
	result  sync.Result
}

var errDone = errors.New("done")

// do has the run's goroutine do something; an error ends the run.
func (s *scripted) do(act func() error) {
	s.acts <- act
	synctest.Wait()
}

// emit numbers an event and shows it.
func (s *scripted) emit(ev sync.Event) {
	s.seq++
	meta := sync.Meta{Run: s.options.ID, Seq: s.seq, Time: time.Now().UTC()}
	switch e := ev.(type) {
	case sync.Step:
		e.Meta = meta
		ev = e
	case sync.Failure:
		e.Meta = meta
		ev = e
	case sync.Complete:
		e.Meta = meta
		s.result.Observe(e)
		result := s.result
		e.Result = &result
		s.options.Observe(e)
		return
	}
	s.result.Observe(ev)
	s.options.Observe(ev)
}

// tell emits events.
func (s *scripted) tell(events ...sync.Event) {
	s.do(func() error {
		for _, ev := range events {
			s.emit(ev)
		}
		return nil
	})
}

// finish completes the run.
func (s *scripted) finish() {
	s.do(func() error {
		s.emit(sync.Complete{})
		return errDone
	})
}

func (s *scripted) id() string { return s.options.ID }

// Events of a small estate.

func begin() sync.Event { return sync.Step{Stage: sync.StageRead, Status: sync.Started} }

func stage(name sync.Stage, status sync.Status, done int) sync.Event {
	return sync.Step{Stage: name, Status: status, Done: done, Total: 1}
}

func node(status sync.Status) sync.Event {
	s := sync.Step{Stage: "devices", Status: status, Key: sync.Key{Kind: "device", Name: "lab/pve01"}, Name: "pve01", Total: 1}
	if status == sync.Completed {
		s.Op, s.ID, s.Done = sync.Create, "12", 1
		s.Object = map[string]sync.Value{"role": sync.String("Proxmox Node"), "cluster": sync.String("lab")}
	}
	return s
}

func guest(name string, status sync.Status) sync.Event {
	s := sync.Step{Stage: "virtual-machines", Status: status, Key: sync.Key{Kind: "virtual-machine", Name: "lab/" + name}, Name: name, Total: 1}
	if status == sync.Completed {
		s.Op, s.ID, s.Done = sync.Keep, "40", 1
	}
	return s
}

func guestFailed(name, reason string) sync.Event {
	key := sync.Key{Kind: "virtual-machine", Name: "lab/" + name}
	return sync.Failure{Stage: "virtual-machines", Key: key, Name: name, Errors: []*sync.ObjectError{
		{Op: sync.Create, Key: key, Unit: key, Label: name, Err: errors.New(reason)},
	}}
}

// fullRun are the events of a run, without the last.
func fullRun() []sync.Event {
	return []sync.Event{
		begin(),
		stage("devices", sync.Started, 0), node(sync.Started), node(sync.Completed), stage("devices", sync.Completed, 1),
		stage("virtual-machines", sync.Started, 0),
		guest("web01", sync.Started), guest("web01", sync.Completed),
		guest("<i>db</i>", sync.Started), guestFailed("<i>db</i>", `NetBox refuses it: "<script>"`),
		stage("virtual-machines", sync.Completed, 2),
	}
}

// service is a server over connections in memory: in a bubble of synctest time is fake, each write waits for its
// reader, and no goroutine may be left in the end.
type service struct {
	t        *testing.T
	backend  *backend
	server   *server.Server
	listener *pipeListener
	client   *http.Client
}

func serve(t *testing.T, o *server.Options) *service {
	t.Helper()
	b := &backend{begun: make(chan *scripted)}
	handler, err := server.New(server.Fixed(b), o)
	require.NoError(t, err)
	s := serveOn(t, handler)
	s.backend = b
	return s
}

// serveOn serves a server that has a backend of its own.
func serveOn(t *testing.T, s *server.Server) *service {
	t.Helper()
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	web := &http.Server{Handler: holding(t, s)}
	go func() { _ = web.Serve(listener) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Shutdown(context.Background()))
		assert.NoError(t, web.Close())
	})
	return (&service{t: t, server: s, listener: listener}).at("127.0.0.1:40000")
}

// at returns the same server for a client that has another address.
func (s *service) at(address string) *service {
	other := *s
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return s.listener.dial(ctx, netip.MustParseAddrPort(address))
	}}
	s.t.Cleanup(transport.CloseIdleConnections)
	other.client = &http.Client{Transport: transport}
	return &other
}

func (s *service) open(ctx context.Context, method, path string, header http.Header) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, nil)
	require.NoError(s.t, err)
	if header != nil {
		request.Header = header
	}
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	return response
}

// reply is a whole answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(r.body, &body), "%s", r.body)
	return body
}

func (s *service) ask(method, path string) reply {
	s.t.Helper()
	response := s.open(context.Background(), method, path, nil)
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	return reply{response.StatusCode, response.Header, body}
}

// later asks in the background.
func (s *service) later(method, path string) <-chan reply {
	s.t.Helper()
	answers := make(chan reply, 1)
	go func() { answers <- s.ask(method, path) }()
	synctest.Wait()
	return answers
}

// watch opens a stream and reads it in the background.
func (s *service) watch(path string) *watcher { return s.watchAfter(path, "") }

// watchAfter does the same from an event on.
func (s *service) watchAfter(path, id string) *watcher {
	s.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	header := http.Header{}
	if id != "" {
		header.Set("Last-Event-ID", id)
	}
	w := &watcher{t: s.t, leave: leave, done: make(chan struct{}), response: s.open(ctx, http.MethodGet, path+"/stream", header)}
	go w.read()
	s.t.Cleanup(leave)
	synctest.Wait()
	return w
}

// watcher reads a stream.
type watcher struct {
	t        *testing.T
	response *http.Response
	leave    func()
	done     chan struct{}

	mu   stdsync.Mutex
	text bytes.Buffer
	err  error
}

func (w *watcher) read() {
	defer close(w.done)
	defer func() { _ = w.response.Body.Close() }()
	buffer := make([]byte, 4096)
	for {
		n, err := w.response.Body.Read(buffer)
		w.mu.Lock()
		w.text.Write(buffer[:n])
		w.err = err
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// bytes returns what has come so far.
func (w *watcher) bytes() []byte {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.text.Bytes())
}

// frame is a frame of the documented dialect.
type frame struct {
	ID, Event string
	Body      map[string]any
}

// frames returns the frames that have come so far.
func (w *watcher) frames() []frame {
	w.t.Helper()
	var list []frame
	for f, err := range sse.Frames(bytes.NewReader(w.bytes()), nil) {
		require.NoError(w.t, err)
		var body map[string]any
		require.NoError(w.t, json.Unmarshal(f.Data, &body))
		list = append(list, frame{f.ID, f.Event, body})
	}
	return list
}

// said returns the messages of the frames that have come so far, of a failure its error.
func (w *watcher) said() []string {
	w.t.Helper()
	var list []string
	for _, f := range w.frames() {
		text, ok := f.Body["message"].(string)
		if !ok {
			text, _ = f.Body["error"].(string)
		}
		list = append(list, text)
	}
	return list
}

// last returns the last frame; the stream must have come to a good end.
func (w *watcher) last() frame {
	w.t.Helper()
	list := w.frames()
	require.NotEmpty(w.t, list)
	require.True(w.t, w.ended(), "the stream goes on")
	require.Equal(w.t, io.EOF, w.err)
	return list[len(list)-1]
}

func (w *watcher) ended() bool {
	synctest.Wait()
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// pipeConn is the server's end of a connection in memory.
type pipeConn struct {
	net.Conn
	remote netip.AddrPort
}

func (c pipeConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// pipeListener listens in memory.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   stdsync.Once
}

func (l *pipeListener) dial(ctx context.Context, from netip.AddrPort) (net.Conn, error) {
	client, conn := net.Pipe()
	select {
	case l.conns <- pipeConn{conn, from}:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "pipe"} }
