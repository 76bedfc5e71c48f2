package backend_test

import (
	"encoding/json"
	"maps"
	"net/http"
	stdsync "sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// The calls of plugin v0.0.7, action by action, as a session with the original backend was recorded.

const (
	devicesPath  = "/dcim/devices/create"
	machinesPath = "/virtualization/virtual-machines/create"
	fullPath     = "/full-update"
)

// netBoxBadge pushes the NetBox endpoint and asks whether NetBox answers.
func (s *serving) netBoxBadge() {
	s.t.Helper()
	s.get("/")
	rows := s.list("/netbox/endpoint")
	if len(rows) == 0 {
		s.push(http.MethodPost, "/netbox/endpoint", s.netBoxRow())
	} else {
		// The row as it was returned, with the plugin's values in it, but for the number.
		id := rows[0]["id"]
		maps.Copy(rows[0], s.netBoxRow())
		rows[0]["id"] = id
		s.push(http.MethodPut, "/netbox/endpoint/1", rows[0])
		for _, other := range rows[1:] {
			assert.Fail(s.t, "there is one row", "%v", other)
		}
	}
	assert.Contains(s.t, s.one("/netbox/status"), "netbox-version")
}

// pushProxmox pushes the Proxmox endpoint.
func (s *serving) pushProxmox(row object) object {
	s.t.Helper()
	for _, one := range s.list("/proxmox/endpoints") {
		if one["name"] == row["name"] {
			return s.push(http.MethodPut, "/proxmox/endpoints/"+number(one["id"]), row)
		}
	}
	return s.push(http.MethodPost, "/proxmox/endpoints", row)
}

func number(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

// proxmoxBadge pushes the endpoint and asks for its version.
func (s *serving) proxmoxBadge(row object) {
	s.t.Helper()
	s.get("/")
	s.pushProxmox(row)
	assert.Equal(s.t, "8.4.1", s.list("/proxmox/version?source=database&ip_address=127.0.0.1")[0]["lab"].(object)["version"])
}

// proxmoxCard pushes the endpoint and asks for what the page shows of it.
func (s *serving) proxmoxCard(row object) {
	s.t.Helper()
	s.pushProxmox(row)
	version := s.list("/proxmox/version?source=database&ip_address=127.0.0.1")[0]["lab"].(object)
	assert.NotEmpty(s.t, version["repoid"])
	assert.Equal(s.t, object{
		"ip_address": "127.0.0.1", "domain": nil, "http_port": float64(port(s.pveURL)), "user": "root@pam", "name": "lab", "mode": "cluster",
	}, s.list("/proxmox/sessions?source=database&ip_address=127.0.0.1")[0])
}

// homePage does what a browser does that opens the plugin's page: all at the same moment.
func (s *serving) homePage(row object) {
	s.t.Helper()
	var group stdsync.WaitGroup
	group.Go(func() { s.get("/") })
	group.Go(s.netBoxBadge)
	group.Go(func() { s.proxmoxBadge(row) })
	group.Go(func() { s.proxmoxCard(row) })
	group.Wait()
}

func TestSessionOfPlugin007(t *testing.T) {
	t.Parallel()
	const guests = 20
	s := newServing(t, guests)
	row := s.proxmoxRow("pve (nb:1)", canaryPassword)
	s.homePage(row)
	require.Len(t, s.list("/proxmox/endpoints"), 1, "two pushes at once make one row")
	require.Len(t, s.list("/netbox/endpoint"), 1)
	s.homePage(row)

	// The three buttons.
	assert.Equal(t, object{"ok": true, "message": "Devices sync completed."}, only(last(t, s.stream(devicesPath+"/stream")), "ok", "message"))
	s.homePage(row)
	assert.Equal(t, true, last(t, s.stream(machinesPath+"/stream"))["ok"])
	assert.Len(t, s.objects("virtualization/virtual-machines"), guests)
	assert.Len(t, s.objects("dcim/devices"), 3)
	assert.Equal(t, "Full update sync completed.", last(t, s.stream(fullPath+"/stream"))["message"])
	s.homePage(row)

	// The buttons without JavaScript, and the one that is never rendered.
	for _, path := range []string{devicesPath, machinesPath, "/virtualization/virtual-machines/backups/all/create?delete_nonexistent_backup=True"} {
		assert.Equal(t, "completed", s.one(path)["status"], path)
	}

	// The endpoint is deleted in NetBox, and made again: the old row stays, and means the same cluster.
	s.pushProxmox(s.proxmoxRow("pve (nb:1)", canaryWrong))
	row = s.proxmoxRow("pve (nb:2)", canaryPassword)
	s.homePage(row)
	require.Len(t, s.list("/proxmox/endpoints"), 2)
	require.Len(t, s.list("/proxmox/version?ip_address=127.0.0.1"), 1)
	before := len(s.netBox.Changes())
	assert.Equal(t, true, last(t, s.stream(fullPath+"/stream"))["ok"])
	assert.Len(t, s.netBox.Changes(), before, "nothing is written a second time, under another name")

	s.restart()
	require.Len(t, s.list("/proxmox/endpoints"), 2)
	assert.Equal(t, true, last(t, s.stream(fullPath+"/stream"))["ok"], "the server still knows the credentials")
	assert.Len(t, s.netBox.Changes(), before)
	assert.Empty(t, s.pve.Violations())
}

// only returns some fields of an object.
func only(o object, fields ...string) object {
	out := object{}
	for _, field := range fields {
		out[field] = o[field]
	}
	return out
}

// The plugin gives up after 5 s, and asks again at the second URL: the run is never done twice.
func TestSlowRunOfPlugin007(t *testing.T) {
	t.Parallel()
	s := newServing(t, 5)
	s.homePage(s.proxmoxRow("pve (nb:1)", canaryPassword))
	s.netBox.Inject(netboxtest.Fault{Kind: netboxtest.FaultDelay, Path: "/api/extras/*/", Method: http.MethodGet, Delay: 6 * time.Second})
	status, answer := s.call(http.MethodGet, devicesPath, nil)
	assert.Equal(t, http.StatusAccepted, status, "%s", answer) // when exactly is tested in server, in a bubble
	response, err := s.send(s.urls[1], http.MethodGet, devicesPath, nil)
	require.NoError(t, err)
	var again object
	require.NoError(t, json.NewDecoder(response.Body).Decode(&again))
	require.NoError(t, response.Body.Close())
	var first object
	require.NoError(t, json.Unmarshal(answer, &first))
	assert.Equal(t, first["run"], again["run"], "the same run")
	devices, err := s.netBox.Objects("dcim/devices")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(devices), 3)
}

func TestWebSocketOfPlugin007(t *testing.T) {
	t.Parallel()
	s := newServing(t, 2)
	s.homePage(s.proxmoxRow("pve (nb:1)", canaryPassword))
	conn, response, err := websocket.Dial(t.Context(), "ws"+s.urls[1][len("http"):]+"/ws", &websocket.DialOptions{
		CompressionMode: websocket.CompressionContextTakeover,
	})
	require.NoError(t, err)
	if response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	defer func() { require.NoError(t, conn.Close(websocket.StatusNormalClosure, "")) }()
	read := func() string {
		_, text, err := conn.Read(t.Context())
		require.NoError(t, err)
		_, _ = s.Write(text)
		return string(text)
	}
	assert.Equal(t, "Connected!", read())
	assert.Equal(t, "Connected 2!", read())
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte("Sync Nodes")))
	assert.Equal(t, "Received message: Sync Nodes", read())
	assert.Equal(t, "Sync Nodes", read())
	nodes := 0
	for {
		var message struct {
			Object string
			End    bool
			Data   struct{ Completed bool }
		}
		require.NoError(t, json.Unmarshal([]byte(read()), &message))
		if message.Object == "device" && message.Data.Completed {
			nodes++
		}
		if message.Object == "devices" && message.End {
			break
		}
	}
	assert.Equal(t, 3, nodes)
}

