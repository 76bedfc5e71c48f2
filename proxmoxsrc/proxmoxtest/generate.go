package proxmoxtest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// Spec says what [Generate] makes.
type Spec struct {
	// Seed of all random choices.
	Seed uint64
	// Name of the cluster. MACs and addresses derive from it too, so that
	// clusters of different names do not share any; see Number.
	Name string
	// Standalone makes one node that is no cluster; Name still tells it from
	// others.
	Standalone bool
	// Nodes, default 3.
	Nodes int
	// Guests, 0 for none.
	Guests int
	// Version of Proxmox VE, default "8.4.1".
	Version string
	// Number, 1 to 98, picks the IPv4 block of the cluster inside 10.0.0.0/8.
	// Default 0: one picked by the hash of Name, where two names meet with a
	// chance of 1 to 98. Give numbers to clusters that must not.
	Number int
}

const (
	vlanCount    = 40
	firstVLAN    = 100
	blockCount   = 98
	nicsPerGuest = 8
	perSubnet    = 1 << 12 // a /20
)

// Generate makes an estate. The same Spec gives the same estate, and guests
// 1 to n are the same however many there are.
//
// Three quarters of the guests are virtual machines, 85 % run, 2 % are
// templates. Names, MACs and addresses repeat now and then, some names are
// missing, differ by case only or are longer than 64 characters, some agents
// are off, dead, stalled or refuse, some disks have no size: what estates that
// grew over years look like.
func Generate(spec Spec) *Estate {
	if spec.Nodes <= 0 {
		spec.Nodes = 3
	}
	if spec.Standalone {
		spec.Nodes = 1
	}
	g := newGenerator(spec)
	for i := range spec.Nodes {
		g.estate.Nodes = append(g.estate.Nodes, g.node(i))
	}
	g.estate.Guests = make([]*Guest, 0, spec.Guests)
	for i := range spec.Guests {
		g.estate.Guests = append(g.estate.Guests, g.guest(i))
	}
	g.estate.fill()
	return g.estate
}

// generator carries what an entity needs to know of those before it: how many
// addresses of a subnet are taken, and the next VMID.
type generator struct {
	spec    Spec
	estate  *Estate
	vmid    int
	hosts   [vlanCount + 1]int
	block   int
	mac     uint32 // the cluster's MAC prefix and scatter
	scatter uint32
	weights []int
}

func newGenerator(spec Spec) *generator {
	identity := entropy(0, spec.Name, "identity", spec.Number)
	g := &generator{spec: spec, vmid: 99, block: spec.Number % (blockCount + 1)}
	g.mac = identity.Uint32() & 0xffff
	g.scatter = identity.Uint32()
	if g.block == 0 {
		g.block = 1 + identity.IntN(blockCount)
	}
	g.estate = &Estate{
		Version:   spec.Version,
		MACPrefix: fmt.Sprintf("02:%02X:%02X", g.mac>>8, g.mac&0xff),
		TagStyle:  "color-map=tag-01:ff0000;tag-02:00ff00:ffffff,ordering=config",
		Storages: []Storage{
			{Name: "local-lvm", Kind: "lvmthin"},
			{Name: "ceph", Kind: "rbd", Shared: true},
			{Name: "nfs", Kind: "nfs", Shared: true},
		},
		Zones: []Zone{{Name: "vx", Kind: "vxlan"}, {Name: "vl", Kind: "vlan", Bridge: "vmbr0"}},
		Vnets: []Vnet{{Name: "vxnet1", Zone: "vx", Tag: 70001}, {Name: "vlnet1", Zone: "vl", Tag: 300}},
	}
	if !spec.Standalone {
		g.estate.Cluster = spec.Name
	}
	for i := range 10 {
		g.estate.Pools = append(g.estate.Pools, Pool{Name: fmt.Sprintf("pool-%d", i+1)})
	}
	return g
}

func (g *generator) entropy(kind string, number int) *rand.Rand {
	return entropy(g.spec.Seed, g.spec.Name, kind, number)
}

