package backend_test

import (
	"math/rand/v2"
	"os"
	"strconv"
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
	for _, seed := range seeds(t, 150) {
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
	r := w.random(0)
	for step := range 3 + r.IntN(6) {
		w.step(w.random(step + 1))
	}
	w.mend()
	r = w.random(1000)
	if chance(r, 0.7) {
		w.heal()
	}
	was := w.moment()
	w.tell("the last run")
	w.clean(sync.Scope{})
	is := w.moment()
	w.kept(was, is, w.rows())
	w.once(is, true)
	w.still()
}

// step lets one thing happen, and checks what came of it.
func (w *world) step(r *rand.Rand) {
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
	was := w.moment()
	source := w.act(r)
	is := w.moment()
	written := w.rows()
	if source != "" {
		w.apart(was, source, written)
	}
	w.kept(was, is, written)
}

// act lets the engine run in one way or another. It returns the only source that it was to look at, if there is one.
func (w *world) act(r *rand.Rand) (source string) {
	w.t.Helper()
	switch r.IntN(8) {
	case 0, 1:
		w.tell("clean run")
		w.clean(sync.Scope{})
	case 2, 3:
		w.tell("faulty run")
		w.faulty(r)
	case 4:
		w.cancelled(r)
	case 5:
		w.killed(r)
	case 6:
		return w.scoped(r)
	case 7:
		w.planned(r)
	}
	return ""
}
