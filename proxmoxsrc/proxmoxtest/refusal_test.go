package proxmoxtest_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// three is a cluster of one node in each state, entered through a1.
func three(version string) *proxmoxtest.Estate {
	return &proxmoxtest.Estate{
		Cluster: "alpha", Version: version,
		Nodes: []*proxmoxtest.Node{
			{Name: "a1"},
			{Name: "a2"},
			{Name: "down", State: proxmoxtest.NodeOffline},
			{Name: "hung", State: proxmoxtest.NodeHung},
			{Name: "mute", State: proxmoxtest.NodeUnknown},
		},
		Guests: []*proxmoxtest.Guest{
			{VMID: 100, Name: "web", Node: "a1", Agent: proxmoxtest.AgentOK},
			{VMID: 101, Name: "db", Node: "a2", Agent: proxmoxtest.AgentDead},
			{VMID: 102, Name: "off", Node: "a1", Status: proxmoxtest.StatusStopped, Agent: proxmoxtest.AgentOK},
			{VMID: 103, Name: "stalled", Node: "a1", Agent: proxmoxtest.AgentStalled},
			{VMID: 104, Name: "old", Node: "a1", Agent: proxmoxtest.AgentRefused},
			{VMID: 105, Name: "shy", Node: "a1", Agent: proxmoxtest.AgentNoPrivilege},
			{VMID: 106, Name: "none", Node: "a1"},
			{VMID: 107, Name: "zero", Node: "a1", Agent: proxmoxtest.AgentDisabled},
			{VMID: 108, Name: "paused", Node: "a1", Status: proxmoxtest.StatusPaused, Agent: proxmoxtest.AgentOK},
			{VMID: 109, Name: "far", Node: "down"},
			{VMID: 110, Name: "silent", Node: "mute", Tags: []string{"a", "B"}, Pool: "p"},
			{VMID: 200, Name: "ct", Kind: proxmoxtest.LXC, Node: "a1"},
			{VMID: 201, Name: "ct-off", Kind: proxmoxtest.LXC, Node: "a1", Status: proxmoxtest.StatusStopped},
		},
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const agent = "/agent/network-get-interfaces"
	tests := []struct {
		name, version, path string
		status              int
		reason, body        string
	}{
		{"unknown call", "8.2.4", "/no/such", 501, "Method 'GET /no/such' not implemented", `{"data":null}`},
		{
			"unknown call, new body", "8.4.1", "/no/such", 501, "Method 'GET /no/such' not implemented",
			`{"data":null,"message":"Method 'GET /no/such' not implemented\n"}`,
		},
		{
			"container interfaces before 8.1", "7.4-20", "/nodes/a1/lxc/200/interfaces", 501,
			"Method 'GET /nodes/a1/lxc/200/interfaces' not implemented", `{"data":null}`,
		},
		{"SDN before 8.1", "7.4-20", "/cluster/sdn/vnets", 501, "Method 'GET /cluster/sdn/vnets' not implemented", `{"data":null}`},
		{"offline node", "8.4.1", "/nodes/down/qemu/109/config", 595, "No route to host", ""},
		{"hung node", "8.4.1", "/nodes/hung/status", 596, "Connection timed out", ""},
		{
			"removed node", "8.2.4", "/nodes/gone/status", 500,
			"hostname lookup 'gone' failed - failed to get address info for: gone: Name or service not known", `{"data":null}`,
		},
		{
			"guest on another node", "8.2.4", "/nodes/a1/qemu/101/config", 500,
			"Configuration file 'nodes/a1/qemu-server/101.conf' does not exist", `{"data":null}`,
		},
		{
			"container asked as machine", "9.1.1", "/nodes/a1/lxc/100/config", 500,
			"Configuration file 'nodes/a1/lxc/100.conf' does not exist",
			`{"data":null,"message":"Configuration file 'nodes/a1/lxc/100.conf' does not exist\n"}`,
		},
		{
			"unknown parameter", "8.2.4", "/nodes/a1/qemu/100/config?bogus=1", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"bogus":"property is not defined in schema and the schema does not allow additional properties"}}`,
		},
		{
			"parameters before existence", "8.2.4", "/nodes/a1/qemu/999/config?current=x", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"current":"type check ('boolean') failed - got 'x'"}}`,
		},
		{"node before parameters", "8.2.4", "/nodes/down/qemu/109/config?bogus=1", 595, "No route to host", ""},
		{
			"enumeration", "8.2.4", "/cluster/resources?type=qemu", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"type":"value 'qemu' does not have a value in the enumeration 'vm, storage, node, sdn'"}}`,
		},
		{
			"SDN interfaces before 9", "8.2.4", "/nodes/a1/network?type=include_sdn", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"type":"value 'include_sdn' does not have a value in the enumeration ` +
				`'bridge, bond, eth, alias, vlan, OVSBridge, OVSBond, OVSPort, OVSIntPort, vnet, any_bridge, any_local_bridge'"}}`,
		},
		{
			"VMID too small", "8.2.4", "/nodes/a1/qemu/99/config", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"vmid":"value must have a minimum value of 100"}}`,
		},
		{
			"VMID too large", "8.2.4", "/cluster/nextid?vmid=1000000000", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"vmid":"value must have a maximum value of 999999999"}}`,
		},
		{
			"VMID in use", "8.2.4", "/cluster/nextid?vmid=109", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"vmid":"VM 109 already exists"}}`,
		},
		{
			"VMID in use, new body", "8.4.1", "/cluster/nextid?vmid=109", 400, "Parameter verification failed.",
			`{"data":null,"errors":{"vmid":"VM 109 already exists"},"message":"Parameter verification failed.\n"}`,
		},
		{
			"HA groups after migration", "9.1.1", "/cluster/ha/groups", 500,
			"cannot index groups: ha groups have been migrated to rules",
			`{"data":null,"message":"cannot index groups: ha groups have been migrated to rules\n"}`,
		},
		{"dead agent", "8.2.4", "/nodes/a2/qemu/101" + agent, 500, "QEMU guest agent is not running", `{"data":null}`},
		{"agent of a stopped machine", "8.2.4", "/nodes/a1/qemu/102" + agent, 500, "VM 102 is not running", `{"data":null}`},
		{"agent of a paused machine", "8.2.4", "/nodes/a1/qemu/108" + agent, 500, "QEMU guest agent is not running", `{"data":null}`},
		{
			"stalled agent", "8.2.4", "/nodes/a1/qemu/103" + agent, 500,
			"VM 103 qmp command 'guest-network-get-interfaces' failed - got timeout", `{"data":null}`,
		},
		{
			"stalled agent on 9", "9.1.1", "/nodes/a1/qemu/103/agent/get-osinfo", 500,
			"VM 103 qga command 'guest-get-osinfo' failed - got timeout",
			`{"data":null,"message":"VM 103 qga command 'guest-get-osinfo' failed - got timeout\n"}`,
		},
		{
			"agent without privilege", "8.2.4", "/nodes/a1/qemu/105" + agent, 403,
			"Permission check failed (/vms/105, VM.Monitor)", `{"data":null}`,
		},
		{"agent not configured", "8.2.4", "/nodes/a1/qemu/106" + agent, 500, "No QEMU guest agent configured", `{"data":null}`},
		{"agent: 0", "8.2.4", "/nodes/a1/qemu/107" + agent, 500, "QEMU guest agent is not running", `{"data":null}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, three(test.version)).get(test.path)
			assert.Equal(t, test.status, r.status)
			assert.Equal(t, test.reason, r.text)
			assert.Equal(t, test.body, r.body)
			assert.True(t, r.close, "errors close the connection")
		})
	}
}

