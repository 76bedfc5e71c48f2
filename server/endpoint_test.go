package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plugged is a backend whose ends are pushed.
type plugged struct {
	*backend
	questions
	netBox func(ctx context.Context, rows server.Endpoints) (json.RawMessage, error)

	mu     stdsync.Mutex
	opened []server.Endpoints
}

func (p *plugged) Open(rows server.Endpoints) (server.Runner, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = append(p.opened, rows)
	return p.backend, nil
}

func (p *plugged) Source(_ server.Endpoints, row server.ProxmoxEndpoint) string {
	return row.SourceName()
}

func (p *plugged) Ask(_ server.Endpoints, row server.ProxmoxEndpoint) (server.Questions, error) {
	if row.Name == "odd" {
		return nil, errors.New("its credential makes no sense")
	}
	return p.questions, nil
}

func (p *plugged) NetBoxStatus(ctx context.Context, rows server.Endpoints) (json.RawMessage, error) {
	if p.netBox != nil {
		return p.netBox(ctx, rows)
	}
	return json.RawMessage(`{"netbox-version":"4.7.3","python-version":"3.12"}`), nil
}

func (p *plugged) Guest(context.Context, server.Endpoints, int64) (sync.GuestRef, error) {
	return sync.GuestRef{}, errors.New("not asked here")
}

// plug serves a backend whose ends are pushed, in a bubble of synctest.
func plug(t *testing.T, o *server.Options) (*service, *plugged) {
	t.Helper()
	p := &plugged{backend: &backend{begun: make(chan *scripted)}}
	handler, err := server.New(p, o)
	require.NoError(t, err)
	s := serveOn(t, handler)
	s.backend = p.backend
	return s, p
}

// push sends a body.
func (s *service) push(method, path, body string) reply {
	s.t.Helper()
	request, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	require.NoError(s.t, err)
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	require.NoError(s.t, errors.Join(err, response.Body.Close()))
	return reply{response.StatusCode, response.Header, text.Bytes()}
}

// good pushes a body that is taken, and returns the row.
func (s *service) good(method, path, body string) map[string]any {
	s.t.Helper()
	r := s.push(method, path, body)
	require.Equal(s.t, http.StatusOK, r.status, "%s", r.body)
	return r.json(s.t)
}

// list returns a list of rows.
func (s *service) list(path string) []map[string]any {
	s.t.Helper()
	r := s.ask(http.MethodGet, path)
	require.Equal(s.t, http.StatusOK, r.status, "%s", r.body)
	var rows []map[string]any
	require.NoError(s.t, json.Unmarshal(r.body, &rows))
	require.NotNil(s.t, rows, "a list, if an empty one")
	return rows
}

// What the plugins push.
const (
	pushedNetBox = `{"id":7,"name":"netbox","ip_address":"192.0.2.1","domain":"netbox.example.com","port":443,` +
		`"token":"canary-token","token_version":"v2","token_key":"abc","verify_ssl":true}`
	pushedProxmox = `{"name":"lab (nb:1)","ip_address":"192.0.2.10","domain":null,"port":8006,"username":"root@pam",` +
		`"password":"canary-password","verify_ssl":false,"token_name":null,"token_value":null}`
)

func TestNetBoxEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		assert.Empty(t, s.list("/netbox/endpoint"))
		row := s.good(http.MethodPost, "/netbox/endpoint", pushedNetBox)
		want := map[string]any{
			"id": 1.0, "name": "netbox", "ip_address": "192.0.2.1", "domain": "netbox.example.com", "port": 443.0,
			"token_version": "v2", "token_key": nil, "token": nil, "verify_ssl": true, "enabled": true,
			"probe": map[string]any{
				"reachable": true, "status": "reachable", "api_version": "4.7.3", "error_type": nil, "error": nil, "timeout_seconds": 2.0,
			},
		}
		assert.Equal(t, want, row)
		want["probe"] = nil
		assert.Equal(t, []map[string]any{want}, s.list("/netbox/endpoint"))
		assert.Equal(t, want, s.ask(http.MethodGet, "/netbox/endpoint/1").json(t))

		// The row as it was returned, with the plugin's values: secrets come back as null.
		want["name"] = "renamed"
		body, err := json.Marshal(want)
		require.NoError(t, err)
		assert.Equal(t, "renamed", s.good(http.MethodPut, "/netbox/endpoint/1", string(body))["name"])
		// Another one takes its place: there is one row, whatever comes.
		assert.Equal(t, 1.0, s.good(http.MethodPost, "/netbox/endpoint/", strings.Replace(pushedNetBox, "canary-token", "other", 1))["id"])
		assert.Len(t, s.list("/netbox/endpoint/"), 1)
		assert.Equal(t, false, s.good(http.MethodPatch, "/netbox/endpoint/1/", `{"enabled":false}`)["enabled"])

		assert.Equal(t, http.StatusNotFound, s.push(http.MethodPut, "/netbox/endpoint/2", pushedNetBox).status)
		assert.Equal(t, http.StatusNotFound, s.ask(http.MethodGet, "/netbox/endpoint/2").status)
		assert.Equal(t, http.StatusNotFound, s.ask(http.MethodDelete, "/netbox/endpoint/2").status)
		assert.Equal(t, http.StatusOK, s.ask(http.MethodDelete, "/netbox/endpoint/1").status)
		assert.Equal(t, http.StatusNotFound, s.ask(http.MethodDelete, "/netbox/endpoint/1").status)
		assert.Equal(t, http.StatusNotFound, s.push(http.MethodPut, "/netbox/endpoint/1", pushedNetBox).status)
		assert.Empty(t, s.list("/netbox/endpoint"))
	})
}

func TestProbeOfANetBoxThatIsDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status func(context.Context, server.Endpoints) (json.RawMessage, error)
		kind   string
		after  time.Duration
	}{
		"refuses": {func(context.Context, server.Endpoints) (json.RawMessage, error) {
			return nil, errors.New("NetBox does not accept the token")
		}, "connection", 0},
		"hangs": {func(ctx context.Context, _ server.Endpoints) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("NetBox at x: %w", context.Cause(ctx))
		}, "timeout", 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := plug(t, nil)
				p.netBox = c.status
				before := time.Now()
				row := s.good(http.MethodPost, "/netbox/endpoint", pushedNetBox)
				assert.Equal(t, c.after, time.Since(before), "the plugin waits for 5 s")
				probe := row["probe"].(map[string]any)
				assert.Equal(t, false, probe["reachable"])
				assert.Equal(t, "unreachable", probe["status"])
				assert.Equal(t, c.kind, probe["error_type"])
				assert.Contains(t, probe["error"], "NetBox")
				assert.Nil(t, probe["api_version"])
				assert.Len(t, s.list("/netbox/endpoint"), 1, "the row is kept all the same")

				before = time.Now()
				r := s.ask(http.MethodGet, "/netbox/status")
				assert.Equal(t, http.StatusBadRequest, r.status)
				assert.Less(t, time.Since(before), 5*time.Second)
				assert.Contains(t, r.json(t)["detail"], "NetBox")
			})
		})
	}
}

func TestNetBoxStatusIsNetBoxsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		r := s.ask(http.MethodGet, "/netbox/status")
		assert.JSONEq(t, `{"netbox-version":"4.7.3","python-version":"3.12"}`, string(r.body))
	})
}

func TestProxmoxEndpoints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		assert.Empty(t, s.list("/proxmox/endpoints"))
		want := map[string]any{
			"id": 1.0, "name": "lab (nb:1)", "ip_address": "192.0.2.10", "domain": nil, "port": 8006.0, "username": "root@pam",
			"password": nil, "verify_ssl": false, "token_name": nil, "token_value": nil, "enabled": true, "access_methods": "api",
			"allow_writes": false, "ssh_target_node": nil, "ssh_host": nil, "ssh_username": nil, "ssh_port": 22.0,
			"ssh_identity_file": nil, "ssh_known_host_fingerprint": nil,
		}
		assert.Equal(t, want, s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox))
		assert.Equal(t, want, s.good(http.MethodPost, "/proxmox/endpoints/", pushedProxmox), "by name")
		assert.Equal(t, want, s.good(http.MethodPut, "/proxmox/endpoints/1", pushedProxmox))
		assert.Equal(t, want, s.ask(http.MethodGet, "/proxmox/endpoints/1").json(t))
		assert.Equal(t, []map[string]any{want}, s.list("/proxmox/endpoints"))

		other := strings.NewReplacer("nb:1", "nb:2", "192.0.2.10", "192.0.2.20").Replace(pushedProxmox)
		assert.Equal(t, 2.0, s.good(http.MethodPost, "/proxmox/endpoints", other)["id"])
		assert.Len(t, s.list("/proxmox/endpoints?offset=0&limit=100"), 2)
		assert.Equal(t, 2.0, s.list("/proxmox/endpoints?offset=1&limit=1")[0]["id"])
		assert.Empty(t, s.list("/proxmox/endpoints/?offset=9"))
		assert.Equal(t, "lab (nb:2)", s.good(http.MethodPatch, "/proxmox/endpoints/2/", `{"port":8007}`)["name"])

		for _, id := range []string{"3", "0", "-1", "x"} {
			assert.Equal(t, http.StatusNotFound, s.push(http.MethodPut, "/proxmox/endpoints/"+id, pushedProxmox).status)
			assert.Equal(t, http.StatusNotFound, s.ask(http.MethodGet, "/proxmox/endpoints/"+id).status)
			r := s.ask(http.MethodDelete, "/proxmox/endpoints/"+id)
			assert.Equal(t, http.StatusNotFound, r.status)
			assert.Equal(t, "There is no endpoint of that number.", r.json(t)["detail"])
		}
		assert.Equal(t, http.StatusOK, s.ask(http.MethodDelete, "/proxmox/endpoints/2").status)
		assert.Equal(t, 3.0, s.good(http.MethodPost, "/proxmox/endpoints", other)["id"], "a number is not given twice")
	})
}

