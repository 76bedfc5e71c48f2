package proxmoxsrc_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestIncremental_whatIsRead changes one thing of a small cluster and sees what that makes a run read beside what it
// always does. No time passes.
func TestIncremental_whatIsRead(t *testing.T) {
	t.Parallel()
	const config, agent, system = "/nodes/a2/qemu/102/config", "/nodes/a2/qemu/102/agent/network-get-interfaces", "/nodes/a2/qemu/102/agent/get-osinfo"
	machine := []string{system, agent, config}
	for name, tt := range map[string]struct {
		change func(*proxmoxtest.Estate)
		reads  []string
		unseen bool // until its turn comes
	}{
		"nothing":  {change: func(*proxmoxtest.Estate) {}},
		"name":     {change: func(e *proxmoxtest.Estate) { e.Guest(102).Name = "db" }, reads: machine},
		"CPUs":     {change: func(e *proxmoxtest.Estate) { e.Guest(102).Cores = 3 }, reads: machine},
		"memory":   {change: func(e *proxmoxtest.Estate) { e.Guest(102).Memory = 8 << 30 }, reads: machine},
		"disk":     {change: func(e *proxmoxtest.Estate) { e.Guest(102).Disks[0].Bytes = 64 << 30 }, reads: machine},
		"tags":     {change: func(e *proxmoxtest.Estate) { e.Guest(102).Tags = []string{"x"} }, reads: machine},
		"pool":     {change: func(e *proxmoxtest.Estate) { e.Guest(102).Pool = "p" }, reads: machine},
		"lock":     {change: func(e *proxmoxtest.Estate) { e.Guest(102).Lock = "backup" }, reads: machine},
		"HA state": {change: func(e *proxmoxtest.Estate) { e.Guest(102).HAState = "started" }, reads: machine},
		"stopped":  {change: func(e *proxmoxtest.Estate) { e.Guest(102).Status = proxmoxtest.StatusStopped }, reads: []string{config}},
		"template": {
			change: func(e *proxmoxtest.Estate) {
				e.Guest(102).Template, e.Guest(102).Status = true, proxmoxtest.StatusStopped
			},
			reads: []string{config},
		},
		"container": {
			change: func(e *proxmoxtest.Estate) { e.Guest(202).Memory = 2 << 30 },
			reads:  []string{"/nodes/a2/lxc/202/config", "/nodes/a2/lxc/202/interfaces"},
		},
		"moved": {
			change: func(e *proxmoxtest.Estate) { e.Guest(102).Node = "a3" },
			reads: []string{
				"/nodes/a3/qemu/102/agent/get-osinfo", "/nodes/a3/qemu/102/agent/network-get-interfaces", "/nodes/a3/qemu/102/config",
			},
		},
		"new": {
			change: func(e *proxmoxtest.Estate) { e.Guests = append(e.Guests, &proxmoxtest.Guest{VMID: 300, Node: "a1"}) },
			reads:  []string{"/nodes/a1/qemu/300/config"},
		},
		"gone": {change: func(e *proxmoxtest.Estate) { e.RemoveGuest(102) }},
		"another guest under the VMID": {
			change: func(e *proxmoxtest.Estate) {
				e.RemoveGuest(102)
				e.Guests = append(e.Guests, &proxmoxtest.Guest{VMID: 102, Kind: proxmoxtest.LXC, Name: "web2", Node: "a2"})
			},
			reads: []string{"/nodes/a2/lxc/102/config", "/nodes/a2/lxc/102/interfaces"},
		},
		"node offline": {change: func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeOffline }},
		"node offline, rows expired": {change: func(e *proxmoxtest.Estate) {
			e.Node("a2").State, e.Node("a2").RowsExpired = proxmoxtest.NodeOffline, true
		}},
		"node tells nothing": {
			change: func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeUnknown },
			reads:  []string{"/nodes/a2/lxc/202/config", "/nodes/a2/network", config, "/nodes/a2/status"},
		},
		"node with more memory": {
			change: func(e *proxmoxtest.Estate) { e.Node("a2").Memory = 128 << 30 },
			reads:  []string{"/nodes/a2/network", "/nodes/a2/status"},
		},
		"no quorum":        {change: func(e *proxmoxtest.Estate) { e.QuorumLost = true }},
		"NIC":              {change: func(e *proxmoxtest.Estate) { e.Guest(102).NICs[0].Tag = 20 }, unseen: true},
		"address":          {change: func(e *proxmoxtest.Estate) { e.Guest(102).NICs[0].Addresses = nil }, unseen: true},
		"node's interface": {change: func(e *proxmoxtest.Estate) { e.Node("a2").Interfaces[0].MTU = 9000 }, unseen: true},
		"virtual network":  {change: func(e *proxmoxtest.Estate) { e.Vnets = []proxmoxtest.Vnet{{Name: "v", Zone: "z"}} }, unseen: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newMemoryLab(t, small())
				source := l.source(t)
				before := full(t, source)
				l.fake.Update(tt.change)
				l.fake.ResetRequests()
				inv := incremental(t, source)
				assert.ElementsMatch(t, tt.reads, l.requested(t))
				assert.Equal(t, time.Now().UTC(), inv.ReadAt)
				if tt.unseen {
					assert.Equal(t, before, inv)
				} else {
					l.asFull(t, inv)
				}

				l.fake.ResetRequests()
				time.Sleep(2 * time.Hour)
				l.asFull(t, incremental(t, source))
			})
		})
	}
}

