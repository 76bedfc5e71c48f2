package proxmoxtest

import (
	"fmt"
	"net/netip"
	"slices"
)

// The estates written by hand. [Alpha], [Beta] and [Gamma] hold, one guest
// each, what grown installations do to their readers; the comment before a
// guest names its quirk. VMIDs, names, MAC and IP addresses stay as they are,
// so that tests may name them: a guest is at 10.<site>.<high>.<low> of its
// VMID's bytes and at 2001:db8:<site>::<VMID>, where the site is 1 for alpha, 2
// for beta, 3 for gamma.

// site writes the guests of such an estate down.
type site struct {
	number int
	guests []*Guest
}

// machine adds a virtual machine with one NIC, one disk and a good agent: what
// a quirk starts from.
func (s *site) machine(vmid int, node, name string) *Guest {
	g := &Guest{
		VMID: vmid, Name: name, Node: node, Cores: 2, Memory: 4 << 30, Agent: AgentOK,
		NICs:  []NIC{s.nic(vmid, 0)},
		Disks: []Disk{{Slot: "scsi0", Bytes: 32 << 30}},
	}
	s.guests = append(s.guests, g)
	return g
}

// container adds a container with one NIC, whose address stands in its
// configuration, and a root file system.
func (s *site) container(vmid int, node, name string) *Guest {
	g := &Guest{
		VMID: vmid, Kind: LXC, Name: name, Node: node, Cores: 1, Memory: 1 << 30,
		NICs:  []NIC{s.nic(vmid, 0)},
		Disks: []Disk{{Slot: "rootfs", Bytes: 8 << 30}},
	}
	g.NICs[0].IP = g.NICs[0].Addresses[0].String()
	s.guests = append(s.guests, g)
	return g
}

// nic is the device of that index on vmbr0; the first has the guest's address.
func (s *site) nic(vmid, index int) NIC {
	n := NIC{Index: index, MAC: s.mac(vmid, index), Bridge: "vmbr0"}
	if index == 0 {
		n.Addresses = []netip.Prefix{s.address(vmid)}
	}
	return n
}

func (s *site) mac(vmid, index int) string {
	return fmt.Sprintf("BC:24:11:%02X:%02X:%02X", s.number<<4|vmid>>8, vmid&0xff, index)
}

func (s *site) address(vmid int) netip.Prefix {
	address := netip.AddrFrom4([4]byte{10, byte(s.number), byte(vmid >> 8), byte(vmid)})
	return netip.PrefixFrom(address, 16)
}

func (s *site) address6(vmid int) netip.Prefix {
	return netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::%d/64", s.number, vmid))
}

// addresses reads prefixes.
func addresses(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

// inner is an interface inside a guest.
func inner(name, mac string, texts ...string) GuestInterface {
	return GuestInterface{Name: name, MAC: mac, Addresses: addresses(texts...)}
}

// sharedMAC is that of a guest of [Alpha] and one of [Beta], by way of a
// restored copy.
const sharedMAC = "BC:24:11:5A:5A:5A"

// auditor is the token of a read-only client, with these grants beside
// PVEAuditor on everything.
func auditor(grants ...Grant) Credential {
	return Credential{
		ID: DefaultTokenID, Secret: DefaultTokenSecret,
		Grants: slices.Concat([]Grant{{Path: "/", Role: RoleAuditor}}, grants),
	}
}
