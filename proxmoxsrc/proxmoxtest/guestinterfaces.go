package proxmoxtest

import (
	"fmt"
	"net"
	"net/netip"
)

// agentInterface is an interface as the QEMU guest agent lists it.
type agentInterface struct {
	Name       string         `json:"name"`
	MAC        string         `json:"hardware-address,omitempty"`
	Addresses  []agentAddress `json:"ip-addresses,omitempty"`
	Statistics map[string]int `json:"statistics,omitempty"`
}

type agentAddress struct {
	Address string `json:"ip-address"`
	Family  string `json:"ip-address-type"`
	Prefix  int    `json:"prefix"`
}

// seen is an interface inside a guest, before it is rendered.
type seen struct {
	name, mac string
	addresses []netip.Prefix
}

// seenInterfaces lists loopback, NICs and the rest, as the guest's own kernel
// does: a NIC that is up has a link-local address after its others.
func (g *Guest) seenInterfaces() []seen {
	loopback := seen{
		name: "lo", mac: "00:00:00:00:00:00",
		addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")},
	}
	if g.isWindows() {
		loopback.name, loopback.mac = "Loopback Pseudo-Interface 1", ""
		loopback.addresses = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8"), netip.MustParsePrefix("::1/128")}
	}
	list := []seen{loopback}
	for i := range g.NICs {
		list = append(list, g.seenNIC(&g.NICs[i]))
	}
	for _, iface := range g.Interfaces {
		list = append(list, seen{iface.Name, iface.MAC, iface.Addresses})
	}
	return list
}

func (g *Guest) seenNIC(nic *NIC) seen {
	mac := nic.MAC
	if mac == "" {
		mac = macFrom(entropy(0, "", "random mac", g.VMID<<8+nic.Index))
	}
	out := seen{name: nic.Name, mac: lower(mac), addresses: nic.Addresses}
	if local, ok := linkLocal(mac); ok && !nic.LinkDown {
		out.addresses = append(out.addresses[:len(out.addresses):len(out.addresses)], local)
	}
	return out
}

// linkLocal derives the EUI-64 address.
func linkLocal(mac string) (netip.Prefix, bool) {
	hardware, err := net.ParseMAC(mac)
	if err != nil || len(hardware) != 6 {
		return netip.Prefix{}, false
	}
	address := [16]byte{
		0: 0xfe, 1: 0x80, 8: hardware[0] ^ 2, 9: hardware[1], 10: hardware[2], 11: 0xff, 12: 0xfe,
		13: hardware[3], 14: hardware[4], 15: hardware[5],
	}
	return netip.PrefixFrom(netip.AddrFrom16(address), 64), true
}

func lower(mac string) string {
	if hardware, err := net.ParseMAC(mac); err == nil {
		return hardware.String()
	}
	return mac
}

func (g *Guest) agentInterfaces() any {
	list := []agentInterface{}
	for index, iface := range g.seenInterfaces() {
		out := agentInterface{Name: iface.name, MAC: iface.mac, Statistics: map[string]int{
			"rx-bytes": 123456, "rx-packets": 1234, "rx-errs": 0, "rx-dropped": 0,
			"tx-bytes": 654321, "tx-packets": 4321, "tx-errs": 0, "tx-dropped": 0,
		}}
		for _, prefix := range iface.addresses {
			out.Addresses = append(out.Addresses, g.agentAddress(prefix, index+1))
		}
		list = append(list, out)
	}
	return list
}

// agentAddress renders an address; on Windows with the zone of a link-local one
// and -1 for a prefix it could not find out.
func (g *Guest) agentAddress(prefix netip.Prefix, zone int) agentAddress {
	address := agentAddress{Address: prefix.Addr().String(), Family: "ipv4", Prefix: prefix.Bits()}
	if prefix.Addr().Is6() {
		address.Family = "ipv6"
	}
	if !g.isWindows() {
		return address
	}
	if prefix.Addr().Is6() && prefix.Addr().IsLinkLocalUnicast() {
		address.Address = fmt.Sprintf("%s%%%d", address.Address, zone)
		address.Prefix = -1
	}
	if prefix.IsSingleIP() {
		address.Prefix = -1
	}
	return address
}

// containerInterface is an interface as GET lxc/{vmid}/interfaces lists it.
// INet and INet6 hold the last address of their family.
type containerInterface struct {
	Name      string             `json:"name"`
	HWAddr    string             `json:"hwaddr"`
	INet      string             `json:"inet,omitempty"`
	INet6     string             `json:"inet6,omitempty"`
	MAC       string             `json:"hardware-address,omitempty"`
	Addresses []containerAddress `json:"ip-addresses,omitempty"`
}

type containerAddress struct {
	Family  string `json:"ip-address-type"`
	Address string `json:"ip-address"`
	Prefix  int    `json:"prefix"`
}

func (c *call) containerInterfaces() answer {
	guest, refusal := c.guest(LXC)
	if refusal != nil {
		return *refusal
	}
	if guest.Status != StatusRunning {
		return success(nil)
	}
	list := []containerInterface{}
	for _, iface := range guest.seenInterfaces() {
		list = append(list, iface.container(c.node.release()))
	}
	return success(list)
}

func (s seen) container(v release) containerInterface {
	out := containerInterface{Name: s.name, HWAddr: s.mac}
	for _, prefix := range s.addresses {
		address := containerAddress{Family: "inet", Address: prefix.Addr().String(), Prefix: prefix.Bits()}
		if prefix.Addr().Is6() {
			address.Family = "inet6"
			out.INet6 = prefix.String()
		} else {
			out.INet = prefix.String()
		}
		out.Addresses = append(out.Addresses, address)
	}
	if v.listsContainerAddresses() {
		out.MAC = s.mac
	} else {
		out.Addresses = nil
	}
	return out
}
