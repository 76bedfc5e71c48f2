package netboxsink_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// odd makes NetBox tell a field of the objects of a path, with that name or address, as something else.
func (l *lab) odd(path, label, field string, value any) {
	l.t.Helper()
	l.through(func(netbox http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, path) {
				netbox.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			netbox.ServeHTTP(answer, r)
			var page map[string]any
			if json.Unmarshal(answer.Body.Bytes(), &page) == nil {
				results, _ := page["results"].([]any)
				for _, item := range results {
					o := object(item.(map[string]any))
					if o.at("name") == label || o.at("address") == label {
						o[field] = value
					}
				}
				answer.Body.Reset()
				_ = json.NewEncoder(answer.Body).Encode(page)
			}
			maps.Copy(w.Header(), answer.Header())
			w.Header().Del("Content-Length")
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
	})
}

func oddEstate() *inventory.Inventory {
	return estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24"), disk("scsi0", gib)),
		qemu(102, "db01", nic("net0", "BC:24:11:00:02:00", "192.0.2.20/24"), disk("scsi9", gib)))
}

func TestOtherFormsOfOneValueAreTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, label, field string
		value              any
	}{
		"a number as a text":      {machines, "web01", "memory", "2048"},
		"vCPUs as a text":         {machines, "web01", "vcpus", "2.00"},
		"a choice as its value":   {machines, "web01", "status", "active"},
		"a truth value as a text": {interfaces, "net0", "enabled", "true"},
		"a number with a point":   {disks, "scsi0", "size", json.RawMessage("1024.0")},
		"null for no number":      {interfaces, "net0", "mtu", nil},
		"a field that is new":     {machines, "web01", "flavour", map[string]any{"id": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, oddEstate())
			l.run()
			l.odd(c.path, c.label, c.field, c.value)
			l.quiet()
		})
	}
	t.Run("a description of something inside that is none", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, oddEstate())
		l.run()
		l.odd(machines, "web01", "cluster", map[string]any{"id": l.one(clusters, "name", "lab").id(), "name": "lab", "description": []int{1}})
		assert.Empty(t, notes(l.run()))
		l.quiet()
	})
	t.Run("an id as a text", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, oddEstate())
		l.run()
		l.odd(machines, "web01", "id", text(l.machine("web01")["id"]))
		l.quiet()
	})
}

func TestWhatIsNotUnderstoodIsLeftAlone(t *testing.T) {
	t.Parallel()
	strange := map[string]any{"strange": []int{1}}
	for name, c := range map[string]struct {
		path, label, field string
		stays              string // the path of what is not changed
	}{
		"a virtual machine": {machines, "web01", "memory", machines},
		"an interface":      {interfaces, "net0", "mac_addresses", machines},
		"a disk":            {disks, "scsi0", "size", machines},
		"an IP address":     {addresses, "192.0.2.10/24", "vrf", machines},
		"a device":          {devices, "pve02", "platform", devices},
		"a cluster":         {clusters, "lab", "scope", clusters},
	} {
		for _, version := range []string{"4.2", "4.7"} {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, oddEstate())
				l.run()
				web, pve02, macsBefore := l.machine("web01"), l.one(devices, "name", "pve02"), l.column(macs, "mac_address")
				l.odd(c.path, c.label, c.field, strange)
				l.edit(func(inv *inventory.Inventory) {
					inv.Guests[0].CPUs, inv.Guests[1].Memory, inv.Nodes[1].Status = 4, 4<<30, inventory.NodeOffline
					inv.Guests[0].NICs[0].Addresses = addressList("192.0.2.10/24", "192.0.2.11/24")
				})
				told := strings.Join(notes(l.run()), "\n")
				assert.Contains(t, told, "is not understood ("+c.field+")")
				assert.Equal(t, macsBefore, l.column(macs, "mac_address"))
				if c.stays != devices {
					assert.Equal(t, draw(web), draw(l.machine("web01")))
					assert.Len(t, l.on("web01", addresses, "address"), 1)
				}
				if c.stays != machines {
					assert.Equal(t, draw(pve02), draw(l.again(devices, pve02)))
				}
				if c.stays == machines && c.label != "net0" {
					assert.Equal(t, "4096", l.machine("db01").at("memory"), "the others are written")
				}
				l.through(func(netbox http.Handler) http.Handler { return netbox })
				l.run()
				assert.Equal(t, "4", l.machine("web01").at("vcpus"))
				assert.Len(t, l.on("web01", addresses, "address"), 2)
				assert.Equal(t, "offline", l.one(devices, "name", "pve02").at("status"))
				assert.Len(t, l.column(machines, "name"), 2)
				l.quiet()
			})
		}
	}
}

func TestWhatCannotBePlacedFailsTheRead(t *testing.T) {
	t.Parallel()
	for field, path := range map[string]string{"custom_fields": machines, "virtual_machine": interfaces, "assigned_object_id": addresses} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, oddEstate())
			l.run()
			before := l.picture()
			label := map[string]string{machines: "web01", interfaces: "net0", addresses: "192.0.2.10/24"}[path]
			l.odd(path, label, field, []any{[]int{1}})
			_, err := l.engine.Run(l.context(), nil)
			require.ErrorContains(t, err, "GET /api/"+path+"/ is not understood: object ")
			require.ErrorContains(t, err, "the field "+field+" is not what it should be")
			assert.Equal(t, before, l.picture())
		})
	}
}
