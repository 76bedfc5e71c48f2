package netboxsink_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// complete asserts that NetBox has each part of a town of so many guests once.
func (l *lab) complete(guests int) {
	l.t.Helper()
	for path, column := range map[string]string{machines: "name", interfaces: "virtual_machine.id", macs: "mac_address", addresses: "address", disks: "virtual_machine.id"} {
		seen := map[string]bool{}
		values := l.column(path, column)
		for _, v := range values {
			seen[v] = true
		}
		assert.Len(l.t, values, guests, path)
		assert.Len(l.t, seen, guests, "%s: nothing is doubled", path)
	}
	l.quiet()
}

// written returns the writes in the order of their answers.
func (l *lab) written() (list []netboxtest.Request) {
	for _, r := range l.netbox.Requests() {
		if r.Method != http.MethodGet {
			list = append(list, r)
		}
	}
	return list
}

func TestSlowNetBoxGetsSmallRequests(t *testing.T) {
	t.Parallel()
	const guests = 150
	run := func(t *testing.T, latency time.Duration, fixed bool) (l *lab, requests int) {
		l = newLabWith(t, &netboxtest.Options{ObjectLatency: latency}, &netboxsink.Options{FixedPace: fixed})
		l.engineOptions = &sync.Options{Chunk: 100}
		l.attach(town(guests))
		l.run()
		requests = len(l.written())
		return l, requests
	}
	synctest.Test(t, func(t *testing.T) {
		_, quick := run(t, 0, false)
		_, fixed := run(t, 0, true)
		_, slowFixed := run(t, 400*time.Millisecond, true)
		assert.Equal(t, fixed, quick, "a quick NetBox gets as many requests")
		assert.Equal(t, fixed, slowFixed, "and a slow one, where the pace is fixed")
		l, slow := run(t, 400*time.Millisecond, false)
		assert.Greater(t, slow, quick)
		long := 0
		for _, r := range l.written() {
			if r.Items > 38 { // fifteen seconds
				long++
			}
		}
		assert.LessOrEqual(t, long, 10, "only the first writes of each kind take longer than fifteen seconds")
		l.complete(guests)
	})
}

func TestStormsDoNoHarm(t *testing.T) {
	t.Parallel()
	const guests = 120
	for name, fault := range map[string]netboxtest.Fault{
		"504 before":           {Kind: netboxtest.FaultGateway, Status: http.StatusGatewayTimeout},
		"504 after":            {Kind: netboxtest.FaultGateway, Status: http.StatusGatewayTimeout, Committed: true},
		"502 after":            {Kind: netboxtest.FaultGateway, Committed: true},
		"timeout before":       {Kind: netboxtest.FaultHang},
		"timeout after":        {Kind: netboxtest.FaultHang, Committed: true},
		"deadlocks":            {Kind: netboxtest.FaultDeadlock},
		"busy, with a word":    {Kind: netboxtest.FaultBusy, Delay: 7 * time.Second},
		"busy, without a word": {Kind: netboxtest.FaultBusy},
	} {
		for _, path := range []string{machines, interfaces} {
			t.Run(name+"/"+path, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					l.engineOptions = &sync.Options{Chunk: 60}
					l.attach(town(guests))
					fault := fault
					fault.Method, fault.Path, fault.Times = http.MethodPost, "/api/"+path+"/", 3
					fired := l.netbox.Inject(fault)
					l.run()
					assert.Positive(t, fired())
					l.complete(guests)
				})
			})
		}
	}
}

func TestNothingIsWrittenWhileNetBoxRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLabWith(t, &netboxtest.Options{RequestLatency: time.Second}, nil)
		l.engineOptions = &sync.Options{Chunk: 10}
		l.attach(town(80))
		l.netbox.Inject(netboxtest.Fault{
			Kind: netboxtest.FaultBusy, Method: http.MethodPost, Path: "/api/" + interfaces + "/", Skip: 1, Delay: 20 * time.Second,
		})
		l.run()
		var told time.Time
		after := 0
		for _, r := range l.written() {
			if r.Status == http.StatusTooManyRequests {
				told = r.Time
			}
		}
		require.NotZero(t, told)
		for _, r := range l.written() {
			if r.Time.After(told.Add(time.Second)) { // what was under way by then is not held against it
				after++
				assert.GreaterOrEqual(t, r.Time.Sub(told), 20*time.Second, "%s %s", r.Method, r.Path)
			}
		}
		assert.Greater(t, after, 10)
		l.complete(80)
	})
}

func TestWhatLandedBeforeNetBoxWentAwayIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLabWith(t, &netboxtest.Options{ObjectLatency: 400 * time.Millisecond}, nil, town(100))
		l.run()
		rename := func(text string) sync.Batch {
			b := sync.Batch{Kind: netboxsink.KindVirtualMachine, Op: sync.Update}
			for _, number := range l.column(machines, "id") {
				b.Items = append(b.Items, sync.Item{ID: number, Fields: map[string]sync.Value{"description": sync.String(text)}})
			}
			return b
		}
		_, err := l.sink.Apply(t.Context(), rename("slowly"))
		require.NoError(t, err)
		l.netbox.ResetRequests()
		l.netbox.Inject(netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: http.StatusUnauthorized, Method: http.MethodPatch, Skip: 1, Times: -1})
		outcomes, err := l.sink.Apply(t.Context(), rename("half way"))
		require.NoError(t, err)
		require.Len(t, outcomes, 100)
		landed := l.written()[0].Items
		require.Greater(t, landed, 9)
		require.Less(t, landed, 100)
		for i, o := range outcomes {
			assert.Equal(t, i >= landed, o.Err != nil, "item %d of %d that landed: %v", i, landed, o.Err)
		}
		descriptions := map[string]int{}
		for _, text := range l.column(machines, "description") {
			descriptions[text]++
		}
		assert.Equal(t, map[string]int{"half way": landed, "slowly": 100 - landed}, descriptions)
		_, err = l.sink.Apply(t.Context(), rename("not at all"))
		assert.ErrorIs(t, err, sync.ErrUnavailable, fmt.Sprint(err))
	})
}
