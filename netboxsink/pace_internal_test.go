package netboxsink

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

var (
	errBusy     = &StatusError{Code: http.StatusTooManyRequests, JSON: true}
	errGateway  = &StatusError{Code: http.StatusBadGateway}
	errGaveUp   = &StatusError{Code: http.StatusGatewayTimeout}
	errDeadlock = &StatusError{Code: http.StatusInternalServerError, JSON: true, Body: []byte(`{"exception":"OperationalError"}`)}
	errRefused  = &StatusError{Code: http.StatusBadRequest, JSON: true}
	errTimeout  = &LostError{Err: os.ErrDeadlineExceeded}
	errReset    = &LostError{Err: errors.New("reset")}
)

// answer is what NetBox says to a write, and where that leaves the pace.
type answer struct {
	items   int
	took    time.Duration
	err     error
	allowed int
	size    int
}

func TestPaceFollowsAnswers(t *testing.T) {
	t.Parallel()
	machines := work{KindVirtualMachine, sync.Create}
	for name, c := range map[string]struct {
		fixed   bool
		answers []answer
	}{
		"quick answers change nothing": {answers: []answer{
			{100, 8 * time.Second, nil, 4, 100}, {100, 9 * time.Second, nil, 4, 100}, {1, time.Second, nil, 4, 100}, {10, 800 * time.Millisecond, nil, 4, 100},
		}},
		"refusals tell nothing": {answers: []answer{
			{100, time.Minute, errRefused, 4, 100}, {100, time.Minute, errRefused, 4, 100},
		}},
		"slow answers make small requests, quick ones large again": {answers: []answer{
			{100, 20 * time.Second, nil, 4, 50},
			{50, 30 * time.Second, nil, 4, 25}, // 400 ms, on average
			{25, time.Minute, nil, 4, 10},
			{10, time.Second, nil, 3, 13},
			{13, 1300 * time.Millisecond, nil, 3, 23},
			{23, 2300 * time.Millisecond, nil, 3, 38},
			{38, 1900 * time.Millisecond, nil, 3, 64},
			{64, 3200 * time.Millisecond, nil, 3, 96},
			{96, 4800 * time.Millisecond, nil, 3, 100},
		}},
		"a slow request of few objects does not count": {answers: []answer{
			{1, time.Minute, nil, 4, 100}, {9, time.Minute, errTimeout, 2, 100},
		}},
		"every sign of too much halves": {answers: []answer{
			{100, time.Second, errBusy, 2, 100}, {100, time.Second, errGateway, 1, 100}, {100, time.Second, errDeadlock, 1, 100},
		}},
		"lost answers halve": {answers: []answer{
			{100, time.Second, errReset, 2, 100}, {5, time.Second, errTimeout, 1, 100},
		}},
		"a time-out halves the size too, however soon it comes": {answers: []answer{
			{100, time.Second, errGaveUp, 2, 50},
			{50, time.Second, errTimeout, 1, 25},
			{25, time.Second, errTimeout, 1, 12},
			{12, time.Second, errGaveUp, 1, 10},
			{10, time.Second, errGaveUp, 1, 10},
		}},
		"a late time-out tells how slow it is": {answers: []answer{
			{100, 2 * time.Minute, errTimeout, 2, 10},
		}},
		"every fourth good answer lets one more in": {answers: []answer{
			{100, time.Second, errBusy, 2, 100},
			{100, time.Second, errBusy, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, errBusy, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, nil, 2, 100},
			{100, time.Second, nil, 3, 100},
			{100, time.Second, nil, 3, 100},
			{100, time.Second, nil, 3, 100},
			{100, time.Second, nil, 3, 100},
			{100, time.Second, nil, 4, 100},
			{100, time.Second, nil, 4, 100},
			{100, time.Second, nil, 4, 100},
			{100, time.Second, nil, 4, 100},
			{100, time.Second, nil, 4, 100},
		}},
		"slower answers let two in, and no more": {answers: []answer{
			{100, time.Second, errBusy, 2, 100},
			{100, time.Second, errBusy, 1, 100},
			{100, time.Second, nil, 1, 100},
			{100, 2 * time.Second, nil, 1, 100},
			{100, 2 * time.Second, nil, 1, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
			{100, 2 * time.Second, nil, 2, 100},
		}},
		"a fixed one stays": {fixed: true, answers: []answer{
			{100, time.Minute, errBusy, 4, 100}, {100, time.Minute, errTimeout, 4, 100}, {100, time.Minute, nil, 4, 100},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPace(4, 10*time.Second, c.fixed)
				p.allow(4) // as after many good answers
				for i, a := range c.answers {
					turn, err := p.begin(t.Context())
					require.NoError(t, err)
					time.Sleep(a.took)
					turn.end(machines, a.items, a.err)
					assert.Equal(t, a.allowed, p.allowed, "writes under way after answer %d", i)
					assert.Equal(t, a.size, p.size(machines), "size after answer %d", i)
				}
				assert.Equal(t, largest, p.size(work{KindVirtualMachine, sync.Delete}), "of other work nothing is known")
				p.assertAllFree(t)
			})
		})
	}
}

// allow lets so many writes be under way.
func (p *pace) allow(n int) {
	p.allowed = n
	p.places.Allow(n)
}

// assertAllFree checks that no place got lost.
func (p *pace) assertAllFree(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for range p.allowed {
		require.NoError(t, p.places.Take(ctx, nil))
		defer p.places.Leave()
	}
}

// loaded is a NetBox that carries out so many writes at once, and shares them out among those that are under way.
type loaded struct {
	workers  int64
	slow     float64 // by which factor objects take longer; 0 for none
	underway atomic.Int64
}

