package proxmoxsrc

import (
	"maps"
	"slices"
	"time"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// recall takes from the memory what an incremental run need not read again.
func (r *run) recall() {
	for _, g := range r.guests {
		if known := r.known.guests[g.guest.ID]; known != nil && known.row == g.row {
			g.known = known
		}
	}
	if !r.scope.Incremental {
		return
	}
	r.whole.recall(r.known.cluster)
	if len(r.scope.Guests) > 0 {
		return // they are read afresh, and the others are not in the run
	}
	r.recallNodes()
	r.recallGuests()
}

// fresh tells whether what was read then, and has no sign of its own, still does.
func (r *run) fresh(at time.Time) bool { return r.now.Sub(at) < r.source.options.ConfigAge }

func (r *run) rotation(age time.Duration) rotation {
	return rotation{now: r.now, since: r.now.Sub(r.known.turnAt), age: age}
}

func (r *run) recallNodes() {
	var all []remembered
	for _, name := range slices.Sorted(maps.Keys(r.nodes)) {
		n, known := r.nodes[name], r.known.nodes[name]
		if n.wanted && n.reads.reason() == nil && known != nil && known.row == n.row && known.rights.equal(r.survey.rights) {
			all = append(all, remembered{known.at, func() { n.recall(known) }})
		}
	}
	r.rotation(r.source.options.ConfigAge).turn(all, &r.owed.nodes)
}

// recallGuests leaves out who is on a node that is not asked: what is remembered of them does not tell that it still is so.
func (r *run) recallGuests() {
	var configs, addresses []remembered
	for _, g := range r.guests {
		if g.known == nil || g.unread != nil || g.node.reads.reason() != nil {
			continue
		}
		configs = append(configs, remembered{g.known.at, func() { g.keepsConfig = true }})
		switch told := g.known.told; {
		case told == nil:
		case told.silent != nil:
			g.keepsTold = r.now.Sub(told.at) < told.wait
		default:
			addresses = append(addresses, remembered{told.at, func() { g.keepsTold = true }})
		}
	}
	r.rotation(r.source.options.ConfigAge).turn(configs, &r.owed.configs)
	r.rotation(r.source.options.AddressAge).turn(addresses, &r.owed.addresses)
}

func (c *clusterRun) recall(known *clusterMemory) {
	if !c.wanted || known == nil || !c.run.fresh(known.at) || !known.rights.equal(c.run.survey.rights) {
		return
	}
	c.wanted, c.recalled = false, known
	c.vnets, c.dropped, c.colors = slices.Clone(known.vnets), known.dropped, maps.Clone(known.colors)
}

func (n *nodeRun) recall(known *nodeMemory) {
	n.wanted, n.recalled = false, known
	n.state, n.unread, n.noNet = known.state, known.unread, known.noNet
	n.network, n.dropped = cloneInterfaces(known.network), known.networkDropped
	if n.unread == nil {
		n.status = inventory.NodeOnline
	}
}

// takeTold gives the NICs what was told of them, if that still holds. It does not if the configuration has changed since.
func (g *guestRun) takeTold() bool {
	if !g.keepsTold || !maps.Equal(g.config, g.known.config) {
		return false
	}
	told := g.known.told
	for i, nic := range told.nics {
		g.guest.NICs[i].AgentName, g.guest.NICs[i].Addresses = nic.agentName, slices.Clone(nic.addresses)
	}
	g.guest.OS, g.surplus, g.silent, g.blamed = told.system, told.surplus, told.silent, told.blamed
	g.told = told
	return true
}

// cloneInterfaces returns a copy that shares no memory.
func cloneInterfaces(list []inventory.NodeInterface) []inventory.NodeInterface {
	list = slices.Clone(list)
	for i := range list {
		one := &list[i]
		one.Ports, one.Trunks = slices.Clone(one.Ports), slices.Clone(one.Trunks)
		one.Addresses, one.Gateways = slices.Clone(one.Addresses), slices.Clone(one.Gateways)
	}
	return list
}
