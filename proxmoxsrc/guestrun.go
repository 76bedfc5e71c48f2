package proxmoxsrc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// guestRun is a guest in a run. It is in the hands of one goroutine at a time.
type guestRun struct {
	row    row
	node   *nodeRun
	guest  inventory.Guest
	config config
	// unread is why there is no configuration, silent why there are no addresses.
	unread, silent error
	moved          bool // it was not on the node that the list names
	gone           bool
	surplus        int  // addresses beyond the limit
	blamed         bool // silent is for the node, as an earlier run found

	at, askedAt time.Time // when configuration and addresses were asked for
	// known is what was known of the guest before, while its row was the same. keepsConfig and keepsTold tell what the run
	// takes from there.
	known                  *guestMemory
	keepsConfig, keepsTold bool
	told                   *told // what it said in this run or an earlier one
}

func newGuestRun(one row) *guestRun { return &guestRun{row: one, guest: one.guest()} }

// reset prepares to read the guest again, by a newer row.
func (g *guestRun) reset(one row) { *g = *newGuestRun(one) }

func (g *guestRun) path(rest string) string {
	return g.node.path("/" + string(g.guest.Kind) + "/" + strconv.Itoa(g.guest.ID) + rest)
}

// readConfig reads the configuration, and hands the guest on if its addresses are to be asked for.
func (g *guestRun) readConfig(protected chan<- *guestRun) {
	switch err := g.takeConfig(); {
	case causeOf(err) == CauseNoGuest:
		g.moved = true
	case err != nil:
		g.unread = err
	default:
		g.config.fill(&g.guest, g.row.MaxCPU)
		if g.asksForAddresses() && !g.takeTold() {
			protected <- g
			return
		}
	}
	g.done()
}

// done tells that the guest is read, as far as it can be there.
func (g *guestRun) done() {
	g.node.left.Add(-1)
	if !g.moved {
		g.node.run.progress.step()
	}
}

func (g *guestRun) takeConfig() error {
	if g.keepsConfig {
		g.config, g.at = g.known.config, g.known.at
		return nil
	}
	g.at = time.Now()
	path := g.path("/config")
	raw, err := g.node.ask(g.node.run.ctx, g.node.reads, path+"?current=1")
	if err != nil {
		return err
	}
	return g.node.run.source.gateway.decode(raw, path, &g.config)
}

// asksForAddresses tells whether the guest, or its host, is to be asked for the addresses. If not, what the configuration
// says is set, or the reason why nothing is known.
func (g *guestRun) asksForAddresses() bool {
	running := g.row.Status == "running"
	switch {
	case g.guest.Template:
		return false
	case g.guest.Kind == inventory.QEMU && !g.guest.Agent:
		g.config.setStatic(&g.guest)
		return false
	case g.row.Status == "unknown" || g.row.Status == "":
		g.silent = errors.New("its node does not tell whether it runs: look at pvestatd there")
		return false
	case g.guest.Kind == inventory.QEMU && !running:
		g.silent = fmt.Errorf("its guest agent cannot be asked while its status is %s", g.row.Status)
		return false
	case g.guest.Kind == inventory.LXC && !running:
		g.setStopped()
		return false
	}
	return true
}

// setStopped gives a container that does not run the addresses of its configuration. Those that it gets from elsewhere
// are unknown until it runs.
func (g *guestRun) setStopped() {
	g.config.setStatic(&g.guest)
	if g.config.leavesOpen(&g.guest) {
		g.silent = errors.New("it does not run, so the addresses that its configuration does not say are unknown")
	}
}

// readAddresses asks for the addresses of a guest that runs.
func (g *guestRun) readAddresses() {
	defer g.done()
	g.askedAt = time.Now()
	var err error
	if g.guest.Kind == inventory.QEMU {
		err = g.askAgent()
	} else {
		err = g.askHost()
	}
	if causeOf(err) == CauseNoGuest {
		g.moved = true
		return
	}
	g.silent = err
}

// askAgent asks the guest agent of a virtual machine.
func (g *guestRun) askAgent() error {
	run := g.node.run
	if refused := run.noAgent.Load(); refused != nil {
		return refused
	}
	raw, err := g.node.ask(run.ctx, g.node.protected, g.path("/agent/network-get-interfaces"))
	if err != nil {
		run.giveUpAgents(err)
		return agentProblem(err)
	}
	found := newAddressBook(g.guest.NICs)
	if err := found.readAgent(raw); err != nil {
		return err
	}
	g.take(found, inventory.OriginAgent)
	if !run.source.options.NoSystemInfo {
		g.askSystem()
	}
	return nil
}

// giveUpAgents notes that asking any agent is in vain: the privilege that was missing is held nowhere. Where it is held for
// other guests they are all asked: what is known must not depend on who comes first.
func (r *run) giveUpAgents(err error) {
	refused, ok := as[*StatusError](err)
	if !ok || refused.Cause() != CausePrivilege {
		return
	}
	if privilege, _, ok := refused.Missing(); ok && !r.survey.rights.anywhere(privilege) {
		r.noAgent.CompareAndSwap(nil, refused)
	}
}

// askSystem asks the agent, which has just answered, for the operating system. That an old agent does not know it, or
// one too busy does not say it, is not worth a word or another try.
func (g *guestRun) askSystem() {
	raw, err := g.node.try(g.node.run.ctx, g.node.protected, g.path("/agent/get-osinfo"))
	if err == nil {
		g.guest.OS = parseSystem(raw)
	}
}

// agentProblem says what Proxmox VE says of an agent, in terms of what to do.
func agentProblem(err error) error {
	refused, ok := as[*StatusError](err)
	if !ok {
		return err
	}
	switch said := refused.text(); {
	case strings.Contains(said, "agent is not running"):
		return agentError("its guest agent does not answer: check that qemu-guest-agent runs in the guest")
	case strings.Contains(said, "got timeout"):
		return agentError("its guest agent does not answer in time: check what it does in the guest")
	case strings.Contains(said, "not running"):
		return agentError("it does not run any more, so its guest agent cannot be asked")
	}
	return err
}

// askHost asks the host of a container for the addresses in it.
func (g *guestRun) askHost() error {
	if g.node.noInterfaces.Load() {
		g.config.setStatic(&g.guest)
		return nil
	}
	raw, err := g.node.ask(g.node.run.ctx, g.node.protected, g.path("/interfaces"))
	switch {
	case causeOf(err) == CauseNotImplemented:
		g.node.noInterfaces.Store(true)
		g.config.setStatic(&g.guest)
		return nil
	case err != nil:
		return err
	case raw == nil: // most likely it has stopped since the list was read
		g.config.setStatic(&g.guest)
		return errors.New("its host cannot look into it any more: the next run looks again")
	}
	found := newAddressBook(g.guest.NICs)
	if err := found.readList(raw); err != nil {
		return fmt.Errorf("the list of its interfaces is not of the form that Proxmox VE sends: %w", err)
	}
	g.take(found, inventory.OriginContainer)
	return nil
}

func (g *guestRun) take(found *addressBook, origin inventory.Origin) {
	g.config.setFound(&g.guest, found, origin)
	g.surplus = found.surplus
}
