package proxmoxtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Alpha is a cluster of Proxmox VE 9.1 with three nodes, quorum, virtual
// networks, shared storage, HA and colours for tags. [AlphaCredential] reads
// all of it.
func Alpha() *Estate {
	s := &site{number: 1}
	s.alphaNames()
	s.alphaAgents()
	s.alphaNetworks()
	s.alphaSizes()
	s.alphaStates()
	s.alphaTexts()
	s.alphaContainers()
	return &Estate{
		Cluster:  "alpha",
		Version:  "9.1.6",
		Nodes:    alphaNodes(),
		Guests:   s.guests,
		Pools:    []Pool{{Name: "web", Comment: "Für alle, die <b>HTTP</b> sprechen"}, {Name: "empty"}},
		Storages: []Storage{{Name: "local"}, {Name: "local-lvm", Kind: "lvmthin"}, {Name: "rbd", Kind: "rbd", Shared: true}},
		Zones:    []Zone{{Name: "vx", Kind: "vxlan"}, {Name: "vl", Kind: "vlan", Bridge: "vmbr0"}},
		Vnets: []Vnet{
			{Name: "vxnet1", Zone: "vx", Tag: 70001},
			{Name: "vlnet1", Zone: "vl", Tag: 300, Alias: "dmz"},
		},
		TagStyle: "case-sensitive=1,color-map=prod:ff0000;web:00FF00:ffffff,ordering=config,shape=full",
	}
}

// AlphaCredential is a token with PVEAuditor on everything, which is enough in
// Proxmox VE 9.
func AlphaCredential() Credential { return auditor() }

func alphaNodes() []*Node {
	return []*Node{
		{
			// A bond below a bridge that carries VLANs, with a VLAN of the node
			// on it; a number where others send a string; a MAC address told by
			// a name.
			Name: "a1", HAState: "online",
			Interfaces: []Interface{
				{Name: "eno1", AltNames: []string{"enp1s0f0", "enx001b21aabbcc"}},
				{Name: "eno2", AltNames: []string{"enp1s0f1", "enx001b21aabbcd"}},
				{Name: "bond0", Type: "bond", Ports: "eno1 eno2", BondMode: "802.3ad"},
				{
					Name: "vmbr0", Type: "bridge", Ports: "bond0", VLANAware: true, VLANs: "2-4094",
					CIDR: "192.0.2.1/24", Gateway: "192.0.2.254", Comment: "Büro", Raw: map[string]any{"bridge_fd": 0},
				},
				{Name: "vmbr0.30", Type: "vlan", RawDevice: "vmbr0", VLAN: 30, CIDR: "198.51.100.1/24"},
			},
		},
		{
			// A bridge with DHCP, families that are null, and edits that are not
			// applied.
			Name: "a2", HAState: "online",
			Interfaces: []Interface{
				{Name: "eno1"},
				{Name: "vmbr0", Type: "bridge", Ports: "eno1", Raw: map[string]any{"method": "dhcp", "families": []any{nil}}},
			},
			PendingChanges: "--- /etc/network/interfaces\n+++ /etc/network/interfaces.new\n@@ -8,3 +8,4 @@\n+\tmtu 9000\n",
		},
		{
			// A tunnel of a type that Proxmox VE does not know, and scalars of
			// other types.
			Name: "a3", HAState: "maintenance",
			Interfaces: []Interface{
				{Name: "eno1", Raw: map[string]any{"exists": json.RawMessage("null"), "active": "1"}},
				{Name: "vmbr0", Type: "bridge", Ports: "eno1", CIDR: "192.0.2.3/24", Raw: map[string]any{"active": "1"}},
				{Name: "wg0", Type: "unknown", Inactive: true},
			},
		},
	}
}

// alphaNames are the happy path, and names that collide.
func (s *site) alphaNames() {
	// The happy path.
	g := s.machine(100, "a1", "web01")
	g.Tags, g.Pool, g.HAState = []string{"prod", "web"}, "web", "started"
	g.NICs[0].Tag = 10
	g.NICs[0].Addresses = append(g.NICs[0].Addresses, s.address6(100))
	// Three NICs: a VLAN, trunks, an unplugged link.
	g = s.machine(101, "a1", "web02")
	g.NICs[0].Tag, g.NICs[0].MTU = 10, 1
	g.NICs = append(g.NICs, s.nic(101, 1), s.nic(101, 2))
	g.NICs[1].Trunks, g.NICs[2].LinkDown = "20;30-40", true
	// No name in the configuration.
	s.machine(102, "a2", "")
	// The name of another.
	s.machine(103, "a2", "web01")
	// The name of another, in capitals.
	s.machine(104, "a3", "WEB01")
	// A name of 70 characters.
	long := strings.Repeat("very-long.", 6) + "name"
	s.machine(105, "a3", long+"-first")
	// The same first 64 characters.
	s.machine(106, "a3", long+"-other")
}

