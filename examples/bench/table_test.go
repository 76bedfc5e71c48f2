package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTable shows all rows that there can be: with a real NetBox, and with the latencies of Proxmox VE.
func TestTable(t *testing.T) {
	t.Parallel()
	s := sizeReport{size: size{"XL", 32, 10_000}}
	for run, name := range runNames() {
		s.Runs[run] = runReport{
			Name: name, Bound: 10, WallRatio: 1.2, CPURatio: 0.9, Heap: heapPeak{Live: 250 << 20, Objects: 300 << 20},
			Ours:  measure{Wall: 12, ProxmoxRead: 11, NetBoxCPU: 20, Phases: []phase{{"read", 11}}},
			Floor: measure{Wall: 10, NetBoxCPU: 22},
		}
	}
	var out strings.Builder
	(&report{Version: "4.7", Real: true, Latency: "off", Runs: 3}).sizeTable(s).write(&out)
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, row := range []string{
		"### XL: 32 nodes, 10000 guests, real NetBox 4.7, latency off, best of 3",
		"| wall ÷ floor | **1.20** (≤ 1.15) | 1.20 (≤ 1.25) | 1.20 |",
		"| Proxmox VE read ÷ bound | 1.10 (≤ 1.2) | 1.10 (≤ 1.2) | 1.10 (≤ 1.2) |",
		"| NetBox CPU, ms | 2.0 | 2.0 | 2.0 |",
		"| floor: NetBox CPU, ms | 2.2 | 2.2 | 2.2 |",
		"| NetBox CPU ÷ floor | 0.90 (≤ 0.92) | 0.90 | 0.90 |",
		"| peak live heap, KiB | **25.6** (≤ 20) | **25.6** (≤ 20) | **25.6** (≤ 20) |",
	} {
		assert.Contains(t, text, row)
	}
}

// TestGrowth compares the largest with the smallest, in whatever order they come.
func TestGrowth(t *testing.T) {
	t.Parallel()
	r := &report{Version: "4.7", Latency: "off", Runs: 1}
	for _, guests := range []int{100, 50, 200} {
		s := sizeReport{size: size{Name: "some", Guests: guests}}
		for run := range s.Runs {
			s.Runs[run].Heap.Live = int64(guests*10<<10 + guests*guests*100)
		}
		r.Sizes = append(r.Sizes, s)
	}
	var out strings.Builder
	r.growthTable().write(&out)
	assert.Contains(t, out.String(), "largest ÷ smallest, first run: **1.98** (≤ 1.25)")
}

func TestRequestTarget(t *testing.T) {
	t.Parallel()
	large := size{"L", 16, 2_000}
	assert.Equal(t, target(0.12), (&report{Version: "4.7"}).target(requestsHere, firstRun, large))
	assert.Equal(t, target(0.16), (&report{Version: "4.2"}).target(requestsHere, firstRun, large))
	assert.Zero(t, (&report{Version: "4.7"}).target(requestsHere, unchangedRun, large))
}

func TestMedian(t *testing.T) {
	t.Parallel()
	assert.InDelta(t, 2.0, median([]float64{9, 1, 2}), 0)
	assert.InDelta(t, 1.5, median([]float64{2, 1}), 0)
}
