package proxmoxsrc_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestInventory_equalsTheModel reads generated estates and compares every field with what the fake's model says.
func TestInventory_equalsTheModel(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]proxmoxtest.Spec{
		"9.1":        {Seed: 1, Name: "alpha", Nodes: 3, Guests: 300, Version: "9.1.6"},
		"8.4":        {Seed: 2, Name: "beta", Nodes: 5, Guests: 300, Version: "8.4.1"},
		"8.2":        {Seed: 3, Name: "gamma", Nodes: 2, Guests: 100, Version: "8.2.4"},
		"standalone": {Seed: 4, Name: "delta", Standalone: true, Guests: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, proxmoxtest.Generate(spec), nil)
			inv := l.read(t)

			estate := l.fake.Estate()
			want := expected(estate)
			assert.Equal(t, want.Cluster, inv.Cluster)
			assert.Equal(t, want.Nodes, inv.Nodes)
			assert.Empty(t, inv.Dropped)
			assert.Equal(t, want.VNets, inv.VNets)
			assert.Equal(t, map[string]string{"tag-01": "ff0000", "tag-02": "00ff00"}, inv.TagColors)
			require.Len(t, inv.Guests, len(want.Guests))
			silent := map[int]bool{}
			for _, gap := range inv.Gaps {
				assert.Equal(t, inventory.PartAddresses, gap.Part, gap.String())
				silent[gap.Guest] = true
			}
			for i, g := range want.Guests {
				model := estate.Guest(g.ID)
				assert.Equal(t, unreadable(model), silent[g.ID], "guest %d: %v", g.ID, gaps(inv))
				assert.Equal(t, withFirstMAC(g), inv.Guests[i])
			}
		})
	}
}

// unreadable tells whether the addresses of the guest are a gap.
func unreadable(g *proxmoxtest.Guest) bool {
	if g.Template {
		return false
	}
	if g.Kind == proxmoxtest.LXC {
		return g.Status == proxmoxtest.StatusStopped && slices.ContainsFunc(g.NICs, func(nic proxmoxtest.NIC) bool {
			return nic.IP == "dhcp" || nic.IP6 == "auto" || nic.IP+nic.IP6 == ""
		})
	}
	switch g.Agent {
	case proxmoxtest.AgentOff, proxmoxtest.AgentDisabled:
		return false
	case proxmoxtest.AgentOK:
		return g.Status != proxmoxtest.StatusRunning
	}
	return true
}

// withFirstMAC gives what is found of NICs that share a MAC address to the first one.
func withFirstMAC(g inventory.Guest) inventory.Guest {
	first := map[string]int{}
	for i := range g.NICs {
		nic := &g.NICs[i]
		j, shared := first[nic.MAC]
		if !shared {
			first[nic.MAC] = i
			continue
		}
		g.NICs[j].Addresses = append(g.NICs[j].Addresses, nic.Addresses...)
		nic.Addresses, nic.AgentName = nil, ""
	}
	return g
}

func TestInventory_isTheSameTwice(t *testing.T) {
	t.Parallel()
	l := newLab(t, proxmoxtest.Generate(proxmoxtest.Spec{Seed: 5, Name: "alpha", Nodes: 4, Guests: 200}), nil)
	began := time.Now()
	first := l.read(t)
	second := l.read(t)
	assert.WithinRange(t, first.ReadAt, began.Round(0), second.ReadAt)
	assert.Equal(t, time.UTC, second.ReadAt.Location())
	second.ReadAt = first.ReadAt
	assert.Equal(t, first, second, "the order of rows and of answers does not matter")
}

// TestInventory_requests counts the requests of a large estate: what the package's documentation promises.
func TestInventory_requests(t *testing.T) {
	t.Parallel()
	l := newLab(t, proxmoxtest.Generate(proxmoxtest.Spec{Seed: 6, Name: "alpha", Nodes: 16, Guests: 1000, Version: "8.4.1"}), nil)
	inv := l.read(t)
	assert.Len(t, inv.Guests, 1000)

	agents, answering, containers := 0, 0, 0
	for _, g := range l.fake.Estate().Guests {
		switch {
		case g.Status != proxmoxtest.StatusRunning || g.Template:
		case g.Kind == proxmoxtest.LXC:
			containers++
		case g.Agent != proxmoxtest.AgentOff:
			agents++
			if g.Agent == proxmoxtest.AgentOK {
				answering++
			}
		}
	}
	counts, total := l.fake.Counts(), 0
	for _, n := range counts {
		total += n
	}
	assert.Equal(t, 7+2*16+1000+agents+answering+containers, total, "%v", counts)
	assert.Equal(t, agents, counts["GET /nodes/{node}/qemu/{vmid}/agent/network-get-interfaces"])
	assert.Equal(t, answering, counts["GET /nodes/{node}/qemu/{vmid}/agent/get-osinfo"])
	assert.Equal(t, containers, counts["GET /nodes/{node}/lxc/{vmid}/interfaces"])
	for _, path := range []string{"/cluster/options", "/cluster/sdn/vnets", "/cluster/sdn/zones"} {
		assert.Equal(t, 1, counts["GET "+path], path)
	}
	for _, r := range l.fake.Requests() {
		if strings.HasSuffix(r.Path, "/config") {
			assert.Equal(t, "current=1", r.Query)
		}
	}
}

func TestInventory_scope(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a2").State = proxmoxtest.NodeUnknown })
	scope := sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 101}, {Source: "other", ID: 201}}}
	inv, err := l.source(t).Inventory(t.Context(), scope)
	require.NoError(t, err)

	assert.Len(t, inv.Guests, 6)
	assert.Equal(t, []string{
		"node a1: node: this run did not ask for it",
		"node a2: node: this run did not ask for it",
		"node a3: node: this run did not ask for it",
		"guest 102: guest: this run did not ask for it",
		"guest 103: config: this run did not ask for it",
		"guest 201: config: this run did not ask for it",
		"guest 202: guest: this run did not ask for it",
		"guest 203: config: this run did not ask for it",
	}, gaps(inv))
	assert.Equal(t, []string{"net0 192.0.2.11/24 guest-agent"}, addresses(guest(t, inv, 101)))
	assert.Equal(t, "web3", guest(t, inv, 103).Name)
	assert.Len(t, l.fake.Requests(), 9, "six for the cluster, three for the guest")
}

func hexByte(n int) string { return fmt.Sprintf("%02X", n%256) }

func replace(line, address string) string { return strings.ReplaceAll(line, "%s", address) }
