package proxmoxsrc

import (
	"fmt"
	"maps"
	"slices"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// assemble makes the inventory of what was read.
func (r *run) assemble() *inventory.Inventory {
	inv := &inventory.Inventory{
		Source: r.source.name,
		ReadAt: r.began,
		Cluster: inventory.Cluster{
			Name: r.survey.status.Name, Standalone: r.survey.status.Standalone, Quorate: r.survey.status.Quorate,
			Version: r.survey.version.Version,
		},
		Dropped: slices.Clone(r.survey.rows.dropped),
	}
	r.listGaps(inv)
	r.whole.assemble(inv)
	for _, name := range slices.Sorted(maps.Keys(r.nodes)) {
		if n := r.nodes[name]; n.listed {
			n.assemble(inv)
		}
	}
	for _, g := range r.guests {
		if !g.gone {
			g.assemble(inv)
		}
	}
	return inv
}

// listGaps tells why the lists may be incomplete or old.
func (r *run) listGaps(inv *inventory.Inventory) {
	gap := func(part inventory.Part, format string, args ...any) {
		inv.Gaps = append(inv.Gaps, inventory.Gap{Part: part, Reason: fmt.Sprintf(format, args...)})
	}
	who := r.source.gateway.who.String()
	switch {
	case r.survey.refused != nil:
		gap(inventory.PartQuorum, "whether the cluster has quorum cannot be read: %v", r.survey.refused)
	case !r.survey.status.Quorate:
		gap(inventory.PartQuorum, "the cluster %s has no quorum at %s: what is read may be old, until enough nodes are back",
			inv.Cluster.Name, r.source.gateway.current().address)
	}
	if path, hidden := r.survey.rights.hiddenGuests(); hidden {
		gap(inventory.PartGuests, "guests may be missing in the list, because %s lacks the privilege VM.Audit on %s: %s",
			who, path, grant(who, "VM.Audit"))
	}
	if r.survey.rows.lost {
		gap(inventory.PartGuests, "guests may be missing in the list, because it has rows that make no sense: see what was dropped")
	}
}

func (n *nodeRun) assemble(inv *inventory.Inventory) {
	node := inventory.Node{Name: n.name, Status: n.status, Address: n.address, Interfaces: n.network}
	gap := func(part inventory.Part, reason string) {
		inv.Gaps = append(inv.Gaps, inventory.Gap{Part: part, Node: n.name, Reason: reason})
	}
	switch {
	case n.skip != nil:
		gap(inventory.PartNode, n.skip.Error())
	case n.unread != nil:
		gap(inventory.PartNode, n.reason(n.unread))
	default:
		n.state.fill(&node)
	}
	switch {
	case n.skip != nil, n.unread != nil && n.noNet != nil: // the gap for the node covers it
	case n.noNet != nil:
		gap(inventory.PartNetwork, n.reason(n.noNet))
	case n.hidesBridges(node.Version):
		who := n.run.source.gateway.who.String()
		gap(inventory.PartNetwork, fmt.Sprintf("bridges may be missing in the list, because %s lacks the privilege SDN.Audit on /sdn: %s",
			who, grant(who, "SDN.Audit")))
	case len(n.dropped) > 0:
		gap(inventory.PartNetwork, "interfaces may be missing in the list, because it has elements that make no sense: see what was dropped")
	}
	for _, sentence := range n.dropped {
		inv.Dropped = append(inv.Dropped, "node "+n.name+": "+sentence)
	}
	inv.Nodes = append(inv.Nodes, node)
}

// hidesBridges tells whether bridges are left out without a word, as Proxmox VE does since 8.0.
func (n *nodeRun) hidesBridges(version string) bool {
	if version == "" {
		version = n.run.survey.version.Version
	}
	return parseInt(leading(version)) >= 8 && !n.run.survey.rights.below("/sdn", "SDN.Audit")
}

// toBlame tells whether nothing, or no addresses, can be read on the node because of that error.
func (n *nodeRun) toBlame(err error) bool {
	return err != nil && (err == n.reads.reason() || err == n.protected.reason())
}

// reason words an error as the reason of a gap on the node.
func (n *nodeRun) reason(err error) string {
	if connection, ok := as[*ConnectionError](err); ok && connection.Timeout() {
		return fmt.Sprintf("node %s does not answer %s in time: look at pveproxy and pvedaemon there", n.name, connection.Address)
	}
	return err.Error()
}

func (g *guestRun) assemble(inv *inventory.Inventory) {
	gap := func(part inventory.Part, err error) {
		gap := inventory.Gap{Part: part, Guest: g.guest.ID, Reason: err.Error()}
		if g.node != nil {
			gap.Reason = g.node.reason(err)
			if g.blamed || g.node.toBlame(err) {
				gap.Node = g.node.name
			}
		}
		inv.Gaps = append(inv.Gaps, gap)
	}
	switch {
	case g.unread != nil && g.row.expired():
		gap(inventory.PartGuest, g.unread)
	case g.unread != nil:
		gap(inventory.PartConfig, g.unread)
	case g.silent != nil:
		gap(inventory.PartAddresses, g.silent)
	}
	if g.surplus > 0 {
		inv.Dropped = append(inv.Dropped, fmt.Sprintf("guest %d: %d addresses beyond the first %d", g.guest.ID, g.surplus, addressLimit))
	}
	inv.Guests = append(inv.Guests, g.guest)
}
