package backend_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The calls of the newest plugin, action by action, as a session with the original backend was recorded: up to the
// stages, which package server tests.

const (
	newestKey  = "0123456789abcdef0123456789abcdef-newest"
	scopeQuery = "?source=database&proxmox_endpoint_ids=1"
)

// asNewest gives each call the key.
func (s *serving) asNewest() { s.header.Set("X-Proxbox-API-Key", newestKey) }

// keys asks for what comes before nearly every action.
func (s *serving) keys() {
	s.t.Helper()
	assert.Equal(s.t, object{"needs_bootstrap": false, "has_db_keys": true}, s.one("/auth/bootstrap-status"))
	assert.Len(s.t, s.one("/auth/keys")["keys"], 1)
}

// newestNetBoxRow is what is pushed of the NetBox, nulls included.
func (s *serving) newestNetBoxRow() object {
	row := s.netBoxRow()
	delete(row, "id")
	row["token_key"] = nil
	return row
}

// newestProxmoxRow is what is pushed of a Proxmox endpoint.
func (s *serving) newestProxmoxRow(password string) object {
	row := s.proxmoxRow("pve (nb:1)", password)
	maps.Copy(row, map[string]any{
		"node_device_name_template": "", "timeout": 5, "max_retries": 0, "retry_backoff": 0.5, "enabled": true,
		"allow_packer_template_builds": false, "access_methods": "api",
		"site_id": nil, "site_slug": nil, "site_name": nil, "tenant_id": nil, "tenant_slug": nil, "tenant_name": nil,
	})
	return row
}

// pushNewestNetBox pushes the NetBox that the plugin runs in.
func (s *serving) pushNewestNetBox() {
	s.t.Helper()
	rows := s.list("/netbox/endpoint")
	method, path := http.MethodPost, "/netbox/endpoint"
	if len(rows) > 0 {
		method, path = http.MethodPut, path+"/"+number(rows[0]["id"])
	}
	row := s.push(method, path, s.newestNetBoxRow())
	assert.Equal(s.t, object{
		"reachable": true, "status": "reachable", "api_version": "4.7.3", "error_type": nil, "error": nil, "timeout_seconds": 2.0,
	}, row["probe"])
}

// newestRow asks for the row of the Proxmox endpoint, which must point where the plugin's own does.
func (s *serving) newestRow() {
	s.t.Helper()
	row := s.one("/proxmox/endpoints/1")
	want := s.newestProxmoxRow("")
	want["password"], want["id"] = nil, 1
	for field, value := range want {
		assert.EqualValues(s.t, value, row[field], field)
	}
	for _, field := range []string{
		"allow_writes", "ssh_target_node", "ssh_host", "ssh_username", "ssh_port", "ssh_identity_file", "ssh_known_host_fingerprint",
	} {
		assert.Contains(s.t, row, field)
	}
}

func (s *serving) newestProxmoxBadge() {
	s.t.Helper()
	s.newestRow()
	s.newestRow()
	assert.Contains(s.t, s.list("/proxmox/version" + scopeQuery)[0], "lab")
	cluster := s.list("/proxmox/cluster/status" + scopeQuery)[0]
	assert.Equal(s.t, "lab", cluster["name"])
	assert.Len(s.t, cluster["node_list"], 3)
}

// saveAll registers the key and saves the three endpoints on a fresh backend.
func (s *serving) saveAll() {
	s.t.Helper()
	assert.Equal(s.t, object{"needs_bootstrap": true, "has_db_keys": false}, s.one("/auth/bootstrap-status"))
	status, answer := s.call(http.MethodPost, "/auth/register-key", object{"api_key": newestKey, "label": "netbox-fastapi-pending"})
	require.Equal(s.t, http.StatusCreated, status, "%s", answer)
	s.asNewest()
	s.keys()
	s.pushNewestNetBox()
	s.keys()
	assert.Empty(s.t, s.list("/proxmox/endpoints"))
	s.push(http.MethodPost, "/proxmox/endpoints", s.newestProxmoxRow(canaryPassword))
	s.keys()
}