func TestNextID(t *testing.T) {
	t.Parallel()
	c := start(t, proxmoxtest.New(three(""), &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{
		{ID: "nobody@pve!x", Secret: "y"},
	}})).as("nobody@pve!x", "y")
	assert.Equal(t, `{"data":[]}`, c.get("/cluster/resources?type=vm").body)
	assert.Equal(t, `{"data":"111"}`, c.get("/cluster/nextid").body)
	assert.Equal(t, `{"data":"159"}`, c.get("/cluster/nextid?vmid=159").body)
	assert.Equal(t, 400, c.get("/cluster/nextid?vmid=100").status, "what a caller may not see is in use all the same")
}

func TestAgentRefusalIsSuccess(t *testing.T) {
	t.Parallel()
	answer := data[object](serve(t, three("")), "/nodes/a1/qemu/104/agent/network-get-interfaces")
	refusal := answer["result"].(object)["error"].(object)
	assert.Equal(t, "CommandDisabled", refusal["class"])
}

func TestStoppedContainerHasNullInterfaces(t *testing.T) {
	t.Parallel()
	c := serve(t, three(""))
	assert.Equal(t, `{"data":null}`, c.get("/nodes/a1/lxc/201/interfaces").body)
	assert.NotEmpty(t, data[[]object](c, "/nodes/a1/lxc/200/interfaces"))
}

