package proxmoxtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
)

func (g *generator) nics(r *rand.Rand, guest *Guest, i int) {
	count := 1
	switch share := r.Float64(); {
	case share >= 0.95:
		count = 3 + r.IntN(nicsPerGuest-2)
	case share >= 0.80:
		count = 2
	}
	for n := range count {
		guest.NICs = append(guest.NICs, g.nic(r, guest, i, n))
	}
}

func (g *generator) nic(r *rand.Rand, guest *Guest, i, n int) NIC {
	vlan := r.IntN(vlanCount + 1)
	nic := NIC{Index: n, MAC: g.macOf(i, n), Bridge: fmt.Sprintf("vmbr%d", r.IntN(4)), Firewall: chance(r, 0.5)}
	if vlan > 0 {
		nic.Tag = firstVLAN + vlan - 1
	}
	if chance(r, 0.03) {
		nic.Bridge, nic.Tag = pick(r, []string{"vxnet1", "vlnet1"}), 0
	}
	nic.LinkDown = chance(r, 0.01)
	host := g.nextHost(vlan, guest)
	if host < perSubnet-2 {
		nic.Addresses = append(nic.Addresses, g.subnetAddress(vlan, host))
	}
	if chance(r, 0.5) {
		nic.Addresses = append(nic.Addresses, g.address6(vlan, host))
	}
	g.repeat(r, &nic, i)
	if guest.Kind == LXC {
		g.intent(r, &nic)
	}
	return nic
}

// nextHost takes the next address of the subnet; in that of the untagged NICs
// the first 64 are for nodes.
func (g *generator) nextHost(vlan int, guest *Guest) int {
	g.hosts[vlan]++
	if vlan == 0 {
		return 64 + g.hosts[vlan]
	}
	return g.hosts[vlan]
}

// repeat takes over a MAC or the addresses of an earlier guest, now and then.
func (g *generator) repeat(r *rand.Rand, nic *NIC, i int) {
	sameMAC, sameAddress := chance(r, 0.002), chance(r, 0.005)
	other := g.earlier(r, i)
	if other == nil {
		return
	}
	if sameMAC {
		nic.MAC = other.NICs[0].MAC
	}
	if sameAddress {
		nic.Addresses = slices.Clone(other.NICs[0].Addresses)
	}
}

// intent writes the addresses of a container into its configuration, or lets
// them come from DHCP.
func (g *generator) intent(r *rand.Rand, nic *NIC) {
	if chance(r, 0.3) {
		nic.IP, nic.IP6 = "dhcp", "auto"
		return
	}
	for _, prefix := range nic.Addresses {
		if prefix.Addr().Is4() {
			nic.IP = prefix.String()
		} else {
			nic.IP6 = prefix.String()
		}
	}
}

// macOf numbers the NICs of a cluster through and scatters the numbers: no two
// are the same. The multiplier is odd, so it permutes 24 bits.
func (g *generator) macOf(i, n int) string {
	low := (uint32(i*nicsPerGuest+n)*0x9e3779b1 + g.scatter) & 0xffffff
	return fmt.Sprintf("%s:%02X:%02X:%02X", g.estate.MACPrefix, low>>16, low>>8&0xff, low&0xff)
}

// address6 is 2001:db8:<cluster>:<vlan>::<host>.
func (g *generator) address6(vlan, host int) netip.Prefix {
	address := [16]byte{0x20, 0x01, 0x0d, 0xb8, byte(g.mac >> 8), byte(g.mac), 0, byte(vlan)}
	address[14], address[15] = byte(host>>8), byte(host)
	address[13] = byte(host >> 16)
	return netip.PrefixFrom(netip.AddrFrom16(address), 64)
}

// interfaces adds what runs inside the guest: two on average, in one guest of a
// hundred up to 2,000.
func (g *generator) interfaces(r *rand.Rand, guest *Guest) {
	count := 0
	for chance(r, 2.0/3) {
		count++
	}
	if chance(r, 0.01) {
		count = int(math.Min(2000, 20/(r.Float64()+1e-9)))
	}
	for n := range count {
		guest.Interfaces = append(guest.Interfaces, g.inner(r, guest, n))
	}
}

func (g *generator) inner(r *rand.Rand, guest *Guest, n int) GuestInterface {
	mac := fmt.Sprintf("02:42:%02x:%02x:%02x:%02x", byte(g.mac), byte(guest.VMID>>8), byte(guest.VMID), r.IntN(256))
	private := func(b, c byte) []netip.Prefix {
		return []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{172, b, c, 1}), 16)}
	}
	switch {
	case n == 0:
		return GuestInterface{Name: "docker0", MAC: mac, Addresses: private(17, 0)}
	case n == 1 && chance(r, 0.2):
		return GuestInterface{Name: "wg0", Addresses: private(31, byte(guest.VMID))}
	case chance(r, 0.3):
		return GuestInterface{Name: fmt.Sprintf("br-%08x", r.Uint32()), MAC: mac, Addresses: private(18+byte(n%10), 0)}
	}
	return GuestInterface{Name: fmt.Sprintf("veth%07x", r.Uint32()>>4), MAC: mac}
}
