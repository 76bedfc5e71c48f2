package proxmoxtest

import (
	"fmt"
	"strconv"
	"strings"
)

// release is a Proxmox VE version. What differs between releases is asked by
// the methods below, so that each switch has one home.
type release struct{ major, minor, patch int }

// parseRelease reads "8.4.1", "7.4-20" or "9.1"; what is not a number counts
// as 0.
func parseRelease(version string) release {
	parts := strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == '-' })
	number := func(i int) int {
		if i >= len(parts) {
			return 0
		}
		n, _ := strconv.Atoi(parts[i])
		return n
	}
	return release{number(0), number(1), number(2)}
}

func (r release) atLeast(major, minor, patch int) bool {
	switch {
	case r.major != major:
		return r.major > major
	case r.minor != minor:
		return r.minor > minor
	}
	return r.patch >= patch
}

func (r release) short() string { return fmt.Sprintf("%d.%d", r.major, r.minor) }

// full is the version as the release writes it: "7.4-20", "8.4.1".
func (r release) full() string {
	if r.major < 8 {
		return fmt.Sprintf("%d.%d-%d", r.major, r.minor, r.patch)
	}
	return fmt.Sprintf("%d.%d.%d", r.major, r.minor, r.patch)
}

// errorsCarryMessage: libpve-http-server-perl 5.2.0, January 2025.
func (r release) errorsCarryMessage() bool { return r.atLeast(8, 4, 0) }

// hidesAuthReason: pve-manager 9.1.5.
func (r release) hidesAuthReason() bool { return r.atLeast(9, 1, 5) }

// memoryIsText: memory became a property string in 8.1.
func (r release) memoryIsText() bool { return r.atLeast(8, 1, 0) }

// listsContainerAddresses: pve-container 5.2.6 added ip-addresses.
func (r release) listsContainerAddresses() bool { return r.atLeast(8, 4, 0) }

// stylesTags: tags, and how they look, came with 7.3.
func (r release) stylesTags() bool { return r.atLeast(7, 3, 0) }

// hasAgentPrivileges: VM.Monitor became VM.GuestAgent.* in 9.0.
func (r release) hasAgentPrivileges() bool { return r.atLeast(9, 0, 0) }

// filtersBridges: SDN.Audit on local bridges since 8.0.
func (r release) filtersBridges() bool { return r.atLeast(8, 0, 0) }

// namesNetworkRows: zone rows of cluster/resources turned from type "sdn" into
// type "network" in 9.1.
func (r release) namesNetworkRows() bool { return r.atLeast(9, 1, 0) }
