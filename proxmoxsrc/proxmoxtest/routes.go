package proxmoxtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameters are the query parameters of a call, each with a function that says
// what is wrong with a value, "" for nothing.
type parameters map[string]func(c *call, value string) string

// route is one call of the API.
type route struct {
	pattern string
	// since is nil for calls that all releases have.
	since func(release) bool
	// protected calls are served by pvedaemon.
	protected bool
	cost      time.Duration
	// check returns what is missing, as the refusal names it; nil lets every
	// login pass.
	check      func(*call) string
	parameters parameters
	answer     func(*call) answer

	parts []string
}

func (r *route) exists(v release) bool { return r.since == nil || r.since(v) }

// match compares the path and returns its variables.
func (r *route) match(parts []string) (map[string]string, bool) {
	if len(parts) != len(r.parts) {
		return nil, false
	}
	var values map[string]string
	for i, want := range r.parts {
		if !strings.HasPrefix(want, "{") {
			if want != parts[i] {
				return nil, false
			}
			continue
		}
		if parts[i] == "" {
			return nil, false
		}
		if values == nil {
			values = map[string]string{}
		}
		values[strings.Trim(want, "{}")] = parts[i]
	}
	return values, true
}

func since(major, minor int) func(release) bool {
	return func(v release) bool { return v.atLeast(major, minor, 0) }
}

// routes is the table of all calls. Costs are what a quiet cluster takes.
func routes() []route {
	list := slices.Concat(clusterRoutes(), nodeRoutes(), guestRoutes())
	for i := range list {
		list[i].parts = segments(list[i].pattern)
		if list[i].cost == 0 {
			list[i].cost = 5 * time.Millisecond
		}
	}
	return list
}

func clusterRoutes() []route {
	sdn := since(8, 1)
	return []route{
		{pattern: "/version", answer: (*call).version},
		{
			pattern: "/access/permissions", answer: (*call).permissions,
			parameters: parameters{"path": anyText, "userid": anyText},
		},
		{pattern: "/access/ticket", answer: func(*call) answer { return success(nil) }},
		{pattern: "/cluster/status", protected: true, check: sysAudit, answer: (*call).clusterStatus},
		{pattern: "/cluster/resources", answer: (*call).resources, parameters: parameters{"type": resourceType}},
		{pattern: "/cluster/nextid", answer: (*call).nextID, parameters: parameters{"vmid": guestID}},
		{pattern: "/cluster/options", check: sysAudit, answer: (*call).datacenter},
		{
			pattern: "/cluster/ha/resources", check: sysAudit, answer: (*call).haResources,
			parameters: parameters{"type": oneOf("ct", "vm")},
		},
		{pattern: "/cluster/ha/groups", check: sysAudit, answer: (*call).haGroups},
		{
			pattern: "/cluster/ha/rules", since: since(9, 0), check: sysAudit,
			answer: func(*call) answer { return success(rows{}) },
		},
		{
			pattern: "/cluster/sdn/zones", since: sdn, answer: (*call).zones,
			parameters: parameters{"pending": boolean, "running": boolean, "type": anyText},
		},
		{
			pattern: "/cluster/sdn/vnets", since: sdn, answer: (*call).vnets,
			parameters: parameters{"pending": boolean, "running": boolean},
		},
		{pattern: "/pools", answer: (*call).pools},
		{pattern: "/nodes", answer: (*call).nodeList},
	}
}

func nodeRoutes() []route {
	return []route{
		{pattern: "/nodes/{node}/status", cost: 20 * time.Millisecond, check: nodeAudit, answer: (*call).nodeStatus},
		{
			pattern: "/nodes/{node}/network", cost: 10 * time.Millisecond, answer: (*call).network,
			parameters: parameters{"type": interfaceType},
		},
		{pattern: "/nodes/{node}/time", check: nodeAudit, answer: (*call).clock},
	}
}