func TestWrongPasswordInPlugin007(t *testing.T) {
	t.Parallel()
	s := newServing(t, 2)
	s.netBoxBadge()
	s.pushProxmox(s.proxmoxRow("pve (nb:1)", canaryWrong))
	const sentence = "does not accept user root@pam"
	for range 3 { // the badge tries
		assert.Contains(t, s.refused("/proxmox/version?source=database&ip_address=127.0.0.1", http.StatusBadRequest)["detail"], sentence)
	}
	body := s.refused("/proxmox/sessions?source=database&ip_address=127.0.0.1", http.StatusBadRequest)
	assert.Contains(t, body["detail"], sentence)
	assert.Contains(t, body, "python_exception")
	assert.NotEmpty(t, body["message"])
	for _, path := range []string{devicesPath, machinesPath, fullPath} {
		s.failsInStream(path, sentence)
	}

	s.pushProxmox(s.proxmoxRow("pve (nb:1)", canaryPassword))
	assert.Equal(t, true, last(t, s.stream(fullPath+"/stream"))["ok"])
}

// failsInStream sees that a stream says why nothing can be synced: the plugin hides the body of one that is refused.
func (s *serving) failsInStream(path, sentence string) {
	s.t.Helper()
	frames := s.stream(path + "/stream")
	assert.Equal(s.t, false, last(s.t, frames)["ok"], path)
	var failure object
	for _, f := range frames {
		if f.Event == "error" {
			require.NoError(s.t, json.Unmarshal(f.Data, &failure))
		}
	}
	require.NotNil(s.t, failure, path)
	assert.Contains(s.t, failure["error"], sentence, path)
	_, answer := s.call(http.MethodGet, path, nil)
	assert.NotContains(s.t, string(answer), `"ok":true`)
	assert.Contains(s.t, string(answer), sentence, path)
}