// write takes as long as so many objects do, give or take an eighth.
func (l *loaded) write(objects int, noise *rand.Rand) {
	l.underway.Add(1)
	defer l.underway.Add(-1)
	const tick = 10 * time.Millisecond
	for left := float64(objects) * 0.030 * max(l.slow, 1) * (0.875 + noise.Float64()/4); left > 0; {
		time.Sleep(tick)
		left -= tick.Seconds() * min(1, float64(l.workers)/float64(l.underway.Load()))
	}
}

func TestWritesUnderWayFollowTheTimeTheyTake(t *testing.T) {
	t.Parallel()
	// follow lets a sink write for so long, with more to write than it may, and returns how many were allowed on average.
	follow := func(t *testing.T, p *pace, netbox *loaded, length time.Duration) float64 {
		until, sum, n := time.Now().Add(length), 0, 0
		var group stdsync.WaitGroup
		for i := range 6 {
			noise := rand.New(rand.NewPCG(1, uint64(i)))
			group.Go(func() {
				for time.Now().Before(until) {
					turn, err := p.begin(t.Context())
					if err != nil {
						return
					}
					w, objects := work{KindVirtualMachine, []sync.Op{sync.Create, sync.Update}[noise.IntN(2)]}, 20+noise.IntN(60)
					netbox.write(objects, noise)
					turn.end(w, objects, nil)
					p.mu.Lock()
					sum, n = sum+p.allowed, n+1
					p.mu.Unlock()
				}
			})
		}
		group.Wait()
		return float64(sum) / float64(n)
	}
	for name, c := range map[string]struct {
		workers     int64
		most        int
		least, upTo float64
	}{
		"one worker":                      {1, 4, 2, 2.4},
		"two workers":                     {2, 4, 2, 2.4},
		"four workers":                    {4, 4, 3.8, 4},
		"many, but no more than the most": {16, 6, 5.8, 6},
		"one at a time":                   {16, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				average := follow(t, newPace(c.most, 15*time.Second, false), &loaded{workers: c.workers}, 5*time.Minute)
				assert.GreaterOrEqual(t, average, c.least)
				assert.LessOrEqual(t, average, c.upTo)
			})
		})
	}
	t.Run("others come and go", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p, netbox := newPace(4, 15*time.Second, false), &loaded{workers: 4}
			assert.Greater(t, follow(t, p, netbox, 5*time.Minute), 3.8)
			netbox.workers = 1
			assert.Less(t, follow(t, p, netbox, 5*time.Minute), 2.5)
			netbox.workers = 4
			follow(t, p, netbox, 20*time.Minute)
			assert.Equal(t, 4, p.allowed)
		})
	})
	t.Run("objects take longer for good", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			p, netbox := newPace(4, 15*time.Second, false), &loaded{workers: 4}
			assert.Greater(t, follow(t, p, netbox, 5*time.Minute), 3.8)
			netbox.slow = 2
			follow(t, p, netbox, 40*time.Minute)
			assert.Equal(t, 4, p.allowed)
		})
	})
}

func TestAnswersToWritesTogetherAreOneSign(t *testing.T) {
	t.Parallel()
	p := newPace(8, time.Second, false)
	p.allow(8)
	var turns []turn
	for range 8 {
		turn, err := p.begin(t.Context())
		require.NoError(t, err)
		turns = append(turns, turn)
	}
	for _, turn := range turns {
		turn.end(work{}, 100, errGateway)
	}
	assert.Equal(t, 4, p.allowed)
}

func TestPlacesAreGivenInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(2, time.Second, false)
		first, err := p.begin(t.Context())
		require.NoError(t, err)
		second, err := p.begin(t.Context())
		require.NoError(t, err)
		var came []int
		enter := func(ctx context.Context, n int) {
			go func() {
				if turn, err := p.begin(ctx); err == nil {
					came = append(came, n)
					time.Sleep(time.Second)
					turn.end(work{}, 1, nil)
				}
			}()
			synctest.Wait()
		}
		impatient, leave := context.WithCancel(t.Context())
		enter(t.Context(), 1)
		enter(impatient, 2)
		enter(t.Context(), 3)
		leave()
		synctest.Wait()
		first.end(work{}, 1, errBusy) // one is allowed from now on, and under way
		synctest.Wait()
		assert.Empty(t, came)
		second.end(work{}, 1, errBusy)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, []int{1, 3}, came)
	})
}

func TestRestHoldsEveryWriteBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		asked time.Duration
		fixed bool
		want  time.Duration
	}{
		"as asked":            {30 * time.Second, false, 30 * time.Second},
		"a minute at most":    {time.Hour, false, time.Minute},
		"not with fixed pace": {30 * time.Second, true, 0},
		"nothing asked":       {0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPace(4, time.Second, c.fixed)
				turn, err := p.begin(t.Context())
				require.NoError(t, err)
				turn.end(work{}, 1, &StatusError{Code: http.StatusTooManyRequests, RetryAfter: c.asked})
				began := time.Now()
				for range 2 {
					turn, err = p.begin(t.Context())
					require.NoError(t, err)
					assert.GreaterOrEqual(t, time.Since(began), c.want)
					assert.Less(t, time.Since(began), c.want+time.Second)
					turn.end(work{}, 1, nil)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				turn, err = p.begin(ctx)
				require.NoError(t, err)
				turn.end(work{}, 1, &StatusError{Code: http.StatusServiceUnavailable, RetryAfter: c.asked})
				if _, err = p.begin(ctx); c.want > 0 {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					p.assertAllFree(t)
				}
			})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0,
			time.Now().Add(time.Minute).UTC().Format(http.TimeFormat):  time.Minute,
			time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat): 0,
		} {
			assert.Equal(t, want, retryAfter(header), header)
		}
	})
}
