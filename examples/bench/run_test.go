package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// TestMain lets the test binary serve the fakes too: the program starts itself once more for that.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == fakesCommand {
		os.Exit(serveFakes(context.Background(), os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// bench runs the program, which must succeed, and returns what it prints. No two of its runs are beside each other: they
// measure the heap of the process.
func bench(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Equal(t, exitGood, run(t.Context(), args, &out, &errs), "%s", &errs)
	return out.String()
}

// measured returns what the program measured.
func measured(t *testing.T, args ...string) report {
	t.Helper()
	var r report
	require.NoError(t, json.Unmarshal([]byte(bench(t, append(args, "--json")...)), &r))
	return r
}

func TestSmallEstate(t *testing.T) {
	folder := t.TempDir()
	cpu, heap := filepath.Join(folder, "cpu"), filepath.Join(folder, "heap")
	r := measured(t, "--size", "S", "--latency", "off", "--cpuprofile", cpu, "--memprofile", heap)
	require.Len(t, r.Sizes, 1)
	s := r.Sizes[0]
	assert.Equal(t, size{"S", 3, 40}, s.size)
	first, unchanged, drift := s.Runs[firstRun], s.Runs[unchangedRun], s.Runs[driftRun]
	for _, run := range s.Runs {
		assert.Positive(t, run.Ours.Wall, run.Name)
		assert.Positive(t, run.Floor.Wall, run.Name)
		assert.Positive(t, run.WallRatio, run.Name)
		assert.Zero(t, run.Bound, "there is none without latencies")
		assert.Positive(t, sum(run.Ours.Phases), run.Name)
		assert.LessOrEqual(t, sum(run.Ours.Phases), run.Ours.Wall, "phases do not overlap: %v", run.Ours.Phases)
		assert.Less(t, run.Ours.ProxmoxRead, run.Ours.Wall)
		assert.InDelta(t, 2.4, float64(run.Ours.Proxmox.Requests)/40, 0.3, "a configuration, addresses and a system")
		assert.Positive(t, run.Ours.Proxmox.Received)
		assert.Greater(t, run.Ours.Allocations, uint64(10_000))
		assert.Greater(t, run.Ours.Allocated, run.Ours.Allocations)
		assert.Greater(t, run.Heap.Live, int64(100_000))
		assert.Positive(t, run.Heap.Objects)
	}
	assert.LessOrEqual(t, first.Floor.NetBox.Requests, first.Ours.NetBox.Requests)
	assert.LessOrEqual(t, unchanged.Lists.NetBox.Requests, unchanged.Ours.NetBox.Requests)
	more := unchanged.Floor.NetBox.Requests - unchanged.Lists.NetBox.Requests
	assert.EqualValues(t, 8, more, "MAC addresses, and the shared objects that proxbox knows from what refers to them")
	assert.LessOrEqual(t, drift.Floor.NetBox.Requests-more, drift.Ours.NetBox.Requests)
	assert.Greater(t, first.Ours.Written, 300)
	assert.Greater(t, first.Floor.Written, first.Ours.Written, "a MAC and a pointer to it are rows of their own")
	assert.Zero(t, unchanged.Ours.Written)
	assert.Zero(t, unchanged.Ours.NetBox.Sent)
	assert.Positive(t, unchanged.ListsRatio)
	assert.InEpsilon(t, unchanged.Ours.NetBox.Received, unchanged.Lists.NetBox.Received, 0.01)
	assert.Greater(t, unchanged.Floor.NetBox.Received, unchanged.Lists.NetBox.Received)
	assert.Positive(t, drift.Ours.Written)
	assert.Positive(t, drift.Floor.Written)
	assert.Less(t, drift.Ours.Written, 100)
	for _, file := range []string{cpu, heap} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Positive(t, info.Size())
	}
}

func sum(phases []phase) (all seconds) {
	for _, p := range phases {
		all += p.Took
	}
	return all
}

// TestOldNetBox takes the floor's rows to the oldest release, and shows them.
func TestOldNetBox(t *testing.T) {
	out := bench(t, "--latency", "off", "--version", "4.2", "--runs", "2")
	assert.Contains(t, out, "### S: 3 nodes, 40 guests, fake NetBox 4.2, latency off, best of 2\n\n|")
	for _, row := range []string{
		"wall, s", "– read", "– plan", "– shared", "– devices", "– virtual-machines", "floor: wall, s", wallToFloor,
		"only proxbox's lists: wall, s", "wall ÷ that", "objects written", "floor: rows written", requestsHere, "floor: requests to NetBox", "requests to Proxmox VE", "to NetBox, MiB", "from NetBox, MiB",
		"from Proxmox VE, MiB", "allocations", "allocated, KiB", liveHeap, "peak heap, KiB",
	} {
		assert.Contains(t, out, "\n| "+row+" ")
	}
	assert.NotContains(t, out, "CPU, ms", "a fake NetBox has no processes")
	assert.NotContains(t, out, "bound")
	lines := strings.Split(out, "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "|") {
			assert.Len(t, []rune(line), len([]rune(lines[3])), "all rows are equally wide")
			assert.Equal(t, 5, strings.Count(line, "|"))
		}
	}
}

