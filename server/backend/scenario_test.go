package backend_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

// What is tested here runs against the fake NetBox and, as a live test, against the real one, so that they cannot drift
// apart.

// lab is a generated cluster and the engine between it and a NetBox.
type lab struct {
	estate  *proxmoxtest.Estate
	cluster *proxmoxtest.Server
	engine  *sync.Engine
}

func newLab(t *testing.T, b *box, guests int) *lab {
	t.Helper()
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 7, Name: "lab", Nodes: 5, Guests: guests})
	l := &lab{estate: estate, cluster: proxmoxtest.New(estate, nil)}
	server := httptest.NewTLSServer(l.cluster)
	t.Cleanup(server.Close)
	id, secret := l.cluster.Token()
	var err error
	l.engine, err = backend.New(backend.Config{
		NetBox:  backend.NetBox{URL: b.URL, Token: b.Token},
		Proxmox: []backend.Proxmox{{Name: "lab", URLs: []string{server.URL}, Token: id + "=" + secret, Insecure: true}},
	}, nil)
	require.NoError(t, err)
	return l
}

// run runs the engine once, with the stream of its events checked.
func (l *lab) run(t *testing.T) (*sync.Result, error) {
	t.Helper()
	var recorder enginetest.Recorder
	result, err := l.engine.Run(t.Context(), &sync.RunOptions{Observe: recorder.Observe})
	require.NoError(t, recorder.Check())
	assert.Empty(t, l.cluster.Violations(), "Proxmox VE is only read")
	return result, err
}

// writesNothing runs once more and checks that it changes nothing in NetBox.
func (l *lab) writesNothing(t *testing.T, b *box) {
	t.Helper()
	before := b.changes()
	b.resetCount()
	result, err := l.run(t)
	require.NoError(t, err)
	byMethod, total := b.counted()
	assert.Equal(t, map[string]int{http.MethodGet: total}, byMethod, "only reads")
	assert.Equal(t, before, b.changes(), "no new row in the change log")
	for kind, c := range result.Objects {
		assert.Zero(t, c.Written()+c.Failed, "%s", kind)
	}
	t.Logf("unchanged run: %d requests, all GET; 0 rows in the change log", total)
}

// estateLands syncs a generated estate, lets it drift and syncs again, and compares every field with what the generator
// says.
func estateLands(t *testing.T, newBox func(*testing.T) *box, guests int) {
	noLeaks(t)
	b := newBox(t)
	l := newLab(t, b, guests)
	start := time.Now()
	result, err := l.run(t)
	require.NoError(t, err)
	require.True(t, result.OK)
	byMethod, total := b.counted()
	t.Logf("first run: %v, %d requests %v, %.3f for each guest", time.Since(start).Round(time.Millisecond), total, byMethod, float64(total)/float64(guests))
	for kind, c := range result.Objects {
		t.Logf("%-22s %+v", kind, c)
	}
	for kind, c := range result.Children {
		t.Logf("%-22s %+v", kind, c)
	}
	assert.LessOrEqual(t, float64(total)/float64(guests), 0.3, "requests to NetBox for each guest")

	want, have := expect(l.estate), found(b, "lab")
	require.Len(t, have, len(want))
	for vmid, m := range want {
		assert.Equal(t, m, have[vmid], "guest %d", vmid)
	}
	assert.Equal(t, expectNodes(l.estate), foundNodes(b, "lab"))
	l.writesNothing(t, b)
	l.drifts(t, b)
	l.writesNothing(t, b)
}

// drifts lets 5 % of the guests change, and compares after the next run. Who has a name or an address that several guests
// have depends on who had it before: those are compared without.
func (l *lab) drifts(t *testing.T, b *box) {
	before := l.estate.Clone()
	var changes []proxmoxtest.Change
	l.cluster.Update(func(e *proxmoxtest.Estate) { changes = e.Drift(5, 0.05) })
	l.estate = l.cluster.Estate()
	start := time.Now()
	b.resetCount()
	result, err := l.run(t)
	require.NoError(t, err)
	byMethod, total := b.counted()
	t.Logf("%d guests changed: %v, %d requests %v, %+v", len(changes), time.Since(start).Round(time.Millisecond), total, byMethod,
		result.Objects["virtual-machine"])
	contested := contested(before, l.estate)
	want, have := expect(l.estate), found(b, "lab")
	compared := 0
	for vmid, m := range want {
		if !contested[vmid] {
			compared++
			assert.Equal(t, m, have[vmid], "guest %d", vmid)
		}
	}
	assert.Greater(t, compared, len(want)*9/10)
	gone := 0
	for _, c := range changes {
		if c.Kind == proxmoxtest.ChangeDelete {
			gone++
			assert.Contains(t, have, c.VMID, "it is kept")
		}
	}
	assert.Len(t, have, len(want)+gone)
}

