package backend_test

import (
	"fmt"
	"slices"
	"strings"
)

// What NetBox must hold of the estates written by hand: guest by guest and node by node, from what the estates say and
// what the mapping promises. It is written by hand too, and shares nothing with the source or the sink.

// onRelease takes from an expectation what an older NetBox, 4.minor, does not have. There is no other difference.
func (p picture) onRelease(minor int) picture {
	for _, g := range p.guests {
		if minor < 6 {
			g.Type = "" // of virtual machines, since 4.6
		}
		if minor < 5 {
			g.StartOnBoot = "" // since 4.5; the custom field has it all the same
		}
	}
	return p
}

// site writes down what is expected of one source.
type site struct {
	picture
	source, cluster, release string
	number                   int // the third figure of its addresses, see [proxmoxtest.Alpha]
}

func newSite(number int, source, cluster, release string) *site {
	s := &site{newPicture(), source, cluster, release, number}
	s.clusters[source] = gathered{
		Name: cluster, Type: "Cluster", Description: "Proxmox cluster cluster.", Site: "Proxmox Default Site - " + cluster, Source: source,
		Tags: []string{"proxbox"},
	}
	s.tags["proxbox"] = "Proxbox ff5722"
	return s
}

func (s *site) stands(name, role, kind string) standsFor {
	return standsFor{
		Name: name, Status: "active", Role: role, Type: kind, Cluster: s.cluster, Site: "Proxmox Default Site - " + s.cluster,
		Tags: []string{"proxbox"}, Custom: map[string]string{"proxbox_source": s.source}, Interfaces: map[string]*placed{},
	}
}

// node is a node that is well, with 16 threads and 64 GiB.
func (s *site) node(name string, interfaces map[string]*placed) *standsFor {
	n := s.stands(name, "proxmox-node", "proxmox-generic-device")
	n.Platform, n.Description, n.Interfaces = "Proxmox VE "+s.release, "Proxmox Node "+name, interfaces
	n.Custom["proxmox_node_cpus"], n.Custom["proxmox_node_memory"] = "16", "65536"
	n.Custom["proxmox_node_cpu_model"] = "Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz"
	s.nodes[s.source+" "+name] = &n
	return &n
}

// plainNode is a node with a port below a bridge, which has the node's address.
func (s *site) plainNode(name, address string) *standsFor {
	n := s.node(name, map[string]*placed{
		"eno1":  {Type: "other", Bridge: "vmbr0", Enabled: true},
		"vmbr0": {Type: "bridge", Enabled: true},
	})
	if address != "" {
		n.Interfaces["vmbr0"].Addresses = ofNode(address)
		n.Primary4 = address
	}
	return n
}

func (s *site) guest(vmid int, node, name, role, kind string) *standing {
	g := &standing{
		standsFor: s.stands(name, role, kind), Device: node, StartOnBoot: "off", Disks: map[string]wantDisk{},
	}
	g.Description = "Synced from Proxmox node " + node
	g.Custom["proxmox_vm_id"], g.Custom["proxmox_node"], g.Custom["proxmox_start_at_boot"] = fmt.Sprint(vmid), node, "false"
	key := fmt.Sprint(s.source, " ", vmid)
	for s.guests[key] != nil {
		key += " again"
	}
	s.guests[key] = g
	return g
}

// machine is a virtual machine as most are: it runs, and its agent tells its address and its operating system.
func (s *site) machine(vmid int, node, name string) *standing {
	g := s.guest(vmid, node, name, "virtual-machine-qemu", "qemu-virtual-machine")
	g.Platform, g.VCPUs, g.Memory = "Debian GNU/Linux 12", 2, 4096
	g.Custom["proxmox_vm_type"], g.Custom["proxmox_qemu_agent"] = "qemu", "true"
	g.Interfaces["net0"] = s.nic(vmid, 0)
	g.disk("scsi0", 32768, "local-lvm")
	g.at("net0", s.address(vmid), "active From the guest agent")
	return g
}

// container is a container as most are: it runs, and the node tells its address.
func (s *site) container(vmid int, node, name string) *standing {
	g := s.guest(vmid, node, name, "container-lxc", "lxc-container")
	g.Platform, g.VCPUs, g.Memory = "Debian", 1, 1024
	g.Custom["proxmox_vm_type"], g.Custom["proxmox_unprivileged_container"] = "lxc", "true"
	g.Interfaces["eth0"] = s.nic(vmid, 0)
	g.disk("rootfs", 8192, "local-lvm")
	g.at("eth0", s.address(vmid), "active From the running container")
	return g
}

