package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// wayRows is how many rows the tests write: two lists of 10, and one of any other size, so that ids are always the same.
const wayRows = 12

// written is what a way did to a NetBox that was empty.
type written struct {
	requests []string
	left     snapshot
}

// writeOnce lets a way write into a NetBox of a release.
func writeOnce(t *testing.T, release string, w way) written {
	t.Helper()
	box, err := netboxtest.New(&netboxtest.Options{Version: release})
	require.NoError(t, err)
	server := httptest.NewServer(box)
	defer server.Close()
	writer, err := newWriter(t.Context(), end{server.URL, netboxtest.TokenV1})
	require.NoError(t, err)
	write, err := w.prepare(t.Context(), writer, wayRows)
	require.NoError(t, err)
	box.ResetRequests()
	require.NoError(t, write(t.Context()))
	var out written
	for _, r := range box.Requests() {
		out.requests = append(out.requests, told(t, r))
	}
	out.left, err = writer.fresh.snapshot(t.Context())
	require.NoError(t, err)
	return out
}

// told returns what was sent, of how many rows, and what of it was asked back.
func told(t *testing.T, r netboxtest.Request) string {
	t.Helper()
	var rows []body
	require.NoError(t, json.Unmarshal(r.Body, &rows))
	parts := strings.Split(strings.Trim(r.Path, "/"), "/")
	text := fmt.Sprintf("%s %d %s: %s", r.Method, len(rows), parts[len(parts)-1], strings.Join(slices.Sorted(maps.Keys(rows[0])), " "))
	if fields := r.Query.Get("fields"); fields != "" {
		assert.Equal(t, "config_context", r.Query.Get("exclude"))
		text += " → " + strings.ReplaceAll(fields, ",", " ")
	}
	return text
}

// TestWays: the ways of a group send what they say, and leave the same rows but for what makes the difference.
func TestWays(t *testing.T) {
	t.Parallel()
	const (
		machines   = "virtual-machines: cluster memory name vcpus"
		ports      = "interfaces: name virtual_machine"
		disk       = "virtual-disks: description name size virtual_machine"
		address    = "ip-addresses: address assigned_object_id assigned_object_type"
		mac        = "POST 12 mac-addresses: assigned_object_id assigned_object_type mac_address"
		primaryMAC = "PATCH 12 interfaces: id primary_mac_address"
		primaryIP  = "PATCH 12 virtual-machines: id primary_ip4"
	)
	inTwo := func(what string) []string { return []string{"POST 10 " + what, "POST 2 " + what} }
	inOne := func(what string) []string { return []string{"POST 12 " + what} }
	lists := func(what string) [][]string {
		return [][]string{inOne(what), inTwo(what), inOne(what), inOne(what), inOne(what)}
	}
	want := [][][]string{
		{
			{"POST 12 interfaces: mac_address name virtual_machine"},
			{"POST 12 mac-addresses: mac_address", "POST 12 interfaces: name primary_mac_address virtual_machine"},
			{"POST 12 " + ports, mac, primaryMAC},
		},
		{{mac, primaryMAC}, {mac}},
		{inOne(machines), inOne(machines + " → cluster custom_fields id memory name vcpus")},
		{inOne(ports), inOne(ports + " → custom_fields id name virtual_machine")},
		{inOne(disk), inOne(disk + " → custom_fields description id name size virtual_machine")},
		{inOne(address), inOne(address + " → address assigned_object_id assigned_object_type custom_fields id")},
		{inOne(machines), inOne("virtual-machines: cluster comments description memory name platform role status tenant vcpus")},
		{inOne(ports), inOne("interfaces: description enabled mode mtu name untagged_vlan virtual_machine")},
		{inOne(disk), inOne(disk)},
		lists(disk),
		lists(machines),
		{
			{primaryIP},
			{primaryIP + " → id primary_ip4"},
			{primaryIP + " → cluster device id platform primary_ip4 role site tags tenant"},
			{"PATCH 12 virtual-machines: custom_fields id primary_ip4"},
		},
	}
	for i, g := range groups() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			require.Len(t, g.ways, len(want[i]))
			first := writeOnce(t, "4.7", g.ways[0])
			assert.Equal(t, want[i][0], first.requests)
			for n, w := range g.ways[1:] {
				other := writeOnce(t, "4.7", w)
				assert.Equal(t, want[i][n+1], other.requests, w.name)
				switch g.name {
				case primaryMACGroup().name:
					assert.Equal(t, wayRows, primaryMACs(first.left)-primaryMACs(other.left))
					first.left[interfacePath], other.left[interfacePath] = nil, nil
				case primaryAddressGroup().name:
					assert.Equal(t, wayRows, primaryAddresses(first.left))
					assert.Equal(t, wayRows, primaryAddresses(other.left))
					if n == len(g.ways)-2 {
						assert.Equal(t, wayRows, memories(other.left))
					}
				}
				assert.Equal(t, first.left, other.left, w.name)
			}
		})
	}
}

