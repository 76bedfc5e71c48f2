package netboxsink_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestSavedPlanDoesWhatARunDoes(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			ran := newLabWith(t, &netboxtest.Options{Version: version}, nil, richEstate())
			planned := newLabWith(t, &netboxtest.Options{Version: version}, nil, richEstate())
			for _, step := range []func(inv *inventory.Inventory){
				func(*inventory.Inventory) {},
				func(inv *inventory.Inventory) { changeRichEstate(t, inv) },
			} {
				ran.edit(step)
				ran.run()
				planned.edit(step)
				raw, err := json.Marshal(planned.plan())
				require.NoError(t, err)
				saved := &sync.Plan{}
				require.NoError(t, json.Unmarshal(raw, saved))
				_, err = planned.engine.Apply(t.Context(), saved, nil)
				require.NoError(t, err)
				assert.Equal(t, ran.picture(), planned.picture())
				planned.quiet()
			}
		})
	}
}

func TestPlanWritesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, richEstate())
	l.plan()
	assert.Empty(t, l.netbox.Changes())
	assert.Zero(t, l.writes())
}

// runIn runs in a scope.
func (l *lab) runIn(scope sync.Scope) {
	l.t.Helper()
	_, err := l.engine.Run(l.context(), &sync.RunOptions{Scope: scope})
	require.NoError(l.t, err)
}

func TestRunOfOneGuest(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	one := sync.Scope{Guests: []sync.GuestRef{{Source: "lab", ID: 101}}}
	l.runIn(one)
	assert.Equal(t, []string{"web01"}, l.column(machines, "name"))
	assert.Equal(t, []string{"pve01"}, l.column(devices, "name"), "the node that it is on")
	l.run()
	before := l.picture()
	l.guest(102, func(g *inventory.Guest) { g.CPUs = 8 })
	l.runIn(one)
	assert.Equal(t, before, l.picture())
	l.guest(101, func(g *inventory.Guest) { g.CPUs = 8 })
	l.runIn(one)
	assert.Equal(t, []string{"web01"}, names(l.where(machines, "vcpus", "8")))
}

func TestRunOfDevicesOnly(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.runIn(sync.Scope{Kinds: []sync.Kind{netboxsink.KindDevice}})
	assert.Equal(t, []string{"pve01", "pve02"}, l.column(devices, "name"))
	assert.Empty(t, l.column(machines, "name"))
	l.run()
	l.edit(func(inv *inventory.Inventory) {
		inv.Nodes[0].Status = inventory.NodeOffline
		guestOf(t, inv, 101).CPUs = 8
	})
	l.runIn(sync.Scope{Kinds: []sync.Kind{netboxsink.KindDevice}})
	assert.Equal(t, "offline", l.one(devices, "name", "pve01").at("status"))
	assert.Equal(t, "2", l.machine("web01").at("vcpus"))
}

func TestRunWithoutAddresses(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	all := []sync.Kind{}
	for _, k := range l.sink.Kinds() {
		if k.Kind != netboxsink.KindAddress {
			all = append(all, k.Kind)
		}
	}
	l.runIn(sync.Scope{Kinds: all})
	assert.Len(t, l.column(interfaces, "name"), 3)
	assert.Empty(t, l.column(addresses, "address"))
	l.run()
	l.guest(101, func(g *inventory.Guest) { g.NICs[0].Addresses = nil })
	l.runIn(sync.Scope{Kinds: all})
	assert.Equal(t, []string{"192.0.2.10/24", "2001:db8::10/64"}, l.on("web01", addresses, "address"), "out of scope is not gone")
}

func names(list []object) []string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = o.at("name")
	}
	return out
}
