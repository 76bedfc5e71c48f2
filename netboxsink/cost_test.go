package netboxsink_test

import (
	"fmt"
	"net/http"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// town returns an estate of so many guests with a NIC, an address and a disk each.
func town(guests int) *inventory.Inventory {
	inv := estate("lab")
	for i := range guests {
		host := fmt.Sprintf("10.0.%d.%d/16", i/250, i%250+2)
		inv.Guests = append(inv.Guests, qemu(101+i, fmt.Sprintf("vm%d", 101+i),
			nic("net0", fmt.Sprintf("BC:24:11:00:%02X:%02X", i/256, i%256), host), disk("scsi0", gib)))
	}
	return inv
}

// paths counts requests by method and path.
func (l *lab) paths() map[string]int {
	count := map[string]int{}
	for _, r := range l.netbox.Requests() {
		count[r.Method+" "+r.Path]++
	}
	return count
}

func TestFirstRunIsCheap(t *testing.T) {
	t.Parallel()
	const guests = 300
	l := newLab(t, town(guests))
	l.run()
	require.NotEmpty(t, l.netbox.Requests())
	assert.LessOrEqual(t, float64(len(l.netbox.Requests()))/guests, 0.3, "requests per guest: %v", l.paths())
}

func TestWhatIsMissingIsLookedUpOnce(t *testing.T) {
	t.Parallel()
	inv := town(1)
	inv.Guests[0].Tags = []string{"web", "Front End"}
	l := newLab(t, inv)
	l.run()
	assert.Equal(t, 3, l.paths()["GET /api/extras/tags/"], "ours, and those of the guest by name and by slug")
}

// TestNothingOfOthersIsReadWithoutOurFields: without the custom field NetBox takes the filter by it for none at all.
func TestNothingOfOthersIsReadWithoutOurFields(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	state, err := l.sink.Current(t.Context(), sync.Scope{Sources: []string{"lab"}})
	require.NoError(t, err)
	assert.Empty(t, state.Records)
	assert.Equal(t, map[string]int{"GET /api/status/": 1, "GET /api/extras/custom-fields/": 1, "GET /api/extras/tags/": 1}, l.paths())
}

func TestUnchangedEstateCostsItsReadsOnly(t *testing.T) {
	t.Parallel()
	const guests = 300
	l := newLab(t, town(guests))
	l.run()
	l.quiet()
	assert.Equal(t, map[string]int{
		"GET /api/status/":                               1,
		"GET /api/extras/custom-fields/":                 1,
		"GET /api/extras/tags/":                          1,
		"GET /api/dcim/device-roles/":                    1,
		"GET /api/dcim/devices/":                         1,
		"GET /api/dcim/interfaces/":                      1,
		"GET /api/virtualization/clusters/":              1,
		"GET /api/virtualization/virtual-machine-types/": 1,
		"GET /api/virtualization/virtual-machines/":      2, // the first hundred, and the rest
		"GET /api/virtualization/interfaces/":            1,
		"GET /api/virtualization/virtual-disks/":         1,
		"GET /api/ipam/ip-addresses/":                    1,
	}, l.paths())
}

func TestOneChangedGuestCostsOneWrite(t *testing.T) {
	t.Parallel()
	l := newLab(t, town(50))
	l.run()
	l.guest(110, func(g *inventory.Guest) { g.CPUs = 8 })
	l.netbox.ResetRequests()
	l.run()
	assert.Equal(t, 1, l.writes())
}

func TestReadsDoNotGrowWithWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	const guests = 300
	l := newLab(t, town(guests))
	machine, _ := l.stranger("vcenter")
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			port := l.person(interfaces, map[string]any{"virtual_machine": machine, "name": fmt.Sprintf("port%d", i)})
			l.person(addresses, map[string]any{
				"address":              fmt.Sprintf("172.%d.%d.%d/12", 16+i/62500, i/250%250, i%250+2),
				"assigned_object_type": "virtualization.vminterface", "assigned_object_id": port,
			})
		}
	}
	fill(0, 5_000)
	l.run()
	l.quiet()
	few := l.paths()
	assert.LessOrEqual(t, few["GET /api/virtualization/interfaces/"], 4)
	assert.LessOrEqual(t, few["GET /api/ipam/ip-addresses/"], 4)
	fill(5_000, 50_000)
	l.quiet()
	assert.Equal(t, few, l.paths(), "50,000 addresses of others cost no more than 5,000")
	for _, r := range l.netbox.Requests() {
		assert.LessOrEqual(t, len(r.Path)+1+len(r.Query.Encode()), 4000, "gunicorn takes request lines of 4094 bytes: %s", r.Path)
		assert.LessOrEqual(t, r.Items, 1000)
	}
}

func TestSmallPagesOfTheServerAreFollowed(t *testing.T) {
	t.Parallel()
	l := newLabWith(t, &netboxtest.Options{MaxPageSize: 7}, nil, town(60))
	l.run()
	assert.Len(t, l.column(machines, "id"), 60)
	l.quiet()
}

// turnstile counts how many requests are inside at once.
type turnstile struct {
	http.Handler
	mu           stdsync.Mutex
	inside, most map[bool]int // by whether they write
}

func (s *turnstile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	writes := r.Method != http.MethodGet
	s.mu.Lock()
	s.inside[writes]++
	s.most[writes] = max(s.most[writes], s.inside[writes])
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inside[writes]--
		s.mu.Unlock()
	}()
	s.Handler.ServeHTTP(w, r)
}

func TestRequestsInFlightAreBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		readers, flight       int
		wantReads, wantWrites int
	}{
		"by default": {0, 0, 4, 4},
		"as set":     {2, 3, 2, 3},
		"one":        {1, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			netbox, err := netboxtest.New(&netboxtest.Options{RequestLatency: 2 * time.Millisecond})
			require.NoError(t, err)
			gate := &turnstile{Handler: netbox, inside: map[bool]int{}, most: map[bool]int{}}
			sink, err := netboxsink.New(netboxURL, netboxtest.TokenV1, &netboxsink.Options{HTTPClient: serve(t, gate), Readers: c.readers})
			require.NoError(t, err)
			source := &source{name: "lab", inventory: town(150)}
			engine, err := sync.New(sink, []sync.Source{source}, &sync.Options{Flight: c.flight})
			require.NoError(t, err)
			for range 2 {
				_, err = engine.Run(t.Context(), nil)
				require.NoError(t, err)
			}
			assert.LessOrEqual(t, gate.most[false], c.wantReads, "reads")
			assert.LessOrEqual(t, gate.most[true], c.wantWrites, "writes")
		})
	}
}

func TestRequestsStaySmall(t *testing.T) {
	t.Parallel()
	l := newLab(t, town(300))
	l.run()
	require.NotEmpty(t, l.netbox.Requests())
	for _, r := range l.netbox.Requests() {
		assert.Less(t, len(r.Body), 1<<20, "Django takes bodies of 2.5 MB: %s %s", r.Method, r.Path)
	}
}
