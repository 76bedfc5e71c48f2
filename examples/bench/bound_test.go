package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

func TestBound(t *testing.T) {
	t.Parallel()
	estate := &proxmoxtest.Estate{Cluster: "lab", Nodes: []*proxmoxtest.Node{{Name: "a"}, {Name: "b"}}, Guests: []*proxmoxtest.Guest{
		{VMID: 100, Node: "a", Agent: proxmoxtest.AgentOK},   // 15 ms, 2 × 80 ms
		{VMID: 101, Node: "a", Agent: proxmoxtest.AgentDead}, // 15 ms, 3 s
		{VMID: 102, Node: "a", Kind: proxmoxtest.LXC},        // 15 ms, 80 ms
		{VMID: 103, Node: "b", Agent: proxmoxtest.AgentDead, Status: proxmoxtest.StatusStopped},
		{VMID: 104, Node: "b"},
	}}
	b := boundOf(proxmoxtest.New(estate, nil))
	assert.InDelta(t, 3.24/nodeProtectedReads, float64(b.Node), 1e-9)
	assert.InDelta(t, (3.24+5*0.015+2*0.030)/clusterReads, float64(b.Cluster), 1e-9)
	assert.Equal(t, b.Node, b.most())
}
