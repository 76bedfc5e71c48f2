package proxmoxsrc

import (
	"maps"
	"slices"
	"time"
)

// learned returns what is known after the run, of what was known before its end. Who is not in the lists is forgotten. Of
// two runs beside each other, the later reading stays.
func (r *run) learned(known *memory) *memory {
	next := &memory{
		version: r.survey.version, versionAt: r.versionAt, cluster: r.whole.learned(known.cluster),
		nodes: map[string]*nodeMemory{}, guests: make(map[int]*guestMemory, len(r.guests)),
		turnAt: known.turnAt, owed: known.owed,
	}
	for name, n := range r.nodes {
		if one := n.learned(known.nodes[name]); n.listed && one != nil {
			next.nodes[name] = one
		}
	}
	for _, g := range r.guests {
		if one := g.learned(known.guests[g.guest.ID]); one != nil {
			next.guests[g.guest.ID] = one
		}
	}
	if len(r.scope.Guests) == 0 && r.now.After(known.turnAt) {
		next.turnAt, next.owed = r.now, r.owed
	}
	return next
}

func (c *clusterRun) learned(known *clusterMemory) *clusterMemory {
	switch {
	case c.recalled != nil, c.at.IsZero(), known != nil && known.at.After(c.at):
		return known
	case c.noVNets != nil || c.noStyle != nil:
		return nil
	}
	return &clusterMemory{
		at: c.at, rights: c.run.survey.rights, vnets: slices.Clone(c.vnets), dropped: c.dropped, colors: maps.Clone(c.colors),
	}
}

func (n *nodeRun) learned(known *nodeMemory) *nodeMemory {
	switch {
	case n.recalled != nil, n.skip != nil, known != nil && known.at.After(n.at):
		return known
	case passes(n.unread) || passes(n.noNet):
		return nil
	}
	return &nodeMemory{
		at: n.at, row: n.row, rights: n.run.survey.rights, state: n.state, unread: n.unread, noNet: n.noNet,
		network: cloneInterfaces(n.network), networkDropped: n.dropped,
	}
}

// passes tells whether an error may be over at the next try. A privilege that is missing stays so until the rights change.
func passes(err error) bool { return err != nil && causeOf(err) != CausePrivilege }

func (g *guestRun) learned(known *guestMemory) *guestMemory {
	switch {
	case g.unread == errNotAsked:
		return known
	case g.unread != nil || g.gone:
		return nil
	}
	if !g.askedAt.IsZero() {
		g.told = g.listen()
	}
	if known != nil && (known.at.After(g.at) || known.at.Equal(g.at) && known.told.after(g.told)) {
		return known
	}
	return &guestMemory{at: g.at, row: g.row, config: g.config, told: g.told}
}

// after tells whether t was told after other.
func (t *told) after(other *told) bool { return t != nil && other != nil && t.at.After(other.at) }

// listen returns what the guest has told in this run.
func (g *guestRun) listen() *told {
	told := &told{
		at: g.askedAt, system: g.guest.OS, surplus: g.surplus,
		silent: g.silent, blamed: g.node.toBlame(g.silent), wait: g.patience(),
	}
	for _, nic := range g.guest.NICs {
		told.nics = append(told.nics, toldNIC{nic.AgentName, slices.Clone(nic.Addresses)})
	}
	return told
}

// patienceLimit is how often the age of addresses may pass before an agent that is dead is asked again.
const patienceLimit = 8

// patience is how long a guest that told nothing is left alone: longer each time if it is its agent that does not answer,
// for that keeps a worker of the node busy for seconds.
func (g *guestRun) patience() time.Duration {
	age := g.node.run.source.options.AddressAge
	if !isAgents(g.silent) || g.known == nil || g.known.told == nil || !isAgents(g.known.told.silent) || !maps.Equal(g.config, g.known.config) {
		return age
	}
	return min(2*g.known.told.wait, patienceLimit*age)
}
