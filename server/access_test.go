package server_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Routes that anybody may ask for, and some of those that not everybody may.
var (
	openRoutes = []string{"GET /", "GET /health", "GET /ui/", "GET /auth/bootstrap-status", "GET /openapi.json", "GET /ready"}
	kept       = []string{
		"GET " + devices, "POST " + devices, "GET " + devices + "/stream", "HEAD " + devices, "GET " + machines, "GET " + full,
		"POST " + full, "GET " + full + "/stream", "GET /auth/keys", "POST /auth/keys", "DELETE /auth/keys/1", "PATCH /auth/keys/1",
		"GET /runs", "POST /runs", "GET /runs/x", "GET /runs/x/events", "DELETE /runs/x", "GET /version",
		"GET /netbox/endpoint", "POST /netbox/endpoint", "PUT /netbox/endpoint/1", "DELETE /netbox/endpoint/1", "GET /netbox/status",
		"GET /proxmox/endpoints", "POST /proxmox/endpoints", "PUT /proxmox/endpoints/1", "GET /proxmox/endpoints/1",
		"GET /proxmox/version", "GET /proxmox/sessions", "GET /proxmox/cluster/status", "GET /proxmox/cluster/resources",
		"GET /nothing", "POST /", "OPTIONS " + full, "GET //full-update", "GET /ui/../full-update", "GET /health/../full-update",
		"GET /auth/bootstrap-status/../../full-update",
	}
)

// askAll sends each of the requests.
func (s *service) askAll(routes []string, header http.Header) map[string]int {
	s.t.Helper()
	got := map[string]int{}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		got[route] = s.sendWith(method, path, header.Clone(), "").status
	}
	return got
}

func all(routes []string, status int) map[string]int {
	want := map[string]int{}
	for _, route := range routes {
		want[route] = status
	}
	return want
}

// Whether it is ready anybody may know; what it has there, or what is wrong, not.
func TestReadyTellsNoStrangerOfTheEstate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		r := s.at(elsewhere).ask(http.MethodGet, "/ready")
		assert.Equal(t, http.StatusOK, r.status)
		assert.JSONEq(t, `{"status":"ready"}`, string(r.body))
		s.register(key)
		assert.JSONEq(t, `{"status":"ready"}`, string(s.ask(http.MethodGet, "/ready").body))
		assert.JSONEq(t, `{"status":"ready","sources":["lab"]}`, string(s.send(http.MethodGet, "/ready", key, "").body))
	})
	synctest.Test(t, func(t *testing.T) {
		handler, err := server.New(nowhere{}, nil)
		require.NoError(t, err)
		r := serveOn(t, handler).at(elsewhere).ask(http.MethodGet, "/ready")
		assert.Equal(t, http.StatusServiceUnavailable, r.status)
		assert.JSONEq(t, `{"status":"not ready"}`, string(r.body))
	})
}

func TestOpenRoutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		far := s.at(elsewhere)
		header := http.Header{"Sec-Fetch-Site": {"cross-site"}} // as by a link
		assert.Equal(t, all(openRoutes, 200), far.askAll(openRoutes, header))
		s.register(key)
		assert.Equal(t, all(openRoutes, 200), far.askAll(openRoutes, header))
	})
}

func TestWithoutAKeyOnlyTheMachineItselfIsAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for name, refused := range map[string]*service{"another machine": s.at(elsewhere), "one by IPv6": s.at("[2001:db8::1]:1")} {
			assert.Equal(t, all(kept, 403), refused.askAll(kept, http.Header{}), name)
		}
		for name, header := range map[string]http.Header{
			"a page":       {"Origin": {"http://evil.test"}},
			"a page's GET": {"Sec-Fetch-Site": {"cross-site"}},
			"a proxy":      {"X-Forwarded-For": {"127.0.0.1"}},
			"a name":       {"Host": {"evil.test"}},
		} {
			assert.Equal(t, all(kept, 403), s.askAll(kept, header), name)
		}
		s.backend.idle(t)

		r := s.at(elsewhere).send(http.MethodGet, full, noKey, "")
		for _, way := range []string{"/auth/register-key", "--open-writes"} {
			assert.Contains(t, r.detail(t), way)
		}
		s.watch(full)
		s.backend.run(t).finish()
	})
}

func TestOpenWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := serve(t, &server.Options{OpenWrites: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		assert.Contains(t, log.String(), "level=WARN")
		s.at(elsewhere).watch(full)
		s.backend.run(t).finish()
		page := http.Header{"Origin": {"http://evil.test"}}
		assert.Equal(t, all(kept, 403), s.at(elsewhere).askAll(kept, page), "but no page of somebody else")
		s.register(key)
		assert.Equal(t, all(kept, 401), s.at(elsewhere).askAll(kept, http.Header{}), "until there is a key")
		s.backend.idle(t)
	})
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := &server.Options{BootstrapFromAnywhere: true, Logger: slog.New(slog.NewTextHandler(&log, nil)), StateDir: t.TempDir()}
	_, err := server.New(server.Fixed(&backend{}), o)
	require.NoError(t, err)
	assert.Contains(t, log.String(), "whoever comes first may register one")
	synctest.Test(t, func(t *testing.T) { serve(t, o).register(key) })
	log.Reset()
	_, err = server.New(server.Fixed(&backend{}), o)
	require.NoError(t, err)
	assert.Empty(t, log.String(), "with a key there is nothing to warn of")
}

func TestWithAKeyItIsNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{OpenWrites: true, BootstrapFromAnywhere: true})
		s.register(key)
		for name, header := range map[string]http.Header{
			"none":                   {},
			"a wrong one":            {"X-Proxbox-Api-Key": {otherKey}},
			"a part":                 {"X-Proxbox-Api-Key": {key[:32]}},
			"the wrong one of two":   {"X-Proxbox-Api-Key": {otherKey}, "Authorization": {"Bearer " + key}},
			"as a password":          {"Authorization": {"Basic " + key}},
			"without a scheme":       {"Authorization": {key}},
			"in a cookie":            {"Cookie": {"api_key=" + key}},
			"a bearer without a key": {"Authorization": {"Bearer"}},
		} {
			for _, from := range []string{"127.0.0.1:1", elsewhere} {
				r := s.at(from).sendWith(http.MethodGet, full+"/stream?api_key="+key, header.Clone(), "")
				assert.Equal(t, http.StatusUnauthorized, r.status, name)
				assert.Contains(t, r.detail(t), "API key", name)
				assert.Equal(t, `Bearer realm="proxbox"`, r.header.Get("WWW-Authenticate"))
				time.Sleep(time.Hour) // for this is not about the lock-out
			}
		}
		s.backend.idle(t)
		for _, header := range []http.Header{
			{"X-Proxbox-Api-Key": {key}},
			{"Authorization": {"Bearer " + key}},
			{"Authorization": {"bearer  " + key}},
			{"Authorization": {"Token " + key}},
			{"X-Proxbox-Api-Key": {key}, "Origin": {"http://evil.test"}}, // which no browser sends unasked
		} {
			r := s.at(elsewhere).sendWith(http.MethodGet, "/auth/keys", header, "")
			assert.Equal(t, http.StatusOK, r.status, "%v", header)
		}
		assert.Equal(t, all(kept, 401), s.askAll(kept, http.Header{}))
	})
}

// No answer lets the script of another page read it.
func TestNoCORS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{Origins: []string{"netbox.test"}, OpenWrites: true})
		header := http.Header{
			"Origin": {"https://netbox.test"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"x-proxbox-api-key"},
		}
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			for _, path := range []string{"/health", full, "/auth/register-key"} {
				for name := range s.sendWith(method, path, header.Clone(), "").header {
					assert.NotContains(t, name, "Access-Control")
				}
			}
		}
		s.backend.idle(t)
	})
}

func TestLockout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.register(key)
		far, other := s.at(elsewhere), s.at(nextDoor)
		ask := func(s *service, key string) reply { t.Helper(); return s.send(http.MethodGet, "/auth/keys", key, "") }
		for range 20 {
			assert.Equal(t, http.StatusUnauthorized, ask(far, noKey).status, "to show none is no guess")
		}
		for range 5 {
			assert.Equal(t, http.StatusUnauthorized, ask(far, otherKey).status)
			assert.Equal(t, http.StatusOK, ask(other, key).status)
			time.Sleep(time.Minute)
		}
		assert.Equal(t, http.StatusUnauthorized, ask(far, otherKey).status, "the first one is five minutes old")
		for _, tried := range []string{otherKey, key} {
			r := ask(far, tried)
			assert.Equal(t, http.StatusTooManyRequests, r.status)
			assert.Equal(t, "60", r.header.Get("Retry-After"))
			assert.Equal(t, "There were 5 wrong API keys from this address within 5m0s: it is locked out for another 1m0s.", r.detail(t))
		}
		assert.Equal(t, http.StatusOK, far.send(http.MethodGet, "/health", otherKey, "").status)
		assert.Equal(t, http.StatusOK, ask(other, key).status, "from another address")
		time.Sleep(time.Minute - time.Millisecond)
		r := ask(far, key)
		assert.Equal(t, http.StatusTooManyRequests, r.status)
		assert.Equal(t, "1", r.header.Get("Retry-After"))
		time.Sleep(time.Millisecond)
		assert.Equal(t, http.StatusOK, ask(far, key).status)
	})
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		for _, path := range []string{"/", "/health", "/nothing", "/auth/keys"} {
			assert.Equal(t, "nosniff", s.ask(http.MethodGet, path).header.Get("X-Content-Type-Options"), path)
		}
		w := s.watch(full)
		assert.Equal(t, "nosniff", w.response.Header.Get("X-Content-Type-Options"))
		s.backend.run(t).finish()
	})
}

func TestBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		r := s.send(http.MethodPost, full, noKey, strings.Repeat("x", 1<<20+1))
		assert.Equal(t, http.StatusRequestEntityTooLarge, r.status)
		assert.Contains(t, r.detail(t), "1048576 bytes")
		s.backend.idle(t)
		time.Sleep(time.Second) // for which the connection lingers

		s.register(key)
		r = s.send(http.MethodPost, full, noKey, strings.Repeat("x", 1<<20+1))
		assert.Equal(t, http.StatusUnauthorized, r.status, "of nobody without a key a body is read")
		time.Sleep(time.Second)
	})
}

func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	for from, status := range map[string]string{"127.0.0.1:1": "408 Request Timeout", elsewhere: "403 Forbidden"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				conn, err := s.listener.dial(context.Background(), netip.MustParseAddrPort(from))
				require.NoError(t, err)
				before := time.Now()
				_, err = io.WriteString(conn, "POST /full-update HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
				require.NoError(t, err)
				answer, err := io.ReadAll(conn) // until the server ends it
				require.NoError(t, err)
				assert.Contains(t, string(answer), status)
				assert.Less(t, time.Since(before), time.Minute)
				s.backend.idle(t)
				require.NoError(t, conn.Close())
			})
		})
	}
}

// A run takes longer than its request's body may.
func TestBodyLimitDoesNotEndARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		answers := make(chan reply, 1)
		go func() { answers <- s.send(http.MethodPost, full, noKey, "{}") }()
		run := s.backend.run(t)
		time.Sleep(time.Hour)
		run.finish()
		assert.Equal(t, http.StatusOK, (<-answers).status)
	})
}
