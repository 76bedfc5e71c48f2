package main

import (
	"fmt"
	"time"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// How many requests may be under way: those of proxmoxsrc, said here so that the bound follows them.
const (
	nodeReads          = 4
	nodeProtectedReads = 2
	clusterReads       = 32
)

// bound is the least time in which an estate can be read, with the source's requests in flight.
type bound struct {
	// Node is that of the slowest node, Cluster that of all together.
	Node    seconds `json:"node"`
	Cluster seconds `json:"cluster"`
}

func (b bound) most() seconds { return max(b.Node, b.Cluster) }

// boundOf sums what the answers take that a source cannot do without. Reads and addresses have places of their own.
func boundOf(cluster *proxmoxtest.Server) bound {
	estate := cluster.Estate()
	reads, protected := map[string]time.Duration{}, map[string]time.Duration{}
	for _, node := range estate.Nodes {
		path := "/nodes/" + node.Name
		reads[node.Name] = cluster.Cost(path+"/status") + cluster.Cost(path+"/network")
	}
	for _, guest := range estate.Guests {
		path := fmt.Sprintf("/nodes/%s/%s/%d", guest.Node, guest.Kind, guest.VMID)
		reads[guest.Node] += cluster.Cost(path + "/config")
		for _, rest := range addressCalls(guest) {
			protected[guest.Node] += cluster.Cost(path + rest)
		}
	}
	var b bound
	var sum time.Duration
	for node := range reads {
		b.Node = max(b.Node, inSeconds(max(reads[node]/nodeReads, protected[node]/nodeProtectedReads)))
		sum += reads[node] + protected[node]
	}
	b.Cluster = inSeconds(sum / clusterReads)
	return b
}

// addressCalls returns what is asked to know the addresses, and the system, of a guest.
func addressCalls(g *proxmoxtest.Guest) []string {
	const agent = "/agent/network-get-interfaces"
	switch {
	case g.Template, g.Status != proxmoxtest.StatusRunning:
		return nil
	case g.Kind == proxmoxtest.LXC:
		return []string{"/interfaces"}
	case g.Agent == proxmoxtest.AgentOff, g.Agent == proxmoxtest.AgentDisabled:
		return nil
	case g.Agent == proxmoxtest.AgentOK:
		return []string{agent, "/agent/get-osinfo"}
	}
	return []string{agent}
}
