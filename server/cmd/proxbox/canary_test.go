package main

import (
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server/backend"
)

// The canaries: one in each credential.
const (
	canaryNetBox   = "nbt_canaryNetBox1.canaryNetBoxSecret3141592653589"
	canaryProxmox  = "11111111-cana-ry00-prox-314159265358"
	canaryPassword = "canaryPassword27182818"
	canaryValue    = "canaryTokenValue16180339"
	canaryPushed   = "canaryPushedNetBox14142135623730950488016"
	canaryKey      = "canaryKey-17320508075688772935274463415"
)

// visitor asks a server for everything that there is, and remembers all that it is told.
type visitor struct {
	*serving
	told strings.Builder
}

// visit asks once.
func (v *visitor) visit(method, path, body string, header http.Header) {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	require.NoError(v.t, err)
	maps.Copy(request.Header, header)
	response, err := http.DefaultClient.Do(request)
	require.NoError(v.t, err)
	_, err = io.Copy(&v.told, response.Body)
	require.NoError(v.t, err)
	require.NoError(v.t, response.Body.Close())
	require.NoError(v.t, response.Header.Write(&v.told))
}

// push sends the rows of both ends.
func (v *visitor) push(header http.Header, netbox, proxmox string) {
	v.t.Helper()
	nb, err := url.Parse(netbox)
	require.NoError(v.t, err)
	pve, err := url.Parse(proxmox)
	require.NoError(v.t, err)
	v.visit(http.MethodPost, "/netbox/endpoint", `{"name":"box","ip_address":"`+nb.Hostname()+`","port":`+nb.Port()+`,"verify_ssl":false,
		"token_version":"v1","token":"`+canaryPushed+`"}`, header)
	for name, credential := range map[string]string{
		"one (nb:1)": `"password":"` + canaryPassword + `"`,
		"two (nb:2)": `"token_name":"sync","token_value":"` + canaryValue + `"`,
	} {
		v.visit(http.MethodPost, "/proxmox/endpoints", `{"name":"`+name+`","ip_address":"`+pve.Hostname()+`","port":`+pve.Port()+
			`,"verify_ssl":false,"username":"root-`+name[:3]+`@pam",`+credential+`}`, header)
	}
}

// all asks for everything that is described and wanted, what removes something last.
func (v *visitor) all(header http.Header, wanted func(path string) bool) {
	v.t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "openapi.json"))
	require.NoError(v.t, err)
	var described struct {
		Paths map[string]map[string]json.RawMessage
	}
	require.NoError(v.t, json.Unmarshal(raw, &described))
	require.Greater(v.t, len(described.Paths), 60)
	for _, method := range []string{"post", "get", "put", "patch", "delete"} {
		for _, path := range slices.Sorted(maps.Keys(described.Paths)) {
			if described.Paths[path][method] == nil || path == "/ws" || !wanted(path) {
				continue
			}
			ids := []string{"1"}
			if strings.HasPrefix(path, "/runs/") {
				ids = v.runs(header)
			}
			for _, id := range ids {
				v.visit(strings.ToUpper(method), strings.NewReplacer("{id}", id, "{node}", "pve1").Replace(path), "", header)
			}
		}
	}
}

// runs returns the ids of the newest runs, after the end of a dry run.
func (v *visitor) runs(header http.Header) (ids []string) {
	v.t.Helper()
	v.visit(http.MethodPost, "/runs", `{"dry_run":true}`, header)
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+"/runs?limit=3", nil)
	require.NoError(v.t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	require.NoError(v.t, err)
	defer func() { _ = response.Body.Close() }()
	var list struct{ Runs []struct{ ID string } }
	require.NoError(v.t, json.NewDecoder(response.Body).Decode(&list))
	for _, r := range list.Runs {
		ids = append(ids, r.ID)
		v.visit(http.MethodGet, "/runs/"+r.ID+"/events", "", header)
	}
	return ids
}

// listen hears a full update at the WebSocket.
func (v *visitor) listen() {
	v.t.Helper()
	conn, _, err := websocket.Dial(v.t.Context(), strings.Replace(v.base, "http", "ws", 1)+"/ws", nil)
	require.NoError(v.t, err)
	defer func() { _ = conn.CloseNow() }()
	for _, text := range []string{`{"api_key":"` + canaryKey + `"}`, "Full Update"} {
		require.NoError(v.t, conn.Write(v.t.Context(), websocket.MessageText, []byte(text)))
	}
	for {
		_, text, err := conn.Read(v.t.Context())
		require.NoError(v.t, err)
		v.told.Write(text)
		if strings.Contains(string(text), `"object":"full-update","end":true`) {
			return
		}
	}
}

