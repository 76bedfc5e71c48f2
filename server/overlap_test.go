package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each row is asked for while the first goes on.
func TestOverlap(t *testing.T) {
	t.Parallel()
	const joins, waits, starts = http.StatusOK, http.StatusAccepted, http.StatusCreated
	for name, c := range map[string]struct {
		first, second string
		want          int
	}{
		"the same":                         {`{}`, `{}`, joins},
		"the same source":                  {`{"sources":["lab"]}`, `{"sources":["lab"]}`, joins},
		"one of all":                       {`{}`, `{"sources":["lab"]}`, joins},
		"one of two":                       {`{"sources":["lab","north"]}`, `{"sources":["north"]}`, joins},
		"a stage of it":                    {`{"sources":["lab"]}`, `{"sources":["lab"],"stage":"devices"}`, joins},
		"a guest of it":                    {`{"sources":["lab"]}`, `{"guests":[{"source":"lab","id":100}]}`, joins},
		"an increment of it":               {`{}`, `{"incremental":true}`, joins},
		"all, of an increment":             {`{"incremental":true}`, `{}`, waits},
		"all, of one":                      {`{"sources":["lab"]}`, `{}`, waits},
		"two, of one":                      {`{"sources":["lab"]}`, `{"sources":["north","lab"]}`, waits},
		"another stage":                    {`{"stage":"devices"}`, `{"stage":"virtual-machines"}`, waits},
		"another guest":                    {`{"guests":[{"source":"lab","id":100}]}`, `{"guests":[{"source":"lab","id":101}]}`, waits},
		"another source":                   {`{"sources":["lab"]}`, `{"sources":["north"]}`, starts},
		"another source's other stage":     {`{"sources":["lab"],"stage":"devices"}`, `{"sources":["north"],"stage":"virtual-machines"}`, starts},
		"another source's guest":           {`{"sources":["lab"]}`, `{"guests":[{"source":"north","id":100}]}`, starts},
		"a guest, and another's":           {`{"guests":[{"source":"lab","id":100}]}`, `{"guests":[{"source":"north","id":100}]}`, starts},
		"a plan of what is written":        {`{}`, `{"dry_run":true}`, waits},
		"what is planned":                  {`{"dry_run":true}`, `{}`, waits},
		"the same plan":                    {`{"dry_run":true}`, `{"dry_run":true}`, joins},
		"a plan for less":                  {`{"dry_run":true}`, `{"dry_run":true,"sources":["lab"]}`, waits},
		"a plan for another source":        {`{"sources":["lab"],"dry_run":true}`, `{"sources":["north"],"dry_run":true}`, starts},
		"a plan for what is not written":   {`{"sources":["lab"]}`, `{"sources":["north"],"dry_run":true}`, starts},
		"a plan by guests that names both": {`{"sources":["lab"],"dry_run":true,"guests":[{"source":"lab","id":1}]}`, `{"dry_run":true,"guests":[{"source":"lab","id":1}]}`, joins},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := serveEstate(t, nil, "lab", "north")
				first := s.post("/runs", c.first)
				require.Equal(t, http.StatusCreated, first.status)
				one := s.backend.run(t)
				one.tell(begin())
				second := s.post("/runs", c.second)
				assert.Equal(t, c.want, second.status)
				assert.Equal(t, c.want == joins, first.json(t)["id"] == second.json(t)["id"])
				assert.Equal(t, c.want == waits, second.json(t)["state"] == "waiting")
				if c.want == starts {
					s.backend.run(t).finish()
				}
				s.backend.idle(t)
				one.finish()
				if c.want == waits {
					s.backend.run(t).finish()
				}
				s.backend.idle(t)
			})
		})
	}
}

// A run may overtake those that it has nothing to do with, and no other: none waits for ever.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "a", "b", "c")
		ask := func(body string) string { return s.post("/runs", body).json(t)["id"].(string) }
		a := ask(`{"sources":["a"]}`)
		runA := s.backend.run(t)
		runA.tell(begin())
		ab := ask(`{"sources":["a","b"],"stage":"devices"}`)
		b := ask(`{"sources":["b"],"stage":"virtual-machines"}`) // has to wait for the one that waits
		c := ask(`{"sources":["c"]}`)
		runC := s.backend.run(t)
		assert.Equal(t, []string{a, c}, []string{runA.id(), runC.id()})
		runC.tell(begin())
		s.backend.idle(t)
		assert.Equal(t, "Waiting for run "+a+" to finish.", s.watch(machines).said()[0], "of all sources: the first that it has to wait for")

		runA.finish()
		runAB := s.backend.run(t)
		assert.Equal(t, ab, runAB.id())
		runAB.finish()
		runB := s.backend.run(t)
		assert.Equal(t, b, runB.id())
		runB.finish()
		s.backend.idle(t)
		runC.finish()
		all := s.backend.run(t)
		assert.Equal(t, sync.Scope{Kinds: all.options.Scope.Kinds}, all.options.Scope)
		all.finish()
		s.backend.idle(t)
	})
}

func TestSocketHearsRunsSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := serveEstate(t, nil, "lab", "north")
		early := s.listen()
		s.post("/runs", `{"sources":["lab"]}`)
		lab := s.backend.run(t)
		lab.tell(guest("l1", sync.Started))
		s.post("/runs", `{"sources":["north"]}`)
		north := s.backend.run(t)
		north.tell(guest("n1", sync.Started))
		midway := s.listenMidway()
		lab.tell(guest("l1", sync.Completed))
		north.tell(guest("n1", sync.Completed))
		north.finish()
		lab.tell(guest("l2", sync.Started))
		late := s.listenMidway()
		lab.finish()
		of := func(texts []string, prefix string) (list []string) {
			for _, text := range texts {
				if strings.Contains(text, `"rowid":"`+prefix) {
					list = append(list, text)
				}
			}
			return list
		}
		heard, second, third := early.heard(), midway.heard(), late.heard()
		assert.Len(t, of(heard, "l"), 3)
		assert.Len(t, of(heard, "n"), 2)
		assert.Equal(t, of(heard, "l"), of(second, "l"), "each run in its order, from its first event")
		assert.Equal(t, of(heard, "n"), of(second, "n"))
		assert.Equal(t, of(heard, "l"), of(third, "l"))
	})
}
