package proxmoxtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fault  proxmoxtest.Fault
		status int
		text   string
		kind   string
		body   string
	}{
		{"status", proxmoxtest.Fault{Status: 599, Reason: "Too many redirections"}, 599, "Too many redirections", "", ""},
		{"status with body", proxmoxtest.Fault{Status: 500, Reason: "boom", Body: `{"data":1}`}, 500, "boom", "application/json;charset=UTF-8", `{"data":1}`},
		{"default status", proxmoxtest.Fault{}, 500, "Internal Server Error", "", ""},
		{"page", proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML, Body: "<p>"}, 200, "OK", "text/html; charset=utf-8", "<p>"},
		{"page of a proxy", proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML, Status: 502, Body: "<p>"}, 502, "Bad Gateway", "text/html; charset=utf-8", "<p>"},
		{"null", proxmoxtest.Fault{Kind: proxmoxtest.FaultNull}, 200, "OK", "application/json;charset=UTF-8", `{"data":null}`},
		{"delay", proxmoxtest.Fault{Kind: proxmoxtest.FaultDelay, Delay: time.Millisecond}, 200, "OK", "application/json;charset=UTF-8", `{"data":[]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fake := proxmoxtest.New(nil, nil)
			fake.Inject(test.fault)
			r := start(t, fake).get("/pools")
			assert.Equal(t, test.status, r.status)
			assert.Equal(t, test.text, r.text)
			assert.Equal(t, test.kind, r.header.Get("Content-Type"))
			assert.Equal(t, test.body, r.body)
		})
	}
}

func TestFaultsThatCut(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]proxmoxtest.FaultKind{"reset": proxmoxtest.FaultReset, "truncate": proxmoxtest.FaultTruncate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := proxmoxtest.New(nil, nil)
			fake.Inject(proxmoxtest.Fault{Kind: kind})
			_, err := start(t, fake).do("GET", "/nodes/pve/status", "")
			require.Error(t, err)
			if kind == proxmoxtest.FaultTruncate {
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			}
			requests := fake.Requests()
			assert.Zero(t, requests[len(requests)-1].Status)
		})
	}
}

func TestFaultHang(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, nil)
	fake.Inject(proxmoxtest.Fault{Kind: proxmoxtest.FaultHang})
	c := start(t, fake)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", c.url+"/version", nil)
	require.NoError(t, err)
	_, err = c.http.Do(request)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFaultDrip(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, nil)
	c := start(t, fake)
	fake.Inject(proxmoxtest.Fault{Kind: proxmoxtest.FaultDrip, Times: 1, Delay: time.Microsecond})
	assert.Equal(t, `{"data":[]}`, c.get("/pools").body, "whoever is patient gets the real answer")

	fake.Inject(proxmoxtest.Fault{Kind: proxmoxtest.FaultDrip, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", c.url+"/pools", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", c.authorization)
	answer, err := c.http.Do(request)
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFaultHeader(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(nil, nil)
	fake.Inject(proxmoxtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}})
	assert.Equal(t, "7", start(t, fake).get("/pools").header.Get("Retry-After"))
}

func TestFaultSelection(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three(""), nil)
	c := start(t, fake)
	statuses := func(path string, n int) []int {
		var out []int
		for range n {
			out = append(out, c.get(path).status)
		}
		return out
	}
	remove := fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/*/qemu/*/config", Skip: 1, Times: 2, Status: 596})
	assert.Equal(t, []int{200}, statuses("/nodes/a1/lxc/200/config", 1), "another path")
	assert.Equal(t, []int{200, 596, 596, 200}, statuses("/nodes/a1/qemu/100/config", 4))
	remove()

	fake.Inject(proxmoxtest.Fault{Pattern: "/nodes/a1/**", Status: 599})
	fake.Inject(proxmoxtest.Fault{Pattern: "POST /nodes/a2/**", Status: 598})
	assert.Equal(t, 599, c.get("/nodes/a1/status").status)
	assert.Equal(t, 200, c.get("/nodes/a2/status").status)
	assert.Equal(t, 200, c.get("/nodes").status)
	fake.ClearFaults()
	assert.Equal(t, 200, c.get("/nodes/a1/status").status)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three("8.2.4"), nil)
	c := start(t, fake)
	fake.After("GET /cluster/resources", 1, func(e *proxmoxtest.Estate) { e.Guest(100).Node = "a2" })
	fake.After("", 3, func(e *proxmoxtest.Estate) {
		e.RemoveGuest(200)
		fake.SetCredentials()
	})
	before := row(data[[]object](c, "/cluster/resources?type=vm"), "vmid", 100.0)
	assert.Equal(t, "a1", before["node"], "the answer shows the estate before the event")
	assert.Equal(t, "Configuration file 'nodes/a1/qemu-server/100.conf' does not exist", c.get("/nodes/a1/qemu/100/config").text)
	assert.Equal(t, 200, c.get("/nodes/a2/qemu/100/config").status)
	assert.Equal(t, 401, c.get("/version").status)
	assert.Nil(t, fake.Estate().Guest(200))
}

func TestUpdateFillsDefaults(t *testing.T) {
	t.Parallel()
	estate := three("")
	fake := proxmoxtest.New(estate, nil)
	fake.Update(func(e *proxmoxtest.Estate) {
		e.Guests = append(e.Guests, &proxmoxtest.Guest{VMID: 400, Pool: "fresh"})
	})
	c := start(t, fake)
	assert.Equal(t, 200, c.get("/nodes/a1/qemu/400/config").status)
	assert.NotNil(t, row(data[[]object](c, "/pools"), "poolid", "fresh"))
	assert.Equal(t, proxmoxtest.StatusRunning, fake.Estate().Guest(400).Status)
	assert.Nil(t, estate.Guest(400), "the server works on a copy")
	assert.Empty(t, estate.Guest(100).Status)
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three(""), &proxmoxtest.Options{LogLimit: 3})
	c := start(t, fake)
	c.get("/nodes/a1/qemu/100/config?current=1")
	c.get("/nodes/a1/qemu/101/config")
	c.get("/no/such")
	c.get("/version")
	requests := fake.Requests()
	require.Len(t, requests, 3)
	first := requests[0]
	assert.Equal(t, proxmoxtest.Request{
		Number: 2, Time: first.Time, Method: "GET", Path: "/nodes/a1/qemu/101/config", Route: "/nodes/{node}/qemu/{vmid}/config",
		Status: 500, Reason: "Configuration file 'nodes/a1/qemu-server/101.conf' does not exist", Credential: proxmoxtest.DefaultTokenID,
	}, first)
	assert.Equal(t, map[string]int{"GET /nodes/{node}/qemu/{vmid}/config": 2, "GET /no/such": 1, "GET /version": 1}, fake.Counts())
	fake.ResetRequests()
	assert.Empty(t, fake.Requests())
	assert.Empty(t, fake.Counts())
	c.get("/version?x=1")
	assert.Equal(t, 1, fake.Requests()[0].Number)
	assert.Equal(t, "x=1", fake.Requests()[0].Query)
}

// TestWorkers sends six agent calls to one node at once: three workers serve them in two rounds of 80 ms, whereas
// configurations need no worker.
func TestWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := proxmoxtest.New(three(""), &proxmoxtest.Options{LatencyScale: 1})
		together := func(path string) time.Duration {
			began := time.Now()
			var group stdsync.WaitGroup
			for range 6 {
				group.Go(func() {
					r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, proxmoxtest.BasePath+path, http.NoBody)
					r.Header.Set("Authorization", "PVEAPIToken="+proxmoxtest.DefaultTokenID+"="+proxmoxtest.DefaultTokenSecret)
					answer := httptest.NewRecorder()
					fake.ServeHTTP(answer, r)
					assert.Equal(t, http.StatusOK, answer.Code)
				})
			}
			group.Wait()
			return time.Since(began)
		}
		assert.Equal(t, 160*time.Millisecond, together("/nodes/a1/qemu/100/agent/get-host-name"))
		assert.Equal(t, proxmoxtest.NodeLoad{Requests: 6, Protected: 6}, fake.Load()["a1"])
		assert.Equal(t, 15*time.Millisecond, together("/nodes/a2/qemu/101/config"))
		assert.Equal(t, proxmoxtest.NodeLoad{Requests: 6}, fake.Load()["a2"])
	})
}

func TestLatencyScale(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three(""), &proxmoxtest.Options{LatencyScale: 0.02})
	c := start(t, fake)
	for path, least := range map[string]time.Duration{
		"/nodes/a2/qemu/101/agent/network-get-interfaces": 60 * time.Millisecond,
		"/nodes/a1/qemu/103/agent/network-get-interfaces": 160 * time.Millisecond,
		"/nodes/down/status":                              60 * time.Millisecond,
		"/nodes/hung/status":                              600 * time.Millisecond,
	} {
		began := time.Now()
		c.get(path)
		assert.GreaterOrEqual(t, time.Since(began), least, path)
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(three(""), nil)
	for path, want := range map[string]time.Duration{
		"/version":                            5 * time.Millisecond,
		"/nodes/a2/qemu/101/config?current=1": 15 * time.Millisecond,
		"/nodes/a2/qemu/101/agent/network-get-interfaces": 3 * time.Second,
		"/nodes/a1/qemu/103/agent/network-get-interfaces": 8 * time.Second,
		"/nodes/hung/status":                              30 * time.Second,
	} {
		assert.Equal(t, want, fake.Cost(path), path)
	}
	assert.Empty(t, fake.Requests())
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Name: "alpha", Guests: 200}), nil)
	c := start(t, fake)
	var group stdsync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for range 5 {
				_, _ = c.do("GET", "/cluster/resources", "")
				_, _ = c.do("GET", "/nodes/alpha-n1/network", "")
				fake.Update(func(e *proxmoxtest.Estate) { e.Drift(uint64(n), 0.1) })
				fake.After("", 1, func(e *proxmoxtest.Estate) { e.Nodes[0].Interfaces[0].Name = "eno9" })
				fake.Inject(proxmoxtest.Fault{Pattern: "/version"})()
				_, _, _, _ = fake.Requests(), fake.Counts(), fake.Estate(), fake.Load()
			}
		})
	}
	group.Wait()
	assert.Empty(t, fake.Violations())
}
