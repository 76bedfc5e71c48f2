package proxmoxtest

// Gamma is a standalone node of Proxmox VE 7.4 with Open vSwitch: no virtual
// networks, no addresses of containers, no message in refusals.
// [GammaCredential] logs in with a password.
func Gamma() *Estate {
	s := &site{number: 3}
	// A virtual machine with an agent.
	s.machine(300, "pve", "vm74").OnBoot = true
	// An address of the configuration.
	s.container(301, "pve", "ct-static")
	// An address from elsewhere, which nobody tells.
	s.container(302, "pve", "ct-dhcp").NICs[0].IP = "dhcp"
	// Memory as a number, as all releases before 8.1 send it.
	s.machine(303, "pve", "memory").Memory = 2 << 30
	return &Estate{Version: "7.4-20", Nodes: gammaNodes(), Guests: s.guests}
}

// GammaCredential is a user with a password, PVEAuditor and VM.Monitor on
// everything.
func GammaCredential() Credential {
	return Credential{
		ID: DefaultUser, Secret: DefaultPassword,
		Grants: []Grant{{Path: "/", Role: RoleAuditor}, {Path: "/", Role: RoleMonitor}},
	}
}

func gammaNodes() []*Node {
	return []*Node{{
		Name: "pve",
		Interfaces: []Interface{
			{Name: "eno1"},
			{Name: "eno2"},
			{Name: "bond0", Type: "OVSBond", Ports: "eno1 eno2", OVSBridge: "vmbr0", BondMode: "lacp-balance-tcp"},
			{Name: "vmbr0", Type: "OVSBridge", Ports: "bond0 vlan50"},
			{Name: "vlan50", Type: "OVSIntPort", OVSBridge: "vmbr0", VLAN: 50, CIDR: "192.0.2.1/24", Gateway: "192.0.2.254"},
		},
	}}
}
