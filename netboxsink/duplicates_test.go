package netboxsink_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestWhatStandsTwiceInAnInventoryCountsOnce(t *testing.T) {
	t.Parallel()
	inv := estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24"), disk("scsi0", gib)),
		qemu(102, "db01"))
	web := &inv.Guests[0]
	web.NICs = append(web.NICs, inventory.NIC{Key: "net0", MAC: "BC:24:11:00:01:99"})
	web.Disks = append(web.Disks, inventory.Disk{Key: "scsi0", Bytes: 2 * gib, Known: true})
	inv.Guests = append(inv.Guests, qemu(101, "other"), qemu(101, "third"))
	inv.Nodes = append(inv.Nodes, inventory.Node{Name: "pve02", Status: inventory.NodeOffline})
	l := newLab(t, inv)
	told := notes(l.run())
	assert.Equal(t, []string{"db01", "web01"}, l.column(machines, "name"))
	assert.Equal(t, []string{"pve01", "pve02"}, l.column(devices, "name"))
	assert.Equal(t, "active", l.one(devices, "name", "pve02").at("status"))
	assert.Equal(t, []string{"BC:24:11:00:01:00"}, l.column(macs, "mac_address"))
	assert.Equal(t, []string{"1024"}, l.column(disks, "size"))
	for _, what := range []string{"node pve02", "VMID 101", "net0", "scsi0"} {
		assert.Contains(t, strings.Join(told, "\n"), "the source lists "+what+" more than once")
	}
	l.quiet()
}
