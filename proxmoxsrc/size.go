package proxmoxsrc

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// sizes matches what PVE::JSONSchema takes for a disk size.
var sizes = regexp.MustCompile(`^(\d+)(\.\d+)?([KMGT])?(iB)?$`)

// parseSize returns the bytes of "32G", "528K", "1.5T" or "536870913", in binary units; known is false for what is no
// size, or one that no disk has.
func parseSize(s string) (bytes int64, known bool) {
	match := sizes.FindStringSubmatch(strings.TrimSpace(s))
	if match == nil || match[3] == "" && match[4] != "" {
		return 0, false
	}
	unit := int64(1) << (10 * strings.Index(" KMGT", match[3]))
	if match[3] == "" {
		unit = 1
	}
	if match[2] == "" {
		n, err := strconv.ParseInt(match[1], 10, 64)
		if err != nil || n > math.MaxInt64/unit {
			return 0, false
		}
		return n * unit, true
	}
	n, err := strconv.ParseFloat(match[1]+match[2], 64)
	if err != nil || n*float64(unit) >= math.MaxInt64 {
		return 0, false
	}
	return int64(math.Round(n * float64(unit))), true
}
