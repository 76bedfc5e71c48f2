package proxmoxsrc

import (
	"encoding/json"
	"math"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// clusterRun is what the cluster is asked in a run beside its nodes and guests. A run can do without it: what cannot be
// read is missing, and told.
type clusterRun struct {
	run      *run
	wanted   bool             // it is still to be read
	at       time.Time        // when it was
	recalled *clusterMemory   // taken from the memory instead
	vnets    []inventory.VNet // nil as long as it is not known which there are
	dropped  []string
	noVNets  error // why there are no virtual networks
	colors   map[string]string
	noStyle  error // why there are no colours
}

// start begins to read.
func (c *clusterRun) start(group *stdsync.WaitGroup) {
	if c.wanted {
		c.wanted, c.at = false, time.Now()
		group.Go(c.readVNets)
		group.Go(c.readColors)
	}
}

// beforeAllNodes is the urgency of what the cluster itself tells; that of a node is how many guests it has left to read: it
// answers few at once, and one that is slow must not come last.
func beforeAllNodes() int64 { return math.MaxInt64 }

// ask reads a path that the entry node answers itself, in one of the run's places.
func (c *clusterRun) ask(path string) (json.RawMessage, error) {
	if err := c.run.places.Take(c.run.ctx, beforeAllNodes); err != nil {
		return nil, err
	}
	defer c.run.places.Leave()
	gateway := c.run.source.gateway
	raw, err := gateway.get(c.run.ctx, path, gateway.clusterTime)
	c.run.endsBy(err)
	return raw, err
}

// readVNets also asks for the zones if there are virtual networks: without them nothing tells a VLAN from a VXLAN.
func (c *clusterRun) readVNets() {
	const vnets, zones = "/cluster/sdn/vnets", "/cluster/sdn/zones"
	gateway := c.run.source.gateway
	raw, err := c.ask(vnets)
	if causeOf(err) == CauseNotImplemented { // a release without them
		c.vnets = []inventory.VNet{}
		return
	}
	var list []vnet
	if err == nil {
		if list, c.dropped, err = parseVNets(raw); err != nil {
			err = gateway.spoiled(vnets, err.Error())
		}
	}
	var types map[string]string
	if len(list) > 0 {
		if raw, err = c.ask(zones); err == nil {
			if types, err = parseZones(raw); err != nil {
				err = gateway.spoiled(zones, err.Error())
			}
		}
	}
	if c.noVNets = err; err != nil {
		return
	}
	if !c.run.survey.rights.below("/sdn", "SDN.Audit") {
		return // some may be missing, and nothing tells
	}
	c.vnets = make([]inventory.VNet, 0, len(list))
	for _, one := range list {
		c.vnets = append(c.vnets, one.translated(types))
	}
}

// readColors reads the colours of tags. They are an ornament: a credential that may not read them does without.
func (c *clusterRun) readColors() {
	const path = "/cluster/options"
	raw, err := c.ask(path)
	if causeOf(err) == CausePrivilege || causeOf(err) == CauseNotImplemented {
		return
	}
	var options struct {
		TagStyle json.RawMessage `json:"tag-style"`
	}
	if err == nil {
		err = c.run.source.gateway.decode(raw, path, &options)
	}
	c.noStyle = err
	c.colors = parseTagStyle(options.TagStyle)
}

func (c *clusterRun) assemble(inv *inventory.Inventory) {
	inv.VNets, inv.TagColors = c.vnets, c.colors
	inv.Dropped = append(inv.Dropped, c.dropped...)
	if c.noVNets != nil {
		inv.Dropped = append(inv.Dropped, "the virtual networks cannot be read: "+c.noVNets.Error())
	}
	if c.noStyle != nil {
		inv.Dropped = append(inv.Dropped, "the colours of tags cannot be read: "+c.noStyle.Error())
	}
}
