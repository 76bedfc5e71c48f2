package netboxsink

import (
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// Mapping says how an estate becomes NetBox's objects: one part for each rule. The zero value is good: it writes what
// Proxmox VE measures, and leaves alone what people did. Patterns are regular expressions that must match the whole name.
// The tags are those of the configuration file.
type Mapping struct {
	Names     NameOptions      `yaml:"names"`
	Objects   ObjectOptions    `yaml:"objects"`
	Ownership OwnershipOptions `yaml:"ownership"`
	Placement PlacementOptions `yaml:"placement"`
	Filters   FilterOptions    `yaml:"filters"`
	Addresses AddressOptions   `yaml:"addresses"`
	Deletion  DeletionOptions  `yaml:"deletion"`
	Adoption  AdoptionOptions  `yaml:"adoption"`
}

// NameOptions says what things are called. Devices and virtual machines are called as in Proxmox VE, with a suffix where
// NetBox wants a name only once; a name once given stays as long as Proxmox VE's does.
type NameOptions struct {
	// AgentInterfaces calls the interfaces of a virtual machine as its guest agent does ("ens18") instead of as Proxmox VE
	// does ("net0"). Without an agent's word the name stays.
	AgentInterfaces bool `yaml:"agent_interfaces"`
}

// ObjectOptions says what becomes an object of its own.
type ObjectOptions struct {
	// Templates is "sync" (a virtual machine with the tag "Proxmox template") or "skip". By default "sync".
	Templates string `yaml:"templates"`
	// Pools is "field" (the custom field alone), "tag" (a tag too) or "tenant" (the tenant of that name too, where no rule
	// of the placement says another). By default "field".
	Pools string `yaml:"pools"`
	// CreateVLANs creates VLANs that are missing, in the VLAN group that the placement says, else in one for each cluster.
	// By default a VLAN that is missing is told.
	CreateVLANs bool `yaml:"create_vlans"`
}

// OwnershipOptions replaces, by kind and field, the rule that says when a field may be written over: always, create-only,
// if-empty, if-empty-or-ours, until-edited or never. What there is to be replaced, and by default, is in [DefaultRules].
type OwnershipOptions map[sync.Kind]map[string]sync.Rule

// PlacementOptions says where devices and virtual machines belong: the first rule that matches counts. Without one that
// does, nothing is said, but for the site, which is one for each cluster.
type PlacementOptions struct {
	// Site is for nodes; guests are in the site of their node.
	Site []PlacementRule `yaml:"site"`
	// Location is for nodes, in their site.
	Location []PlacementRule `yaml:"location"`
	// Tenant is for clusters, nodes and guests.
	Tenant []PlacementRule `yaml:"tenant"`
	// Role is for nodes and guests.
	Role []PlacementRule `yaml:"role"`
	// Platform is for nodes and guests.
	Platform []PlacementRule `yaml:"platform"`
	// VRF is for the addresses of nodes and guests.
	VRF []PlacementRule `yaml:"vrf"`
	// VLANGroup is for the VLANs of nodes and guests. Without one they are looked for in the site.
	VLANGroup []PlacementRule `yaml:"vlan_group"`
	// Missing says what becomes of a value that NetBox does not have: "refuse" (what belongs there is left alone, and told)
	// or "create". By default "refuse".
	Missing string `yaml:"missing"`
}

// PlacementRule gives a value to all that matches each of its patterns; one that is empty matches anything. A rule with
// Guest, Pool or Tag is for guests only.
type PlacementRule struct {
	Source  string `yaml:"source"`  // the name of the source
	Cluster string `yaml:"cluster"` // its cluster's own name
	Node    string `yaml:"node"`
	Guest   string `yaml:"guest"`
	Pool    string `yaml:"pool"`
	Tag     string `yaml:"tag"` // one of the guest's
	// Value is the name or the slug of what NetBox has. An empty one says that there is to be none.
	Value string `yaml:"value"`
}

// FilterOptions says what is not looked at. What a filter hides is neither written nor removed.
type FilterOptions struct {
	// Include, if it is not empty, lets only those guests through that match one of them.
	Include []GuestFilter `yaml:"include"`
	// Exclude hides those that match one of them.
	Exclude []GuestFilter `yaml:"exclude"`
	// HideInterfaces are patterns of names of interfaces, of nodes and guests, that are hidden.
	HideInterfaces []string `yaml:"hide_interfaces"`
	// KeepAddresses, if it is not empty, lets only addresses in one of these prefixes through.
	KeepAddresses []string `yaml:"keep_addresses"`
	// DropAddresses hides the addresses in these prefixes.
	DropAddresses []string `yaml:"drop_addresses"`
}

// GuestFilter matches guests by all that is set in it.
type GuestFilter struct {
	Source   string   `yaml:"source"`
	Name     string   `yaml:"name"`
	VMIDs    []string `yaml:"vmids"` // "100" or "100-199"
	Tag      string   `yaml:"tag"`
	Pool     string   `yaml:"pool"`
	Node     string   `yaml:"node"`
	Template *bool    `yaml:"template"`
	// Status is "running", "stopped", "paused" or "failed".
	Status string `yaml:"status"`
}

// AddressOptions says what becomes of an address that somebody else has, and which addresses are primary.
type AddressOptions struct {
	// Conflict is "never-steal" (it stays with whoever has it, and both are told), "take-if-unassigned" (it is taken over
	// if it is on no interface) or "share" (both have it, if NetBox lets them: with one of the roles for that). By default
	// "never-steal".
	Conflict string `yaml:"conflict"`
	// ShareRole is the role that shared addresses get: anycast, vip, vrrp, hsrp, glbp or carp. By default "anycast".
	ShareRole string `yaml:"share_role"`
	// Primary are rules for the primary addresses of guests: an address that matches an earlier one goes before others.
	// Among equals a static address goes before one by DHCP, one of docker's own range comes last, and else the first of
	// the first interface is taken.
	Primary []PrimaryRule `yaml:"primary"`
}

// PrimaryRule matches addresses by all that is set in it.
type PrimaryRule struct {
	Subnets   []string `yaml:"subnets"`
	Interface string   `yaml:"interface"` // its name in NetBox
	Static    bool     `yaml:"static"`    // not by DHCP
}

// DeletionOptions says what becomes of devices and virtual machines whose nodes and guests are gone. Whatever is set,
// nothing is deleted of a source that was not read without a gap.
type DeletionOptions struct {
	// Mode is "report", "mark" (the status becomes "decommissioning", and there is a tag and the time in a custom field) or
	// "delete" (they are marked, and deleted after the grace period). By default "report".
	Mode string `yaml:"mode"`
	// Grace is how long something stays marked. By default 7 days.
	Grace time.Duration `yaml:"grace"`
	// Most is how many objects of a source one run deletes; if more are due, it deletes none and tells. By default 10.
	Most int `yaml:"most"`
	// MostShare is the part of a source's devices and virtual machines that one run deletes, if it is more than one; if
	// more are due, it deletes none and tells. By default 0.2.
	MostShare float64 `yaml:"most_share"`
}

// AdoptionOptions says what is taken over that bears nobody's mark. The plan shows it.
type AdoptionOptions struct {
	// Mode is "never", "ours" (what the documented backend made: with the tag "proxbox", in the same cluster, with the same
	// VMID or, where it names none, the same name) or "unowned-by-name" (in the same cluster, with the same name, whoever
	// made it). By default "ours".
	Mode string `yaml:"mode"`
}