func TestNothingCanBeSynced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare  func(s *serving)
		sentence string
	}{
		"nothing was pushed": {func(*serving) {}, "no NetBox is known: save the NetBox endpoint in NetBox"},
		"no cluster":         {(*serving).netBoxBadge, "no Proxmox VE cluster is known: save a Proxmox endpoint in NetBox"},
		"the only cluster is switched off": {func(s *serving) {
			s.netBoxBadge()
			row := s.proxmoxRow("pve (nb:1)", canaryPassword)
			row["enabled"] = false
			s.pushProxmox(row)
		}, "no Proxmox VE cluster is known"},
		"the NetBox is switched off": {func(s *serving) {
			row := s.netBoxRow()
			row["enabled"] = false
			s.push(http.MethodPost, "/netbox/endpoint", row)
		}, "the NetBox endpoint netbox is switched off: enable it in NetBox"},
		"Proxmox VE is down": {func(s *serving) {
			s.netBoxBadge()
			row := s.proxmoxRow("pve (nb:1)", canaryPassword)
			row["port"] = 1
			s.pushProxmox(row)
		}, "127.0.0.1:1 refuses the connection"},
		"NetBox refuses": {func(s *serving) {
			row := s.netBoxRow()
			row["token"] = canaryValue
			s.push(http.MethodPost, "/netbox/endpoint", row)
			s.pushProxmox(s.proxmoxRow("pve (nb:1)", canaryPassword))
		}, "does not accept the token"},
		"NetBox is down": {func(s *serving) {
			row := s.netBoxRow()
			row["port"] = 1
			probe := s.push(http.MethodPost, "/netbox/endpoint", row)["probe"].(object)
			assert.Equal(s.t, false, probe["reachable"])
			s.pushProxmox(s.proxmoxRow("pve (nb:1)", canaryPassword))
		}, "cannot be reached"},
		"a credential makes no sense": {func(s *serving) {
			s.netBoxBadge()
			row := s.proxmoxRow("pve (nb:1)", canaryPassword)
			row["token_name"], row["token_value"] = "a b", canaryValue
			s.pushProxmox(row)
		}, "the Proxmox endpoint pve (nb:1): "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServing(t, 1)
			c.prepare(s)
			s.failsInStream(fullPath, c.sentence)
		})
	}
}
