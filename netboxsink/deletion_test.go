package netboxsink_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// dwindling returns a cluster of so many guests, of which some will go.
func dwindling(guests int) *inventory.Inventory {
	inv := estate("lab")
	inv.ReadAt = noon
	for i := range guests {
		inv.Guests = append(inv.Guests, qemu(101+i, fmt.Sprintf("vm%d", 101+i),
			nic("net0", fmt.Sprintf("BC:24:11:00:00:%02X", i), fmt.Sprintf("192.0.2.%d/24", 10+i)), disk("scsi0", gib)))
	}
	return inv
}

// later lets time pass, and guests go.
func (l *lab) later(d time.Duration, gone ...int) {
	l.t.Helper()
	l.edit(func(inv *inventory.Inventory) {
		inv.ReadAt = inv.ReadAt.Add(d)
		for _, id := range gone {
			remove(inv, id)
		}
	})
}

func TestDeletionIsOffByDefault(t *testing.T) {
	t.Parallel()
	l := newLab(t, dwindling(5))
	l.run()
	before := l.picture()
	l.later(100*24*time.Hour, 101)
	l.quiet()
	assert.Equal(t, before, l.picture())
	assert.Len(t, notes(l.run()), 1)
}

func TestWhatIsGoneIsMarked(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
				Mapping: netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "mark"}},
			}, dwindling(5))
			l.run()
			l.later(time.Hour, 101)
			result := l.run()
			want := map[string]string{
				"status": "decommissioning", "tags": "Proxbox,Proxmox gone", "custom_fields.proxbox_gone_since": "2026-11-24T13:00:00Z",
				"primary_ip4": "192.0.2.10/24", "disk": "1024",
			}
			assert.Equal(t, want, fields(l.machine("vm101"), want))
			assert.Equal(t, []string{"virtual-machine vm101: no longer in the source since 2026-11-24T13:00:00Z: it is marked"}, notes(result))
			l.later(100 * 24 * time.Hour)
			l.quiet()
			t.Run("and no longer once it is back", func(t *testing.T) {
				l.edit(func(inv *inventory.Inventory) { inv.Guests = dwindling(5).Guests })
				l.run()
				want := map[string]string{"status": "active", "tags": "Proxbox", "custom_fields.proxbox_gone_since": ""}
				assert.Equal(t, want, fields(l.machine("vm101"), want))
				l.quiet()
			})
		})
	}
}

func TestWhatIsGoneIsDeletedAfterTheGracePeriod(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, &netboxsink.Options{
				Mapping: netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete", Grace: 24 * time.Hour}},
			}, dwindling(5))
			l.run()
			l.later(time.Hour, 101)
			l.run()
			l.later(23 * time.Hour)
			l.quiet()
			l.later(time.Hour)
			assert.Contains(t, l.planText(), "- virtual-machine vm101 (lab 101): no longer in the source since 2026-11-24T13:00:00Z")
			l.run()
			assert.Equal(t, []string{"vm102", "vm103", "vm104", "vm105"}, l.column(machines, "name"))
			assert.Len(t, l.column(addresses, "address"), 4, "what hangs on it goes too")
			assert.Equal(t, []string{"lab"}, l.column(clusters, "name"))
			l.quiet()
		})
	}
}

func TestDeletionWaits(t *testing.T) {
	t.Parallel()
	day := netboxsink.DeletionOptions{Mode: "delete", Grace: 24 * time.Hour}
	few := day
	few.Most = 2
	for name, c := range map[string]struct {
		options netboxsink.DeletionOptions
		gone    []int
		change  func(inv *inventory.Inventory)
		note    string
	}{
		"for a whole view, of the quorum": {day, []int{101}, func(inv *inventory.Inventory) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartQuorum, Reason: "no quorum"}}
		}, "virtual-machine vm101: no quorum"},
		"for a whole view, of a node": {day, []int{101}, func(inv *inventory.Inventory) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartNode, Node: "pve02", Reason: "node pve02 is offline"}}
		}, "virtual-machine vm101: it may be gone, but not all of lab could be read: node pve02 is offline"},
		"for a whole view, of another guest": {day, []int{101}, func(inv *inventory.Inventory) {
			inv.Gaps = []inventory.Gap{guestGap(inventory.PartConfig, 102)}
		}, "virtual-machine vm101: it may be gone, but not all of lab could be read: it could not be read"},
		"for a word where too many are due": {
			few,
			[]int{101, 102, 103},
			nil,
			"virtual-machine vm101: it is gone since 2026-11-24T13:00:00Z, but 3 of 32 objects of lab are to be deleted at once, " +
				"and at most 2 may be (deletion.most, deletion.most_share)",
		},
		"for a word where too large a part is due": {
			day,
			[]int{101, 102, 103, 104, 105, 106, 107},
			nil,
			"virtual-machine vm101: it is gone since 2026-11-24T13:00:00Z, but 7 of 32 objects of lab are to be deleted at once, " +
				"and at most 6 may be (deletion.most, deletion.most_share)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := mapped(t, netboxsink.Mapping{Deletion: c.options}, dwindling(30))
			l.run()
			l.later(time.Hour, c.gone...)
			l.run()
			l.later(48 * time.Hour)
			if c.change != nil {
				l.edit(c.change)
			}
			result := l.run()
			assert.Len(t, l.column(machines, "name"), 30)
			assert.Contains(t, notes(result), c.note)
		})
	}
	t.Run("not for one of few", func(t *testing.T) {
		t.Parallel()
		l := mapped(t, netboxsink.Mapping{Deletion: day}, dwindling(2))
		l.run()
		l.later(time.Hour, 101)
		l.run()
		l.later(48 * time.Hour)
		l.run()
		assert.Equal(t, []string{"vm102"}, l.column(machines, "name"))
	})
}

