package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// estate is a server.Runner over named sources that also plans and applies.
type estate struct {
	*backend
	names   []string
	plan    *sync.Plan
	applied []*sync.Plan
}

func (e *estate) Sources() []string { return e.names }

func (e *estate) Plan(ctx context.Context, o *sync.RunOptions) (*sync.Plan, error) {
	_, err := e.backend.Run(ctx, o)
	return e.plan, err
}

func (e *estate) Apply(ctx context.Context, p *sync.Plan, o *sync.RunOptions) (*sync.Result, error) {
	e.applied = append(e.applied, p)
	return e.backend.Run(ctx, o)
}

func newEstate(names ...string) *estate {
	key := sync.Key{Kind: "device", Name: "lab/pve01"}
	return &estate{
		backend: &backend{begun: make(chan *scripted)}, names: names,
		plan: &sync.Plan{Scope: sync.Scope{Sources: names}, Changes: []sync.Change{{
			Op: sync.Create, Key: key, Unit: key, Label: "pve01",
			Fields: []sync.FieldChange{{Name: "name", New: sync.String("pve01")}},
		}}},
	}
}

// serveEstate serves sources of these names.
func serveEstate(t *testing.T, o *server.Options, names ...string) (*service, *estate) {
	t.Helper()
	e := newEstate(names...)
	handler, err := server.New(server.Fixed(e), o)
	require.NoError(t, err)
	s := serveOn(t, handler)
	s.backend = e.backend
	return s, e
}

func (s *service) post(path, body string) reply {
	s.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://localhost"+path, strings.NewReader(body))
	require.NoError(s.t, err)
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	synctest.Wait()
	return reply{response.StatusCode, response.Header, text}
}

// events opens a run's own stream and reads it in the background.
func (s *service) events(id, last string) *watcher {
	s.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	header := http.Header{}
	if last != "" {
		header.Set("Last-Event-ID", last)
	}
	w := &watcher{t: s.t, leave: leave, done: make(chan struct{}), response: s.open(ctx, http.MethodGet, "/runs/"+id+"/events", header)}
	go w.read()
	s.t.Cleanup(leave)
	synctest.Wait()
	return w
}

func TestPostRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want sync.Scope
	}{
		"nothing":    {"", sync.Scope{}},
		"everything": {`{}`, sync.Scope{}},
		"a stage":    {`{"stage":"devices"}`, server.Scope(sse.Devices)},
		"a source":   {`{"stage":"devices","sources":["lab"]}`, sync.Scope{Sources: []string{"lab"}, Kinds: server.Scope(sse.Devices).Kinds}},
		"a guest":    {`{"guests":[{"source":"lab","id":100}]}`, sync.Scope{Guests: []sync.GuestRef{{Source: "lab", ID: 100}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := serveEstate(t, nil, "lab", "north")
				r := s.post("/runs", c.body)
				assert.Equal(t, http.StatusCreated, r.status)
				run := s.backend.run(t)
				assert.Equal(t, c.want, run.options.Scope)
				assert.Equal(t, "/runs/"+run.id(), r.header.Get("Location"))
				assert.Equal(t, run.id(), r.json(t)["id"])
				assert.Equal(t, http.StatusOK, s.post("/runs", c.body).status, "joins")
				run.finish()
				s.backend.idle(t)
			})
		})
	}
}

func TestPostRunRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"stage":"coffee"}`:                                         `stage: there is no stage "coffee": there are full-update, devices and virtual-machines`,
		`{"sources":["lab","south"]}`:                                `sources[1]: there is no source "south": there are lab, north`,
		`{"sources":[""]}`:                                           `sources[0]: a source must be named`,
		`{"guests":[{"id":100}]}`:                                    `guests[0]: a source must be named`,
		`{"guests":[{"source":"south","id":100}]}`:                   `guests[0]: there is no source "south": there are lab, north`,
		`{"guests":[{"source":"lab"}]}`:                              `guests[0]: 0 is no VMID`,
		`{"sources":["north"],"guests":[{"source":"lab","id":100}]}`: `guests[0]: its source "lab" is not among the sources that are asked for`,
		`{"stage":"devices","guests":[{"source":"lab","id":100}]}`:   `guests[0]: the stage devices is about no guests`,
		`{"dryrun":true}`:                                            `the body is no request for a run: unknown field "dryrun"`,
		`[]`:                                                         `the body is no request for a run: cannot unmarshal array into Go value of type server.RunRequest`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := serveEstate(t, nil, "lab", "north")
				r := s.post("/runs", body)
				assert.Equal(t, http.StatusBadRequest, r.status)
				assert.Equal(t, map[string]any{"detail": want}, r.json(t))
				s.backend.idle(t)
			})
		})
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		id, err := s.server.Start(server.RunRequest{Stage: sse.Devices})
		require.NoError(t, err)
		run := s.backend.run(t)
		assert.Equal(t, run.id(), id)
		again, err := s.server.Start(server.RunRequest{Stage: sse.Devices})
		require.NoError(t, err)
		assert.Equal(t, id, again)
		_, err = s.server.Start(server.RunRequest{Sources: []string{"south"}})
		var wrong *server.RequestError
		require.ErrorAs(t, err, &wrong)
		assert.Equal(t, "sources[0]", wrong.Field)
		run.finish()
		require.NoError(t, s.server.Shutdown(context.Background()))
		_, err = s.server.Start(server.RunRequest{})
		require.ErrorContains(t, err, "shutting down")
		assert.Equal(t, http.StatusServiceUnavailable, s.post("/runs", "").status)
	})
}

func TestRunRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		id := s.post("/runs", `{"sources":["lab"]}`).json(t)["id"].(string)
		row := func() map[string]any { return s.ask(http.MethodGet, "/runs/"+id).json(t) }
		run := s.backend.run(t)
		begun := time.Now().UTC().Format(time.RFC3339Nano)
		time.Sleep(time.Second)
		run.tell(begin(), sync.Step{Stage: sync.StageRead, Status: sync.Progress, Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}, Name: "lab", Done: 5, Total: 9})
		got := row()
		assert.Equal(t, "read", got["phase"])
		assert.Equal(t, []any{map[string]any{"stage": "read", "kind": "source", "name": "lab", "done": 5., "total": 9.}}, got["current"])
		run.tell(
			sync.Step{Stage: sync.StageRead, Status: sync.Completed, Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}, Name: "lab", Done: 9, Total: 9},
			sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: 3},
			stage("devices", sync.Started, 0), node(sync.Started), node(sync.Completed),
			guest("web01", sync.Started), guest("db01", sync.Started), guestFailed("db01", "refused"),
		)
		got = row()
		assert.Equal(t, []any{map[string]any{"stage": "virtual-machines", "kind": "virtual-machine", "name": "web01"}}, got["current"])
		assert.Equal(t, []any{2., 3., "virtual-machines", "running", nil, nil}, []any{got["done"], got["total"], got["phase"], got["state"], got["ok"], got["finished"]})
		assert.Equal(t, 1., got["failure_count"])
		run.finish()

		got = row()
		assert.Equal(t, []any{"failed", false, "full-update", false}, []any{got["state"], got["ok"], got["stage"], got["dry_run"]})
		assert.Equal(t, begun, got["created"])
		assert.Equal(t, begun, got["started"])
		assert.NotEqual(t, begun, got["finished"])
		assert.Equal(t, map[string]any{"sources": []any{"lab"}}, got["scope"])
		assert.Equal(t, 1., got["objects"].(map[string]any)["device"].(map[string]any)["created"])
		assert.Equal(t, "refused", got["failures"].([]any)[0].(map[string]any)["error"])
		assert.NotContains(t, got, "current")
		assert.NotContains(t, got, "phase")
	})
}

func TestRowsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		id := s.post("/runs", "").json(t)["id"].(string)
		run := s.backend.run(t)
		for range 150 {
			skipped := guest("web01", sync.Completed).(sync.Step)
			skipped.Notes = []string{"left alone"}
			run.tell(guestFailed("db01", "refused"), skipped)
		}
		run.finish()
		row := s.ask(http.MethodGet, "/runs/"+id).json(t)
		assert.Equal(t, []any{150., 150.}, []any{row["failure_count"], row["skipped_count"]})
		assert.Len(t, row["failures"], 100)
		assert.Len(t, row["skipped"], 100)
	})
}

func TestListRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		var ids []string
		for i := range 4 {
			ids = append(ids, s.post("/runs", "").json(t)["id"].(string))
			run := s.backend.run(t)
			if i == 0 {
				run.tell(guestFailed("db01", "refused"))
			}
			run.finish()
			time.Sleep(time.Second)
		}
		s.post("/runs", "")
		run := s.backend.run(t)
		run.tell(begin())
		time.Sleep(time.Second)
		next := s.post("/runs", `{"dry_run":true}`)
		assert.Equal(t, http.StatusAccepted, next.status)
		list := func(query string) (list []string) {
			for _, row := range s.ask(http.MethodGet, "/runs"+query).json(t)["runs"].([]any) {
				list = append(list, row.(map[string]any)["id"].(string))
				assert.NotContains(t, row, "failures")
			}
			return list
		}
		waiting := next.json(t)["id"].(string)
		assert.Equal(t, []string{waiting, run.id(), ids[3], ids[2], ids[1], ids[0]}, list(""))
		assert.Equal(t, []string{waiting, run.id()}, list("?limit=2"))
		assert.Equal(t, []string{run.id()}, list("?state=running"))
		assert.Equal(t, []string{waiting, ids[0]}, list("?state=failed,waiting"))
		assert.Empty(t, list("?state=interrupted"))
		for query, want := range map[string]string{
			"?state=lost": `state: there is no state "lost"`, "?limit=0": `limit: "0"`, "?limit=x": `limit: "x"`, "?limit=501": `limit: "501"`,
		} {
			r := s.ask(http.MethodGet, "/runs"+query)
			assert.Equal(t, http.StatusBadRequest, r.status, query)
			assert.Contains(t, r.json(t)["detail"], want)
		}
		run.finish()
		s.backend.run(t).finish()
	})
}

func TestUnknownRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		for _, call := range []string{
			"GET /runs/NONE", "DELETE /runs/NONE", "GET /runs/NONE/plan", "POST /runs/NONE/apply", "GET /runs/NONE/events",
		} {
			method, path, _ := strings.Cut(call, " ")
			r := s.ask(method, path)
			assert.Equal(t, http.StatusNotFound, r.status, call)
			assert.Equal(t, `there is no run "NONE", or it is forgotten`, r.json(t)["detail"], call)
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		watching := s.watch(full)
		run := s.backend.run(t)
		run.tell(begin())
		waits := s.watch(devices + "?x=1") // joins: it covers less
		assert.Equal(t, http.StatusAccepted, s.ask(http.MethodDelete, "/runs/"+run.id()).status)
		synctest.Wait()
		assert.Equal(t, "Full update sync failed: the run was cancelled", watching.last().Body["message"])
		assert.True(t, waits.ended())
		row := s.ask(http.MethodGet, "/runs/"+run.id()).json(t)
		assert.Equal(t, []any{"cancelled", "the run was cancelled"}, []any{row["state"], row["error"]})
		r := s.ask(http.MethodDelete, "/runs/"+run.id())
		assert.Equal(t, http.StatusConflict, r.status)
		assert.Equal(t, "the run "+run.id()+" is over: it is cancelled", r.json(t)["detail"])
	})
}

func TestNobodyJoinsACancelledRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		s.post("/runs", "")
		run := s.backend.run(t)
		run.do(func() error { // it takes a while to notice
			assert.Equal(t, http.StatusAccepted, s.ask(http.MethodDelete, "/runs/"+run.id()).status)
			r := s.later(http.MethodPost, "/runs")
			assert.Equal(t, http.StatusAccepted, (<-r).status)
			return nil
		})
		next := s.backend.run(t)
		assert.NotEqual(t, run.id(), next.id())
		next.finish()
	})
}

func TestCancelWaitingRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab", "north")
		s.post("/runs", `{"sources":["lab"]}`)
		run := s.backend.run(t)
		run.tell(begin())
		all := s.post("/runs", "").json(t)["id"].(string)
		north := s.post("/runs", `{"sources":["north"]}`) // joins what waits and covers it
		assert.Equal(t, all, north.json(t)["id"])
		dry := s.post("/runs", `{"sources":["north"],"dry_run":true}`)
		assert.Equal(t, http.StatusAccepted, dry.status, "all waits before it")
		s.backend.idle(t)
		events := s.events(all, "")
		assert.Equal(t, http.StatusAccepted, s.ask(http.MethodDelete, "/runs/"+all).status)
		assert.Equal(t, dry.json(t)["id"], s.backend.run(t).id(), "which no longer has to wait")
		assert.Equal(t, []string{"error", "complete"}, names(events.frames()))
		assert.Equal(t, "cancelled", s.ask(http.MethodGet, "/runs/"+all).json(t)["state"])
	})
}

func names(frames []frame) (list []string) {
	for _, f := range frames {
		list = append(list, f.Event)
	}
	return list
}

func TestEventsOfARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab")
		id := s.post("/runs", "").json(t)["id"].(string)
		run := s.backend.run(t)
		w := s.events(id, "")
		run.tell(fullRun()...)
		again := s.events(id, id+"-9")
		elsewhere := s.events(id, "OTHER-9")
		run.finish()
		whole := w.frames()
		require.Len(t, whole, 12)
		assert.Equal(t, id+"-1", whole[0].ID)
		assert.Equal(t, "complete", w.last().Event)
		assert.Equal(t, whole[9:], again.frames())
		assert.Equal(t, whole, elsewhere.frames(), "an id of another run means nothing here")
		assert.Equal(t, whole[5:], s.events(id, id+"-5").frames(), "also after the end")
		assert.Equal(t, http.StatusNoContent, s.events(id, id+"-12").response.StatusCode)
		count := 0
		for ev, err := range sse.Events(bytes.NewReader(w.bytes()), nil) {
			require.NoError(t, err)
			count++
			assert.Equal(t, uint64(count), ev.EventMeta().Seq)
		}
		assert.Equal(t, 12, count)
	})
}

func TestDryRunAndApply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := serveEstate(t, nil, "lab")
		l := s.listen()
		id := s.post("/runs", `{"dry_run":true}`).json(t)["id"].(string)
		run := s.backend.run(t)
		run.tell(begin())
		for _, call := range []string{"GET /runs/" + id + "/plan", "POST /runs/" + id + "/apply"} {
			method, path, _ := strings.Cut(call, " ")
			r := s.ask(method, path)
			assert.Equal(t, http.StatusConflict, r.status, call)
			assert.Equal(t, "the run "+id+" is not done yet", r.json(t)["detail"])
		}
		run.finish()
		assert.Empty(t, l.heard(), "sockets hear of what is done")
		row := s.ask(http.MethodGet, "/runs/"+id).json(t)
		assert.Equal(t, []any{"completed", true}, []any{row["state"], row["dry_run"]})
		assert.Equal(t, 1., row["planned"].(map[string]any)["device"].(map[string]any)["created"])

		want, err := json.Marshal(e.plan)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(s.ask(http.MethodGet, "/runs/"+id+"/plan").body))
		text := s.ask(http.MethodGet, "/runs/"+id+"/plan?format=text")
		assert.Equal(t, "+ device pve01\n    name: pve01\nPlan: 1 to create, 0 to update, 0 to delete.\n", string(text.body))
		assert.Equal(t, "text/plain; charset=utf-8", text.header.Get("Content-Type"))
		assert.Equal(t, http.StatusBadRequest, s.ask(http.MethodGet, "/runs/"+id+"/plan?format=xml").status)

		applied := s.post("/runs/"+id+"/apply", "")
		assert.Equal(t, http.StatusCreated, applied.status)
		assert.Equal(t, id, applied.json(t)["plan_of"])
		apply := s.backend.run(t)
		assert.Equal(t, []*sync.Plan{e.plan}, e.applied)
		twice := s.post("/runs/"+id+"/apply", "")
		assert.Equal(t, http.StatusOK, twice.status)
		assert.Equal(t, apply.id(), twice.json(t)["id"])
		real := s.post("/runs", "")
		assert.Equal(t, http.StatusAccepted, real.status, "an apply is no full run")
		apply.finish()
		s.backend.run(t).finish()
		r := s.ask(http.MethodGet, "/runs/"+apply.id()+"/plan")
		assert.Equal(t, http.StatusNotFound, r.status)
		assert.Equal(t, "the run "+apply.id()+" was no dry run: it has no plan", r.json(t)["detail"])
	})
}

func TestFailedDryRunHasNoPlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := serveEstate(t, nil, "lab")
		e.plan = nil
		id := s.post("/runs", `{"dry_run":true}`).json(t)["id"].(string)
		s.backend.run(t).do(func() error { return errors.New("NetBox cannot be reached") })
		row := s.ask(http.MethodGet, "/runs/"+id).json(t)
		assert.Equal(t, []any{"failed", "NetBox cannot be reached"}, []any{row["state"], row["error"]})
		r := s.post("/runs/"+id+"/apply", "")
		assert.Equal(t, http.StatusNotFound, r.status)
		assert.Contains(t, r.json(t)["detail"], "came to no plan")
	})
}

// nowhere is a backend that is not configured.
type nowhere struct{ server.Backend }

func (nowhere) Open(server.Endpoints) (server.Runner, error) {
	return nil, errors.New("no NetBox is known: enter one in the plugin")
}

func TestReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab", "north")
		r := s.ask(http.MethodGet, "/ready")
		assert.Equal(t, http.StatusOK, r.status)
		assert.JSONEq(t, `{"status":"ready","sources":["lab","north"]}`, string(r.body))
	})
	synctest.Test(t, func(t *testing.T) {
		handler, err := server.New(nowhere{}, nil)
		require.NoError(t, err)
		s := serveOn(t, handler)
		r := s.ask(http.MethodGet, "/ready")
		assert.Equal(t, http.StatusServiceUnavailable, r.status)
		assert.JSONEq(t, `{"status":"not ready","detail":"no NetBox is known: enter one in the plugin"}`, string(r.body))
		r = s.post("/runs", "")
		assert.Equal(t, http.StatusServiceUnavailable, r.status)
		assert.Equal(t, "no NetBox is known: enter one in the plugin", r.json(t)["detail"])
	})
}

var _ interface{ Sources() []string } = (*sync.Engine)(nil)
