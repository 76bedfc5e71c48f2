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

var (
	machineModel = []string{"virtualization.virtualmachine"}
	deviceModel  = []string{"dcim.device"}
)

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
		{fieldNode, "Node", "text", machineModel, "if-set", true},
		{fieldPool, "Pool", "text", machineModel, "if-set", true},
		{fieldHA, "HA State", "text", machineModel, "if-set", true},
		{fieldTags, "Proxmox Tags", "text", machineModel, "if-set", false},
		{fieldNodeCPUs, "CPUs", "integer", deviceModel, "if-set", false},
		{fieldNodeMemory, "Memory (MiB)", "integer", deviceModel, "if-set", false},
		{fieldNodeCPUModel, "CPU Model", "text", deviceModel, "if-set", false},
		{fieldGone, "Gone Since", "text", []string{"dcim.device", "virtualization.virtualmachine"}, "if-set", true},
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
