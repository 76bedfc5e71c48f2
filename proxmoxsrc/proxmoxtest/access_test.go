package proxmoxtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func auditor(path string) proxmoxtest.Grant {
	return proxmoxtest.Grant{Path: path, Role: proxmoxtest.RoleAuditor}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	credentials := []proxmoxtest.Credential{
		{ID: "a@pve!good", Secret: "s", Grants: []proxmoxtest.Grant{auditor("/")}},
		{ID: "a@pve!late", Secret: "s", Expired: true},
		{ID: "a@pve!off", Secret: "s", Disabled: true},
	}
	tests := []struct{ name, version, authorization, text string }{
		{"good", "8.4.1", "PVEAPIToken=a@pve!good=s", "OK"},
		{"none", "8.4.1", "", "No ticket"},
		{"none on 9.1.6", "9.1.6", "", "No ticket"},
		{"other scheme", "8.4.1", "Bearer x", "No ticket"},
		{"wrong secret", "8.4.1", "PVEAPIToken=a@pve!good=x", "invalid token value!"},
		{"unknown", "8.4.1", "PVEAPIToken=a@pve!x=s", "no such token 'x' for user 'a@pve'"},
		{"expired", "8.4.1", "PVEAPIToken=a@pve!late=s", "token 'late' access expired"},
		{"disabled", "8.4.1", "PVEAPIToken=a@pve!off=s", "user 'a@pve' is disabled"},
		{"expired on 9.1.4", "9.1.4", "PVEAPIToken=a@pve!late=s", "token 'late' access expired"},
		{"expired on 9.1.5", "9.1.5", "PVEAPIToken=a@pve!late=s", "Authentication failed!"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := proxmoxtest.New(&proxmoxtest.Estate{Version: test.version}, &proxmoxtest.Options{Credentials: credentials})
			c := start(t, fake)
			c.authorization = test.authorization
			r := c.get("/version")
			assert.Equal(t, test.text, r.text)
			if r.status != http.StatusOK {
				assert.Equal(t, http.StatusUnauthorized, r.status)
				assert.Empty(t, r.body)
			}
		})
	}
}

// login posts user and password and returns the client with the ticket.
func login(t *testing.T, c *client, user, password string) (*client, reply) {
	t.Helper()
	out := *c
	out.authorization = ""
	r, err := out.do("POST", "/access/ticket", url.Values{"username": {user}, "password": {password}}.Encode())
	require.NoError(t, err)
	var answer struct {
		Data struct {
			Ticket, Username, Clustername string
			CSRFPreventionToken           string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &answer))
	out.cookie = answer.Data.Ticket
	return &out, r
}

func TestLogin(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three("8.2.4"), nil)
	c, r := login(t, start(t, fake), proxmoxtest.DefaultUser, proxmoxtest.DefaultPassword)
	assert.Contains(t, r.body, `"clustername":"alpha"`)
	assert.Contains(t, r.body, `"CSRFPreventionToken"`)
	assert.Equal(t, "OK", c.get("/version").text)

	renewed, _ := login(t, c, proxmoxtest.DefaultUser, c.cookie)
	assert.Equal(t, "OK", renewed.get("/version").text, "a ticket is good for another one")

	escaped := *c
	escaped.cookie = url.QueryEscape(c.cookie)
	assert.Equal(t, "OK", escaped.get("/version").text)

	fake.ExpireTickets()
	assert.Equal(t, "permission denied - invalid PVE ticket", c.get("/version").text)
	assert.Empty(t, fake.Violations())
}

func TestLoginWithJSONAndRealm(t *testing.T) {
	t.Parallel()
	c := serve(t, nil)
	body := `{"username":"proxbox","realm":"pve","password":"` + proxmoxtest.DefaultPassword + `"}`
	request, err := http.NewRequestWithContext(t.Context(), "POST", c.url+"/access/ticket", strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct{ Ticket, Username string }
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	assert.Equal(t, proxmoxtest.DefaultUser, answer.Data.Username)
	c.authorization, c.cookie = "", answer.Data.Ticket
	assert.Equal(t, "OK", c.get("/version").text)
}

func TestTicketOfAUserWhoMayNoLonger(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, nil)
	c, _ := login(t, start(t, fake), proxmoxtest.DefaultUser, proxmoxtest.DefaultPassword)
	for text, credentials := range map[string][]proxmoxtest.Credential{
		"user 'proxbox@pve' access expired": {{ID: proxmoxtest.DefaultUser, Expired: true}},
		"user 'proxbox@pve' is disabled":    {{ID: proxmoxtest.DefaultUser, Disabled: true}},
		"no such user ('proxbox@pve')":      {},
	} {
		fake.SetCredentials(credentials...)
		assert.Equal(t, text, c.get("/version").text)
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, three("8.2.4"))
	_, r := login(t, c, proxmoxtest.DefaultUser, "wrong")
	assert.Equal(t, 401, r.status)
	assert.Equal(t, "authentication failure", r.text)

	r, err := c.do("POST", "/access/ticket", "username=x&password=y")
	require.NoError(t, err)
	assert.Equal(t, 403, r.status)
	assert.Equal(t, "URI '/access/ticket' not available with API token, need proper ticket.", r.text)
}

