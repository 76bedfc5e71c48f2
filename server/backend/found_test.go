package backend_test

import (
	"maps"
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
	Role        *named  `json:"role"`
	Type        *named  `json:"virtual_machine_type"`
	Device      *named  `json:"device"`
	Cluster     *named  `json:"cluster"`
	Site        *named  `json:"site"`
	Platform    *named  `json:"platform"`
	Description string  `json:"description"`
	Comments    string  `json:"comments"`
	VCPUs       float64 `json:"vcpus"`
	Memory      int64   `json:"memory"`
	StartOnBoot struct {
		Value string `json:"value"`
	} `json:"start_on_boot"`
	PrimaryIP4   *apiIP  `json:"primary_ip4"`
	PrimaryIP6   *apiIP  `json:"primary_ip6"`
	Tags         []named `json:"tags"`
	CustomFields struct {
		ID     int    `json:"proxmox_vm_id"`
		Source string `json:"proxbox_source"`
		wantCustom
	} `json:"custom_fields"`
}

type apiIP struct {
	ID      int    `json:"id"`
	Address string `json:"address"`
	Status  struct {
		Value string `json:"value"`
	} `json:"status"`
	Description  string `json:"description"`
	AssignedType string `json:"assigned_object_type"`
	AssignedID   int    `json:"assigned_object_id"`
}

type apiInterface struct {
	ID             int    `json:"id"`
	Name           string `json:"name"`
	Enabled        bool   `json:"enabled"`
	VirtualMachine named  `json:"virtual_machine"`
	MAC            string `json:"mac_address"`
	Description    string `json:"description"`
	Mode           *struct {
		Value string `json:"value"`
	} `json:"mode"`
	VLAN *struct {
		VID int `json:"vid"`
	} `json:"untagged_vlan"`
}

// asWanted returns the interface in the shape of the expectation.
func (i *apiInterface) asWanted(on map[int]map[string]wantAddress) wantInterface {
	have := wantInterface{
		Enabled: i.Enabled, MAC: strings.ToUpper(i.MAC), Description: i.Description, Addresses: map[string]wantAddress{},
	}
	if i.Mode != nil {
		have.Mode = i.Mode.Value
	}
	if i.VLAN != nil {
		have.VLAN = i.VLAN.VID
	}
	maps.Copy(have.Addresses, on[i.ID])
	return have
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

// slugsOf returns the slugs of tags, sorted.
func slugsOf(tags []named) []string {
	slugs := make([]string, len(tags))
	for i, t := range tags {
		slugs[i] = t.Slug
	}
	sort.Strings(slugs)
	return slugs
}

// addressesOn returns the addresses on the interfaces of a kind, by its number.
func addressesOn(b *box, kind string) map[int]map[string]wantAddress {
	on := map[int]map[string]wantAddress{}
	for _, a := range read[apiIP](b, "/api/ipam/ip-addresses/") {
		if a.AssignedType != kind {
			continue
		}
		if on[a.AssignedID] == nil {
			on[a.AssignedID] = map[string]wantAddress{}
		}
		on[a.AssignedID][a.Address] = wantAddress{a.Status.Value, a.Description}
	}
	return on
}

// found returns the virtual machines of a source by VMID.
func found(b *box, source string) map[int]wantMachine {
	have, vmids := map[int]wantMachine{}, map[int]int{}
	for _, m := range read[apiMachine](b, "/api/virtualization/virtual-machines/") {
		if m.CustomFields.Source != source {
			continue
		}
		vmids[m.ID] = m.CustomFields.ID
		have[m.CustomFields.ID] = wantMachine{
			Name: m.Name, Status: m.Status.Value, Role: slugOf(m.Role), Type: slugOf(m.Type), Device: nameOf(m.Device),
			Cluster: nameOf(m.Cluster), Site: nameOf(m.Site), Platform: nameOf(m.Platform), Description: m.Description,
			Comments: m.Comments, VCPUs: m.VCPUs, Memory: m.Memory, StartOnBoot: m.StartOnBoot.Value, Tags: slugsOf(m.Tags),
			PrimaryIP4: addressOf(m.PrimaryIP4), PrimaryIP6: addressOf(m.PrimaryIP6), Custom: m.CustomFields.wantCustom,
			Interfaces: map[string]wantInterface{}, Disks: map[string]wantDisk{},
		}
	}
	on := addressesOn(b, "virtualization.vminterface")
	for _, i := range read[apiInterface](b, "/api/virtualization/interfaces/") {
		if vmid, ours := vmids[i.VirtualMachine.ID]; ours {
			have[vmid].Interfaces[i.Name] = i.asWanted(on)
		}
	}
	for _, d := range read[apiDisk](b, "/api/virtualization/virtual-disks/") {
		if vmid, ours := vmids[d.VirtualMachine.ID]; ours {
			have[vmid].Disks[d.Name] = wantDisk{Size: d.Size, Storage: d.Description}
		}
	}
	return have
}
