package proxmoxsrc

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
)

// NodeLoad is what a node has and uses. Numbers that are not known are 0: those of a node that is offline, or without
// the privilege Sys.Audit on it.
type NodeLoad struct {
	Node      string
	Status    string  // "online", "offline" or "unknown"
	Level     string  // of the subscription
	CPU       float64 // share of all its threads
	CPUs      int     // threads
	Memory    int64   // used, in bytes
	MaxMemory int64   // bytes
	Uptime    int64   // seconds
}

// Clock is the time on a node.
type Clock struct {
	Timezone string // "Europe/Berlin"
	Unix     int64  // seconds
	Local    int64  // Unix, moved by the zone's offset
}

// Nodes asks for the nodes, in the order of their names, and what they have and use.
func (s *Source) Nodes(ctx context.Context) ([]NodeLoad, error) {
	const path = "/cluster/resources?type=node"
	elements, err := s.askList(ctx, path)
	if err != nil {
		return nil, err
	}
	var nodes []NodeLoad
	for _, element := range elements {
		var r struct {
			Type, Node, Status, Level        text
			CPU, MaxCPU, Mem, MaxMem, Uptime number
		}
		if json.Unmarshal(element, &r) != nil || r.Type != "node" || r.Node == "" {
			continue
		}
		nodes = append(nodes, NodeLoad{
			Node: string(r.Node), Status: string(r.Status), Level: string(r.Level), CPU: float64(r.CPU), CPUs: r.MaxCPU.int(),
			Memory: r.Mem.int64(), MaxMemory: r.MaxMem.int64(), Uptime: r.Uptime.int64(),
		})
	}
	slices.SortFunc(nodes, func(a, b NodeLoad) int { return cmp.Compare(a.Node, b.Node) })
	return nodes, nil
}

// GuestRows asks for the guests as GET /cluster/resources lists them: JSON objects, in the order of their VMIDs, of
// those that the credential may see.
func (s *Source) GuestRows(ctx context.Context) ([]json.RawMessage, error) {
	const path = "/cluster/resources?type=vm"
	elements, err := s.askList(ctx, path)
	if err != nil {
		return nil, err
	}
	type guest struct {
		id  int
		raw json.RawMessage
	}
	var guests []guest
	for _, element := range elements {
		var r struct{ VMID number }
		if json.Unmarshal(element, &r) == nil && r.VMID > 0 {
			guests = append(guests, guest{r.VMID.int(), element})
		}
	}
	slices.SortStableFunc(guests, func(a, b guest) int { return cmp.Compare(a.id, b.id) })
	rows := make([]json.RawMessage, len(guests))
	for i, g := range guests {
		rows[i] = g.raw
	}
	return rows, nil
}

// Clock asks a node for its time. It needs Sys.Audit on the node.
func (s *Source) Clock(ctx context.Context, node string) (Clock, error) {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	path := "/nodes/" + url.PathEscape(node) + "/time"
	raw, err := s.gateway.get(ctx, path, s.options.NodeTimeout)
	if err != nil {
		return Clock{}, err
	}
	var answer struct {
		Timezone        text
		Time, LocalTime number
	}
	if err := s.gateway.decode(raw, path, &answer); err != nil {
		return Clock{}, err
	}
	return Clock{string(answer.Timezone), answer.Time.int64(), answer.LocalTime.int64()}, nil
}

// askList reads a list that the entry node answers itself.
func (s *Source) askList(ctx context.Context, path string) ([]json.RawMessage, error) {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	raw, err := s.gateway.get(ctx, path, s.gateway.clusterTime)
	if err != nil {
		return nil, err
	}
	elements, err := parseList(raw)
	if err != nil {
		return nil, s.gateway.spoiled(path, err.Error())
	}
	return elements, nil
}
