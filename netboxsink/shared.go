package netboxsink

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Names, slugs, colours and texts of shared objects are those of the documented backend (proxbox-api 0.0.3).

const (
	slugManufacturer = "proxmox"
	slugDeviceType   = "proxmox-generic-device"
	slugNodeRole     = "proxmox-node"
)

// tag returns our tag, by the name that it has by now: NetBox finds it by that and its slug.
func (m *mapping) tag() tagBrief {
	t := tagBrief{Name: "Proxbox", Slug: tagSlug}
	if was := m.current[sync.Key{Kind: KindTag, Name: tagSlug}]; was != nil {
		t.Name = was.Label
	}
	return t
}

// tags returns a list of our tag alone.
func (m *mapping) tags() sync.Value { return tagsValue([]tagBrief{m.tag()}) }

// guestKind is what a kind of guest is called in NetBox.
type guestKind struct {
	word               string // the value of proxmox_vm_type
	roleSlug, roleName string
	roleColor          string
	typeSlug, typeName string
}

func kindOf(k inventory.GuestKind) guestKind {
	if k == inventory.LXC {
		return guestKind{"lxc", "container-lxc", "Container (LXC)", "7fffd4", "lxc-container", "LXC Container"}
	}
	return guestKind{"qemu", "virtual-machine-qemu", "Virtual Machine (QEMU)", "00ffff", "qemu-virtual-machine", "QEMU Virtual Machine"}
}

// customField describes one of our custom fields.
type customField struct {
	name, label, kind string
	models            []string
	visible           string
	exact             bool
}

var machineModel = []string{"virtualization.virtualmachine"}

// customFields returns the custom fields. They get no default: NetBox would write it into every row.
func ourCustomFields() []customField {
	marked := []string{"dcim.device", "virtualization.cluster", "virtualization.virtualmachine"}
	return []customField{
		{fieldID, "VM ID", "integer", machineModel, "always", false},
		{fieldType, "VM Type", "text", machineModel, "if-set", true},
		{fieldStartAtBoot, "Start at Boot", "boolean", machineModel, "always", false},
		{fieldUnprivileged, "Unprivileged Container", "boolean", machineModel, "if-set", false},
		{fieldAgent, "QEMU Guest Agent", "boolean", machineModel, "if-set", false},
		{fieldSearchDomain, "Search Domain", "text", machineModel, "if-set", false},
		{fieldSource, "Proxbox Source", "text", marked, "if-set", true},
		{fieldUUID, "SMBIOS UUID", "text", machineModel, "if-set", true},
		{fieldMemory, "Proxbox Memory", "json", marked, "hidden", false},
	}
}

// standing adds the shared objects that every estate needs.
func (m *mapping) standing() {
	tags := m.tags()
	m.share(KindTag, tagSlug, m.tag().Name, map[string]sync.Value{
		"name": sync.String(m.tag().Name), "slug": sync.String(tagSlug), "color": sync.String("ff5722"),
		"description": sync.String("Proxbox Identifier (used to identify the items the plugin created)"),
	})
	for _, f := range ourCustomFields() {
		filter := "loose"
		if f.exact {
			filter = "exact" // of a loose field a filter takes what merely contains the value
		}
		m.share(KindCustomField, f.name, f.name, map[string]sync.Value{
			"name": sync.String(f.name), "label": sync.String(f.label), "type": sync.String(f.kind),
			"object_types": sync.Strings(f.models...), "group_name": sync.String("Proxmox"),
			"ui_visible": sync.String(f.visible), "ui_editable": sync.String("hidden"), "filter_logic": sync.String(filter),
		})
	}
	manufacturer := m.share(KindManufacturer, slugManufacturer, "Proxmox", map[string]sync.Value{
		"name": sync.String("Proxmox"), "slug": sync.String(slugManufacturer), "tags": tags,
	})
	m.share(KindDeviceType, slugDeviceType, "Proxmox Generic Device", map[string]sync.Value{
		"manufacturer": manufacturer, "model": sync.String("Proxmox Generic Device"), "slug": sync.String(slugDeviceType), "tags": tags,
	})
	m.role(slugNodeRole, "Proxmox Node", "00bcd4", false)
	for _, kind := range []inventory.GuestKind{inventory.QEMU, inventory.LXC} {
		k := kindOf(kind)
		m.role(k.roleSlug, k.roleName, k.roleColor, true)
		if m.release.machineTypes {
			m.share(KindMachineType, k.typeSlug, k.typeName, map[string]sync.Value{
				"name": sync.String(k.typeName), "slug": sync.String(k.typeSlug), "tags": tags,
			})
		}
	}
}

func (m *mapping) role(slug, name, color string, forMachines bool) {
	m.share(KindDeviceRole, slug, name, map[string]sync.Value{
		"name": sync.String(name), "slug": sync.String(slug), "color": sync.String(color),
		"vm_role": sync.Bool(forMachines), "tags": m.tags(),
	})
}