func TestUsage(t *testing.T) {
	t.Setenv("PROXBOX_TEST_NETBOX_TOKEN", "")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--size", "XXL"}, `"XXL" is none of S, M, L and XL`},
		{[]string{"--latency", "some"}, "it is none of on, off, proxmox and netbox"},
		{[]string{"--runs", "0"}, "--runs must be at least 1"},
		{[]string{"S"}, `what is "S"? bench takes flags only`},
		{[]string{"--netbox", "http://127.0.0.1:1"}, "--netbox needs a token"},
		{[]string{"--netbox", "http://127.0.0.1:1", "--netbox-token", "canary"}, "--netbox needs --reset"},
		{[]string{"--netbox-dir", "/"}, "--netbox-dir is for a real NetBox"},
		{[]string{"--ways"}, "give --netbox, --reset and --netbox-dir too"},
		{[]string{"--ways", "--netbox", "http://127.0.0.1:1", "--reset", "true"}, "give --netbox, --reset and --netbox-dir too"},
		{[]string{"--ways", "--netbox", "http://127.0.0.1:1", "--netbox-dir", "/"}, "give --netbox, --reset and --netbox-dir too"},
		{[]string{"--ways", "--netbox", "http://127.0.0.1:1", "--netbox-dir", "/", "--reset", "true"}, "--netbox needs a token"},
		{[]string{"--ways", "--size", "S"}, "--size is not for --ways"},
	} {
		var out, errs strings.Builder
		assert.Equal(t, exitUsage, run(t.Context(), c.args, &out, &errs), c.args)
		assert.Contains(t, errs.String(), c.want)
		assert.NotContains(t, errs.String(), "canary")
		assert.Empty(t, out.String())
	}
}

// TestRealNetBox takes a fake one for a real one.
func TestRealNetBox(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	box := startNetBox(t, note)
	r := measured(t, "--netbox", box.URL, "--netbox-token", netboxtest.TokenV2, "--reset", ": >'"+note+"'")
	assert.True(t, r.Real)
	assert.Equal(t, "4.6", r.Version)
	assert.Equal(t, "off", r.Latency)
	assert.Greater(t, r.Sizes[0].Runs[firstRun].Floor.Written, 300)
}

// startNetBox serves a fake NetBox that is empty again when it finds the note.
func startNetBox(t *testing.T, note string) *httptest.Server {
	t.Helper()
	empty := func() *netboxtest.Server {
		box, err := netboxtest.New(&netboxtest.Options{Version: "4.6"})
		assert.NoError(t, err)
		return box
	}
	var mu stdsync.Mutex
	box := empty()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if os.Remove(note) == nil {
			box = empty()
		}
		now := box
		mu.Unlock()
		now.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestResetFails ends before anything is measured.
func TestResetFails(t *testing.T) {
	var out, errs strings.Builder
	args := []string{"--netbox", startNetBox(t, "").URL, "--netbox-token", netboxtest.TokenV1, "--reset", "echo it is locked; exit 3"}
	assert.Equal(t, exitFailed, run(t.Context(), args, &out, &errs))
	assert.Contains(t, errs.String(), "S: --reset: exit status 3: it is locked")
	assert.NotContains(t, errs.String(), netboxtest.TokenV1)
}

func TestSizes(t *testing.T) {
	var s sizes
	require.NoError(t, s.Set("s,XL"))
	require.NoError(t, s.Set("M"))
	assert.Equal(t, "S,XL,M", s.String())
}
