package netboxsink

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// nodeUnit is a node with the device that stands for it.
type nodeUnit struct {
	source string
	node   *inventory.Node
	key    sync.Key
	was    *sync.Record // ours, or to be taken over
}

// devices adds the nodes.
func (m *mapping) devices(inventories []*inventory.Inventory) {
	names := newNaming(KindDevice)
	var units []*nodeUnit
	renamed := map[string]bool{} // devices that do not keep their name, by id
	for _, inv := range inventories {
		for i := range inv.Nodes {
			u := &nodeUnit{source: inv.Source, node: &inv.Nodes[i], key: deviceKey(inv.Source, inv.Nodes[i].Name)}
			if u.was = m.current[u.key]; u.was == nil {
				if u.was = m.deviceToTakeOver(inv.Source, u.node.Name); u.was != nil {
					m.takenOver[u.was] = true // two sources may have nodes of one name at one site
				}
			}
			if u.was != nil && !stays(u.was, u.base()) {
				renamed[u.was.ID] = true
			}
			units = append(units, u)
		}
	}
	names.keep(m.byKind[KindDevice], "site", renamed)
	for _, u := range units {
		m.device(u, names)
	}
}

func (u *nodeUnit) base() string { return clean(u.node.Name, 1000) }

func (m *mapping) device(u *nodeUnit, names *naming) {
	site := sync.Ref(m.sites[u.source])
	if reason := m.oddUnit(u.was); reason != "" {
		m.deviceSites[u.key] = u.was.Fields["site"].Value
		m.add(sync.Record{Key: u.key, Unit: u.key, Label: u.was.Label, Source: u.source, Skip: reason})
		return
	}
	place := site
	if u.was != nil {
		place = u.was.Fields["site"].Value
	}
	name := names.name(u.was, place, u.base())
	fields := map[string]sync.Field{
		"name":                     {Value: sync.String(name), Rule: sync.UntilEdited, Ours: []sync.Value{sync.String(u.base())}},
		"site":                     {Value: site, Rule: sync.UntilEdited},
		"cluster":                  {Value: sync.Ref(clusterKey(u.source))},
		"device_type":              m.untilEdited(sync.Key{Kind: KindDeviceType, Name: slugDeviceType}),
		"role":                     m.untilEdited(sync.Key{Kind: KindDeviceRole, Name: slugNodeRole}),
		"description":              ownText("Proxmox Node " + u.node.Name),
		"tags":                     {Value: m.withTag(u.was)},
		customPrefix + fieldSource: {Value: sync.String(u.source)},
	}
	if status := map[inventory.NodeStatus]string{
		inventory.NodeOnline: "active", inventory.NodeOffline: "offline",
	}[u.node.Status]; status != "" {
		fields["status"] = sync.Field{Value: sync.String(status)}
	}
	if platform := m.platform(u.node.Version); !platform.IsNull() {
		// The documented backend sets none.
		fields["platform"] = sync.Field{Value: platform, Rule: sync.UntilEdited, Ours: []sync.Value{{}}}
	}
	record := sync.Record{
		Key: u.key, Unit: u.key, Label: name, Source: u.source, Fields: fields,
		Claims: []sync.Claim{nameClaim(KindDevice, place, name, "")},
	}
	m.takeOver(&record, u.was)
	m.add(record)
	m.deviceSites[u.key] = siteToBe(site, u.was)
}

// siteToBe returns the site that a device will be in: the one that we last put it in may change, any other stays.
func siteToBe(site sync.Value, was *sync.Record) sync.Value {
	if was == nil {
		return site
	}
	current := was.Fields["site"].Value
	memory := sync.ParseMemory(was.Fields[sync.MemoryField].Value)
	if slices.Contains(memory.Last("", "site"), sync.String(current.Text())) {
		return site
	}
	return current
}

// takeOver makes the record take over an object that bears nobody's mark, and calls it as it is called.
func (m *mapping) takeOver(record *sync.Record, was *sync.Record) {
	if was == nil {
		return
	}
	if stays(was, record.Label) {
		record.Label = was.Label
	}
	if was.Key != record.Key {
		m.adopt(record, was)
	}
}

func (m *mapping) adopt(record, was *sync.Record) {
	m.takenOver[was] = true
	record.ID = was.ID
	record.Reason = "it bears the tag " + tagSlug + " and nobody's mark"
}

// untilEdited is a reference that a person may change for good.
func (m *mapping) untilEdited(key sync.Key) sync.Field {
	return sync.Field{Value: sync.Ref(key), Rule: sync.UntilEdited, Ours: []sync.Value{sync.Ref(key), {}}}
}

// ownText is a text that a person may change for good.
func ownText(s string) sync.Field {
	v := sync.String(clean(s, 200))
	return sync.Field{Value: v, Rule: sync.UntilEdited, Ours: []sync.Value{v, sync.String("")}}
}

// withTag returns an object's tags with ours among them; those of others stay.
func (m *mapping) withTag(was *sync.Record) sync.Value {
	if was == nil {
		return m.tags()
	}
	if isTagged(was) {
		return was.Fields["tags"].Value
	}
	return tagsValue(append(tagsOf(was.Fields["tags"].Value), m.tag()))
}

// deviceToTakeOver returns the device that the documented backend made for a node, if nobody marked it.
func (m *mapping) deviceToTakeOver(source, node string) *sync.Record {
	for _, r := range m.byKind[KindDevice] {
		if r.Source != "" || !strings.EqualFold(r.Fields["name"].Value.Text(), node) || !isTagged(r) ||
			!r.Fields[customPrefix+fieldSource].Value.IsEmpty() || m.takenOver[r] {
			continue
		}
		if r.Fields["cluster"].Value == sync.Ref(m.clusters[source]) || r.Fields["site"].Value == sync.Ref(m.sites[source]) {
			return r
		}
	}
	return nil
}