// contested returns the guests that share a name or an address with another, before or after.
func contested(estates ...*proxmoxtest.Estate) map[int]bool {
	names, addresses := map[string]map[int]bool{}, map[string]map[int]bool{}
	note := func(in map[string]map[int]bool, what string, vmid int) {
		if in[what] == nil {
			in[what] = map[int]bool{}
		}
		in[what][vmid] = true
	}
	for _, e := range estates {
		for _, g := range e.Guests {
			note(names, strings.ToLower(expectName(g, map[string]bool{})), g.VMID)
			for _, nic := range g.NICs {
				for _, p := range nic.Addresses {
					note(addresses, p.Addr().String(), g.VMID)
				}
			}
		}
	}
	shared := map[int]bool{}
	for _, in := range []map[string]map[int]bool{names, addresses} {
		for _, guests := range in {
			if len(guests) > 1 {
				maps.Copy(shared, guests)
			}
		}
	}
	return shared
}

// rejectedGuestFailsAlone has NetBox refuse one guest.
func rejectedGuestFailsAlone(t *testing.T, newBox func(*testing.T) *box) {
	noLeaks(t)
	b := newBox(t)
	l := newLab(t, b, 60)
	bad := l.estate.Guests[30]
	b.forbid(bad.Name)
	result, err := l.run(t)
	var partial *sync.PartialError
	require.ErrorAs(t, err, &partial)
	require.Len(t, partial.Failures, 1)
	t.Logf("%v", partial.Failures[0])
	assert.Equal(t, bad.Name, partial.Failures[0].Label)
	assert.Contains(t, partial.Failures[0].Error(), "name: ", "NetBox's own reason")
	assert.False(t, result.OK)
	assert.Equal(t, 1, result.Objects["virtual-machine"].Failed)

	want, have := expect(l.estate), found(b, "lab")
	assert.NotContains(t, have, bad.VMID)
	delete(want, bad.VMID)
	require.Len(t, have, len(want))
	for vmid, m := range want {
		if m.Name != have[vmid].Name || len(m.Interfaces) != len(have[vmid].Interfaces) || len(m.Disks) != len(have[vmid].Disks) {
			assert.Equal(t, m, have[vmid], "guest %d", vmid) // an address of the refused guest may be on another one now
		}
	}
}

// netBoxStops takes NetBox away in the middle of a run and brings it back.
func netBoxStops(t *testing.T, newBox func(*testing.T) *box) {
	noLeaks(t)
	b := newBox(t)
	l := newLab(t, b, 120)
	b.mu.Lock()
	b.onWrite = func(n int) {
		if n == 16 { // the shared objects and the devices are written, the first guests are on their way
			b.stop()
		}
	}
	b.mu.Unlock()
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	result, err := l.engine.Run(ctx, nil)
	took := time.Since(start)
	require.ErrorIs(t, err, sync.ErrUnavailable)
	t.Logf("after %v: %v", took.Round(time.Millisecond), err)
	assert.Less(t, took, time.Minute, "no hang")
	assert.False(t, result.OK)
	assert.NotEmpty(t, result.Error)
	assert.NotZero(t, result.Unreached)

	b.mu.Lock()
	b.onWrite = nil
	b.mu.Unlock()
	b.start()
	_, err = l.run(t)
	require.NoError(t, err)
	want, have := expect(l.estate), found(b, "lab")
	require.Len(t, have, len(want))
	for vmid, m := range want {
		assert.Equal(t, m, have[vmid], "guest %d", vmid)
	}
	assert.Equal(t, expectNodes(l.estate), foundNodes(b, "lab"))
	l.writesNothing(t, b)
}

func TestEstateLands(t *testing.T)             { estateLands(t, fakeBox, 1000) }
func TestRejectedGuestFailsAlone(t *testing.T) { rejectedGuestFailsAlone(t, fakeBox) }
func TestNetBoxStops(t *testing.T)             { netBoxStops(t, fakeBox) }
func TestLiveEstateLands(t *testing.T)         { estateLands(t, realBox, 1000) }
func TestLiveRejectedGuestFailsAlone(t *testing.T) {
	rejectedGuestFailsAlone(t, realBox)
}
func TestLiveNetBoxStops(t *testing.T) { netBoxStops(t, realBox) }
