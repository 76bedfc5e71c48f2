package backend_test

import (
	"encoding/json"
	"sort"
	"strings"
)

// What stands in NetBox, read back over its API in the shape of the expectation.

type named struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

type apiMachine struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Status struct {
		Value string `json:"value"`
	} `json:"status"`
	Role         *named  `json:"role"`
	Type         *named  `json:"virtual_machine_type"`
	Device       *named  `json:"device"`
	Cluster      *named  `json:"cluster"`
	VCPUs        float64 `json:"vcpus"`
	Memory       int64   `json:"memory"`
	Disk         *int64  `json:"disk"`
	PrimaryIP4   *apiIP  `json:"primary_ip4"`
	PrimaryIP6   *apiIP  `json:"primary_ip6"`
	Tags         []named `json:"tags"`
	CustomFields struct {
		ID          int    `json:"proxmox_vm_id"`
		Kind        string `json:"proxmox_vm_type"`
		UUID        string `json:"proxbox_uuid"`
		StartAtBoot bool   `json:"proxmox_start_at_boot"`
		Source      string `json:"proxbox_source"`
	} `json:"custom_fields"`
}

type apiIP struct {
	ID           int    `json:"id"`
	Address      string `json:"address"`
	AssignedType string `json:"assigned_object_type"`
	AssignedID   int    `json:"assigned_object_id"`
}

type apiInterface struct {
	ID             int             `json:"id"`
	Name           string          `json:"name"`
	Enabled        bool            `json:"enabled"`
	VirtualMachine named           `json:"virtual_machine"`
	MAC            string          `json:"mac_address"`
	MACs           json.RawMessage `json:"mac_addresses"`
}

type apiDisk struct {
	ID             int    `json:"id"`
	Name           string `json:"name"`
	Size           int64  `json:"size"`
	Description    string `json:"description"`
	VirtualMachine named  `json:"virtual_machine"`
}

func slugOf(n *named) string {
	if n == nil {
		return ""
	}
	return n.Slug
}

func nameOf(n *named) string {
	if n == nil {
		return ""
	}
	return n.Name
}

func addressOf(a *apiIP) string {
	if a == nil {
		return ""
	}
	return a.Address
}

// found returns the virtual machines of a source by VMID.
func found(b *box, source string) map[int]wantMachine {
	have, vmids := map[int]wantMachine{}, map[int]int{}
	for _, m := range read[apiMachine](b, "/api/virtualization/virtual-machines/") {
		if m.CustomFields.Source != source {
			continue
		}
		tags := []string{}
		for _, t := range m.Tags {
			tags = append(tags, t.Slug)
		}
		vmids[m.ID] = m.CustomFields.ID
		have[m.CustomFields.ID] = wantMachine{
			Name: m.Name, Status: m.Status.Value, Role: slugOf(m.Role), Type: slugOf(m.Type), Device: nameOf(m.Device),
			Cluster: nameOf(m.Cluster), VCPUs: m.VCPUs, Memory: m.Memory, UUID: m.CustomFields.UUID, Kind: m.CustomFields.Kind,
			StartAtBoot: m.CustomFields.StartAtBoot, Tags: tags,
			PrimaryIP4: addressOf(m.PrimaryIP4), PrimaryIP6: addressOf(m.PrimaryIP6),
			Interfaces: map[string]wantInterface{}, Disks: map[string]wantDisk{},
		}
	}
	on := map[int][]string{}
	for _, a := range read[apiIP](b, "/api/ipam/ip-addresses/") {
		if a.AssignedType == "virtualization.vminterface" {
			on[a.AssignedID] = append(on[a.AssignedID], a.Address)
		}
	}
	for _, i := range read[apiInterface](b, "/api/virtualization/interfaces/") {
		if vmid, ours := vmids[i.VirtualMachine.ID]; ours {
			sort.Strings(on[i.ID])
			have[vmid].Interfaces[i.Name] = wantInterface{Enabled: i.Enabled, MAC: strings.ToUpper(i.MAC), Addresses: on[i.ID]}
		}
	}
	for _, d := range read[apiDisk](b, "/api/virtualization/virtual-disks/") {
		if vmid, ours := vmids[d.VirtualMachine.ID]; ours {
			have[vmid].Disks[d.Name] = wantDisk{Size: d.Size, Storage: d.Description}
		}
	}
	return have
}
