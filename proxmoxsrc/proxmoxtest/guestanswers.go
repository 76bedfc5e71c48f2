package proxmoxtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

func joinTags(tags []string) string { return strings.Join(tags, ";") }

func (c *call) config(kind Kind) answer {
	guest, refusal := c.guest(kind)
	if refusal != nil {
		return *refusal
	}
	if snapshot := c.query.Get("snapshot"); snapshot != "" {
		return failed(http.StatusInternalServerError, fmt.Sprintf("snapshot '%s' does not exist", snapshot))
	}
	return success(guest.configuration(c.node.release(), truth(c.query.Get("current"))))
}

func truth(value string) bool {
	switch strings.ToLower(value) {
	case "1", "on", "yes", "true":
		return true
	}
	return false
}

const (
	// pingLimit and commandLimit are what Proxmox VE waits for an agent.
	pingLimit    = 3 * time.Second
	commandLimit = 5 * time.Second
)

// agent asks the guest agent, in the order of Proxmox VE: is one configured,
// does the guest run, does the agent answer a ping, then the command.
func (c *call) agent(command string, ask func(*Guest) any) answer {
	guest, refusal := c.guest(QEMU)
	if refusal != nil {
		return *refusal
	}
	if refusal := c.agentAvailable(guest); refusal != nil {
		return *refusal
	}
	switch guest.Agent {
	case AgentStalled:
		channel := "qmp"
		if c.node.release().major >= 9 {
			channel = "qga"
		}
		return failed(http.StatusInternalServerError, fmt.Sprintf(
			"VM %d %s command 'guest-%s' failed - got timeout", guest.VMID, channel, command)).after(pingLimit + commandLimit)
	case AgentRefused:
		return success(map[string]any{"result": map[string]any{"error": map[string]any{
			"class": "CommandDisabled",
			"desc":  fmt.Sprintf("The command guest-%s has been disabled for this instance", command),
		}}})
	}
	return success(map[string]any{"result": ask(guest)})
}

func (c *call) agentAvailable(guest *Guest) *answer {
	var a answer
	switch config := guest.configuration(c.node.release(), true); {
	case config["agent"] == nil:
		a = failed(http.StatusInternalServerError, "No QEMU guest agent configured")
	case guest.Status == StatusStopped:
		a = failed(http.StatusInternalServerError, fmt.Sprintf("VM %d is not running", guest.VMID))
	case guest.Status != StatusRunning, guest.Agent == AgentDead, guest.Agent == AgentDisabled, guest.Agent == AgentOff:
		a = failed(http.StatusInternalServerError, "QEMU guest agent is not running").after(pingLimit)
	default:
		return nil
	}
	return &a
}

func (g *Guest) agentHostName() any { return map[string]any{"host-name": g.Name} }

func (g *Guest) agentSystem() any {
	if g.isWindows() {
		return map[string]any{
			"id": "mswindows", "name": "Microsoft Windows", "pretty-name": "Windows Server 2022 Standard",
			"version": "Microsoft Windows Server 2022", "version-id": "2022", "kernel-release": "20348",
			"kernel-version": "10.0", "machine": "x86_64", "variant": "server", "variant-id": "server",
		}
	}
	return map[string]any{
		"id": "debian", "name": "Debian GNU/Linux", "pretty-name": "Debian GNU/Linux 12 (bookworm)",
		"version": "12 (bookworm)", "version-id": "12", "kernel-release": "6.1.0-26-amd64",
		"kernel-version": "#1 SMP PREEMPT_DYNAMIC Debian 6.1.112-1", "machine": "x86_64",
	}
}
