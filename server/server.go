package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"slices"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/proxbox-go/proxbox/server/ui"
	"github.com/proxbox-go/proxbox/sync"
)

// Options tunes a server. The zero value is good.
type Options struct {
	// AnswerWithin is how long a GET without /stream waits for the end of a run before it is answered that the run goes
	// on. By default 4 s: the plugin gives up after 5 s, and asks again.
	AnswerWithin time.Duration
	// Keepalive is how often a stream gets a comment. By default every 15 s.
	Keepalive time.Duration
	// SocketKeepalive is how often a WebSocket gets a message that means nothing: the plugin's own client sends its next
	// command only after it has received something. By default every 10 s.
	SocketKeepalive time.Duration
	// WriteTimeout is how long a write to a client may take before the client is cut off. By default 10 s.
	WriteTimeout time.Duration
	// History is how many runs are kept after their end. By default 100.
	History int
	// HistoryEvents is how many events, and changes in the plans of dry runs, these may have together, for watchers that
	// come back. Those of the oldest go first; the newest run keeps its own, however many. By default 50000.
	HistoryEvents int
	// HistoryBytes is how much room the events may take in StateDir, by the same rule. By default 64 MiB.
	HistoryBytes int64
	// StateDir is a folder for what is to survive a restart. By default nothing does.
	StateDir string
	// Origins are hosts whose pages may open a WebSocket, besides this server's own and the host of the NetBox that was
	// pushed: "netbox.example.com", which has any scheme and port, or with one of them or both,
	// "https://netbox.example.com:8443"; in the syntax of [path.Match].
	Origins []string
	// OpenWrites answers everybody as long as no API key is registered. By default only clients on the server's own
	// machine are answered until then.
	OpenWrites bool
	// BootstrapFromAnywhere lets whoever comes first register the first API key. By default it is registered from the
	// server's own machine.
	BootstrapFromAnywhere bool
	// Observe gets every event of every run that this server does, of one run in order, of several side by side. The run
	// waits for it. It must not call the server.
	Observe func(RunInfo, sync.Event)
	// Metrics answers GET /metrics. Besides whoever is let in, the server's own machine is answered there without a key. By
	// default there is no such path.
	Metrics http.Handler
	// Logger gets what is of use when something is wrong. By default nothing is logged.
	Logger *slog.Logger
}

// Server is an [http.Handler]. It is safe for concurrent use.
type Server struct {
	options Options
	backend Backend
	rows    *rows
	keys    *keys
	lockout *lockout
	queue   *queue
	asks    health
	mux     *routes

	streams, sockets atomic.Int64 // clients that watch

	mu       stdsync.Mutex
	closed   bool
	stopping chan struct{} // closed with closed
	clients  stdsync.WaitGroup
}

// New returns a server that runs what it is asked for on the backend.
func New(b Backend, o *Options) (*Server, error) {
	if b == nil {
		return nil, errors.New("server: a backend is needed")
	}
	options := Options{}
	if o != nil {
		options = *o
	}
	if err := options.complete(); err != nil {
		return nil, err
	}
	pushed, err := newRows(options.stateFile("endpoints.json"))
	if err != nil {
		return nil, err
	}
	registered, err := loadKeys(options.stateFile("keys.json"))
	if err != nil {
		return nil, err
	}
	runs, err := newQueue(b, options)
	if err != nil {
		return nil, err
	}
	s := &Server{
		options: options, backend: b, rows: pushed, keys: registered, lockout: newLockout(), queue: runs,
		mux: newRoutes(), stopping: make(chan struct{}),
	}
	s.routes()
	s.warn()
	return s, nil
}

// complete checks the options and sets the defaults.
func (o *Options) complete() error {
	if min(o.AnswerWithin, o.Keepalive, o.SocketKeepalive, o.WriteTimeout) < 0 || min(int64(o.History), int64(o.HistoryEvents), o.HistoryBytes) < 0 {
		return errors.New("server: times and limits are not negative")
	}
	for _, pattern := range o.Origins {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("server: the origin %q: %w", pattern, err)
		}
	}
	o.AnswerWithin = cmp.Or(o.AnswerWithin, 4*time.Second)
	o.Keepalive = cmp.Or(o.Keepalive, 15*time.Second)
	o.SocketKeepalive = cmp.Or(o.SocketKeepalive, 10*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	o.History = cmp.Or(o.History, 100)
	o.HistoryEvents = cmp.Or(o.HistoryEvents, 50_000)
	o.HistoryBytes = cmp.Or(o.HistoryBytes, 64<<20)
	o.Origins = slices.Clone(o.Origins)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	return nil
}

func (s *Server) routes() {
	s.netBoxEndpoint()
	s.proxmoxEndpoints()
	s.questions()
	s.mux.HandleFunc("GET /{$}", s.root)
	s.mux.HandleFunc("GET /health", s.health)
	s.mux.HandleFunc("GET /ready", s.ready)
	s.mux.HandleFunc("GET /status", s.getStatus)
	s.mux.HandleFunc("GET /openapi.json", s.openAPI)
	if s.options.Metrics != nil {
		s.mux.Handle("GET /metrics", s.options.Metrics)
	}
	s.mux.Handle("GET /ui/", http.StripPrefix("/ui", ui.Handler()))
	s.mux.HandleFunc("GET /ws", s.socket)
	s.runRoutes()
	s.authRoutes()
	s.stages()
}

// refuse answers that the method is none of those that the path has.
func refuse(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.enter() {
		defer s.clients.Done()
	}
	s.guard(w, r)
}

// enter counts a client in, unless the server is shutting down.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.clients.Add(1)
	}
	return !s.closed
}

// stopped tells whether the server is shutting down.
func (s *Server) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Shutdown stops the run in progress at a safe point, takes back those that wait, and returns when all clients have had
// their last frame, or ctx ends. What is asked afterwards fails at once. It does not stop the [http.Server]: do that
// next.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stopping)
	}
	s.mu.Unlock()
	s.queue.close()
	done := make(chan struct{})
	go func() {
		s.queue.group.Wait()
		s.clients.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("server: not all is stopped yet: %w", context.Cause(ctx))
	}
}
