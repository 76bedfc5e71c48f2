package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// pair returns an estate of two guests with a NIC, an address and a disk each.
func pair() *inventory.Inventory {
	return estate("lab",
		qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24", "2001:db8::10/64"), disk("scsi0", 32*gib)),
		lxc(102, "db01",
			nic("net0", "BC:24:11:00:02:00", "192.0.2.20/24"), named("eth0"),
			nic("net1", "BC:24:11:00:02:01", "198.51.100.20/24"), named("eth1"),
			disk("rootfs", 8*gib)),
	)
}

// ids returns the ids of all objects at the path by the text of a field.
func (l *lab) ids(path, field string) map[string]int {
	l.t.Helper()
	ids := map[string]int{}
	for _, o := range l.objects(path) {
		ids[o.at(field)] = o.id()
	}
	return ids
}

func TestChangesBecomeUpdatesOfTheSameObjects(t *testing.T) {
	t.Parallel()
	// was has the ids before the change, now those after it.
	type ids map[string]int
	for name, c := range map[string]struct {
		path, field string
		in          func(inv *inventory.Inventory, web, db *inventory.Guest)
		check       func(t *testing.T, l *lab, was, now ids)
	}{
		"rename": {
			machines, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.Name = "web99" },
			func(t *testing.T, _ *lab, was, now ids) {
				assert.Equal(t, ids{"web99": was["web01"], "db01": was["db01"]}, now)
			},
		},
		"move to another node": {
			machines, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.Node = "pve02" },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "pve02", l.machine("web01").at("device"))
				assert.Equal(t, "Synced from Proxmox node pve02", l.machine("web01").at("description"))
			},
		},
		"stop": {
			machines, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.Status = inventory.GuestStopped },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "offline", l.machine("web01").at("status"))
			},
		},
		"more processors and memory": {
			machines, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.CPUs, web.Memory = 7.5, 3*gib+1 },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "7.5", l.machine("web01").at("vcpus"))
				assert.Equal(t, "3073", l.machine("web01").at("memory"))
			},
		},
		"all of a guest at once": {machines, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) {
			web.Name, web.Node, web.Status, web.CPUs = "web99", "pve02", inventory.GuestStopped, 1
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, ids{"web99": was["web01"], "db01": was["db01"]}, now)
		}},
		"node goes offline": {
			devices, "name", func(inv *inventory.Inventory, _, _ *inventory.Guest) { inv.Nodes[1].Status = inventory.NodeOffline },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "offline", l.one(devices, "name", "pve02").at("status"))
			},
		},
		"node is upgraded": {
			devices, "name", func(inv *inventory.Inventory, _, _ *inventory.Guest) { inv.Nodes[1].Version = "9.1.4" },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "Proxmox VE 9.1", l.one(devices, "name", "pve02").at("platform"))
			},
		},
		"two guests swap names": {
			machines, "name", func(_ *inventory.Inventory, web, db *inventory.Guest) { web.Name, db.Name = db.Name, web.Name },
			func(t *testing.T, _ *lab, was, now ids) {
				assert.Equal(t, ids{"web01": was["db01"], "db01": was["web01"]}, now)
			},
		},
		"chain of renames": {machines, "name", func(inv *inventory.Inventory, web, db *inventory.Guest) {
			web.Name, db.Name = "new", "web01"
			inv.Guests = append(inv.Guests, qemu(103, "db01"))
		}, func(t *testing.T, _ *lab, was, now ids) {
			assert.Equal(t, was["web01"], now["new"])
			assert.Equal(t, was["db01"], now["web01"])
			assert.Contains(t, now, "db01")
		}},
		"name only changes its case": {
			machines, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.Name = "WEB01" },
			func(t *testing.T, _ *lab, was, now ids) {
				assert.Equal(t, ids{"WEB01": was["web01"], "db01": was["db01"]}, now)
			},
		},
		"NIC is added": {interfaces, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) {
			nic("net1", "BC:24:11:00:01:01", "198.51.100.10/24")(web)
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, was["net0"], now["net0"])
			assert.Equal(t, []string{"net0", "net1"}, l.on("web01", interfaces, "name"))
			assert.Equal(t, []string{"BC:24:11:00:01:00", "BC:24:11:00:01:01"}, l.on("web01", macs, "mac_address"))
		}},
		"NIC is removed": {
			interfaces, "name", func(_ *inventory.Inventory, _, db *inventory.Guest) { db.NICs = db.NICs[:1] },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, ids{"net0": was["net0"], "eth0": was["eth0"]}, now)
				assert.Equal(t, []string{"BC:24:11:00:02:00"}, l.on("db01", macs, "mac_address"))
				assert.Equal(t, []string{"192.0.2.20/24"}, l.on("db01", addresses, "address"))
				assert.NotContains(t, l.column(macs, "mac_address"), "BC:24:11:00:02:01", "unassigned")
				assert.NotContains(t, l.column(addresses, "address"), "198.51.100.20/24", "unassigned")
			},
		},
		"container's interface is renamed": {
			interfaces, "name", func(_ *inventory.Inventory, _, db *inventory.Guest) { db.NICs[0].Name = "lan" },
			func(t *testing.T, _ *lab, was, now ids) {
				assert.Equal(t, ids{"net0": was["net0"], "lan": was["eth0"], "eth1": was["eth1"]}, now)
			},
		},
		"container's interfaces swap names": {interfaces, "name", func(_ *inventory.Inventory, _, db *inventory.Guest) {
			db.NICs[0].Name, db.NICs[1].Name = "eth1", "eth0"
		}, func(t *testing.T, _ *lab, was, now ids) {
			assert.Equal(t, ids{"net0": was["net0"], "eth1": was["eth0"], "eth0": was["eth1"]}, now)
		}},
		"link is unplugged, and the MTU set": {interfaces, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) {
			web.NICs[0].Down, web.NICs[0].MTU = true, 1400
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, was, now)
			net0 := l.one(interfaces, "name", "net0")
			assert.Equal(t, "false", net0.at("enabled"))
			assert.Equal(t, "1400", net0.at("mtu"))
		}},
		"NIC has another MAC": {
			interfaces, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.NICs[0].MAC = "BC:24:11:00:01:FF" },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "BC:24:11:00:01:FF", l.one(interfaces, "name", "net0").at("primary_mac_address"))
				assert.Equal(t, []string{"BC:24:11:00:01:FF"}, l.on("web01", macs, "mac_address"))
				assert.NotContains(t, l.column(macs, "mac_address"), "BC:24:11:00:01:00", "unassigned")
			},
		},
		"two NICs swap MACs": {interfaces, "name", func(_ *inventory.Inventory, _, db *inventory.Guest) {
			db.NICs[0].MAC, db.NICs[1].MAC = db.NICs[1].MAC, db.NICs[0].MAC
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, was, now)
			assert.Equal(t, "BC:24:11:00:02:01", l.one(interfaces, "name", "eth0").at("primary_mac_address"))
			assert.Equal(t, "BC:24:11:00:02:00", l.one(interfaces, "name", "eth1").at("primary_mac_address"))
			assert.Equal(t, []string{"BC:24:11:00:02:00", "BC:24:11:00:02:01"}, l.on("db01", macs, "mac_address"))
		}},
		"NIC loses its MAC": {
			interfaces, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.NICs[0].MAC = "" },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Empty(t, l.on("web01", macs, "mac_address"))
			},
		},
		"disk grows and moves": {disks, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) {
			web.Disks[0].Bytes, web.Disks[0].Storage = 40*gib, "ceph"
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, was, now)
			assert.Equal(t, "40960", l.one(disks, "name", "scsi0").at("size"))
			assert.Equal(t, "ceph", l.one(disks, "name", "scsi0").at("description"))
			assert.Equal(t, "40960", l.machine("web01").at("disk"))
		}},
		"disk is added": {
			disks, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { disk("scsi1", gib)(web) },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was["scsi0"], now["scsi0"])
				assert.Equal(t, []string{"scsi0", "scsi1"}, l.on("web01", disks, "name"))
				assert.Equal(t, "33792", l.machine("web01").at("disk"))
			},
		},
		"disk is removed": {
			disks, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.Disks = nil },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, ids{"rootfs": was["rootfs"]}, now)
			},
		},
		"disk's size is no longer known": {
			disks, "name", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.Disks[0].Known = false },
			func(t *testing.T, l *lab, was, now ids) {
				assert.Equal(t, was, now)
				assert.Equal(t, "32768", l.one(disks, "name", "scsi0").at("size"))
			},
		},
		"address changes": {addresses, "address", func(_ *inventory.Inventory, web, _ *inventory.Guest) {
			web.NICs[0].Addresses = addressList("192.0.2.11/24", "2001:db8::10/64")
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.NotContains(t, now, "192.0.2.10/24")
			assert.Equal(t, was["2001:db8::10/64"], now["2001:db8::10/64"])
			assert.Equal(t, "192.0.2.11/24", l.machine("web01").at("primary_ip4"))
			assert.Equal(t, "2001:db8::10/64", l.machine("web01").at("primary_ip6"))
		}},
		"prefix length changes": {addresses, "address", func(_ *inventory.Inventory, web, _ *inventory.Guest) {
			web.NICs[0].Addresses[0] = addressList("192.0.2.10/25")[0]
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, was["192.0.2.10/24"], now["192.0.2.10/25"])
			assert.Equal(t, "192.0.2.10/25", l.machine("web01").at("primary_ip4"))
		}},
		"address moves between NICs": {addresses, "address", func(_ *inventory.Inventory, _, db *inventory.Guest) {
			db.NICs[0].Addresses, db.NICs[1].Addresses = db.NICs[1].Addresses, db.NICs[0].Addresses
		}, func(t *testing.T, l *lab, was, now ids) {
			assert.Equal(t, was, now)
			assert.Equal(t, "eth1", l.one(addresses, "address", "192.0.2.20/24").at("assigned_object.name"))
			assert.Equal(t, "198.51.100.20/24", l.machine("db01").at("primary_ip4"))
		}},
		"address moves to another guest": {addresses, "address", func(_ *inventory.Inventory, web, db *inventory.Guest) {
			web.NICs[0].Addresses, db.NICs[0].Addresses = nil, append(db.NICs[0].Addresses, web.NICs[0].Addresses...)
		}, func(t *testing.T, l *lab, _, _ ids) {
			assert.Empty(t, l.on("web01", addresses, "address"))
			assert.Equal(t, []string{"192.0.2.10/24", "192.0.2.20/24", "198.51.100.20/24", "2001:db8::10/64"}, l.on("db01", addresses, "address"))
			assert.Empty(t, l.machine("web01").at("primary_ip4"))
			assert.Equal(t, "2001:db8::10/64", l.machine("db01").at("primary_ip6"))
		}},
		"two guests swap addresses": {addresses, "address", func(_ *inventory.Inventory, web, db *inventory.Guest) {
			web.NICs[0].Addresses, db.NICs[0].Addresses = db.NICs[0].Addresses, web.NICs[0].Addresses
		}, func(t *testing.T, l *lab, _, _ ids) {
			assert.Equal(t, []string{"192.0.2.20/24"}, l.on("web01", addresses, "address"))
			assert.Equal(t, []string{"192.0.2.10/24", "198.51.100.20/24", "2001:db8::10/64"}, l.on("db01", addresses, "address"))
			assert.Equal(t, "192.0.2.20/24", l.machine("web01").at("primary_ip4"))
			assert.Equal(t, "192.0.2.10/24", l.machine("db01").at("primary_ip4"))
		}},
		"last address goes": {
			addresses, "address", func(_ *inventory.Inventory, web, _ *inventory.Guest) { web.NICs[0].Addresses = nil },
			func(t *testing.T, l *lab, _, _ ids) {
				assert.Empty(t, l.on("web01", addresses, "address"))
				assert.Empty(t, l.machine("web01").at("primary_ip4"))
				assert.Empty(t, l.machine("web01").at("primary_ip6"))
			},
		},
		"guest with a new address takes that of one that is gone from its NIC": {addresses, "address", func(inv *inventory.Inventory, web, _ *inventory.Guest) {
			web.NICs[0].Addresses = addressList("192.0.2.11/24")
			inv.Guests = append(inv.Guests, qemu(103, "new", nic("net0", "BC:24:11:00:03:00", "192.0.2.10/24")))
		}, func(t *testing.T, l *lab, _, _ ids) {
			assert.Equal(t, []string{"192.0.2.11/24"}, l.on("web01", addresses, "address"))
			assert.Equal(t, []string{"192.0.2.10/24"}, l.on("new", addresses, "address"))
			assert.Equal(t, "192.0.2.10/24", l.machine("new").at("primary_ip4"))
		}},
	} {
		for _, version := range []string{"4.2", "4.4", "4.7"} {
			t.Run(name+"/"+version, func(t *testing.T) {
				t.Parallel()
				l := newLabWith(t, &netboxtest.Options{Version: version}, nil, pair())
				l.run()
				was := ids(l.ids(c.path, c.field))
				l.edit(func(inv *inventory.Inventory) { c.in(inv, guestOf(t, inv, 101), guestOf(t, inv, 102)) })
				l.run()
				c.check(t, l, was, ids(l.ids(c.path, c.field)))
				l.quiet()
			})
		}
	}
}

