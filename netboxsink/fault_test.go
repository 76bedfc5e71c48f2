package netboxsink_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// crowd returns three guests to which every kind of change can be made.
func crowd() *inventory.Inventory {
	inv := estate("lab")
	for i := range 3 {
		g := qemu(101+i, fmt.Sprintf("vm%d", i),
			nic("net0", fmt.Sprintf("BC:24:11:00:%02X:00", i), fmt.Sprintf("192.0.2.%d/24", 10+i), fmt.Sprintf("2001:db8::%d/64", 10+i)),
			nic("net1", fmt.Sprintf("BC:24:11:00:%02X:01", i), fmt.Sprintf("198.51.100.%d/24", 10+i)),
			disk("scsi0", 32*gib), disk("scsi1", gib))
		inv.Guests = append(inv.Guests, g)
	}
	return inv
}

// changeCrowd makes NetBox create, update and delete of every kind.
func changeCrowd(inv *inventory.Inventory) {
	for i := range inv.Guests {
		g := &inv.Guests[i]
		g.CPUs, g.Name = 8, inv.Guests[i].Name+"-new"
		g.NICs[0].MAC = fmt.Sprintf("BC:24:11:00:%02X:FF", i)
		g.NICs[0].Down = true
		g.NICs[0].Addresses[0] = addressList(fmt.Sprintf("192.0.2.%d/25", 10+i))[0]
		g.NICs[0].Addresses[1] = addressList(fmt.Sprintf("2001:db8:1::%d/64", 10+i))[0]
		g.NICs = g.NICs[:1]
		nic("net2", fmt.Sprintf("BC:24:11:00:%02X:02", i), fmt.Sprintf("203.0.113.%d/24", 10+i))(g)
		g.Disks[0].Bytes = 64 * gib
		g.Disks = g.Disks[:1]
		disk("scsi2", gib)(g)
	}
	inv.Nodes[0].Status = inventory.NodeOffline
}

// crowdLab is a lab whose runs cut their work into small requests, one after the other.
func crowdLab(t testing.TB, version string) *lab {
	l := newLabWith(t, &netboxtest.Options{Version: version}, nil)
	l.engineOptions = &sync.Options{Chunk: 2, Flight: 1}
	l.attach(crowd())
	return l
}

// request is what a fault hits: the n-th write of a kind.
type request struct {
	method, path string
	n            int
}

func (r request) String() string {
	return fmt.Sprintf("%s %s %d", r.method, strings.ReplaceAll(strings.Trim(strings.TrimPrefix(r.path, "/api/"), "/"), "/", " "), r.n)
}

// targets lists the first and the last write of each kind since the log was reset.
func (l *lab) targets() []request {
	count := map[request]int{}
	for _, r := range l.netbox.Requests() {
		if r.Method != http.MethodGet {
			count[request{r.Method, r.Path, 0}]++
		}
	}
	seen := map[request]bool{}
	var list []request
	for r, n := range count {
		for _, r.n = range []int{0, n - 1} {
			if !seen[r] {
				seen[r] = true
				list = append(list, r)
			}
		}
	}
	return list
}

// faults are what may happen to any write.
func faults() map[string]netboxtest.Fault {
	return map[string]netboxtest.Fault{
		"reset before":   {Kind: netboxtest.FaultReset},
		"reset after":    {Kind: netboxtest.FaultReset, Committed: true},
		"timeout before": {Kind: netboxtest.FaultHang},
		"timeout after":  {Kind: netboxtest.FaultHang, Committed: true},
		"502 after":      {Kind: netboxtest.FaultGateway, Committed: true},
		"504 after":      {Kind: netboxtest.FaultGateway, Status: http.StatusGatewayTimeout, Committed: true},
		"deadlock":       {Kind: netboxtest.FaultDeadlock},
		"busy":           {Kind: netboxtest.FaultBusy, Delay: 7 * time.Second},
		"truncated":      {Kind: netboxtest.FaultTruncate},
	}
}

// writeFaults are what may happen to any write, and not to a read.
func writeFaults() map[string]netboxtest.Fault {
	all := faults()
	all["odd answer before"] = netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Body: `{"hello":"world"}`}
	all["odd answer after"] = netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Body: `{"hello":"world"}`, Committed: true}
	return all
}

func TestRunConvergesAfterAFault(t *testing.T) {
	t.Parallel()
	// What is written alike need not meet every fault: what landed of a creation is looked for kind by kind, an update or
	// a deletion is sent again whatever it is of.
	hits := func(version, fault string, target request) bool {
		path := strings.Trim(strings.TrimPrefix(target.path, "/api/"), "/")
		inline := path == interfaces || path == macs
		all := target.n == 0 && (target.method == http.MethodPost && slices.Contains([]string{devices, machines, interfaces, macs, addresses, disks}, path) ||
			target.method == http.MethodPatch && path == machines || target.method == http.MethodDelete && path == interfaces)
		return (inline || version == "4.7") && (all || fault == "502 after")
	}
	for _, version := range []string{"4.4", "4.7"} {
		var creates, changes []request
		var created, changed string
		synctest.Test(t, func(t *testing.T) {
			l := crowdLab(t, version)
			l.run()
			created, creates = l.picture(), l.targets()
			l.edit(changeCrowd)
			l.netbox.ResetRequests()
			l.run()
			changed, changes = l.picture(), l.targets()
		})
		for name, fault := range writeFaults() {
			for _, target := range creates {
				if !hits(version, name, target) {
					continue
				}
				t.Run(strings.Join([]string{version, "first run", target.String(), name}, "/"), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { crowdLab(t, version).survives(target, fault, created) })
				})
			}
			for _, target := range changes {
				if !hits(version, name, target) {
					continue
				}
				t.Run(strings.Join([]string{version, "changes", target.String(), name}, "/"), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						l := crowdLab(t, version)
						l.run()
						l.edit(changeCrowd)
						l.survives(target, fault, changed)
					})
				})
			}
		}
	}
}

// survives asserts that NetBox looks as wanted after a run that meets a fault and, if that failed, another one.
func (l *lab) survives(target request, fault netboxtest.Fault, want string) {
	l.t.Helper()
	fault.Method, fault.Path, fault.Skip = target.method, target.path, target.n
	fired := l.netbox.Inject(fault)
	if _, err := l.try(); err != nil {
		var partial *sync.PartialError
		if !errors.Is(err, sync.ErrUnavailable) {
			require.ErrorAs(l.t, err, &partial)
		}
		l.run()
	}
	require.Equal(l.t, 1, fired())
	require.Equal(l.t, want, l.picture())
	l.quiet()
}
