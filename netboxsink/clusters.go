package netboxsink

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// findClusters finds in what cluster and site the units of each source are, or will be.
func (m *mapping) findClusters(inventories []*inventory.Inventory) {
	taken := map[string]bool{} // names of clusters that stand for another source
	for _, r := range m.byKind[KindCluster] {
		taken[r.Fields.Value("name").Text()] = true
	}
	for _, inv := range inventories {
		was := m.clusterOf(inv)
		name := clusterName(inv)
		if was != nil {
			m.takenOver[was] = true
			m.clusters[inv.Source] = was.Key
		} else {
			m.clusters[inv.Source] = clusterKey(inv.Source)
			for i := 0; taken[name]; i++ {
				name = markedName(clusterName(inv), inv.Source, i, 100)
			}
			taken[name] = true
			m.clusterNames[inv.Source] = name
		}
		m.sites[inv.Source] = m.siteOf(inv, name, was)
	}
}

// clusterOf returns the cluster that stands for a source: ours, or one to be taken over; nil for none.
func (m *mapping) clusterOf(inv *inventory.Inventory) *sync.Record {
	if was := m.current[clusterKey(inv.Source)]; was != nil {
		return was
	}
	return m.clusterToTakeOver(clusterName(inv))
}

func clusterName(inv *inventory.Inventory) string {
	if name := clean(inv.Cluster.Name, 100); name != "" {
		return name
	}
	return clean(inv.Source, 100)
}

// clusterToTakeOver returns the cluster of that name that nobody marked.
func (m *mapping) clusterToTakeOver(name string) *sync.Record {
	for _, r := range m.byKind[KindCluster] {
		if r.Fields.Value("name").Text() == name && m.adoptable(r) {
			return r
		}
	}
	return nil
}

// inOddCluster tells whether it is not understood what NetBox has of the source's cluster: nothing of the source is
// touched then.
func (m *mapping) inOddCluster(inv *inventory.Inventory) bool {
	was := m.clusterOf(inv)
	reason := oddReason(was)
	if reason == "" {
		return false
	}
	m.hold(sync.Hold{Source: inv.Source, Reason: reason})
	m.add(sync.Record{Key: clusterKey(inv.Source), Label: was.Label, Source: inv.Source, Skip: reason})
	return true
}

// cluster adds a source's cluster and its type.
func (m *mapping) cluster(inv *inventory.Inventory) {
	key := clusterKey(inv.Source)
	was := m.current[m.clusters[inv.Source]]
	mark := from("the name of the source", sync.String(inv.Source))
	if was != nil {
		record := sync.Record{Key: key, Label: was.Label, Source: inv.Source, Fields: sync.NewFields(map[string]sync.Field{customPrefix + fieldSource: mark})}
		if was.Key != key {
			m.adopt(&record, was)
		}
		if site := was.Fields.Value("site"); !site.IsNull() && !m.allIn(inv, site) {
			record.Fields.Set("site", from("its nodes are in other sites, which NetBox lets none of a cluster with a site", sync.Value{}))
		}
		m.add(record)
		return
	}
	mode, typeName := "cluster", "Cluster"
	if inv.Cluster.Standalone {
		mode, typeName = "standalone", "Standalone"
	}
	clusterType := m.share(KindClusterType, mode, typeName, map[string]sync.Value{
		"name": sync.String(typeName), "slug": sync.String(mode),
		"description": sync.String("Proxmox " + mode + " mode"), "tags": m.tags(),
	})
	once := func(source string, v sync.Value) sync.Field {
		return sync.Field{Value: v, From: source, Rule: sync.CreateOnly}
	}
	record := sync.Record{Key: key, Label: m.clusterNames[inv.Source], Source: inv.Source, Fields: sync.NewFields(map[string]sync.Field{
		"name":                     once("the name of the cluster", sync.String(m.clusterNames[inv.Source])),
		"type":                     once("a cluster or a standalone node", clusterType),
		"description":              once("", sync.String("Proxmox "+mode+" cluster.")),
		"tags":                     once("", m.tags()),
		customPrefix + fieldSource: mark,
	})}
	tenant := m.place(KindTenant, subject{source: inv.Source, cluster: inv.Cluster.Name}, sync.Value{})
	record.Skip = tenant.missing
	if tenant.said {
		record.Fields.Set("tenant", once(tenant.rule, tenant.value))
	}
	if site := m.commonSite(inv); !site.IsNull() {
		record.Fields.Set("site", once("the site of all its nodes", site))
	}
	m.add(record)
}

// allIn tells whether all nodes of a source are, or will be, in the site.
func (m *mapping) allIn(inv *inventory.Inventory, site sync.Value) bool {
	return !slices.ContainsFunc(inv.Nodes, func(n inventory.Node) bool { return m.deviceSites[deviceKey(inv.Source, n.Name)] != site })
}

// commonSite returns the site of all nodes of a source; null if they are in several.
func (m *mapping) commonSite(inv *inventory.Inventory) sync.Value {
	site := sync.Ref(m.sites[inv.Source])
	if len(inv.Nodes) > 0 {
		site = m.deviceSites[deviceKey(inv.Source, inv.Nodes[0].Name)]
	}
	if !m.allIn(inv, site) {
		return sync.Value{}
	}
	return site
}

// siteOf returns the site of a source's nodes where no rule says another: that which the cluster is scoped to, else
// that in which we put its nodes before, else a default one.
func (m *mapping) siteOf(inv *inventory.Inventory, cluster string, was *sync.Record) sync.Key {
	if was != nil {
		for _, key := range was.Fields.Value("site").Keys() {
			return key
		}
		for _, r := range m.byKind[KindDevice] {
			if r.Source != inv.Source {
				continue
			}
			last := sync.ParseMemory(r.Fields.Value(sync.MemoryField)).Last("", "site")
			key := sync.Key{Kind: KindSite}
			if len(last) == 1 {
				key.Name = last[0].Text()
			}
			node := strings.TrimPrefix(r.Key.Name, inv.Source+"/")
			ruled := m.place(KindSite, subject{source: inv.Source, cluster: inv.Cluster.Name, node: node}, sync.Value{}).said
			if !ruled && m.current[key] != nil {
				return key
			}
		}
	}
	_, key := defaultSite(cluster)
	m.defaultSites[key] = cluster
	return sync.Key{Kind: KindSite, Name: key}
}

// useSite adds the site that a node is in, if it is a default one.
func (m *mapping) useSite(site sync.Value) sync.Value {
	for _, key := range site.Keys() {
		cluster, ok := m.defaultSites[key.Name]
		if !ok {
			continue
		}
		name, slug := defaultSite(cluster)
		m.share(KindSite, slug, name, map[string]sync.Value{
			"name": sync.String(name), "slug": sync.String(slug), "status": sync.String("active"), "tags": m.tags(),
		})
	}
	return site
}