func TestGuestThatIsGoneIsReportedAndStays(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	before := l.picture()
	l.edit(func(inv *inventory.Inventory) { remove(inv, 102) })
	result := l.run()
	assert.Equal(t, before, l.picture())
	assert.Equal(t, []string{
		"virtual-machine db01: no longer in the source: left as it is",
	}, notes(result))
	l.quiet()
}

func TestNodeThatIsGoneIsReportedAndStays(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	before := l.picture()
	l.edit(func(inv *inventory.Inventory) { inv.Nodes = inv.Nodes[:1] })
	result := l.run()
	assert.Equal(t, before, l.picture())
	assert.Equal(t, []string{"device pve02: no longer in the source: left as it is"}, notes(result))
}

func TestEqualNamesAreToldApartAndStayApart(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab", qemu(101, "twin"), qemu(102, "Twin"), qemu(103, "twin")))
	l.run()
	was := l.ids(machines, "name")
	assert.Len(t, was, 3)
	assert.Subset(t, l.column(machines, "name"), []string{"twin", "Twin (2)", "twin (3)"})
	l.quiet()
	t.Run("one of them leaves", func(t *testing.T) {
		l.guest(101, func(g *inventory.Guest) { g.Name = "single" })
		l.run()
		now := l.ids(machines, "name")
		assert.Equal(t, was["twin"], now["single"])
		assert.Equal(t, was["Twin (2)"], now["Twin (2)"], "a name with a suffix stays: it would not be clear which one moves up")
		l.quiet()
	})
	t.Run("one comes before them", func(t *testing.T) {
		l.edit(func(inv *inventory.Inventory) {
			inv.Guests = append([]inventory.Guest{qemu(100, "TWIN")}, inv.Guests...)
		})
		l.run()
		now := l.ids(machines, "name")
		assert.Equal(t, was["twin (3)"], now["twin (3)"])
		assert.Contains(t, now, "TWIN")
		l.quiet()
	})
}
