package backend_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/internal/peer"
	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

const (
	netboxHost  = "netbox.example.com"
	proxmoxHost = "pve.example.com"
)

// faultLab is a small cluster and a NetBox, each on a wire in memory, and the engine between them. What is gone is
// deleted at once, so that whoever takes a fault for a deletion is found out.
type faultLab struct {
	t       *testing.T
	cluster *proxmoxtest.Server
	netbox  *netboxtest.Server
	box     *box
	ends    map[string]*end
	// engine is what is put to the test; plain is another one, which does its work in few requests.
	engine, plain *sync.Engine
}

// end is one of the two, as the engine's requests go to it.
type end struct {
	wire       *wire
	transports []*http.Transport

	mu     stdsync.Mutex
	onSend func(n int, r *http.Request) // called before the n-th request is sent
	sent   int
}

// The ends.
const (
	atNetBox  = "NetBox"
	atProxmox = "Proxmox VE"
)

// inBubble runs a test with a lab of its own where waiting costs no time. A goroutine that is left at its end fails it.
func inBubble(t *testing.T, estate *proxmoxtest.Estate, o *backend.Options, netbox *netboxtest.Options, test func(t *testing.T, l *faultLab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(time.Minute) }) // until kept connections are given up
		test(t, newFaultLab(t, estate, o, netbox))
	})
}

func newFaultLab(t *testing.T, estate *proxmoxtest.Estate, o *backend.Options, netbox *netboxtest.Options) *faultLab {
	t.Helper()
	l := &faultLab{t: t, cluster: proxmoxtest.New(estate, nil), ends: map[string]*end{}}
	var err error
	l.netbox, err = netboxtest.New(netbox)
	require.NoError(t, err)
	l.ends[atNetBox], l.ends[atProxmox] = &end{wire: newWire(t, l.netbox)}, &end{wire: newWire(t, l.cluster)}
	l.box = &box{t: t, base: "https://" + netboxHost, Token: netboxtest.TokenV2, client: &http.Client{Transport: byHand{l.netbox}}}
	if netbox != nil && netbox.Version != "" && netbox.Version < "4.5" {
		l.box.Token = netboxtest.TokenV1
	}
	l.plain = l.newEngine(nil)
	if o == nil {
		o = &backend.Options{Sync: sync.Options{Chunk: 2, Flight: 1}}
	}
	l.engine = l.newEngine(o)
	return l
}

func (l *faultLab) newEngine(o *backend.Options) *sync.Engine {
	l.t.Helper()
	options := backend.Options{}
	if o != nil {
		options = *o
	}
	options.WrapTransport = l.wrap
	id, secret := l.cluster.Token()
	engine, err := backend.New(backend.Config{
		NetBox: backend.NetBox{URL: l.box.base, Token: l.box.Token},
		Proxmox: []backend.Proxmox{{
			Name: "lab", URLs: []string{"https://" + proxmoxHost}, Token: id + "=" + secret,
			Fingerprint: peer.Fingerprint(certificates()[0].Leaf),
		}},
		Mapping: netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete", Grace: 1, Most: 1000, MostShare: 1}},
	}, &options)
	require.NoError(l.t, err)
	return engine
}

// sender is how an engine's requests come to an end.
type sender struct {
	*end
	reads, writes *http.Transport
}

// wrap puts the wires under both ends.
func (l *faultLab) wrap(source string, next http.RoundTripper) http.RoundTripper {
	if source == "" {
		e := l.ends[atNetBox]
		roots := x509.NewCertPool()
		roots.AddCert(certificates()[0].Leaf)
		reads := &http.Transport{
			DialContext: e.wire.dial, TLSClientConfig: &tls.Config{RootCAs: roots, CurvePreferences: fast}, IdleConnTimeout: time.Second,
		}
		writes := reads.Clone()
		writes.DisableKeepAlives = true // as the sink's own do
		return e.sender(reads, writes)
	}
	e := l.ends[atProxmox]
	base := next.(*http.Transport)
	base.Proxy, base.DialContext = nil, e.wire.dial
	base.TLSClientConfig.CurvePreferences = fast
	return e.sender(base, base)
}

