package netboxsink_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestVMIDThatIsUsedAgainIsAnotherGuest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, second inventory.Guest }{
		"QEMU with another UUID": {
			qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24")),
			qemu(101, "mail", nic("net0", "BC:24:11:00:01:0A", "192.0.2.11/24"), func(g *inventory.Guest) { g.UUID = uuid(999) }),
		},
		"QEMU with another UUID and the same name and MAC": {
			qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24")),
			qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.11/24"), func(g *inventory.Guest) { g.UUID = uuid(999) }),
		},
		"LXC after QEMU": {
			qemu(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24")),
			lxc(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.11/24")),
		},
		"QEMU after LXC": {
			lxc(101, "web01", nic("net0", "BC:24:11:00:01:00")),
			qemu(101, "web01", nic("net0", "BC:24:11:00:01:00")),
		},
		"LXC with neither name nor MAC in common": {
			lxc(101, "web01", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24")),
			lxc(101, "mail", nic("net0", "BC:24:11:00:01:0A", "192.0.2.11/24")),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, estate("lab", c.first))
			l.run()
			old := l.objects(machines)[0]
			l.edit(func(inv *inventory.Inventory) { inv.Guests = []inventory.Guest{c.second} })
			l.run()
			assert.Len(t, l.column(machines, "name"), 2)
			assert.Equal(t, draw(old), draw(l.again(machines, old)), "the object of the guest that is gone")
			l.quiet()
			t.Run("and both stay apart", func(t *testing.T) {
				l.guest(101, func(g *inventory.Guest) { g.CPUs, g.Name = 16, "renamed" })
				l.run()
				assert.Equal(t, draw(old), draw(l.again(machines, old)))
				assert.Equal(t, "16", l.machine("renamed").at("vcpus"))
				assert.Len(t, l.column(machines, "name"), 2)
				l.quiet()
			})
			t.Run("a third time too", func(t *testing.T) {
				l.edit(func(inv *inventory.Inventory) {
					inv.Guests = []inventory.Guest{qemu(101, "third", func(g *inventory.Guest) { g.UUID = uuid(1000) })}
				})
				l.run()
				assert.Len(t, l.column(machines, "name"), 3)
				assert.Equal(t, draw(old), draw(l.again(machines, old)))
				l.quiet()
			})
		})
	}
}

func TestVMIDIsStillThatOfTheSameGuest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first inventory.Guest
		then  func(g *inventory.Guest)
	}{
		"QEMU with another name and MAC": {
			qemu(101, "web01", nic("net0", "BC:24:11:00:01:00")),
			func(g *inventory.Guest) { g.Name, g.NICs[0].MAC = "mail", "BC:24:11:00:01:0A" },
		},
		"QEMU whose UUID was not known": {
			qemu(101, "web01", func(g *inventory.Guest) { g.UUID = "" }),
			func(g *inventory.Guest) { g.UUID = uuid(5) },
		},
		"QEMU that lost its UUID": {
			qemu(101, "web01"), func(g *inventory.Guest) { g.UUID = "" },
		},
		"UUID in capitals": {
			qemu(101, "web01", func(g *inventory.Guest) { g.UUID = "4c4c4544-0000-4000-8000-0000000000ab" }),
			func(g *inventory.Guest) { g.UUID = "4C4C4544-0000-4000-8000-0000000000AB" },
		},
		"LXC with another name": {
			lxc(101, "web01", nic("net0", "BC:24:11:00:01:00")), func(g *inventory.Guest) { g.Name = "mail" },
		},
		"LXC with another MAC": {
			lxc(101, "web01", nic("net0", "BC:24:11:00:01:00")), func(g *inventory.Guest) { g.NICs[0].MAC = "BC:24:11:00:01:0A" },
		},
		"LXC that became a template": {
			lxc(101, "web01"), func(g *inventory.Guest) { g.Template = true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, estate("lab", c.first))
			l.run()
			l.guest(101, c.then)
			l.run()
			assert.Len(t, l.column(machines, "name"), 1)
			l.quiet()
		})
	}
}

