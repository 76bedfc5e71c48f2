package netboxsink_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestReadsWaitForNothingTheyDoNotNeed reads an estate of which each object takes ten milliseconds.
func TestReadsWaitForNothingTheyDoNotNeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guests, page int
		change       func(inv *inventory.Inventory)
		requests     map[string]int
		took         time.Duration // at most
	}{
		// The first hundred machines, beside custom fields, tag and clusters; then all else at once.
		"three pages": {600, 200, nil, map[string]int{machines: 4, interfaces: 3, disks: 3, addresses: 3}, 9 * time.Second},
		"one page":    {300, 1000, nil, map[string]int{machines: 2, interfaces: 1, disks: 1, addresses: 1}, 4200 * time.Millisecond},
		"one list of ids": {
			100, 1000, nil,
			map[string]int{machines: 1, interfaces: 1, disks: 1, addresses: 1},
			3200 * time.Millisecond, // machines, interfaces, addresses
		},
		"no disks": {
			300, 1000,
			func(inv *inventory.Inventory) {
				for i := range inv.Guests {
					inv.Guests[i].Disks = nil
				}
			},
			map[string]int{machines: 2, interfaces: 1, disks: 1, addresses: 1},
			4200 * time.Millisecond,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inv := town(c.guests)
				if c.change != nil {
					c.change(inv)
				}
				l := newLabWith(t, &netboxtest.Options{MaxPageSize: c.page, ObjectLatency: 10 * time.Millisecond}, &netboxsink.Options{Readers: 4}, inv)
				l.run()
				l.netbox.ResetRequests()
				begin := time.Now()
				_, err := l.sink.Current(t.Context(), sync.Scope{Sources: []string{"lab"}})
				require.NoError(t, err)
				assert.LessOrEqual(t, time.Since(begin), c.took)
				paths := l.paths()
				for path, want := range c.requests {
					assert.Equal(t, want, paths["GET /api/"+path+"/"], path)
				}
			})
		})
	}
}

// TestReadsComeInGoodOrder reads with fewer places than there are pages: where several wait for one, disks, for which nothing
// waits, come last.
func TestReadsComeInGoodOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		options := &netboxtest.Options{MaxPageSize: 200, RequestLatency: 10 * time.Millisecond, ObjectLatency: 10 * time.Millisecond}
		l := newLabWith(t, options, &netboxsink.Options{Readers: 2}, town(600))
		l.run()
		l.netbox.ResetRequests()
		_, err := l.sink.Current(t.Context(), sync.Scope{Sources: []string{"lab"}})
		require.NoError(t, err)
		first, last := map[string]int{}, map[string]int{}
		for i, r := range l.netbox.Requests() {
			path := strings.TrimSuffix(strings.TrimPrefix(r.Path, "/api/"), "/")
			if _, seen := first[path]; !seen {
				first[path] = i
			}
			last[path] = i
		}
		assert.Less(t, last["dcim/interfaces"], first[interfaces], "the nodes are known sooner than the number of guests: %v", first)
		assert.Less(t, max(last[machines], last[interfaces]), last[disks], "%v", last)
	})
}

// TestSecondConnectionIsOpenedWhileTheFirstIsAtWork: NetBox's workers then get one each.
func TestSecondConnectionIsOpenedWhileTheFirstIsAtWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLabWith(t, &netboxtest.Options{RequestLatency: 40 * time.Millisecond}, nil)
		began := time.Now()
		_, err := l.sink.Current(t.Context(), sync.Scope{Sources: []string{"lab"}})
		require.NoError(t, err)
		requests := l.netbox.Requests()
		require.Len(t, requests, 3)
		assert.Equal(t, "/api/extras/custom-fields/", requests[0].Path, "it takes longest")
		assert.Equal(t, 15*time.Millisecond, requests[1].Time.Sub(requests[0].Time))
		assert.Equal(t, 95*time.Millisecond, time.Since(began), "two at once")
	})
}