func TestVersionIsThatOfTheTargetNode(t *testing.T) {
	t.Parallel()
	estate := three("9.1.1")
	estate.Nodes[1].Version = "7.4-20"
	estate.Guests = append(estate.Guests, &proxmoxtest.Guest{VMID: 300, Kind: proxmoxtest.LXC, Node: "a2"})
	c := serve(t, estate)
	r := c.get("/nodes/a2/lxc/300/interfaces")
	assert.Equal(t, 501, r.status)
	assert.Equal(t, `{"data":null}`, r.body)
	assert.Equal(t, "pve-manager/7.4-20/2a5fa54a8503f96d", data[object](c, "/nodes/a2/status")["pveversion"])
	r = c.get("/nodes/a2/qemu/101/agent/get-osinfo")
	assert.Equal(t, "QEMU guest agent is not running", r.text, "VM.GuestAgent.Audit on a1, VM.Monitor on a2")
}

func TestMethodsThatWrite(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three(""), nil)
	c := start(t, fake)
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		r, err := c.do(method, "/nodes/a1/qemu/100/config", "")
		require.NoError(t, err)
		assert.Equal(t, 501, r.status)
		assert.Equal(t, "Method '"+method+" /nodes/a1/qemu/100/config' not implemented", r.text)
	}
	c.get("/version")
	violations := fake.Violations()
	require.Len(t, violations, 3)
	assert.Equal(t, "DELETE", violations[2].Method)
}

func TestGetWithBody(t *testing.T) {
	t.Parallel()
	r, err := serve(t, nil).do("GET", "/version", `{}`)
	require.NoError(t, err)
	assert.Equal(t, 501, r.status)
	assert.Equal(t, "Unexpected content for method 'GET'", r.text)
	assert.Empty(t, r.body)
}

func TestChunkedBody(t *testing.T) {
	t.Parallel()
	c := serve(t, nil)
	request, err := http.NewRequestWithContext(t.Context(), "POST", c.url+"/access/ticket", struct{ *strings.Reader }{strings.NewReader("x")})
	require.NoError(t, err)
	response, err := c.http.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, "501 chunked transfer encoding not supported", response.Status)
}

func TestAnswersOutsideOfTheBasePath(t *testing.T) {
	t.Parallel()
	c := serve(t, nil)
	c.url = strings.TrimSuffix(c.url, proxmoxtest.BasePath)
	r := c.get("/api2/xml/version")
	assert.Equal(t, "no such uri", r.text)
	assert.Empty(t, r.body)
}

func TestStatusLineOnTheWire(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(proxmoxtest.New(nil, nil))
	t.Cleanup(server.Close)
	connection, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	_, err = fmt.Fprintf(connection, "GET /api2/json/version HTTP/1.1\r\nHost: pve\r\n\r\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(connection).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 401 No ticket\r\n", line)
}

func TestErrorsWithoutConnectionToTakeOver(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	proxmoxtest.New(nil, nil).ServeHTTP(recorder, httptest.NewRequest("GET", "/api2/json/version", nil))
	assert.Equal(t, 401, recorder.Code)
	assert.Empty(t, recorder.Body.String())
}

func TestSuccessfulAnswers(t *testing.T) {
	t.Parallel()
	c := serve(t, three(""))
	r := c.get("/version")
	assert.Equal(t, "application/json;charset=UTF-8", r.header.Get("Content-Type"))
	assert.Equal(t, "pve-api-daemon/3.0", r.header.Get("Server"))
	assert.Equal(t, "max-age=0", r.header.Get("Cache-Control"))
	assert.Equal(t, "no-cache", r.header.Get("Pragma"))
	assert.False(t, r.close)
}

func TestGzip(t *testing.T) {
	t.Parallel()
	c := serve(t, three(""))
	for path, encoding := range map[string]string{"/cluster/resources": "gzip", "/version": ""} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", c.url+path, nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", c.authorization)
		request.Header.Set("Accept-Encoding", "gzip")
		response, err := c.http.Do(request)
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, encoding, response.Header.Get("Content-Encoding"), path)
	}
}

func TestConnectionEndsAfterHundredRequests(t *testing.T) {
	t.Parallel()
	c := serve(t, nil)
	for n := range 200 {
		assert.Equal(t, n%100 == 99, c.get("/version").close, "request %d", n+1)
	}
}

func TestUnauthorizedAnswersAreLate(t *testing.T) {
	t.Parallel()
	c := start(t, proxmoxtest.New(nil, &proxmoxtest.Options{LatencyScale: 0.05}))
	began := time.Now()
	c.as("nobody@pve!x", "y").get("/version")
	assert.GreaterOrEqual(t, time.Since(began), 150*time.Millisecond)
}
