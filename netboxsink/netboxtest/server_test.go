package netboxtest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

func TestRequestLog(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.post("dcim/sites/?fields=id,name,slug", `[{"name":"a","slug":"a"},{"name":"b","slug":"b"}]`)
	c.get("dcim/sites/?limit=1")
	c.get("nope/")
	log := c.server.Requests()
	require.Len(t, log, 3)
	assert.Equal(t, http.MethodPost, log[0].Method)
	assert.Equal(t, "/api/dcim/sites/", log[0].Path)
	assert.Equal(t, "id,name,slug", log[0].Query.Get("fields"))
	assert.Equal(t, 201, log[0].Status)
	assert.Equal(t, 2, log[0].Items)
	assert.Len(t, log[0].Body, len(`[{"name":"a","slug":"a"},{"name":"b","slug":"b"}]`))
	assert.Equal(t, 1, log[1].Items)
	assert.Equal(t, 404, log[2].Status)
	c.server.ResetRequests()
	assert.Empty(t, c.server.Requests())
}

func TestRequestLog_limit(t *testing.T) {
	t.Parallel()
	c := start(t, &netboxtest.Options{LogLimit: 3})
	for range 10 {
		c.get("status/")
	}
	c.get("nope/")
	log := c.server.Requests()
	require.Len(t, log, 3)
	assert.Equal(t, "/api/nope/", log[2].Path, "the newest are kept")
}

func TestPerson(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	id := c.create("dcim/sites", `{"name":"a","slug":"a"}`)
	require.NoError(t, c.server.Edit("dcim/sites", id, map[string]string{"name": "b"}))
	objects, err := c.server.Objects("dcim/sites")
	require.NoError(t, err)
	require.Len(t, objects, 1)
	assert.Contains(t, string(objects[0]), `"url":"/api/dcim/sites/1/"`)
	assert.Contains(t, string(objects[0]), `"name":"b"`)

	_, err = c.server.Create("dcim/sites", `{"name":"b","slug":"b"}`)
	assert.EqualError(t, err, `netboxtest: dcim/sites: {"name":["site with this name already exists."]}`)
	_, err = c.server.Create("dcim/nope", `{}`)
	assert.ErrorContains(t, err, `NetBox 4.7.3 has no object type at "dcim/nope"`)
	_, err = c.server.Create("dcim/sites", `{`)
	assert.ErrorContains(t, err, "not JSON")
	assert.ErrorContains(t, c.server.Edit("dcim/sites", 9, `{}`), "no Site matches id 9")
	require.NoError(t, c.server.Delete("dcim/sites", id))
	assert.Error(t, c.server.Delete("dcim/sites", id))

	assert.Empty(t, c.server.Requests(), "a person makes no API request")
	assert.Len(t, c.server.Changes(), 3)
}

func TestValidator(t *testing.T) {
	t.Parallel()
	c := start(t, &netboxtest.Options{Validator: func(model string, fields map[string]json.RawMessage) error {
		switch {
		case model == "dcim.site" && string(fields["name"]) == `"bad"`:
			return errors.New("No bad sites here.")
		case model == "dcim.site" && string(fields["facility"]) == `""`:
			return &netboxtest.ValidationError{Field: "facility", Message: "This field must be set."}
		}
		return nil
	}})
	assert.Equal(t, `{"__all__":["No bad sites here."]}`, c.post("dcim/sites/", `{"name":"bad","slug":"a"}`).Text)
	assert.Equal(t, `{"detail":"1 of 1 objects could not be created.","errors":[{"index":0,"errors":{"facility":["This field must be set."]}}]}`,
		c.post("dcim/sites/", `[{"name":"a","slug":"a"}]`).Text)
	assert.Equal(t, 201, c.post("dcim/sites/", `{"name":"a","slug":"a","facility":"x"}`).Status)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	c := start(t, &netboxtest.Options{RequestLatency: 20 * time.Millisecond, ObjectLatency: 10 * time.Millisecond})
	began := time.Now()
	c.post("dcim/sites/", `[{"name":"a","slug":"a"},{"name":"b","slug":"b"}]`)
	assert.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond)
}

