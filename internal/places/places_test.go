package places_test

import (
	"context"
	"errors"
	"slices"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/internal/places"
)

// crowd is who comes for a place, one after the other.
type crowd struct {
	places *places.Places
	mu     stdsync.Mutex
	names  []string // of those who came
}

// came returns who came so far.
func (c *crowd) came() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.names)
}

// enter lets one come, who stays for a second.
func (c *crowd) enter(ctx context.Context, name string, urgency func() int64) {
	go func() {
		if c.places.Take(ctx, urgency) == nil {
			c.mu.Lock()
			c.names = append(c.names, name)
			c.mu.Unlock()
			time.Sleep(time.Second)
			c.places.Leave()
		}
	}()
	synctest.Wait()
}

// inCrowd runs a test with so many places.
func inCrowd(t *testing.T, allowed int, test func(t *testing.T, c *crowd)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, &crowd{places: places.New(allowed)}) })
}

func level(n int64) func() int64 { return func() int64 { return n } }

func TestTheMostUrgentIsNext(t *testing.T) {
	inCrowd(t, 1, func(t *testing.T, c *crowd) {
		var falls atomic.Int64
		falls.Store(9)
		c.enter(t.Context(), "first", nil)
		c.enter(t.Context(), "patient", level(-1))
		c.enter(t.Context(), "as any", nil)
		c.enter(t.Context(), "urgent", level(5))
		c.enter(t.Context(), "no longer urgent", falls.Load)
		c.enter(t.Context(), "as urgent", level(5))
		c.enter(t.Context(), "as any too", level(0))
		falls.Store(3)
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"first", "urgent", "as urgent", "no longer urgent", "as any", "as any too", "patient"}, c.came())
	})
}

func TestAsManyAsAreAllowed(t *testing.T) {
	inCrowd(t, 2, func(t *testing.T, c *crowd) {
		for _, name := range []string{"1", "2", "3", "4", "5", "6", "7"} {
			c.enter(t.Context(), name, nil)
		}
		assert.Len(t, c.came(), 2)
		c.places.Allow(3)
		assert.Len(t, c.came(), 3, "who waits gets what is new")
		c.places.Allow(1)
		time.Sleep(1500 * time.Millisecond)
		assert.Len(t, c.came(), 4, "who is there stays, and one comes for all three")
		time.Sleep(time.Second)
		assert.Len(t, c.came(), 5)
		c.places.Allow(0)
		time.Sleep(time.Minute)
		assert.Len(t, c.came(), 5)
		c.places.Allow(2)
		time.Sleep(time.Minute)
		assert.Len(t, c.came(), 7)
		require.NoError(t, c.places.Take(t.Context(), nil))
		require.NoError(t, c.places.Take(t.Context(), nil), "all places were given back")
	})
}

func TestWhoLeavesTheQueueTakesNothing(t *testing.T) {
	left := errors.New("it takes too long")
	inCrowd(t, 1, func(t *testing.T, c *crowd) {
		ended, cancel := context.WithCancelCause(t.Context())
		c.enter(t.Context(), "first", nil)
		go func() { assert.ErrorIs(t, c.places.Take(ended, level(9)), left) }()
		c.enter(t.Context(), "second", nil)
		cancel(left)
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"first", "second"}, c.came())
		require.ErrorIs(t, c.places.Take(ended, nil), left, "though a place is free")
		require.NoError(t, c.places.Take(t.Context(), nil))
	})
}

// TestLeavingAsThePlaceComes: whichever of the two is seen first, the place is not lost.
func TestLeavingAsThePlaceComes(t *testing.T) {
	t.Parallel()
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			p := places.New(1)
			require.NoError(t, p.Take(t.Context(), nil))
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				if p.Take(ctx, nil) == nil {
					p.Leave()
				}
			}()
			synctest.Wait()
			p.Leave()
			cancel()
			synctest.Wait()
			require.NoError(t, p.Take(t.Context(), nil))
		})
	}
}