func (s *site) nic(vmid, index int) *placed {
	mac := fmt.Sprintf("BC:24:11:%02X:%02X:%02X", s.number<<4|vmid>>8, vmid&0xff, index)
	return &placed{Enabled: true, MAC: mac, Description: "Bridge vmbr0"}
}

func (s *site) address(vmid int) string {
	return fmt.Sprintf("10.%d.%d.%d/16", s.number, vmid>>8, vmid&0xff)
}

func (s *site) address6(vmid int) string { return fmt.Sprintf("2001:db8:%d::%d/64", s.number, vmid) }

// at adds an address; the first of a family is the primary one. Addresses are in the order of their text.
func (g *standing) at(nic, address, words string) {
	g.Interfaces[nic].Addresses = append(g.Interfaces[nic].Addresses, address+" "+words)
	primary := &g.Primary4
	if strings.Contains(address, ":") {
		primary = &g.Primary6
	}
	if *primary == "" {
		*primary = address
	}
}

// addressless is a guest of whose addresses nothing is known, or that has none.
func (g *standing) addressless() *standing {
	for _, nic := range g.Interfaces {
		nic.Addresses = nil
	}
	g.Primary4, g.Primary6 = "", ""
	return g
}

// silent is a virtual machine whose agent does not tell anything: what it runs is told by the configuration.
func (g *standing) silent() *standing {
	g.Platform = "Linux"
	return g.addressless()
}

// agentless is a virtual machine without an agent.
func (g *standing) agentless() *standing {
	g.Custom["proxmox_qemu_agent"] = "false"
	return g.silent()
}

func (g *standing) disk(slot string, size int64, storage string) {
	g.Disk += size - g.Disks[slot].Size
	g.Disks[slot] = wantDisk{Size: size, Storage: storage}
}

// tagged adds tags of Proxmox VE, by their slugs.
func (g *standing) tagged(slugs ...string) {
	g.Custom["proxmox_tags"] = strings.Join(slugs, " ")
	g.Tags = append(g.Tags, slugs...)
	slices.Sort(g.Tags)
}

func ofNode(addresses ...string) []string {
	for i := range addresses {
		addresses[i] += " active From the configuration of the node"
	}
	return addresses
}

// sharedMAC is that of 108 and 110 in alpha, and of 109 in beta: none of them loses it.
const sharedMAC = "BC:24:11:5A:5A:5A"

func wantAlpha() *site {
	s := newSite(1, "alpha", "alpha", "9.1")
	// The colours are the cluster's; what it gives none has NetBox's.
	s.tags["prod"], s.tags["web"], s.tags["proxmox-template"] = "prod ff0000", "web 00ff00", "Proxmox template 9e9e9e"
	s.alphaNodes()
	s.alphaNames()
	s.alphaAgents()
	s.alphaNetworks()
	s.alphaSizes()
	s.alphaStates()
	s.alphaContainers()
	return s
}

func (s *site) alphaNodes() {
	// Two ports in a bond below a bridge that carries all VLANs, and one VLAN of the node's own. The alternative name of a
	// port has its MAC address.
	s.node("a1", map[string]*placed{
		"eno1":  {Type: "other", LAG: "bond0", Enabled: true, MAC: "00:1B:21:AA:BB:CC"},
		"eno2":  {Type: "other", LAG: "bond0", Enabled: true, MAC: "00:1B:21:AA:BB:CD"},
		"bond0": {Type: "lag", Bridge: "vmbr0", Enabled: true},
		"vmbr0": {
			Type: "bridge", Enabled: true, Description: "Büro", VLANs: "tagged-all", Addresses: ofNode("192.0.2.1/24"),
		},
		"vmbr0.30": {Type: "virtual", Parent: "vmbr0", Enabled: true, VLANs: "access 30", Addresses: ofNode("198.51.100.1/24")},
	}).Primary4 = "192.0.2.1/24"
	// Its address is by DHCP, and the configuration does not tell it.
	s.plainNode("a2", "")
	// A tunnel of a type without a name, which is down.
	s.plainNode("a3", "192.0.2.3/24").Interfaces["wg0"] = &placed{Type: "other"}
}

