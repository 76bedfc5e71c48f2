package server_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
)

func TestObserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			stage, state string
			dry          bool
			seq          uint64
		}
		var got []seen
		s := serve(t, &server.Options{StateDir: t.TempDir(), Observe: func(r server.RunInfo, ev sync.Event) {
			got = append(got, seen{string(r.Stage), r.State, r.DryRun, ev.EventMeta().Seq})
		}})
		posted := s.later(http.MethodPost, devices)
		run := s.backend.run(t)
		waiting := s.later(http.MethodPost, machines)
		run.tell(begin(), node(sync.Completed))
		run.finish()
		<-posted
		id := s.backend.run(t).id()
		s.ask(http.MethodDelete, "/runs/"+id)
		<-waiting
		assert.Equal(t, []seen{
			{"devices", "running", false, 1},
			{"devices", "running", false, 2},
			{"devices", "completed", false, 3},
			{"virtual-machines", "running", false, 1},
			{"virtual-machines", "cancelled", false, 2},
		}, got)
	})
}

func TestNobodyIsAnsweredBeforeTheObserverKnows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var known atomic.Bool
		s := serve(t, &server.Options{Observe: func(_ server.RunInfo, ev sync.Event) {
			if _, last := ev.(sync.Complete); last {
				time.Sleep(time.Second)
				known.Store(true)
			}
		}})
		posted := s.later(http.MethodPost, devices)
		s.backend.run(t).finish()
		<-posted
		assert.True(t, known.Load())
	})
}

func TestStats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		assert.Equal(t, server.Stats{LastGood: map[string]time.Time{}}, s.server.Stats())
		first, _ := s.watch(devices), s.watch(machines)
		run := s.backend.run(t)
		socket := s.listen()
		assert.Equal(t, server.Stats{Running: 1, Waiting: 1, Streams: 2, Sockets: 1, LastGood: map[string]time.Time{}}, s.server.Stats())
		run.tell(begin())
		first.leave()
		_ = socket.conn.CloseNow()
		run.finish()
		s.backend.run(t)
		assert.Equal(t, server.Stats{Running: 1, Streams: 1, LastGood: map[string]time.Time{}}, s.server.Stats())
	})
}

func TestStatsKnowTheLastGoodRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b := serveEstate(t, nil, "lab", "edge")
		posted := s.later(http.MethodPost, "/runs")
		<-posted
		run := b.run(t)
		time.Sleep(time.Second)
		run.tell(begin())
		run.finish()
		finished := time.Now()
		time.Sleep(time.Minute)
		got := s.server.Stats().LastGood
		assert.Len(t, got, 2)
		assert.WithinDuration(t, finished, got["lab"], 0)
	})
}

// Metrics need a key like all else, but from the machine itself, where they are mostly asked for.
func TestWhoMayAskForMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			_, _ = io.WriteString(w, "runs 1\n")
		})
		s := serve(t, &server.Options{Metrics: metrics})
		get := func(s *service, header http.Header) int {
			return s.sendWith(http.MethodGet, "/metrics", header, "").status
		}
		assert.Equal(t, http.StatusOK, get(s, nil))
		assert.Equal(t, http.StatusForbidden, get(s.at(elsewhere), nil))
		s.register(otherKey)
		assert.Equal(t, http.StatusOK, get(s, nil))
		assert.Equal(t, http.StatusUnauthorized, get(s, http.Header{"X-Forwarded-For": {"192.0.2.1"}}), "somebody else by a proxy")
		assert.Equal(t, http.StatusUnauthorized, get(s, http.Header{"Origin": {"https://example.net"}}), "another site's page")
		assert.Equal(t, http.StatusUnauthorized, get(s.at(elsewhere), nil))
		assert.Equal(t, http.StatusOK, get(s.at(elsewhere), http.Header{"Authorization": {"Bearer " + otherKey}}))

		none := serve(t, nil)
		assert.Equal(t, http.StatusNotFound, get(none, nil))
	})
}
