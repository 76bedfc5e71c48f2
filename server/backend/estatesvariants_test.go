package backend_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// variant is something that goes wrong with an estate that was well.
type variant struct {
	sources []string
	prepare func(*estates) // before the first run
	first   func(picture)  // what is expected then, if it is not what is written down
	trouble func(*estates)
	changed []string               // what the run in trouble changes in NetBox: nothing else
	told    func(picture) []string // beside what was told
	untold  []string               // what it tells no longer: the beginnings of the lines
	fails   bool                   // it is not OK
	once    bool                   // the trouble is over with the run that it befell
	anyTold bool                   // what is told depends on what was read before
	check   func(*estates)         // after the run in trouble
	heal    func(*estates)
	// What is expected once all is well again.
	healed func(picture)
}

// TestEstatesVariants runs over estates that are well, then in trouble, twice, and then well again.
func TestEstatesVariants(t *testing.T) {
	for name, v := range variants() {
		t.Run(name, func(t *testing.T) {
			e := newEstates(t, fakeBox(t), v.sources...)
			call(v.prepare, e)
			result, err := e.run()
			require.NoError(t, err)
			want, told := e.well(), e.told(result)
			call(v.first, want)
			e.holds(want)

			call(v.trouble, e)
			before := rows(e.box)
			result, _ = e.run()
			assert.Equal(t, !v.fails, result.OK)
			now := e.told(result)
			if !v.anyTold {
				assert.Equal(t, sorted(v.told, want), without(now, told), "told")
				silent := without(told, now)
				assert.Len(t, silent, len(v.untold), "no longer told: %q", silent)
				for i, line := range silent {
					assert.True(t, i < len(v.untold) && strings.HasPrefix(line, v.untold[i]), "no longer told: %s", line)
				}
			}
			call(v.check, e)
			assert.Equal(t, v.changed, differing(before, rows(e.box)), "all else stays to the last digit")
			if !v.once {
				before = rows(e.box)
				e.box.resetCount()
				result, _ = e.run()
				assert.Equal(t, !v.fails, result.OK)
				byMethod, total := e.box.counted()
				assert.Equal(t, map[string]int{"GET": total}, byMethod)
				assert.Empty(t, differing(before, rows(e.box)))
			}

			call(v.heal, e)
			result, err = e.run()
			require.NoError(t, err)
			assert.True(t, result.OK)
			call(v.healed, want)
			e.holds(want)
			e.writesNothing(e.told(result))
		})
	}
}

func call[T any](f func(T), v T) {
	if f != nil {
		f(v)
	}
}

// without returns what of a is not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) })
}

// well is what is expected of the sources while they are.
func (e *estates) well() picture {
	alone := !slices.Contains(e.sources, "alpha")
	all := map[string]*site{"alpha": wantAlpha(), "beta": wantBeta(alone), "gamma": wantGamma(alone)}
	var sites []*site
	for _, name := range e.sources {
		sites = append(sites, all[name])
	}
	return e.want(sites...)
}

// grow gives guests of a source 8 GiB.
func (e *estates) grow(source string, vmids ...int) {
	e.fakes[source].Update(func(now *proxmoxtest.Estate) {
		for _, vmid := range vmids {
			now.Guest(vmid).Memory = 8 << 30
		}
	})
}

func grown(keys ...string) func(picture) {
	return func(p picture) {
		for _, key := range keys {
			p.guests[key].Memory = 8192
		}
	}
}

func (e *estates) node(source, node string, state proxmoxtest.NodeState) {
	e.fakes[source].Update(func(now *proxmoxtest.Estate) { now.Node(node).State = state })
}

// sorted returns what is told, never nil.
func sorted(told func(picture) []string, want picture) []string {
	list := []string{}
	if told != nil {
		list = append(list, told(want)...)
	}
	slices.Sort(list)
	return list
}

// ofAll tells the same of all devices and virtual machines of a source.
func ofAll(source, why string) func(picture) []string {
	return func(p picture) (list []string) {
		for key, node := range p.nodes {
			if strings.HasPrefix(key, source+" ") {
				list = append(list, "device "+node.Name+": "+why)
			}
		}
		for key, guest := range p.guests {
			if strings.HasPrefix(key, source+" ") {
				list = append(list, "virtual-machine "+guest.Name+": "+why)
			}
		}
		return list
	}
}

// onNode tells the same of a node and all guests on it.
func onNode(source, node, why string) func(picture) []string {
	return func(p picture) []string {
		list := []string{"device " + node + ": " + why}
		for key, guest := range p.guests {
			if strings.HasPrefix(key, source+" ") && guest.Device == node {
				list = append(list, "virtual-machine "+guest.Name+": "+why)
			}
		}
		return list
	}
}

// and tells something more.
func and(told func(picture) []string, more ...string) func(picture) []string {
	return func(p picture) []string { return append(told(p), more...) }
}

// ofAlpha is what is told of alpha while it is well, but for VLAN 35: the beginnings of the lines.
func ofAlpha() []string {
	return []string{
		"virtual-machine deadagent:", "virtual-machine disks:", "virtual-machine hibernated:", "virtual-machine ioerror:",
		"virtual-machine oldagent:", "virtual-machine paused:", "virtual-machine prelaunch:", "virtual-machine stalled:",
	}
}

