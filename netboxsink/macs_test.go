package netboxsink_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestMACAddressesComeFirst: an interface is created with its MAC address where NetBox can: no other request makes it the
// primary one.
func TestMACAddressesComeFirst(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][]string{
		"4.4": {"POST " + interfaces, "POST " + macs, "PATCH " + interfaces},
		"4.5": {"POST " + macs, "POST " + interfaces},
		"4.6": {"POST " + macs, "POST " + interfaces},
		"4.7": {"POST " + macs, "POST " + interfaces},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
			l.run()
			var got []string
			for _, r := range l.written() {
				if path := strings.Trim(strings.TrimPrefix(r.Path, "/api/"), "/"); path == interfaces || path == macs {
					got = append(got, r.Method+" "+path)
					assert.Equal(t, path == macs, bytes.Contains(r.Body, []byte(`"mac_address"`)), "once: %s", r.Body)
				}
			}
			assert.Equal(t, want, got)
			assert.Equal(t, []string{"BC:24:11:00:01:00", "BC:24:11:00:02:00", "BC:24:11:00:02:01"}, l.column(macs, "mac_address"))
			assert.Equal(t, l.column(macs, "mac_address"), l.column(interfaces, "primary_mac_address"))
			assert.NotContains(t, l.column(macs, "assigned_object"), "", "on an interface")
			l.quiet()
		})
	}
}

// cutBefore runs until NetBox is to create something at the path, and cancels the run instead.
func (l *lab) cutBefore(path string) {
	l.t.Helper()
	ctx, cancel := context.WithCancelCause(l.context())
	defer cancel(nil)
	l.through(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.URL.Path == "/api/"+path+"/" {
				cancel(errPulledPlug)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			l.netbox.ServeHTTP(w, r)
		})
	})
	_, err := l.engine.Run(ctx, nil)
	require.ErrorIs(l.t, err, errPulledPlug)
	l.through(func(netbox http.Handler) http.Handler { return netbox })
}

// TestMACAddressesOfARunThatWasCutOff: what was made before the interfaces could be is taken for them by the next run, and
// goes where nothing needs it, but is a person's once a person wrote to it.
func TestMACAddressesOfARunThatWasCutOff(t *testing.T) {
	t.Parallel()
	const web, db, other = "BC:24:11:00:01:00", "BC:24:11:00:02:00", "BC:24:11:00:01:FF"
	for name, c := range map[string]struct {
		meanwhile func(l *lab)
		left      []string // MAC addresses
		made      int      // of them by the next run
		loose     []string
	}{
		"all as before": {func(*lab) {}, []string{web, db, "BC:24:11:00:02:01"}, 0, nil},
		"the guest has another": {
			func(l *lab) { l.guest(101, func(g *inventory.Guest) { g.NICs[0].MAC = other }) },
			[]string{other, db, "BC:24:11:00:02:01"},
			1, nil,
		},
		"the interface is no more": {
			func(l *lab) { l.guest(102, func(g *inventory.Guest) { g.NICs = g.NICs[:1] }) }, []string{web, db}, 0, nil,
		},
		"a person wrote to it": {
			func(l *lab) {
				l.personEdits(macs, l.one(macs, "mac_address", web), map[string]any{"description": "mine"})
			},
			[]string{web, web, db, "BC:24:11:00:02:01"},
			1,
			[]string{web},
		},
		"two of a kind": {
			func(l *lab) { l.person(macs, map[string]any{"mac_address": web}) },
			[]string{web, web, db, "BC:24:11:00:02:01"},
			0,
			[]string{web},
		},
	} {
		for _, version := range []string{"4.5", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
					l.cutBefore(interfaces)
					require.Empty(t, l.column(interfaces, "id"))
					c.meanwhile(l)
					before := l.column(macs, "id")
					l.run()
					var loose []string
					for _, mac := range l.where(macs, "assigned_object", "") {
						loose = append(loose, mac.at("mac_address"))
					}
					assert.ElementsMatch(t, c.left, l.column(macs, "mac_address"))
					assert.Equal(t, c.loose, loose)
					made := 0
					for _, id := range l.column(macs, "id") {
						if !slices.Contains(before, id) {
							made++
						}
					}
					assert.Equal(t, c.made, made, "made anew")
					l.quiet()
				})
			})
		}
	}
}

// TestLostMACAddressIsNotSomebodyElses: what is looked for after a lost answer is on no interface, and the youngest.
func TestLostMACAddressIsNotSomebodyElses(t *testing.T) {
	t.Parallel()
	for name, committed := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, pair())
				_, port := l.stranger("vcenter")
				l.person(macs, map[string]any{
					"mac_address": "BC:24:11:00:01:00", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": port,
				})
				if committed {
					l.person(macs, map[string]any{"mac_address": "BC:24:11:00:02:00"})
				}
				theirs := l.objects(macs)
				fired := l.netbox.Inject(netboxtest.Fault{
					Kind: netboxtest.FaultReset, Method: http.MethodPost, Path: "/api/" + macs + "/", Times: 1, Committed: committed,
				})
				l.run()
				assert.Positive(t, fired())
				for _, mac := range theirs {
					assert.Equal(t, draw(mac), draw(l.again(macs, mac)))
				}
				assert.Equal(t, []string{"BC:24:11:00:01:00"}, l.on("web01", macs, "mac_address"))
				assert.Equal(t, []string{"BC:24:11:00:02:00", "BC:24:11:00:02:01"}, l.on("db01", macs, "mac_address"))
				assert.Len(t, l.objects(macs), len(theirs)+3)
				l.quiet()
			})
		})
	}
}