// The newest plugin pushes more, and compares what comes back with what it has.
func TestWhatIsNotKnownComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		pushed := map[string]any{
			"name": "lab (nb:1)", "node_device_name_template": "", "ip_address": "192.0.2.10", "domain": nil, "port": 8006,
			"username": "root@pam", "password": "canary", "verify_ssl": false, "timeout": 5, "max_retries": 0, "retry_backoff": 0.5,
			"token_name": nil, "token_value": nil, "enabled": true, "allow_packer_template_builds": false, "access_methods": "api_ssh",
			"site_id": 3, "site_slug": "ber", "site_name": "Berlin", "tenant_id": nil, "tenant_slug": nil, "tenant_name": nil,
			"ssh_password": "canary", "id": 99,
		}
		body, err := json.Marshal(pushed)
		require.NoError(t, err)
		row := s.good(http.MethodPost, "/proxmox/endpoints", string(body))
		assert.NotContains(t, row, "ssh_password")
		delete(pushed, "ssh_password")
		pushed["password"], pushed["id"] = nil, 1
		for field, value := range pushed {
			assert.EqualValues(t, value, row[field], field)
		}
		assert.Contains(t, row, "ssh_port")
		assert.Equal(t, "Berlin", s.good(http.MethodPatch, "/proxmox/endpoints/1", `{"timeout":9}`)["site_name"])
		assert.Equal(t, 9.0, s.ask(http.MethodGet, "/proxmox/endpoints/1").json(t)["timeout"])
	})
}

func TestFirstPushesAtOnceMakeOneRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, &server.Options{StateDir: t.TempDir()})
		var group stdsync.WaitGroup
		for range 8 {
			group.Go(func() {
				assert.Equal(t, 1.0, s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)["id"])
				assert.Equal(t, 1.0, s.good(http.MethodPost, "/netbox/endpoint", pushedNetBox)["id"])
			})
		}
		group.Wait()
		assert.Len(t, s.list("/proxmox/endpoints"), 1)
		assert.Len(t, s.list("/netbox/endpoint"), 1)
	})
}

