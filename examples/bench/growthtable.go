package main

import (
	"fmt"
	"strconv"
)

// growthTable shows what a guest costs in estates of different sizes: that nothing grows faster than the estate.
func (r *report) growthTable() *grid {
	g := &grid{title: "A guest in small and large estates, " + r.ends()}
	g.add("", "guests", "first: ms", "unchanged: ms", "first: requests", "first: allocations", "first: live KiB", "unchanged: live KiB")
	for _, s := range r.Sizes {
		first, unchanged := s.Runs[firstRun], s.Runs[unchangedRun]
		g.add(s.Name, strconv.Itoa(s.Guests),
			cell(s.perGuest(1000*float64(first.Ours.Wall)), 2, 0),
			cell(s.perGuest(1000*float64(unchanged.Ours.Wall)), 2, 0),
			cell(s.perGuest(float64(first.Ours.NetBox.Requests)), 3, 0),
			cell(s.perGuest(float64(first.Ours.Allocations)), 0, 0),
			cell(s.liveKiB(firstRun), 1, 0),
			cell(s.liveKiB(unchangedRun), 1, 0))
	}
	small, large := r.Sizes[0], r.Sizes[0]
	for _, s := range r.Sizes {
		if s.Guests < small.Guests {
			small = s
		}
		if s.Guests > large.Guests {
			large = s
		}
	}
	for _, run := range []int{firstRun, unchangedRun} {
		if least := small.liveKiB(run); least > 0 {
			figure := cell(large.liveKiB(run)/least, 2, r.target(liveHeapRatio, run, large.size))
			g.notes = append(g.notes, fmt.Sprintf("%s, %s: %s", liveHeapRatio, runNames()[run], figure))
		}
	}
	return g
}

// liveKiB is the peak of the live heap per guest.
func (s sizeReport) liveKiB(run int) float64 {
	return s.perGuest(float64(s.Runs[run].Heap.Live) / 1024)
}