func TestTicketLifetime(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, &proxmoxtest.Options{TicketLifetime: time.Nanosecond})
	c, _ := login(t, start(t, fake), proxmoxtest.DefaultUser, proxmoxtest.DefaultPassword)
	assert.Equal(t, "permission denied - invalid PVE ticket", c.get("/version").text)
}

func TestSetCredentialsRevokes(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, nil)
	c := start(t, fake)
	assert.Equal(t, 200, c.get("/version").status)
	fake.SetCredentials()
	assert.Equal(t, "no such token 'sync' for user 'proxbox@pve'", c.get("/version").text)
	id, secret := fake.Token()
	assert.Empty(t, id+secret)
}

func TestSingleObjectsForbidden(t *testing.T) {
	t.Parallel()
	c := granted(t, three("8.2.4"))
	for path, reason := range map[string]string{
		"/cluster/status":                                "Permission check failed (/, Sys.Audit)",
		"/cluster/options":                               "Permission check failed (/, Sys.Audit)",
		"/cluster/ha/resources":                          "Permission check failed (/, Sys.Audit)",
		"/nodes/a1/status":                               "Permission check failed (/nodes/a1, Sys.Audit)",
		"/nodes/a1/time":                                 "Permission check failed (/nodes/a1, Sys.Audit)",
		"/nodes/a1/qemu/100/config":                      "Permission check failed (/vms/100, VM.Audit)",
		"/nodes/a1/lxc/200/interfaces":                   "Permission check failed (/vms/200, VM.Audit)",
		"/nodes/a1/qemu/100/agent/get-host-name":         "Permission check failed (/vms/100, VM.Monitor)",
		"/nodes/down/qemu/109/config":                    "Permission check failed (/vms/109, VM.Audit)",
		"/nodes/a1/qemu/100/config?bogus=1":              "Permission check failed (/vms/100, VM.Audit)",
		"/nodes/gone/qemu/999/agent/get-osinfo?bogus=on": "Permission check failed (/vms/999, VM.Monitor)",
	} {
		r := c.get(path)
		assert.Equal(t, 403, r.status, path)
		assert.Equal(t, reason, r.text, path)
	}
}

func TestListsFiltered(t *testing.T) {
	t.Parallel()
	estate := three("8.2.4")
	estate.Zones = []proxmoxtest.Zone{{Name: "z"}}
	estate.Vnets = []proxmoxtest.Vnet{{Name: "v", Zone: "z", Tag: 7}}
	c := granted(t, estate)
	assert.Equal(t, `{"data":{}}`, c.get("/access/permissions").body)
	for _, path := range []string{
		"/cluster/resources?type=vm", "/cluster/resources?type=storage", "/cluster/resources?type=sdn",
		"/pools", "/cluster/sdn/zones", "/cluster/sdn/vnets",
	} {
		assert.Equal(t, `{"data":[]}`, c.get(path).body, path)
	}
	nodes := data[[]object](c, "/cluster/resources?type=node")
	require.Len(t, nodes, 5)
	assert.NotContains(t, row(nodes, "node", "a1"), "maxcpu")
	interfaces := data[[]object](c, "/nodes/a1/network")
	assert.NotNil(t, row(interfaces, "iface", "eno1"))
	assert.Nil(t, row(interfaces, "iface", "vmbr0"), "bridges are filtered from 8 on")

	c = granted(t, &proxmoxtest.Estate{Version: "7.4-20"})
	assert.NotNil(t, row(data[[]object](c, "/nodes/pve/network"), "iface", "vmbr0"))
}