// TestGuestThatIsHiddenIsNotGone: the source is asked before a virtual machine is marked and before it is deleted, and not
// in between.
func TestGuestThatIsHiddenIsNotGone(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete", Grace: 24 * time.Hour}}, dwindling(5))
	l.run()
	lab := l.sources[0]
	hidden := map[int]error{101: errors.New("VMID 101 is in use in lab")}
	told := "virtual-machine vm101: VMID 101 is in use in lab"

	lab.doubts = hidden
	l.later(time.Hour, 101)
	before := draw(l.machine("vm101"))
	assert.Equal(t, []string{told}, notes(l.run()))
	for range 2 {
		l.later(100 * 24 * time.Hour)
		l.quiet()
		assert.Equal(t, []string{told}, notes(l.run()))
	}
	assert.Equal(t, before, draw(l.machine("vm101")), "it is not marked, however long it lasts")

	lab.doubts, lab.asked = nil, nil
	l.run()
	assert.Equal(t, "decommissioning", l.machine("vm101").at("status"))
	assert.Equal(t, []int{101}, lab.asked)
	l.later(time.Hour)
	l.quiet()
	assert.Equal(t, []int{101}, lab.asked, "it is not asked about while it waits")

	lab.doubts = hidden
	l.later(48 * time.Hour)
	l.quiet()
	assert.Equal(t, []string{told}, notes(l.run()))
	assert.Contains(t, l.column(machines, "name"), "vm101")

	lab.doubts = nil
	l.run()
	assert.NotContains(t, l.column(machines, "name"), "vm101")
	l.quiet()
}

func TestNodeThatIsGoneIsDeletedAfterItsGuests(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete", Grace: time.Hour, MostShare: 1}}, dwindling(3))
	l.guest(101, func(g *inventory.Guest) { g.Node = "pve02" })
	l.run()
	l.edit(func(inv *inventory.Inventory) { inv.Nodes = inv.Nodes[:1] })
	l.later(time.Minute, 101)
	l.run()
	assert.Equal(t, []int{101}, l.sources[0].asked, "it is asked about guests, not about nodes")
	assert.Equal(t, "decommissioning", l.one(devices, "name", "pve02").at("status"))
	l.later(2 * time.Hour)
	l.run()
	assert.Equal(t, []string{"pve01"}, l.column(devices, "name"))
	assert.Equal(t, []string{"vm102", "vm103"}, l.column(machines, "name"))
	l.quiet()
}

func TestWhatIsNotOursIsNeverDeleted(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete", Grace: time.Hour, MostShare: 1}}, dwindling(3))
	l.run()
	cluster := l.one(clusters, "name", "lab").id()
	l.person(machines, map[string]any{"name": "theirs", "cluster": cluster})
	l.later(time.Hour)
	l.run()
	l.later(48 * time.Hour)
	l.quiet()
	assert.Contains(t, l.column(machines, "name"), "theirs")
}

// TestWhatOneSourceLacksIsNotGoneFromAnother: a cluster that was read as a whole says nothing of one that was not.
func TestWhatOneSourceLacksIsNotGoneFromAnother(t *testing.T) {
	t.Parallel()
	for name, unread := range map[string]func(inv *inventory.Inventory){
		"not read at all": func(inv *inventory.Inventory) {
			*inv = inventory.Inventory{Source: inv.Source, ReadAt: inv.ReadAt, Gaps: []inventory.Gap{{Part: inventory.PartSource, Reason: "no route"}}}
		},
		"a list with a gap": func(inv *inventory.Inventory) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartGuests, Reason: "VM.Audit is missing"}}
			inv.Guests = nil
		},
		"a node that is offline": func(inv *inventory.Inventory) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartNode, Node: "pve02", Reason: "it is offline"}}
			inv.Guests = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			east := estate("east", qemu(201, "east1", disk("scsi0", gib)), qemu(202, "east2", disk("scsi0", gib)))
			east.ReadAt = noon
			l := mapped(t, netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete", Most: 100, MostShare: 1}}, dwindling(3), east)
			l.run()
			before := l.picture()
			unread(east)
			for range 3 {
				for _, s := range l.sources {
					s.inventory.ReadAt = s.inventory.ReadAt.Add(30 * 24 * time.Hour)
				}
				_, _ = l.try() // a source that was not read is a failure
				assert.Equal(t, before, l.picture())
			}
		})
	}
}
