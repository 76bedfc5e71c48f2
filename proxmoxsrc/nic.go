package proxmoxsrc

import (
	"regexp"
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// models of QEMU's network cards; a part "virtio=MAC" names the card and its address at once.
var models = regexp.MustCompile(`^(e1000|e1000-82540em|e1000-82544gc|e1000-82545em|e1000e|i82551|i82557b|i82559er|` +
	`ne2k_isa|ne2k_pci|pcnet|rtl8139|virtio|vmxnet3)$`)

// inherited is the MTU that stands for the bridge's own.
const inherited = 1

// parseMachineNIC reads netN of a virtual machine.
func parseMachineNIC(key, value string) inventory.NIC {
	parts := parseProperties(value, "")
	nic := commonNIC(key, parts)
	nic.Model = strings.ToLower(parts.get("model"))
	nic.MAC = parseMAC(parts.get("macaddr"))
	for _, p := range parts {
		switch {
		case p.key == "" && models.MatchString(strings.ToLower(p.value)):
			nic.Model = strings.ToLower(p.value)
		case models.MatchString(p.key), nic.Model == "" && p.key != "macaddr" && parseMAC(p.value) != "":
			nic.Model, nic.MAC = p.key, parseMAC(p.value)
		}
	}
	return nic
}

// parseContainerNIC reads netN of a container; its addresses are read by [parseIntent].
func parseContainerNIC(key, value string) inventory.NIC {
	parts := parseProperties(value, "")
	nic := commonNIC(key, parts)
	nic.Name = parts.get("name")
	nic.Model = parts.get("type")
	nic.MAC = parseMAC(parts.get("hwaddr"))
	return nic
}

// commonNIC reads what both kinds of guests have.
func commonNIC(key string, parts properties) inventory.NIC {
	nic := inventory.NIC{
		Key:    key,
		Bridge: parts.get("bridge"),
		VLAN:   parseVLAN(parts.get("tag")),
		Trunks: parseTrunks(parts.get("trunks")),
		MTU:    max(parseInt(parts.get("mtu")), 0),
		Down:   isTrue(parts.get("link_down")),
	}
	if nic.MTU == inherited {
		nic.MTU = 0
	}
	return nic
}

// parseVLAN returns 0 for what is no VLAN id.
func parseVLAN(s string) int {
	if id := parseInt(s); id >= 1 && id <= 4094 {
		return id
	}
	return 0
}

var trunk = regexp.MustCompile(`^\d{1,4}(-\d{1,4})?$`)

// parseTrunks splits the "20;30-40" of a NIC and the "2 4 100-200" of a bridge.
func parseTrunks(s string) []string {
	var list []string
	for _, part := range splitList(s) {
		if trunk.MatchString(part) {
			list = append(list, part)
		}
	}
	return list
}