func TestIncremental_knowsNothingYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		first := incremental(t, source)
		whole := l.fake.Requests()
		l.fake.ResetRequests()
		l.asFull(t, first)
		assert.Len(t, whole, len(l.fake.Requests()))

		l.fake.ResetRequests()
		assert.Equal(t, first, incremental(t, source))
		assert.Empty(t, l.requested(t))
	})
}

func TestIncremental_someGuests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		full(t, source)
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Guest(101).NICs[0].Tag, e.Guest(102).NICs[0].Tag = 20, 20 })
		l.fake.ResetRequests()
		one := sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 101}}, Incremental: true}
		inv := reading(t, source, one)
		assert.Equal(t, []string{
			"/nodes/a1/qemu/101/agent/get-osinfo", "/nodes/a1/qemu/101/agent/network-get-interfaces", "/nodes/a1/qemu/101/config",
		}, l.requested(t))
		one.Incremental = false
		want := reading(t, l.source(t), one)
		want.ReadAt = inv.ReadAt
		assert.Equal(t, want, inv)

		l.fake.ResetRequests()
		inv = incremental(t, source)
		assert.Empty(t, l.requested(t), "the rest is not forgotten")
		assert.Equal(t, 20, guest(t, inv, 101).NICs[0].VLAN, "what that run read is known")
		assert.Equal(t, 10, guest(t, inv, 102).NICs[0].VLAN)
	})
}

// TestIncremental_readingsOfSomeGuestsAreKept: a full reading of one guest is newer than what an earlier one left.
func TestIncremental_readingsOfSomeGuestsAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		full(t, source)
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Guest(101).NICs[0].Tag = 20 })
		reading(t, source, sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 101}}})
		assert.Equal(t, 20, guest(t, incremental(t, source), 101).NICs[0].VLAN)
	})
}

func TestIncremental_whatFailedIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pattern string
		reads   []string
	}{
		"configuration": {"GET /nodes/a2/qemu/102/config", []string{
			"/nodes/a2/qemu/102/agent/get-osinfo", "/nodes/a2/qemu/102/agent/network-get-interfaces", "/nodes/a2/qemu/102/config",
		}},
		"state":            {"GET /nodes/a2/status", []string{"/nodes/a2/network", "/nodes/a2/status"}},
		"network":          {"GET /nodes/a2/network", []string{"/nodes/a2/network", "/nodes/a2/status"}},
		"virtual networks": {"GET /cluster/sdn/vnets", []string{"/cluster/options", "/cluster/sdn/vnets"}},
		"colours":          {"GET /cluster/options", []string{"/cluster/options", "/cluster/sdn/vnets"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newMemoryLab(t, small())
				source := l.source(t)
				mend := l.fake.Inject(proxmoxtest.Fault{Pattern: tt.pattern, Status: 500, Reason: "broken"})
				broken := full(t, source)
				assert.NotEmpty(t, append(gaps(broken), broken.Dropped...))
				l.asFull(t, incremental(t, source))
				mend()
				l.fake.ResetRequests()
				inv := incremental(t, source)
				assert.Equal(t, tt.reads, l.requested(t))
				assert.Empty(t, gaps(inv))
				assert.Empty(t, inv.Dropped)
			})
		})
	}
}

// TestIncremental_failsAndForgetsNothing: a run that fails leaves what was known.
func TestIncremental_failsAndForgetsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		first := full(t, source)
		mend := l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /cluster/resources", Kind: proxmoxtest.FaultNull})
		_, err := source.Inventory(t.Context(), sync.Scope{Incremental: true})
		assert.Error(t, err)
		mend()
		l.fake.ResetRequests()
		again := incremental(t, source)
		again.ReadAt = first.ReadAt
		assert.Equal(t, first, again)
		assert.Empty(t, l.requested(t))
	})
}

// TestIncremental_nodeComesBack: what was known of it and of its guests before is not taken for what is.
func TestIncremental_nodeComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		full(t, source)
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeOffline })
		inv := incremental(t, source)
		assert.Equal(t, []string{
			"node a2: node: node a2 is offline: start it, or mend its network, to have it read",
			"guest 102: config: node a2 is offline: start it, or mend its network, to have it read",
			"guest 202: config: node a2 is offline: start it, or mend its network, to have it read",
		}, gaps(inv))
		assert.Empty(t, guest(t, inv, 102).NICs)
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeOnline })
		l.fake.ResetRequests()
		inv = incremental(t, source)
		assert.Len(t, l.requested(t), 2+3+2, "the node, its machine and its container")
		l.asFull(t, inv)
	})
}