func (e *end) sender(reads, writes *http.Transport) sender {
	e.transports = append(e.transports, reads, writes)
	return sender{e, reads, writes}
}

// RoundTrip implements [http.RoundTripper].
func (s sender) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.sent++
	n, onSend := s.sent, s.onSend
	s.mu.Unlock()
	if onSend != nil {
		onSend(n, r)
	}
	if r.Method == http.MethodGet {
		return s.reads.RoundTrip(r)
	}
	return s.writes.RoundTrip(r)
}

// watch calls f before each request that is sent from now on, the first is 1.
func (e *end) watch(f func(n int, r *http.Request)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent, e.onSend = 0, f
}

// restart makes the server end each connection with its next answer, if not at once.
func (e *end) restart() {
	for _, t := range e.transports {
		t.CloseIdleConnections()
	}
	e.wire.server.SetKeepAlivesEnabled(false)
}

// heal takes all faults back.
func (l *faultLab) heal() {
	l.cluster.ClearFaults()
	l.netbox.ClearFaults()
	for _, e := range l.ends {
		e.watch(nil)
		e.wire.refusals.Store(0)
		e.wire.certificate.Store(certificates()[0])
		e.wire.server.SetKeepAlivesEnabled(true)
	}
}

// byHand hands requests to a handler, past any network.
type byHand struct{ handler http.Handler }

func (h byHand) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// run runs once, with the stream of its events checked, and tells how long it took.
func (l *faultLab) run(ctx context.Context) (*sync.Result, time.Duration, error) {
	l.t.Helper()
	var recorder enginetest.Recorder
	start := time.Now()
	result, err := l.engine.Run(ctx, &sync.RunOptions{Observe: recorder.Observe})
	took := time.Since(start)
	require.NoError(l.t, recorder.Check())
	assert.Empty(l.t, l.cluster.Violations(), "Proxmox VE is only read")
	return result, took, err
}

// lands runs once without a fault, and asserts that NetBox is as the estate says.
func (l *faultLab) lands() {
	l.t.Helper()
	_, err := l.plain.Run(l.t.Context(), nil)
	require.NoError(l.t, err)
	l.complete()
}

// complete asserts that NetBox is as the estate says, with nothing beside.
func (l *faultLab) complete() {
	l.t.Helper()
	estate := l.cluster.Estate()
	require.Equal(l.t, expect(estate), found(l.box, "lab"))
	require.Equal(l.t, expectNodes(estate), foundNodes(l.box, "lab"))
	require.Equal(l.t, wantedRows(estate), l.rows())
}

// quiet runs once more, and asserts that nothing is written.
func (l *faultLab) quiet() {
	l.t.Helper()
	l.netbox.ResetRequests()
	before := len(l.netbox.Changes())
	result, err := l.plain.Run(l.t.Context(), nil)
	require.NoError(l.t, err)
	for kind, c := range result.Objects {
		assert.Zero(l.t, c.Written()+c.Failed, "%s", kind)
	}
	for _, r := range l.netbox.Requests() {
		assert.Equal(l.t, http.MethodGet, r.Method, "%s %s", r.Path, r.Body)
	}
	assert.Len(l.t, l.netbox.Changes(), before, "rows in the change log")
}

// rows counts what stands in NetBox and could be there twice.
func (l *faultLab) rows() map[string]int {
	l.t.Helper()
	count := map[string]int{}
	for _, path := range []string{
		"virtualization/clusters", "dcim/devices", "dcim/interfaces", "dcim/mac-addresses", "virtualization/virtual-machines",
		"virtualization/interfaces", "virtualization/virtual-disks", "ipam/ip-addresses",
	} {
		objects, err := l.netbox.Objects(path)
		require.NoError(l.t, err)
		count[path] = len(objects)
	}
	return count
}

