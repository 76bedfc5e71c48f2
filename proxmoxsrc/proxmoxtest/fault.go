package proxmoxtest

import (
	"net/http"
	"slices"
	stdsync "sync"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind int

// The kinds of faults. FaultStatus and FaultHTML replace the answer; the others
// spoil the real one.
const (
	// FaultStatus answers Status with Reason and Body.
	FaultStatus FaultKind = iota
	// FaultReset resets the connection in the middle of the answer.
	FaultReset
	// FaultTruncate closes the connection in the middle of the answer, whose
	// Content-Length promised more.
	FaultTruncate
	// FaultHang never answers: it waits until the client gives up.
	FaultHang
	// FaultDelay answers after Delay, which no option scales.
	FaultDelay
	// FaultDrip sends the head of the answer, and then its body byte by byte, with
	// Delay before each.
	FaultDrip
	// FaultHTML answers Status (default 200) with a page of a reverse proxy.
	FaultHTML
	// FaultNull answers 200 with {"data":null}.
	FaultNull
)

// Fault is something that goes wrong on purpose.
type Fault struct {
	// Pattern selects the requests: "GET /nodes/*/qemu/*/config", an optional
	// method and a path below the base path, where a segment may hold the
	// wildcards of [path.Match] and a last segment "**" stands for any rest.
	// Default: every request.
	Pattern string
	// Skip lets that many selected requests pass first.
	Skip int
	// Times ends the fault after that many requests; 0 is never.
	Times int
	Kind  FaultKind
	// Status of FaultStatus (default 500) and FaultHTML.
	Status int
	// Reason is the error text in the status line. Default: the standard one.
	Reason string
	// Header is added to that of FaultStatus and FaultHTML.
	Header http.Header
	// Body of FaultStatus, sent as JSON, and of FaultHTML (default: a page).
	Body string
	// Delay of FaultDelay and FaultDrip.
	Delay time.Duration
}

type armedFault struct {
	Fault
	pattern pattern
	seen    int
	done    int
}

type faults struct {
	mu    stdsync.Mutex
	armed []*armedFault
}

// Inject arms a fault and returns a function that takes it back. Of several
// faults that select a request, the one injected first acts.
func (s *Server) Inject(f Fault) (remove func()) {
	armed := &armedFault{Fault: f, pattern: parsePattern(f.Pattern)}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = append(s.faults.armed, armed)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		s.faults.armed = slices.DeleteFunc(s.faults.armed, func(a *armedFault) bool { return a == armed })
	}
}

// ClearFaults takes all faults back.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.armed = nil
}

// due returns the fault that acts on this request, or nil.
func (f *faults) due(method, path string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, armed := range f.armed {
		if !armed.pattern.matches(method, path) {
			continue
		}
		armed.seen++
		if armed.seen <= armed.Skip || armed.Times > 0 && armed.done >= armed.Times {
			continue
		}
		armed.done++
		fault := armed.Fault
		return &fault
	}
	return nil
}

// replaces makes the answer of a fault that does not look at the real one.
func (f *Fault) replaces(r *http.Request, a *answer) bool {
	switch f.Kind {
	case FaultStatus:
		*a = answer{status: f.Status, reason: f.Reason, extra: f.Header, body: []byte(f.Body), bare: f.Body == ""}
		if a.status == 0 {
			a.status = http.StatusInternalServerError
		}
	case FaultHTML:
		*a = answer{status: f.Status, reason: f.Reason, extra: f.Header, body: []byte(f.Body), contentType: "text/html; charset=utf-8"}
		if a.status == 0 {
			a.status = http.StatusOK
		}
		if f.Body == "" {
			a.body = []byte("<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Gateway</h1></body></html>")
		}
	case FaultHang:
		<-r.Context().Done()
		a.aborted = true
	default:
		return false
	}
	return true
}

// alter spoils the real answer, as far as that happens before it is sent.
func (f *Fault) alter(r *http.Request, a *answer) {
	switch {
	case f == nil:
	case f.Kind == FaultDelay:
		a.aborted = !pause(r.Context(), f.Delay) || a.aborted
	case f.Kind == FaultNull:
		*a = success(nil)
	}
}

// cuts reports whether the client gets no whole answer.
func (f *Fault) cuts() bool { return f.Kind == FaultReset || f.Kind == FaultTruncate }
