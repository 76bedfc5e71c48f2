package backend_test

import (
	"fmt"
	"math"
	"net/netip"
	"sort"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// What must stand in NetBox, worked out from the generator's estate alone: this file shares nothing with the sink.

type wantMachine struct {
	Name, Status, Role, Type, Device, Cluster string
	VCPUs                                     float64
	Memory                                    int64 // MiB
	UUID, Kind                                string
	StartAtBoot                               bool
	Tags                                      []string
	PrimaryIP4, PrimaryIP6                    string
	Interfaces                                map[string]wantInterface
	Disks                                     map[string]wantDisk
}

type wantInterface struct {
	Enabled   bool
	MAC       string
	Addresses []string
}

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
			Name: expectName(g, names), Device: g.Node, Cluster: e.Cluster, Memory: g.MemoryBytes() >> 20,
			StartAtBoot: g.OnBoot, Tags: []string{"proxbox"}, Kind: string(g.Kind), UUID: g.UUID,
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
			m.Role, m.Type, m.UUID = "container-lxc", "lxc-container", ""
		}
		for _, nic := range g.NICs {
			name := fmt.Sprintf("net%d", nic.Index)
			if g.Kind == proxmoxtest.LXC {
				name = nic.Name
			}
			i := wantInterface{Enabled: !nic.LinkDown, MAC: strings.ToUpper(nic.MAC)}
			for _, p := range expectAddresses(e, g, nic) {
				if addresses[p.Addr()] {
					continue // an earlier guest has it
				}
				addresses[p.Addr()] = true
				i.Addresses = append(i.Addresses, p.String())
				if p.Addr().Is4() && m.PrimaryIP4 == "" {
					m.PrimaryIP4 = p.String()
				}
				if p.Addr().Is6() && m.PrimaryIP6 == "" {
					m.PrimaryIP6 = p.String()
				}
			}
			sort.Strings(i.Addresses)
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