// alphaAgents are what agents say, and where they do not.
func (s *site) alphaAgents() {
	// A host of containers: of all its interfaces one counts.
	s.machine(107, "a1", "docker01").Interfaces = containerHost()
	// A MAC address that another cluster has too.
	s.machine(108, "a1", "twin1").NICs[0].MAC = sharedMAC
	// The MAC address of a neighbour.
	s.machine(110, "a1", "twin2").NICs[0].MAC = sharedMAC
	// Windows: prefix lengths of -1, zones, a loopback without MAC address.
	g := s.machine(111, "a2", "win22")
	g.OSType = "win11"
	g.NICs[0].Name = "Ethernet 2"
	g.NICs[0].Addresses = addresses("10.1.0.111/32", "2001:db8:1::111/64")
	// An agent that refuses with a good status.
	s.machine(112, "a2", "oldagent").Agent = AgentRefused
	// An agent that is not there.
	s.machine(113, "a3", "deadagent").Agent = AgentDead
	// An agent that answers the ping only.
	s.machine(114, "a3", "stalled").Agent = AgentStalled
	// "agent: 0" is no agent.
	s.machine(115, "a3", "agent0").Agent = AgentDisabled
	// No agent.
	s.machine(116, "a3", "noagent").Agent = AgentOff
	// The long form of the option, in another order.
	s.machine(117, "a3", "isaagent").Config = map[string]any{"agent": "type=isa,enabled=1"}
	// An alias and a VLAN that share the NIC's MAC address.
	g = s.machine(118, "a1", "alias")
	g.NICs[0].Name = "ens20"
	g.Interfaces = []GuestInterface{
		inner("ens20:1", g.NICs[0].MAC, "10.1.1.118/16"),
		inner("ens20.30", g.NICs[0].MAC, "10.30.0.118/24"),
	}
}

// containerHost is what Docker and Kubernetes leave on a host.
func containerHost() []GuestInterface {
	list := []GuestInterface{
		inner("docker0", "02:42:ac:11:00:01", "172.17.0.1/16"),
		inner("br-5f0c8a4e6d0b", "02:42:ac:12:00:01", "172.18.0.1/16"),
	}
	for i := range 40 {
		list = append(list, inner(fmt.Sprintf("veth%07x", i), fmt.Sprintf("02:00:00:00:00:%02x", i), "fe80::2/64"))
	}
	vips := inner("kube-ipvs0", "02:00:00:00:01:00")
	for i := range 2000 {
		vips.Addresses = append(vips.Addresses, addresses(fmt.Sprintf("10.96.%d.%d/32", i/250, i%250+1))...)
	}
	list = append(list, vips)
	for i := range 8 {
		list = append(list, inner(fmt.Sprintf("cali%011x", i), "ee:ee:ee:ee:ee:ee", "fe80::ecee:eeff:feee:eeee/64"))
	}
	return list
}

// alphaNetworks are forms of NICs, and networks they are in.
func (s *site) alphaNetworks() {
	// Cloud-init says one address, the agent another.
	g := s.machine(130, "a2", "cloudinit")
	g.NICs[0].IP, g.NICs[0].Gateway = "10.1.1.130/16", "10.1.255.254"
	g.Disks = append(g.Disks, Disk{Slot: "ide2", Kind: DiskCloudInit})
	// Cloud-init says no address, and there is no agent.
	g = s.machine(131, "a2", "cloudinit-dhcp")
	g.Agent, g.NICs[0].IP, g.NICs[0].IP6 = AgentOff, "dhcp", "auto"
	// No MAC address: another one at each start.
	s.machine(132, "a3", "nomac").NICs[0].MAC = ""
	// No bridge: the user's own network.
	s.machine(133, "a3", "nobridge").NICs[0].Bridge = ""
	// The long form of a NIC, in lower case.
	s.machine(134, "a3", "longform").Config = map[string]any{
		"net0": "bridge=vmbr0,model=virtio,macaddr=" + strings.ToLower(s.mac(134, 0)),
	}
	// On a virtual network whose tag is no VLAN.
	s.machine(135, "a1", "vnet-vxlan").NICs[0].Bridge = "vxnet1"
	// On a virtual network whose tag is one.
	s.machine(136, "a1", "vnet-vlan").NICs[0].Bridge = "vlnet1"
}

