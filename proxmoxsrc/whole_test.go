package proxmoxsrc_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// decorated is [small] with virtual networks and colours of tags.
func decorated() *proxmoxtest.Estate {
	e := small()
	e.TagStyle = "color-map=prod:ff0000;web:00FF00:ffffff,shape=full"
	e.Zones = []proxmoxtest.Zone{{Name: "vl", Kind: "vlan", Bridge: "vmbr0"}, {Name: "qq", Kind: "qinq"}, {Name: "vx", Kind: "vxlan"}}
	e.Vnets = []proxmoxtest.Vnet{
		{Name: "v300", Zone: "vl", Tag: 300, Alias: "dmz"}, {Name: "q20", Zone: "qq", Tag: 20}, {Name: "x1", Zone: "vx", Tag: 70001},
	}
	return e
}

// TestInventory_whole reads what the cluster as a whole has. That it cannot be read costs nothing else.
func TestInventory_whole(t *testing.T) {
	t.Parallel()
	vnets := []inventory.VNet{
		{Name: "q20", Zone: "qq", VLAN: 20}, {Name: "v300", Zone: "vl", Alias: "dmz", VLAN: 300}, {Name: "x1", Zone: "vx"},
	}
	colors := map[string]string{"prod": "ff0000", "web": "00ff00"}
	fault := func(f proxmoxtest.Fault) func(*lab) { return func(l *lab) { l.fake.Inject(f) } }
	for name, tt := range map[string]struct {
		change   func(*lab)
		vnets    []inventory.VNet
		colors   map[string]string
		dropped  []string // %s is the address
		requests int      // those for all this
	}{
		"all": {vnets: vnets, colors: colors, requests: 3},
		"none": {
			change: func(l *lab) {
				l.fake.Update(func(e *proxmoxtest.Estate) { e.Zones, e.Vnets, e.TagStyle = nil, nil, "" })
			},
			vnets:    []inventory.VNet{},
			requests: 2,
		},
		"old release": {
			change: func(l *lab) {
				l.fake.Update(func(e *proxmoxtest.Estate) {
					for _, n := range e.Nodes {
						n.Version = "7.2-11"
					}
				})
			},
			vnets:    []inventory.VNet{},
			requests: 2,
		},
		"style as it is stored": {
			change:   fault(proxmoxtest.Fault{Pattern: "GET /cluster/options", Status: 200, Body: `{"data":{"tag-style":"color-map=a:0A0B0C"}}`}),
			vnets:    vnets,
			colors:   map[string]string{"a": "0a0b0c"},
			requests: 3,
		},
		"options refused": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/options", Status: 403, Reason: "Permission check failed (/, Sys.Audit)"}),
			vnets:  vnets, requests: 3,
		},
		"options broken": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/options", Kind: proxmoxtest.FaultNull}),
			vnets:  vnets, requests: 3,
			dropped: []string{"the colours of tags cannot be read: the answer of %s to GET /cluster/options is null: is the URL that of Proxmox VE?"},
		},
		"virtual networks refused": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/sdn/vnets", Status: 403, Reason: "Permission check failed"}),
			colors: colors, requests: 2,
			dropped: []string{"the virtual networks cannot be read: Proxmox VE does not let token proxbox@pve!sync do GET /cluster/sdn/vnets: " +
				"Permission check failed"},
		},
		"virtual networks fail": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/sdn/vnets", Reason: "no config"}),
			colors: colors, requests: 2,
			dropped: []string{"the virtual networks cannot be read: Proxmox VE at %s answered 500 to GET /cluster/sdn/vnets: no config"},
		},
		"zones fail": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/sdn/zones", Reason: "no config"}),
			colors: colors, requests: 3,
			dropped: []string{"the virtual networks cannot be read: Proxmox VE at %s answered 500 to GET /cluster/sdn/zones: no config"},
		},
		"zones odd": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/sdn/zones", Kind: proxmoxtest.FaultNull}),
			colors: colors, requests: 3,
			dropped: []string{"the virtual networks cannot be read: the answer of %s to GET /cluster/sdn/zones is null, not a list: is the URL " +
				"that of Proxmox VE?"},
		},
		"virtual networks odd": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/sdn/vnets", Status: 200, Body: `{"data":{"a":1}}`}),
			colors: colors, requests: 2,
			dropped: []string{"the virtual networks cannot be read: the answer of %s to GET /cluster/sdn/vnets is no list: json: cannot " +
				"unmarshal object into Go value of type []json.RawMessage: is the URL that of Proxmox VE?"},
		},
		"one virtual network odd": {
			change: fault(proxmoxtest.Fault{Pattern: "GET /cluster/sdn/vnets", Status: 200, Body: `{"data":[null,{"vnet":"v300","zone":"vl","tag":300}]}`}),
			vnets:  []inventory.VNet{{Name: "v300", Zone: "vl", VLAN: 300}}, colors: colors, requests: 3,
			dropped: []string{"element 1 of the list of virtual networks has no name"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, decorated(), nil)
			if tt.change != nil {
				tt.change(l)
			}
			inv := l.read(t)
			assert.Empty(t, gaps(inv))
			assert.Len(t, inv.Guests, 6)
			assert.Equal(t, tt.vnets, inv.VNets)
			assert.Equal(t, tt.colors, inv.TagColors)
			assert.Equal(t, filled(tt.dropped, l.server.Listener.Addr().String()), inv.Dropped)
			asked := 0
			for _, r := range l.fake.Requests() {
				switch r.Path {
				case "/cluster/options", "/cluster/sdn/vnets", "/cluster/sdn/zones":
					asked++
				}
			}
			assert.Equal(t, tt.requests, asked)
		})
	}
}