func TestGuestThatAPersonRenamedIsKnownAgain(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab", lxc(101, "web01", nic("net0", "BC:24:11:00:01:00"))))
	l.run()
	l.personEdits(machines, l.machine("web01"), map[string]any{"name": "front"})
	l.guest(101, func(g *inventory.Guest) { g.NICs[0].MAC = "BC:24:11:00:01:0A" })
	l.run()
	assert.Equal(t, []string{"front"}, l.column(machines, "name"))
	l.quiet()
}

func TestGuestThatCameBackHasItsOldObject(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	before, was := l.picture(), l.ids(machines, "name")
	l.edit(func(inv *inventory.Inventory) { remove(inv, 102) })
	l.run()
	l.edit(func(inv *inventory.Inventory) { inv.Guests = pair().Guests })
	l.run()
	assert.Equal(t, was, l.ids(machines, "name"))
	assert.Equal(t, before, l.picture())
}

// twin returns the pair as another source has it: equal in everything but the source's name.
func twin(source string) *inventory.Inventory {
	inv := pair()
	inv.Source = source
	return inv
}

// owned returns what bears the source's mark, and the names of what hangs on it.
func (l *lab) owned(source string) []string {
	l.t.Helper()
	var lines []string
	for _, path := range []string{clusters, devices, machines} {
		for _, o := range l.where(path, "custom_fields.proxbox_source", source) {
			lines = append(lines, path+" "+text(o["id"])+" "+draw(o))
			for _, child := range []string{interfaces, disks} {
				for _, c := range l.where(child, "virtual_machine.id", text(o["id"])) {
					if path == machines {
						lines = append(lines, child+" "+text(c["id"])+" "+draw(c))
					}
				}
			}
		}
	}
	return lines
}

func TestTwoSourcesThatLookTheSame(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run("together/"+version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, twin("east"), twin("west"))
			result := l.run()
			assert.Len(t, l.column(clusters, "name"), 2)
			assert.Len(t, l.column(devices, "name"), 4)
			assert.Equal(t, []string{"101", "101", "102", "102"}, l.column(machines, "custom_fields.proxmox_vm_id"))
			assert.Len(t, l.column(macs, "mac_address"), 6)
			assert.Len(t, l.column(addresses, "address"), 4, "NetBox takes each once")
			assert.Contains(t, notes(result), "virtual-machine web01: ip-address 192.0.2.10/24: 192.0.2.10 is also on east 101, which keeps it")
			l.quiet()
		})
		t.Run("one after the other/"+version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, twin("east"))
			l.run()
			east := l.owned("east")
			l.attach(twin("west"))
			result := l.run()
			assert.Equal(t, east, l.owned("east"))
			assert.Contains(t, notes(result), "virtual-machine web01: ip-address 192.0.2.10/24: 192.0.2.10/24 belongs to web01 net0 in NetBox")
			assert.Len(t, l.owned("west"), len(east))
			l.quiet()
			west := l.owned("west")
			l.attach(twin("east"))
			l.edit(func(inv *inventory.Inventory) { changePair(inv, guestOf(t, inv, 101), guestOf(t, inv, 102)) })
			l.run()
			assert.Equal(t, west, l.owned("west"))
			l.quiet()
		})
	}
}

func TestSourceThatIsNotAskedForIsLeftAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t, twin("east"), twin("west"))
	l.run()
	before := l.picture()
	l.attach(twin("east"))
	l.quiet()
	assert.Equal(t, before, l.picture())
}

func TestOneAddressOnTwoGuestsStaysWithItsHolder(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("lab", qemu(102, "second", nic("net0", "BC:24:11:00:02:00", "192.0.2.10/24"))))
	l.run()
	l.edit(func(inv *inventory.Inventory) {
		inv.Guests = append([]inventory.Guest{qemu(101, "first", nic("net0", "BC:24:11:00:01:00", "192.0.2.10/24"))}, inv.Guests...)
	})
	result := l.run()
	assert.Equal(t, []string{"192.0.2.10/24"}, l.on("second", addresses, "address"))
	assert.Equal(t, []string{"virtual-machine first: ip-address 192.0.2.10/24: 192.0.2.10 is also on lab 102, which keeps it"}, notes(result))
	l.quiet()
	l.guest(102, func(g *inventory.Guest) { g.NICs[0].Addresses = nil })
	l.run()
	assert.Equal(t, []string{"192.0.2.10/24"}, l.on("first", addresses, "address"))
	assert.Empty(t, l.on("second", addresses, "address"))
	l.quiet()
}