// TestIncremental_guestComesBack: what is gone is forgotten.
func TestIncremental_guestComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		full(t, source)
		removed := l.fake.Estate().Guest(102)
		l.fake.Update(func(e *proxmoxtest.Estate) { e.RemoveGuest(102) })
		assert.Len(t, incremental(t, source).Guests, 5)
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Guests = append(e.Guests, removed) })
		l.fake.ResetRequests()
		assert.Len(t, incremental(t, source).Guests, 6)
		assert.Len(t, l.requested(t), 3)
	})
}

// TestIncremental_rightsChange: who may no longer be seen is not gone, and what other rights show is read at once.
func TestIncremental_rightsChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		full(t, source)
		hidden := proxmoxtest.Grant{Path: "/vms/102", Privileges: []string{"VM.Monitor"}}
		all := proxmoxtest.Grant{Path: "/", Privileges: []string{"VM.Audit", "VM.Monitor", "SDN.Audit", "Sys.Audit", "Pool.Audit"}}
		noBridges := proxmoxtest.Grant{Path: "/", Privileges: []string{"VM.Audit", "VM.Monitor", "Sys.Audit", "Pool.Audit"}}
		for _, tt := range []struct {
			grants []proxmoxtest.Grant
			part   inventory.Part
		}{
			{[]proxmoxtest.Grant{all, hidden}, inventory.PartGuests},
			{[]proxmoxtest.Grant{all}, ""},
			{[]proxmoxtest.Grant{noBridges}, inventory.PartNetwork},
			{[]proxmoxtest.Grant{all}, ""},
		} {
			l.as(tt.grants...)
			inv := incremental(t, source)
			if tt.part != "" {
				assert.Equal(t, tt.part, inv.Gaps[0].Part, "%v", gaps(inv))
			} else {
				assert.Empty(t, gaps(inv))
			}
			l.asFull(t, inv)
		}
	})
}

// TestIncremental_missingPrivileges: what may not be read is not asked for in each run.
func TestIncremental_missingPrivileges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		l.as(proxmoxtest.Grant{Path: "/", Privileges: []string{"VM.Audit", "SDN.Audit"}})
		source := l.source(t)
		first := full(t, source)
		assert.NotEmpty(t, first.Gaps)
		l.fake.ResetRequests()
		assert.Equal(t, first, incremental(t, source))
		assert.Empty(t, l.requested(t))
	})
}

// TestIncremental_configurationTellsOfChange: agents are asked at once when a configuration is found to have changed.
func TestIncremental_configurationTellsOfChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		l.options.AddressAge = 3 * time.Hour
		source := l.source(t)
		full(t, source)
		l.fake.Update(func(e *proxmoxtest.Estate) {
			e.Guest(102).NICs[0].Tag, e.Guest(102).NICs[0].Addresses = 20, prefixes("192.0.2.99/24")
			e.Guest(103).NICs[0].Addresses = prefixes("192.0.2.98/24")
		})
		time.Sleep(time.Hour)
		l.fake.ResetRequests()
		inv := incremental(t, source)
		paths := l.requested(t)
		assert.Len(t, of(paths, "/config"), 6)
		assert.Contains(t, paths, "/nodes/a2/qemu/102/agent/network-get-interfaces")
		assert.Equal(t, []string{"net0 192.0.2.99/24 guest-agent"}, addresses(guest(t, inv, 102)))
		assert.Equal(t, []string{"net0 192.0.2.13/24 guest-agent"}, addresses(guest(t, inv, 103)))
	})
}

// TestIncremental_afterSomeGuestsOnly: what such a run has not read is not known.
func TestIncremental_afterSomeGuestsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		reading(t, source, sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 101}}})
		l.fake.ResetRequests()
		inv := incremental(t, source)
		assert.Len(t, l.requested(t), 3*2+3*3+3*2, "nodes, machines and containers")
		l.asFull(t, inv)
	})
}

// TestIncremental_listsDisagree: a node that is no member is not read, whatever else says that it is online.
func TestIncremental_listsDisagree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, small())
		source := l.source(t)
		full(t, source)
		l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /cluster/status", Status: 200, Body: `{"data":[
			{"type":"cluster","name":"alpha","quorate":1},{"type":"node","name":"a1","online":1},
			{"type":"node","name":"a2","online":0},{"type":"node","name":"a3","online":1}]}`})
		inv := incremental(t, source)
		assert.Len(t, inv.Gaps, 3, "%v", gaps(inv))
		l.asFull(t, inv)
	})
}