func guestRoutes() []route {
	const configCost, agentCost = 15 * time.Millisecond, 80 * time.Millisecond
	config := parameters{"current": boolean, "snapshot": anyText}
	agent := "/nodes/{node}/qemu/{vmid}/agent/"
	return []route{
		{
			pattern: "/nodes/{node}/qemu/{vmid}/config", cost: configCost, check: guestAudit, parameters: config,
			answer: func(c *call) answer { return c.config(QEMU) },
		},
		{
			pattern: "/nodes/{node}/lxc/{vmid}/config", cost: configCost, check: guestAudit, parameters: config,
			answer: func(c *call) answer { return c.config(LXC) },
		},
		{
			pattern: agent + "network-get-interfaces", protected: true, cost: agentCost, check: agentAudit,
			answer: func(c *call) answer { return c.agent("network-get-interfaces", (*Guest).agentInterfaces) },
		},
		{
			pattern: agent + "get-osinfo", protected: true, cost: agentCost, check: agentAudit,
			answer: func(c *call) answer { return c.agent("get-osinfo", (*Guest).agentSystem) },
		},
		{
			pattern: agent + "get-host-name", protected: true, cost: agentCost, check: agentAudit,
			answer: func(c *call) answer { return c.agent("get-host-name", (*Guest).agentHostName) },
		},
		{
			pattern: "/nodes/{node}/lxc/{vmid}/interfaces", since: since(8, 1), protected: true, cost: agentCost,
			check: guestAudit, answer: (*call).containerInterfaces,
		},
	}
}

func sysAudit(c *call) string  { return c.need("/", "Sys.Audit") }
func nodeAudit(c *call) string { return c.need("/nodes/"+c.target, "Sys.Audit") }

func guestAudit(c *call) string { return c.need("/vms/"+c.values["vmid"], "VM.Audit") }

// agentAudit is VM.Monitor before 9.0 and either of two privileges after.
func agentAudit(c *call) string {
	path := "/vms/" + c.values["vmid"]
	monitor := "VM.Monitor"
	if c.node.release().hasAgentPrivileges() {
		monitor = "VM.GuestAgent.Audit"
		if c.may(path, "VM.GuestAgent.Unrestricted") {
			return ""
		}
	}
	missing := c.need(path, monitor)
	if missing == "" && c.refusesAgent() {
		missing = path + ", " + monitor
	}
	if missing != "" && monitor != "VM.Monitor" {
		missing += "|VM.GuestAgent.Unrestricted"
	}
	return missing
}

func (c *call) refusesAgent() bool {
	vmid, err := strconv.Atoi(c.values["vmid"])
	guest := c.state.guests[vmid]
	return err == nil && guest != nil && guest.Agent == AgentNoPrivilege
}

func anyText(*call, string) string { return "" }

func guestID(_ *call, value string) string { return checkVMID(value) }

func boolean(_ *call, value string) string {
	switch strings.ToLower(value) {
	case "0", "1", "on", "off", "yes", "no", "true", "false":
		return ""
	}
	return fmt.Sprintf("type check ('boolean') failed - got '%s'", value)
}

func oneOf(words ...string) func(*call, string) string {
	return func(_ *call, value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return fmt.Sprintf("value '%s' does not have a value in the enumeration '%s'", value, strings.Join(words, ", "))
	}
}

func resourceType(c *call, value string) string {
	words := []string{"vm", "storage", "node", "sdn"}
	if c.node.release().namesNetworkRows() {
		words = append(words, "network")
	}
	return oneOf(words...)(c, value)
}

func interfaceType(c *call, value string) string {
	words := []string{
		"bridge", "bond", "eth", "alias", "vlan", "OVSBridge", "OVSBond", "OVSPort", "OVSIntPort",
		"vnet", "any_bridge", "any_local_bridge",
	}
	if c.node.release().major >= 9 {
		words = append(words, "fabric", "include_sdn")
	}
	return oneOf(words...)(c, value)
}
