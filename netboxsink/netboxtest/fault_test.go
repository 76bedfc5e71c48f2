package netboxtest_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

const siteBody = `{"name":"a","slug":"a"}`

func TestAnsweringFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   netboxtest.Fault
		status  int
		body    string
		header  string
		created int
	}{
		{"answer", netboxtest.Fault{Kind: netboxtest.FaultAnswer, Status: 418, Body: `{"x":1}`}, 418, `{"x":1}`, "", 0},
		{"answer after the commit", netboxtest.Fault{Kind: netboxtest.FaultAnswer, Committed: true}, 500, "", "", 1},
		{"502 before", netboxtest.Fault{Kind: netboxtest.FaultGateway}, 502, "<html>", "", 0},
		{"504 after", netboxtest.Fault{Kind: netboxtest.FaultGateway, Status: 504, Committed: true}, 504, "504 Gateway Timeout", "", 1},
		{"busy", netboxtest.Fault{Kind: netboxtest.FaultBusy, Delay: 7 * time.Second}, 429, "throttled", "7", 0},
		{"deadlock", netboxtest.Fault{Kind: netboxtest.FaultDeadlock}, 500, `"exception": "OperationalError"`, "", 0},
		{"delay", netboxtest.Fault{Kind: netboxtest.FaultDelay}, 201, `"name":"a"`, "", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, nil)
			fired := c.server.Inject(test.fault)
			r := c.post("dcim/sites/", siteBody)
			assert.Equal(t, test.status, r.Status)
			assert.Contains(t, r.Text, test.body)
			assert.Equal(t, test.header, r.Header.Get("Retry-After"))
			assert.Equal(t, 1, fired())
			assert.Len(t, c.get("dcim/sites/").column(t, "id"), test.created)
		})
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   netboxtest.Fault
		created int
	}{
		{"reset before", netboxtest.Fault{Kind: netboxtest.FaultReset}, 0},
		{"reset after", netboxtest.Fault{Kind: netboxtest.FaultReset, Committed: true}, 1},
		{"truncated", netboxtest.Fault{Kind: netboxtest.FaultTruncate}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, nil)
			c.server.Inject(test.fault)
			answer, err := http.DefaultClient.Do(c.request(http.MethodPost, "dcim/sites/", siteBody))
			if err == nil {
				_, err = io.ReadAll(answer.Body)
				_ = answer.Body.Close()
			}
			require.Error(t, err)
			assert.Len(t, c.get("dcim/sites/").column(t, "id"), test.created)
		})
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{false, true} {
		c := start(t, nil)
		c.server.Inject(netboxtest.Fault{Kind: netboxtest.FaultHang, Committed: committed})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := http.DefaultClient.Do(c.request(http.MethodPost, "dcim/sites/", siteBody).WithContext(ctx))
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		sites, err := c.server.Objects("dcim/sites")
		require.NoError(t, err)
		assert.Equal(t, committed, len(sites) == 1)
	}
}

func TestDrip(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.server.Inject(netboxtest.Fault{Kind: netboxtest.FaultDrip, Delay: time.Microsecond})
	r := c.post("dcim/sites/", siteBody)
	assert.Equal(t, http.StatusCreated, r.Status, "whoever is patient gets the real answer")
	assert.Contains(t, r.Text, `"slug":"a"`)

	c.server.Inject(netboxtest.Fault{Kind: netboxtest.FaultDrip, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	answer, err := http.DefaultClient.Do(c.request(http.MethodGet, "dcim/sites/", "").WithContext(ctx))
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFaultsChooseTheirRequests(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.server.Inject(netboxtest.Fault{Kind: netboxtest.FaultBusy, Method: http.MethodGet, Path: "/api/dcim/*/", Skip: 1, Times: 2})
	statuses := []int{}
	for _, path := range []string{"dcim/sites/", "tenancy/tenants/", "dcim/sites/", "dcim/devices/", "dcim/sites/"} {
		statuses = append(statuses, c.get(path).Status)
	}
	assert.Equal(t, []int{200, 200, 429, 429, 200}, statuses)
	c.server.Inject(netboxtest.Fault{Kind: netboxtest.FaultBusy, Times: -1})
	assert.Equal(t, 429, c.get("dcim/sites/").Status)
	assert.Equal(t, 429, c.get("dcim/sites/").Status)
	c.server.ClearFaults()
	assert.Equal(t, 200, c.get("dcim/sites/").Status)
}
