package backend_test

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// What must stand in NetBox, worked out from the generator's estate alone: this file shares nothing with the sink.

type wantMachine struct {
	Name, Status, Role, Type, Device, Cluster, Site, Platform string
	Description, Comments                                     string
	VCPUs                                                     float64
	Memory                                                    int64 // MiB
	StartOnBoot                                               string
	Tags                                                      []string // slugs, sorted
	PrimaryIP4, PrimaryIP6                                    string
	Custom                                                    wantCustom
	Interfaces                                                map[string]wantInterface
	Disks                                                     map[string]wantDisk
}

// wantCustom is the custom fields that tell of the guest.
type wantCustom struct {
	UUID         string `json:"proxbox_uuid"`
	Kind         string `json:"proxmox_vm_type"`
	StartAtBoot  bool   `json:"proxmox_start_at_boot"`
	Unprivileged bool   `json:"proxmox_unprivileged_container"`
	Agent        bool   `json:"proxmox_qemu_agent"`
	Node         string `json:"proxmox_node"`
	Pool         string `json:"proxmox_pool"`
	HA           string `json:"proxmox_ha_state"`
	Tags         string `json:"proxmox_tags"`
}

type wantInterface struct {
	Enabled           bool
	MAC               string
	Description, Mode string
	VLAN              int
	Addresses         map[string]wantAddress
}

type wantAddress struct{ Status, Description string }

type wantDisk struct {
	Size    int64 // MiB
	Storage string
}

// expect returns the virtual machines of a cluster by VMID.
func expect(e *proxmoxtest.Estate) map[int]wantMachine {
	guests := append([]*proxmoxtest.Guest(nil), e.Guests...)
	sort.Slice(guests, func(i, j int) bool { return guests[i].VMID < guests[j].VMID })
	names, addresses := map[string]bool{}, map[netip.Addr]bool{}
	want := map[int]wantMachine{}
	for _, g := range guests {
		m := wantMachine{
			Name: expectName(g, names), Device: g.Node, Cluster: e.Cluster, Site: "Proxmox Default Site - " + e.Cluster,
			Description: "Synced from Proxmox node " + g.Node, Comments: g.Description, Platform: expectPlatform(g),
			Memory: g.MemoryBytes() >> 20, StartOnBoot: onOrOff(g.OnBoot), Tags: expectTags(g),
			Custom: wantCustom{
				UUID: g.UUID, Kind: string(g.Kind), StartAtBoot: g.OnBoot, Unprivileged: g.Kind == proxmoxtest.LXC,
				Agent: g.Agent != proxmoxtest.AgentOff, Node: g.Node, Pool: g.Pool, HA: g.HAState,
			},
			Status: map[proxmoxtest.Status]string{
				proxmoxtest.StatusRunning: "active", proxmoxtest.StatusStopped: "offline",
				proxmoxtest.StatusPaused: "paused", proxmoxtest.StatusSuspended: "paused", proxmoxtest.StatusPrelaunch: "paused",
				proxmoxtest.StatusIOError: "failed",
			}[g.Status],
			VCPUs: expectCPUs(e, g),
			Role:  "virtual-machine-qemu", Type: "qemu-virtual-machine",
			Interfaces: map[string]wantInterface{}, Disks: map[string]wantDisk{},
		}
		if g.Kind == proxmoxtest.LXC {
			m.Role, m.Type, m.Custom.UUID = "container-lxc", "lxc-container", ""
		}
		m.Custom.Tags = strings.Join(slices.DeleteFunc(slices.Clone(m.Tags), func(s string) bool { return s == "proxbox" }), " ")
		for _, nic := range g.NICs {
			name := fmt.Sprintf("net%d", nic.Index)
			if g.Kind == proxmoxtest.LXC {
				name = nic.Name
			}
			i := wantInterface{
				Enabled: !nic.LinkDown, MAC: strings.ToUpper(nic.MAC), Description: "Bridge " + nic.Bridge,
				Addresses: map[string]wantAddress{},
			}
			for _, p := range expectAddresses(e, g, nic) {
				if addresses[p.Addr()] {
					continue // an earlier guest has it
				}
				addresses[p.Addr()] = true
				i.Addresses[p.String()] = expectAddress(g, nic, p)
				if p.Addr().Is4() && m.PrimaryIP4 == "" {
					m.PrimaryIP4 = p.String()
				}
				if p.Addr().Is6() && m.PrimaryIP6 == "" {
					m.PrimaryIP6 = p.String()
				}
			}
			m.Interfaces[name] = i
		}
		for _, d := range g.Disks {
			if d.UnknownSize || d.Kind == proxmoxtest.DiskCDROM {
				continue
			}
			disk := wantDisk{Size: int64(math.Ceil(float64(d.Bytes) / (1 << 20))), Storage: d.Storage}
			if d.Kind == proxmoxtest.DiskPassthrough {
				disk.Storage = ""
			}
			m.Disks[d.Slot] = disk
		}
		want[g.VMID] = m
	}
	return want
}