// echo is an end that refuses everybody, and repeats the credential in its refusal.
func echo(t *testing.T) string {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"detail": "refused: " + r.Header.Get("Authorization"), "message": "refused: " + r.Header.Get("Authorization") + string(body),
		})
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// A secret is in no answer, event, log, metric, page or file, but for the one where what was pushed is kept; whether the
// ends are well, refuse the credentials or are gone.
func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]func(*testing.T) (c backend.Config, pushedNetBox, pushedProxmox string){
		"all is well": func(t *testing.T) (backend.Config, string, string) {
			e, err := newEstate(3)
			require.NoError(t, err)
			t.Cleanup(e.close)
			return e.config, e.config.NetBox.URL, e.config.Proxmox[0].URLs[0]
		},
		"wrong credentials": func(t *testing.T) (backend.Config, string, string) {
			e, err := newEstate(1)
			require.NoError(t, err)
			t.Cleanup(e.close)
			proxmox := &e.config.Proxmox[0]
			id, _, _ := strings.Cut(proxmox.Token, "=")
			proxmox.Token, e.config.NetBox.Token = id+"="+canaryProxmox, canaryNetBox
			return e.config, e.config.NetBox.URL, proxmox.URLs[0]
		},
		"nobody there": func(t *testing.T) (backend.Config, string, string) {
			e, err := newEstate(0)
			require.NoError(t, err)
			e.close()
			return e.config, e.config.NetBox.URL, e.config.Proxmox[0].URLs[0]
		},
		"ends that repeat the credential": func(t *testing.T) (backend.Config, string, string) {
			at := echo(t)
			return backend.Config{
				NetBox:  backend.NetBox{URL: at, Token: canaryNetBox, Insecure: true},
				Proxmox: []backend.Proxmox{{Name: "lab", URLs: []string{at}, Token: "root@pam!sync=" + canaryProxmox, Insecure: true}},
			}, at, at
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, netbox, proxmox := ends(t)
			state := t.TempDir()
			v := &visitor{serving: startServing(t, "--config", configFile(t, config), "--state", state, "--log-level", "debug")}
			v.visit(http.MethodPost, "/auth/register-key", `{"api_key":"`+canaryKey+`","label":"canary"}`, nil)
			v.visit(http.MethodGet, "/runs", "", http.Header{"X-Proxbox-Api-Key": {canaryKey + "x"}})
			for _, header := range []http.Header{{"X-Proxbox-Api-Key": {canaryKey}}, {"Authorization": {"Bearer " + canaryKey}}} {
				v.push(header, netbox, proxmox)
				v.all(header, func(path string) bool {
					// Each read of a NetBox that is not there is tried four times.
					return name != "nobody there" || !strings.Contains(path, "create") && path != "/full-update" && !strings.HasPrefix(path, "/runs")
				})
			}
			v.push(http.Header{"X-Proxbox-Api-Key": {canaryKey}}, netbox, proxmox)
			v.listen()
			v.stop()
			plan := filepath.Join(t.TempDir(), "plan.json")
			if name != "nobody there" {
				code, out, problem := try(t, "plan", "--config", configFile(t, config), "--out", plan)
				v.told.WriteString(out + problem)
				assert.Equal(t, name == "all is well", code == exitGood, problem)
			}

			_, secret, _ := strings.Cut(config.Proxmox[0].Token, "=")
			secrets := []string{config.NetBox.Token, secret, canaryPassword, canaryValue, canaryPushed, canaryKey}
			seen := map[string]string{"an answer": v.told.String(), "the log": v.log.String()}
			require.NoError(t, fs.WalkDir(os.DirFS(state), ".", func(path string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				text, err := os.ReadFile(filepath.Join(state, path))
				seen[path] = string(text)
				return err
			}))
			require.Contains(t, seen, "keys.json")
			if text, err := os.ReadFile(plan); err == nil {
				seen["the plan"] = string(text)
			}
			assert.Equal(t, name == "all is well", seen["the plan"] != "")
			for _, kept := range []string{canaryPassword, canaryValue, canaryPushed} {
				assert.Contains(t, seen["endpoints.json"], kept, "it is what the test looks for")
			}
			delete(seen, "endpoints.json")
			for where, text := range seen {
				for _, s := range secrets {
					if at := strings.Index(text, s); at >= 0 {
						assert.Fail(t, "a secret shows", "%s: %s", where, text[max(at-200, 0):min(at+100, len(text))])
					}
				}
			}
			assert.Contains(t, seen["the log"], "run ended")
		})
	}
}

// Whatever the ends do with the credentials, none is printed.
func TestSecretsShowInNoCheck(t *testing.T) {
	t.Parallel()
	at := echo(t)
	for name, credential := range map[string]backend.Proxmox{
		"token":    {Token: "root@pam!sync=" + canaryProxmox},
		"password": {Username: "root@pam", Password: canaryPassword},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			credential.Name, credential.URLs, credential.Insecure = "lab", []string{at}, true
			config := configFile(t, backend.Config{
				NetBox: backend.NetBox{URL: at, Token: canaryNetBox, Insecure: true}, Proxmox: []backend.Proxmox{credential},
			})
			for _, output := range []string{"text", "json"} {
				code, out, err := try(t, "check", "--config", config, "--output", output)
				assert.Equal(t, exitUnfit, code)
				assert.Contains(t, out, "refused: ", "it is what the test looks for")
				_, secret, _ := strings.Cut(canaryNetBox, ".")
				for _, s := range []string{canaryNetBox, secret, canaryProxmox, canaryPassword} {
					assert.NotContains(t, out+err, s)
				}
			}
		})
	}
}
