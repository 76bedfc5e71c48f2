package proxmoxsrc

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlacesGoToWhoHasMostLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		node := func(name string, left int64) *nodeRun {
			n := &nodeRun{name: name}
			n.left.Store(left)
			return n
		}
		p := newPlaces(1)
		few, many, also, falls := node("few", 1), node("many", 5), node("also many", 5), node("falls", 9)
		require.NoError(t, p.take(t.Context(), few))
		var got []string
		for _, n := range []*nodeRun{few, many, also, falls, nil} {
			go func() {
				assert.NoError(t, p.take(t.Context(), n))
				if n == nil {
					got = append(got, "the cluster")
				} else {
					got = append(got, n.name)
				}
				p.leave()
			}()
			synctest.Wait()
		}
		gone, cancel := context.WithCancel(t.Context())
		go func() { assert.ErrorIs(t, p.take(gone, many), context.Canceled) }()
		synctest.Wait()
		cancel()
		falls.left.Store(2)
		synctest.Wait()
		assert.Empty(t, got)
		p.leave()
		synctest.Wait()
		assert.Equal(t, []string{"the cluster", "many", "also many", "falls", "few"}, got)
		assert.Equal(t, 1, p.free)
		assert.Empty(t, p.waiting)
	})
}
