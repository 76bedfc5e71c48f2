package proxmoxsrc_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestIncremental_spreads: within the age everything is read once, and about as much in each run.
func TestIncremental_spreads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const runs = 24 // in an hour
		l := newMemoryLab(t, crowd(240))
		source := l.source(t)
		full(t, source)
		l.fake.ResetRequests()
		times := map[string]int{}
		for range runs {
			time.Sleep(time.Hour / runs)
			incremental(t, source)
			paths := l.requested(t)
			assert.Len(t, of(paths, "/config"), 240/runs)
			assert.InDelta(t, 240*4/runs, len(of(paths, "/network-get-interfaces")), 1)
			assert.LessOrEqual(t, len(of(paths, "/status")), 1)
			for _, path := range paths {
				times[path]++
			}
		}
		for path, n := range times {
			switch {
			case strings.Contains(path, "/agent/"):
				assert.InDelta(t, 4, n, 1, path)
			default:
				assert.Equal(t, 1, n, path)
			}
		}
		assert.Len(t, times, 240*3+2*2+3, "all guests, two nodes, version, virtual networks and options")
	})
}

// TestIncremental_nothingIsTooOld whatever the pauses between runs, and whoever comes and goes.
func TestIncremental_nothingIsTooOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, crowd(60))
		source := l.source(t)
		full(t, source)
		read := map[string]time.Time{}
		note := func() {
			for _, path := range l.requested(t) {
				read[path] = time.Now()
			}
		}
		note()
		for i, pause := range []time.Duration{1, 7, 20, 3, 29, 2, 90, 1, 1, 30, 30, 5, 59, 2} {
			time.Sleep(pause * time.Minute)
			if i%3 == 0 {
				l.fake.Update(func(e *proxmoxtest.Estate) { e.RemoveGuest(1000 + i) })
			}
			inv := incremental(t, source)
			note()
			for _, g := range inv.Guests {
				path := "/nodes/" + g.Node + "/qemu/" + itoa(g.ID)
				assert.Less(t, time.Since(read[path+"/config"]), time.Hour)
				assert.Less(t, time.Since(read[path+"/agent/network-get-interfaces"]), 15*time.Minute)
			}
			for _, n := range inv.Nodes {
				assert.Less(t, time.Since(read["/nodes/"+n.Name+"/status"]), time.Hour)
			}
		}
	})
}

// TestIncremental_deadAgent is asked again after a time that doubles, up to a limit, and at once when its machine changes.
func TestIncremental_deadAgent(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]proxmoxtest.Agent{
		"dead": proxmoxtest.AgentDead, "stalled": proxmoxtest.AgentStalled, "refuses": proxmoxtest.AgentRefused,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newMemoryLab(t, small())
				agent(state)(l)
				source := l.source(t)
				reason := full(t, source).Gaps[0].Reason
				began := time.Now()
				var asked []int
				run := func() *inventory.Inventory {
					time.Sleep(5 * time.Minute)
					l.fake.ResetRequests()
					inv := incremental(t, source)
					if slices.Contains(l.requested(t), "/nodes/a2/qemu/102/agent/network-get-interfaces") {
						asked = append(asked, int(time.Since(began).Minutes()))
					}
					return inv
				}
				for range 80 {
					gap, silent := run().GuestGap(102, inventory.PartAddresses)
					assert.True(t, silent)
					assert.Equal(t, reason, gap.Reason)
				}
				assert.Equal(t, []int{15, 45, 105, 225, 345}, asked)

				l.fake.Update(func(e *proxmoxtest.Estate) { e.Guest(102).Cores++ })
				for range 5 {
					run()
				}
				assert.Equal(t, []int{405, 420}, asked[5:], "it is another machine now")

				l.fake.Update(func(e *proxmoxtest.Estate) { e.Guest(102).Agent = proxmoxtest.AgentOK })
				for range 15 {
					run()
				}
				require.Greater(t, len(asked), 8)
				assert.Equal(t, 450, asked[7])
				assert.InDelta(t, 465, asked[8], 5, "it lives, and takes its turn")
			})
		})
	}
}

// TestIncremental_addressesThatFailForTheNode are asked for again after their age, and not later each time.
func TestIncremental_addressesThatFailForTheNode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, crowd(8))
		l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/a2/qemu/*/agent/*", Status: 596, Reason: "Connection timed out"})
		source := l.source(t)
		first := full(t, source)
		assert.Len(t, first.Gaps, 4)
		blamed := func(g inventory.Gap) bool { return g.Node == "a2" } // for those that were not asked any more
		assert.True(t, slices.ContainsFunc(first.Gaps, blamed))
		for range 3 {
			l.fake.ResetRequests()
			assert.Equal(t, first.Gaps, incremental(t, source).Gaps)
			assert.Empty(t, of(l.requested(t), "/network-get-interfaces"))
			time.Sleep(15 * time.Minute)
			first = incremental(t, source)
			assert.Len(t, first.Gaps, 4)
			assert.NotEmpty(t, of(l.requested(t), "/network-get-interfaces"))
		}
	})
}

// TestIncremental_deadAgentOfAnotherConfiguration is asked as one that has just died.
func TestIncremental_deadAgentOfAnotherConfiguration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		agent(proxmoxtest.AgentDead)(l)
		source := l.source(t)
		full(t, source)
		var asked []int
		for minute := 5; minute <= 200; minute += 5 {
			if minute == 115 { // the agent is left alone until 225
				l.fake.Update(func(e *proxmoxtest.Estate) { e.Guest(102).Description = "another" })
			}
			time.Sleep(5 * time.Minute)
			l.fake.ResetRequests()
			incremental(t, source)
			if slices.Contains(l.requested(t), "/nodes/a2/qemu/102/agent/network-get-interfaces") {
				asked = append(asked, minute)
			}
		}
		require.Greater(t, len(asked), 4)
		assert.Equal(t, []int{15, 45, 105}, asked[:3])
		assert.LessOrEqual(t, asked[3], 170, "when its configuration is read")
		assert.Equal(t, 15, asked[4]-asked[3])
	})
}

// TestIncremental_someGuestsAreNoTurn: a run for one guest does not put off the share of the next.
func TestIncremental_someGuestsAreNoTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, crowd(60))
		source := l.source(t)
		full(t, source)
		time.Sleep(30 * time.Minute)
		reading(t, source, sync.Scope{Incremental: true, Guests: []sync.GuestRef{{Source: "alpha", ID: 1000}}})
		l.fake.ResetRequests()
		incremental(t, source)
		assert.Len(t, of(l.requested(t), "/config"), 30)
	})
}