// TestOldRelease: what does not say since when it is known works in the oldest release.
func TestOldRelease(t *testing.T) {
	t.Parallel()
	for _, g := range groups() {
		for _, w := range g.ways {
			if w.since == "" {
				assert.NotEmpty(t, writeOnce(t, "4.2", w).requests, "%s: %s", g.name, w.name)
			}
		}
	}
}

// primaryMACs returns how many interfaces point to a MAC address that is theirs.
func primaryMACs(s snapshot) (n int) {
	for _, port := range s[interfacePath] {
		if mac, found := s.find(macPath, port.refs["primary_mac_address"].id); found && mac.refs["assigned_object_id"].id == port.id {
			n++
		}
	}
	return n
}

func primaryAddresses(s snapshot) (n int) {
	for _, machine := range s[machinePath] {
		if machine.refs["primary_ip4"].id != 0 {
			n++
		}
	}
	return n
}

// memories returns how many virtual machines have a memory as large as it should be, and takes it from them.
func memories(s snapshot) (n int) {
	for _, machine := range s[machinePath] {
		if size := len(machine.custom[memoryField]); size > memorySize*9/10 && size < memorySize*11/10 {
			n++
		}
		delete(machine.custom, memoryField)
	}
	return n
}

// TestInOneRow: an interface that is created with its MAC address points to it.
func TestInOneRow(t *testing.T) {
	t.Parallel()
	for _, w := range macGroup().ways {
		s := writeOnce(t, "4.7", w).left
		assert.Len(t, s[macPath], wayRows, w.name)
		assert.Equal(t, wayRows, primaryMACs(s), w.name)
	}
}

// TestConnections counts those over which rows are written.
func TestConnections(t *testing.T) {
	t.Parallel()
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	var mu stdsync.Mutex
	seen := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen[r.RemoteAddr] = true
		mu.Unlock()
		box.ServeHTTP(w, r)
	}))
	defer server.Close()
	w, err := newWriter(t.Context(), end{server.URL, netboxtest.TokenV1})
	require.NoError(t, err)
	for kept, want := range map[bool]int{true: 1, false: wayRows} {
		mu.Lock()
		clear(seen)
		mu.Unlock()
		_, err := w.create(t.Context(), machinePath, w.machines(wayRows), how{batch: 1, kept: kept})
		require.NoError(t, err)
		mu.Lock()
		assert.Len(t, seen, want)
		mu.Unlock()
	}
}

// TestRefusedWay ends with what NetBox says.
func TestRefusedWay(t *testing.T) {
	t.Parallel()
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	server := httptest.NewServer(box)
	defer server.Close()
	w, err := newWriter(t.Context(), end{server.URL, netboxtest.TokenV1})
	require.NoError(t, err)
	bad := defaultsGroup("interfaces", withMachines(interfacePath, interfaces), body{"mode": "none of them"})
	_, err = measureGroup(t.Context(), bad, w, "4.7", ownCPUTime(t), 1)
	require.ErrorContains(t, err, "sent, 1 of them: POST /api/virtualization/interfaces/ is answered 400")
}

// TestDeadlock: a list that meets a deadlock is sent again, and others' refusals are told.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	f := newFloor(end{server.URL, netboxtest.TokenV1}, cpuTime{})
	fired := box.Inject(netboxtest.Fault{Kind: netboxtest.FaultDeadlock, Method: http.MethodPost, Times: 2})
	_, err = f.send(t.Context(), http.MethodPost, "/api/dcim/sites/", []body{{"name": "Berlin", "slug": "berlin"}})
	require.NoError(t, err)
	assert.Equal(t, 2, fired())
	_, err = f.send(t.Context(), http.MethodPost, "/api/dcim/sites/", []body{{"name": "Berlin", "slug": "berlin"}})
	require.ErrorContains(t, err, "is answered 400")
	assert.Len(t, box.Requests(), 4)
}
