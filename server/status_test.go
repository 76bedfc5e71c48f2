package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listing is a backend with clusters of its own. It counts how often its NetBox is asked.
type listing struct {
	*plugged
	clusters []server.Cluster

	mu    stdsync.Mutex
	asked int
}

func (l *listing) NetBoxURL() string {
	return "https://operator:canary-password@netbox.example.com/sub?token=canary-token"
}

func (l *listing) Clusters(server.Endpoints) []server.Cluster { return l.clusters }

func (l *listing) NetBoxStatus(ctx context.Context, rows server.Endpoints) (json.RawMessage, error) {
	l.mu.Lock()
	l.asked++
	l.mu.Unlock()
	return l.plugged.NetBoxStatus(ctx, rows)
}

func list(t *testing.T, clusters ...server.Cluster) (*service, *listing) {
	t.Helper()
	l := &listing{plugged: &plugged{backend: &backend{begun: make(chan *scripted)}}, clusters: clusters}
	handler, err := server.New(l, nil)
	require.NoError(t, err)
	s := serveOn(t, handler)
	s.backend = l.backend
	return s, l
}

func TestStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := list(
			t,
			server.Cluster{Source: "lab", Questions: questions{}},
			server.Cluster{Source: "edge", Questions: questions{standalone: true}},
			server.Cluster{Source: "slow", Questions: questions{hangs: true}},
			server.Cluster{Source: "down", Questions: questions{err: errors.New("no node answers")}},
			server.Cluster{Source: "odd", Err: errors.New("its credential makes no sense")},
		)
		start := time.Now()
		answer := s.ask(http.MethodGet, "/status")
		assert.Equal(t, 4*time.Second, time.Since(start), "who does not answer is waited for, and no longer")
		require.Equal(t, http.StatusOK, answer.status)
		assert.NotContains(t, string(answer.body), "canary")
		assert.JSONEq(t, `{
			"netbox": {"url": "https://netbox.example.com/sub", "reachable": true, "version": "4.7.3"},
			"clusters": [
				{"source": "lab", "cluster": "lab", "reachable": true, "version": "9.1.2", "standalone": false, "quorate": true,
					"online": 1, "offline": ["pve2"], "last_good": null},
				{"source": "edge", "cluster": "pve", "reachable": true, "version": "9.1.2", "standalone": true, "quorate": true,
					"online": 1, "offline": [], "last_good": null},
				{"source": "slow", "reachable": false, "standalone": false, "quorate": false, "online": 0, "offline": [],
					"error": "there was no answer in time: check that it is up and no firewall is in between", "last_good": null},
				{"source": "down", "reachable": false, "standalone": false, "quorate": false, "online": 0, "offline": [],
					"error": "no node answers", "last_good": null},
				{"source": "odd", "reachable": false, "standalone": false, "quorate": false, "online": 0, "offline": [],
					"error": "its credential makes no sense", "last_good": null}
			],
			"running": [], "waiting": []
		}`, string(answer.body))
	})
}

func TestStatusDoesNotAskTheEndsEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, l := list(t, server.Cluster{Source: "lab", Questions: questions{hangs: true}})
		first, second := s.later(http.MethodGet, "/status"), s.later(http.MethodGet, "/status")
		assert.Equal(t, (<-first).body, (<-second).body)
		s.ask(http.MethodGet, "/status")
		assert.Equal(t, 1, l.asked, "the answers are good for a moment")
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		s.ask(http.MethodGet, "/status")
		assert.Equal(t, 2, l.asked, "other rows, other answers")
		time.Sleep(time.Minute)
		s.ask(http.MethodGet, "/status")
		assert.Equal(t, 3, l.asked)
	})
}

func TestStatusTellsOfRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := list(t, server.Cluster{Source: "lab"}, server.Cluster{Source: "edge"})
		status := func() map[string]any { return s.ask(http.MethodGet, "/status").json(t) }
		lastGood := func(cluster int) any {
			return status()["clusters"].([]any)[cluster].(map[string]any)["last_good"]
		}
		s.push(http.MethodPost, "/runs", `{"sources":["lab"]}`)
		s.push(http.MethodPost, "/runs", `{"stage":"devices","sources":["lab"],"dry_run":true}`)
		run := s.backend.run(t)
		run.tell(begin())
		body := status()
		require.Len(t, body["running"], 1)
		require.Len(t, body["waiting"], 1)
		assert.Equal(t, run.id(), body["running"].([]any)[0].(map[string]any)["id"])
		assert.Nil(t, lastGood(0))
		run.finish()
		synctest.Wait()
		good := lastGood(0).(map[string]any)
		assert.Equal(t, run.id(), good["run"])
		assert.Nil(t, lastGood(1), "the run was not about it")

		s.push(http.MethodPost, "/runs", `{"sources":["lab"],"guests":[{"source":"lab","id":101}]}`)
		s.backend.run(t).finish()
		synctest.Wait()
		assert.Equal(t, good, lastGood(0), "one guest says nothing of the cluster")

		s.push(http.MethodPost, "/runs", `{"sources":["lab"]}`)
		failing := s.backend.run(t)
		failing.tell(guestFailed("web01", "no"))
		failing.finish()
		synctest.Wait()
		assert.Equal(t, good, lastGood(0), "a run with a failure is not good")
	})
}

// Of a backend that lists no clusters, the rows tell which there are.
func TestStatusOfPushedRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		s.good(http.MethodPost, "/netbox/endpoint", pushedNetBox)
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		answer := s.ask(http.MethodGet, "/status")
		assert.NotContains(t, string(answer.body), "canary")
		body := answer.json(t)
		assert.Equal(t, "https://netbox.example.com:443", body["netbox"].(map[string]any)["url"])
		require.Len(t, body["clusters"], 1)
		lab := body["clusters"].([]any)[0].(map[string]any)
		assert.Equal(t, "lab", lab["source"])
		assert.Equal(t, true, lab["reachable"])
	})
}

func TestStatusOfFixedEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body := serve(t, nil).ask(http.MethodGet, "/status").json(t)
		assert.Nil(t, body["netbox"].(map[string]any)["reachable"], "it was not asked")
		assert.Empty(t, body["clusters"])
	})
}

func TestPageIsMounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		require.Equal(t, http.StatusCreated, s.push(http.MethodPost, "/auth/register-key", `{"api_key":"0123456789abcdef0123456789abcdef"}`).status)
		for _, path := range []string{"/ui/", "/ui", "/ui/page.js"} {
			answer := s.ask(http.MethodGet, path)
			assert.Equal(t, http.StatusOK, answer.status, "%s is for all: it holds nothing of the estate", path)
			assert.Contains(t, answer.header.Get("Content-Security-Policy"), "default-src 'none'", path)
		}
		assert.Equal(t, http.StatusUnauthorized, s.ask(http.MethodGet, "/status").status, "what it shows is not")
		assert.Equal(t, http.StatusNotFound, s.ask(http.MethodGet, "/ui/nothing").status)
		assert.Contains(t, s.ask(http.MethodGet, "/").header.Get("Content-Type"), "application/json")
	})
}