// TestInventory_system asks agents for their operating system. What they do not say is no gap.
func TestInventory_system(t *testing.T) {
	t.Parallel()
	const path = "GET /nodes/*/qemu/102/agent/get-osinfo"
	debian := inventory.OS{ID: "debian", Name: "Debian GNU/Linux", Version: "12"}
	for name, tt := range map[string]struct {
		change   func(*lab)
		os       inventory.OS
		gaps     int
		requests int
	}{
		"answers":   {os: debian, requests: 1},
		"not asked": {change: func(l *lab) { l.options.NoSystemInfo = true }},
		"old agent": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{
					Pattern: path, Status: 200, Body: `{"data":{"result":{"error":{"class":"CommandNotFound","desc":"guest-get-osinfo"}}}}`,
				})
			},
			requests: 1,
		},
		"fails":   {change: func(l *lab) { l.fake.Inject(proxmoxtest.Fault{Pattern: path, Reason: "got timeout"}) }, requests: 1},
		"hung":    {change: func(l *lab) { l.fake.Inject(proxmoxtest.Fault{Pattern: path, Status: 596}) }, requests: 1},
		"refused": {change: func(l *lab) { l.fake.Inject(proxmoxtest.Fault{Pattern: path, Status: 403}) }, requests: 1},
		"null":    {change: func(l *lab) { l.fault(path, proxmoxtest.FaultNull) }, requests: 1},
		"a page":  {change: func(l *lab) { l.fault(path, proxmoxtest.FaultHTML) }, requests: 1},
		"gone meanwhile": {
			change: func(l *lab) {
				l.fake.After("GET /nodes/*/qemu/102/agent/network-get-interfaces", 1, func(e *proxmoxtest.Estate) { e.RemoveGuest(102) })
			},
			requests: 1,
		},
		"dead agent": {change: agent(proxmoxtest.AgentDead), gaps: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			if tt.change != nil {
				tt.change(l)
			}
			inv := l.read(t)
			assert.Len(t, inv.Gaps, tt.gaps)
			assert.Empty(t, inv.Dropped)
			assert.Equal(t, tt.os, guest(t, inv, 102).OS)
			asked := 0
			for _, r := range l.fake.Requests() {
				if r.Path == "/nodes/a2/qemu/102/agent/get-osinfo" {
					asked++
				}
			}
			assert.Equal(t, tt.requests, asked, "and never twice")
			if !l.options.NoSystemInfo {
				assert.Equal(t, debian, guest(t, inv, 101).OS)
			}
		})
	}
}
