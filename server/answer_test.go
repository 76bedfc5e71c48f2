package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPostWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		answers := s.later(http.MethodPost, full)
		run := s.backend.run(t)
		run.tell(fullRun()...)
		time.Sleep(time.Hour)
		run.finish()
		r := <-answers
		assert.Equal(t, http.StatusOK, r.status, "also when objects failed")
		assert.Equal(t, "application/json", r.header.Get("Content-Type"))
		assert.Equal(t, "no-store", r.header.Get("Cache-Control"))
		body := r.json(t)
		result := body["result"].(map[string]any)
		delete(body, "result")
		assert.Equal(t, map[string]any{
			"status": "failed", "ok": false, "run": run.id(), "message": "Full update sync completed with 1 failure: <i>db</i>.",
			"devices_count": 1.0, "virtual_machines_count": 1.0,
			"devices":          []any{map[string]any{"id": 12.0, "name": "pve01", "operation": "create"}},
			"virtual_machines": []any{map[string]any{"id": 40.0, "name": "web01", "operation": "keep"}},
		}, body)
		assert.Equal(t, run.id(), result["run"])
		assert.Len(t, result["failures"], 1)
	})
}

func TestAnswerOfAGoodRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		answers := s.later(http.MethodGet, devices)
		run := s.backend.run(t)
		run.tell(begin())
		time.Sleep(3 * time.Second)
		run.finish()
		body := (<-answers).json(t)
		assert.Equal(t, "completed", body["status"])
		assert.Equal(t, true, body["ok"])
		assert.Equal(t, "Devices sync completed.", body["message"])
		assert.Equal(t, []any{}, body["devices"])
	})
}

func TestGetAnswersInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		before := time.Now()
		answers := s.later(http.MethodGet, devices)
		run := s.backend.run(t)
		run.tell(begin())
		r := <-answers
		assert.Equal(t, 4*time.Second, time.Since(before))
		assert.Equal(t, http.StatusAccepted, r.status)
		assert.Equal(t, map[string]any{"status": "running", "run": run.id()}, r.json(t))

		again := s.later(http.MethodGet, devices) // as the plugin does, at its second URL
		other := s.later(http.MethodGet, machines)
		s.backend.idle(t)
		assert.Equal(t, r.body, (<-again).body)
		assert.Equal(t, "waiting", (<-other).json(t)["status"])

		last := s.later(http.MethodGet, devices)
		run.finish()
		assert.Equal(t, run.id(), (<-last).json(t)["run"])
		s.backend.run(t).finish()
	})
}

func TestAnswerWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{AnswerWithin: time.Minute})
		before := time.Now()
		answers := s.later(http.MethodGet, devices)
		run := s.backend.run(t)
		assert.Equal(t, http.StatusAccepted, (<-answers).status)
		assert.Equal(t, time.Minute, time.Since(before))
		run.finish()
	})
}

func TestRunThatCouldNotHappen(t *testing.T) {
	t.Parallel()
	fail := func(run *scripted, err error) {
		run.do(func() error {
			run.emit(begin())
			run.emit(sync.Failure{Errors: []*sync.ObjectError{{Err: err}}})
			run.emit(sync.Complete{})
			return err
		})
	}
	refused := errors.New("NetBox refuses the token: make a new one")
	for name, end := range map[string]func(run *scripted){
		"told by events":         func(run *scripted) { fail(run, refused) },
		"told by the error only": func(run *scripted) { run.do(func() error { return refused }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					answers := s.later(method, full)
					w := s.watch(full)
					end(s.backend.run(t))
					r := <-answers
					assert.Equal(t, http.StatusBadGateway, r.status)
					assert.Equal(t, map[string]any{
						"message": "Full update sync failed: " + refused.Error(), "detail": refused.Error(),
					}, r.json(t))
					assert.Equal(t, http.StatusOK, w.response.StatusCode)
					last := w.last()
					assert.Equal(t, "complete", last.Event)
					assert.Equal(t, false, last.Body["ok"])
					said := w.said()
					assert.Equal(t, refused.Error(), said[len(said)-2])
				}
			})
		})
	}
}

func TestRunThatWasCutShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		answers := s.later(http.MethodPost, full)
		run := s.backend.run(t)
		run.tell(fullRun()[:5]...)
		run.do(func() error { return errors.New("NetBox is gone") }) // without a word
		r := <-answers
		assert.Equal(t, http.StatusOK, r.status, "something did happen")
		body := r.json(t)
		assert.Equal(t, "failed", body["status"])
		assert.Equal(t, "Full update sync failed: NetBox is gone", body["message"])
		assert.Len(t, body["devices"], 1)
	})
}

func TestBackendThatSaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		w := s.watch(full)
		run := s.backend.run(t)
		run.do(func() error {
			run.options.Observe(sync.Complete{Meta: sync.Meta{Run: run.id(), Seq: 1}}) // without a result
			return errDone
		})
		assert.Equal(t, run.id()+"-2", w.last().ID)
		assert.Equal(t, "Full update sync failed: the run ended without telling what came of it", w.last().Body["message"])
	})
}

func TestEventsAfterTheEndAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		w := s.watch(full)
		run := s.backend.run(t)
		run.do(func() error { run.emit(sync.Complete{}); run.emit(begin()); return errDone })
		assert.Equal(t, "complete", w.last().Event)
	})
}

func TestNoRunIsJoinedAfterItsLastEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.watch(full)
		one := s.backend.run(t)
		one.do(func() error { one.emit(sync.Complete{}); return nil }) // and is not back yet
		second := s.watch(full)
		assert.Equal(t, []string{"Waiting for run " + one.id() + " to finish."}, second.said())
		one.do(func() error { return errDone })
		s.backend.run(t).finish()
		assert.Equal(t, "complete", second.last().Event)
	})
}

func TestPanicFailsItsRunOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := serve(t, &server.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		w := s.watch(devices)
		next := s.watch(machines)
		run := s.backend.run(t)
		run.tell(begin())
		run.do(func() error { panic("secret canary") })
		assert.Equal(t, "Devices sync failed: a defect in the program ended the run; the server's log says where", w.last().Body["message"])
		assert.NotContains(t, string(w.bytes()), "canary")
		s.backend.run(t).finish()
		assert.Equal(t, "complete", next.last().Event)
		assert.Contains(t, log.String(), "secret canary")
	})
}

func TestRootAndHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		r := s.ask(http.MethodGet, "/")
		assert.Equal(t, http.StatusOK, r.status)
		assert.Regexp(t, "^Proxbox Backend", r.json(t)["message"])
		assert.Contains(t, r.json(t)["proxbox"], "github")
		r = s.ask(http.MethodGet, "/health")
		assert.JSONEq(t, `{"status":"ready","init_ok":true}`, string(r.body))
	})
}

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := server.New(nil, nil)
	require.ErrorContains(t, err, "backend")
	for _, o := range []server.Options{
		{AnswerWithin: -1},
		{Keepalive: -1},
		{SocketKeepalive: -1},
		{WriteTimeout: -1},
		{History: -1},
		{HistoryEvents: -1},
		{Origins: []string{"[a-"}},
	} {
		_, err := server.New(server.Fixed(&backend{}), &o)
		require.Error(t, err, "%+v", o)
	}
}

// An engine is a runner.
var _ server.Runner = (*sync.Engine)(nil)
