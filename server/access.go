package server

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// refusal is the answer to a request that is not let in.
type refusal struct {
	status int
	detail string        // a sentence for the operator
	retry  time.Duration // how long it lasts; 0 if time does not help
}

// open tells whether anybody may use the route, or the route judges by itself. All others are for those who are let in.
func open(pattern string) bool {
	switch route(pattern) {
	case "/{$}", "/health", "/ready", "/openapi.json":
		return true
	case "/auth/bootstrap-status", "/auth/register-key", "/ws":
		return true // they judge by themselves
	}
	return page(pattern)
}

// page tells whether the route has the page and its files, which hold nothing of the estate.
func page(pattern string) bool { return strings.HasPrefix(route(pattern), "/ui/") }

// route returns the path of a pattern of [http.ServeMux].
func route(pattern string) string { return pattern[strings.LastIndexByte(pattern, ' ')+1:] }

// guard answers a request if it is let in. What counts is the route that answers, not the path as it was written.
func (s *Server) guard(w http.ResponseWriter, r *http.Request) {
	_, pattern := s.mux.Handler(r)
	secure(w.Header())
	if page(pattern) {
		securePage(w.Header())
	}
	if !open(pattern) && !(route(pattern) == "/metrics" && local(r) && !foreignPage(r)) {
		if no := s.admit(r); no != nil {
			limitBody(w, r, unreadWithin)
			s.deny(w, no)
			return
		}
	}
	limit := int64(longestBody)
	if strings.HasPrefix(route(pattern), "/auth/") {
		limit = longestKeyBody
	}
	if no := takeBody(w, r, limit); no != nil {
		s.deny(w, no)
		return
	}
	if pattern == "" {
		s.missing(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// warn says at the start what is open to more than it should be.
func (s *Server) warn() {
	if s.keys.any() {
		return
	}
	if s.options.OpenWrites {
		s.options.Logger.Warn("no API key is registered, and everybody who can connect may start runs and change endpoints")
	}
	if s.options.BootstrapFromAnywhere {
		s.options.Logger.Warn("no API key is registered, and whoever comes first may register one")
	}
}

// deny answers with a refusal.
func (s *Server) deny(w http.ResponseWriter, no *refusal) {
	if no.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(no.retry.Seconds()))))
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="proxbox"`)
	}
	s.respond(w, no.status, detail{no.detail})
}

// detail is an answer in one sentence.
type detail struct {
	Detail string `json:"detail"`
}

// admit judges a request by the one rule there is. Once an API key is registered, each request needs a valid one. Until
// then only the machine itself is answered, or everybody if the options say so; for without a key there is no telling
// who asks.
func (s *Server) admit(r *http.Request) *refusal {
	if s.keys.any() {
		return s.check(r, shownKey(r))
	}
	return s.admitKeyless(r)
}

func (s *Server) admitKeyless(r *http.Request) *refusal {
	switch {
	case foreignPage(r):
		return &refusal{status: http.StatusForbidden, detail: "The page of another site asks for this. It would need an API key."}
	case s.options.OpenWrites || local(r):
		return nil
	}
	return &refusal{status: http.StatusForbidden, detail: "No API key is registered yet, and until then only the server's own machine is " +
		"answered, at localhost or an address and not through a proxy. Register one from there with POST /auth/register-key, " +
		"or let everybody in with the option OpenWrites (proxbox serve --open-writes)."}
}

// check judges a key that a client shows.
func (s *Server) check(r *http.Request, key string) *refusal {
	if key == "" {
		return &refusal{status: http.StatusUnauthorized, detail: "An API key is needed, as X-Proxbox-API-Key or as Authorization: Bearer."}
	}
	client := clientOf(r)
	ok, wait := s.lockout.try(client, func() bool { return s.keys.valid(digestOf(key)) })
	switch {
	case ok:
		return nil
	case wait > 0:
		return &refusal{status: http.StatusTooManyRequests, retry: wait, detail: fmt.Sprintf(
			"There were %d wrong API keys from this address within %v: it is locked out for another %v.",
			lockoutFailures, lockoutWindow, wait.Round(time.Second))}
	}
	s.options.Logger.Warn("wrong API key", "client", client.String())
	return &refusal{status: http.StatusUnauthorized, detail: "The API key is not valid."}
}

// shownKey returns the key that a request shows, if it shows one.
func shownKey(r *http.Request) string {
	if key := r.Header.Get("X-Proxbox-API-Key"); key != "" {
		return key
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Token") {
		return strings.TrimSpace(key)
	}
	return ""
}

// clientOf returns the address at the other end of the connection, without regard to what a header says. Of a connection
// that has none it is the zero value.
func clientOf(r *http.Request) netip.Addr {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr().Unmap().WithZone("")
}

// local tells whether somebody on the server's own machine asks: not somebody else through a proxy there, nor a page whose
// host name was turned into an address of this machine to get round a browser's rules.
func local(r *http.Request) bool {
	if !clientOf(r).IsLoopback() {
		return false
	}
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	u, err := url.Parse("//" + r.Host)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(u.Hostname())
	return err == nil || strings.EqualFold(u.Hostname(), "localhost")
}
