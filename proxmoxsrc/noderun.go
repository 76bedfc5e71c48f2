package proxmoxsrc

import (
	"net/netip"
	"net/url"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// nodeRun is a node in a run, with the guests that wait to be read there.
type nodeRun struct {
	run  *run
	name string
	// listed tells that the cluster names it; a guest's row may name one that is no longer there.
	listed  bool
	row     row // the cluster's; empty if only the list of members names it
	status  inventory.NodeStatus
	address netip.Addr
	waiting []*guestRun
	left    atomic.Int64 // guests that are not read to the end

	// reads and protected are the ways of configurations and states, and of addresses.
	reads, protected *lane
	// noInterfaces tells that the node's release does not list the interfaces of containers.
	noInterfaces atomic.Bool

	wanted   bool        // the node itself is still to be read
	skip     error       // why it is not
	at       time.Time   // when it was
	recalled *nodeMemory // taken from the memory instead
	state    nodeStatus
	unread   error // why there is no state
	network  []inventory.NodeInterface
	dropped  []string
	noNet    error // why there is no network
}

// hungAddresses is how many guests in a row may hang before no more addresses are asked for on their node. It takes more
// than one: a guest may be to blame.
const hungAddresses = 2

func newNodeRun(r *run, name string) *nodeRun {
	return &nodeRun{run: r, name: name, reads: newLane(1), protected: newLane(hungAddresses)}
}

// path returns the path of a call to the node.
func (n *nodeRun) path(rest string) string { return "/nodes/" + url.PathEscape(n.name) + rest }

func (n *nodeRun) add(g *guestRun) {
	g.node = n
	n.waiting = append(n.waiting, g)
}

// start begins to read what waits. Each guest's addresses follow its configuration, by workers of their own: an agent
// may take seconds.
func (n *nodeRun) start(group *stdsync.WaitGroup) {
	var jobs []func()
	protected := make(chan *guestRun, len(n.waiting))
	if n.wanted {
		n.wanted, n.at = false, time.Now()
		jobs = append(jobs, n.readState, n.readNetwork)
	}
	for _, g := range n.waiting {
		jobs = append(jobs, func() { g.readConfig(protected) })
	}
	n.left.Add(int64(len(n.waiting)))
	n.waiting = nil
	queue := make(chan func(), len(jobs))
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	var readers stdsync.WaitGroup
	for range min(n.run.source.options.NodeReads, len(jobs)) {
		readers.Go(func() {
			for job := range queue {
				job()
			}
		})
	}
	group.Go(func() {
		readers.Wait()
		close(protected)
	})
	for range min(n.run.source.options.NodeProtectedReads, cap(protected)) {
		group.Go(func() {
			for g := range protected {
				g.readAddresses()
			}
		})
	}
}

func (n *nodeRun) readState() {
	path := n.path("/status")
	raw, err := n.ask(n.run.ctx, n.reads, path)
	if err == nil {
		err = n.run.source.gateway.decode(raw, path, &n.state)
	}
	switch n.unread = err; {
	case err == nil:
		n.status = inventory.NodeOnline // even if it tells its statistics to nobody
	case n.status == inventory.NodeOnline && (causeOf(err) == CauseNodeDown || hangs(err)):
		n.status = inventory.NodeUnknown
	}
}

func (n *nodeRun) readNetwork() {
	path := n.path("/network")
	raw, err := n.ask(n.run.ctx, n.reads, path)
	if err == nil {
		if n.network, n.dropped, err = parseNodeNetwork(raw); err != nil {
			err = n.run.source.gateway.spoiled(path, err.Error())
		}
	}
	n.noNet = err
}
