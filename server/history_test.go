package server_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keeping are options that keep runs in a folder.
func keeping(dir string) *server.Options { return &server.Options{StateDir: dir} }

// runOnce does a run from its begin to its end, and returns its id.
func (s *service) runOnce(body string, events ...sync.Event) string {
	s.t.Helper()
	s.post("/runs", body)
	run := s.backend.run(s.t)
	run.tell(events...)
	run.finish()
	return run.id()
}

func (s *service) row(id string) map[string]any {
	s.t.Helper()
	r := s.ask(http.MethodGet, "/runs/"+id)
	require.Equal(s.t, http.StatusOK, r.status)
	return r.json(s.t)
}

func TestHistorySurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, e := serveEstate(t, keeping(dir), "lab")
		ids := []string{
			s.runOnce(`{"sources":["lab"]}`, fullRun()...),
			s.runOnce(`{"dry_run":true}`, begin()),
		}
		var rows []map[string]any
		var events [][]frame
		for _, id := range ids {
			rows = append(rows, s.row(id))
			events = append(events, s.events(id, "").frames())
		}
		require.NoError(t, s.server.Shutdown(context.Background()))

		after, again := serveEstate(t, keeping(dir), "lab")
		for i, id := range ids {
			assert.Equal(t, rows[i], after.row(id))
			assert.Equal(t, events[i], after.events(id, "").frames())
			assert.Equal(t, events[i][1:], after.events(id, id+"-1").frames())
		}
		// The plugin's stream is taken up again, too.
		assert.Equal(t, "complete", after.watchAfter(full, ids[0]+"-9").last().Event)

		assert.Contains(t, string(after.ask(http.MethodGet, "/runs/"+ids[1]+"/plan?format=text").body), "+ device pve01")
		applied := after.post("/runs/"+ids[1]+"/apply", "")
		assert.Equal(t, http.StatusCreated, applied.status)
		after.backend.run(t).finish()
		require.Len(t, again.applied, 1)
		assert.Equal(t, e.plan, again.applied[0])
		assert.Empty(t, after.listen().heard(), "sockets hear nothing of runs that are over")
	})
}

func TestKilledServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		killed, _ := serveEstate(t, keeping(dir), "lab", "north")
		done := killed.runOnce(`{"sources":["lab"]}`)
		killed.post("/runs", `{"sources":["lab"]}`)
		cut := killed.backend.run(t)
		cut.tell(fullRun()[:7]...)
		seen := killed.events(cut.id(), "")
		time.Sleep(time.Minute)
		cut.tell(fullRun()[7:9]...)
		waits := killed.post("/runs", `{"stage":"devices"}`).json(t)["id"].(string)

		// Another process begins on what the first one has left: it had no time to say anything.
		s, _ := serveEstate(t, keeping(dir), "lab", "north")
		row := s.row(cut.id())
		assert.Equal(t, []any{"interrupted", false}, []any{row["state"], row["ok"]})
		assert.Equal(t, "the server ended in the middle of the run: the next one does what is left", row["error"])
		assert.Equal(t, 1., row["objects"].(map[string]any)["device"].(map[string]any)["created"], "what was known")
		assert.Equal(t, time.Now().UTC().Format(time.RFC3339Nano), row["finished"], "the last that was heard of it")
		assert.Equal(t, "interrupted", s.row(waits)["state"])
		assert.Nil(t, s.row(waits)["started"])
		assert.Equal(t, "completed", s.row(done)["state"])

		// Whoever watched it gets its end, and only that.
		whole := seen.frames()
		require.Len(t, whole, 9)
		rest := s.events(cut.id(), whole[8].ID)
		assert.Equal(t, []string{"error", "complete"}, names(rest.frames()))
		assert.Equal(t, http.StatusNoContent, s.events(cut.id(), rest.frames()[1].ID).response.StatusCode)
		old := s.watchAfter(full, whole[8].ID)
		assert.Equal(t, "Full update sync failed: the server ended in the middle of the run: the next one does what is left", old.last().Body["message"])

		// The next one runs at once, and a third server knows the same.
		next := s.runOnce(`{"sources":["lab"]}`)
		want := []map[string]any{s.row(cut.id()), s.row(waits), s.row(next)}
		third, _ := serveEstate(t, keeping(dir), "lab", "north")
		assert.Equal(t, want, []map[string]any{third.row(cut.id()), third.row(waits), third.row(next)})
		assert.Equal(t, rest.frames(), third.events(cut.id(), whole[8].ID).frames())
	})
}

func TestShutdownIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, keeping(dir), "lab")
		s.post("/runs", "")
		run := s.backend.run(t)
		run.tell(begin())
		waits := s.post("/runs", `{"dry_run":true}`).json(t)["id"].(string)
		require.NoError(t, s.server.Shutdown(context.Background()))

		after, _ := serveEstate(t, keeping(dir), "lab")
		for _, id := range []string{run.id(), waits} {
			row := after.row(id)
			assert.Equal(t, []any{"cancelled", "the server is shutting down: ask again when it is back"}, []any{row["state"], row["error"]})
		}
	})
}

// A power cut may leave a line half written.
func TestTornEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		killed, _ := serveEstate(t, keeping(dir), "lab")
		killed.post("/runs", "")
		run := killed.backend.run(t)
		run.tell(fullRun()[:4]...)
		path := filepath.Join(dir, "runs", run.id()+".events")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, 4, strings.Count(string(text), "\n"))
		require.NoError(t, os.WriteFile(path, text[:len(text)-20], 0o600))

		for range 2 {
			s, _ := serveEstate(t, keeping(dir), "lab")
			frames := s.events(run.id(), "").frames()
			assert.Equal(t, []string{"step", "step", "step", "error", "complete"}, names(frames))
			assert.Equal(t, run.id()+"-4", frames[3].ID)
		}
	})
}

func TestUnreadableHistoryCostsOnlyItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, keeping(dir), "lab")
		id := s.runOnce("")
		folder := filepath.Join(dir, "runs")
		require.NoError(t, os.WriteFile(filepath.Join(folder, "BROKEN.json"), []byte("{"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "OTHER.json"), []byte(`{"run":{"id":"../x"}}`), 0o600))
		after, _ := serveEstate(t, keeping(dir), "lab")
		list := after.ask(http.MethodGet, "/runs").json(t)["runs"].([]any)
		require.Len(t, list, 1)
		assert.Equal(t, id, list[0].(map[string]any)["id"])
	})
}

func TestHistoryOnDiskIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options server.Options
		rows    int // of five runs of eleven events each
		events  int
	}{
		"by default": {server.Options{}, 5, 5},
		"runs":       {server.Options{History: 2}, 2, 2},
		"events":     {server.Options{HistoryEvents: 35}, 5, 3},
		"bytes":      {server.Options{HistoryBytes: 1}, 5, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c.options.StateDir = dir
			synctest.Test(t, func(t *testing.T) {
				s, _ := serveEstate(t, &c.options, "lab")
				for range 5 {
					s.runOnce("", fullRun()[:10]...)
					time.Sleep(time.Second)
				}
				synctest.Wait()
				count := func(pattern string) int {
					found, err := filepath.Glob(filepath.Join(dir, "runs", pattern))
					require.NoError(t, err)
					return len(found)
				}
				assert.Equal(t, c.rows, count("*.json"))
				assert.Equal(t, c.events, count("*.events"))
				assert.Equal(t, c.rows+c.events, count("*"), "nothing else is left there")

				after, _ := serveEstate(t, &c.options, "lab")
				list := after.ask(http.MethodGet, "/runs").json(t)["runs"].([]any)
				require.Len(t, list, c.rows)
				for i, row := range list {
					want := http.StatusOK
					if i >= c.events {
						want = http.StatusNoContent
					}
					id := row.(map[string]any)["id"].(string)
					assert.Equal(t, want, after.events(id, "").response.StatusCode)
					assert.Equal(t, "failed", after.row(id)["state"])
				}
			})
		})
	}
}

// What is kept is for the server's user alone.
func TestHistoryIsPrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, keeping(dir), "lab")
		s.runOnce(`{"dry_run":true}`)
		entries, err := os.ReadDir(filepath.Join(dir, "runs"))
		require.NoError(t, err)
		assert.Len(t, entries, 3)
		for _, entry := range entries {
			info, err := entry.Info()
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), entry.Name())
		}
		info, err := os.Stat(filepath.Join(dir, "runs"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	})
}

// A full disk hurts no run.
func TestRunGoesOnWithoutADisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, keeping(dir), "lab")
		require.NoError(t, os.RemoveAll(dir))
		id := s.runOnce("", fullRun()[:8]...)
		assert.Equal(t, "completed", s.row(id)["state"])
		assert.True(t, slices.Contains(names(s.events(id, "").frames()), "complete"))
		require.NoError(t, os.MkdirAll(dir, 0o700))
	})
	_, err := server.New(server.Fixed(newEstate()), keeping("/dev/null/x"))
	require.ErrorContains(t, err, "not a directory")
}
