package backend_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// The convergence test draws estates, rules, faults and people from a seed, lets them at each other, and holds every step
// to what is promised. PROXBOX_TEST_ROUNDS says how many seeds are tried, PROXBOX_TEST_SEED the first of them.

// seeds returns the seeds to try.
func seeds(t *testing.T, rounds int) []uint64 {
	t.Helper()
	first := uint64(1)
	number := func(name string, standard uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return standard
		}
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, name)
		return n
	}
	if os.Getenv("PROXBOX_TEST_SEED") != "" {
		first, rounds = number("PROXBOX_TEST_SEED", 1), 1
	}
	all := make([]uint64, number("PROXBOX_TEST_ROUNDS", uint64(rounds)))
	for i := range all {
		all[i] = first + uint64(i)
	}
	return all
}

func TestConvergence(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, standardRounds) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWorld(t, seed).play() })
		})
	}
}

func TestLiveConvergence(t *testing.T) {
	for _, seed := range seeds(t, 3) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			newLiveWorld(t, seed, realBox(t)).play()
		})
	}
}

// play plays one round.
func (w *world) play() {
	w.t.Helper()
	r := w.random(0)
	for step := range 2 + r.IntN(6) {
		w.step(w.random(step+1), w.act)
	}
	if w.live {
		w.step(w.random(999), w.struck)
	}
	r = w.random(1000)
	if chance(r, 0.7) {
		w.heal()
	}
	was := w.asSeen()
	w.tell("the last run")
	w.clean(sync.Scope{})
	is := w.moment()
	w.kept(was, is, w.rows())
	w.once(is, true)
	w.still()
	if w.live {
		w.t.Logf("what was done:\n  %s", strings.Join(w.told, "\n  "))
	}
}

// step lets one thing happen, and checks what came of it.
func (w *world) step(r *rand.Rand, act func(*rand.Rand)) {
	w.t.Helper()
	if !w.live {
		time.Sleep(time.Duration(r.IntN(30)) * time.Hour)
	}
	if chance(r, 0.5) {
		w.drift(r)
	}
	if chance(r, 0.5) {
		w.persons(r)
	}
	if chance(r, 0.05) {
		w.remap(r)
		w.boot()
	}
	w.rows()
	was := w.asSeen()
	w.scope = sync.Scope{}
	act(r)
	is := w.moment()
	written := w.rows()
	if len(w.scope.Sources) == 1 {
		w.apart(was, w.scope.Sources[0], written)
	}
	w.kept(was, is, written)
}

// act lets the engine run in one way or another.
func (w *world) act(r *rand.Rand) {
	w.t.Helper()
	pick(r, w.whole, w.whole, w.faulty, w.faulty, w.cancelled, w.killed, w.scoped, w.planned)(r)
}

// whole runs with nothing in the way.
func (w *world) whole(*rand.Rand) {
	w.t.Helper()
	w.tell("clean run")
	w.clean(sync.Scope{})
}
