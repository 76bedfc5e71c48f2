package main

import (
	"context"
	"io"
	"slices"
)

// report is all that was measured.
type report struct {
	Version string       `json:"version"` // of NetBox
	Latency string       `json:"latency"`
	Real    bool         `json:"real"` // NetBox is a real one
	Runs    int          `json:"runs"`
	Sizes   []sizeReport `json:"sizes"`
}

// sizeReport is what was measured of one size.
type sizeReport struct {
	size
	Runs [runCount]runReport `json:"measured"`
}

// runReport is what was measured of one run.
type runReport struct {
	Name string `json:"name"`
	// Ours and Floor are those with the best wall time.
	Ours  measure `json:"proxbox"`
	Floor measure `json:"floor"`
	// WallRatio and CPURatio are the medians of proxbox's by the floor's, of pairs that ran one after the other.
	WallRatio float64 `json:"wall_ratio"`
	CPURatio  float64 `json:"cpu_ratio,omitempty"`
	// Lists is the floor that reads no more than the lists that proxbox reads, of an unchanged run.
	Lists      measure `json:"lists,omitzero"`
	ListsRatio float64 `json:"lists_ratio,omitempty"` // of the wall times
	// Bound is the least time in which Proxmox VE can be read, zero without latencies.
	Bound seconds `json:"proxmox_bound,omitempty"`
	// Heap is the peak, less that of an empty estate.
	Heap heapPeak `json:"heap"`
}

// measureSize measures all of a size.
func measureSize(ctx context.Context, o *options, s size, errs io.Writer) (sizeReport, error) {
	r := sizeReport{size: s}
	var all []*sequence
	for range o.runs {
		q, err := measureSequence(ctx, o, s, errs)
		if err != nil {
			return r, err
		}
		all = append(all, q)
	}
	peaks, err := measureHeap(ctx, o, s, errs)
	for run, name := range runNames() {
		r.Runs[run] = summarize(name, run, all)
		r.Runs[run].Heap = peaks[run]
		if o.latency.ofProxmox() {
			r.Runs[run].Bound = all[0].bounds[run].most()
		}
	}
	return r, err
}

// summarize takes the best of several sequences.
func summarize(name string, run int, all []*sequence) runReport {
	best := all[0].pairs[run][0]
	var wall, cpu, lists []float64
	for _, q := range all {
		for _, p := range q.pairs[run] {
			if p.ours.Wall < best.ours.Wall {
				best.ours = p.ours
			}
			if p.floor.Wall < best.floor.Wall {
				best.floor = p.floor
			}
			if p.lists.Wall < best.lists.Wall {
				best.lists = p.lists
			}
			lists = append(lists, ratio(p.ours.Wall, p.lists.Wall))
			wall = append(wall, ratio(p.ours.Wall, p.floor.Wall))
			cpu = append(cpu, ratio(p.ours.NetBoxCPU, p.floor.NetBoxCPU))
		}
	}
	r := runReport{Name: name, Ours: best.ours, Floor: best.floor, Lists: best.lists}
	r.WallRatio, r.CPURatio, r.ListsRatio = median(wall), median(cpu), median(lists)
	return r
}

// ratio is zero where there is nothing to compare with.
func ratio(a, b seconds) float64 {
	if b == 0 {
		return 0
	}
	return float64(a / b)
}

func median(list []float64) float64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// perGuest is zero without guests.
func (s size) perGuest(n float64) float64 {
	if s.Guests == 0 {
		return 0
	}
	return n / float64(s.Guests)
}
