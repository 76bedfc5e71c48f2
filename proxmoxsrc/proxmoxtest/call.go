package proxmoxtest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through the checks of Proxmox VE.
type call struct {
	request *http.Request
	server  *Server
	// path below the base path.
	path   string
	number int

	state *state
	// entry is the node that took the request, node the one that answers.
	entry, node *Node
	// target is the name of the node in the path, "" when there is none.
	target string
	who    *Credential
	route  *route
	values map[string]string
	query  url.Values
}

// decide answers the request. The order is that of Proxmox VE: log in, find
// the call, check the privilege on the entry node, pass on to the target node
// (which checks again), check the parameters, look for the object.
func (c *call) decide(st *state, entry string) answer {
	c.state, c.entry = st, st.nodes[entry]
	if c.entry == nil || c.entry.State == NodeOffline {
		return answer{aborted: true}
	}
	c.node = c.entry
	a := c.admit()
	a.release = c.node.release()
	if list, ok := a.data.(rows); ok {
		a.data = c.shuffled(list)
	}
	a.body = a.bytes() // now, while nobody changes the estate
	return a
}

func (c *call) admit() answer {
	r := c.request
	if slices.Contains(r.TransferEncoding, "chunked") {
		return bare(http.StatusNotImplemented, "chunked transfer encoding not supported")
	}
	if !strings.HasPrefix(r.URL.Path, BasePath+"/") && r.URL.Path != BasePath {
		return bare(http.StatusNotImplemented, "no such uri")
	}
	login := c.path == "/access/ticket" && (r.Method == http.MethodGet || r.Method == http.MethodPost)
	if refusal := c.authenticate(login); refusal != nil {
		return *refusal
	}
	if r.Method == http.MethodPost && login {
		return c.login()
	}
	if r.Method == http.MethodGet && r.ContentLength > 0 {
		return bare(http.StatusNotImplemented, "Unexpected content for method 'GET'")
	}
	if r.Method != http.MethodGet || !c.find() {
		return c.unknown()
	}
	return c.checked()
}

// checked runs the checks that need to know the call.
func (c *call) checked() answer {
	if refusal := c.permitted(); refusal != nil {
		return *refusal
	}
	if refusal := c.proxied(); refusal != nil {
		return *refusal
	}
	if c.node != c.entry {
		if !c.route.exists(c.node.release()) {
			return c.unknown()
		}
		if refusal := c.permitted(); refusal != nil {
			return *refusal
		}
	}
	if refusal := c.parameters(); refusal != nil {
		return *refusal
	}
	a := c.route.answer(c)
	if a.cost == 0 {
		a.cost = c.route.cost
	}
	if c.route.protected {
		a.worker = c.node.Name
	}
	return a
}

func (c *call) unknown() answer {
	return failed(http.StatusNotImplemented, fmt.Sprintf("Method '%s %s' not implemented", c.request.Method, c.path))
}

// refusalDelay is how long a 401 takes.
const refusalDelay = 3 * time.Second

// authenticate finds out who asks. The login itself needs nobody, but refuses
// an API token.
func (c *call) authenticate(login bool) *answer {
	if login {
		if _, token := tokenOf(c.request); token {
			a := bare(http.StatusForbidden, "URI '/access/ticket' not available with API token, need proper ticket.")
			return &a
		}
		return nil
	}
	who, why := c.server.accounts.authenticate(c.request)
	if who != nil {
		c.who = who
		return nil
	}
	if why != "No ticket" && c.entry.release().hidesAuthReason() {
		why = "Authentication failed!"
	}
	a := bare(http.StatusUnauthorized, string(why)).after(refusalDelay)
	return &a
}

func (c *call) login() answer {
	data, ok := c.server.accounts.loginAnswer(c.request, c.state.estate.Cluster)
	if !ok {
		return failed(http.StatusUnauthorized, "authentication failure").after(refusalDelay)
	}
	return success(data)
}

// find looks the call up by its path.
func (c *call) find() bool {
	parts := segments(c.path)
	for i := range c.server.routes {
		route := &c.server.routes[i]
		values, ok := route.match(parts)
		if !ok || !route.exists(c.entry.release()) {
			continue
		}
		c.route, c.values, c.target = route, values, values["node"]
		c.query = c.request.URL.Query()
		return true
	}
	return false
}

// permitted asks the node that has the call now.
func (c *call) permitted() *answer {
	if c.route.check == nil {
		return nil
	}
	missing := c.route.check(c)
	if missing == "" {
		return nil
	}
	a := failed(http.StatusForbidden, "Permission check failed ("+missing+")")
	return &a
}

// proxied passes the call on to the node in its path.
func (c *call) proxied() *answer {
	if c.target == "" || c.target == c.entry.Name || c.target == "localhost" {
		return nil
	}
	node := c.state.nodes[c.target]
	var a answer
	switch {
	case node == nil:
		a = failed(http.StatusInternalServerError, fmt.Sprintf(
			"hostname lookup '%s' failed - failed to get address info for: %[1]s: Name or service not known", c.target))
	case c.state.stateOf(node, c.entry.Name) == NodeOffline:
		a = bare(595, "No route to host").after(3 * time.Second)
	case node.State == NodeHung:
		a = bare(596, "Connection timed out").after(30 * time.Second)
	default:
		c.node = node
		return nil
	}
	return &a
}

// parameters refuses what the schema of the call does not know.
func (c *call) parameters() *answer {
	errors := map[string]string{}
	for name, values := range c.query {
		check, known := c.route.parameters[name]
		if !known {
			errors[name] = "property is not defined in schema and the schema does not allow additional properties"
		} else if why := check(c, values[0]); why != "" {
			errors[name] = why
		}
	}
	if text, ok := c.values["vmid"]; ok {
		if why := checkVMID(text); why != "" {
			errors["vmid"] = why
		}
	}
	if len(errors) == 0 {
		return nil
	}
	a := misused(errors)
	return &a
}

func checkVMID(text string) string {
	vmid, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return fmt.Sprintf("type check ('integer') failed - got '%s'", text)
	case vmid < 100:
		return "value must have a minimum value of 100"
	case vmid > 999_999_999:
		return "value must have a maximum value of 999999999"
	}
	return ""
}

// may reports whether the caller holds the privilege, in the eyes of the node
// that has the call.
func (c *call) may(path, privilege string) bool {
	return c.who.may(c.state, c.node.release(), path, privilege)
}

// need is the check of a single privilege.
func (c *call) need(path, privilege string) string {
	if c.may(path, privilege) {
		return ""
	}
	return path + ", " + privilege
}

// shuffled gives rows the accidental order of a Perl hash.
func (c *call) shuffled(list rows) rows {
	order := entropy(c.server.rowSeed, c.path, "rows", c.number)
	out := slices.Clone(list)
	order.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// guest finds the guest of the path on the answering node.
func (c *call) guest(kind Kind) (*Guest, *answer) {
	vmid, err := strconv.Atoi(c.values["vmid"])
	if err != nil {
		vmid = 0 // refused by parameters before
	}
	guest := c.state.guests[vmid]
	if guest != nil && guest.Kind == kind && guest.Node == c.node.Name {
		return guest, nil
	}
	folder := "qemu-server"
	if kind == LXC {
		folder = "lxc"
	}
	a := failed(http.StatusInternalServerError, fmt.Sprintf(
		"Configuration file 'nodes/%s/%s/%d.conf' does not exist", c.node.Name, folder, vmid))
	return nil, &a
}