func (s *site) alphaNames() {
	// 100: the happy path.
	g := s.machine(100, "a1", "web01")
	g.tagged("prod", "web")
	g.Custom["proxmox_pool"], g.Custom["proxmox_ha_state"] = "web", "started"
	g.Interfaces["net0"].VLANs = "access 10"
	g.at("net0", s.address6(100), "active From the guest agent")
	// 101: a VLAN, and an MTU of 1, which is the bridge's; trunks, of which NetBox does not have VLAN 35; no link.
	g = s.machine(101, "a1", "web02")
	g.Interfaces["net0"].VLANs = "access 10"
	g.Interfaces["net1"], g.Interfaces["net2"] = s.nic(101, 1), s.nic(101, 2)
	g.Interfaces["net1"].VLANs = "tagged 20 30 31 32 33 34 36 37 38 39 40"
	g.Interfaces["net2"].Enabled = false
	// 102: no name.
	s.machine(102, "a2", "vm-102")
	// 103: the name of another.
	s.machine(103, "a2", "web01 (2)")
	// 104: the name of another but for its case, which "web01 (2)" has too.
	s.machine(104, "a3", "WEB01 (3)")
	// 105: 70 characters; 106: the same first 64.
	s.machine(105, "a3", "very-long.very-long.very-long.very-long.very-long.very-long.name")
	s.machine(106, "a3", "very-long.very-long.very-long.very-long.very-long.very-long. (2)")
}

func (s *site) alphaAgents() {
	// 107: of all interfaces of a host of containers the NIC alone.
	s.machine(107, "a1", "docker01")
	// 108, 110: one MAC address, each its own IP address.
	s.machine(108, "a1", "twin1").Interfaces["net0"].MAC = sharedMAC
	s.machine(110, "a1", "twin2").Interfaces["net0"].MAC = sharedMAC
	// 111: a prefix length of -1 is the whole address.
	g := s.machine(111, "a2", "win22").addressless()
	g.Platform = "Windows Server 2022 Standard"
	g.at("net0", "10.1.0.111/32", "active From the guest agent")
	g.at("net0", s.address6(111), "active From the guest agent")
	// 112: an agent that refuses; 113: a dead one; 114: one that stalls.
	s.machine(112, "a2", "oldagent").silent()
	s.machine(113, "a3", "deadagent").silent()
	s.machine(114, "a3", "stalled").silent()
	// 115: "agent: 0"; 116: no agent; 117: the long form.
	s.machine(115, "a3", "agent0").agentless()
	s.machine(116, "a3", "noagent").agentless()
	s.machine(117, "a3", "isaagent")
	// 118: an alias and a VLAN with the NIC's MAC address are the NIC's.
	g = s.machine(118, "a1", "alias")
	g.at("net0", "10.1.1.118/16", "active From the guest agent")
	g.at("net0", "10.30.0.118/24", "active From the guest agent")
}

func (s *site) alphaNetworks() {
	// 130: the agent's address, and not that of cloud-init.
	s.machine(130, "a2", "cloudinit")
	// 131: DHCP without an agent is no address.
	s.machine(131, "a2", "cloudinit-dhcp").agentless()
	// 132: without a MAC address nothing tells which of the agent's addresses are the NIC's.
	s.machine(132, "a3", "nomac").addressless().Interfaces["net0"].MAC = ""
	// 133: no bridge.
	s.machine(133, "a3", "nobridge").Interfaces["net0"].Description = ""
	// 134: the long form, in lower case.
	s.machine(134, "a3", "longform")
	// 135: the tag of a VXLAN, 70001, is no VLAN; 136: that of a VLAN zone is.
	s.machine(135, "a1", "vnet-vxlan").Interfaces["net0"].Description = "Bridge vxnet1"
	g := s.machine(136, "a1", "vnet-vlan")
	g.Interfaces["net0"].Description, g.Interfaces["net0"].VLANs = "Bridge vlnet1", "access 300"
}

