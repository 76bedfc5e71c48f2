package proxmoxsrc

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"slices"
)

// Version is the release of a node.
type Version struct {
	Version string // "8.4.1"
	Release string // "8.4"
	RepoID  string // the commit it was built from
}

// ClusterStatus says what the API speaks for.
type ClusterStatus struct {
	// Name is the cluster's; of a standalone node, the node's.
	Name       string
	Standalone bool
	Version    int // of the cluster's configuration; 0 of a standalone node
	// Quorate tells whether the cluster has quorum; a standalone node has.
	Quorate bool
	Nodes   []ClusterNode // in the order of their names
}

// ClusterNode is a member of a cluster, or a standalone node.
type ClusterNode struct {
	Name    string
	ID      string     // "node/pve1"
	Number  int        // in the cluster, from 1; 0 of a standalone node
	Level   string     // of the subscription
	Address netip.Addr // of the cluster's network; the zero value is unknown
	Online  bool       // in the eyes of the node that was asked
	Local   bool       // it is the node that was asked
}

func (g *gateway) version(ctx context.Context) (Version, error) {
	raw, err := g.get(ctx, "/version", g.clusterTime)
	if err != nil {
		return Version{}, err
	}
	return g.parseVersion(raw)
}

func (g *gateway) parseVersion(raw json.RawMessage) (Version, error) {
	var answer struct{ Version, Release, RepoID text }
	err := g.decode(raw, "/version", &answer)
	return Version{string(answer.Version), string(answer.Release), string(answer.RepoID)}, err
}

func (g *gateway) clusterStatus(ctx context.Context) (ClusterStatus, error) {
	raw, err := g.get(ctx, "/cluster/status", g.clusterTime)
	if err != nil {
		return ClusterStatus{}, err
	}
	status, err := parseClusterStatus(raw)
	if err != nil {
		return ClusterStatus{}, g.spoiled("/cluster/status", err.Error())
	}
	return status, nil
}

// decode reads an answer that must not be null.
func (g *gateway) decode(raw json.RawMessage, path string, to any) error {
	if raw == nil {
		return g.spoiled(path, "is null")
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return g.spoiled(path, "is not of the form that Proxmox VE sends: "+err.Error())
	}
	return nil
}

func (g *gateway) spoiled(path, problem string) error {
	return &AnswerError{path, g.current().address, problem}
}

// parseClusterStatus reads the rows of GET /cluster/status. A standalone node has no row for the cluster.
func parseClusterStatus(raw json.RawMessage) (ClusterStatus, error) {
	elements, err := parseList(raw)
	if err != nil {
		return ClusterStatus{}, err
	}
	status := ClusterStatus{Standalone: true, Quorate: true}
	for _, element := range elements {
		var row struct {
			Type, ID, Name, IP, Level text
			Quorate, Online, Local    flag
			Version, NodeID           number
		}
		if json.Unmarshal(element, &row) != nil {
			continue
		}
		switch {
		case row.Type == "cluster":
			status.Name, status.Standalone, status.Quorate = string(row.Name), false, bool(row.Quorate)
			status.Version = row.Version.int()
		case row.Type == "node" && row.Name != "":
			node := ClusterNode{
				Name: string(row.Name), ID: string(row.ID), Number: row.NodeID.int(), Level: string(row.Level),
				Online: bool(row.Online), Local: bool(row.Local),
			}
			if address, err := netip.ParseAddr(string(row.IP)); err == nil {
				node.Address = address
			}
			status.Nodes = append(status.Nodes, node)
		}
	}
	slices.SortFunc(status.Nodes, func(a, b ClusterNode) int { return cmp.Compare(a.Name, b.Name) })
	if status.Standalone && len(status.Nodes) > 0 {
		status.Name = status.Nodes[0].Name
	}
	return status, nil
}
