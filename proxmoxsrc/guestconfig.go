package proxmoxsrc

import (
	"regexp"
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// config is a guest's configuration: GET /nodes/{node}/{qemu,lxc}/{vmid}/config?current=1, which leaves out what waits
// for a restart.
type config map[string]text

var nicKeys = regexp.MustCompile(`^net\d+$`)

// fill adds what the configuration tells. maxCPU is the list's, of use for a container that may take all CPUs of its
// node.
func (c config) fill(g *inventory.Guest, maxCPU number) {
	name, memory := "name", parseMemory(string(c["memory"]))
	parseNIC, parseDisk, isDisk := parseMachineNIC, parseMachineDisk, machineDisks.MatchString
	if g.Kind == inventory.LXC {
		name = "hostname"
		parseNIC, parseDisk, isDisk = parseContainerNIC, parseContainerDisk, containerDisks.MatchString
	}
	g.Name = repairedName(g.Kind, string(c[name]))
	g.Tags = parseTags(string(c["tags"]))
	g.Template = g.Template || isTrue(string(c["template"]))
	g.Lock = string(c["lock"])
	g.Memory = memory
	g.CPUs = c.cpus(g.Kind, maxCPU)
	g.Description = string(c["description"])
	g.OSType = string(c["ostype"])
	g.StartAtBoot = isTrue(string(c["onboot"]))
	g.SearchDomain = string(c["searchdomain"])
	if g.Kind == inventory.LXC {
		g.Description = strings.TrimSuffix(g.Description, "\n")
		g.Unprivileged = isTrue(string(c["unprivileged"]))
	} else {
		g.UUID = parseUUID(string(c["smbios1"]))
		g.Agent = parseAgent(string(c["agent"]))
	}
	for _, key := range sortedKeys(c, nicKeys.MatchString) {
		g.NICs = append(g.NICs, parseNIC(key, string(c[key])))
	}
	for _, key := range sortedKeys(c, isDisk) {
		if disk, ok := parseDisk(key, string(c[key])); ok {
			g.Disks = append(g.Disks, disk)
		}
	}
}

// cpus returns 0 where nothing tells.
func (c config) cpus(kind inventory.GuestKind, maxCPU number) float64 {
	value := func(key string) float64 { return max(parseNumber(string(c[key])), 0) }
	if kind == inventory.QEMU {
		if n := value("vcpus"); n > 0 {
			return n
		}
		return max(value("sockets"), 1) * max(value("cores"), 1)
	}
	for _, n := range []float64{value("cores"), value("cpulimit"), float64(maxCPU)} {
		if n > 0 {
			return n
		}
	}
	return 0
}

// intent returns what the configuration says about the addresses of a NIC.
func (c config) intent(kind inventory.GuestKind, nic string) intent {
	if kind == inventory.QEMU {
		nic = "ipconfig" + strings.TrimPrefix(nic, "net")
	}
	return parseIntent(string(c[nic]))
}

// setStatic gives each NIC the addresses that the configuration says.
func (c config) setStatic(g *inventory.Guest) {
	origin := inventory.OriginCloudInit
	if g.Kind == inventory.LXC {
		origin = inventory.OriginConfig
	}
	for i := range g.NICs {
		g.NICs[i].Addresses = nil
		for _, prefix := range c.intent(g.Kind, g.NICs[i].Key).static {
			g.NICs[i].Addresses = append(g.NICs[i].Addresses, inventory.Address{Prefix: prefix, Origin: origin})
		}
	}
}

// setFound gives each NIC the addresses that were found by its MAC address, and the name if it is the agent that told it.
func (c config) setFound(g *inventory.Guest, found *addressBook, origin inventory.Origin) {
	for i := range g.NICs {
		if origin == inventory.OriginAgent {
			g.NICs[i].AgentName = found.names[i]
		}
		intent := c.intent(g.Kind, g.NICs[i].Key)
		for _, prefix := range found.byNIC[i] {
			g.NICs[i].Addresses = append(g.NICs[i].Addresses, inventory.Address{
				Prefix: prefix, Origin: origin, Dynamic: intent.dynamic(prefix.Addr()),
			})
		}
	}
}

// leavesOpen tells whether any NIC of the guest has addresses that the configuration does not say: from DHCP or SLAAC, or
// set in the guest, as one without an address may be.
func (c config) leavesOpen(g *inventory.Guest) bool {
	for _, nic := range g.NICs {
		if intent := c.intent(g.Kind, nic.Key); intent.dynamic4 || intent.dynamic6 || len(intent.static) == 0 {
			return true
		}
	}
	return false
}
