package backend_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
)

var errUnplugged = errors.New("somebody pulled the plug")

// cancels are ways to cancel a run at a request that is about to be sent.
var cancels = map[string]func(l *faultLab, at string, r *http.Request, cancel func()){
	"before it": func(_ *faultLab, _ string, _ *http.Request, cancel func()) { cancel() },
	"while it hangs": func(l *faultLab, at string, r *http.Request, cancel func()) {
		hang := map[string]func(*faultLab, *http.Request, bool){
			atNetBox: onNetBox(netboxtest.Fault{Kind: netboxtest.FaultHang}), atProxmox: onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultHang}),
		}
		hang[at](l, r, false)
		time.AfterFunc(100*time.Millisecond, cancel)
	},
	"in the midst of its answer": func(l *faultLab, at string, r *http.Request, cancel func()) {
		drip := map[string]func(*faultLab, *http.Request, bool){
			atNetBox:  onNetBox(netboxtest.Fault{Kind: netboxtest.FaultDrip, Delay: time.Second}), // what it writes has landed
			atProxmox: onProxmox(proxmoxtest.Fault{Kind: proxmoxtest.FaultDrip, Delay: time.Second}),
		}
		drip[at](l, r, false)
		time.AfterFunc(100*time.Millisecond, cancel)
	},
}

// TestCancelAnywhere cancels the first run at one request after the other, of either end. Each way to cancel has its own
// third of them.
func TestCancelAnywhere(t *testing.T) {
	noLeaks(t)
	total := map[string]int{}
	inBubble(t, hamlet(), nil, nil, func(t *testing.T, l *faultLab) {
		var mu stdsync.Mutex
		for at, e := range l.ends {
			e.watch(func(n int, _ *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				total[at] = max(total[at], n)
			})
		}
		_, _, err := l.run(t.Context())
		require.NoError(t, err)
	})
	require.Greater(t, total[atNetBox], 40)
	require.Greater(t, total[atProxmox], 20)
	third := 0
	for how, cancelAt := range cancels {
		third++
		for at, all := range total {
			for n := third; n <= all; n += len(cancels) {
				t.Run(fmt.Sprintf("%s/%s/%d", how, at, n), func(t *testing.T) {
					t.Parallel()
					inBubble(t, hamlet(), nil, nil, func(t *testing.T, l *faultLab) {
						ctx, cancel := context.WithCancelCause(t.Context())
						defer cancel(nil)
						var cancelled time.Time
						l.ends[at].watch(func(i int, r *http.Request) {
							if i == n {
								cancelAt(l, at, r, func() {
									cancelled = time.Now()
									cancel(errUnplugged)
								})
							}
						})
						result, _, err := l.run(ctx)
						assert.LessOrEqual(t, time.Since(cancelled), 2*time.Second)
						require.ErrorIs(t, err, errUnplugged)
						assert.False(t, result.OK)
						assert.Equal(t, errUnplugged.Error(), result.Error)
						l.heal()
						l.truthful(result)
						l.nothingDoubled()
						l.lands()
						l.quiet()
					})
				})
			}
		}
	}
}

// TestCancelWhileNetBoxAsksForPatience cancels a run that waits for the time that NetBox has set.
func TestCancelWhileNetBoxAsksForPatience(t *testing.T) {
	noLeaks(t)
	inBubble(t, hamlet(), nil, nil, func(t *testing.T, l *faultLab) {
		l.netbox.Inject(netboxtest.Fault{Kind: netboxtest.FaultBusy, Delay: time.Minute, Method: http.MethodPost, Times: -1})
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		time.AfterFunc(30*time.Second, func() { cancel(errUnplugged) })
		result, took, err := l.run(ctx)
		require.ErrorIs(t, err, errUnplugged)
		assert.LessOrEqual(t, took, 32*time.Second)
		l.heal()
		l.truthful(result)
		l.lands()
		l.quiet()
	})
}

// truthful asserts that what a first run counts is what stands in NetBox. What it says has failed may stand there too: when
// its answer was lost, or when only a part of it was written.
func (l *faultLab) truthful(result *sync.Result) {
	l.t.Helper()
	have := l.rows()
	for path, kinds := range map[string][]sync.Kind{
		"virtualization/clusters":         {netboxsink.KindCluster},
		"dcim/devices":                    {netboxsink.KindDevice},
		"virtualization/virtual-machines": {netboxsink.KindVirtualMachine},
		"dcim/interfaces":                 {netboxsink.KindNodeInterface},
		"virtualization/interfaces":       {netboxsink.KindInterface},
		"virtualization/virtual-disks":    {netboxsink.KindDisk},
		"ipam/ip-addresses":               {netboxsink.KindAddress, netboxsink.KindNodeAddress},
		"dcim/mac-addresses":              {netboxsink.KindMAC, netboxsink.KindNodeMAC},
	} {
		created, failed := 0, 0
		for _, kind := range kinds {
			created += result.Objects[kind].Created + result.Children[kind].Created
			failed += result.Objects[kind].Failed + result.Children[kind].Failed
		}
		assert.LessOrEqual(l.t, created, have[path], "%s: what is said to be created is there", path)
		assert.LessOrEqual(l.t, have[path], created+failed, "%s: what is there is told of", path)
	}
}
