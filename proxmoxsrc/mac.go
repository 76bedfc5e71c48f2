package proxmoxsrc

import (
	"net"
	"strings"
)

// parseMAC returns the address as "BC:24:11:AA:BB:CC", empty for what is none of six bytes.
func parseMAC(s string) string {
	hardware, err := net.ParseMAC(strings.TrimSpace(s))
	if err != nil || len(hardware) != 6 {
		return ""
	}
	return strings.ToUpper(hardware.String())
}