func TestGrants(t *testing.T) {
	t.Parallel()
	const pooled, plain = 110, 100 // of these two guests only 110 is in the pool
	monitor := proxmoxtest.Grant{Path: "/vms", Role: proxmoxtest.RoleMonitor}
	tests := []struct {
		name                    string
		grants                  []proxmoxtest.Grant
		listsPooled, listsPlain bool
	}{
		{"auditor on /", []proxmoxtest.Grant{auditor("/")}, true, true},
		{"without propagation", []proxmoxtest.Grant{{Path: "/", Role: proxmoxtest.RoleAuditor, NoPropagate: true}}, false, false},
		{"one guest", []proxmoxtest.Grant{auditor("/vms/100")}, false, true},
		{"a pool", []proxmoxtest.Grant{{Path: "/pool/p", Role: proxmoxtest.RolePoolAuditor}}, true, false},
		{"no access to one", []proxmoxtest.Grant{auditor("/"), {Path: "/vms/100", Role: proxmoxtest.RoleNoAccess}}, true, false},
		// What is granted on "/" reaches a guest in a pool by way of /pool too.
		{"a deeper entry replaces", []proxmoxtest.Grant{auditor("/"), monitor}, true, false},
		{"no access to the pool", []proxmoxtest.Grant{auditor("/"), {Path: "/pool/p", Role: proxmoxtest.RoleNoAccess}}, false, true},
		{"two roles on one path", []proxmoxtest.Grant{auditor("/vms"), monitor}, true, true},
		{"single privileges", []proxmoxtest.Grant{{Path: "/", Privileges: []string{"VM.Audit"}}}, true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows := data[[]object](granted(t, three("8.2.4"), test.grants...), "/cluster/resources?type=vm")
			assert.Equal(t, test.listsPooled, row(rows, "vmid", float64(pooled)) != nil, "guest in the pool")
			assert.Equal(t, test.listsPlain, row(rows, "vmid", float64(plain)) != nil, "guest outside of it")
		})
	}
}

func TestAgentPrivileges(t *testing.T) {
	t.Parallel()
	const path = "/nodes/a1/qemu/100/agent/get-host-name"
	monitor := proxmoxtest.Grant{Path: "/", Role: proxmoxtest.RoleMonitor}
	tests := []struct {
		name, version string
		grants        []proxmoxtest.Grant
		text          string
	}{
		{"auditor on 8", "8.4.1", []proxmoxtest.Grant{auditor("/")}, "Permission check failed (/vms/100, VM.Monitor)"},
		{"auditor with monitor on 8", "8.4.1", []proxmoxtest.Grant{auditor("/"), monitor}, "OK"},
		{"auditor on 9", "9.1.1", []proxmoxtest.Grant{auditor("/")}, "OK"},
		{
			"monitor on 9", "9.1.1",
			[]proxmoxtest.Grant{monitor},
			"Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)",
		},
		{"unrestricted on 9", "9.1.1", []proxmoxtest.Grant{{Path: "/", Privileges: []string{"VM.GuestAgent.Unrestricted"}}}, "OK"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.text, granted(t, three(test.version), test.grants...).get(path).text)
		})
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	c := granted(t, three("8.2.4"), auditor("/"), proxmoxtest.Grant{Path: "/vms/100", Role: proxmoxtest.RoleMonitor, NoPropagate: true})
	held := data[map[string]map[string]int](c, "/access/permissions")
	assert.Equal(t, 1, held["/"]["Sys.Audit"])
	assert.NotContains(t, held["/"], "VM.Monitor")
	assert.Equal(t, map[string]int{"VM.Monitor": 0}, held["/vms/100"])
	only := data[map[string]map[string]int](c, "/access/permissions?path=/vms/101")
	assert.Len(t, only, 1)
	assert.Equal(t, 1, only["/vms/101"]["VM.Audit"])

	pooled := granted(t, three(""), proxmoxtest.Grant{Path: "/pool/p", Role: proxmoxtest.RolePoolAuditor})
	assert.Contains(t, data[map[string]map[string]int](pooled, "/access/permissions"), "/vms/110")
}

func TestPermissionsOfAnother(t *testing.T) {
	t.Parallel()
	options := &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{
		{ID: "boss@pve!x", Secret: "s", Grants: []proxmoxtest.Grant{{Path: "/", Role: proxmoxtest.RoleAdministrator}}},
		{ID: "low@pve!x", Secret: "s", Grants: []proxmoxtest.Grant{{Path: "/vms", Privileges: []string{"VM.Audit"}}}},
	}}
	c := start(t, proxmoxtest.New(nil, options))
	want := map[string]map[string]int{"/vms": {"VM.Audit": 1}}
	boss, low := c.as("boss@pve!x", "s"), c.as("low@pve!x", "s")
	assert.Equal(t, want, data[map[string]map[string]int](low, "/access/permissions"))
	assert.Equal(t, want, data[map[string]map[string]int](boss, "/access/permissions?userid=low@pve!x"))
	assert.Empty(t, data[map[string]map[string]int](boss, "/access/permissions?userid=nobody@pve"))
	assert.Equal(t, "Permission check failed (/access, Sys.Audit)", low.get("/access/permissions?userid=boss@pve!x").text)
}

func TestNoSecretInRequestLog(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, nil)
	c := start(t, fake)
	login(t, c, proxmoxtest.DefaultUser, proxmoxtest.DefaultPassword)
	c.get("/version")
	log := fmt.Sprint(fake.Requests())
	assert.False(t, strings.Contains(log, proxmoxtest.DefaultPassword) || strings.Contains(log, proxmoxtest.DefaultTokenSecret))
}
