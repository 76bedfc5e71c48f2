package proxmoxtest

import "fmt"

// Beta is a cluster of Proxmox VE 8.4 of whose five nodes two are well: b3 has
// been offline for long, b4 (8.2) answers and tells nobody how it is, b5 has
// just gone offline. [BetaCredential] reads what may be read, [BetaEvents] makes
// guests move and go while that happens.
func Beta() *Estate {
	s := &site{number: 2}
	s.betaNeighbours()
	s.betaSilent()
	s.betaRestless()
	s.betaAddresses()
	return &Estate{
		Cluster:  "beta",
		Version:  "8.4.1",
		Nodes:    betaNodes(),
		Guests:   s.guests,
		Storages: []Storage{{Name: "local"}, {Name: "local-lvm", Kind: "lvmthin"}, {Name: "rbd", Kind: "rbd", Shared: true}},
	}
}

// BetaCredential is a token with PVEAuditor on everything and VM.Monitor on
// guests, but for guest 159, which it may not see.
func BetaCredential() Credential {
	return auditor(
		// An entry at a deeper path replaces the one above it.
		Grant{Path: "/vms", Role: RoleAuditor}, Grant{Path: "/vms", Role: RoleMonitor},
		Grant{Path: "/vms/159", Role: RoleNoAccess},
	)
}

// BetaEvents makes happen, once the guests have been listed, what [Beta] has
// guests for: 156 moves to b2, 157 is deleted, 158 is deleted and another guest
// gets its VMID, and 160 may no longer be read. It replaces the server's
// credentials then with those of [BetaCredential].
func BetaEvents(s *Server) {
	s.After("GET /cluster/resources", 1, func(e *Estate) {
		e.Guest(156).Node = "b2"
		e.RemoveGuest(157)
		e.RemoveGuest(158)
		newcomer := (&site{number: 2}).machine(158, "b2", "newcomer")
		newcomer.UUID = "0d9c5b1e-58b1-4c8e-9d3f-000000000158"
		newcomer.NICs[0].MAC = "BC:24:11:5B:5B:5B"
		e.Guests = append(e.Guests, newcomer)

		credential := BetaCredential()
		credential.Grants = append(credential.Grants, Grant{Path: "/vms/160", Role: RoleNoAccess})
		s.SetCredentials(credential)
	})
}

func betaNodes() []*Node {
	return []*Node{
		{
			// A second address under a name of its own, a VLAN with a name of
			// its own, and a bridge that has IPv6 only.
			Name: "b1",
			Interfaces: []Interface{
				{Name: "eno1", CIDR: "192.0.2.1/24"},
				{Name: "eno1:1", Type: "alias", CIDR: "198.51.100.1/24"},
				{Name: "vlan20", Type: "vlan", RawDevice: "eno1", VLAN: 20, CIDR: "203.0.113.1/24"},
				{Name: "vmbr0", Type: "bridge", Ports: "eno1", CIDR6: "2001:db8:2::1/64", Gateway6: "fe80::1"},
			},
		},
		{Name: "b2"},
		{Name: "b3", State: NodeOffline, RowsExpired: true},
		{Name: "b4", State: NodeUnknown, Version: "8.2.4"},
		{Name: "b5", State: NodeOffline},
	}
}

// betaNeighbours have VMIDs and a MAC address of alpha's guests.
func (s *site) betaNeighbours() {
	// The VMID of another cluster's guest.
	s.machine(100, "b1", "mail01").Tags = []string{"mail"}
	// The same.
	s.machine(101, "b1", "mail02")
	// The MAC address of another cluster's guest.
	s.machine(109, "b1", "twin1").NICs[0].MAC = sharedMAC
}

// betaSilent are on nodes that do not answer, or not well.
func (s *site) betaSilent() {
	// On a node offline for long: no more than VMID, kind and node is known.
	s.machine(150, "b3", "lost1")
	s.machine(151, "b3", "lost2").Status = StatusStopped
	s.machine(152, "b3", "lost3").Tags = []string{"prod"}
	s.container(153, "b3", "lost4")
	// On a node that answers and does not broadcast: listed as unknown. Its
	// release tells the last address of each family only.
	s.container(154, "b4", "mute")
	// On a node just gone: still listed as running.
	s.machine(155, "b5", "gone")
}

// betaRestless change while they are read, see [BetaEvents], or are not to be
// read.
func (s *site) betaRestless() {
	// Moves to b2.
	s.machine(156, "b1", "mover")
	// Is deleted.
	s.machine(157, "b2", "goner")
	// Is deleted, and its VMID used again.
	s.machine(158, "b2", "reused")
	// Not to be seen.
	s.machine(159, "b2", "secret")
	// Listed, and then not to be read.
	s.machine(160, "b2", "sealed")
}

// betaAddresses have addresses of others, or too many.
func (s *site) betaAddresses() {
	// An address that another guest has too.
	s.machine(161, "b1", "ip-dup")
	// The same as an address that moves between guests.
	g := s.machine(162, "b1", "ip-vip")
	g.NICs[0].Addresses = append(g.NICs[0].Addresses, addresses("10.2.0.161/32")...)
	// The address that every libvirt has, on the NIC too.
	g = s.machine(163, "b1", "libvirt")
	g.NICs[0].Addresses = addresses("192.168.122.1/24")
	g.Interfaces = []GuestInterface{inner("virbr0", "52:54:00:00:00:01", "192.168.122.1/24")}
	// 1,500 interfaces.
	g = s.machine(164, "b2", "flood")
	for i := range 1500 {
		g.Interfaces = append(g.Interfaces,
			inner(fmt.Sprintf("tap%d", i), fmt.Sprintf("02:00:00:01:%02x:%02x", i>>8, i&0xff), fmt.Sprintf("10.99.%d.%d/24", i>>8, i&0xff)))
	}
	// Tags with other separators, and twice but for their case: "A,b c;a".
	s.machine(165, "b1", "tags").Tags = []string{"A,b c", "a"}
}
