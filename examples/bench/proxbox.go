package main

import (
	"context"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/sync"
)

// sourceName is what the cluster and its source are called.
const sourceName = "bench"

// flight is how many writes may be under way at once, of proxbox and of the floor. It is the engine's default.
const flight = 4

// readers is how many reads may be, the sink's default.
const readers = 2

// proxbox is what is measured.
type proxbox struct {
	who             string // as profiles call it
	engine          *sync.Engine
	netbox, proxmox meter
	cpu             cpuTime
}

// newProxbox returns one between the fake Proxmox VE and a NetBox.
func newProxbox(who string, c *child, netbox end, cpu cpuTime) (*proxbox, error) {
	p := &proxbox{who: who, cpu: cpu}
	source, err := proxmoxsrc.New(sourceName, []string{c.Proxmox}, &proxmoxsrc.Options{
		Token: c.Token, WrapTransport: p.proxmox.wrap,
		NodeReads: nodeReads, NodeProtectedReads: nodeProtectedReads, ClusterReads: clusterReads,
	})
	if err != nil {
		return nil, err
	}
	sink, err := netboxsink.New(netbox.url, netbox.token, &netboxsink.Options{WrapTransport: p.netbox.wrap})
	if err != nil {
		return nil, err
	}
	p.engine, err = sync.New(sink, []sync.Source{source}, &sync.Options{Flight: flight})
	return p, err
}

// run runs once. What fails is an error: the figures of a run that did not do all would look too good.
func (p *proxbox) run(ctx context.Context, name string) (measure, error) {
	p.netbox.reset()
	p.proxmox.reset()
	var seen phases
	m, err := costs(ctx, p.cpu, p.who, name, func(ctx context.Context) error {
		_, err := p.engine.Run(ctx, &sync.RunOptions{Observe: seen.observe})
		return err
	})
	m.Phases, m.ProxmoxRead, m.Written = seen.list, seen.proxmox, seen.written
	m.NetBox, m.Proxmox = p.netbox.traffic(), p.proxmox.traffic()
	return m, err
}
