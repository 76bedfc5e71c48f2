package backend_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
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
	uuids   map[string]string // of the guests, as the estates say at first: by "alpha 100"
	hosts   []string          // addresses of the fakes, and the names of their sources, in turn
}

// newEstates serves the estates of those names, beta as if it were well, and puts into NetBox the VLANs that they use,
// but for VLAN 35.
func newEstates(t *testing.T, b *box, names ...string) *estates {
	t.Helper()
	e := &estates{t: t, box: b, sources: names, fakes: map[string]*proxmoxtest.Server{}, uuids: map[string]string{}}
	e.config.NetBox = backend.NetBox{URL: b.URL, Token: b.Token}
	for _, name := range names {
		fake, endpoint := serve(t, name)
		e.fakes[name] = fake
		e.config.Proxmox = append(e.config.Proxmox, endpoint)
		e.called(name, endpoint.URLs[0])
		for _, g := range fake.Estate().Guests {
			e.uuids[fmt.Sprint(name, " ", g.VMID)] = g.UUID
		}
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

// called notes that what is told of an address speaks of that name.
func (e *estates) called(name, address string) {
	u, err := url.Parse(address)
	require.NoError(e.t, err)
	e.hosts = append(e.hosts, u.Host, name)
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
	server := httptest.NewUnstartedServer(fake)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are no news
	server.StartTLS()
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

// told returns what a run left alone and why, and what failed, sorted and without the addresses of this test.
func (e *estates) told(result *sync.Result) []string {
	list := slices.Clone(result.Skipped)
	for _, failure := range result.Failures {
		list = append(list, "failed: "+failure.Error())
	}
	clean := strings.NewReplacer(e.hosts...)
	refused := regexp.MustCompile(`VM\.Monitor on /vms/\d+`) // the guest that was asked first, whichever that was
	for i := range list {
		list[i] = refused.ReplaceAllString(clean.Replace(list[i]), "VM.Monitor on /vms/N")
	}
	slices.Sort(list)
	return list
}

// want joins what is expected of the sources.
func (e *estates) want(sites ...*site) picture {
	all := newPicture()
	for _, s := range sites {
		maps.Copy(all.clusters, s.clusters)
		maps.Copy(all.nodes, s.nodes)
		maps.Copy(all.guests, s.guests)
		maps.Copy(all.tags, s.tags)
	}
	for key, uuid := range e.uuids {
		if g := all.guests[key]; g != nil && uuid != "" && g.Custom["proxbox_uuid"] == "" {
			g.Custom["proxbox_uuid"] = uuid
		}
	}
	return all.onRelease(e.box.minor())
}

// holds compares all that NetBox has of the sources with what is expected, one by one.
func (e *estates) holds(want picture) {
	e.t.Helper()
	have := pictureOf(e.box)
	assert.Equal(e.t, want.clusters, have.clusters)
	assert.Equal(e.t, want.tags, have.tags)
	assert.Equal(e.t, slices.Sorted(maps.Keys(want.nodes)), slices.Sorted(maps.Keys(have.nodes)))
	for key, node := range want.nodes {
		assert.Equal(e.t, node, have.nodes[key], "node %s", key)
	}
	assert.Equal(e.t, slices.Sorted(maps.Keys(want.guests)), slices.Sorted(maps.Keys(have.guests)))
	for key, guest := range want.guests {
		assert.Equal(e.t, guest, have.guests[key], "guest %s", key)
	}
}

// writesNothing runs once more: nothing but reads reaches NetBox, its change log has no new row, and the same is told.
func (e *estates) writesNothing(told []string) {
	e.t.Helper()
	before, changes := rows(e.box), e.box.changes()
	e.box.resetCount()
	result, err := e.run()
	require.NoError(e.t, err)
	assert.True(e.t, result.OK)
	byMethod, total := e.box.counted()
	assert.Equal(e.t, map[string]int{http.MethodGet: total}, byMethod)
	assert.Equal(e.t, changes, e.box.changes(), "rows in the change log")
	assert.Empty(e.t, differing(before, rows(e.box)))
	assert.Equal(e.t, told, e.told(result))
}

// trouble lets beta's nodes be as they are, and its guests move and go while they are read; two guests of nodes that
// answer change.
func (e *estates) trouble() {
	fake := e.fakes["beta"]
	fake.Update(func(now *proxmoxtest.Estate) {
		for _, node := range proxmoxtest.Beta().Nodes {
			now.Node(node.Name).State, now.Node(node.Name).RowsExpired = node.State, node.RowsExpired
		}
		now.Guest(154).Memory, now.Guest(160).Memory = 2<<30, 8<<30
	})
	fake.SetCredentials(proxmoxtest.BetaCredential())
	proxmoxtest.BetaEvents(fake)
}

// estatesLand syncs the three estates while all is well, and then as they are.
func estatesLand(t *testing.T, b *box) {
	e := newEstates(t, b, "alpha", "beta", "gamma")
	result, err := e.run()
	require.NoError(t, err)
	assert.True(t, result.OK)
	assert.Equal(t, toldOfAll(), e.told(result))
	e.holds(e.want(wantAlpha(), wantBeta(false), wantGamma(false)))
	e.writesNothing(toldOfAll())

	e.trouble()
	before := rows(b)
	result, err = e.run()
	require.NoError(t, err)
	assert.True(t, result.OK)
	assert.Equal(t, toldOfTroubled(false), e.told(result))
	e.holds(e.want(wantAlpha(), wantBeta(false).troubled(), wantGamma(false)))
	assert.Equal(t, changedByTrouble(), differing(before, rows(b)), "what else there is stays to the last digit")
	e.writesNothing(toldOfTroubled(true))
}

func TestEstates(t *testing.T) {
	for _, version := range []string{"4.2", "4.3", "4.4", "4.5", "4.6", "4.7"} {
		t.Run(version, func(t *testing.T) { estatesLand(t, fakeBoxOf(t, version)) })
	}
}

func TestLiveEstates(t *testing.T) { estatesLand(t, realBox(t)) }
