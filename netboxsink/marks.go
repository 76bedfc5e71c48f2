package netboxsink

import (
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// The custom fields that we keep. The first five are the documented backend's.
const (
	fieldID           = "proxmox_vm_id"
	fieldStartAtBoot  = "proxmox_start_at_boot"
	fieldUnprivileged = "proxmox_unprivileged_container"
	fieldAgent        = "proxmox_qemu_agent"
	fieldSearchDomain = "proxmox_search_domain"
	fieldType         = "proxmox_vm_type"
	fieldNode         = "proxmox_node"
	fieldPool         = "proxmox_pool"
	fieldHA           = "proxmox_ha_state"
	fieldTags         = "proxmox_tags"
	fieldNodeCPUs     = "proxmox_node_cpus"
	fieldNodeMemory   = "proxmox_node_memory"
	fieldNodeCPUModel = "proxmox_node_cpu_model"
	fieldGone         = "proxbox_gone_since"
	fieldSource       = "proxbox_source"
	fieldUUID         = "proxbox_uuid"
	fieldMemory       = "proxbox_memory"
)

// customPrefix begins the name of a record's field that stands in a custom field.
const customPrefix = "custom_fields."

// tagSlug is the slug of the tag that the plugin's pages select by.
const tagSlug = "proxbox"

// foreign is the key of an object that bears no mark of ours.
func foreign(kind sync.Kind, number int64) sync.Key {
	return sync.Key{Kind: kind, Name: "#" + id(number)}
}

// deviceKey is the key of a node.
func deviceKey(source, node string) sync.Key {
	return sync.Key{Kind: KindDevice, Name: source + "/" + node}
}

// machineKey is the key of a guest.
func machineKey(source string, guest int) sync.Key {
	return sync.Key{Kind: KindVirtualMachine, Name: source + "/" + strconv.Itoa(guest)}
}

// clusterKey is the key of a source's cluster.
func clusterKey(source string) sync.Key { return sync.Key{Kind: KindCluster, Name: source} }

// The names of a machine's children: "net0", "net0/BC:24:11:00:00:01", "ip/192.0.2.5", "disk/scsi0".

func childKey(kind sync.Kind, unit sync.Key, name string) sync.Key {
	return sync.Key{Kind: kind, Name: unit.Name + "/" + name}
}

func macName(nic, mac string) string { return nic + "/" + mac }

func addressName(host string) string { return "ip/" + host }

func diskName(slot string) string { return "disk/" + slot }

// childForm tells what a remembered child is by its name; an interface where it is nothing else.
func childForm(name string) (isDisk, isAddress, isMAC bool) {
	isAddress, isDisk = strings.HasPrefix(name, "ip/"), strings.HasPrefix(name, "disk/")
	return isDisk, isAddress, !isAddress && !isDisk && strings.Contains(name, "/")
}
