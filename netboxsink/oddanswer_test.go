package netboxsink_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// TestOddAnswerToAWriteIsSettled: what landed is found, what did not is sent again, in the same run.
func TestOddAnswerToAWriteIsSettled(t *testing.T) {
	t.Parallel()
	var changed string
	synctest.Test(t, func(t *testing.T) {
		l := crowdLab(t, "4.7")
		l.run()
		l.edit(changeCrowd)
		l.run()
		changed = l.picture()
	})
	for name, body := range map[string]string{
		"object": `{"hello":"world"}`, "page": "<html>Please log in.</html>", "null": "null", "no ids": `[{"name":"vm0"}]`, "words": `["a","b"]`,
	} {
		for _, target := range []request{
			{http.MethodPost, "/api/virtualization/interfaces/", 0},
			{http.MethodPost, "/api/ipam/ip-addresses/", 0},
			{http.MethodPatch, "/api/virtualization/virtual-machines/", 0},
			{http.MethodDelete, "/api/virtualization/interfaces/", 0},
		} {
			for _, committed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/committed %v", target, name, committed), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						l := crowdLab(t, "4.7")
						l.run()
						l.edit(changeCrowd)
						fired := l.netbox.Inject(netboxtest.Fault{
							Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Body: body, Committed: committed,
							Method: target.method, Path: target.path,
						})
						l.run()
						assert.Equal(t, 1, fired())
						assert.Equal(t, changed, l.picture())
						l.quiet()
					})
				})
			}
		}
	}
}

// TestUpdatesThatAreNeverAnswered, though NetBox may have made them, are told as such.
func TestUpdatesThatAreNeverAnswered(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]netboxtest.Fault{
		"the connection breaks": {Kind: netboxtest.FaultReset, Committed: true},
		"a proxy answers":       {Kind: netboxtest.FaultAnswer, Status: http.StatusBadGateway, Body: "<html>", Committed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, pair())
				fault.Method, fault.Path, fault.Times = http.MethodPatch, "/api/virtualization/virtual-machines/", -1
				l.netbox.Inject(fault)
				result, err := l.try()
				var partial *sync.PartialError
				require.ErrorAs(t, err, &partial)
				require.NotEmpty(t, result.Failures)
				assert.ErrorIs(t, result.Failures[0].Err, sync.ErrUnknownOutcome)
				l.netbox.ClearFaults()
				l.run()
				l.quiet()
			})
		})
	}
}

// TestOddAnswersForGood come to an end, and say what to do.
func TestOddAnswersForGood(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		committed    bool
		attempts     int // how often it is sent
		unknown      bool
		want         string // empty where all lands
	}{
		"created, and not there": {
			method: http.MethodPost, path: "/api/virtualization/interfaces/", attempts: 4,
			want: "NetBox's answer to POST /api/virtualization/interfaces/ tells nothing of what was written: is a proxy in between?",
		},
		"created": {method: http.MethodPost, path: "/api/virtualization/interfaces/", committed: true, attempts: 1},
		"updated": {
			method: http.MethodPatch, path: "/api/virtualization/virtual-machines/", committed: true, attempts: 4, unknown: true,
			want: "NetBox's answer to PATCH /api/virtualization/virtual-machines/ tells nothing of what was written: is a proxy in between?; " +
				"the answer was lost; the next run will tell whether the write landed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, pair())
				fired := l.netbox.Inject(netboxtest.Fault{
					Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Body: "<html>Please log in.</html>", Committed: c.committed,
					Method: c.method, Path: c.path, Times: -1,
				})
				result, err := l.try()
				assert.Equal(t, c.attempts, fired())
				if c.want == "" {
					require.NoError(t, err)
					l.quiet()
					return
				}
				var partial *sync.PartialError
				require.ErrorAs(t, err, &partial)
				require.NotEmpty(t, result.Failures)
				assert.EqualError(t, result.Failures[0].Err, c.want)
				assert.Equal(t, c.unknown, errors.Is(result.Failures[0].Err, sync.ErrUnknownOutcome))
				l.netbox.ClearFaults()
				l.run()
				l.quiet()
			})
		})
	}
}
