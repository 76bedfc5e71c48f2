package backend_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
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

// gathered is the cluster of a source.
type gathered struct {
	Name, Type, Description, Site, Source string
	Tags                                  []string // slugs
}

// picture is all that NetBox holds of the sources: clusters by the name of the source, nodes by "alpha a1", guests by
// "alpha 100". A second virtual machine with the marks of a guest, in the order of their ids, is "beta 158 again".
type picture struct {
	clusters map[string]gathered
	nodes    map[string]*standsFor
	guests   map[string]*standing
	tags     map[string]string // "prod ff0000" by slug
}

func newPicture() picture {
	return picture{map[string]gathered{}, map[string]*standsFor{}, map[string]*standing{}, map[string]string{}}
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

type apiCluster struct {
	Name        string         `json:"name"`
	Type        named          `json:"type"`
	Description string         `json:"description"`
	Scope       *named         `json:"scope"` // a site
	Tags        []named        `json:"tags"`
	Custom      map[string]any `json:"custom_fields"`
}

type apiTag struct {
	Name  string `json:"name"`
	Slug  string `json:"slug"`
	Color string `json:"color"`
}

type apiInterfaceRow struct {
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
	p := newPicture()
	p.gather(b)
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

// gather adds the clusters and the tags.
func (p picture) gather(b *box) {
	b.t.Helper()
	for _, c := range read[apiCluster](b, "/api/virtualization/clusters/") {
		source, _ := c.Custom["proxbox_source"].(string)
		g := gathered{Name: c.Name, Type: c.Type.Name, Description: c.Description, Site: nameOf(c.Scope), Source: source}
		for _, tag := range c.Tags {
			g.Tags = append(g.Tags, tag.Slug)
		}
		p.clusters[source] = g
	}
	for _, t := range read[apiTag](b, "/api/extras/tags/") {
		p.tags[t.Slug] = t.Name + " " + t.Color
	}
}

// placePorts adds the interfaces, and returns them by NetBox's word for their kind and by id.
func placePorts(b *box, devices, machines map[int]map[string]*placed) map[string]map[int]*placed {
	ports := map[string]map[int]*placed{"dcim.interface": {}, "virtualization.vminterface": {}}
	for _, i := range read[apiInterfaceRow](b, "/api/dcim/interfaces/") {
		if on := devices[i.Device.ID]; on != nil {
			on[i.Name] = i.placed()
			ports["dcim.interface"][i.ID] = on[i.Name]
		}
	}
	for _, i := range read[apiInterfaceRow](b, "/api/virtualization/interfaces/") {
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

func (i *apiInterfaceRow) placed() *placed {
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

// rows are objects of NetBox as they stand, with the time of their last change, by path, id and what NetBox calls them.
func rows(b *box) map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for _, path := range []string{
		"dcim/devices", "dcim/interfaces", "dcim/mac-addresses", "dcim/sites", "ipam/ip-addresses", "ipam/vlans", "virtualization/clusters",
		"virtualization/interfaces", "virtualization/virtual-disks", "virtualization/virtual-machines",
	} {
		for _, row := range read[map[string]any](b, "/api/"+path+"/") {
			maps.DeleteFunc(row, func(name string, _ any) bool { // sums over others
				return strings.HasSuffix(name, "_count") || strings.HasPrefix(name, "allocated_")
			})
			for name, value := range row {
				row[name] = onlyIDs(value)
			}
			text, err := json.Marshal(row)
			if err != nil {
				b.t.Fatal(err)
			}
			_, kind, _ := strings.Cut(path, "/")
			all[fmt.Sprint(path, " ", row["id"], ":", kind, " ", row["display"])] = string(text)
		}
	}
	return all
}

// onlyIDs replaces objects within a row by their ids: what else is told of them does not belong to the row.
func onlyIDs(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = onlyIDs(v[i])
		}
	case map[string]any:
		if id, ok := v["id"]; ok {
			return id
		}
	}
	return value
}

// differing returns what is not the same in both, sorted: "~ devices b3", "+ interfaces net0", "- interfaces net1".
func differing(before, after map[string]string) []string {
	list := []string{} // never nil, to be compared
	add := func(sign, key string) {
		_, label, _ := strings.Cut(key, ":")
		list = append(list, sign+" "+label)
	}
	for key, row := range before {
		switch now, ok := after[key]; {
		case !ok:
			add("-", key)
		case now != row:
			add("~", key)
		}
	}
	for key := range after {
		if _, ok := before[key]; !ok {
			add("+", key)
		}
	}
	slices.Sort(list)
	return list
}

// minor returns the NetBox's release, of 4.7.3 the 7.
func (b *box) minor() int {
	b.t.Helper()
	request, err := http.NewRequest(http.MethodGet, b.base+"/api/status/", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	var status struct {
		Version string `json:"netbox-version"`
	}
	b.send(request, &status)
	n, err := strconv.Atoi(strings.Split(status.Version+".", ".")[1])
	if err != nil {
		b.t.Fatal(status.Version, err)
	}
	return n
}