func (s *site) alphaSizes() {
	// 119: a template, which does not run.
	g := s.machine(119, "a1", "tmpl").agentless()
	g.Status = "offline"
	g.tagged("proxmox-template")
	// 120: a linked clone of it.
	s.machine(120, "a1", "linked")
	// 121: NetBox has disks in whole MiB, and wants the machine's to be their sum: each is rounded up. scsi5 is passed
	// through and has no size; the CD-ROM, cloud-init's drive and the detached volume are no disks.
	g = s.machine(121, "a2", "disks")
	g.disk("virtio1", 1572864, "local-lvm") // 1.5T
	g.disk("sata0", 51201, "rbd")           // 53687091712 bytes: 50 GiB and 512 bytes
	g.disk("efidisk0", 1, "local-lvm")      // 528K
	g.disk("tpmstate0", 4, "local-lvm")
	g.disk("scsi6", 8192, "rbd")
	g.Disk = 32768 + 1572864 + 51201 + 1 + 4 + 8192
	// 122: 3 of 8 CPUs are plugged in; 123: more than the node has.
	s.machine(122, "a2", "hotplug").VCPUs = 3
	s.machine(123, "a2", "manycores").VCPUs = 64
	// 129: the 8 GiB are for the next start.
	s.machine(129, "a1", "pending")
}

func (s *site) alphaStates() {
	// No agent answers while its machine does not run.
	for _, one := range []struct {
		vmid         int
		name, status string
	}{
		{124, "paused", "paused"}, {125, "hibernated", "offline"}, {126, "ioerror", "failed"}, {127, "prelaunch", "paused"},
	} {
		s.machine(one.vmid, "a3", one.name).silent().Status = one.status
	}
	// 128: a clone that is being made has neither NIC nor disk yet.
	g := s.machine(128, "a3", "cloning").agentless()
	g.Status, g.Interfaces, g.Disk, g.Disks = "offline", map[string]*placed{}, 0, map[string]wantDisk{}
	// 137: a description of 8 KiB, intact.
	s.machine(137, "a1", "desc-utf8").Comments = "Größe: <b>groß</b> & schön 🚀\n\n* [wiki](https://wiki.example.com/?a=b&c=d)\n* 100 %41\n" +
		strings.Repeat("ä", 4050)
	// 138: in the hands of the HA manager, which has given it up; 139: replicated; 140: with a snapshot.
	s.machine(138, "a2", "ha-error").Custom["proxmox_ha_state"] = "error"
	s.machine(139, "a2", "replicated").disk("scsi0", 32768, "local")
	s.machine(140, "a2", "snapshot")
}

func (s *site) alphaContainers() {
	// 200: addresses by DHCP and SLAAC.
	g := s.container(200, "a1", "ct-dhcp").addressless()
	g.at("eth0", s.address(200), "dhcp From the running container")
	g.at("eth0", s.address6(200), "dhcp From the running container")
	// 201: a volume more, and a directory of the node, which is none.
	g = s.container(201, "a1", "ct-static")
	g.at("eth0", s.address6(201), "active From the running container")
	g.disk("mp0", 1024, "local-lvm")
	// 202: what does not run has the addresses of its configuration.
	g = s.container(202, "a1", "ct-stopped").addressless()
	g.Status = "offline"
	g.at("eth0", s.address(202), "active From the configuration of the container")
	// 203: half a CPU; 204: all of the node's.
	s.container(203, "a2", "ct-half").VCPUs = 0.5
	s.container(204, "a2", "ct-nocores").VCPUs = 16
	// 205: no host name; 206: settings of LXC itself; 207: a host name encoded twice.
	s.container(205, "a2", "vm-205")
	s.container(206, "a2", "ct-raw")
	s.container(207, "a3", "über")
}

