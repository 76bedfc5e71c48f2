// Package inventory says what a hypervisor estate is: a cluster, its nodes, its guests and what hangs on them.
//
// It is the word of a [github.com/proxbox-go/proxbox/sync.Source]: typed, provider-neutral, and ignorant of NetBox.
// Sizes are bytes, addresses are [net/netip] values, texts are UTF-8 without the provider's escaping.
//
// What could not be read is a [Gap], never an absence: a reader of an Inventory must not take a missing guest, NIC or
// address for gone while a gap covers it. The other way round, what no gap covers and the inventory lacks is gone.
package inventory

import (
	"net/netip"
	"time"
)

// Inventory is one reading of one source. Whoever receives it owns it.
type Inventory struct {
	// Source is the source's configured name. It never changes and is what identity is built from.
	Source string
	// ReadAt is when the reading began.
	ReadAt  time.Time
	Cluster Cluster
	Nodes   []Node  // in the order of their names
	Guests  []Guest // in the order of their IDs
	// VNets are the virtual networks of the cluster, in the order of their names; a NIC may name one as its bridge. Nil
	// says that they are unknown, an empty list that there are none.
	VNets []VNet
	// TagColors has the background colour of tags, "ff0000", where the cluster gives one.
	TagColors map[string]string
	// Gaps tells what is missing, and why.
	Gaps []Gap
	// Dropped names the elements that were left out because they made no sense, one sentence each, without a secret. A run
	// tells them; nothing else follows from them.
	Dropped []string
}

// Cluster describes what the source's API speaks for: a cluster, or one standalone node.
type Cluster struct {
	// Name is the cluster's own name; for a standalone node, the node's. It is not unique in the world.
	Name       string
	Standalone bool
	// Quorate tells whether the cluster has quorum. Without it the inventory may be old, and a GapQuorum is set.
	Quorate bool
	// Version is the hypervisor's release as it tells it, for example "8.4.1".
	Version string
}

// VNet is a virtual network of the whole cluster.
type VNet struct {
	Name  string
	Zone  string
	Alias string
	VLAN  int // 0 where it is none: the tag of a VXLAN is no VLAN
}

// NodeStatus tells whether a node is a working member of its cluster.
type NodeStatus string

// The node states. The zero value says that nothing is known.
const (
	NodeUnknown NodeStatus = ""
	NodeOnline  NodeStatus = "online"
	NodeOffline NodeStatus = "offline"
)

// Node is one host.
type Node struct {
	Name    string
	Status  NodeStatus
	Address netip.Addr // the cluster address; the zero value is unknown
	// Version is the node's own release, for example "8.4.1"; empty when unknown.
	Version string
	CPUs    int   // threads; 0 is unknown
	Memory  int64 // bytes; 0 is unknown
	// CPUModel is the processor's name; empty when unknown.
	CPUModel string
	// Interfaces is the node's network; meaningful unless a gap for PartNetwork covers the node.
	Interfaces []NodeInterface
}

// NodeInterface is one network interface of a node.
type NodeInterface struct {
	Name string
	// Type is the provider's word: "bridge", "bond", "vlan", "eth", "OVSBridge", …
	Type   string
	Active bool
	MAC    string // "AA:BB:CC:00:11:22"; empty when unknown
	MTU    int    // 0 is the default
	Ports  []string
	Parent string // raw device of a VLAN
	VLAN   int    // 0 is none
	// BondMode is the provider's word, of a bond: "802.3ad", "active-backup", …
	BondMode string
	// VLANAware tells that a bridge carries VLANs, and Trunks which: "2-4094".
	VLANAware bool
	Trunks    []string
	Addresses []netip.Prefix
	Gateways  []netip.Addr
	Comment   string
}

// GuestKind tells what a guest is.
type GuestKind string

// The guest kinds.
const (
	QEMU GuestKind = "qemu"
	LXC  GuestKind = "lxc"
)

// GuestStatus tells what a guest does, in terms that every hypervisor has.
type GuestStatus string

// The guest states. The zero value says that nothing is known: leave what you have.
const (
	GuestUnknown GuestStatus = ""
	GuestRunning GuestStatus = "running"
	GuestStopped GuestStatus = "stopped"
	GuestPaused  GuestStatus = "paused"
	GuestFailed  GuestStatus = "failed"
)