// alphaSizes are CPUs, memory and disks.
func (s *site) alphaSizes() {
	// A template with a base disk.
	g := s.machine(119, "a1", "tmpl")
	g.Template, g.Agent, g.NICs[0].Addresses = true, AgentOff, nil
	// A linked clone of it.
	s.machine(120, "a1", "linked").Disks[0].Volume = "base-119-disk-0/vm-120-disk-0"
	// Disks in all forms that there are.
	g = s.machine(121, "a2", "disks")
	g.Disks = []Disk{
		{Slot: "scsi0", Bytes: 32 << 30},
		{Slot: "sata0", Storage: "rbd", Bytes: 50<<30 + 512},
		{Slot: "efidisk0", Bytes: 528 << 10},
		{Slot: "tpmstate0", Bytes: 4 << 20},
		{Slot: "ide2", Kind: DiskCDROM},
		{Slot: "ide0", Kind: DiskCloudInit},
		{Slot: "scsi5", Kind: DiskPassthrough, Path: "/dev/disk/by-id/ata-ST4000_Z1"},
		{Slot: "unused0", Volume: "vm-121-disk-9"},
	}
	g.Config = map[string]any{
		"virtio1": "local-lvm:vm-121-disk-7,iothread=1,size=1.5T",
		"scsi6":   "size=8G,file=rbd:vm-121-disk-8,cache=none",
	}
	// CPUs that were plugged in while it ran.
	g = s.machine(122, "a2", "hotplug")
	g.Sockets, g.Cores, g.VCPUs = 2, 4, 3
	// More CPUs than the node has.
	s.machine(123, "a2", "manycores").Cores = 64
	// More memory from the next start on.
	s.machine(129, "a1", "pending").Pending = map[string]any{"memory": "8192"}
}

// alphaStates are states that are neither running nor stopped, or both.
func (s *site) alphaStates() {
	// Paused.
	s.machine(124, "a3", "paused").Status = StatusPaused
	// Hibernated: stopped, and locked.
	g := s.machine(125, "a3", "hibernated")
	g.Status, g.Lock = StatusStopped, "suspended"
	// Out of disk space.
	s.machine(126, "a3", "ioerror").Status = StatusIOError
	// Started and not running.
	s.machine(127, "a3", "prelaunch").Status = StatusPrelaunch
	// A clone that is being made.
	g = s.machine(128, "a3", "cloning")
	g.Status, g.Lock, g.Agent, g.NICs, g.Disks = StatusStopped, "clone", AgentOff, nil, nil
	// HA has given it up.
	s.machine(138, "a2", "ha-error").HAState = "error"
	// Replicated to another node.
	s.machine(139, "a2", "replicated").Disks[0].Storage = "local"
	// With a snapshot.
	s.machine(140, "a2", "snapshot").Config = map[string]any{"parent": "before-upgrade"}
}

// descriptionLimit is the longest description that Proxmox VE takes.
const descriptionLimit = 8192

// alphaTexts are what people write.
func (s *site) alphaTexts() {
	// A description as long as it can be.
	text := "Größe: <b>groß</b> & schön 🚀\n\n* [wiki](https://wiki.example.com/?a=b&c=d)\n* 100 %41\n"
	text += strings.Repeat("ä", (descriptionLimit-len(text))/len("ä"))
	s.machine(137, "a1", "desc-utf8").Description = text
}

func (s *site) alphaContainers() {
	// Addresses from elsewhere.
	g := s.container(200, "a1", "ct-dhcp")
	g.NICs[0].IP, g.NICs[0].IP6 = "dhcp", "auto"
	g.NICs[0].Addresses = append(g.NICs[0].Addresses, s.address6(200))
	// Addresses of its configuration, a volume and a directory of the node.
	g = s.container(201, "a1", "ct-static")
	g.NICs[0].IP6 = s.address6(201).String()
	g.NICs[0].Addresses = append(g.NICs[0].Addresses, s.address6(201))
	g.Disks = append(g.Disks, Disk{Slot: "mp0", Bytes: 1 << 30}, Disk{Slot: "mp1", Kind: DiskBind, Path: "/srv/data"})
	// Stopped: the host tells null.
	s.container(202, "a1", "ct-stopped").Status = StatusStopped
	// Half a CPU.
	g = s.container(203, "a2", "ct-half")
	g.Cores, g.CPULimit = 0, "0.5"
	// All CPUs of the node.
	s.container(204, "a2", "ct-nocores").Cores = 0
	// No host name.
	s.container(205, "a2", "")
	// Settings of LXC itself.
	s.container(206, "a2", "ct-raw").Config = map[string]any{
		"lxc": [][]string{{"lxc.apparmor.profile", "unconfined"}, {"lxc.cap.drop", ""}},
	}
	// A host name that is not ASCII, encoded twice.
	s.container(207, "a3", "Ã¼ber")
}