func (g *generator) node(i int) *Node {
	r := g.entropy("node", i)
	g.weights = append(g.weights, 1+r.IntN(3))
	name := fmt.Sprintf("%s-n%d", strings.ToLower(g.spec.Name), i+1)
	if g.spec.Standalone {
		name = "pve"
	}
	sockets := 1 + r.IntN(2)
	cores := sockets * (8 << r.IntN(3))
	address := g.subnetAddress(0, i+1)
	bridges := []Interface{
		{Name: "eno1"},
		{Name: "eno2"},
		{Name: "bond0", Type: "bond", Ports: "eno1 eno2", BondMode: "802.3ad"},
		{
			Name: "vmbr0", Type: "bridge", Ports: "bond0", VLANAware: true, VLANs: "2-4094",
			CIDR: address.String(), Gateway: g.subnetAddress(0, perSubnet-2).Addr().String(),
		},
	}
	for b := 1; b < 4; b++ {
		bridges = append(bridges, Interface{Name: fmt.Sprintf("vmbr%d", b), Type: "bridge", VLANAware: true})
	}
	return &Node{
		Name: name, Address: address.Addr().String(),
		Sockets: sockets, Cores: cores, Threads: 2 * cores,
		Memory: int64(64<<r.IntN(4)) << 30, Interfaces: bridges,
	}
}

// pickNode chooses by weight.
func (g *generator) pickNode(r *rand.Rand) string {
	total := 0
	for _, weight := range g.weights {
		total += weight
	}
	n := r.IntN(total)
	for i, weight := range g.weights {
		if n -= weight; n < 0 {
			return g.estate.Nodes[i].Name
		}
	}
	return g.estate.Nodes[0].Name
}

// guest makes the i-th guest. All its choices come from numbers of its own;
// of the guests before it, it takes the VMID, free addresses and what it
// repeats on purpose.
func (g *generator) guest(i int) *Guest {
	g.vmid++
	if chance(g.entropy("gap", i), 0.03) {
		g.vmid++
	}
	kind := QEMU
	if chance(g.entropy("kind", g.vmid), 0.25) {
		kind = LXC
	}
	r := g.entropy(string(kind), g.vmid)
	guest := &Guest{VMID: g.vmid, Kind: kind, Node: g.pickNode(r), OnBoot: chance(r, 0.7)}
	guest.Name = g.guestName(g.entropy("name", g.vmid), i)
	g.status(g.entropy("status", g.vmid), guest)
	g.size(r, guest)
	g.labels(g.entropy("labels", g.vmid), guest)
	if kind == QEMU {
		guest.UUID = uuidFrom(g.entropy("uuid", g.vmid))
		guest.Created = 1600000000 + int64(i)*600
		if chance(r, 0.15) {
			guest.OSType = "win11"
		}
		guest.Agent = pickAgent(g.entropy("agent", g.vmid))
	}
	g.nics(g.entropy("nics", g.vmid), guest, i)
	g.interfaces(g.entropy("interfaces", g.vmid), guest)
	g.disks(g.entropy("disks", g.vmid), guest)
	return guest
}

func chance(r *rand.Rand, share float64) bool { return r.Float64() < share }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// earlier is a guest made before the i-th, or nil for the first.
func (g *generator) earlier(r *rand.Rand, i int) *Guest {
	if i == 0 {
		return nil
	}
	return g.estate.Guests[r.IntN(i)]
}

func (g *generator) guestName(r *rand.Rand, i int) string {
	name := fmt.Sprintf("%s-%s-%d", pick(r, roles()), pick(r, []string{"prod", "test", "dev", "stage"}), i+1)
	share, other := r.Float64(), g.earlier(r, i)
	switch {
	case share < 0.007 && other != nil && other.Name != "":
		return other.Name
	case share < 0.010 && other != nil && other.Name != "":
		return strings.ToUpper(other.Name)
	case share < 0.015:
		return name + strings.Repeat(".longer", 9) + ".example.com"
	case share < 0.018:
		return ""
	}
	return name
}

func roles() []string {
	return []string{
		"web", "db", "cache", "mail", "git", "ci", "proxy", "dns", "ldap", "monitor",
		"queue", "search", "files", "backup", "vpn", "wiki",
	}
}

