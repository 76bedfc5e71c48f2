package netboxsink

import (
	"cmp"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// nodeUnit is a node with the device that stands for it.
type nodeUnit struct {
	unit
	node       *inventory.Node
	placedSite placed
	location   placed
	placed     *unitPlacement
	skip       string // why it is left as it is
}

// devices adds the nodes and their network, and then the clusters that they are in.
func (m *mapping) devices(inventories []*inventory.Inventory) []*unit {
	names := newNaming(KindDevice)
	var nodes []*nodeUnit
	renamed := map[string]bool{} // devices that do not keep their name, by id
	for _, inv := range inventories {
		for i := range inv.Nodes {
			u := m.node(inv, &inv.Nodes[i])
			if u.was != nil && u.skip == "" && (m.leavesSite(u) || !stays(&u.unit, u.base())) {
				renamed[u.was.ID] = true
			}
			nodes = append(nodes, u)
		}
	}
	for _, inv := range inventories {
		m.cluster(inv)
	}
	names.keep(m.byKind[KindDevice], "site", renamed)
	units := make([]*unit, len(nodes))
	for i, u := range nodes {
		if m.device(u, names) {
			m.nodeNetwork(u)
		}
		units[i] = &u.unit
	}
	return units
}

// node finds the device that stands for a node, and where it is.
func (m *mapping) node(inv *inventory.Inventory, node *inventory.Node) *nodeUnit {
	u := &nodeUnit{node: node, unit: unit{
		inv: inv, family: familyOf(KindDevice), key: deviceKey(inv.Source, node.Name), label: inv.Source + " " + node.Name,
		place: subject{source: inv.Source, cluster: inv.Cluster.Name, node: node.Name},
	}}
	u.placedSite = m.place(KindSite, u.place, sync.Value{})
	u.site = u.placedSite.value
	if !u.placedSite.said {
		u.site, u.placedSite.rule = sync.Ref(m.sites[inv.Source]), "the site of the cluster"
	}
	if u.was = m.current[u.key]; u.was == nil {
		if u.was = m.deviceToTakeOver(u); u.was != nil {
			m.takenOver[u.was] = true // two sources may have nodes of one name at one site
		}
	}
	u.remember()
	u.location = m.place(KindLocation, u.place, u.site)
	u.placed = m.placeUnit(u.place)
	u.skip = cmp.Or(m.oddUnit(u.was), missingOf(u.placedSite, u.location), u.placed.missing())
	m.deviceSites[u.key] = u.siteToBe(u.site)
	if u.skip != "" && u.was != nil {
		m.deviceSites[u.key] = u.was.Fields.Value("site") // with the guests on it
	}
	return u
}

func (u *nodeUnit) base() string { return clean(u.node.Name, 1000) }

// siteToBe returns the site that a device will be in: the one that we last put it in may change, any other stays.
func (u *unit) siteToBe(site sync.Value) sync.Value {
	if u.was == nil {
		return site
	}
	current := u.was.Fields.Value("site")
	if slices.Contains(u.memory.Last("", "site"), sync.String(current.Text())) {
		return site
	}
	return current
}

// leavesSite tells whether the device will be in another site than it is in, where others may have its name.
func (m *mapping) leavesSite(u *nodeUnit) bool {
	return u.was != nil && m.deviceSites[u.key] != u.was.Fields.Value("site")
}

// device adds the device of a node, and tells whether what hangs on it is to be added too.
func (m *mapping) device(u *nodeUnit, names *naming) bool {
	record := sync.Record{Key: u.key, Unit: u.key, Source: u.inv.Source, Skip: u.skip}
	if u.skip != "" {
		record.Label = u.base()
		if m.oddUnit(u.was) != "" {
			record.Label = u.was.Label
		}
		m.add(record)
		return false
	}
	place := m.deviceSites[u.key]
	name := ""
	if m.leavesSite(u) {
		name = names.give(place, u.base(), u.inv.Source)
	} else {
		name = names.name(&u.unit, place, u.base())
	}
	record.Label, record.Claims = name, []sync.Claim{nameClaim(KindDevice, place, name, "")}
	record.Fields = m.deviceFields(u, name)
	u.location.settle(&record.Fields, "location")
	u.placed.settle(&record.Fields)
	u.vrf = u.placed.vrf
	m.takeOver(&record, &u.unit)
	m.add(record)
	return true
}

// deviceFields returns what is known of the node itself.
func (m *mapping) deviceFields(u *nodeUnit, name string) sync.Fields {
	fields := sync.NewFields(map[string]sync.Field{
		"name": {
			Value: sync.String(name), From: "the name of the node", Rule: sync.UntilEdited, Ours: []sync.Value{sync.String(u.base())},
		},
		"site":                     {Value: m.useSite(u.site), From: u.placedSite.rule, Rule: sync.UntilEdited},
		"cluster":                  from("the cluster of the source", sync.Ref(clusterKey(u.inv.Source))),
		"device_type":              untilEdited("the same for all nodes", sync.Ref(sync.Key{Kind: KindDeviceType, Name: slugDeviceType})),
		"role":                     untilEdited("the same for all nodes", sync.Ref(sync.Key{Kind: KindDeviceRole, Name: slugNodeRole})),
		"description":              ownText("the name of the node", "Proxmox Node "+u.node.Name),
		"tags":                     from("what others put there, and ours", m.withTag(u.was)),
		customPrefix + fieldSource: from("the name of the source", sync.String(u.inv.Source)),
	})
	if u.was != nil && !u.was.Fields.Value(customPrefix+fieldGone).IsNull() {
		fields.Set(customPrefix+fieldGone, from("the node is there again", sync.Value{}))
	}
	if status := map[inventory.NodeStatus]string{
		inventory.NodeOnline: "active", inventory.NodeOffline: "offline",
	}[u.node.Status]; status != "" {
		fields.Set("status", from("the state of the node", sync.String(status)))
	}
	if platform := m.platform(u.node.Version); !platform.IsNull() {
		fields.Set("platform", untilEdited("the node's release", platform))
	}
	if u.node.CPUs > 0 {
		fields.Set(customPrefix+fieldNodeCPUs, from("the node's threads", sync.Int(int64(u.node.CPUs))))
	}
	if u.node.Memory > 0 {
		fields.Set(customPrefix+fieldNodeMemory, from("the node's memory", sync.Int(mebibytes(u.node.Memory))))
	}
	if model := clean(u.node.CPUModel, 200); model != "" {
		fields.Set(customPrefix+fieldNodeCPUModel, from("the node's processor", sync.String(model)))
	}
	return fields
}

// platform adds the platform of a node's release: "Proxmox VE 9.1".
func (m *mapping) platform(version string) sync.Value {
	name := releaseName(version)
	if name == "" {
		return sync.Value{}
	}
	return m.platformNamed(name)
}

// releaseName returns what a node's release is called without its patch level, which Proxmox VE 7 sets off by a dash:
// "7.4-20" is "Proxmox VE 7.4".
func releaseName(version string) string {
	version, _, _ = strings.Cut(version, "-")
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "Proxmox VE " + parts[0] + "." + parts[1]
}

// platformNamed adds the platform of that name.
func (m *mapping) platformNamed(name string) sync.Value {
	name = clean(name, 100)
	key := slug(name)
	return m.share(KindPlatform, key, name, map[string]sync.Value{
		"name": sync.String(name), "slug": sync.String(key), "tags": m.tags(),
	})
}