// Reasons that are told.
const (
	noQuorum = "the cluster alpha has no quorum at alpha: what is read may be old, until enough nodes are back"
	noRights = "token proxbox@pve!sync has no rights at all: run pveum acl modify / --tokens 'proxbox@pve!sync' --roles PVEAuditor, " +
		"or in the GUI Datacenter, Permissions, Add: path /, role PVEAuditor, propagate"
	noLogin = "Proxmox VE at gamma does not accept user proxbox@pve (authentication failure): check that it exists, is enabled " +
		"and not expired (Datacenter, Permissions), and that its secret is right"
	noMonitor = "token proxbox@pve!sync lacks the privilege VM.Monitor on /vms/N: run pveum role add ProxboxAgent --privs VM.Monitor, " +
		"then pveum acl modify / --tokens 'proxbox@pve!sync' --roles PVEAuditor,ProxboxAgent (it also allows to run commands in guests)"
)

func variants() map[string]variant {
	return map[string]variant{
		"no quorum": {
			sources: []string{"alpha", "gamma"},
			trouble: func(e *estates) {
				e.fakes["alpha"].Update(func(now *proxmoxtest.Estate) {
					now.QuorumLost = true
					now.RemoveGuest(120)
				})
				e.grow("alpha", 100)
				e.grow("gamma", 303)
			},
			changed: []string{"~ virtual-machines memory"},
			told: and(ofAll("alpha", noQuorum),
				"cluster alpha: "+noQuorum, "device pve: node-ip-address 192.0.2.1/24: 192.0.2.1/24 belongs to device a1 in NetBox"),
			untold: slices.Concat([]string{"device pve: "}, ofAlpha(), []string{"vlan 35: "}),
			heal: func(e *estates) {
				e.fakes["alpha"].Update(func(now *proxmoxtest.Estate) { now.QuorumLost = false })
			},
			healed: grown("alpha 100", "gamma 303"),
		},
		"a token without any right": {
			sources: []string{"alpha", "gamma"},
			trouble: func(e *estates) {
				e.fakes["alpha"].SetCredentials(proxmoxtest.Credential{ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret})
				e.grow("alpha", 100)
				e.grow("gamma", 303)
			},
			fails:   true,
			changed: []string{"~ virtual-machines memory"},
			told: and(ofAll("alpha", noRights),
				"failed: source alpha: "+noRights, "device pve: node-ip-address 192.0.2.1/24: 192.0.2.1/24 belongs to device a1 in NetBox"),
			untold: slices.Concat([]string{"device pve: "}, ofAlpha(), []string{"vlan 35: "}),
			heal:   func(e *estates) { e.fakes["alpha"].SetCredentials(proxmoxtest.AlphaCredential()) },
			healed: grown("alpha 100", "gamma 303"),
		},
		"the ticket expires": {
			sources: []string{"alpha", "gamma"},
			trouble: func(e *estates) {
				e.grow("gamma", 303)
				fake := e.fakes["gamma"]
				fake.After("GET /nodes/*/qemu/*/config", 1, func(*proxmoxtest.Estate) { fake.ExpireTickets() })
			},
			once:    true,
			changed: []string{"~ virtual-machines memory"},
			check: func(e *estates) {
				assert.Equal(e.t, 1+2, e.fakes["gamma"].Counts()["POST /access/ticket"], "one login more, whoever was refused")
			},
			healed: grown("gamma 303"),
		},
		"the ticket expires and the user is gone": {
			sources: []string{"alpha", "gamma"},
			trouble: func(e *estates) {
				e.grow("gamma", 300, 303)
				e.grow("alpha", 100)
				fake := e.fakes["gamma"]
				fake.After("GET /nodes/*/qemu/*/config", 1, func(*proxmoxtest.Estate) { fake.SetCredentials() })
			},
			fails:   true,
			changed: []string{"~ virtual-machines web01"},
			told:    and(ofAll("gamma", noLogin), "failed: source gamma: "+noLogin),
			untold:  []string{"device pve: "},
			heal:    func(e *estates) { e.fakes["gamma"].SetCredentials(proxmoxtest.GammaCredential()) },
			healed:  grown("alpha 100", "gamma 300", "gamma 303"),
		},
		"the first URL is dead": {
			sources: []string{"alpha"},
			prepare: func(e *estates) {
				dead := httptest.NewTLSServer(nil)
				e.config.Proxmox[0].URLs = slices.Insert(e.config.Proxmox[0].URLs, 0, dead.URL)
				dead.Close()
			},
			trouble: func(e *estates) { e.grow("alpha", 100) },
			changed: []string{"~ virtual-machines web01"},
			healed:  grown("alpha 100"),
		},
		"the entry node is down": {
			sources: []string{"alpha"},
			prepare: func(e *estates) {
				second := httptest.NewTLSServer(e.fakes["alpha"].Entry("a2"))
				e.t.Cleanup(second.Close)
				e.called("alpha", second.URL)
				e.config.Proxmox[0].URLs = append(e.config.Proxmox[0].URLs, second.URL)
			},
			trouble: func(e *estates) {
				e.node("alpha", "a1", proxmoxtest.NodeOffline)
				e.grow("alpha", 100, 102)
			},
			changed: []string{"~ devices a1", "~ virtual-machines vm-102"},
			told:    onNode("alpha", "a1", "node a1 is offline: start it, or mend its network, to have it read"),
			untold:  []string{"vlan 35: "}, // it is for a guest of that node
			heal:    func(e *estates) { e.node("alpha", "a1", proxmoxtest.NodeOnline) },
			healed:  grown("alpha 100", "alpha 102"),
		},
		"no VM.Monitor": {
			sources: []string{"beta"},
			trouble: func(e *estates) {
				auditor := proxmoxtest.BetaCredential()
				auditor.Grants = auditor.Grants[:1]
				e.fakes["beta"].SetCredentials(auditor)
				e.grow("beta", 100)
				e.fakes["beta"].Update(func(now *proxmoxtest.Estate) { now.Guest(101).NICs[0].Addresses = nil })
			},
			changed: []string{"~ virtual-machines mail01"},
			told: func(p picture) (list []string) {
				for key, guest := range p.guests {
					if key != "beta 151" && guest.Custom["proxmox_qemu_agent"] == "true" { // 151 does not run, and is not asked
						list = append(list, "virtual-machine "+guest.Name+": "+noMonitor)
					}
				}
				return list
			},
			untold: []string{"virtual-machine ip-vip: "}, // that another has its address is known of its agent only
			heal: func(e *estates) {
				e.fakes["beta"].SetCredentials(proxmoxtest.Credential{
					ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret,
					Grants: []proxmoxtest.Grant{{Path: "/", Role: proxmoxtest.RoleAuditor}, {Path: "/", Role: proxmoxtest.RoleMonitor}},
				})
			},
			healed: func(p picture) {
				grown("beta 100")(p)
				p.guests["beta 101"].addressless()
			},
		},
		"a node hangs": {
			sources: []string{"beta"},
			trouble: func(e *estates) {
				e.grow("beta", 100, 156, 160)
				e.fakes["beta"].After("GET /cluster/resources", 1, func(now *proxmoxtest.Estate) { now.Node("b2").State = proxmoxtest.NodeHung })
			},
			changed: []string{"~ virtual-machines mail01", "~ virtual-machines mover"},
			told:    onNode("beta", "b2", "node b2 does not answer beta (Connection timed out): look at pveproxy and pvedaemon there"),
			heal:    func(e *estates) { e.node("beta", "b2", proxmoxtest.NodeOnline) },
			healed:  grown("beta 100", "beta 156", "beta 160"),
		},
		"a node hangs in the middle": {
			sources: []string{"beta"},
			trouble: func(e *estates) {
				e.fakes["beta"].After("GET /nodes/b2/qemu/*/config", 2, func(now *proxmoxtest.Estate) { now.Node("b2").State = proxmoxtest.NodeHung })
			},
			anyTold: true,
			changed: []string{},
			heal:    func(e *estates) { e.node("beta", "b2", proxmoxtest.NodeOnline) },
		},
		"agents fall silent": {
			sources: []string{"alpha"},
			prepare: func(e *estates) {
				e.fakes["alpha"].Update(func(now *proxmoxtest.Estate) {
					for _, vmid := range []int{112, 113, 114} {
						now.Guest(vmid).Agent = proxmoxtest.AgentOK
					}
					for _, vmid := range []int{124, 125, 126, 127} {
						now.Guest(vmid).Status, now.Guest(vmid).Lock = proxmoxtest.StatusRunning, ""
					}
				})
			},
			first: func(p picture) {
				for _, vmid := range []int{112, 113, 114, 124, 125, 126, 127} {
					g := p.guests[fmt.Sprint("alpha ", vmid)]
					g.Status, g.Platform = "active", "Debian GNU/Linux 12"
					g.at("net0", fmt.Sprintf("10.1.0.%d/16", vmid), "active From the guest agent")
				}
			},
			trouble: func(e *estates) {
				e.fakes["alpha"].Update(func(now *proxmoxtest.Estate) { now.Guests = proxmoxtest.Alpha().Guests })
			},
			changed: []string{
				"~ virtual-machines hibernated", "~ virtual-machines ioerror", "~ virtual-machines paused", "~ virtual-machines prelaunch",
			},
			told: func(picture) []string {
				return slices.DeleteFunc(toldOfAll(), func(line string) bool {
					return strings.HasPrefix(line, "virtual-machine disks:") || !slices.ContainsFunc(ofAlpha(), func(start string) bool {
						return strings.HasPrefix(line, start)
					})
				})
			},
			healed: func(p picture) {
				for vmid, status := range map[int]string{124: "paused", 125: "offline", 126: "failed", 127: "paused"} {
					p.guests[fmt.Sprint("alpha ", vmid)].Status = status
				}
			},
		},
	}
}