func (g *generator) status(r *rand.Rand, guest *Guest) {
	share := r.Float64()
	other := pick(r, []Status{StatusPaused, StatusIOError, StatusPrelaunch, StatusSuspended})
	guest.Template = chance(r, 0.02)
	switch {
	case guest.Template, share < 0.12:
		guest.Status = StatusStopped
	case share < 0.15 && guest.Kind == QEMU:
		guest.Status = other
	default:
		guest.Status = StatusRunning
	}
	if share >= 0.99 {
		guest.Lock = "backup"
	}
}

func (g *generator) size(r *rand.Rand, guest *Guest) {
	guest.Cores = 1 << r.IntN(5)
	guest.Memory = int64(512<<r.IntN(8)) << 20
	bare := r.Float64()
	if guest.Kind == LXC {
		switch {
		case bare < 0.05:
			guest.Cores = 0
		case bare < 0.07:
			guest.Cores, guest.CPULimit = 0, "0.5"
		}
		return
	}
	guest.Sockets = 1 + r.IntN(2)
	if bare < 0.03 && guest.CPUs() > 1 {
		guest.VCPUs = guest.CPUs() - 1
	}
}

func (g *generator) labels(r *rand.Rand, guest *Guest) {
	for _, n := range r.Perm(30)[:r.IntN(6)] {
		guest.Tags = append(guest.Tags, fmt.Sprintf("tag-%02d", n+1))
	}
	if chance(r, 0.6) {
		guest.Pool = fmt.Sprintf("pool-%d", 1+r.IntN(10))
	}
	if chance(r, 0.05) {
		guest.HAState = "started"
	}
	if chance(r, 0.2) {
		guest.Description = fmt.Sprintf("Für Gruppe %d.\n\nSee <b>wiki</b> ✓", r.IntN(100))
	}
}

func pickAgent(r *rand.Rand) Agent {
	switch share := r.Float64(); {
	case share < 0.70:
		return AgentOK
	case share < 0.78:
		return AgentDead
	case share < 0.79:
		return AgentStalled
	case share < 0.80:
		return AgentRefused
	}
	return AgentOff
}

func (g *generator) disks(r *rand.Rand, guest *Guest) {
	for n := range 1 + r.IntN(4) {
		disk := Disk{
			Slot: fmt.Sprintf("scsi%d", n), Storage: g.estate.Storages[r.IntN(3)].Name,
			Bytes: int64(8<<r.IntN(10)) << 30,
		}
		odd := r.Float64()
		if guest.Kind == LXC {
			disk.Slot = fmt.Sprintf("mp%d", n-1)
			if n == 0 {
				disk.Slot = "rootfs"
			}
		}
		switch {
		case odd < 0.01:
			disk.UnknownSize = true
		case odd < 0.03 && n > 0 && guest.Kind == QEMU:
			disk.Kind, disk.Storage = DiskPassthrough, ""
			disk.Path = fmt.Sprintf("/dev/disk/by-id/ata-DISK_%06d", r.IntN(1e6))
		case odd < 0.04:
			disk.Bytes += 512
		}
		guest.Disks = append(guest.Disks, disk)
	}
	if guest.Kind == QEMU && chance(r, 0.3) {
		guest.Disks = append(guest.Disks, Disk{Slot: "ide2", Kind: DiskCDROM})
	}
	if guest.Kind == QEMU && chance(r, 0.1) {
		guest.Disks = append(guest.Disks, Disk{Slot: "efidisk0", Storage: "local-lvm", Bytes: 528 << 10})
	}
}

// subnetAddress is the n-th address of a /20 of the cluster.
func (g *generator) subnetAddress(subnet, n int) netip.Prefix {
	base := uint32(10<<24) + uint32(g.block*(vlanCount+1)+subnet)*perSubnet + uint32(n)
	address := netip.AddrFrom4([4]byte{byte(base >> 24), byte(base >> 16), byte(base >> 8), byte(base)})
	return netip.PrefixFrom(address, 20)
}
