package netboxtest

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// parseAddress reads an IP address; without mask it is a host's.
func parseAddress(f *field, raw json.RawMessage) (any, *invalid) {
	s, ok := str(raw)
	s = strings.TrimSpace(s)
	switch {
	case !ok:
		return nil, refusef(f.name, "unexpected type <class '%s'> for addr arg", pythonType(raw))
	case s == "":
		return nil, refuse(f.name, "This field may not be blank.")
	}
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()).String(), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, refusef(f.name, "Invalid IP address format: %s", s)
	}
	return p.String(), nil
}

func (d *draft) parsePrefix(f *field, raw json.RawMessage) (any, *invalid) {
	s, ok := str(raw)
	if !ok {
		return nil, refusef(f.name, "unexpected type <class '%s'> for addr arg", pythonType(raw))
	}
	s = strings.TrimSpace(s)
	p, err := netip.ParsePrefix(s)
	if a, addrErr := netip.ParseAddr(s); addrErr == nil {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		return nil, refusef(f.name, "Invalid IP prefix format: %s", s)
	}
	if p.Masked() != p {
		return nil, refusef(f.name, "%s is not a valid prefix. Did you mean %s?", p, p.Masked())
	}
	return p.Masked().String(), nil
}

// hostOf returns the host part of an address with mask.
func hostOf(address string) string {
	host, _, _ := strings.Cut(address, "/")
	return host
}

func family(address string) int {
	if strings.Contains(address, ":") {
		return 6
	}
	return 4
}

func parseMACField(f *field, raw json.RawMessage) (any, *invalid) {
	mac, valid := parseMAC(python(raw))
	if n, ok := idFrom(raw); ok && pythonType(raw) == "int" && n >= 0 && n < 1<<48 {
		mac, valid = spaced(fmt.Sprintf("%012X", n)), true
	}
	if !valid {
		return nil, refusef(f.name, "Invalid MAC address format: %s", python(raw))
	}
	return mac, nil
}

var hexDigits = regexp.MustCompile(`^[0-9A-Fa-f]+$`)

// parseMAC reads a MAC address in any notation that NetBox takes and returns it
// in the one it stores, AA:BB:CC:DD:EE:FF.
func parseMAC(s string) (string, bool) {
	s = strings.TrimSpace(s)
	for _, shape := range []struct {
		separator    string
		parts, width int
	}{{":", 6, 2}, {"-", 6, 2}, {".", 3, 4}, {":", 3, 4}, {"-", 3, 4}, {":", 2, 6}, {"-", 2, 6}, {"", 1, 12}} {
		parts := []string{s}
		if shape.separator != "" {
			parts = strings.Split(s, shape.separator)
		}
		if len(parts) != shape.parts {
			continue
		}
		var digits strings.Builder
		for _, part := range parts {
			if !hexDigits.MatchString(part) || len(part) > shape.width {
				return "", false
			}
			digits.WriteString(strings.Repeat("0", shape.width-len(part)) + part)
		}
		return spaced(strings.ToUpper(digits.String())), len(parts) > 1 || len(s) > 10
	}
	return "", false
}

func spaced(digits string) string {
	octets := make([]string, 0, 6)
	for i := 0; i+2 <= len(digits); i += 2 {
		octets = append(octets, digits[i:i+2])
	}
	return strings.Join(octets, ":")
}

// addressOrder sorts addresses and prefixes as PostgreSQL sorts inet and cidr.
func addressOrder(a, b string) int {
	p, errP := netip.ParsePrefix(a)
	q, errQ := netip.ParsePrefix(b)
	if errP != nil || errQ != nil {
		return strings.Compare(a, b)
	}
	if p.Addr().BitLen() != q.Addr().BitLen() {
		return p.Addr().BitLen() - q.Addr().BitLen()
	}
	if c := p.Masked().Addr().Compare(q.Masked().Addr()); c != 0 && p.Bits() == q.Bits() {
		return c
	}
	common := min(p.Bits(), q.Bits())
	left, right := netip.PrefixFrom(p.Addr(), common).Masked(), netip.PrefixFrom(q.Addr(), common).Masked()
	if c := left.Addr().Compare(right.Addr()); c != 0 {
		return c
	}
	if p.Bits() != q.Bits() {
		return p.Bits() - q.Bits()
	}
	return p.Addr().Compare(q.Addr())
}

// naturalOrder sorts texts as NetBox's natural_sort collation does: digits by
// value, case last.
func naturalOrder(a, b string) int {
	if c := portOrder(strings.ToLower(a), strings.ToLower(b)); c != 0 {
		return c
	}
	return strings.Compare(b, a)
}

// portOrder sorts names by their bytes, but digits by value.
func portOrder(x, y string) int {
	for x != "" && y != "" {
		n, m := digitsAt(x), digitsAt(y)
		if n > 0 && m > 0 {
			i, errI := strconv.ParseUint(x[:n], 10, 64)
			j, errJ := strconv.ParseUint(y[:m], 10, 64)
			if errI == nil && errJ == nil && i != j {
				if i < j {
					return -1
				}
				return 1
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	return len(x) - len(y)
}

func digitsAt(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
