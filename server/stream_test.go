package server_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStreamIsAsDocumented(t *testing.T) {
	t.Parallel()
	for path, name := range map[string]string{devices: "devices.txt", machines: "virtual-machines.txt", full: "full-update.txt"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				w := s.watch(path)
				run := s.backend.run(t)
				events := fullRun()
				run.tell(events[:4]...)
				time.Sleep(16 * time.Second) // a comment is due
				run.tell(events[4:]...)
				run.finish()
				assert.Equal(t, "complete", w.last().Event)
				golden(t, name, bytes.ReplaceAll(w.bytes(), []byte(run.id()), []byte("RUN")))
			})
		})
	}
}

func TestStreamHeaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		w := s.watch(full) // returns before the first event
		assert.Equal(t, http.StatusOK, w.response.StatusCode)
		assert.Equal(t, "text/event-stream; charset=utf-8", w.response.Header.Get("Content-Type"))
		assert.Equal(t, "no-cache", w.response.Header.Get("Cache-Control"))
		assert.Equal(t, "no", w.response.Header.Get("X-Accel-Buffering"))
		s.backend.run(t).finish()
	})
}

func TestEachFrameIsSentAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		w := s.watch(devices)
		run := s.backend.run(t)
		run.tell(begin())
		assert.Equal(t, []string{"Starting devices synchronization."}, w.said())
		run.tell(node(sync.Started))
		assert.Len(t, w.said(), 2)
		run.finish()
	})
}

func TestKeepalive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{Keepalive: 5 * time.Second})
		w := s.watch(full)
		run := s.backend.run(t)
		for range 4 {
			time.Sleep(4 * time.Second)
			run.tell(sync.Step{Stage: sync.StageRead, Status: sync.Progress, Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}})
		}
		assert.Equal(t, 3, bytes.Count(w.bytes(), []byte(": keepalive\n\n")), "events that make no frame do not count")
		run.finish()
	})
}

func TestJoin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		first := s.watch(full)
		run := s.backend.run(t)
		events := fullRun()
		run.tell(events[:7]...)
		same, smaller := s.watch(full), s.watch(devices)
		assert.Equal(t, first.bytes(), same.bytes(), "told from the first event")
		s.backend.idle(t)
		run.tell(events[7:]...)
		run.finish()
		s.backend.idle(t)
		assert.Equal(t, "Full update sync completed with 1 failure: <i>db</i>.", first.last().Body["message"])
		assert.Equal(t, first.bytes(), same.bytes())
		assert.Equal(t, "Starting devices synchronization.", smaller.said()[0])
		assert.Equal(t, "Devices sync completed with 1 failure: <i>db</i>.", smaller.last().Body["message"])
	})
}

func TestNextRunIsANewOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		first := s.watch(full)
		one := s.backend.run(t)
		one.finish()
		second := s.watch(full)
		two := s.backend.run(t)
		two.finish()
		assert.NotEqual(t, one.id(), two.id())
		assert.NotEqual(t, first.last().ID, second.last().ID)
	})
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]sync.Scope{
		devices:  {Kinds: []sync.Kind{"device", "node-interface", "node-mac-address", "node-ip-address"}},
		machines: {Kinds: []sync.Kind{"virtual-machine", "vm-interface", "mac-address", "ip-address", "virtual-disk"}},
		full:     {},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				s.watch(path)
				run := s.backend.run(t)
				assert.Equal(t, want, run.options.Scope)
				assert.Nil(t, run.options.Policy)
				run.finish()
			})
		})
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		first := s.watch(devices)
		one := s.backend.run(t)
		one.tell(begin())

		guests, everything, again, nodes := s.watch(machines), s.watch(full), s.watch(machines), s.watch(devices)
		waiting := []string{"Waiting for run " + one.id() + " to finish."}
		assert.Equal(t, waiting, guests.said(), "another scope waits")
		assert.Equal(t, waiting, everything.said(), "a larger scope waits")
		assert.Equal(t, waiting, again.said(), "the same scope waits for the same run")
		assert.Equal(t, first.said(), nodes.said(), "the same scope joins")
		assert.NotContains(t, string(guests.bytes()), "id:", "a wait is no event")
		time.Sleep(16 * time.Second)
		assert.Contains(t, string(guests.bytes()), ": keepalive")
		s.backend.idle(t)

		one.finish()
		two := s.backend.run(t)
		assert.True(t, nodes.ended())
		assert.Len(t, two.options.Scope.Kinds, 5, "first come, first served")
		two.tell(begin())
		assert.Equal(t, "Starting virtual machines synchronization.", guests.said()[1])
		assert.Equal(t, guests.said(), again.said())
		assert.Len(t, everything.said(), 1)
		s.backend.idle(t)

		two.finish()
		three := s.backend.run(t)
		assert.True(t, guests.ended())
		assert.True(t, again.ended())
		assert.Equal(t, sync.Scope{}, three.options.Scope)
		three.finish()
		assert.Equal(t, "complete", everything.last().Event)
		s.backend.idle(t)
	})
}

func TestRunOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		gone := s.watch(full)
		run := s.backend.run(t)
		run.tell(begin())
		gone.leave()
		assert.True(t, gone.ended())
		time.Sleep(time.Hour)
		require.NoError(t, run.ctx.Err())
		run.tell(fullRun()[1:]...)
		late := s.watch(full)
		run.finish()
		assert.Equal(t, "Full update stream connected.", late.said()[0])
		assert.Equal(t, "complete", late.last().Event)
	})
}

func TestSlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{WriteTimeout: 3 * time.Second})
		quick := s.watch(full)
		stalled := s.open(context.Background(), http.MethodGet, full+"/stream", nil) // and never reads on
		defer func() { _ = stalled.Body.Close() }()
		run := s.backend.run(t)
		before := time.Now()
		for range 1000 {
			run.tell(guest("web01", sync.Started))
		}
		assert.Equal(t, before, time.Now(), "the run waits for nobody")
		assert.Len(t, quick.said(), 1000)
		time.Sleep(4 * time.Second)
		run.finish()
		assert.Len(t, quick.said(), 1001)

		var got bytes.Buffer
		_, err := got.ReadFrom(stalled.Body)
		require.Error(t, err, "an end that looks whole would be a lie")
		assert.NotContains(t, got.String(), "event: complete")
	})
}

func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		first := s.watch(full)
		run := s.backend.run(t)
		run.tell(fullRun()...)

		again := s.watchAfter(full, run.id()+"-10")
		assert.Equal(t, first.said()[len(first.said())-3:], again.said(), "from the event after that one on")
		run.finish()
		assert.Equal(t, "complete", again.last().Event)

		whole := first.frames()
		kept := s.watchAfter(full, run.id()+"-4")
		assert.Equal(t, whole[len(whole)-len(kept.frames()):], kept.frames(), "also after the end, while it is kept")
		assert.Equal(t, run.id()+"-5.1", kept.frames()[0].ID)
		inside := s.watchAfter(full, run.id()+"-5.2")
		assert.Equal(t, kept.frames()[2:], inside.frames(), "in the middle of an event's frames, too")

		for _, id := range []string{first.last().ID, run.id() + "-99999999999999999999", run.id() + "-4000000000", "gone-1", "nonsense"} {
			w := s.watchAfter(full, id)
			assert.Equal(t, http.StatusNoContent, w.response.StatusCode, id)
			assert.True(t, w.ended())
		}
		s.backend.idle(t)
	})
}

func TestResumeAheadOfTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.watch(full)
		run := s.backend.run(t)
		run.tell(begin())
		w := s.watchAfter(full, run.id()+"-1")
		assert.Empty(t, w.said())
		run.tell(node(sync.Started))
		assert.Equal(t, []string{"Processing device pve01"}, w.said())
		run.finish()
	})
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options server.Options
		kept    int // of five runs of eleven events each
	}{
		"by default":            {server.Options{}, 5},
		"runs":                  {server.Options{History: 2}, 2},
		"events":                {server.Options{HistoryEvents: 35}, 3},
		"the newest is kept":    {server.Options{HistoryEvents: 1}, 1},
		"exactly that many":     {server.Options{HistoryEvents: 22}, 2},
		"whichever comes first": {server.Options{History: 4, HistoryEvents: 40}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, &c.options)
				var ids []string
				for range 5 {
					s.watch(full)
					run := s.backend.run(t)
					run.tell(fullRun()[:10]...)
					run.finish()
					ids = append(ids, run.id())
				}
				for i, id := range ids {
					want := http.StatusNoContent
					if i >= 5-c.kept {
						want = http.StatusOK
					}
					assert.Equal(t, want, s.watchAfter(full, id+"-1").response.StatusCode, i)
				}
			})
		})
	}
}

func TestHeadStartsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		for _, path := range []string{devices, machines, full} {
			assert.Equal(t, http.StatusMethodNotAllowed, s.ask(http.MethodHead, path).status)
			assert.Equal(t, http.StatusMethodNotAllowed, s.ask(http.MethodHead, path+"/stream").status)
			assert.Equal(t, http.StatusMethodNotAllowed, s.ask(http.MethodPost, path+"/stream").status)
			assert.Equal(t, http.StatusMethodNotAllowed, s.ask(http.MethodDelete, path).status)
			assert.Equal(t, "GET, POST", s.ask(http.MethodHead, path).header.Get("Allow"))
		}
		assert.Equal(t, http.StatusNotFound, s.ask(http.MethodGet, "/nothing").status)
		s.backend.idle(t)
	})
}

func TestManyWatchers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		var all []*watcher
		for range 30 {
			all = append(all, s.watch(full))
		}
		run := s.backend.run(t)
		for range 20 {
			run.tell(fullRun()...)
		}
		run.finish()
		want := all[0].bytes()
		assert.Equal(t, 1, strings.Count(string(want), "event: complete"))
		for _, w := range all {
			assert.Equal(t, "complete", w.last().Event)
			assert.Equal(t, want, w.bytes())
		}
	})
}
