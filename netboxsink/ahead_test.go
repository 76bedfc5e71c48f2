package netboxsink_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestReadsWaitForNothingTheyDoNotNeed reads an estate: a page of virtual machines takes three seconds, all else one.
func TestReadsWaitForNothingTheyDoNotNeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guests, page int
		change       func(inv *inventory.Inventory)
		requests     map[string]int
		seconds      int
	}{
		// Status; custom fields, tag and clusters; then all else, four by four.
		"three pages": {600, 200, nil, map[string]int{machines: 3, interfaces: 3, disks: 3, addresses: 3}, 9},
		"one page":    {300, 1000, nil, map[string]int{machines: 1, interfaces: 1, disks: 1, addresses: 1}, 5},
		"one list of ids": {
			100, 1000, nil,
			map[string]int{machines: 1, interfaces: 1, disks: 1, addresses: 1},
			7,
		},
		"no disks": {
			300, 1000,
			func(inv *inventory.Inventory) {
				for i := range inv.Guests {
					inv.Guests[i].Disks = nil
				}
			},
			map[string]int{machines: 1, interfaces: 1, disks: 1, addresses: 1},
			5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inv := town(c.guests)
				if c.change != nil {
					c.change(inv)
				}
				l := newLabWith(t, &netboxtest.Options{MaxPageSize: c.page}, nil, inv)
				l.run()
				l.through(func(netbox http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						time.Sleep(time.Second)
						if strings.HasSuffix(r.URL.Path, machines+"/") {
							time.Sleep(2 * time.Second)
						}
						netbox.ServeHTTP(w, r)
					})
				})
				l.netbox.ResetRequests()
				begin := time.Now()
				_, err := l.sink.Current(t.Context(), sync.Scope{Sources: []string{"lab"}})
				require.NoError(t, err)
				assert.LessOrEqual(t, time.Since(begin), time.Duration(c.seconds)*time.Second)
				paths := l.paths()
				for path, want := range c.requests {
					assert.Equal(t, want, paths["GET /api/"+path+"/"], path)
				}
			})
		})
	}
}
