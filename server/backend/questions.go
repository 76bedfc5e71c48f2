package backend

import (
	"context"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/server"
)

// questions answers for one cluster.
type questions struct{ source *proxmoxsrc.Source }

// Version implements [server.Questions].
func (q questions) Version(ctx context.Context) (server.Version, error) {
	v, err := q.source.Version(ctx)
	return server.Version(v), err
}

// Status implements [server.Questions].
func (q questions) Status(ctx context.Context) (server.ClusterStatus, error) {
	status, err := q.source.ClusterStatus(ctx)
	out := server.ClusterStatus{
		Name: status.Name, Standalone: status.Standalone, Version: status.Version, Quorate: status.Quorate,
	}
	for _, n := range status.Nodes {
		node := server.NodeStatus{Name: n.Name, ID: n.ID, NodeID: n.Number, Online: n.Online, Local: n.Local, Level: n.Level}
		if n.Address.IsValid() {
			node.IP = n.Address.String()
		}
		out.Nodes = append(out.Nodes, node)
	}
	return out, err
}

// Nodes implements [server.Questions].
func (q questions) Nodes(ctx context.Context) ([]server.NodeLoad, error) {
	nodes, err := q.source.Nodes(ctx)
	var out []server.NodeLoad
	for _, n := range nodes {
		out = append(out, server.NodeLoad{
			Node: n.Node, Status: n.Status, CPU: n.CPU, MaxCPU: n.CPUs, Mem: n.Memory, MaxMem: n.MaxMemory, Uptime: n.Uptime,
		})
	}
	return out, err
}

// Guests implements [server.Questions].
func (q questions) Guests(ctx context.Context) ([]server.GuestRow, error) {
	return q.source.GuestRows(ctx)
}

// Time implements [server.Questions].
func (q questions) Time(ctx context.Context, node string) (server.NodeTime, error) {
	c, err := q.source.Clock(ctx, node)
	return server.NodeTime{Timezone: c.Timezone, Time: c.Unix, LocalTime: c.Local}, err
}
