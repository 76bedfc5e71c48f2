package netboxsink_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// increment runs once, incrementally.
func (l *lab) increment() *sync.Result {
	l.t.Helper()
	result, err := l.engine.Run(l.context(), &sync.RunOptions{Scope: sync.Scope{Incremental: true}})
	require.NoError(l.t, err)
	return result
}

// settled returns a lab after incremental runs, with nothing of them fresh in the change log.
func settled(t *testing.T, version string, inventories ...*inventory.Inventory) *lab {
	t.Helper()
	l := newLabWith(t, &netboxtest.Options{Version: version}, nil, inventories...)
	l.increment()
	time.Sleep(6 * time.Minute)
	l.increment()
	return l
}

func TestIncrementalRunOfAnUnchangedEstate(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := settled(t, version, town(50))
				for range 3 {
					l.netbox.ResetRequests()
					result := l.increment()
					for kind, counts := range result.Objects {
						assert.Zero(t, counts.Written(), kind)
					}
					assert.Equal(t, map[string]int{"GET /api/status/": 1, "GET /api/core/object-changes/": 1}, l.paths())
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

func TestIncrementalRunReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := settled(t, "4.7", town(300))
		l.guest(110, func(g *inventory.Guest) { g.CPUs = 8 })
		l.netbox.ResetRequests()
		l.increment()
		assert.Equal(t, map[string]int{
			"GET /api/status/": 1, "GET /api/core/object-changes/": 1, "PATCH /api/virtualization/virtual-machines/": 1,
		}, l.paths())
		l.netbox.ResetRequests()
		l.increment()
		assert.Equal(t, map[string]int{
			"GET /api/status/": 1, "GET /api/core/object-changes/": 1, "GET /api/virtualization/virtual-machines/": 1,
			"GET /api/virtualization/interfaces/": 1, "GET /api/virtualization/virtual-disks/": 1, "GET /api/ipam/ip-addresses/": 1,
		}, l.paths(), "the one guest, until its row in the change log is settled")
	})
}

// TestIncrementalRunSeesWhatOthersDid: whatever they do, an incremental run comes to where a full one comes.
func TestIncrementalRunSeesWhatOthersDid(t *testing.T) {
	t.Parallel()
	edit := func(path, field, value string, fields map[string]any) func(l *lab) {
		return func(l *lab) { l.personEdits(path, l.one(path, field, value), fields) }
	}
	remove := func(path, field, value string) func(l *lab) {
		return func(l *lab) { require.NoError(l.t, l.netbox.Delete(path, l.one(path, field, value).id())) }
	}
	for name, change := range map[string]func(l *lab){
		"nothing":                      func(*lab) {},
		"a field that is measured":     edit(machines, "name", "web01", map[string]any{"memory": 1}),
		"a name":                       edit(machines, "name", "web01", map[string]any{"name": "mine"}),
		"an interface":                 edit(interfaces, "name", "net0", map[string]any{"enabled": false}),
		"an interface of a node":       edit(nodeInterfaces, "name", "eno1", map[string]any{"enabled": false}),
		"an address":                   edit(addresses, "address", "192.0.2.10/24", map[string]any{"address": "192.0.2.99/24"}),
		"a disk":                       edit(disks, "name", "scsi0", map[string]any{"size": 7}),
		"a device":                     edit(devices, "name", "pve01", map[string]any{"status": "failed"}),
		"a virtual machine is deleted": remove(machines, "name", "web01"),
		"a disk is deleted":            remove(disks, "name", "scsi0"),
		"an interface is deleted":      remove(interfaces, "name", "net0"),
		"an address is deleted":        remove(addresses, "address", "192.0.2.10/24"),
		"a tag is deleted":             remove(tags, "slug", "prod"),
		"a site is renamed":            edit(sites, "slug", "proxmox-default-site-lab", map[string]any{"name": "Berlin"}),
		"an address that is waited for": func(l *lab) {
			l.person(addresses, map[string]any{"address": "192.0.2.77/24"})
			l.guest(101, func(g *inventory.Guest) {
				g.NICs[0].Addresses = append(g.NICs[0].Addresses, addressList("192.0.2.77/24")...)
			})
			l.increment()
			time.Sleep(6 * time.Minute)
			l.increment()
			require.NoError(l.t, l.netbox.Delete(addresses, l.one(addresses, "address", "192.0.2.77/24").id()))
		},
		"a VLAN that is waited for": func(l *lab) {
			l.person(vlans, map[string]any{"vid": 20, "name": "office", "site": l.one(sites, "slug", "proxmox-default-site-lab").id()})
		},
		"a virtual machine of a name": func(l *lab) {
			l.person(machines, map[string]any{"name": "new01", "cluster": l.one(clusters, "name", "lab").id()})
			l.edit(func(inv *inventory.Inventory) { inv.Guests = append(inv.Guests, qemu(300, "new01")) })
		},
		"a guest comes, and one goes": func(l *lab) {
			l.edit(func(inv *inventory.Inventory) {
				inv.Guests = append(inv.Guests[1:], qemu(300, "new01", disk("scsi0", gib)))
			})
		},
		"a VMID is used again": func(l *lab) {
			l.guest(101, func(g *inventory.Guest) { g.UUID, g.Name = uuid(9), "again" })
			l.increment()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inv := wired()
				inv.Guests = []inventory.Guest{qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24"), disk("scsi0", gib), func(g *inventory.Guest) {
					g.Tags, g.NICs[0].VLAN = []string{"prod"}, 20
				}), qemu(102, "db01")}
				l := settled(t, "4.7", inv)
				change(l)
				l.increment()
				l.through(func(netbox http.Handler) http.Handler { return netbox }) // a sink that knows nothing
				l.quiet()
				l.increment()
				time.Sleep(6 * time.Minute)
				l.increment()
				l.quiet()
			})
		})
	}
}

func TestIncrementalRunWithoutTheChangeLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, town(20))
		l.netbox.Inject(netboxtest.Fault{
			Kind: netboxtest.FaultAnswer, Status: http.StatusForbidden, Path: "/api/core/object-changes/", Times: -1,
			Body: `{"detail":"You do not have permission to perform this action."}`,
		})
		l.increment()
		l.guest(101, func(g *inventory.Guest) { g.CPUs = 8 })
		l.increment()
		assert.Equal(t, "8", l.machine("vm101").at("vcpus"), "all is read each time")
		l.netbox.ResetRequests()
		l.increment()
		assert.NotZero(t, l.paths()["GET /api/virtualization/virtual-machines/"])
	})
}

func TestIncrementalRunAfterTheChangeLogWasCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := settled(t, "4.7", town(20))
		l.netbox.Inject(netboxtest.Fault{
			Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Path: "/api/core/object-changes/", Times: 1,
			Body: `{"count":0,"next":null,"previous":null,"results":[]}`,
		})
		l.netbox.ResetRequests()
		l.increment()
		assert.NotZero(t, l.paths()["GET /api/virtualization/virtual-machines/"])
	})
}