func TestWriteLatency(t *testing.T) {
	t.Parallel()
	c := start(t, &netboxtest.Options{ObjectLatency: time.Hour, WriteLatency: 10 * time.Millisecond})
	began := time.Now()
	c.post("dcim/sites/", `[{"name":"a","slug":"a"},{"name":"b","slug":"b"}]`)
	assert.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond)
}

// TestWorkers sends four requests at once, which two workers serve in two rounds.
func TestWorkers(t *testing.T) {
	t.Parallel()
	c := start(t, &netboxtest.Options{RequestLatency: 20 * time.Millisecond, Workers: 2})
	began := time.Now()
	var group stdsync.WaitGroup
	for range 4 {
		group.Go(func() { c.get("dcim/sites/") })
	}
	group.Wait()
	assert.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	var group stdsync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				c.post(machines, fmt.Sprintf(`[{"name":"w%d-%d","cluster":1}]`, i, j))
				c.get(machines + "?limit=5")
				c.server.Requests()
				c.server.Changes()
			}
		})
	}
	group.Wait()
	assert.Contains(t, c.get(machines+"?limit=1&cluster_id=1").Text, `"count":82`)
}

// TestEveryVersionTakesAnEstate runs the estate's writes and one read of every
// list on every version.
func TestEveryVersionTakesAnEstate(t *testing.T) {
	t.Parallel()
	paths := []string{
		"extras/tags", "extras/custom-fields", "extras/custom-field-choice-sets", "extras/journal-entries", "tenancy/tenants",
		"dcim/sites", "dcim/locations", "dcim/manufacturers", "dcim/device-types", "dcim/device-roles", "dcim/platforms",
		"dcim/devices", "dcim/interfaces", "dcim/mac-addresses", "virtualization/cluster-types", "virtualization/cluster-groups",
		"virtualization/clusters", "virtualization/virtual-machines", "virtualization/interfaces", "virtualization/virtual-disks",
		"ipam/ip-addresses", "ipam/prefixes", "ipam/vlans", "ipam/vlan-groups", "ipam/vrfs", "core/object-changes",
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, version)
			c.estate()
			for _, path := range paths {
				r := c.get(path + "/?limit=0")
				assert.Equal(t, 200, r.Status, path)
				assert.True(t, json.Valid([]byte(r.Text)), path)
			}
		})
	}
}

// TestLargeEstateIsFast: the last of 2,000 machines take about as long as the first, so nothing looks through all that is there.
func TestLargeEstateIsFast(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	var took []time.Duration
	for batch := range 20 {
		guests, ports, addresses := []map[string]any{}, []map[string]any{}, []map[string]any{}
		for i := range 100 {
			n := batch*100 + i
			guests = append(guests, map[string]any{"name": fmt.Sprintf("guest%d", n), "cluster": 1, "tags": []int{1}})
			ports = append(ports, map[string]any{"name": "eth0", "virtual_machine": n + 4, "mac_address": fmt.Sprintf("02:00:00:00:%02x:%02x", batch, i)})
			addresses = append(addresses, map[string]any{
				"address":              fmt.Sprintf("10.%d.%d.1/24", 10+batch, i),
				"assigned_object_type": "virtualization.vminterface", "assigned_object_id": n + 4,
			})
		}
		began := time.Now()
		require.Equal(t, 201, c.post(machines+"?fields=id,name,cluster,tags", guests).Status)
		require.Equal(t, 201, c.post("virtualization/interfaces/?fields=id,name,virtual_machine,mac_address", ports).Status)
		require.Equal(t, 201, c.post("ipam/ip-addresses/", addresses).Status)
		took = append(took, time.Since(began))
	}
	assert.Len(t, c.get(machines+"?limit=1000&start=0").column(t, "id"), 1000)
	t.Log(took)
	assert.Less(t, slices.Min(took[15:]), 3*slices.Min(took[:3]))
}

// TestImportsStandardLibraryOnly keeps the fake free of clients and of testing:
// a binary links it.
func TestImportsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	p, err := build.ImportDir(".", 0)
	require.NoError(t, err)
	for _, path := range p.Imports {
		assert.NotContains(t, strings.Split(path, "/")[0], ".", path)
		assert.NotEqual(t, "testing", path)
	}
}
