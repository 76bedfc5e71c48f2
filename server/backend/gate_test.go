package backend_test

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	stdsync "sync"
	"time"
)

// gate stands before NetBox, a fake or a real one, and lets go wrong what can go wrong between it and the engine.
type gate struct {
	netbox http.Handler

	mu       stdsync.Mutex
	requests map[string]int // by method
	seen     int            // of all methods
	writes   int
	shut     bool // every connection is closed
	troubles []*trouble
	late     stdsync.WaitGroup // what NetBox works on though nobody waits for it
}

// trouble is what happens at a request.
type trouble struct {
	kind  string
	write bool // only at writes, which are counted alone then
	at    int  // the first one that it happens at, from 1
	times int  // how many
	// do, with the kind "call", is called before NetBox gets the request or, with after, once it is done.
	do    func()
	after bool
	delay time.Duration // of a late request
}

// troubleKinds are what an answer may be replaced by. A live test cannot wait for those that hang.
func troubleKinds(live bool) []string {
	kinds := []string{"reset", "reset after", "502", "502 after", "504 after", "500", "429", "400", "403", "truncated", "late"}
	if !live {
		kinds = append(kinds, "hang", "hang after")
	}
	return kinds
}

func newGate(netbox http.Handler) *gate {
	g := &gate{netbox: netbox}
	g.reset()
	return g
}

// reset forgets what was counted, and what was to go wrong.
func (g *gate) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests, g.seen, g.writes, g.shut, g.troubles = map[string]int{}, 0, 0, false, nil
}

func (g *gate) add(t *trouble) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.troubles = append(g.troubles, t)
}

// close cuts every connection off, as the end of the engine's process does.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
}

// written returns how many requests were more than reads.
func (g *gate) written() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.writes
}

// meet counts a request and returns what goes wrong with it, if anything.
func (g *gate) meet(method string) (t *trouble, shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests[method]++
	g.seen++
	isWrite := method != http.MethodGet
	if isWrite {
		g.writes++
	}
	for _, t := range g.troubles {
		n := g.seen
		if t.write {
			n = g.writes
		}
		if (!t.write || isWrite) && n >= t.at && n < t.at+t.times {
			return t, g.shut
		}
	}
	return nil, g.shut
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	t, shut := g.meet(r.Method)
	if t != nil && t.kind == "call" && !t.after {
		t.do()
		shut = shut || g.isShut()
	}
	if shut {
		panic(http.ErrAbortHandler)
	}
	answer := func() *httptest.ResponseRecorder {
		g.late.Add(1)
		defer g.late.Done()
		out := httptest.NewRecorder()
		again := r.Clone(context.WithoutCancel(r.Context())) // NetBox does not notice who hangs up
		again.Body = io.NopCloser(bytes.NewReader(body))
		again.ContentLength = int64(len(body))
		g.netbox.ServeHTTP(out, again)
		return out
	}
	if t != nil && t.kind != "call" {
		g.trouble(w, r, t, answer)
		return
	}
	out := answer()
	if t != nil && t.after {
		t.do()
	}
	if g.isShut() {
		panic(http.ErrAbortHandler)
	}
	pass(w, out, len(out.Body.Bytes()))
}

// pass sends the first bytes of an answer.
func pass(w http.ResponseWriter, out *httptest.ResponseRecorder, first int) {
	maps.Copy(w.Header(), out.Header())
	w.Header().Set("Content-Length", strconv.Itoa(out.Body.Len()))
	w.WriteHeader(out.Code)
	_, _ = w.Write(out.Body.Bytes()[:first])
	if first < out.Body.Len() {
		panic(http.ErrAbortHandler)
	}
}

// trouble spoils one request.
func (g *gate) trouble(w http.ResponseWriter, r *http.Request, t *trouble, answer func() *httptest.ResponseRecorder) {
	say := func(status int, kind, text string) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	const page, object = "text/html", "application/json"
	switch t.kind {
	case "reset":
		panic(http.ErrAbortHandler)
	case "reset after":
		answer()
		panic(http.ErrAbortHandler)
	case "hang":
		<-r.Context().Done()
	case "hang after":
		answer()
		<-r.Context().Done()
	case "late":
		g.late.Go(func() {
			time.Sleep(t.delay)
			answer()
		})
		panic(http.ErrAbortHandler)
	case "502":
		say(http.StatusBadGateway, page, "<html>502 Bad Gateway</html>")
	case "502 after":
		answer()
		say(http.StatusBadGateway, page, "<html>502 Bad Gateway</html>")
	case "504 after":
		answer()
		say(http.StatusGatewayTimeout, page, "<html>504 Gateway Time-out</html>")
	case "500":
		say(http.StatusInternalServerError, object, `{"error": "deadlock detected\n", "exception": "OperationalError", "netbox_version": "4.7.3"}`)
	case "429":
		w.Header().Set("Retry-After", "1")
		say(http.StatusTooManyRequests, object, `{"detail":"Request was throttled."}`)
	case "400":
		say(http.StatusBadRequest, object, `{"detail":"Not today."}`)
	case "403":
		say(http.StatusForbidden, object, `{"detail":"You do not have permission to perform this action."}`)
	case "truncated":
		out := answer()
		pass(w, out, out.Body.Len()/2)
	}
}
