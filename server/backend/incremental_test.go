package backend_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// direct hands requests to handlers by host, without a network: time is fake here.
type direct map[string]http.Handler

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	request := r.Clone(r.Context())
	request.RequestURI = r.URL.RequestURI()
	request.RemoteAddr = "192.0.2.1:1234"
	if request.Body == nil {
		request.Body = http.NoBody
	}
	d[r.URL.Host].ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// steady is a cluster and a NetBox, and the engines between them: one that lives on, and new ones that know nothing.
type steady struct {
	cluster *proxmoxtest.Server
	netbox  *netboxtest.Server
	engine  *sync.Engine
}

func newSteady(t *testing.T, seed uint64, guests int) *steady {
	t.Helper()
	netbox, err := netboxtest.New(nil)
	require.NoError(t, err)
	s := &steady{
		cluster: proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: seed, Name: "lab", Nodes: 3, Guests: guests}), nil),
		netbox:  netbox,
	}
	s.engine = s.newEngine(t)
	return s
}

func (s *steady) newEngine(t *testing.T, changes ...func(*backend.Config)) *sync.Engine {
	t.Helper()
	id, secret := s.cluster.Token()
	ends := direct{"pve:8006": s.cluster, "netbox": s.netbox}
	config := backend.Config{
		NetBox:  backend.NetBox{URL: "http://netbox", Token: netboxtest.TokenV2},
		Proxmox: []backend.Proxmox{{Name: "lab", URLs: []string{"https://pve:8006"}, Token: id + "=" + secret}},
	}
	for _, change := range changes {
		change(&config)
	}
	engine, err := backend.New(config, &backend.Options{WrapTransport: func(string, http.RoundTripper) http.RoundTripper { return ends }})
	require.NoError(t, err)
	return engine
}

// increment runs the engine that lives on, incrementally.
func (s *steady) increment(t *testing.T) *sync.Result {
	t.Helper()
	result, err := s.engine.Run(t.Context(), &sync.RunOptions{Scope: sync.Scope{Incremental: true}})
	require.NoError(t, err)
	return result
}

// TestIncrementalRunsComeToWhereFullOnesCome: random drift of the cluster, edits in NetBox, and incremental runs in
// between; once all ages have passed, a full run finds nothing to do.
func TestIncrementalRunsComeToWhereFullOnesCome(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSteady(t, seed, 40)
				s.increment(t)
				for step := range uint64(6) {
					s.cluster.Update(func(e *proxmoxtest.Estate) { e.Drift(seed*100+step, 0.1) })
					s.disturb(t, seed+step)
					time.Sleep(3 * time.Minute)
					s.increment(t)
				}
				for range 30 { // until each configuration was read anew
					time.Sleep(5 * time.Minute)
					s.increment(t)
				}
				before := len(s.netbox.Changes())
				plan, err := s.newEngine(t).Plan(t.Context(), nil)
				require.NoError(t, err)
				for _, c := range plan.Changes {
					assert.NotContains(t, []sync.Op{sync.Create, sync.Update, sync.Delete}, c.Op, "%s: %v", c.Key, c.Fields)
				}
				assert.Len(t, s.netbox.Changes(), before)
			})
		})
	}
}

// disturb edits what a run measures, as a person does who should not.
func (s *steady) disturb(t *testing.T, n uint64) {
	t.Helper()
	rows := s.netbox.Changes()
	for i := int(n*7) % 13; i < len(rows); i += 97 {
		if row := rows[i]; row.Type == "virtualization.virtualmachine" {
			_ = s.netbox.Edit("virtualization/virtual-machines", row.Object, map[string]any{"memory": 1, "comments": "mine"}) // it may be gone
		}
	}
}

func TestSteadyStateIsCheap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSteady(t, 1, 200)
		s.increment(t)
		time.Sleep(10 * time.Minute)
		s.increment(t)
		time.Sleep(time.Second)
		s.cluster.ResetRequests()
		s.netbox.ResetRequests()
		s.increment(t)
		assert.Len(t, s.netbox.Requests(), 2)
		assert.LessOrEqual(t, len(s.cluster.Requests()), 3+2, "and the share of a second")
	})
}

// TestAges: what an incremental run reads again for its age alone follows from the configuration.
func TestAges(t *testing.T) {
	t.Parallel()
	const guests = 40
	for name, tt := range map[string]struct {
		configs, addresses time.Duration
		all                string // the requests that are all sent again after 6 minutes
	}{
		"by default": {},
		"configs":    {5 * time.Minute, 0, "/config"},
		"addresses":  {0, 5 * time.Minute, "/agent/network-get-interfaces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSteady(t, 1, guests)
				s.engine = s.newEngine(t, func(c *backend.Config) {
					c.Proxmox[0].ConfigAge, c.Proxmox[0].AddressAge = tt.configs, tt.addresses
				})
				sent := func() map[string]int {
					s.cluster.ResetRequests()
					s.increment(t)
					count := map[string]int{}
					for _, r := range s.cluster.Requests() {
						for _, of := range []string{"/config", "/agent/network-get-interfaces"} {
							if strings.HasSuffix(r.Path, of) {
								count[of]++
							}
						}
					}
					return count
				}
				first := sent()
				require.NotEmpty(t, first)
				time.Sleep(6 * time.Minute)
				for of, n := range sent() {
					if of == tt.all {
						assert.GreaterOrEqual(t, n, first[of]*2/3, of) // agents that are silent are asked more rarely
					} else {
						assert.Less(t, n, first[of]*2/3, of)
					}
				}
			})
		})
	}
}

// silent answers nothing, until the request is given up.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestTimeout: a NetBox that does not answer is given up after the time that the configuration gives it.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		timeout time.Duration
		told    string
	}{
		"by default": {0, "within 2m0s"},
		"shorter":    {5 * time.Second, "within 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := config()
				c.NetBox.Timeout = tt.timeout
				engine, err := backend.New(c, &backend.Options{WrapTransport: func(string, http.RoundTripper) http.RoundTripper { return silent{} }})
				require.NoError(t, err)
				_, err = engine.Run(t.Context(), nil)
				assert.ErrorContains(t, err, "NetBox at https://netbox.example.com did not answer GET /api/status/ "+tt.told)
			})
		})
	}
}