// wantedRows counts what must stand in NetBox, as rows does.
func wantedRows(e *proxmoxtest.Estate) map[string]int {
	count := map[string]int{"virtualization/clusters": 1, "dcim/devices": len(e.Nodes), "virtualization/virtual-machines": len(e.Guests)}
	for _, n := range expectNodes(e) {
		count["dcim/interfaces"] += len(n.Interfaces)
		for _, i := range n.Interfaces {
			count["ipam/ip-addresses"] += len(i.Addresses)
		}
	}
	count["dcim/mac-addresses"] = 0
	for _, m := range expect(e) {
		count["virtualization/interfaces"] += len(m.Interfaces)
		count["virtualization/virtual-disks"] += len(m.Disks)
		for _, i := range m.Interfaces {
			count["ipam/ip-addresses"] += len(i.Addresses)
			if i.MAC != "" {
				count["dcim/mac-addresses"]++
			}
		}
	}
	return count
}

// hamlet is a cluster of two nodes with two machines and a container on each.
func hamlet() *proxmoxtest.Estate {
	e := &proxmoxtest.Estate{Cluster: "lab", Version: "9.1.6", Nodes: []*proxmoxtest.Node{{Name: "n1", Address: "203.0.113.1"}, {Name: "n2", Address: "203.0.113.2"}}}
	for i := range 4 {
		e.Guests = append(e.Guests, machine(101+i, e.Nodes[i%2].Name))
	}
	for i := range 2 {
		e.Guests = append(e.Guests, container(201+i, e.Nodes[i].Name))
	}
	return e
}

// town is a cluster of nodes with as many machines on each.
func town(nodes, machines int) *proxmoxtest.Estate {
	e := &proxmoxtest.Estate{Cluster: "lab", Version: "9.1.6"}
	for n := range nodes {
		e.Nodes = append(e.Nodes, &proxmoxtest.Node{Name: fmt.Sprintf("n%d", n+1), Address: fmt.Sprintf("203.0.113.%d", n+1)})
	}
	for i := range nodes * machines {
		e.Guests = append(e.Guests, machine(1000+i, e.Nodes[i%nodes].Name))
	}
	return e
}

// machine is a virtual machine with two NICs and a disk.
func machine(vmid int, node string) *proxmoxtest.Guest {
	high, low := vmid/256, vmid%256
	return &proxmoxtest.Guest{
		VMID: vmid, Name: fmt.Sprintf("web%d", vmid), Node: node, Cores: 2, Memory: 4 << 30, Agent: proxmoxtest.AgentOK,
		NICs: []proxmoxtest.NIC{
			{
				MAC: fmt.Sprintf("BC:24:11:01:%02X:%02X", high, low), Bridge: "vmbr0",
				Addresses: prefixes(fmt.Sprintf("10.0.%d.%d/16", high, low), fmt.Sprintf("2001:db8::%x/64", vmid)),
			},
			{Index: 1, MAC: fmt.Sprintf("BC:24:11:02:%02X:%02X", high, low), Bridge: "vmbr0"},
		},
		Disks: []proxmoxtest.Disk{{Slot: "scsi0", Bytes: 32 << 30}},
	}
}

// container is a container with an address and a volume.
func container(vmid int, node string) *proxmoxtest.Guest {
	address := fmt.Sprintf("10.1.0.%d/16", vmid)
	return &proxmoxtest.Guest{
		VMID: vmid, Kind: proxmoxtest.LXC, Name: fmt.Sprintf("ct%d", vmid), Node: node, Cores: 1, Memory: 1 << 30,
		NICs:  []proxmoxtest.NIC{{MAC: fmt.Sprintf("BC:24:11:03:00:%02X", vmid), Bridge: "vmbr0", IP: address, Addresses: prefixes(address)}},
		Disks: []proxmoxtest.Disk{{Slot: "rootfs", Bytes: 8 << 30}},
	}
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// unchanged are the guests that a change of the hamlet leaves alone.
var unchanged = []int{101, 104, 201}

// changeHamlet makes NetBox create, update and delete: what hangs on guests, and one guest that is new.
func changeHamlet(e *proxmoxtest.Estate) {
	changed := e.Guest(102)
	changed.Cores, changed.NICs = 8, changed.NICs[:1]
	changed.NICs[0].Addresses = prefixes("10.2.0.1/16")
	e.Guest(103).Disks = append(e.Guest(103).Disks, proxmoxtest.Disk{Slot: "scsi1", Bytes: 1 << 30})
	e.Guest(202).Name = "renamed"
	e.Guests = append(e.Guests, machine(105, "n1"))
}
