package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// questions answers as a small cluster does, or with an error, or not in time.
type questions struct {
	err        error
	hangs      bool
	standalone bool
}

func (q questions) wait(ctx context.Context) error {
	if q.hangs {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return q.err
}

func (q questions) Version(ctx context.Context) (server.Version, error) {
	return server.Version{Version: "9.1.2", Release: "9.1", RepoID: "abc123"}, q.wait(ctx)
}

func (q questions) Status(ctx context.Context) (server.ClusterStatus, error) {
	s := server.ClusterStatus{Name: "lab", Version: 3, Quorate: true, Nodes: []server.NodeStatus{
		{Name: "pve1", ID: "node/pve1", NodeID: 1, IP: "192.0.2.10", Online: true, Local: true},
		{Name: "pve2", ID: "node/pve2", NodeID: 2},
	}}
	if q.standalone {
		s = server.ClusterStatus{Name: "pve", Standalone: true, Quorate: true, Nodes: s.Nodes[:1]}
	}
	return s, q.wait(ctx)
}

func (q questions) Nodes(ctx context.Context) ([]server.NodeLoad, error) {
	return []server.NodeLoad{{Node: "pve1", Status: "online", CPU: 0.5, MaxCPU: 8, Mem: 1, MaxMem: 2, Uptime: 3}}, q.wait(ctx)
}

func (q questions) Guests(ctx context.Context) ([]server.GuestRow, error) {
	return []server.GuestRow{json.RawMessage(`{"vmid":101,"type":"qemu","template":0}`)}, q.wait(ctx)
}

func (q questions) Time(ctx context.Context, node string) (server.NodeTime, error) {
	return server.NodeTime{Timezone: "Europe/" + node, Time: 1, LocalTime: 2}, q.wait(ctx)
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/proxmox/version?source=database&ip_address=192.0.2.10": `[{"lab":{"version":"9.1.2","release":"9.1","repoid":"abc123"}}]`,
		"/proxmox/sessions?source=database&ip_address=192.0.2.10": `[{"ip_address":"192.0.2.10","domain":null,"http_port":8006,` +
			`"user":"root@pam","name":"lab","mode":"cluster"}]`,
		"/proxmox/cluster/status?proxmox_endpoint_ids=1": `[{"type":"cluster","id":"cluster","name":"lab","mode":"cluster","nodes":2,` +
			`"quorate":true,"version":3,"node_list":[{"type":"node","id":"node/pve1","name":"pve1","nodeid":1,"ip":"192.0.2.10",` +
			`"online":true,"local":true,"level":""},{"type":"node","id":"node/pve2","name":"pve2","nodeid":2,"ip":null,"online":false,` +
			`"local":false,"level":""}]}]`,
		"/proxmox/nodes/?proxmox_endpoint_ids=1":                                    `[{"lab":[{"node":"pve1","status":"online","cpu":0.5,"maxcpu":8,"mem":1,"maxmem":2,"uptime":3}]}]`,
		"/proxmox/cluster/resources?type=vm&source=database&proxmox_endpoint_ids=1": `[{"lab":[{"vmid":101,"type":"qemu","template":0}]}]`,
		"/proxmox/api2/nodes/Berlin/time?source=database&target_name=lab%20(nb:1)":  `{"timezone":"Europe/Berlin","time":1,"localtime":2}`,
		"/proxmox/firewall/summary?source=database&proxmox_endpoint_ids=1":          `[]`,
		"/proxmox/firewall/nodes/pve1/rules?source=database&proxmox_endpoint_ids=1": `[]`,
		"/proxmox/datacenter/cpu-models?source=database&proxmox_endpoint_ids=1":     `[]`,
		"/version": `{"version":"0.0.27","capabilities":{}}`,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := plug(t, nil)
				s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
				r := s.ask(http.MethodGet, path)
				assert.Equal(t, http.StatusOK, r.status)
				assert.JSONEq(t, want, string(r.body))
				at, query, _ := strings.Cut(path, "?")
				assert.Equal(t, string(r.body), string(s.ask(http.MethodGet, strings.TrimSuffix(at, "/")+"/?"+query).body))
			})
		})
	}
}