func TestRowsThatAreRefused(t *testing.T) {
	t.Parallel()
	proxmox := func(old, new string) string { return strings.Replace(pushedProxmox, old, new, 1) }
	netBox := func(old, new string) string { return strings.Replace(pushedNetBox, old, new, 1) }
	for name, c := range map[string]struct{ path, body, detail string }{
		"no JSON":         {"/proxmox/endpoints", "{", "The body is no JSON object with the fields of an endpoint."},
		"null":            {"/proxmox/endpoints", "null", "The body is no JSON object with the fields of an endpoint."},
		"a list":          {"/netbox/endpoint", "[]", "The body is no JSON object with the fields of an endpoint."},
		"no name":         {"/proxmox/endpoints", proxmox(`"lab (nb:1)"`, `null`), "Provide a name for the endpoint."},
		"an odd name":     {"/proxmox/endpoints", proxmox(`"lab (nb:1)"`, `["x"]`), "The field name is no single value."},
		"port 0":          {"/proxmox/endpoints", proxmox("8006", "0"), "The port must be a number from 1 to 65535."},
		"port too large":  {"/netbox/endpoint", netBox("443", "65536"), "The port must be a number from 1 to 65535."},
		"port as words":   {"/netbox/endpoint", netBox("443", `"https"`), "The port must be a number from 1 to 65535."},
		"an odd boolean":  {"/netbox/endpoint", netBox("true", `"perhaps"`), "The field verify_ssl must be true or false."},
		"no host":         {"/proxmox/endpoints", proxmox(`"192.0.2.10"`, `""`), "Provide ip_address or domain."},
		"a URL as host":   {"/netbox/endpoint", netBox("netbox.example.com", "https://netbox"), "The domain is no host name: write it without scheme, port and path."},
		"a path as host":  {"/proxmox/endpoints", proxmox(`"192.0.2.10"`, `"a b"`), "The ip_address is no address."},
		"no user":         {"/proxmox/endpoints", proxmox("root@pam", ""), "Provide the username with its realm, for example root@pam."},
		"no realm":        {"/proxmox/endpoints", proxmox("root@pam", "root"), "The username needs its realm, for example root@pam."},
		"no secret":       {"/proxmox/endpoints", proxmox(`"canary-password"`, "null"), "Provide password or both token_name/token_value."},
		"half a token":    {"/proxmox/endpoints", proxmox(`"canary-password"`, `null,"token_value":"canary"`), "Provide password or both token_name/token_value."},
		"no token":        {"/netbox/endpoint", netBox(`"canary-token"`, "null"), "Provide the token: NetBox gives one under Admin, API Tokens."},
		"no token key":    {"/netbox/endpoint", netBox(`"abc"`, "null"), "A token of version v2 needs its key as token_key beside it."},
		"a third version": {"/netbox/endpoint", netBox(`"v2"`, `"v3"`), "The token version must be v1 or v2."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := plug(t, nil)
				r := s.push(http.MethodPost, c.path, c.body)
				assert.Equal(t, http.StatusBadRequest, r.status)
				assert.Equal(t, map[string]any{"detail": c.detail}, r.json(t))
				assert.Empty(t, s.list(c.path))
			})
		})
	}
}

func TestTolerantOfTypes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		body := strings.NewReplacer("8006", `"8006"`, "false", `"False"`).Replace(pushedProxmox)
		row := s.good(http.MethodPost, "/proxmox/endpoints", body)
		assert.Equal(t, 8006.0, row["port"])
		assert.Equal(t, false, row["verify_ssl"])
	})
}

// pushedRows returns the rows that a run gets.
func pushedRows(t *testing.T, s *service, p *plugged) server.Endpoints {
	t.Helper()
	s.later(http.MethodPost, full)
	s.backend.run(t).finish()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened[len(p.opened)-1]
}

func TestSecretsThatAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := plug(t, nil)
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		s.good(http.MethodPost, "/netbox/endpoint", pushedNetBox)

		s.good(http.MethodPut, "/proxmox/endpoints/1", strings.Replace(pushedProxmox, `"canary-password"`, "null", 1))
		s.good(http.MethodPatch, "/proxmox/endpoints/1", `{"verify_ssl":true}`)
		s.good(http.MethodPatch, "/netbox/endpoint/1", `{"token":null,"token_key":"","name":"other"}`)
		rows := pushedRows(t, s, p)
		assert.Equal(t, "canary-password", rows.Proxmox[0].Password.Reveal())
		assert.Equal(t, "nbt_abc.canary-token", rows.NetBox.FullToken().Reveal())

		// Not for another host, and not for another user: who can write a row must not learn its secret.
		for _, body := range []string{`{"ip_address":"192.0.2.66"}`, `{"domain":"evil.example.com"}`, `{"username":"eve@pve"}`, `{"token_name":"sync"}`} {
			r := s.push(http.MethodPatch, "/proxmox/endpoints/1", body)
			assert.Equal(t, http.StatusBadRequest, r.status, body)
			assert.Contains(t, r.json(t)["detail"], "Provide password")
		}
		r := s.push(http.MethodPatch, "/netbox/endpoint/1", `{"domain":"evil.example.com"}`)
		assert.Equal(t, http.StatusBadRequest, r.status)

		// A token takes the place of a password, and the other way round.
		s.good(http.MethodPatch, "/proxmox/endpoints/1", `{"token_name":"sync","token_value":"canary-value"}`)
		row := pushedRows(t, s, p).Proxmox[0]
		assert.Equal(t, "canary-value", row.TokenValue.Reveal())
		assert.Empty(t, row.Password)
		s.good(http.MethodPatch, "/proxmox/endpoints/1", `{"token_name":null,"token_value":null}`)
		assert.Equal(t, "sync", pushedRows(t, s, p).Proxmox[0].TokenName, "nothing else was brought")
		s.good(http.MethodPut, "/proxmox/endpoints/1", pushedProxmox)
		row = pushedRows(t, s, p).Proxmox[0]
		assert.Equal(t, "canary-password", row.Password.Reveal())
		assert.Empty(t, row.TokenName)
		assert.Empty(t, row.TokenValue)
	})
}

