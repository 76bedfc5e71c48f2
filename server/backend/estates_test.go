package backend_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

// estates are the estates written by hand, each a source of one engine before a NetBox.
type estates struct {
	t       *testing.T
	box     *box
	sources []string // their names, in order
	fakes   map[string]*proxmoxtest.Server
	config  backend.Config
}

// newEstates serves the estates of those names, beta as if it were well, and puts into NetBox the VLANs that they use,
// but for VLAN 35.
func newEstates(t *testing.T, b *box, names ...string) *estates {
	t.Helper()
	e := &estates{t: t, box: b, sources: names, fakes: map[string]*proxmoxtest.Server{}}
	e.config.NetBox = backend.NetBox{URL: b.URL, Token: b.Token}
	for _, name := range names {
		fake, endpoint := serve(t, name)
		e.fakes[name] = fake
		e.config.Proxmox = append(e.config.Proxmox, endpoint)
	}
	vlans := map[string][]int{
		"alpha": {10, 20, 30, 31, 32, 33, 34, 36, 37, 38, 39, 40, 300},
		"beta":  {10, 20},
		"pve":   {35, 50}, // one that alpha lacks: no other site's VLAN is taken
	}
	for _, cluster := range slices.Sorted(maps.Keys(vlans)) {
		id := b.create("/api/dcim/sites/", map[string]any{"name": "Proxmox Default Site - " + cluster, "slug": "proxmox-default-site-" + cluster})
		for _, vid := range vlans[cluster] {
			b.create("/api/ipam/vlans/", map[string]any{"vid": vid, "name": fmt.Sprint("VLAN ", vid), "site": id})
		}
	}
	return e
}

// serve serves one of the estates, with its credential.
func serve(t *testing.T, name string) (*proxmoxtest.Server, backend.Proxmox) {
	t.Helper()
	endpoint := backend.Proxmox{Name: name, Insecure: true, Token: proxmoxtest.DefaultTokenID + "=" + proxmoxtest.DefaultTokenSecret}
	var fake *proxmoxtest.Server
	switch name {
	case "alpha":
		fake = proxmoxtest.New(proxmoxtest.Alpha(), with(proxmoxtest.AlphaCredential()))
	case "beta":
		fake = proxmoxtest.New(proxmoxtest.Beta(), nil)
		fake.Update(func(e *proxmoxtest.Estate) {
			for _, node := range e.Nodes {
				node.State, node.RowsExpired = proxmoxtest.NodeOnline, false
			}
		})
	case "gamma":
		credential := proxmoxtest.GammaCredential()
		fake = proxmoxtest.New(proxmoxtest.Gamma(), with(credential))
		endpoint.Token, endpoint.Username, endpoint.Password = "", credential.ID, credential.Secret
	}
	server := httptest.NewTLSServer(fake)
	t.Cleanup(server.Close)
	endpoint.URLs = []string{server.URL}
	return fake, endpoint
}

func with(credentials ...proxmoxtest.Credential) *proxmoxtest.Options {
	return &proxmoxtest.Options{Credentials: credentials}
}

// run runs once, with a new engine, and the stream of its events checked.
func (e *estates) run() (*sync.Result, error) {
	e.t.Helper()
	engine, err := backend.New(e.config, nil)
	require.NoError(e.t, err)
	var recorder enginetest.Recorder
	result, err := engine.Run(context.Background(), &sync.RunOptions{Observe: recorder.Observe})
	require.NoError(e.t, recorder.Check())
	for name, fake := range e.fakes {
		assert.Empty(e.t, fake.Violations(), "%s is only read", name)
	}
	return result, err
}

func (e *estates) dump() {
	r, err := e.run()
	fmt.Println(err, r.OK, r.Error, r.Failures)
	for _, s := range r.Skipped {
		fmt.Println("TOLD", s)
	}
	fmt.Println(len(rows(e.box)))
}

func TestEstatesDump(t *testing.T) {
	e := newEstates(t, fakeBox(t), "alpha", "beta", "gamma")
	e.dump()
	p := pictureOf(e.box)
	for _, w := range []*site{wantAlpha(), wantBeta(false), wantGamma(false)} {
		for key, g := range w.guests {
			delete(p.guests[key].Custom, "proxbox_uuid")
			assert.Equal(t, g, p.guests[key], key)
		}
		for key, g := range w.nodes {
			assert.Equal(t, g, p.nodes[key], key)
		}
	}
}
