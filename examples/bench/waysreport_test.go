package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// TestWaysTable: ratios are those of one round, and a way that the release lacks has no figures.
func TestWaysTable(t *testing.T) {
	t.Parallel()
	r := waysReport{Version: "4.6", Runs: 3, Groups: []groupReport{
		{Name: "an interface", Rows: 100, Ways: []wayReport{
			{Name: "a", Needs: "4.7"},
			{Name: "b", Rounds: []wayCost{{2, 3, 0.5}, {4, 6, 0.6}, {3, 4, 0.9}}},
			{Name: "c", Rounds: []wayCost{{1, 3, 1}, {8, 12, 1}, {3, 6, 1}}},
		}},
		{Name: "a disk", Rows: 400, Ways: []wayReport{{Name: "d", Rounds: []wayCost{{2, 2, 0}, {2, 2, 0}, {2, 2, 0}}}}},
	}}
	for i := range r.Groups {
		r.Groups[i].summarize()
	}
	var out strings.Builder
	r.table().write(&out)
	assert.Equal(t, `
### Ways to write, real NetBox 4.6, medians of 3

|              | rows |          CPU, ms | ÷ first | least–most | wall, ms | ÷ first | busiest worker, % |
| ------------ | ---: | ---------------: | ------: | ---------: | -------: | ------: | ----------------: |
| an interface |  100 |                  |         |            |          |         |                   |
| – a          |      | needs NetBox 4.7 |         |            |          |         |                   |
| – b          |      |             30.0 |         |            |     40.0 |         |                60 |
| – c          |      |             30.0 |    1.00 |  0.50–2.00 |     60.0 |    1.50 |               100 |
| a disk       |  400 |                  |         |            |          |         |                   |
| – d          |      |              5.0 |         |            |      5.0 |         |                 0 |

Times are per row; CPU is that of gunicorn and PostgreSQL. ÷ first is the median of the rounds' ratios to the group's first way that there is.
`, out.String())
}

func TestBusiest(t *testing.T) {
	t.Parallel()
	before := map[int]time.Duration{1: 5, 2: 7, 3: 100}
	assert.InDelta(t, 0.6, busiest(before, map[int]time.Duration{1: 8, 2: 7, 4: 2}), 1e-9, "one has ended, one is new")
	assert.Zero(t, busiest(before, before))
}

func TestBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		release, other string
		want           bool
	}{
		{"4.6", "4.7", true},
		{"4.7", "4.7", false},
		{"4.10", "4.7", false},
		{"5.0", "4.7", false},
		{"3.9", "4.7", true},
		{"4.2", "", false},
	} {
		assert.Equal(t, c.want, before(c.release, c.other), "%s, %s", c.release, c.other)
	}
}

// TestUnknownProcesses ends before NetBox is emptied.
func TestUnknownProcesses(t *testing.T) {
	t.Parallel()
	note := filepath.Join(t.TempDir(), "note")
	args := []string{
		"--ways", "--netbox", "http://127.0.0.1:1", "--netbox-token", netboxtest.TokenV1, "--reset", ": >'" + note + "'",
		"--netbox-dir", t.TempDir(),
	}
	var out, errs strings.Builder
	assert.Equal(t, exitFailed, run(t.Context(), args, &out, &errs))
	assert.Contains(t, errs.String(), "the CPU time of NetBox is not known")
	assert.Empty(t, out.String())
	assert.NoFileExists(t, note)
}

// TestMeasureWays takes a fake NetBox for a real one, and this process for its processes.
func TestMeasureWays(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	box := startNetBox(t, note)
	args := []string{
		"--ways", "--runs", "1", "--netbox", box.URL, "--netbox-token", netboxtest.TokenV2, "--reset", ": >'" + note + "'",
		"--netbox-dir", ownCPUTime(t).folder, "--json",
	}
	var r waysReport
	require.NoError(t, json.Unmarshal([]byte(bench(t, args...)), &r))
	assert.Equal(t, "4.6", r.Version)
	require.Len(t, r.Groups, len(groups()))
	for i, g := range groups() {
		assert.Equal(t, g.name, r.Groups[i].Name)
		assert.Equal(t, g.rows, r.Groups[i].Rows)
		require.Len(t, r.Groups[i].Ways, len(g.ways))
		for n, w := range r.Groups[i].Ways {
			if before(r.Version, g.ways[n].since) {
				assert.Equal(t, wayReport{Name: g.ways[n].name, Needs: "4.7"}, w)
				continue
			}
			assert.Positive(t, w.Wall, w.Name)
			assert.Len(t, w.Rounds, 1)
		}
	}
	left, err := newFloor(end{box.URL, netboxtest.TokenV2}, cpuTime{}).snapshot(t.Context())
	require.NoError(t, err)
	assert.Empty(t, left[machinePath], "it is emptied at the end")
}
