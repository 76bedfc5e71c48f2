package proxmoxsrc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/proxbox-go/proxbox/internal/places"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// run is one reading of a source.
type run struct {
	source *Source
	ctx    context.Context
	cancel context.CancelCauseFunc
	scope  sync.Scope
	began  time.Time
	now    time.Time      // the same, by the monotonic clock
	places *places.Places // one for each request under way in the cluster
	known  *memory
	owed   owed
	survey *survey
	whole  clusterRun
	nodes  map[string]*nodeRun
	guests []*guestRun // in the order of their VMIDs

	// versionAt is when the cluster's version was asked for.
	versionAt time.Time
	// noAgent is why no agent is asked any more: the privilege is held for no guest.
	noAgent  atomic.Pointer[StatusError]
	progress progress
}

func newRun(ctx context.Context, s *Source, scope sync.Scope) *run {
	known := s.recollect() // before the time is taken, so that nothing in it is of later
	now := time.Now()
	r := &run{
		source: s, scope: scope, nodes: map[string]*nodeRun{}, now: now,
		began:  now.UTC().Round(0), // without the monotonic clock, which only this process knows
		places: places.New(s.options.ClusterReads),
		known:  known,
	}
	if scope.Incremental {
		r.owed = known.owed
	}
	r.whole.run = r
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return r
}

// fail ends the run: nothing more can be read.
func (r *run) fail(err error) { r.cancel(err) }

// endsBy ends the run if the error is one that all further requests would meet.
func (r *run) endsBy(err error) bool {
	final := isFinal(err)
	if final {
		r.fail(err)
	}
	return final
}

// isFinal tells whether all further requests would meet the error too.
func isFinal(err error) bool {
	_, lost := as[*UnreachableError](err)
	return lost || causeOf(err) == CauseCredentials
}

// read is the run's whole story.
func (r *run) read() (*inventory.Inventory, error) {
	if err := r.look(); err != nil {
		return nil, err
	}
	r.plan()
	r.recall()
	r.pass()
	r.follow()
	if err := context.Cause(r.ctx); err != nil {
		return nil, err
	}
	r.source.learn(r)
	return r.assemble(), nil
}

// look asks the cluster what there is.
func (r *run) look() (err error) {
	var version *Version
	r.versionAt = r.now
	if r.scope.Incremental && r.fresh(r.known.versionAt) {
		version, r.versionAt = &r.known.version, r.known.versionAt
	}
	r.survey, err = r.source.gateway.survey(r.ctx, version)
	return err
}

// Reasons for what is not read.
var (
	errNotAsked = errors.New("this run did not ask for it")
	errMoves    = errors.New("it moves between nodes while it is read: the next run looks again")
)

// plan says which nodes and guests are asked.
func (r *run) plan() {
	for _, one := range r.survey.rows.nodes {
		n := r.node(string(one.Node))
		n.listed, n.row = true, one
		switch one.Status {
		case "online":
			n.status = inventory.NodeOnline
		case "offline":
			r.offline(n)
		}
	}
	for _, member := range r.survey.status.Nodes {
		n := r.node(member.Name)
		n.listed, n.address = true, member.Address
		if !member.Online {
			r.offline(n)
		}
	}
	for _, n := range r.nodes {
		if len(r.scope.Guests) > 0 {
			n.skip = errNotAsked
			continue
		}
		n.wanted = true
	}
	total := 0
	for _, one := range r.survey.rows.guests {
		g := newGuestRun(one)
		r.guests = append(r.guests, g)
		if !r.scope.HasGuest(r.source.name, g.guest.ID) {
			g.unread = errNotAsked
			continue
		}
		total++
		r.node(g.guest.Node).add(g)
	}
	r.whole.wanted = len(r.scope.Guests) == 0 || total > 0
	r.progress = progress{ctx: r.ctx, total: total}
}

// node returns the node of that name.
func (r *run) node(name string) *nodeRun {
	n := r.nodes[name]
	if n == nil {
		n = newNodeRun(r, name)
		r.nodes[name] = n
	}
	return n
}

func (r *run) offline(n *nodeRun) {
	n.status = inventory.NodeOffline
	why := fmt.Errorf("node %s is offline: start it, or mend its network, to have it read", n.name)
	n.reads.close(why)
	n.protected.close(why)
}

// pass reads all that waits, on all nodes beside each other.
func (r *run) pass() {
	var group stdsync.WaitGroup
	r.whole.start(&group)
	for _, name := range slices.Sorted(maps.Keys(r.nodes)) {
		r.nodes[name].start(&group)
	}
	group.Wait()
}

// follow finds the guests that went to another node between the list and their configuration: the list is read once
// more, for all of them. Who is no longer in it is gone.
func (r *run) follow() {
	var moved []*guestRun
	for _, g := range r.guests {
		if g.moved {
			moved = append(moved, g)
		}
	}
	if len(moved) == 0 || r.ctx.Err() != nil {
		return
	}
	list, err := r.source.gateway.resources(r.ctx, "/cluster/resources?type=vm")
	if r.endsBy(err) {
		return
	}
	for _, g := range moved {
		i, found := slices.BinarySearchFunc(list.guests, g.row.VMID, func(one row, id number) int { return cmp.Compare(one.VMID, id) })
		switch {
		case found:
			g.reset(list.guests[i])
			r.node(g.guest.Node).add(g)
		case err != nil || list.lost:
			g.unread = fmt.Errorf("it is no longer on node %s, and where it went could not be read: the next run looks again", g.guest.Node)
		default:
			g.gone = true
		}
	}
	r.pass()
	for _, g := range moved {
		if g.moved {
			g.unread = cmp.Or(g.unread, errMoves)
			r.progress.step()
		}
	}
}

// progress tells how many guests have been read, at each percent.
type progress struct {
	ctx   context.Context
	total int

	mu   stdsync.Mutex
	done int
}

func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.done * 100 / p.total
	if p.done++; p.done*100/p.total > before {
		sync.Report(p.ctx, p.done, p.total)
	}
}
