package netboxsink_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// estate returns a healthy cluster of two nodes with these guests.
func estate(source string, guests ...inventory.Guest) *inventory.Inventory {
	return &inventory.Inventory{
		Source:  source,
		Cluster: inventory.Cluster{Name: "lab", Quorate: true, Version: "9.0.3"},
		Nodes: []inventory.Node{
			{Name: "pve01", Status: inventory.NodeOnline, Version: "9.0.3"},
			{Name: "pve02", Status: inventory.NodeOnline, Version: "9.0.3"},
		},
		Guests: guests,
	}
}

// qemu returns a running virtual machine on pve01.
func qemu(id int, name string, parts ...func(*inventory.Guest)) inventory.Guest {
	g := inventory.Guest{
		ID: id, Kind: inventory.QEMU, Name: name, Node: "pve01", Status: inventory.GuestRunning, CPUs: 2, Memory: 2 << 30,
		UUID: uuid(id),
	}
	for _, part := range parts {
		part(&g)
	}
	return g
}

// lxc returns a running container on pve01.
func lxc(id int, name string, parts ...func(*inventory.Guest)) inventory.Guest {
	g := qemu(id, name, parts...)
	g.Kind, g.UUID = inventory.LXC, ""
	return g
}

func uuid(n int) string { return fmt.Sprintf("4c4c4544-0000-4000-8000-%012x", n) }

// nic adds a NIC with addresses such as "192.0.2.10/24".
func nic(key, mac string, addresses ...string) func(*inventory.Guest) {
	return func(g *inventory.Guest) {
		n := inventory.NIC{Key: key, Model: "virtio", MAC: mac, Bridge: "vmbr0", Addresses: addressList(addresses...)}
		if g.Kind == inventory.LXC {
			n.Model = ""
		}
		g.NICs = append(g.NICs, n)
	}
}

// named gives the last NIC the name that a container calls it by.
func named(name string) func(*inventory.Guest) {
	return func(g *inventory.Guest) { g.NICs[len(g.NICs)-1].Name = name }
}

func addressList(texts ...string) []inventory.Address {
	list := make([]inventory.Address, len(texts))
	for i, text := range texts {
		list[i] = inventory.Address{Prefix: netip.MustParsePrefix(text), Origin: inventory.OriginAgent}
	}
	return list
}

// disk adds a disk of that many bytes.
func disk(key string, bytes int64) func(*inventory.Guest) {
	return func(g *inventory.Guest) {
		g.Disks = append(g.Disks, inventory.Disk{Key: key, Storage: "local-lvm", Volume: key, Bytes: bytes, Known: true})
	}
}

// gib is the number of bytes in a GiB.
const gib = int64(1) << 30

// guestOf returns the guest of that VMID.
func guestOf(t testing.TB, inv *inventory.Inventory, id int) *inventory.Guest {
	t.Helper()
	i := slices.IndexFunc(inv.Guests, func(g inventory.Guest) bool { return g.ID == id })
	require.GreaterOrEqual(t, i, 0, "no guest %d", id)
	return &inv.Guests[i]
}

// remove drops a guest from the inventory.
func remove(inv *inventory.Inventory, id int) {
	inv.Guests = slices.DeleteFunc(inv.Guests, func(g inventory.Guest) bool { return g.ID == id })
}

// guestGap adds a gap over a part of a guest.
func guestGap(part inventory.Part, id int) inventory.Gap {
	return inventory.Gap{Part: part, Guest: id, Reason: "it could not be read"}
}

// richEstate returns an estate in which everything occurs that the mapping knows.
func richEstate() *inventory.Inventory {
	inv := estate("lab",
		qemu(101, "web01",
			nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24", "2001:db8::10/64"),
			nic("net1", "BC:24:11:00:01:01", "198.51.100.10/24"),
			disk("efidisk0", 528<<10), disk("scsi0", 32*gib), func(g *inventory.Guest) {
				g.Agent, g.StartAtBoot, g.Tags, g.OSType = true, true, []string{"prod"}, "l26"
				g.NICs[1].VLAN, g.NICs[1].MTU = 20, 9000
			}),
		lxc(102, "db01",
			nic("net0", "BC:24:11:00:02:00", "192.0.2.20/24", "2001:db8::20/64"), named("eth0"),
			nic("net1", "BC:24:11:00:02:01"), named("mgmt"),
			disk("rootfs", 8*gib), disk("mp0", 100*gib), func(g *inventory.Guest) {
				g.Unprivileged, g.CPUs, g.SearchDomain, g.Node = true, 0.5, "example.com", "pve02"
				g.NICs[0].Addresses[0].Dynamic = true
			}),
		qemu(103, "debian-template", disk("scsi0", 4*gib), func(g *inventory.Guest) {
			g.Template, g.Status = true, inventory.GuestStopped
		}),
		qemu(104, ""),
		qemu(105, strings.Repeat("long-", 16)+"name"),
		qemu(106, "twin"), qemu(107, "twin"), lxc(108, "TWIN"),
		qemu(109, "stranded", nic("net0", "BC:24:11:00:09:00"), func(g *inventory.Guest) {
			g.Node, g.Status = "pve03", inventory.GuestUnknown
		}),
		qemu(110, "silent", nic("net0", "BC:24:11:00:10:00"), func(g *inventory.Guest) { g.Agent = true }),
		qemu(111, "iscsi", func(g *inventory.Guest) {
			g.Disks = []inventory.Disk{{Key: "scsi0", Storage: "san", Volume: "lun0"}}
		}),
		qemu(112, "unplugged", nic("net0", "", "192.0.2.112/24"), func(g *inventory.Guest) {
			g.NICs[0].Down, g.Status = true, inventory.GuestPaused
		}),
		qemu(113, "rival", nic("net0", "BC:24:11:00:13:00", "192.0.2.10/24", "192.0.2.0/24", "192.0.2.255/24")),
		qemu(114, "unread", nic("net0", "BC:24:11:00:14:00")),
	)
	inv.Nodes = append(inv.Nodes, inventory.Node{Name: "pve03", Status: inventory.NodeOffline})
	inv.Gaps = []inventory.Gap{
		{Part: inventory.PartNode, Node: "pve03", Reason: "node pve03 is offline"},
		{Part: inventory.PartConfig, Guest: 109, Node: "pve03", Reason: "node pve03 is offline"},
		{Part: inventory.PartAddresses, Guest: 110, Reason: "the guest agent does not answer"},
		{Part: inventory.PartGuest, Guest: 114, Reason: "the guest is locked by a migration"},
	}
	return inv
}
