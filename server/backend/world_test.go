package backend_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// world is what a round of the convergence test plays in: clusters, a NetBox, a person at it, and the engine between
// them, which is made anew as often as its process would be.
type world struct {
	t       testing.TB
	seed    uint64
	live    bool
	version string
	gate    *gate
	person  *person
	token   string // of the engine
	netbox  string // its URL for the engine
	labs    []*converging
	mapping netboxsink.Mapping
	options sync.Options
	engine  *sync.Engine
	wires   map[string]http.RoundTripper // by source, that to NetBox by ""

	// stop and start take a real NetBox away and bring it back.
	stop, start func()

	calm     atomic.Bool // nothing is to drift by itself
	told     []string    // what was done so far
	lastRow  int         // of the change log
	now      snapshot    // NetBox as it was looked at last
	scope    sync.Scope  // of the run that is checked
	book     book
	late     bool // a write may have landed after it was sent again
	adopting bool // whatever has a guest's name may have been taken over
	taking   bool // free addresses may have been taken over
}

// converging is one cluster of a world.
type converging struct {
	name   string
	fake   *proxmoxtest.Server
	url    string
	secret string
}

func (w *world) tell(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

// failf ends the round, and tells all that led to it and how to see it again.
func (w *world) failf(format string, args ...any) {
	w.t.Helper()
	name := "TestConvergence"
	if w.live {
		name = "TestLiveConvergence"
	}
	w.t.Fatalf("%s\n\nNetBox %s, mapping %+v, engine %+v; what was done:\n  %s\n\nonce more: PROXBOX_TEST_SEED=%d go test -count=20 -run '^%s$' ./server/backend",
		fmt.Sprintf(format, args...), w.version, w.mapping, w.options, strings.Join(w.told, "\n  "), w.seed, name)
}

// random returns the source of the choices of one step: what a step does with it changes nothing for the next one.
func (w *world) random(step int) *rand.Rand { return rand.New(rand.NewPCG(w.seed, uint64(step))) }

// newWorld returns the world of a seed around a fake NetBox.
func newWorld(t testing.TB, seed uint64) *world {
	w := &world{t: t, seed: seed, wires: map[string]http.RoundTripper{}}
	r := w.random(-1)
	w.version = pick(r, "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.7")
	w.token = fmt.Sprintf("%040x", seed+1)
	fake, err := netboxtest.New(&netboxtest.Options{
		Version: w.version, MaxPageSize: pick(r, 1000, 1000, 7),
		Tokens: []netboxtest.Token{{Secret: w.token, User: "proxbox"}},
	})
	require.NoError(t, err)
	w.gate = newGate(fake)
	w.person = before(t, fake, netboxtest.TokenV1)
	w.netbox = "http://netbox.example.com"
	w.wires[""] = inMemory(t, w.gate)
	w.settle(r, 25, func(l *converging) {
		l.url = "https://" + l.name + ".example.com:8006"
		w.wires[l.name] = inMemory(t, l.fake)
	})
	return w
}

// newLiveWorld returns the world of a seed around a real NetBox.
func newLiveWorld(t testing.TB, seed uint64, b *box) *world {
	w := &world{t: t, seed: seed, live: true, version: "real", stop: b.stop, start: b.start}
	target, err := url.Parse(b.base)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	w.gate = newGate(proxy)
	server := httptest.NewServer(w.gate)
	t.Cleanup(server.Close)
	w.token, w.netbox = b.Token, server.URL
	w.person = &person{t: t, base: b.base, token: b.Token, send: http.DefaultClient.Do}
	w.settle(w.random(-1), 12, func(l *converging) {
		server := httptest.NewTLSServer(l.fake)
		t.Cleanup(server.Close)
		l.url = server.URL
	})
	return w
}

// settle makes the clusters, the mapping and the first engine.
func (w *world) settle(r *rand.Rand, guests int, connect func(*converging)) {
	alike := chance(r, 0.3) // the clusters have the name, the VMIDs and the addresses in common
	for i := range pick(r, 1, 1, 2) {
		spec := proxmoxtest.Spec{
			Seed: w.seed*10 + uint64(i), Name: fmt.Sprintf("pve%d", i), Nodes: 1 + r.IntN(4), Guests: r.IntN(pick(r, 8, guests) + 1),
			Version: pick(r, "7.4-20", "8.1.4", "8.4.1", "9.1.6"), Number: i + 1,
		}
		if alike {
			spec.Name, spec.Number = "pve", 1
		}
		spec.Standalone = spec.Nodes == 1 && chance(r, 0.5)
		l := &converging{name: fmt.Sprintf("lab%d", i)}
		l.fake = proxmoxtest.New(proxmoxtest.Generate(spec), &proxmoxtest.Options{RowSeed: w.seed})
		l.fake.Update(func(e *proxmoxtest.Estate) { grow(r, e) })
		id, secret := l.fake.Token()
		l.secret = id + "=" + secret
		connect(l)
		w.labs = append(w.labs, l)
		w.tell("cluster %s: %+v", l.name, spec)
	}
	if !w.live && chance(r, 0.5) || chance(r, 0.3) {
		w.remap(r)
	}
	w.options = sync.Options{Flight: pick(r, 1, 1, 4), Chunk: pick(r, 0, 1, 3, 10)}
	w.book = newBook()
	w.boot()
}

// boot makes a new engine.
func (w *world) boot() {
	w.t.Helper()
	config := backend.Config{NetBox: backend.NetBox{URL: w.netbox, Token: w.token}, Mapping: w.mapping}
	for _, l := range w.labs {
		config.Proxmox = append(config.Proxmox, backend.Proxmox{Name: l.name, URLs: []string{l.url}, Token: l.secret, Insecure: true})
	}
	o := &backend.Options{Sync: w.options}
	if w.wires != nil {
		o.WrapTransport = func(source string, _ http.RoundTripper) http.RoundTripper { return w.wires[source] }
	}
	var err error
	w.engine, err = backend.New(config, o)
	require.NoError(w.t, err)
	w.adopting = w.adopting || w.mapping.Adoption.Mode == "unowned-by-name"
	w.taking = w.taking || w.mapping.Addresses.Conflict == "take-if-unassigned"
}

// estates returns the clusters as they are, by source.
func (w *world) estates() map[string]*proxmoxtest.Estate {
	all := map[string]*proxmoxtest.Estate{}
	for _, l := range w.labs {
		all[l.name] = l.fake.Estate()
	}
	return all
}

// remap draws rules for the mapping.
func (w *world) remap(r *rand.Rand) {
	m := netboxsink.Mapping{}
	some := func(set func()) {
		if chance(r, 0.3) {
			set()
		}
	}
	some(func() {
		m.Deletion = netboxsink.DeletionOptions{
			Mode: pick(r, "mark", "delete", "delete"), Grace: pick(r, time.Minute, 24*time.Hour), Most: pick(r, 0, 1, 3), MostShare: pick(r, 0, 0.5, 1),
		}
	})
	some(func() { m.Adoption.Mode = pick(r, "never", "unowned-by-name") })
	some(func() { m.Objects.CreateVLANs = true })
	some(func() { m.Objects.Pools = pick(r, "tag", "tenant") })
	some(func() { m.Objects.Templates = "skip" })
	some(func() { m.Names.AgentInterfaces = true })
	some(func() { m.Addresses.Conflict = pick(r, "take-if-unassigned", "share") })
	some(func() { m.Filters.HideInterfaces = []string{"net1|eth1", "vmbr3"} })
	some(func() { m.Filters.Exclude = []netboxsink.GuestFilter{{Name: "web-.*"}, {Tag: "tag-05"}} })
	some(func() { m.Filters.DropAddresses = []string{"2001:db8::/32"} })
	some(func() {
		m.Placement.Missing = pick(r, "create", "create", "refuse")
		m.Placement.Site = []netboxsink.PlacementRule{{Node: ".*-n2", Value: "Berlin"}, {Value: "Hamburg"}}
	})
	some(func() {
		m.Placement.Missing = "create"
		m.Placement.VRF = []netboxsink.PlacementRule{{Pool: "pool-[1-3]", Value: "Blue"}}
		m.Placement.Tenant = []netboxsink.PlacementRule{{Tag: "tag-0[1-9]", Value: "Team Red"}}
		m.Placement.VLANGroup = []netboxsink.PlacementRule{{Value: "Lab VLANs"}}
	})
	some(func() {
		m.Ownership = netboxsink.OwnershipOptions{netboxsink.KindVirtualMachine: {"description": "never", "role": "create-only", "memory": "if-empty"}}
	})
	w.mapping = m
	w.tell("mapping: %+v", m)
}

func chance(r *rand.Rand, share float64) bool { return r.Float64() < share }

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
