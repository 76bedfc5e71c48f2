package proxmoxtest

import (
	"fmt"
	"maps"
	"slices"
)

// NodeState says how a node looks and whether it answers.
type NodeState string

// The node states. An offline node answers 595, a hung one 596 to every call
// that another node passes on to it. An unknown node has stopped to broadcast
// its statistics (a hung pvestatd): it and its guests are listed as unknown,
// yet its API answers.
const (
	NodeOnline  NodeState = "online"
	NodeOffline NodeState = "offline"
	NodeUnknown NodeState = "unknown"
	NodeHung    NodeState = "hung"
)

// Node is one Proxmox VE host.
type Node struct {
	// Name defaults to "pve" for the first node, then "pve2" and so on.
	Name string
	// State defaults to NodeOnline.
	State NodeState
	// RowsExpired says that the last broadcast is more than 5 minutes old: the
	// guests of the node are listed as unknown and without details. An unknown
	// node's rows always are; a node just gone offline still shows its last ones.
	RowsExpired bool
	// Version defaults to that of the estate.
	Version string
	// Address of the cluster network. Default 192.0.2.<n>.
	Address string
	// CPUModel defaults to "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz".
	CPUModel string
	// Sockets, Cores (physical, of all sockets) and Threads (logical CPUs).
	// Default 1, 8, 16.
	Sockets, Cores, Threads int
	// Memory in bytes. Default 64 GiB.
	Memory int64
	// Interfaces defaults to eno1 and a bridge vmbr0 with Address on it; an
	// empty, non-nil slice is a node without any.
	Interfaces []Interface
	// PendingChanges is the diff of network edits that are not applied, "" when
	// there are none.
	PendingChanges string
	// HAState of the node, shown from release 9 on; "" is none.
	HAState string
}

// Interface is one network interface of a node.
type Interface struct {
	Name string
	// Type is Proxmox's word: "eth", "bridge", "bond", "vlan", "alias",
	// "OVSBridge", "OVSBond", "OVSPort", "OVSIntPort", "vxlan", "unknown".
	// Default "eth".
	Type string
	// NoAutostart and Inactive clear the flags that are otherwise set.
	NoAutostart, Inactive bool
	// CIDR and CIDR6 are the addresses, "" when there are none.
	CIDR, CIDR6 string
	// Gateway and Gateway6 are the default routes.
	Gateway, Gateway6 string
	// Ports are the members of a bridge or bond, separated by spaces.
	Ports string
	// VLANAware and VLANs (bridge_vids, such as "2-4094") of a bridge.
	VLANAware bool
	VLANs     string
	// BondMode of a bond, such as "802.3ad".
	BondMode string
	// VLAN and RawDevice of a vlan; VLAN is also the tag of an OVSIntPort.
	VLAN      int
	RawDevice string
	// OVSBridge that an OVSBond, OVSPort or OVSIntPort belongs to.
	OVSBridge string
	// MTU, 0 when unset.
	MTU int
	// Comment without the trailing newline that the API adds.
	Comment string
	// AltNames are listed from release 9 on.
	AltNames []string
	// Raw overrides keys of the rendered answer; a nil value deletes the key,
	// json.RawMessage("null") sends null.
	Raw map[string]any
}

// Clone returns a deep copy; the values inside Raw are shared.
func (n *Node) Clone() *Node {
	c := *n
	c.Interfaces = slices.Clone(n.Interfaces)
	for i := range c.Interfaces {
		c.Interfaces[i].AltNames = slices.Clone(c.Interfaces[i].AltNames)
		c.Interfaces[i].Raw = maps.Clone(c.Interfaces[i].Raw)
	}
	return &c
}

func (n *Node) fill(index int, version string) {
	if n.Name == "" {
		n.Name = "pve"
		if index > 0 {
			n.Name = fmt.Sprintf("pve%d", index+1)
		}
	}
	if n.State == "" {
		n.State = NodeOnline
	}
	if n.Version == "" {
		n.Version = version
	}
	if n.Address == "" {
		n.Address = fmt.Sprintf("192.0.2.%d", index+1)
	}
	if n.CPUModel == "" {
		n.CPUModel = "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"
	}
	if n.Threads == 0 {
		n.Sockets, n.Cores, n.Threads = 1, 8, 16
	}
	if n.Sockets == 0 {
		n.Sockets = 1
	}
	if n.Cores == 0 {
		n.Cores = n.Threads
	}
	if n.Memory == 0 {
		n.Memory = 64 << 30
	}
	if n.Interfaces == nil {
		n.Interfaces = []Interface{
			{Name: "eno1"},
			{Name: "vmbr0", Type: "bridge", Ports: "eno1", CIDR: n.Address + "/24"},
		}
	}
	for i := range n.Interfaces {
		if n.Interfaces[i].Type == "" {
			n.Interfaces[i].Type = "eth"
		}
	}
}

// release is the parsed version of the node.
func (n *Node) release() release { return parseRelease(n.Version) }