// wantBeta is what is expected of beta while all its nodes are well. Beside alpha, its nodes do not get the addresses
// that alpha's have.
func wantBeta(alone bool) *site {
	s := newSite(2, "beta", "beta", "8.4")
	s.betaNodes(alone)
	s.tags["mail"], s.tags["a"], s.tags["b"], s.tags["c"] = "mail 9e9e9e", "A 9e9e9e", "b 9e9e9e", "c 9e9e9e"
	s.tags["prod"] = "prod ff0000" // as alpha has coloured it
	if alone {
		s.tags["prod"] = "prod 9e9e9e"
	}
	// 100, 101: VMIDs of alpha's guests.
	s.machine(100, "b1", "mail01").tagged("mail")
	s.machine(101, "b1", "mail02")
	// 109: the MAC address of alpha's 108 and 110.
	s.machine(109, "b1", "twin1").Interfaces["net0"].MAC = sharedMAC
	s.machine(150, "b3", "lost1")
	s.machine(151, "b3", "lost2").silent().Status = "offline"
	s.machine(152, "b3", "lost3").tagged("prod")
	s.container(153, "b3", "lost4")
	s.container(154, "b4", "mute")
	s.machine(155, "b5", "gone")
	s.machine(156, "b1", "mover")
	s.machine(157, "b2", "goner")
	s.machine(158, "b2", "reused")
	s.machine(159, "b2", "secret")
	s.machine(160, "b2", "sealed")
	// 161: its address is 162's too, and stays with the lower VMID.
	s.machine(161, "b1", "ip-dup")
	s.machine(162, "b1", "ip-vip")
	// 163: the address of every libvirt, on the NIC.
	s.machine(163, "b1", "libvirt").addressless().at("net0", "192.168.122.1/24", "active From the guest agent")
	// 164: of 1,501 interfaces one.
	s.machine(164, "b2", "flood")
	// 165: "A,b c;a".
	s.machine(165, "b1", "tags").tagged("a", "b", "c")
	return s
}

func (s *site) betaNodes(alone bool) {
	b1 := s.node("b1", map[string]*placed{
		"eno1":   {Type: "other", Bridge: "vmbr0", Enabled: true},
		"eno1:1": {Type: "virtual", Parent: "eno1", Enabled: true},
		"vlan20": {Type: "virtual", Parent: "eno1", Enabled: true, VLANs: "access 20", Addresses: ofNode("203.0.113.1/24")},
		"vmbr0":  {Type: "bridge", Enabled: true, Addresses: ofNode("2001:db8:2::1/64")},
	})
	b1.Primary6 = "2001:db8:2::1/64" // on the interface with the gateway
	s.plainNode("b2", "192.0.2.2/24")
	b3 := s.plainNode("b3", "") // 192.0.2.3 is a3's
	s.plainNode("b4", "192.0.2.4/24").Platform = "Proxmox VE 8.2"
	s.plainNode("b5", "192.0.2.5/24")
	if alone {
		b1.Interfaces["eno1"].Addresses, b1.Primary4 = ofNode("192.0.2.1/24"), "192.0.2.1/24"
		b1.Interfaces["eno1:1"].Addresses = ofNode("198.51.100.1/24")
		b3.Interfaces["vmbr0"].Addresses, b3.Primary4 = ofNode("192.0.2.3/24"), "192.0.2.3/24"
	}
}

// troubled is what is expected of beta once its nodes are as they are and its guests have moved and gone.
func (s *site) troubled() *site {
	// b3 and b5 do not answer: no more is known than that. b4 answers, whatever the cluster says.
	s.nodes["beta b3"].Status, s.nodes["beta b5"].Status = "offline", "offline"
	// 150 to 153, 155: as they were. 154: the configuration is read.
	s.guests["beta 154"].Memory = 2048
	// 156: on its new node.
	g := s.guests["beta 156"]
	g.on("b2")
	// 157, 159: kept, whether gone or hidden. 158: kept, and the guest that has its VMID now is another object.
	// Its address is the earlier one's as long as that stands there.
	g = s.machine(158, "b2", "newcomer").addressless()
	g.Interfaces["net0"].MAC, g.Custom["proxbox_uuid"] = "BC:24:11:5B:5B:5B", "0d9c5b1e-58b1-4c8e-9d3f-000000000158"
	// 160: as it was.
	return s
}

func wantGamma(alone bool) *site {
	s := newSite(3, "gamma", "pve", "7.4")
	n := s.node("pve", map[string]*placed{
		"eno1":   {Type: "other", LAG: "bond0", Enabled: true},
		"eno2":   {Type: "other", LAG: "bond0", Enabled: true},
		"bond0":  {Type: "lag", Bridge: "vmbr0", Enabled: true},
		"vmbr0":  {Type: "bridge", Enabled: true},
		"vlan50": {Type: "virtual", Bridge: "vmbr0", Enabled: true, VLANs: "access 50"},
	})
	if alone {
		n.Interfaces["vlan50"].Addresses, n.Primary4 = ofNode("192.0.2.1/24"), "192.0.2.1/24"
	}
	s.clusters["gamma"] = gathered{
		Name: "pve", Type: "Standalone", Description: "Proxmox standalone cluster.", Site: "Proxmox Default Site - pve", Source: "gamma",
		Tags: []string{"proxbox"},
	}
	g := s.machine(300, "pve", "vm74")
	g.StartOnBoot, g.Custom["proxmox_start_at_boot"] = "on", "true"
	// 301, 302: the release tells no addresses of containers; their configuration does, or does not.
	g = s.container(301, "pve", "ct-static").addressless()
	g.at("eth0", s.address(301), "active From the configuration of the container")
	s.container(302, "pve", "ct-dhcp").addressless()
	s.machine(303, "pve", "memory").Memory = 2048
	return s
}

