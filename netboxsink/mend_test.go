package netboxsink_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// wrongSum refuses each change of the virtual machine, until one of its disks is saved.
type wrongSum struct {
	netbox  http.Handler
	machine int
	mendsIt bool // a saved disk puts it right

	mu    stdsync.Mutex
	right bool
	tries int
}

func (h *wrongSum) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.Method != http.MethodPatch:
	case strings.Contains(r.URL.Path, "virtual-disks"):
		h.right = h.right || h.mendsIt
	case strings.Contains(r.URL.Path, "virtual-machines") && !h.right && bytes.Contains(raw, []byte(`"id":`+strconv.Itoa(h.machine)+`,`)):
		h.tries++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"disk":["The specified disk size (17179) must match the aggregate size of assigned virtual disks (17183)."]}`)
		return
	}
	h.netbox.ServeHTTP(w, r)
}

func TestWrongSumOfDisksIsMended(t *testing.T) {
	t.Parallel()
	for name, mendsIt := range map[string]bool{"by saving a disk": true, "once only": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, estate("lab", qemu(101, "web01", disk("scsi0", gib)), qemu(102, "db01", disk("scsi0", gib))))
			l.run()
			h := &wrongSum{machine: l.machine("web01").id(), mendsIt: mendsIt}
			l.through(func(netbox http.Handler) http.Handler {
				h.netbox = netbox
				return h
			})
			l.edit(func(inv *inventory.Inventory) { inv.Guests[0].CPUs, inv.Guests[1].CPUs = 4, 4 })
			_, err := l.try()
			assert.Equal(t, "4", l.machine("db01").at("vcpus"))
			if !mendsIt {
				require.ErrorContains(t, err, "must match the aggregate size")
				assert.LessOrEqual(t, h.tries, 3)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "4", l.machine("web01").at("vcpus"))
			l.quiet()
		})
	}
}

// TestGuestsFollowADeviceThatAPersonMoved: NetBox refuses each change of a virtual machine in another site than its device.
func TestGuestsFollowADeviceThatAPersonMoved(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(inv *inventory.Inventory){
		"that change their names": func(inv *inventory.Inventory) {
			inv.Guests[0].Name, inv.Guests[1].Name = inv.Guests[1].Name, inv.Guests[0].Name
		},
		"that are gone": func(inv *inventory.Inventory) { inv.Guests = nil },
		"on another node, and one is gone": func(inv *inventory.Inventory) {
			inv.Guests = inv.Guests[:1]
			inv.Guests[0].Node = "pve02"
		},
	} {
		for _, version := range []string{"4.5", "4.6", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
					Mapping: netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "mark"}},
				}, estate("lab", qemu(101, "web01"), qemu(102, "db01")))
				l.run()
				site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
				l.personEdits(clusters, l.one(clusters, "name", "lab"), map[string]any{"scope_type": nil, "scope_id": nil})
				l.personEdits(devices, l.one(devices, "name", "pve01"), map[string]any{"site": site})
				l.edit(change)
				l.run()
				l.quiet()
			})
		}
	}
}

// TestWritesThatMendAreBoundedToo: there is one under way where one is allowed, though two lists are refused at once.
func TestWritesThatMendAreBoundedToo(t *testing.T) {
	t.Parallel()
	mapping := netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "mark"}}
	l := newLabWith(t, &netboxtest.Options{RequestLatency: time.Millisecond}, &netboxsink.Options{Mapping: mapping}, town(200))
	l.run()
	site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
	l.personEdits(clusters, l.one(clusters, "name", "lab"), map[string]any{"scope_type": nil, "scope_id": nil})
	l.personEdits(devices, l.one(devices, "name", "pve01"), map[string]any{"site": site})
	l.edit(func(inv *inventory.Inventory) { inv.Guests = nil })
	gate := &turnstile{Handler: l.netbox, inside: map[bool]int{}, most: map[bool]int{}}
	sink, err := netboxsink.New(netboxURL, netboxtest.TokenV1, &netboxsink.Options{HTTPClient: serve(t, gate), Mapping: mapping, Writers: 1})
	require.NoError(t, err)
	engine, err := sync.New(sink, []sync.Source{l.sources[0]}, nil)
	require.NoError(t, err)
	_, err = engine.Run(t.Context(), nil)
	require.NoError(t, err)
	assert.Len(t, l.where(machines, "site", "Berlin"), 200)
	assert.Equal(t, 1, gate.most[true])
}

// TestInterfaceLeavesTheVLANsOfASiteThatItsGuestLeft: NetBox refuses each change of an interface with such.
func TestInterfaceLeavesTheVLANsOfASiteThatItsGuestLeft(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, tagged())
			l.withVLANs(20, 30)
			l.run()
			assert.Equal(t, "ours 20 (20)", l.one(interfaces, "name", "net0").at("untagged_vlan"))
			berlin := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
			l.person(vlans, map[string]any{"vid": 20, "name": "Berlin", "site": berlin})
			l.personEdits(clusters, l.one(clusters, "name", "lab"), map[string]any{"scope_type": nil, "scope_id": nil})
			l.personEdits(devices, l.one(devices, "name", "pve01"), map[string]any{"site": berlin})
			l.run()
			l.guest(101, func(g *inventory.Guest) {
				for i := range g.NICs {
					g.NICs[i].Down = true
				}
			})
			l.run()
			l.run()
			assert.Equal(t, "Berlin (20)", l.one(interfaces, "name", "net0").at("untagged_vlan"))
			assert.Equal(t, "false", l.one(interfaces, "name", "net1").at("enabled"))
			l.quiet()
		})
	}
}

func TestSharedObjectThatIsThereMeanwhileIsTaken(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2", "4.7"} {
		for path, fields := range map[string]map[string]any{
			tags:         {"name": "Proxbox", "slug": "proxbox"},
			deviceRoles:  {"name": "Proxmox Node", "slug": "proxmox-node"},
			sites:        {"name": "Proxmox Default Site - lab", "slug": "proxmox-default-site-lab"},
			customFields: {"name": "proxbox_uuid", "type": "text", "object_types": []string{"virtualization.virtualmachine"}},
		} {
			t.Run(version+" "+path, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
				once := stdsync.OnceFunc(func() { l.person(path, fields) })
				l.through(func(netbox http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Method == http.MethodPost && strings.Contains(r.URL.Path, path) {
							once()
						}
						netbox.ServeHTTP(w, r)
					})
				})
				l.run()
				assert.Len(t, l.column(machines, "name"), 2)
				l.quiet()
			})
		}
	}
}
