package netboxsink_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

var errPulledPlug = errors.New("somebody pulled the plug")

// cutAt runs, and cancels the run when NetBox gets its n-th write, before or after it is done. It tells whether there
// were so many.
func (l *lab) cutAt(n int, after bool) bool {
	l.t.Helper()
	ctx, cancel := context.WithCancelCause(l.context())
	defer cancel(nil)
	var mu stdsync.Mutex
	seen := 0
	l.through(func(netbox http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			if r.Method != http.MethodGet {
				seen++
			}
			hit := seen == n && r.Method != http.MethodGet
			mu.Unlock()
			if hit && !after {
				cancel(errPulledPlug)
			}
			netbox.ServeHTTP(w, r)
			if hit && after {
				cancel(errPulledPlug)
			}
		})
	})
	result, err := l.engine.Run(ctx, nil)
	mu.Lock()
	defer mu.Unlock()
	if seen < n {
		require.NoError(l.t, err)
		return false
	}
	if err != nil {
		assert.ErrorIs(l.t, err, errPulledPlug)
		assert.False(l.t, result.OK)
	}
	return true
}

func TestNextRunConvergesAfterACancelAnywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string
		after   bool
	}{
		"before a write":               {"4.7", false},
		"after a write":                {"4.7", true},
		"after a write, older version": {"4.4", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var created, changed string
			synctest.Test(t, func(t *testing.T) {
				l := crowdLab(t, c.version)
				l.run()
				created = l.picture()
				l.edit(changeCrowd)
				l.run()
				changed = l.picture()
			})
			for n, more := 1, true; more; n++ {
				synctest.Test(t, func(t *testing.T) {
					l := crowdLab(t, c.version)
					more = l.cutAt(n, c.after)
					l.run()
					require.Equal(t, created, l.picture(), "cut at write %d", n)
					l.quiet()
				})
			}
			for n, more := 1, true; more; n++ {
				synctest.Test(t, func(t *testing.T) {
					l := crowdLab(t, c.version)
					l.run()
					l.edit(changeCrowd)
					more = l.cutAt(n, c.after)
					l.run()
					require.Equal(t, changed, l.picture(), "cut at write %d", n)
					l.quiet()
				})
			}
		})
	}
}

func TestReadThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range faults() {
		for _, path := range []string{
			"status", "extras/custom-fields", "virtualization/clusters", "dcim/devices", "virtualization/virtual-machines",
			"virtualization/interfaces", "virtualization/virtual-disks", "ipam/ip-addresses", "extras/tags",
		} {
			t.Run(name+"/"+path, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t, pair())
					l.run()
					fault := fault
					fault.Method, fault.Path, fault.Times = http.MethodGet, "/api/"+path+"/", 2
					fired := l.netbox.Inject(fault)
					l.quiet()
					assert.Positive(t, fired())
				})
			})
		}
	}
}

func TestNetBoxThatStaysAwayEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault netboxtest.Fault
		want  string
	}{
		"proxy": {
			netboxtest.Fault{Kind: netboxtest.FaultGateway, Status: 502},
			"the proxy before NetBox at http://netbox.example.com answered 502 to GET /api/virtualization/interfaces/: NetBox is down or too slow",
		},
		"silence": {
			netboxtest.Fault{Kind: netboxtest.FaultHang},
			"NetBox at http://netbox.example.com did not answer GET /api/virtualization/interfaces/ within 2m0s",
		},
		"throttle": {
			netboxtest.Fault{Kind: netboxtest.FaultBusy},
			"NetBox answered 429 to GET /api/virtualization/interfaces/: Request was throttled.",
		},
		"crash": {
			netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: 500, Body: `{"error":"boom","exception":"ValueError"}`},
			"NetBox answered 500 to GET /api/virtualization/interfaces/: boom; exception: ValueError",
		},
		"no list": {
			netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: 200, Body: `{"hello":"world"}`},
			"NetBox's answer to GET /api/virtualization/interfaces/ is no list: is a proxy in between?",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, pair())
				l.run()
				before := l.picture()
				c.fault.Method, c.fault.Path, c.fault.Times = http.MethodGet, "/api/virtualization/interfaces/", -1
				l.netbox.Inject(c.fault)
				result, err := l.try()
				assert.EqualError(t, err, c.want)
				assert.Equal(t, c.want, result.Error)
				assert.Equal(t, before, l.picture())
			})
		})
	}
}

func TestNetBoxThatGoesAwayInTheMiddleEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]netboxtest.Fault{
		"proxy": {Kind: netboxtest.FaultGateway}, "silence": {Kind: netboxtest.FaultHang}, "reset": {Kind: netboxtest.FaultReset},
		"page": {Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Body: "<html>Please log in.</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, town(100))
				l.engineOptions = &sync.Options{Flight: 1}
				gone := false
				l.through(func(netbox http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Method == http.MethodPost && r.URL.Path == "/api/virtualization/interfaces/" && !gone {
							gone = true
							fault.Times = -1
							l.netbox.ClearFaults()
							l.netbox.Inject(fault)
						}
						netbox.ServeHTTP(w, r)
					})
				})
				result, err := l.try()
				require.ErrorIs(t, err, sync.ErrUnavailable)
				assert.False(t, result.OK)
				assert.NotEmpty(t, result.Error)
				l.netbox.ClearFaults()
				l.run()
				assert.Len(t, l.column(addresses, "id"), 100)
				assert.Len(t, l.column(macs, "id"), 100)
				l.quiet()
			})
		})
	}
}

