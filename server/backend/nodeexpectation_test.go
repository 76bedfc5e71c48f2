package backend_test

import (
	"strings"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// What must stand in NetBox for nodes, worked out from the generator's estate alone.

type wantNode struct {
	Status, Role, Type, Cluster, Site, Platform, Description string
	Tags                                                     []string
	PrimaryIP4, PrimaryIP6                                   string
	Custom                                                   wantNodeCustom
	Interfaces                                               map[string]wantPort
}

// wantNodeCustom is the custom fields that tell of the node.
type wantNodeCustom struct {
	CPUs   int    `json:"proxmox_node_cpus"`
	Memory int64  `json:"proxmox_node_memory"` // MiB
	Model  string `json:"proxmox_node_cpu_model"`
}

// wantPort is an interface of a node; LAG and Bridge are names of others.
type wantPort struct {
	wantInterface
	Type, LAG, Bridge string
}

// expectNodes returns the devices of a cluster, all of it online, by name.
func expectNodes(e *proxmoxtest.Estate) map[string]wantNode {
	want := map[string]wantNode{}
	for _, n := range e.Nodes {
		node := wantNode{
			Status: "active", Role: "proxmox-node", Type: "proxmox-generic-device", Cluster: e.Cluster,
			Site: "Proxmox Default Site - " + e.Cluster, Platform: "Proxmox VE " + n.Version[:strings.LastIndex(n.Version, ".")],
			Description: "Proxmox Node " + n.Name, Tags: []string{"proxbox"},
			Custom:     wantNodeCustom{CPUs: n.Threads, Memory: n.Memory >> 20, Model: n.CPUModel},
			Interfaces: map[string]wantPort{},
		}
		for _, i := range n.Interfaces {
			node.Interfaces[i.Name] = expectPort(i)
			if strings.HasPrefix(i.CIDR, n.Address+"/") {
				node.PrimaryIP4 = i.CIDR
			}
		}
		for _, i := range n.Interfaces {
			for name := range strings.FieldsSeq(i.Ports) {
				port := node.Interfaces[name]
				if i.Type == "bond" {
					port.LAG = i.Name
				} else {
					port.Bridge = i.Name
				}
				node.Interfaces[name] = port
			}
		}
		want[n.Name] = node
	}
	return want
}

func expectPort(i proxmoxtest.Interface) wantPort {
	port := wantPort{
		Type: map[string]string{"eth": "other", "bond": "lag", "bridge": "bridge"}[i.Type],
		wantInterface: wantInterface{
			Enabled: !i.Inactive, Description: i.Comment, Addresses: map[string]wantAddress{},
		},
	}
	if i.VLANAware {
		port.Mode = "tagged-all" // 2 to 4094, which is also what is meant where nothing is said
	}
	if i.CIDR != "" {
		port.Addresses[i.CIDR] = wantAddress{Status: "active", Description: "From the configuration of the node"}
	}
	return port
}
