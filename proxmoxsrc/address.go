package proxmoxsrc

import (
	"net/netip"
	"strings"
)

// usableAddress returns an address as it is on the wire, with its prefix length; ok is false for one that says nothing
// about where a guest can be reached: loopback, link-local, multicast, unspecified. A zone is stripped; a prefix length
// that makes no sense, such as the -1 of Windows, is that of a single host.
func usableAddress(address string, bits int) (prefix netip.Prefix, ok bool) {
	a, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil {
		return netip.Prefix{}, false
	}
	if a = a.WithZone(""); a.Is4In6() {
		a, bits = a.Unmap(), bits-96
	}
	if a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() ||
		a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return netip.Prefix{}, false
	}
	if bits < 0 || bits > a.BitLen() {
		bits = a.BitLen()
	}
	return netip.PrefixFrom(a, bits), true
}

// usableCIDR is [usableAddress] for "192.0.2.5/24"; without a length it is a single host.
func usableCIDR(s string) (prefix netip.Prefix, ok bool) {
	address, length, found := strings.Cut(strings.TrimSpace(s), "/")
	bits := -1
	if found {
		bits = parsePrefixLength(length)
	}
	return usableAddress(address, bits)
}

// parsePrefixLength returns -1 for what is no length.
func parsePrefixLength(s string) int {
	if s == "" || len(s) > 3 || strings.Trim(s, "0123456789") != "" {
		return -1
	}
	return parseInt(s)
}

// intent is what a configuration says about the addresses of a NIC: ipconfigN of a virtual machine, part of netN of a
// container.
type intent struct {
	static             []netip.Prefix // IPv4 before IPv6
	dynamic4, dynamic6 bool           // DHCP or SLAAC
}

// parseIntent reads "ip=192.0.2.5/24,gw=192.0.2.1,ip6=auto".
func parseIntent(value string) intent {
	parts := parseProperties(value, "")
	out := intent{dynamic4: isDynamic(parts.get("ip")), dynamic6: isDynamic(parts.get("ip6"))}
	for _, s := range []string{parts.get("ip"), parts.get("ip6")} {
		if prefix, ok := usableCIDR(s); ok {
			out.static = append(out.static, prefix)
		}
	}
	return out
}

func isDynamic(s string) bool { return s == "dhcp" || s == "auto" }

// dynamic tells whether the address comes from DHCP or SLAAC, as far as its family tells.
func (i intent) dynamic(a netip.Addr) bool {
	if a.Is4() {
		return i.dynamic4
	}
	return i.dynamic6
}
