package netboxsink

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/internal/places"
	"github.com/proxbox-go/proxbox/sync"
)

const (
	// smallest and largest bound how many objects one write carries: with fewer NetBox spends its time on the request
	// itself, with more it saves none.
	smallest, largest = 10, 100
	// steady is how many good answers in a row let one more write be under way.
	steady = 4
	// modest is how many writes are under way at first, and remain so as long as NetBox is only slow: the one is sent while
	// the other is carried out.
	modest = 2
	// spare and strained bound by how much longer an object takes than it took at best: below the first NetBox bears one
	// more write at once, above the second the writes wait for each other, and one less does as much.
	spare, strained = 1.2, 1.35
	// forgetting makes the best longer with each answer, by one part in so many: what NetBox did once, before it had more to
	// do, does not count forever.
	forgetting = 512
	// longestDoubt bounds how many good answers in a row it takes to try one more again, where that was too much before.
	longestDoubt = 256
	// longestRest bounds how long NetBox may ask for no requests.
	longestRest = time.Minute
)

// pace fits the writes of a sink to what NetBox bears: how many are under way at once, and how many objects each carries.
type pace struct {
	most  int           // writes under way at once
	aim   time.Duration // for one write to take at most
	fixed bool          // whatever NetBox answers

	places *places.Places // as many as are allowed

	mu      stdsync.Mutex          // guards what follows
	allowed int                    // writes under way at once, for now
	good    int                    // good answers since the last bad one or change of allowed
	doubt   int                    // how many of them let one more in
	cuts    int                    // how often allowed was halved
	rest    time.Time              // until when NetBox wants no more
	each    map[work]time.Duration // what one object takes, as a moving average
	least   map[work]time.Duration // and what it took at best
	strain  float64                // how much longer they take than at best, as a moving average
}

// work is what takes an object about the same time.
type work struct {
	kind sync.Kind
	op   sync.Op
}

func newPace(most int, aim time.Duration, fixed bool) *pace {
	allowed := min(modest, most)
	if fixed {
		allowed = most
	}
	return &pace{
		most: most, aim: aim, fixed: fixed, places: places.New(allowed), allowed: allowed, doubt: steady, strain: 1,
		each: map[work]time.Duration{}, least: map[work]time.Duration{},
	}
}

// size returns how many objects the next write of a kind carries at most.
func (p *pace) size(w work) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	each := p.each[w]
	if each == 0 {
		return largest
	}
	return min(max(int(p.aim/each), smallest), largest)
}

// turn is one write under way.
type turn struct {
	pace  *pace
	began time.Time
	cuts  int // as it began
}

// begin waits for a place among the writes under way, and for the end of the time in which NetBox wants none.
func (p *pace) begin(ctx context.Context) (turn, error) {
	if err := p.places.Take(ctx, nil); err != nil {
		return turn{}, err
	}
	for {
		p.mu.Lock()
		t, left := turn{p, time.Now(), p.cuts}, time.Until(p.rest)
		p.mu.Unlock()
		if left <= 0 {
			return t, nil
		}
		if err := wait(ctx, left+scatter()); err != nil {
			p.places.Leave()
			return turn{}, err
		}
	}
}

// end gives the place back and learns from the answer to so many objects.
func (t turn) end(w work, items int, err error) {
	if !t.pace.fixed {
		t.pace.learn(t, w, items, err)
	}
	t.pace.places.Leave()
}

// learn fits the pace to an answer. A refusal of what was sent tells nothing about it.
func (p *pace) learn(t turn, w work, items int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	each := time.Since(t.began) / time.Duration(items)
	switch {
	case err == nil:
		if before, ok := p.each[w]; ok {
			each = (before + each) / 2
		}
		if items >= smallest {
			p.compare(w, each)
		}
		p.follow()
	case passing(err):
		p.fall(t.cuts)
		p.hold(err)
		if tooSlow(err) {
			each = max(each, 2*p.aim/time.Duration(items))
		}
		each = max(each, p.each[w])
	default:
		return
	}
	p.places.Allow(p.allowed)
	if items >= smallest { // of fewer objects the request itself takes most of the time
		p.each[w] = each
	}
}

// compare notes how much longer an object takes than it took at best.
func (p *pace) compare(w work, each time.Duration) {
	each = max(each, time.Microsecond) // to divide by
	if least, ok := p.least[w]; ok {
		p.least[w] = min(each, least+least/forgetting)
	} else {
		p.least[w] = each
	}
	p.strain = (p.strain + float64(each)/float64(p.least[w])) / 2
}

// follow fits how many writes may be under way to the time that they take, after some good answers.
func (p *pace) follow() {
	p.good++
	switch {
	case p.good >= steady && p.strain > strained && p.allowed > modest:
		p.allowed, p.good = p.allowed-1, 0
		p.doubt = min(2*p.doubt, longestDoubt)
	case p.good >= p.doubt && p.strain < spare || p.good >= steady && p.allowed < min(modest, p.most):
		p.allowed, p.good = min(p.allowed+1, p.most), 0
	}
}

// fall halves the writes under way. Answers to writes that were under way together are one sign, not many.
func (p *pace) fall(cuts int) {
	p.good = 0
	if cuts == p.cuts {
		p.allowed, p.cuts = max(p.allowed/2, 1), p.cuts+1
	}
}

// hold keeps every write back as long as NetBox asks for.
func (p *pace) hold(err error) {
	var status *StatusError
	if !errors.As(err, &status) {
		return
	}
	if until := time.Now().Add(min(status.RetryAfter, longestRest)); until.After(p.rest) {
		p.rest = until
	}
}

// tooSlow tells whether somebody gave up waiting for the answer.
func tooSlow(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Code == http.StatusGatewayTimeout
	}
	var lost *LostError
	return errors.As(err, &lost) && lost.timedOut()
}

// scatter returns a moment by which those that waited for the same are set apart.
func scatter() time.Duration { return rand.N(time.Second) }