func TestStandaloneNode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := plug(t, nil)
		p.standalone = true
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		assert.Equal(t, "standalone", s.list("/proxmox/sessions")[0]["mode"])
		status := s.list("/proxmox/cluster/status")[0]
		assert.Equal(t, "cluster", status["type"], "the plugin looks for one")
		assert.Equal(t, "standalone", status["mode"])
		assert.Len(t, status["node_list"], 1)
	})
}

// Each plugin is told in the form that it reads, and in time.
func TestQuestionsWithoutAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		questions
		reason string
		after  time.Duration
	}{
		"refused": {questions{err: errors.New("it does not accept user root@pam")}, "it does not accept user root@pam", 0},
		"hangs":   {questions{hangs: true}, "there was no answer in time", 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := plug(t, nil)
				p.questions = c.questions
				s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
				for _, path := range []string{
					"/proxmox/version", "/proxmox/sessions", "/proxmox/cluster/status", "/proxmox/nodes/", "/proxmox/cluster/resources",
					"/proxmox/api2/nodes/pve1/time",
				} {
					before := time.Now()
					r := s.ask(http.MethodGet, path+"?source=database&ip_address=192.0.2.10")
					assert.Equal(t, c.after, time.Since(before), path)
					assert.Equal(t, http.StatusBadRequest, r.status, path)
					body := r.json(t)
					assert.Contains(t, body["detail"], c.reason, path)
					assert.NotEmpty(t, body["message"])
					assert.Contains(t, body, "python_exception")

					r = s.ask(http.MethodGet, path+"?source=database&proxmox_endpoint_ids=1")
					assert.Equal(t, http.StatusBadGateway, r.status, path)
					assert.Contains(t, r.json(t)["detail"].(map[string]any)["reason"], c.reason, path)
				}
			})
		})
	}
}

func TestWhomAQuestionIsAbout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := plug(t, nil)
		s.good(http.MethodPost, "/proxmox/endpoints", pushedProxmox)
		s.good(http.MethodPost, "/proxmox/endpoints", strings.Replace(pushedProxmox, "nb:1", "nb:2", 1))
		s.good(http.MethodPost, "/proxmox/endpoints", strings.NewReplacer(
			"lab (nb:1)", "other (nb:3)", "192.0.2.10", "192.0.2.30/32", "null", `"PVE.example.com"`).Replace(pushedProxmox))
		s.good(http.MethodPost, "/proxmox/endpoints", strings.NewReplacer(
			"lab (nb:1)", "off", "192.0.2.10", "192.0.2.40", "}", `,"enabled":false}`).Replace(pushedProxmox))
		s.good(http.MethodPost, "/proxmox/endpoints", strings.NewReplacer("lab (nb:1)", "odd", "192.0.2.10", "192.0.2.50", "}", `,"enabled":false}`).Replace(pushedProxmox))
		for query, want := range map[string]int{
			"":                               2, // each cluster that is enabled, once
			"?proxmox_endpoint_ids=1":        1,
			"?proxmox_endpoint_ids=1,2":      1,
			"?proxmox_endpoint_ids=1,3":      2,
			"?proxmox_endpoint_ids=4":        1, // by its number
			"?ip_address=192.0.2.10":         1,
			"?ip_address=192.0.2.30":         1,
			"?domain=pve.example.com":        1,
			"?name=other%20(nb:3)":           1,
			"?target_name=lab%20(nb:2)":      1,
			"?proxmox_endpoint_ids=9":        0,
			"?proxmox_endpoint_ids=9&name=x": 0,
			"?ip_address=192.0.2.99":         0,
			"?domain=elsewhere.example.com":  0,
			"?target_name=lab":               0,
		} {
			r := s.ask(http.MethodGet, "/proxmox/sessions"+query)
			if want == 0 {
				assert.GreaterOrEqual(t, r.status, 400, query)
				assert.Contains(t, string(r.body), "save it in NetBox again", query)
				continue
			}
			require.Equal(t, http.StatusOK, r.status, query)
			var list []json.RawMessage
			require.NoError(t, json.Unmarshal(r.body, &list))
			assert.Len(t, list, want, query)
		}
		r := s.ask(http.MethodGet, "/proxmox/version?name=odd")
		assert.Equal(t, "its credential makes no sense", r.json(t)["detail"])
		assert.Equal(t, http.StatusBadRequest, s.ask(http.MethodGet, "/proxmox/api2/nodes/pve1/time?target_name=x").status)
	})
}
