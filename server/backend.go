package server

import (
	"context"
	"encoding/json"

	"github.com/proxbox-go/proxbox/sync"
)

// Backend does what the server offers. It is safe for concurrent use.
//
// A backend may know a NetBox and clusters of its own, by its configuration. They stand beside the rows that it is given:
// its own NetBox is preferred to a pushed one, and a cluster that it knows and that is pushed too is one cluster, its own.
//
// One that knows a NetBox may be a [NetBoxLocator] too, and one that knows clusters a [ClusterLister].
type Backend interface {
	// Open returns what runs between the NetBox and all clusters, its own and those of the rows. Nothing is sent yet. The
	// error is a sentence for the operator: no NetBox, no cluster, a credential that makes no sense.
	Open(rows Endpoints) (Runner, error)
	// Source returns the name of the source that stands for a row; empty from a backend that makes nothing of rows.
	Source(rows Endpoints, row ProxmoxEndpoint) string
	// Ask returns the answers about the cluster of a row that the plugin wants before and beside its runs.
	Ask(rows Endpoints, row ProxmoxEndpoint) (Questions, error)
	// NetBoxStatus returns what NetBox says of itself at /api/status/, as it says it.
	NetBoxStatus(ctx context.Context, rows Endpoints) (json.RawMessage, error)
	// Guest returns the guest that a virtual machine in NetBox stands for.
	Guest(ctx context.Context, rows Endpoints, virtualMachine int64) (sync.GuestRef, error)
}

// NetBoxLocator is a [Backend] that says where its own NetBox is, whose pages then may listen at the WebSocket.
type NetBoxLocator interface {
	// NetBoxURL returns where it is, empty if the backend knows none.
	NetBoxURL() string
}

// ClusterLister is a [Backend] that lists all its clusters. Of any other, only those are asked how they are for which a
// row stands.
type ClusterLister interface {
	// Clusters returns the clusters that a run would be about, its own and those of the rows, whether or not a run is
	// possible.
	Clusters(rows Endpoints) []Cluster
}

// Cluster is a source, with who answers questions about it.
type Cluster struct {
	Source    string
	Questions Questions // nil if nobody can be asked
	Err       error     // why not: a sentence for the operator
}

// Runner does runs between the same ends. A [sync.Engine] is one.
type Runner interface {
	// Run does one run, under the contract of [sync.Engine.Run]: o.Observe gets every event in order, numbered from 1,
	// [sync.Complete] last. An error without events, from a runner that could not even begin, is told to the watchers as
	// what ended the run.
	Run(ctx context.Context, o *sync.RunOptions) (*sync.Result, error)
	// Plan returns what a run would do, and writes nothing, under the contract of [sync.Engine.Plan].
	Plan(ctx context.Context, o *sync.RunOptions) (*sync.Plan, error)
	// Apply does what a plan says, under the contract of [sync.Engine.Apply].
	Apply(ctx context.Context, p *sync.Plan, o *sync.RunOptions) (*sync.Result, error)
}

// Questions are what the plugin asks of a cluster, answered from Proxmox VE at that moment. An error is a sentence for
// the operator.
type Questions interface {
	Version(ctx context.Context) (Version, error)
	Status(ctx context.Context) (ClusterStatus, error)
	Nodes(ctx context.Context) ([]NodeLoad, error)
	Guests(ctx context.Context) ([]GuestRow, error)
	Time(ctx context.Context, node string) (NodeTime, error)
}

// Version is the release of the node that answers.
type Version struct {
	Version string `json:"version"` // "9.1.2"
	Release string `json:"release"` // "9.1"
	RepoID  string `json:"repoid"`
}

// ClusterStatus is GET /cluster/status of Proxmox VE.
type ClusterStatus struct {
	Name       string // of the cluster; of a standalone node, the node's
	Standalone bool
	Version    int // of the cluster's configuration
	Quorate    bool
	Nodes      []NodeStatus
}

// NodeStatus is a node in [ClusterStatus].
type NodeStatus struct {
	Name   string
	ID     string // "node/pve1"
	NodeID int
	IP     string
	Online bool
	Local  bool // it is the one that was asked
	Level  string
}

// NodeLoad is a node in GET /cluster/resources. Numbers that are not known are 0.
type NodeLoad struct {
	Node   string  `json:"node"`
	Status string  `json:"status"`
	CPU    float64 `json:"cpu"`    // share of all
	MaxCPU int     `json:"maxcpu"` // threads
	Mem    int64   `json:"mem"`    // bytes
	MaxMem int64   `json:"maxmem"` // bytes
	Uptime int64   `json:"uptime"` // seconds
}

// GuestRow is a guest in GET /cluster/resources, as it came: the plugin reads it with the keys of Proxmox VE.
type GuestRow = json.RawMessage

// NodeTime is GET /nodes/{node}/time of Proxmox VE.
type NodeTime struct {
	Timezone  string `json:"timezone"`
	Time      int64  `json:"time"`      // Unix seconds
	LocalTime int64  `json:"localtime"` // the same, as the node's clock shows it
}
