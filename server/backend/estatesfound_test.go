package backend_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What NetBox holds of the estates written by hand, read back over its API in the shape of the expectation. Nothing here
// is the sink's.

// placed is what an interface of a device or virtual machine is, with all that hangs on it.
type placed struct {
	Type, LAG, Bridge, Parent string // of a device's
	Enabled                   bool
	MTU                       int
	MAC                       string // the primary one; of several all of them
	Description               string
	VLANs                     string   // "access 10", "tagged 20 30", "tagged-all"; empty for none
	Addresses                 []string // "10.1.0.100/16 active From the guest agent"
}

// standsFor is what a device and a virtual machine have in common.
type standsFor struct {
	Name, Status, Role, Type, Cluster, Site, Platform, Description string
	Tags                                                           []string // slugs
	Custom                                                         map[string]string
	Primary4, Primary6                                             string
	Interfaces                                                     map[string]*placed
}

// standing is what stands for a guest.
type standing struct {
	standsFor
	Device, Comments, StartOnBoot string
	VCPUs                         float64
	Memory, Disk                  int64 // MiB
	Disks                         map[string]wantDisk
}

// picture is all that NetBox holds of the sources: nodes by "alpha a1", guests by "alpha 100". A second virtual machine
// with the marks of a guest, in the order of their ids, is "beta 158 again".
type picture struct {
	nodes  map[string]*standsFor
	guests map[string]*standing
}

type choice struct {
	Value string `json:"value"`
}

// apiUnit is a device or a virtual machine as NetBox tells it.
type apiUnit struct {
	ID          int            `json:"id"`
	Name        string         `json:"name"`
	Status      choice         `json:"status"`
	Role        *named         `json:"role"`
	MachineType *named         `json:"virtual_machine_type"`
	DeviceType  *named         `json:"device_type"`
	Device      *named         `json:"device"`
	Cluster     *named         `json:"cluster"`
	Site        *named         `json:"site"`
	Platform    *named         `json:"platform"`
	VCPUs       float64        `json:"vcpus"`
	Memory      int64          `json:"memory"`
	Disk        int64          `json:"disk"`
	StartOnBoot *choice        `json:"start_on_boot"`
	Description string         `json:"description"`
	Comments    string         `json:"comments"`
	PrimaryIP4  *apiIP         `json:"primary_ip4"`
	PrimaryIP6  *apiIP         `json:"primary_ip6"`
	Tags        []named        `json:"tags"`
	Custom      map[string]any `json:"custom_fields"`
}

type apiPort struct {
	ID             int    `json:"id"`
	Device         *named `json:"device"`
	VirtualMachine *named `json:"virtual_machine"`
	Name           string `json:"name"`
	Type           choice `json:"type"`
	LAG            *named `json:"lag"`
	Bridge         *named `json:"bridge"`
	Parent         *named `json:"parent"`
	Enabled        bool   `json:"enabled"`
	MTU            int    `json:"mtu"`
	MAC            string `json:"mac_address"`
	Description    string `json:"description"`
	Mode           choice `json:"mode"`
	Untagged       *vlan  `json:"untagged_vlan"`
	Tagged         []vlan `json:"tagged_vlans"`
}

type vlan struct {
	VID int `json:"vid"`
}

type apiAssigned struct {
	Address      string `json:"address"`
	MAC          string `json:"mac_address"`
	Status       choice `json:"status"`
	Role         choice `json:"role"`
	Description  string `json:"description"`
	AssignedType string `json:"assigned_object_type"`
	AssignedID   int    `json:"assigned_object_id"`
}