// expectName returns the name as NetBox can hold it, once in a cluster whatever its case.
func expectName(g *proxmoxtest.Guest, taken map[string]bool) string {
	base := g.Name
	if base == "" {
		base = "vm-" + strconv.Itoa(g.VMID)
	}
	name := base[:min(len(base), 64)]
	for n := 2; taken[strings.ToLower(name)]; n++ {
		end := fmt.Sprintf(" (%d)", n)
		name = base[:min(len(base), 64-len(end))] + end
	}
	taken[strings.ToLower(name)] = true
	return name
}

// expectTags returns the tags of the guest, ours, and that of templates.
func expectTags(g *proxmoxtest.Guest) []string {
	tags := append([]string{"proxbox"}, g.Tags...)
	if g.Template {
		tags = append(tags, "proxmox-template")
	}
	sort.Strings(tags)
	return tags
}

// expectPlatform returns the operating system: what the agent says of it, else what the configuration does.
func expectPlatform(g *proxmoxtest.Guest) string {
	isWindows := strings.HasPrefix(g.OSType, "win")
	switch answers := g.Kind == proxmoxtest.QEMU && g.Agent == proxmoxtest.AgentOK && g.Status == proxmoxtest.StatusRunning; {
	case answers && isWindows:
		return "Windows Server 2022 Standard"
	case answers:
		return "Debian GNU/Linux 12"
	}
	return map[string]string{"l26": "Linux", "win11": "Windows 11", "debian": "Debian"}[g.OSType]
}

func onOrOff(is bool) string {
	if is {
		return "on"
	}
	return "off"
}

func expectCPUs(e *proxmoxtest.Estate, g *proxmoxtest.Guest) float64 {
	if g.Kind == proxmoxtest.QEMU {
		return float64(g.CPUs())
	}
	if g.Cores > 0 {
		return float64(g.Cores)
	}
	if limit, err := strconv.ParseFloat(g.CPULimit, 64); err == nil {
		return limit
	}
	return float64(e.Node(g.Node).Threads) // a container without a limit has all of its host
}

// expectAddresses returns what can be known of a NIC's addresses: of a container that does not run, what its
// configuration says.
func expectAddresses(e *proxmoxtest.Estate, g *proxmoxtest.Guest, nic proxmoxtest.NIC) []netip.Prefix {
	if g.Template {
		return nil
	}
	if g.Kind == proxmoxtest.LXC && g.Status != proxmoxtest.StatusRunning {
		var static []netip.Prefix
		for _, text := range []string{nic.IP, nic.IP6} {
			if p, err := netip.ParsePrefix(text); err == nil {
				static = append(static, p)
			}
		}
		return static
	}
	return e.VisibleAddresses(g.VMID)[nic.Index]
}

// expectAddress tells where an address is from, and whether DHCP gave it.
func expectAddress(g *proxmoxtest.Guest, nic proxmoxtest.NIC, p netip.Prefix) wantAddress {
	want := wantAddress{Status: "active", Description: "From the guest agent"}
	if g.Kind == proxmoxtest.LXC {
		want.Description = "From the configuration of the container"
		if g.Status == proxmoxtest.StatusRunning {
			want.Description = "From the running container"
		}
	}
	if intent := map[bool]string{true: nic.IP, false: nic.IP6}[p.Addr().Is4()]; intent == "dhcp" || intent == "auto" {
		want.Status = "dhcp"
	}
	return want
}