// Guest is one virtual machine or container.
//
// While a gap for PartGuest covers it, only ID, Kind and Node mean something.
type Guest struct {
	ID   int // the VMID: unique in its source at a time, but used again after a deletion
	Kind GuestKind
	Name string // empty when the guest has none
	Node string // the node that it is on
	// Status is what the list of guests says.
	Status   GuestStatus
	Template bool
	Tags     []string // sorted, each once
	Pool     string
	HAState  string
	// Lock is the provider's word for what holds the guest ("backup", "migrate", …); empty for none.
	Lock string

	// From here on: the guest's configuration, meaningful unless a gap for PartConfig covers it.

	UUID        string  // SMBIOS UUID in lower case; empty for LXC, and for a guest that has none
	CPUs        float64 // 0 is unknown
	Memory      int64   // bytes; 0 is unknown
	Description string
	// OSType is the provider's word: "l26", "win11", "debian", …
	OSType string
	// OS is what the guest's agent says of its operating system; the zero value is unknown.
	OS           OS
	StartAtBoot  bool
	Agent        bool // a guest agent is configured
	Unprivileged bool // LXC
	SearchDomain string
	NICs         []NIC  // in the order of their keys' numbers
	Disks        []Disk // in the order of their keys
}

// OS is an operating system.
type OS struct {
	ID      string // "debian", "mswindows"
	Name    string // "Debian GNU/Linux"
	Version string // "12"; of Windows "2022"
}

// NIC is one network interface of a guest.
type NIC struct {
	// Key is the provider's name for the slot, "net0": it stays while the NIC's own name changes.
	Key string
	// Name is the interface's name inside the guest where the configuration gives one (LXC: "eth0"); else empty.
	Name string
	// AgentName is what the guest calls it, by its agent; empty when unknown.
	AgentName string
	Model     string
	MAC       string // "BC:24:11:AA:BB:CC"; empty when it changes at each start
	Bridge    string
	VLAN      int      // access VLAN; 0 is none
	Trunks    []string // VLAN ids and ranges, "20", "30-40"
	MTU       int      // 0 is inherited
	// Down tells that the link is unplugged.
	Down bool
	// Addresses are those found on this NIC; all of them unless a gap for PartAddresses covers the guest.
	Addresses []Address
}

// Origin tells where an address comes from.
type Origin string

// The origins, the most trusted first.
const (
	OriginAgent     Origin = "guest-agent" // the guest's own word
	OriginContainer Origin = "container"   // seen by the host inside a running container
	OriginConfig    Origin = "config"      // static in a container's configuration
	OriginCloudInit Origin = "cloud-init"  // intended, not proven
)

// Address is one address of a NIC with its prefix length.
type Address struct {
	Prefix netip.Prefix
	Origin Origin
	// Dynamic tells that the configuration asks for DHCP or SLAAC in this family.
	Dynamic bool
}

// Disk is one volume attached to a guest.
type Disk struct {
	Key     string // the slot: "scsi0", "rootfs", "mp0"
	Storage string // empty for a device passed through
	Volume  string // the provider's name for the volume
	Bytes   int64  // meaningful if Known
	Known   bool   // the size is known; an unknown size is not 0
}

// Part is a piece of an estate that is read, or fails, by itself.
type Part string

// The parts. A gap for a wider part covers the narrower ones: PartSource everything of the source, PartNode the node
// itself (not its guests), PartGuest everything of the guest, PartConfig what the guest's configuration tells, NICs,
// disks and addresses with it.
const (
	PartSource    Part = "source"
	PartQuorum    Part = "quorum"
	PartGuests    Part = "guests" // the list of guests may be incomplete
	PartNode      Part = "node"
	PartNetwork   Part = "network" // a node's interfaces
	PartGuest     Part = "guest"
	PartConfig    Part = "config"
	PartAddresses Part = "addresses"
)

// Gap tells that a part could not be read. Unknown is not gone.
type Gap struct {
	Part  Part
	Node  string // for PartNode and PartNetwork, and where a node is to blame
	Guest int    // for PartGuest, PartConfig and PartAddresses
	// Reason is one sentence that says what failed and, if anything, what to do. It holds no secret.
	Reason string
}