func TestSurplusOfOursGoes(t *testing.T) {
	t.Parallel()
	// A write that landed after it was looked for leaves a second object of what NetBox does not keep unique.
	for _, version := range []string{"4.4", "4.7"} {
		for path, fields := range map[string]map[string]any{
			macs:      {"mac_address": "BC:24:11:00:01:00"},
			addresses: {"address": "192.0.2.10/24", "description": "From the guest agent"},
		} {
			t.Run(version+" "+path, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{Mapping: netboxsink.Mapping{
					Placement: netboxsink.PlacementOptions{VRF: []netboxsink.PlacementRule{{Value: "lab"}}},
				}})
				vrf := l.person(vrfs, map[string]any{"name": "lab", "enforce_unique": false})
				if path == addresses {
					fields["vrf"] = vrf
				}
				l.attach(pair())
				l.run()
				before := l.picture()
				fields["assigned_object_type"] = "virtualization.vminterface"
				fields["assigned_object_id"] = l.one(interfaces, "name", "net0").id()
				l.person(path, fields)
				l.run()
				assert.Equal(t, before, l.picture())
				l.quiet()
			})
		}
	}
}

// TestWhatAPersonAddsBesideOursStays: it is no surplus of ours, though NetBox tells them apart by their descriptions alone.
func TestWhatAPersonAddsBesideOursStays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, label string
		fields      map[string]any
		gone        func(n *inventory.NIC)
	}{
		"an address":                  {addresses, "address", map[string]any{"address": "192.0.2.10/24"}, func(n *inventory.NIC) { n.Addresses = nil }},
		"an address with description": {addresses, "address", map[string]any{"address": "192.0.2.10/24", "description": "mine"}, func(n *inventory.NIC) { n.Addresses = nil }},
		"a MAC address with description": {
			macs, "mac_address",
			map[string]any{"mac_address": "BC:24:11:00:01:00", "description": "mine"},
			func(n *inventory.NIC) { n.MAC = "BC:24:11:00:01:FF" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := mapped(t, netboxsink.Mapping{Placement: netboxsink.PlacementOptions{VRF: []netboxsink.PlacementRule{{Value: "lab"}}}})
			vrf := l.person(vrfs, map[string]any{"name": "lab", "enforce_unique": false})
			l.attach(pair())
			l.run()
			c.fields["assigned_object_type"] = "virtualization.vminterface"
			c.fields["assigned_object_id"] = l.one(interfaces, "name", "net0").id()
			if c.path == addresses {
				c.fields["vrf"] = vrf
			}
			theirs := l.one(c.path, "id", text(l.person(c.path, c.fields)))
			before := l.picture()
			assert.Empty(t, notes(l.run()))
			assert.Equal(t, before, l.picture())
			l.quiet()
			l.guest(101, func(g *inventory.Guest) { c.gone(&g.NICs[0]) })
			l.run()
			assert.Equal(t, draw(theirs), draw(l.again(c.path, theirs)))
			assert.Len(t, l.where(c.path, c.label, theirs.at(c.label)), 1, "ours is gone")
			l.quiet()
		})
	}
}

// TestLostCreationIsNotFoundInWhatIsSomebodyElses: what is looked for after a lost answer is the very object, not one that
// is called alike.
func TestLostCreationIsNotFoundInWhatIsSomebodyElses(t *testing.T) {
	t.Parallel()
	t.Run("a virtual machine of that name", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, pair())
			l.run()
			theirs := 0
			once := stdsync.OnceFunc(func() {
				theirs = l.person(machines, map[string]any{"name": "mail", "cluster": l.one(clusters, "name", "lab").id()})
			})
			l.edit(func(inv *inventory.Inventory) {
				inv.Guests = append(inv.Guests, qemu(103, "mail", nic("net0", "BC:24:11:00:03:00"), disk("scsi0", gib)))
			})
			l.through(func(netbox http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost && strings.Contains(r.URL.Path, machines) && theirs == 0 {
						once()
						http.Error(w, "Bad Gateway", http.StatusBadGateway)
						return
					}
					netbox.ServeHTTP(w, r)
				})
			})
			_, err := l.try()
			require.Error(t, err, "the name is taken by now")
			before := draw(l.machine("mail"))
			l.run()
			assert.Equal(t, theirs, l.machine("mail").id())
			assert.Equal(t, before, draw(l.machine("mail")))
			assert.Empty(t, l.machine("mail").at("custom_fields.proxbox_source"))
			assert.Empty(t, l.on("mail", interfaces, "name"))
			assert.Equal(t, []string{"net0"}, l.on("mail (2)", interfaces, "name"))
			l.quiet()
		})
	})
	t.Run("an address that is shared", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			inv := rivals()
			inv.Guests[1].NICs[0].Addresses = nil
			l := mapped(t, netboxsink.Mapping{Addresses: netboxsink.AddressOptions{Conflict: "share"}}, inv)
			l.run()
			l.edit(func(inv *inventory.Inventory) { *inv = *rivals() })
			fired := l.netbox.Inject(netboxtest.Fault{Kind: netboxtest.FaultReset, Method: http.MethodPost, Path: "/api/" + addresses + "/", Times: 1})
			l.run()
			assert.Positive(t, fired())
			assert.Equal(t, []string{"192.0.2.10/24"}, l.on("web01", addresses, "address"))
			assert.Equal(t, []string{"192.0.2.10/24"}, l.on("web02", addresses, "address"))
			l.quiet()
		})
	})
}
