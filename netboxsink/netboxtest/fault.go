package netboxtest

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"path"
	"strconv"
	"time"
)

// FaultKind says what goes wrong with a request.
type FaultKind string

const (
	// FaultAnswer sends Status, Header and Body in place of the real answer.
	FaultAnswer FaultKind = "answer"
	// FaultGateway sends the HTML page of a proxy that gave up, with Status 502
	// or 504. By default 502.
	FaultGateway FaultKind = "gateway"
	// FaultReset resets the connection.
	FaultReset FaultKind = "reset"
	// FaultHang answers nothing until the client gives up.
	FaultHang FaultKind = "hang"
	// FaultDelay waits for Delay, then handles the request as usual.
	FaultDelay FaultKind = "delay"
	// FaultTruncate sends the real answer's headers and half of its body.
	FaultTruncate FaultKind = "truncate"
	// FaultDrip sends the real answer's headers, and then its body byte by byte,
	// with Delay before each.
	FaultDrip FaultKind = "drip"
	// FaultBusy sends 429, with Retry-After set to Delay in whole seconds.
	FaultBusy FaultKind = "busy"
	// FaultDeadlock sends the 500 of a PostgreSQL deadlock.
	FaultDeadlock FaultKind = "deadlock"
)

// Fault describes requests and what goes wrong with them.
type Fault struct {
	Kind FaultKind

	// Method is the HTTP method. By default every method.
	Method string
	// Path is a pattern as in [path.Match] over the whole path, such as
	// "/api/virtualization/*/". By default every path.
	Path string
	// Skip lets that many matching requests pass first. By default none.
	Skip int
	// Times is how many requests fail, -1 for all. By default one.
	Times int

	// Committed makes the fault happen after NetBox did the work: the write
	// stands, its answer is lost. By default the request is not handled at all.
	// FaultDelay, FaultTruncate and FaultDrip always handle it.
	Committed bool

	// Status, Header and Body are what FaultAnswer sends. By default 500 and
	// nothing.
	Status int
	Header http.Header
	Body   string

	// Delay is the time that FaultDelay and FaultDrip wait and FaultBusy tells.
	Delay time.Duration
}

// armedFault is a Fault with its counters.
type armedFault struct {
	Fault
	seen, fired int
}

// Inject makes requests fail as the fault says, until its Times are used up.
// Faults are tried in the order they were injected; one request meets one fault.
// It returns a function that tells how many requests failed so far.
func (s *Server) Inject(f Fault) (fired func() int) {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	armed := &armedFault{Fault: f}
	s.traffic.faults = append(s.traffic.faults, armed)
	return func() int {
		s.traffic.mu.Lock()
		defer s.traffic.mu.Unlock()
		return armed.fired
	}
}

// ClearFaults disarms all faults.
func (s *Server) ClearFaults() {
	s.traffic.mu.Lock()
	defer s.traffic.mu.Unlock()
	s.traffic.faults = nil
}

// match returns the fault that the request meets, or nil.
func (t *traffic) match(r *http.Request) *armedFault {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.faults {
		if f.Method != "" && f.Method != r.Method {
			continue
		}
		if ok, err := path.Match(f.Path, r.URL.Path); f.Path != "" && (err != nil || !ok) {
			continue
		}
		f.seen++
		if f.seen <= f.Skip || (f.Times > 0 && f.fired >= f.Times) {
			continue
		}
		f.fired++
		return f
	}
	return nil
}

// commits reports whether the request is handled although it fails.
func (f *armedFault) commits() bool {
	return f.Committed || f.Kind == FaultDelay || f.Kind == FaultTruncate || f.Kind == FaultDrip
}

// before does what happens before the request is handled, and reports whether
// the request goes on.
func (f *armedFault) before(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case f.Kind == FaultDelay:
		pause(r.Context(), f.Delay)
	case f.Kind == FaultHang && !f.Committed:
		<-r.Context().Done()
		return false
	case f.Kind == FaultReset && !f.Committed:
		cut(w)
		return false
	}
	return true
}

// replace puts the fault's answer in the place of the real one.
func (f *armedFault) replace(real *response, r *release) *response {
	a := &response{status: f.Status, header: real.header.Clone()}
	switch f.Kind {
	case FaultAnswer:
		if a.status == 0 {
			a.status = http.StatusInternalServerError
		}
		a.body = []byte(f.Body)
		maps.Copy(a.header, f.Header)
		if a.header.Get("Content-Type") == "" {
			a.header.Set("Content-Type", "application/json")
		}
	case FaultGateway:
		a.status = http.StatusBadGateway
		if f.Status != 0 {
			a.status = f.Status
		}
		title := strconv.Itoa(a.status) + " " + http.StatusText(a.status)
		a.header = http.Header{"Content-Type": {"text/html"}, "Server": {"nginx"}}
		a.body = fmt.Appendf(nil, "<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n"+
			"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n", title)
	case FaultBusy:
		a.status = http.StatusTooManyRequests
		a.header.Set("Retry-After", strconv.Itoa(int(f.Delay/time.Second)))
		a.header.Set("Content-Type", "application/json")
		a.body = []byte(`{"detail":"Request was throttled."}`)
	case FaultDeadlock:
		a.status = http.StatusInternalServerError
		a.header.Set("Content-Type", "application/json")
		a.body = fmt.Appendf(nil, `{"error": "deadlock detected\nDETAIL:  Process 101 waits for ShareLock on transaction 7; blocked by process 102.\n",`+
			` "exception": "OperationalError", "netbox_version": "%s", "python_version": "3.12.1"}`, r.full)
	default:
		return real
	}
	return a
}

// breaks ends a connection instead of answering, and reports whether it did.
func (f *armedFault) breaks(w http.ResponseWriter, r *http.Request, a *response) bool {
	switch f.Kind {
	case FaultHang:
		<-r.Context().Done()
		return true
	case FaultReset:
		cut(w)
		return true
	case FaultTruncate:
		maps.Copy(w.Header(), a.header)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		// The client may be gone; there is nobody to tell.
		_, _ = w.Write(a.body[:len(a.body)/2])
		panic(http.ErrAbortHandler)
	case FaultDrip:
		maps.Copy(w.Header(), a.header)
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		drip(w, r, a.body, f.Delay)
		return true
	}
	return false
}

// drip sends a body byte by byte, as long as the client is there.
func drip(w http.ResponseWriter, r *http.Request, body []byte, each time.Duration) {
	for i := range body {
		if !pause(r.Context(), each) {
			return
		}
		_, err := w.Write(body[i : i+1])
		if err != nil || http.NewResponseController(w).Flush() != nil {
			return // the client is gone; there is nobody to tell
		}
	}
}

// pause waits, and reports whether the client is still there.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// cut resets the connection under the response.
func cut(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn() // a reset comes without the farewell of TLS
	}
	if tcp, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		// Without lingering, closing sends a reset. It is best effort.
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
