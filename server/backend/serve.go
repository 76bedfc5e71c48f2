package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
)

var (
	_ server.Backend       = (*Backend)(nil)
	_ server.NetBoxLocator = (*Backend)(nil)
	_ server.ClusterLister = (*Backend)(nil)
)

// Backend runs and answers between the NetBox and the clusters of a [Config] and those that the plugin pushes. It is safe
// for concurrent use.
type Backend struct {
	options  Options
	mapping  netboxsink.Mapping
	url      string           // of the NetBox of the Config, empty if it names none
	sink     *netboxsink.Sink // of the Config, nil if it names none
	clusters []cluster        // of the Config

	mu      stdsync.Mutex // guards what is made of pushed rows: it is kept as long as a row does not change
	sinks   map[NetBox]*netboxsink.Sink
	sources map[login]*proxmoxsrc.Source
}

// login is what a source is made of that stands for a pushed row.
type login struct {
	name, url, token, username, password string
	insecure                             bool
}

// kept is how many ends of pushed rows are kept at most: each may hold a login.
const kept = 64

// Serve returns the backend of a server. The configuration may name no NetBox, no cluster or neither: what is missing is
// for the plugin to push. Nothing is sent yet. What is wrong with the configuration is one or more joined
// [*ConfigError]s.
func Serve(c Config, o *Options) (*Backend, error) {
	if o == nil {
		o = &Options{}
	}
	b := &Backend{options: *o, mapping: c.Mapping, url: c.NetBox.URL, sinks: map[NetBox]*netboxsink.Sink{}, sources: map[login]*proxmoxsrc.Source{}}
	var problems []error
	if c.NetBox != (NetBox{}) {
		b.sink, problems = c.sink(o)
	}
	sources, wrong := c.sources(o)
	if problems = append(problems, wrong...); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	for i, p := range c.Proxmox {
		b.clusters = append(b.clusters, cluster{name: p.Name, own: sources[i], addresses: addresses(p.URLs), user: p.user(), enabled: true})
	}
	return b, nil
}

// NetBoxURL implements [server.NetBoxLocator].
func (b *Backend) NetBoxURL() string { return b.url }

// Open implements [server.Backend].
func (b *Backend) Open(rows server.Endpoints) (server.Runner, error) {
	sink, err := b.netBox(rows)
	if err != nil {
		return nil, err
	}
	var sources []sync.Source
	for _, c := range b.merged(rows) {
		if !c.enabled {
			continue
		}
		source, err := b.source(c)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	if len(sources) == 0 {
		return nil, errors.New("no Proxmox VE cluster is known: save a Proxmox endpoint in NetBox, or name one in the configuration")
	}
	return newEngine(sink, sources, &b.options)
}

// Source implements [server.Backend].
func (b *Backend) Source(rows server.Endpoints, row server.ProxmoxEndpoint) string {
	if c := b.clusterOf(rows, row); c != nil {
		return c.name
	}
	return ""
}

// Ask implements [server.Backend].
func (b *Backend) Ask(rows server.Endpoints, row server.ProxmoxEndpoint) (server.Questions, error) {
	c := b.clusterOf(rows, row)
	if c == nil {
		return nil, fmt.Errorf("the endpoint %s is not known any more", row.Name)
	}
	source, err := b.source(*c)
	if err != nil {
		return nil, err
	}
	return questions{source}, nil
}

// Clusters implements [server.ClusterLister].
func (b *Backend) Clusters(rows server.Endpoints) []server.Cluster {
	var all []server.Cluster
	for _, c := range b.merged(rows) {
		if !c.enabled {
			continue
		}
		listed := server.Cluster{Source: c.name}
		if source, err := b.source(c); err != nil {
			listed.Err = err
		} else {
			listed.Questions = questions{source}
		}
		all = append(all, listed)
	}
	return all
}

// NetBoxStatus implements [server.Backend].
func (b *Backend) NetBoxStatus(ctx context.Context, rows server.Endpoints) (json.RawMessage, error) {
	sink, err := b.netBox(rows)
	if err != nil {
		return nil, err
	}
	return sink.Status(ctx)
}

// Guest implements [server.Backend].
func (b *Backend) Guest(ctx context.Context, rows server.Endpoints, virtualMachine int64) (sync.GuestRef, error) {
	sink, err := b.netBox(rows)
	if err != nil {
		return sync.GuestRef{}, err
	}
	return sink.Guest(ctx, virtualMachine)
}

// netBox returns the NetBox that is written to: that of the configuration, else the pushed one.
func (b *Backend) netBox(rows server.Endpoints) (*netboxsink.Sink, error) {
	row := rows.NetBox
	switch {
	case b.sink != nil:
		return b.sink, nil
	case row == nil:
		return nil, errors.New("no NetBox is known: save the NetBox endpoint in NetBox, or name one in the configuration")
	case !row.Enabled:
		return nil, fmt.Errorf("the NetBox endpoint %s is switched off: enable it in NetBox", row.Name)
	}
	n := NetBox{URL: row.URL(), Token: row.FullToken().Reveal(), Insecure: !row.VerifySSL}
	b.mu.Lock()
	defer b.mu.Unlock()
	if sink, ok := b.sinks[n]; ok {
		return sink, nil
	}
	sink, err := newSink(n, b.mapping, &b.options)
	if err != nil {
		return nil, fmt.Errorf("the NetBox endpoint %s: %w", row.Name, err)
	}
	if len(b.sinks) >= kept {
		clear(b.sinks)
	}
	b.sinks[n] = sink
	return sink, nil
}

// source returns what reads a cluster.
func (b *Backend) source(c cluster) (*proxmoxsrc.Source, error) {
	if c.own != nil {
		return c.own, nil
	}
	l := loginOf(c)
	b.mu.Lock()
	defer b.mu.Unlock()
	if source, ok := b.sources[l]; ok {
		return source, nil
	}
	source, err := newSource(Proxmox{
		Name: l.name, URLs: []string{l.url}, Token: l.token, Username: l.username, Password: l.password, Insecure: l.insecure,
	}, &b.options)
	if err != nil {
		return nil, fmt.Errorf("the Proxmox endpoint %s: %w", c.row.Name, err)
	}
	if len(b.sources) >= kept {
		clear(b.sources)
	}
	b.sources[l] = source
	return source, nil
}