// pictureOf reads everything of the sources. Objects that bear nobody's mark are not looked at.
func pictureOf(b *box) picture {
	b.t.Helper()
	p := picture{map[string]*standsFor{}, map[string]*standing{}}
	devices, machines := map[int]map[string]*placed{}, map[int]map[string]*placed{}
	disks := map[int]map[string]wantDisk{}
	for _, u := range read[apiUnit](b, "/api/dcim/devices/") {
		if source, ours := u.Custom["proxbox_source"].(string); ours {
			stands := u.standsFor(u.DeviceType)
			p.nodes[source+" "+u.Name], devices[u.ID] = &stands, stands.Interfaces
		}
	}
	for _, u := range read[apiUnit](b, "/api/virtualization/virtual-machines/") {
		source, ours := u.Custom["proxbox_source"].(string)
		if !ours {
			continue
		}
		key := fmt.Sprint(source, " ", u.Custom["proxmox_vm_id"])
		for p.guests[key] != nil {
			key += " again"
		}
		g := &standing{
			standsFor: u.standsFor(u.MachineType), Device: nameOf(u.Device), Comments: u.Comments, VCPUs: u.VCPUs, Memory: u.Memory,
			Disk: u.Disk, Disks: map[string]wantDisk{},
		}
		if u.StartOnBoot != nil {
			g.StartOnBoot = u.StartOnBoot.Value
		}
		p.guests[key], machines[u.ID], disks[u.ID] = g, g.Interfaces, g.Disks
	}
	for _, d := range read[apiDisk](b, "/api/virtualization/virtual-disks/") {
		if on := disks[d.VirtualMachine.ID]; on != nil {
			on[d.Name] = wantDisk{Size: d.Size, Storage: d.Description}
		}
	}
	ports := placePorts(b, devices, machines)
	for _, a := range read[apiAssigned](b, "/api/ipam/ip-addresses/") {
		if port := ports[a.AssignedType][a.AssignedID]; port != nil {
			words := strings.Fields(strings.Join([]string{a.Address, a.Status.Value, a.Role.Value, a.Description}, " "))
			port.Addresses = append(port.Addresses, strings.Join(words, " "))
		}
	}
	macs := map[*placed][]string{}
	for _, a := range read[apiAssigned](b, "/api/dcim/mac-addresses/") {
		if port := ports[a.AssignedType][a.AssignedID]; port != nil {
			macs[port] = append(macs[port], strings.ToUpper(a.MAC))
		}
	}
	for _, byID := range ports {
		for _, port := range byID {
			slices.Sort(port.Addresses)
			if all := strings.Join(macs[port], " "); all != port.MAC {
				port.MAC += " of " + all
			}
		}
	}
	return p
}

// placePorts adds the interfaces, and returns them by NetBox's word for their kind and by id.
func placePorts(b *box, devices, machines map[int]map[string]*placed) map[string]map[int]*placed {
	ports := map[string]map[int]*placed{"dcim.interface": {}, "virtualization.vminterface": {}}
	for _, i := range read[apiPort](b, "/api/dcim/interfaces/") {
		if on := devices[i.Device.ID]; on != nil {
			on[i.Name] = i.placed()
			ports["dcim.interface"][i.ID] = on[i.Name]
		}
	}
	for _, i := range read[apiPort](b, "/api/virtualization/interfaces/") {
		if on := machines[i.VirtualMachine.ID]; on != nil {
			on[i.Name] = i.placed()
			ports["virtualization.vminterface"][i.ID] = on[i.Name]
		}
	}
	return ports
}

func (u *apiUnit) standsFor(kind *named) standsFor {
	s := standsFor{
		Name: u.Name, Status: u.Status.Value, Role: slugOf(u.Role), Type: slugOf(kind), Cluster: nameOf(u.Cluster), Site: nameOf(u.Site),
		Platform: nameOf(u.Platform), Description: u.Description, Custom: map[string]string{},
		Primary4: addressOf(u.PrimaryIP4), Primary6: addressOf(u.PrimaryIP6), Interfaces: map[string]*placed{},
	}
	for _, tag := range u.Tags {
		s.Tags = append(s.Tags, tag.Slug)
	}
	slices.Sort(s.Tags)
	for name, value := range u.Custom {
		if value != nil && name != "proxbox_memory" {
			s.Custom[name] = fmt.Sprint(value)
		}
	}
	return s
}

func (i *apiPort) placed() *placed {
	p := &placed{
		Type: i.Type.Value, LAG: nameOf(i.LAG), Bridge: nameOf(i.Bridge), Parent: nameOf(i.Parent), Enabled: i.Enabled, MTU: i.MTU,
		Description: i.Description, MAC: strings.ToUpper(i.MAC),
	}
	words := strings.Fields(i.Mode.Value)
	if i.Untagged != nil {
		words = append(words, strconv.Itoa(i.Untagged.VID))
	}
	slices.SortFunc(i.Tagged, func(a, b vlan) int { return a.VID - b.VID })
	for _, v := range i.Tagged {
		words = append(words, strconv.Itoa(v.VID))
	}
	p.VLANs = strings.Join(words, " ")
	return p
}

// rows are objects of NetBox as they stand, with the time of their last change, by path and id.
func rows(b *box) map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for _, path := range []string{
		"/api/dcim/devices/", "/api/dcim/interfaces/", "/api/dcim/mac-addresses/", "/api/ipam/ip-addresses/", "/api/virtualization/clusters/",
		"/api/virtualization/interfaces/", "/api/virtualization/virtual-disks/", "/api/virtualization/virtual-machines/",
	} {
		for _, row := range read[json.RawMessage](b, path) {
			var object named
			if err := json.Unmarshal(row, &object); err != nil {
				b.t.Fatal(err)
			}
			all[path+strconv.Itoa(object.ID)] = string(row)
		}
	}
	return all
}