func TestSessionOfTheNewestPlugin(t *testing.T) {
	t.Parallel()
	const guests = 20
	s := newServing(t, guests)
	s.saveAll()

	// The badges and the card.
	s.get("/")
	s.keys()
	s.pushNewestNetBox()
	assert.Contains(t, s.one("/version"), "capabilities")
	s.newestProxmoxBadge()
	s.newestRow()
	assert.Equal(t, "cluster", s.list("/proxmox/sessions" + scopeQuery)[0]["mode"])

	// Preflight of the job.
	s.keys()
	s.pushNewestNetBox()
	s.keys()
	assert.Equal(t, "ready", s.one("/health")["status"])
	s.keys()
	s.pushNewestNetBox()
	require.Len(t, s.list("/proxmox/endpoints"), 1)
	s.push(http.MethodPut, "/proxmox/endpoints/1", s.newestProxmoxRow(canaryPassword))
	s.newestRow()

	// Local phases: the plugin writes rows of its own from the answers.
	nodes := s.list("/proxmox/cluster/status?proxmox_endpoint_ids=1")[0]["node_list"].([]any)
	loads := s.list("/proxmox/nodes/?proxmox_endpoint_ids=1")[0]["lab"].([]any)
	require.Len(t, nodes, 3)
	require.Len(t, loads, 3)
	for i, node := range nodes {
		name := node.(object)["name"]
		assert.Equal(t, name, loads[i].(object)["node"])
		assert.Positive(t, loads[i].(object)["maxmem"])
		assert.Empty(t, s.list("/proxmox/firewall/nodes/"+name.(string)+"/rules"+scopeQuery))
		assert.Equal(t, "Etc/UTC", s.one("/proxmox/api2/nodes/" + name.(string) + "/time?source=database&target_name=pve%20(nb:1)")["timezone"])
	}
	assert.Empty(t, s.list("/proxmox/firewall/summary"+scopeQuery))
	assert.Empty(t, s.list("/proxmox/datacenter/cpu-models"+scopeQuery))
	assert.Len(t, s.list("/proxmox/cluster/resources?type=vm&source=database&proxmox_endpoint_ids=1")[0]["lab"], guests)

	// A secret that is changed is pushed at once.
	s.keys()
	s.list("/proxmox/endpoints")
	s.push(http.MethodPut, "/proxmox/endpoints/1", s.newestProxmoxRow(canaryPassword))
	s.newestRow()

	s.restart()
	s.keys()
	s.newestProxmoxBadge()
	assert.Empty(t, s.pve.Violations())
}

// newestStages are the stages of a job that write, in their order.
func newestStages() []string {
	const machines = "/virtualization/virtual-machines"
	return []string{
		devicesPath, machinesPath, machines + "/virtual-disks/create", "/dcim/devices/interfaces/create",
		machines + "/interfaces/create", machines + "/interfaces/ip-address/create",
	}
}

// job runs the stages of a job with the plugin's defaults, and returns what each has come to.
func (s *serving) job() (results []object) {
	s.t.Helper()
	for _, path := range newestStages() {
		query := "?proxmox_endpoint_ids=1&overwrite_vm_platform=false"
		if path == machinesPath {
			query += "&sync_vm_network=false"
		}
		end := last(s.t, s.stream(path+"/stream"+query))
		require.Equal(s.t, true, end["ok"], path)
		results = append(results, end["result"].(object))
	}
	return results
}

// The stages of a job do together what one run does, and each object is counted in one of them.
func TestJobOfTheNewestPlugin(t *testing.T) {
	t.Parallel()
	const nodes = 3
	s := newServing(t, 20)
	s.saveAll()
	results := s.job()
	for i, there := range []int{
		len(s.objects("dcim/devices")),
		len(s.objects("virtualization/virtual-machines")),
		len(s.objects("virtualization/virtual-disks")),
		len(s.objects("dcim/interfaces")) + nodes, // each has one address, and no MAC address is told
		len(s.objects("virtualization/interfaces", "dcim/mac-addresses")),
		len(s.objects("ipam/ip-addresses")) - nodes,
	} {
		assert.Positive(t, there)
		assert.EqualValues(t, there, results[i]["created"], newestStages()[i])
	}
	for _, raw := range s.objects("dcim/devices") {
		assert.NotContains(t, string(raw), `"primary_ip4":null`)
	}

	before := len(s.netBox.Changes())
	for i, result := range s.job() {
		assert.Equal(t, result["total"], result["skipped"], newestStages()[i])
	}
	assert.Equal(t, true, last(t, s.stream(fullPath+"/stream"))["ok"])
	assert.Len(t, s.netBox.Changes(), before)
}

func TestWrongPasswordInTheNewestPlugin(t *testing.T) {
	t.Parallel()
	s := newServing(t, 1)
	s.saveAll()
	s.push(http.MethodPut, "/proxmox/endpoints/1", s.newestProxmoxRow(canaryWrong))
	for range 3 {
		body := s.refused("/proxmox/version"+scopeQuery, http.StatusBadGateway)
		detail, ok := body["detail"].(object)
		require.True(t, ok, "%v", body)
		assert.Contains(t, detail["reason"], "does not accept user root@pam")
		assert.NotEmpty(t, detail["error_type"])
		assert.NotEmpty(t, body["message"])
		assert.Contains(t, body, "python_exception")
	}
}

func TestTokenOfAnEndpoint(t *testing.T) {
	t.Parallel()
	s := newServing(t, 1)
	row := s.proxmoxRow("pve (nb:1)", "")
	row["password"], row["token_name"], row["token_value"] = nil, "sync", canaryValue
	answer, err := json.Marshal(s.push(http.MethodPost, "/proxmox/endpoints", row))
	require.NoError(t, err)
	assert.Contains(t, string(answer), `"token_name":"sync"`)
	assert.Contains(t, s.list("/proxmox/version?ip_address=127.0.0.1")[0], "lab")
	row["token_name"] = "root@pam!sync"
	s.push(http.MethodPut, "/proxmox/endpoints/1", row)
	assert.Contains(t, s.list("/proxmox/version?ip_address=127.0.0.1")[0], "lab", "some write its full name")
}
