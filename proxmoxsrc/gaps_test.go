package proxmoxsrc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestInventory_gaps breaks one part of a small cluster at a time. The rest is read all the same.
func TestInventory_gaps(t *testing.T) {
	t.Parallel()
	token := "token " + proxmoxtest.DefaultTokenID
	acl := "run pveum acl modify / --tokens '" + proxmoxtest.DefaultTokenID + "' --roles PVEAuditor"
	for name, tt := range map[string]struct {
		change func(*lab)
		gaps   []string // %s is the address of the first URL
		check  func(*testing.T, *inventory.Inventory)
	}{
		"nothing": {change: func(*lab) {}},
		"node offline, rows still there": {
			change: func(l *lab) {
				l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeOffline })
			},
			gaps: []string{
				"node a2: node: node a2 is offline: start it, or mend its network, to have it read",
				"guest 102: config: node a2 is offline: start it, or mend its network, to have it read",
				"guest 202: config: node a2 is offline: start it, or mend its network, to have it read",
			},
			check: func(t *testing.T, inv *inventory.Inventory) {
				assert.Equal(t, inventory.NodeOffline, inv.Nodes[1].Status)
				assert.Equal(t, "web2", guest(t, inv, 102).Name)
				assert.Equal(t, inventory.GuestRunning, guest(t, inv, 102).Status)
			},
		},
		"node offline, rows expired": {
			change: func(l *lab) {
				l.fake.Update(func(e *proxmoxtest.Estate) {
					e.Node("a2").State, e.Node("a2").RowsExpired = proxmoxtest.NodeOffline, true
				})
			},
			gaps: []string{
				"node a2: node: node a2 is offline: start it, or mend its network, to have it read",
				"guest 102: guest: node a2 is offline: start it, or mend its network, to have it read",
				"guest 202: guest: node a2 is offline: start it, or mend its network, to have it read",
			},
			check: func(t *testing.T, inv *inventory.Inventory) {
				assert.Equal(t, inventory.Guest{ID: 102, Kind: inventory.QEMU, Node: "a2"}, *guest(t, inv, 102))
			},
		},
		"node unknown but answering": {
			change: func(l *lab) {
				l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeUnknown })
			},
			gaps: []string{
				"guest 102: addresses: its node does not tell whether it runs: look at pvestatd there",
				"guest 202: addresses: its node does not tell whether it runs: look at pvestatd there",
			},
			check: func(t *testing.T, inv *inventory.Inventory) {
				assert.Equal(t, inventory.NodeOnline, inv.Nodes[1].Status)
				assert.Equal(t, "web2", guest(t, inv, 102).Name)
				assert.Equal(t, inventory.GuestUnknown, guest(t, inv, 102).Status)
				assert.EqualValues(t, 32<<30, guest(t, inv, 102).Disks[0].Bytes)
			},
		},
		"node goes down in the run": {
			change: func(l *lab) {
				l.fake.After("GET /cluster/resources", 1, func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeOffline })
			},
			gaps: []string{
				"node a2: node: node a2 is not reachable from %s (No route to host): start it or mend its network",
				"guest 102: config: node a2 is not reachable from %s (No route to host): start it or mend its network",
				"guest 202: config: node a2 is not reachable from %s (No route to host): start it or mend its network",
			},
			check: func(t *testing.T, inv *inventory.Inventory) {
				assert.Equal(t, inventory.NodeUnknown, inv.Nodes[1].Status)
			},
		},
		"node hung": {
			change: func(l *lab) {
				l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeHung })
			},
			gaps: []string{
				"node a2: node: node a2 does not answer %s (Connection timed out): look at pveproxy and pvedaemon there",
				"guest 102: config: node a2 does not answer %s (Connection timed out): look at pveproxy and pvedaemon there",
				"guest 202: config: node a2 does not answer %s (Connection timed out): look at pveproxy and pvedaemon there",
			},
		},
		"node removed": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{
					Pattern: "GET /nodes/a2/**", Status: 500,
					Reason: "hostname lookup 'a2' failed - failed to get address info for: a2: Name or service not known",
				})
			},
			gaps: []string{
				"node a2: node: there is no node a2 in the cluster of %s: remove what is left of it there",
				"guest 102: config: there is no node a2 in the cluster of %s: remove what is left of it there",
				"guest 202: config: there is no node a2 in the cluster of %s: remove what is left of it there",
			},
		},
		"no quorum": {
			change: func(l *lab) { l.fake.Update(func(e *proxmoxtest.Estate) { e.QuorumLost = true }) },
			gaps: []string{
				"quorum: the cluster alpha has no quorum at %s: what is read may be old, until enough nodes are back",
				"node a2: node: node a2 is offline: start it, or mend its network, to have it read",
				"node a3: node: node a3 is offline: start it, or mend its network, to have it read",
				"guest 102: config: node a2 is offline: start it, or mend its network, to have it read",
				"guest 103: config: node a3 is offline: start it, or mend its network, to have it read",
				"guest 202: config: node a2 is offline: start it, or mend its network, to have it read",
				"guest 203: config: node a3 is offline: start it, or mend its network, to have it read",
			},
			check: func(t *testing.T, inv *inventory.Inventory) { assert.False(t, inv.Cluster.Quorate) },
		},
		"agent dead": {
			change: agent(proxmoxtest.AgentDead),
			gaps:   []string{"guest 102: addresses: its guest agent does not answer: check that qemu-guest-agent runs in the guest"},
		},
		"agent stalled": {
			change: agent(proxmoxtest.AgentStalled),
			gaps:   []string{"guest 102: addresses: its guest agent does not answer in time: check what it does in the guest"},
		},
		"agent refuses": {
			change: agent(proxmoxtest.AgentRefused),
			gaps: []string{"guest 102: addresses: the guest agent refuses guest-network-get-interfaces (The command " +
				"guest-network-get-interfaces has been disabled for this instance): update it, or allow the command in its configuration"},
		},
		"agent disabled": {
			change: agent(proxmoxtest.AgentDisabled),
			check:  func(t *testing.T, inv *inventory.Inventory) { assert.Empty(t, addresses(guest(t, inv, 102))) },
		},
		"agent hangs": {
			change: func(l *lab) {
				l.options.NodeTimeout = time.Second
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/a2/qemu/*/agent/*", Kind: proxmoxtest.FaultHang})
			},
			gaps: []string{"guest 102: addresses: node a2 does not answer %s in time: look at pveproxy and pvedaemon there"},
		},
		"agent answers nonsense": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/a2/qemu/*/agent/*", Kind: proxmoxtest.FaultNull})
			},
			gaps: []string{"guest 102: addresses: the guest agent's answer is not of the form that Proxmox VE sends"},
		},
		"configuration refused": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{
					Pattern: "GET /nodes/*/qemu/102/config", Status: 403, Reason: "Permission check failed (/vms/102, VM.Audit)",
				})
			},
			gaps: []string{"guest 102: config: " + token + " lacks the privilege VM.Audit on /vms/102: " + acl +
				", or in the GUI Datacenter, Permissions, Add: path /, role PVEAuditor, propagate"},
		},
		"configuration null": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/*/qemu/102/config", Kind: proxmoxtest.FaultNull})
			},
			gaps: []string{"guest 102: config: the answer of %s to GET /nodes/a2/qemu/102/config is null: is the URL that of Proxmox VE?"},
		},
		"configuration page": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/*/qemu/102/config", Kind: proxmoxtest.FaultHTML, Status: 502})
			},
			gaps: []string{"guest 102: config: a proxy before %s answered 502 to GET /nodes/a2/qemu/102/config: Proxmox VE is down, " +
				"too slow, or not behind that URL"},
		},
		"network broken": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/a2/network", Kind: proxmoxtest.FaultNull})
			},
			gaps: []string{"node a2: network: the answer of %s to GET /nodes/a2/network is null, not a list: is the URL that of Proxmox VE?"},
		},
		"connection breaks once": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/*/qemu/102/config", Kind: proxmoxtest.FaultReset, Times: 1})
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /cluster/resources", Kind: proxmoxtest.FaultTruncate, Times: 1})
			},
		},
		"container interfaces unknown to the release": {
			change: func(l *lab) { l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").Version = "7.4-20" }) },
			check: func(t *testing.T, inv *inventory.Inventory) {
				assert.Equal(t, []string{"net0 198.51.100.12/24 config"}, addresses(guest(t, inv, 202)))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			tt.change(l)
			inv := l.read(t)
			assert.Equal(t, filled(tt.gaps, l.server.Listener.Addr().String()), gaps(inv))
			assert.Len(t, inv.Guests, 6)
			assert.Len(t, inv.Nodes, 3)
			assert.NotEmpty(t, addresses(guest(t, inv, 101)), "the rest is read")
			if tt.check != nil {
				tt.check(t, inv)
			}
		})
	}
}

func agent(state proxmoxtest.Agent) func(*lab) {
	return func(l *lab) {
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Guest(102).Agent = state })
	}
}

// filled puts the address into the lines; no lines are nil.
func filled(lines []string, address string) []string {
	var out []string
	for _, line := range lines {
		out = append(out, replace(line, address))
	}
	return out
}

// TestInventory_deadNodeCostsItselfOnce sees that the queue of a node that does not answer is skipped.
func TestInventory_deadNodeCostsItselfOnce(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"down": 595, "hung": 596} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, crowd(100), nil)
			l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/a2/**", Status: status, Reason: "Connection timed out"})
			inv := l.read(t)
			count := 0
			for _, r := range l.fake.Requests() {
				if r.Status == status {
					count++
				}
			}
			assert.LessOrEqual(t, count, 12, "those under way, and one of them again")
			assert.Len(t, inv.Gaps, 51, "the node and half of the guests")
		})
	}
}

// crowd is a cluster of two nodes with n machines, whose agents are on, in turn.
func crowd(n int) *proxmoxtest.Estate {
	e := &proxmoxtest.Estate{Cluster: "alpha", Nodes: []*proxmoxtest.Node{{Name: "a1"}, {Name: "a2"}}}
	for i := range n {
		e.Guests = append(e.Guests, &proxmoxtest.Guest{
			VMID: 1000 + i, Name: "vm-" + itoa(i), Node: e.Nodes[i%2].Name, Agent: proxmoxtest.AgentOK,
			NICs: []proxmoxtest.NIC{{MAC: "BC:24:11:00:00:" + hexByte(i), Bridge: "vmbr0", Addresses: prefixes("192.0.2.1/24")}},
		})
	}
	return e
}

// TestInventory_missingAgentPrivilege sees that agents are no longer asked after the first refusal.
func TestInventory_missingAgentPrivilege(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(60), nil)
	l.as(proxmoxtest.Grant{Path: "/", Role: proxmoxtest.RoleAuditor})
	inv := l.read(t)
	assert.Len(t, inv.Gaps, 60)
	for _, gap := range inv.Gaps {
		assert.Equal(t, inventory.PartAddresses, gap.Part)
		assert.Contains(t, gap.Reason, "lacks the privilege VM.Monitor on /vms/")
		assert.Contains(t, gap.Reason, "run pveum role add ProxboxAgent --privs VM.Monitor")
	}
	asked := l.fake.Counts()["GET /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces"]
	assert.LessOrEqual(t, asked, 4, "two nodes, two at a time")
}

// TestInventory_agentPrivilegeForSome sees that a refusal for one guest says nothing of the others, whoever is asked first.
func TestInventory_agentPrivilegeForSome(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(20), nil)
	l.fake.Update(func(e *proxmoxtest.Estate) {
		for _, g := range e.Guests[:5] {
			g.Agent = proxmoxtest.AgentNoPrivilege
		}
	})
	for range 5 {
		inv := l.read(t)
		assert.Len(t, inv.Gaps, 5)
		for _, g := range inv.Guests {
			_, silent := inv.GuestGap(g.ID, inventory.PartAddresses)
			assert.Equal(t, g.ID < 1005, silent, g.ID)
		}
	}
}

func TestInventory_agentPrivilegeOf9(t *testing.T) {
	t.Parallel()
	estate := small()
	estate.Version = "9.1.6"
	l := newLab(t, estate, nil)
	l.as(proxmoxtest.Grant{Path: "/", Role: proxmoxtest.RoleAuditor})
	assert.Empty(t, gaps(l.read(t)), "PVEAuditor holds VM.GuestAgent.Audit")
}

func TestInventory_partialRights(t *testing.T) {
	t.Parallel()
	grant := func(path string, privileges ...string) proxmoxtest.Grant {
		return proxmoxtest.Grant{Path: path, Privileges: privileges}
	}
	for name, tt := range map[string]struct {
		grants []proxmoxtest.Grant
		parts  map[inventory.Part]int
		guests int
	}{
		"no Sys.Audit": {
			grants: []proxmoxtest.Grant{grant("/", "VM.Audit", "VM.Monitor", "SDN.Audit", "Pool.Audit")},
			parts:  map[inventory.Part]int{inventory.PartQuorum: 1, inventory.PartNode: 3}, guests: 6,
		},
		"no SDN.Audit": {
			grants: []proxmoxtest.Grant{grant("/", "VM.Audit", "VM.Monitor", "Sys.Audit", "Pool.Audit")},
			parts:  map[inventory.Part]int{inventory.PartNetwork: 3}, guests: 6,
		},
		"one guest": {
			grants: []proxmoxtest.Grant{grant("/vms/101", "VM.Audit", "VM.Monitor"), grant("/nodes", "Sys.Audit"), grant("/sdn", "SDN.Audit")},
			parts:  map[inventory.Part]int{inventory.PartGuests: 1, inventory.PartQuorum: 1}, guests: 1,
		},
		"one pool": {
			grants: []proxmoxtest.Grant{{Path: "/pool/web", Role: proxmoxtest.RolePoolAuditor}},
			parts: map[inventory.Part]int{
				inventory.PartGuests: 1, inventory.PartQuorum: 1, inventory.PartNode: 3, inventory.PartNetwork: 3,
				inventory.PartAddresses: 1,
			}, guests: 1,
		},
		"not below": {
			grants: []proxmoxtest.Grant{
				grant("/", "VM.Monitor", "SDN.Audit", "Sys.Audit"),
				{Path: "/vms", Privileges: []string{"VM.Audit"}, NoPropagate: true},
			},
			parts: map[inventory.Part]int{inventory.PartGuests: 1}, guests: 0,
		},
		"all but one guest": {
			grants: []proxmoxtest.Grant{grant("/", "VM.Audit", "VM.Monitor", "SDN.Audit", "Sys.Audit"), grant("/vms/102", "VM.Monitor")},
			parts:  map[inventory.Part]int{inventory.PartGuests: 1}, guests: 5,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			estate := small()
			estate.Guests[0].Pool = "web"
			l := newLab(t, estate, nil)
			l.as(tt.grants...)
			inv := l.read(t)
			parts := map[inventory.Part]int{}
			for _, gap := range inv.Gaps {
				parts[gap.Part]++
				assert.Contains(t, gap.Reason, "pveum acl modify", gap.String())
			}
			assert.Equal(t, tt.parts, parts, "%v", gaps(inv))
			assert.Len(t, inv.Guests, tt.guests)
			assert.Len(t, inv.Nodes, 3)
		})
	}
}

func TestInventory_migrations(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.After("GET /cluster/resources", 1, func(e *proxmoxtest.Estate) {
		e.Guest(102).Node, e.Guest(202).Node = "a3", "a3"
		e.RemoveGuest(103)
		e.RemoveGuest(203)
	})
	inv := l.read(t)
	assert.Empty(t, gaps(inv))
	assert.Equal(t, "a3", guest(t, inv, 102).Node)
	assert.Equal(t, []string{"net0 192.0.2.12/24 guest-agent"}, addresses(guest(t, inv, 102)))
	assert.Equal(t, []string{"net0 198.51.100.12/24 container"}, addresses(guest(t, inv, 202)))
	assert.Len(t, inv.Guests, 4, "two are gone")
	assert.Equal(t, 2, l.fake.Counts()["GET /cluster/resources"], "the list is read once more for all")
}

func TestInventory_migratesBeforeItsAddresses(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.After("GET /nodes/a2/qemu/102/config", 1, func(e *proxmoxtest.Estate) { e.Guest(102).Node = "a3" })
	inv := l.read(t)
	assert.Empty(t, gaps(inv))
	assert.Equal(t, "a3", guest(t, inv, 102).Node)
	assert.Equal(t, []string{"net0 192.0.2.12/24 guest-agent"}, addresses(guest(t, inv, 102)))
}

func TestInventory_keepsMoving(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.After("GET /cluster/resources", 1, func(e *proxmoxtest.Estate) { e.Guest(102).Node = "a3" })
	l.fake.After("GET /cluster/resources", 2, func(e *proxmoxtest.Estate) { e.Guest(102).Node = "a1" })
	assert.Equal(t, []string{"guest 102: config: it moves between nodes while it is read: the next run looks again"}, gaps(l.read(t)))
}

func TestInventory_secondListFails(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]proxmoxtest.Fault{
		"no list": {Kind: proxmoxtest.FaultNull},
		"a row that may be the guest's": {Status: 200, Body: `{"data":[null,
			{"type":"qemu","vmid":101,"node":"a1","status":"running","name":"web1"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			l.fake.After("GET /cluster/resources", 1, func(e *proxmoxtest.Estate) { e.RemoveGuest(102) })
			fault.Pattern, fault.Skip = "GET /cluster/resources", 1
			l.fake.Inject(fault)
			assert.Equal(t, []string{
				"guest 102: config: it is no longer on node a2, and where it went could not be read: the next run looks again",
			}, gaps(l.read(t)), "who cannot be looked for is not gone")
		})
	}
}

func TestInventory_stoppedAndPaused(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Update(func(e *proxmoxtest.Estate) {
		e.Guest(101).Status = proxmoxtest.StatusStopped
		e.Guest(102).Status = proxmoxtest.StatusPaused
		e.Guest(103).Agent, e.Guest(103).NICs[0].IP = proxmoxtest.AgentOff, "192.0.2.99/24"
		e.Guest(201).Status = proxmoxtest.StatusStopped
		e.Guest(202).Status, e.Guest(202).NICs[0].IP6 = proxmoxtest.StatusStopped, "auto"
		e.Guest(203).NICs[0].IP = "dhcp"
		manual := *e.Guest(201)
		manual.VMID, manual.NICs = 204, []proxmoxtest.NIC{{MAC: "BC:24:11:00:02:FF", Name: "eth0", Bridge: "vmbr0"}}
		e.Guests = append(e.Guests, &manual)
	})
	inv := l.read(t)
	assert.Equal(t, []string{
		"guest 101: addresses: its guest agent cannot be asked while its status is stopped",
		"guest 102: addresses: its guest agent cannot be asked while its status is paused",
		"guest 202: addresses: it does not run, so the addresses that its configuration does not say are unknown",
		"guest 204: addresses: it does not run, so the addresses that its configuration does not say are unknown",
	}, gaps(inv))
	assert.Equal(t, []string{"net0 192.0.2.99/24 cloud-init"}, addresses(guest(t, inv, 103)))
	assert.Equal(t, []string{"net0 198.51.100.11/24 config"}, addresses(guest(t, inv, 201)))
	assert.Equal(t, []string{"net0 198.51.100.13/24 container dynamic"}, addresses(guest(t, inv, 203)))
	assert.Equal(t, inventory.GuestPaused, guest(t, inv, 102).Status)
}