// cluster adds a source's cluster, its type and the site of its nodes.
func (m *mapping) cluster(inv *inventory.Inventory) {
	mode, typeName := "cluster", "Cluster"
	if inv.Cluster.Standalone {
		mode, typeName = "standalone", "Standalone"
	}
	tags := m.tags()
	clusterType := m.share(KindClusterType, mode, typeName, map[string]sync.Value{
		"name": sync.String(typeName), "slug": sync.String(mode),
		"description": sync.String("Proxmox " + mode + " mode"), "tags": tags,
	})
	name := clusterName(inv)
	key := clusterKey(inv.Source)
	was := m.current[key]
	record := sync.Record{Key: key, Label: name, Source: inv.Source, Fields: map[string]sync.Field{
		"name":                     {Value: sync.String(name), Rule: sync.CreateOnly},
		"type":                     {Value: clusterType, Rule: sync.CreateOnly},
		"description":              {Value: sync.String("Proxmox " + mode + " cluster."), Rule: sync.CreateOnly},
		"tags":                     {Value: tags, Rule: sync.CreateOnly},
		customPrefix + fieldSource: {Value: sync.String(inv.Source)},
	}}
	if was == nil {
		if was = m.clusterToTakeOver(name); was != nil {
			m.adopt(&record, was)
		}
	}
	m.clusters[inv.Source] = key
	if was != nil {
		record.Label = was.Label
		record.Fields = map[string]sync.Field{customPrefix + fieldSource: {Value: sync.String(inv.Source)}}
		m.clusters[inv.Source] = was.Key
	}
	m.add(record)
	m.site(inv.Source, name, was)
}

func clusterName(inv *inventory.Inventory) string {
	if name := clean(inv.Cluster.Name, 100); name != "" {
		return name
	}
	return clean(inv.Source, 100)
}

// inOddCluster tells whether it is not understood what NetBox has of the source's cluster: nothing of the source is
// touched then.
func (m *mapping) inOddCluster(inv *inventory.Inventory) bool {
	was := m.current[clusterKey(inv.Source)]
	if was == nil {
		was = m.clusterToTakeOver(clusterName(inv))
	}
	reason := oddReason(was)
	if reason == "" {
		return false
	}
	m.state.Holds = append(m.state.Holds, sync.Hold{Source: inv.Source, Reason: reason})
	m.add(sync.Record{Key: clusterKey(inv.Source), Label: was.Label, Source: inv.Source, Skip: reason})
	return true
}

// clusterToTakeOver returns the cluster that the documented backend made, if nobody marked it.
func (m *mapping) clusterToTakeOver(name string) *sync.Record {
	for _, r := range m.byKind[KindCluster] {
		if r.Fields["name"].Value.Text() == name && isTagged(r) && r.Fields[customPrefix+fieldSource].Value.IsEmpty() &&
			!m.takenOver[r] {
			return r
		}
	}
	return nil
}

func isTagged(r *sync.Record) bool {
	for _, t := range tagsOf(r.Fields["tags"].Value) {
		if t.Slug == tagSlug {
			return true
		}
	}
	return false
}

// site adds the site of a source's nodes: the one that the cluster is scoped to, else a default one.
func (m *mapping) site(source, cluster string, was *sync.Record) {
	if was != nil {
		for _, key := range was.Fields["site"].Value.Keys() {
			m.sites[source] = key
			return
		}
	}
	name, key := defaultSite(cluster)
	m.share(KindSite, key, name, map[string]sync.Value{
		"name": sync.String(name), "slug": sync.String(key), "status": sync.String("active"),
		"tags": m.tags(),
	})
	m.sites[source] = sync.Key{Kind: KindSite, Name: key}
}

// defaultSite returns the name and the slug of a cluster's default site. Where the slug, or the name, does not have all
// that the cluster's name has, a digest tells it from that of another cluster.
func defaultSite(cluster string) (name, key string) {
	name, key = "Proxmox Default Site - "+cluster, "proxmox-default-site-"+slug(cluster)
	plain := strings.NewReplacer(" ", "-", ".", "-").Replace(strings.ToLower(cluster))
	if short := cut(name, 100); short == name && slug(cluster) == plain && len(key) <= 100 {
		return name, key
	}
	sum := sha256.Sum256([]byte(cluster))
	digest := hex.EncodeToString(sum[:4])
	if cut(name, 100) != name {
		name = strings.TrimSpace(cut(name, 91)) + " " + digest
	}
	return name, strings.TrimSuffix(cut(key, 91), "-") + "-" + digest
}

// platform adds the platform of a node's release: "Proxmox VE 9.1".
func (m *mapping) platform(version string) sync.Value {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return sync.Value{}
	}
	name := "Proxmox VE " + parts[0] + "." + parts[1]
	return m.share(KindPlatform, slug(name), name, map[string]sync.Value{
		"name": sync.String(name), "slug": sync.String(slug(name)), "tags": m.tags(),
	})
}
