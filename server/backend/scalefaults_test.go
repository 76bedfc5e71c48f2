package backend_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// TestHalfOfAllGuestsRejected has NetBox refuse every second guest: each costs itself, and no more than a few requests.
func TestHalfOfAllGuestsRejected(t *testing.T) {
	t.Parallel()
	const guests = 300
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			var lifted atomic.Bool
			bad := func(name string) bool {
				vmid, err := strconv.Atoi(strings.TrimPrefix(name, "web"))
				return err == nil && vmid%2 == 1
			}
			netbox := &netboxtest.Options{Version: version, Validator: func(model string, fields map[string]json.RawMessage) error {
				var name string
				if json.Unmarshal(fields["name"], &name) == nil && model == "virtualization.virtualmachine" && bad(name) && !lifted.Load() {
					return &netboxtest.ValidationError{Field: "name", Message: "Value must match the regular expression."}
				}
				return nil
			}}
			inBubble(t, town(3, guests/3), &backend.Options{}, netbox, func(t *testing.T, l *faultLab) {
				result, _, err := l.run(t.Context())
				var failed *sync.PartialError
				require.ErrorAs(t, err, &failed)
				require.Len(t, failed.Failures, guests/2)
				for _, f := range failed.Failures {
					assert.True(t, bad(f.Label), "%v", f)
					assert.Contains(t, f.Error(), "name: Value must match the regular expression.")
				}
				assert.Equal(t, sync.Counts{Created: guests / 2, Failed: guests / 2}, result.Objects["virtual-machine"])
				want, have := expect(l.cluster.Estate()), found(l.box, "lab")
				require.Len(t, have, guests/2)
				for vmid, m := range have {
					if version == "4.7" { // older ones have no types of virtual machines
						require.Equal(t, want[vmid], m)
					}
				}
				l.nothingDoubled()
				assert.Less(t, len(l.netbox.Requests()), guests, "requests")
				lifted.Store(true)
				_, err = l.plain.Run(t.Context(), nil)
				require.NoError(t, err)
				assert.Len(t, found(l.box, "lab"), guests)
				l.quiet()
			})
		})
	}
}

// TestAllNodesButOneOffline takes all nodes away but the one that is asked: what they had stays, and costs no request.
func TestAllNodesButOneOffline(t *testing.T) {
	t.Parallel()
	inBubble(t, town(5, 20), &backend.Options{}, nil, func(t *testing.T, l *faultLab) {
		l.lands()
		before := found(l.box, "lab")
		l.cluster.Update(func(e *proxmoxtest.Estate) {
			for _, n := range e.Nodes[1:] {
				n.State = proxmoxtest.NodeOffline
			}
			e.Guest(1000).Cores = 16
		})
		l.cluster.ResetRequests()
		result, took, err := l.run(t.Context())
		require.NoError(t, err)
		assert.Less(t, took, time.Minute)
		for _, r := range l.cluster.Requests() {
			assert.NotRegexp(t, `^/nodes/n[2-5]/`, r.Path, "an offline node is not asked")
		}
		after := found(l.box, "lab")
		changed := before[1000]
		changed.VCPUs = 16
		before[1000] = changed
		for vmid, m := range before {
			got := after[vmid]
			if vmid%5 != 0 {
				assert.NotEqual(t, "decommissioning", got.Status, "guest %d", vmid)
				got.Status = m.Status // its own is not known while its node is away
			}
			assert.Equal(t, m, got, "guest %d", vmid)
		}
		nodes := foundNodes(l.box, "lab")
		assert.Equal(t, "active", nodes["n1"].Status)
		for _, name := range []string{"n2", "n3", "n4", "n5"} {
			assert.Equal(t, "offline", nodes[name].Status)
			assert.Contains(t, strings.Join(result.Skipped, "\n"), "node "+name+" is offline: start it, or mend its network")
		}
		l.quiet()
		l.cluster.Update(func(e *proxmoxtest.Estate) {
			for _, n := range e.Nodes {
				n.State = proxmoxtest.NodeOnline
			}
		})
		l.lands()
		l.quiet()
	})
}

// TestAgentWithThousandsOfAddresses has one agent tell more than anybody wants to know.
func TestAgentWithThousandsOfAddresses(t *testing.T) {
	t.Parallel()
	inBubble(t, town(2, 3), &backend.Options{}, nil, func(t *testing.T, l *faultLab) {
		l.cluster.Update(func(e *proxmoxtest.Estate) {
			nic := &e.Guest(1000).NICs[0]
			for i := 1; i < 4999; i++ {
				nic.Addresses = append(nic.Addresses, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 9, byte(i / 256), byte(i % 256)}), 16))
			}
		})
		_, took, err := l.run(t.Context())
		require.NoError(t, err)
		assert.Less(t, took, time.Minute)
		want, have := expect(l.cluster.Estate()), found(l.box, "lab")
		assert.Len(t, have[1000].Interfaces["net0"].Addresses, mostAddresses)
		assert.Equal(t, want[1000].PrimaryIP4, have[1000].PrimaryIP4)
		delete(want, 1000)
		delete(have, 1000)
		assert.Equal(t, want, have, "others are unharmed")
		l.quiet()
	})
}

// mostAddresses is how many of a guest's addresses are taken.
const mostAddresses = 1000

// TestSlowNetBox has NetBox take 10 s for each request, in a bubble's time: that is within its time-out of 2 min, so that
// a run is slow and else as any other.
func TestSlowNetBox(t *testing.T) {
	t.Parallel()
	inBubble(t, town(2, 30), &backend.Options{}, &netboxtest.Options{RequestLatency: 10 * time.Second}, func(t *testing.T, l *faultLab) {
		result, took, err := l.run(t.Context())
		require.NoError(t, err)
		require.True(t, result.OK)
		requests := len(l.netbox.Requests())
		t.Logf("%d requests in %v", requests, took.Round(time.Second))
		assert.LessOrEqual(t, took, time.Duration(requests)*10*time.Second+time.Minute, "none was sent in vain")
		assert.Less(t, took, 15*time.Minute)
		l.complete()
		l.quiet()
	})
}

// TestProxmoxGoesAwayAfterTheList ends the cluster when it has told what there is, and nothing of it.
func TestProxmoxGoesAwayAfterTheList(t *testing.T) {
	t.Parallel()
	inBubble(t, town(2, 30), &backend.Options{}, nil, func(t *testing.T, l *faultLab) {
		l.lands()
		before := found(l.box, "lab")
		l.cluster.Update(func(e *proxmoxtest.Estate) { e.RemoveGuest(1001) })
		var once atomic.Bool
		l.ends[atProxmox].watch(func(_ int, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/config") && once.CompareAndSwap(false, true) {
				refuse(atProxmox)(l, r, true)
			}
		})
		result, took, err := l.run(t.Context())
		assert.Less(t, took, time.Minute)
		require.True(t, once.Load())
		assert.Equal(t, unread, outcomeOf(result, err))
		assert.ErrorContains(t, err, "pve.example.com:8006 refuses the connection: check address and port")
		assert.Equal(t, before, found(l.box, "lab"), "nothing is touched")
		l.heal()
		for range 2 { // the guest that is gone is marked, and deleted by the next run
			_, err := l.plain.Run(t.Context(), nil)
			require.NoError(t, err)
			time.Sleep(time.Minute)
		}
		l.complete()
		l.quiet()
	})
}
