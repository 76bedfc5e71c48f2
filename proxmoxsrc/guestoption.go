package proxmoxsrc

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// parseAgent tells whether the option "agent" enables the guest agent: "1", "enabled=1,type=isa", "1,type=virtio".
func parseAgent(s string) bool { return isTrue(parseProperties(s, "enabled").get("enabled")) }

var uuids = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// parseUUID returns the UUID of the option "smbios1" in lower case; empty when there is none, or a null one, which
// identifies nobody.
func parseUUID(s string) string {
	uuid := strings.ToLower(parseProperties(s, "").get("uuid"))
	if !uuids.MatchString(uuid) || strings.Trim(uuid, "0-") == "" {
		return ""
	}
	return uuid
}

// parseMemory returns the bytes of the option "memory", which is in MiB: a number up to Proxmox VE 8.0, "2048" or
// "current=2048" from 8.1 on. It is 512 MiB when nothing is said.
func parseMemory(s string) int64 {
	mebibytes := number(parseNumber(parseProperties(s, "current").get("current"))).int64()
	if mebibytes <= 0 || mebibytes > 1<<42 {
		mebibytes = 512
	}
	return mebibytes << 20
}

// configuredName returns the name of a guest, without the stand-ins that the list of guests has for those without one.
func configuredName(name string, id int) string {
	if name == "VM "+strconv.Itoa(id) || name == "CT"+strconv.Itoa(id) {
		return ""
	}
	return name
}

// repairedName undoes the double encoding in which the API hands out a container's host name that is not ASCII: "Ã¼" for
// "ü".
func repairedName(kind inventory.GuestKind, name string) string {
	if kind != inventory.LXC {
		return name
	}
	var bytes []byte
	for _, r := range name {
		if r > 0xff {
			return name
		}
		bytes = append(bytes, byte(r))
	}
	if !utf8.Valid(bytes) {
		return name
	}
	return string(bytes)
}