// What was written to NetBox bears the name of a source: it must not come to mean another cluster.
func TestNameOfTheSource(t *testing.T) {
	t.Parallel()
	row := func(name, host string) string {
		return strings.NewReplacer("lab (nb:1)", name, "192.0.2.10", host).Replace(pushedProxmox)
	}
	post := func(s *service, name, host string) { s.good(http.MethodPost, "/proxmox/endpoints", row(name, host)) }
	for name, c := range map[string]struct {
		push func(s *service)
		want []string
	}{
		"as the endpoint is called": {func(s *service) { post(s, "lab (nb:1)", "192.0.2.10") }, []string{"lab"}},
		"without a number":          {func(s *service) { post(s, "lab", "192.0.2.10") }, []string{"lab"}},
		"a slash":                   {func(s *service) { post(s, "a/b (nb:1)", "192.0.2.10") }, []string{"a-b"}},
		"one cluster, made again": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "berlin (nb:2)", "192.0.2.10")
		}, []string{"lab", "lab"}},
		"the first row goes": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "berlin (nb:2)", "192.0.2.10")
			s.ask(http.MethodDelete, "/proxmox/endpoints/1")
		}, []string{"lab"}},
		"the row is renamed": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			s.good(http.MethodPatch, "/proxmox/endpoints/1", `{"name":"berlin (nb:1)"}`)
		}, []string{"lab"}},
		"the cluster's address changes": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "lab (nb:1)", "192.0.2.11")
		}, []string{"lab"}},
		"another cluster of that name": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "lab (nb:9)", "192.0.2.90")
			post(s, "lab", "192.0.2.91")
			post(s, "lab (nb:9)", "192.0.2.90")
		}, []string{"lab", "lab-9", "lab-3"}},
		"the first cluster of that name goes": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "lab (nb:9)", "192.0.2.90")
			s.ask(http.MethodDelete, "/proxmox/endpoints/1")
			post(s, "lab (nb:9)", "192.0.2.90")
		}, []string{"lab-9"}},
		"one row of two goes to another cluster": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "lab (nb:2)", "192.0.2.10")
			post(s, "lab (nb:1)", "192.0.2.11")
		}, []string{"lab-1", "lab"}},
		"a row comes to a cluster that is there": {func(s *service) {
			post(s, "lab (nb:1)", "192.0.2.10")
			post(s, "berlin (nb:2)", "192.0.2.20")
			post(s, "lab (nb:1)", "192.0.2.20")
		}, []string{"berlin", "berlin"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := plug(t, nil)
				c.push(s)
				var names []string
				for _, row := range pushedRows(t, s, p).Proxmox {
					names = append(names, row.SourceName())
				}
				assert.Equal(t, c.want, names)
			})
		})
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		s.good(http.MethodPost, "/proxmox/endpoints", strings.Replace(pushedProxmox, "nb:1", "nb:2", 1))
		r := s.push(http.MethodPatch, "/proxmox/endpoints/2", `{"name":"lab (nb:1)"}`)
		assert.Equal(t, http.StatusBadRequest, r.status)
		assert.Equal(t, "Another endpoint is called lab (nb:1) too: give each its own name.", r.json(t)["detail"])
	})
}

func TestChangeDoesNotDisturbARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := plug(t, nil)
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		w := s.watch(full)
		run := s.backend.run(t)
		s.good(http.MethodPatch, "/proxmox/endpoints/1", `{"port":8007,"site_name":"Berlin"}`)
		s.ask(http.MethodDelete, "/proxmox/endpoints/1")
		run.finish()
		assert.Equal(t, true, w.last().Body["ok"])
		require.Len(t, p.opened, 1)
		require.Len(t, p.opened[0].Proxmox, 1)
		assert.Equal(t, 8006, p.opened[0].Proxmox[0].Port)
		assert.Empty(t, pushedRows(t, s, p).Proxmox, "the next one has them")
	})
}

func TestRowsSurviveARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &server.Options{StateDir: t.TempDir()}
		s, _ := plug(t, o)
		s.good(http.MethodPost, "/proxmox/endpoints", strings.Replace(pushedProxmox, "}", `,"site_slug":"ber"}`, 1))
		s.good(http.MethodPost, "/proxmox/endpoints", strings.Replace(pushedProxmox, "nb:1", "nb:2", 1))
		s.good(http.MethodPost, "/netbox/endpoint", pushedNetBox)
		s.ask(http.MethodDelete, "/proxmox/endpoints/2")
		proxmox, netBox := s.list("/proxmox/endpoints"), s.list("/netbox/endpoint")

		info, err := os.Stat(filepath.Join(o.StateDir, "endpoints.json"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "there are secrets in it")

		s, p := plug(t, o)
		assert.Equal(t, proxmox, s.list("/proxmox/endpoints"))
		assert.Equal(t, netBox, s.list("/netbox/endpoint"))
		rows := pushedRows(t, s, p)
		assert.Equal(t, "canary-password", rows.Proxmox[0].Password.Reveal())
		assert.Equal(t, "canary-token", rows.NetBox.Token.Reveal())
		s.good(http.MethodPost, "/proxmox/endpoints", strings.Replace(pushedProxmox, "nb:1", "nb:3", 1))
		assert.Equal(t, 3.0, s.list("/proxmox/endpoints")[1]["id"], "number 2 was another one")
	})
}

func TestRowThatCannotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		o := &server.Options{StateDir: filepath.Join(t.TempDir(), "state"), Logger: slog.New(slog.NewTextHandler(&log, nil))}
		require.NoError(t, os.Mkdir(o.StateDir, 0o700))
		s, _ := plug(t, o)
		require.NoError(t, os.RemoveAll(o.StateDir))
		r := s.push(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		assert.Equal(t, http.StatusInternalServerError, r.status)
		assert.Equal(t, "The endpoint cannot be kept: the server's log says why.", r.json(t)["detail"])
		assert.Contains(t, log.String(), "state cannot be written")
		assert.NotContains(t, log.String(), "canary")
		assert.Empty(t, s.list("/proxmox/endpoints"), "what is not kept is not told")
		require.NoError(t, os.Mkdir(o.StateDir, 0o700))
	})
}

func TestEndpointsFileThatIsBroken(t *testing.T) {
	t.Parallel()
	o := &server.Options{StateDir: t.TempDir()}
	require.NoError(t, os.WriteFile(filepath.Join(o.StateDir, "endpoints.json"), []byte("{"), 0o600))
	_, err := server.New(&plugged{backend: &backend{}}, o)
	require.ErrorContains(t, err, "endpoints.json")
}

// TestSecretDoesNotShow, whoever prints the row that it is in, and however.
func TestSecretDoesNotShow(t *testing.T) {
	t.Parallel()
	row := server.ProxmoxEndpoint{Name: "lab", Password: "canary", TokenValue: "canary"}
	for name, shown := range map[string]func() string{
		"%v":   func() string { return fmt.Sprint(row) },
		"%+v":  func() string { return fmt.Sprintf("%+v", row) },
		"%#v":  func() string { return fmt.Sprintf("%#v", row) },
		"%q":   func() string { return fmt.Sprintf("%q", row.Password) },
		"JSON": func() string { return encoded(t, row) },
		"log as text": func() string {
			return logged(func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) }, row)
		},
		"log as JSON": func() string {
			return logged(func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) }, row)
		},
		"attribute":      func() string { return slog.Any("password", row.Password).String() },
		"attribute text": func() string { return slog.AnyValue(row.Password).Resolve().String() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := shown()
			assert.NotEmpty(t, text)
			assert.NotContains(t, text, "canary")
		})
	}
	assert.Equal(t, "canary", row.Password.Reveal())
	assert.Empty(t, server.Secret("").String())
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func logged(handler func(io.Writer) slog.Handler, row server.ProxmoxEndpoint) string {
	var text bytes.Buffer
	slog.New(handler(&text)).Info("row", "row", row, "password", row.Password)
	return text.String()
}