// toldOfAll is what is told while all nodes are well.
func toldOfAll() []string {
	return []string{
		"device b1: node-ip-address 192.0.2.1/24: 192.0.2.1 is also on alpha a1, which keeps it",
		"device b1: node-ip-address 198.51.100.1/24: 198.51.100.1 is also on alpha a1, which keeps it",
		"device b3: node-ip-address 192.0.2.3/24: 192.0.2.3 is also on alpha a3, which keeps it",
		"device pve: node-ip-address 192.0.2.1/24: 192.0.2.1 is also on alpha a1, which keeps it",
		"virtual-machine deadagent: its guest agent does not answer: check that qemu-guest-agent runs in the guest",
		"virtual-machine disks: virtual-disk scsi5: Proxmox VE does not tell its size, and NetBox takes no disk without one",
		"virtual-machine hibernated: its guest agent cannot be asked while its status is stopped",
		"virtual-machine ioerror: its guest agent cannot be asked while its status is io-error",
		"virtual-machine ip-vip: ip-address 10.2.0.161/32: 10.2.0.161 is also on beta 161, which keeps it",
		"virtual-machine lost2: its guest agent cannot be asked while its status is stopped",
		"virtual-machine oldagent: the guest agent refuses guest-network-get-interfaces (The command guest-network-get-interfaces " +
			"has been disabled for this instance): update it, or allow the command in its configuration",
		"virtual-machine paused: its guest agent cannot be asked while its status is paused",
		"virtual-machine prelaunch: its guest agent cannot be asked while its status is prelaunch",
		"virtual-machine stalled: its guest agent does not answer in time: check what it does in the guest",
		"vlan 35: the site Proxmox Default Site - alpha has no such VLAN: create it there, or set objects.create_vlans",
	}
}

// toldOfTroubled is what is told of beta as it is, in the run in which its guests move and go, and in later ones.
func toldOfTroubled(later bool) []string {
	told := slices.DeleteFunc(toldOfAll(), func(line string) bool {
		return strings.HasPrefix(line, "device b3: node-ip-address") || strings.HasPrefix(line, "virtual-machine lost2:")
	})
	for _, unit := range []string{"device b3", "virtual-machine lost1", "virtual-machine lost2", "virtual-machine lost3", "virtual-machine lost4"} {
		told = append(told, unit+": node b3 is offline: start it, or mend its network, to have it read")
	}
	for _, unit := range []string{"device b5", "virtual-machine gone"} {
		told = append(told, unit+": node b5 is offline: start it, or mend its network, to have it read")
	}
	gone := []string{"goner", "reused", "secret"}
	if later {
		gone = append(gone, "sealed")
	} else {
		told = append(told, "virtual-machine sealed: token proxbox@pve!sync lacks the privilege VM.Audit on /vms/160: run pveum acl modify / "+
			"--tokens 'proxbox@pve!sync' --roles PVEAuditor, or in the GUI Datacenter, Permissions, Add: path /, role PVEAuditor, propagate")
	}
	for _, name := range gone {
		told = append(told, "virtual-machine "+name+": no longer in the source: left as it is")
	}
	told = append(told,
		"virtual-machine mute: its node does not tell whether it runs: look at pvestatd there",
		"virtual-machine newcomer: ip-address 10.2.0.158/16: 10.2.0.158/16 belongs to virtual machine reused in NetBox",
	)
	slices.Sort(told)
	return told
}

// changedByTrouble is what a run changes in NetBox once beta is as it is.
func changedByTrouble() []string {
	return []string{
		"+ interfaces net0", "+ mac-addresses BC:24:11:5B:5B:5B", "+ virtual-disks scsi0", "+ virtual-machines newcomer",
		"~ devices b3", "~ devices b5", "~ virtual-machines mover", "~ virtual-machines mute",
	}
}
