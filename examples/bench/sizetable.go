package main

import (
	"fmt"
	"strconv"
)

// sizeTable shows what was measured of a size, one column for each run.
func (r *report) sizeTable(s sizeReport) *grid {
	g := &grid{title: fmt.Sprintf("%s: %d nodes, %d guests, %s", s.Name, s.Nodes, s.Guests, r.ends())}
	heading := []string{""}
	for _, run := range s.Runs {
		heading = append(heading, run.Name)
	}
	g.add(heading...)
	t := &sizeRows{report: r, size: s, grid: g}
	t.times()
	t.requests()
	t.memory()
	g.notes = append(g.notes, "In brackets stands the target; what misses it is **bold**. Per guest are: requests, allocations, KiB on the heap, and NetBox's CPU time.")
	return g
}

// ends says between what was measured.
func (r *report) ends() string {
	netbox := "fake NetBox " + r.Version
	if r.Real {
		netbox = "real NetBox " + r.Version
	}
	return fmt.Sprintf("%s, latency %s, best of %d", netbox, r.Latency, r.Runs)
}

// sizeRows adds rows to a table.
type sizeRows struct {
	report *report
	size   sizeReport
	grid   *grid
}

// row adds a figure, with so many digits behind the point; zero in all columns leaves it out.
func (t *sizeRows) row(name string, digits int, figure func(run runReport) float64) {
	cells, some := []string{name}, false
	for n, run := range t.size.Runs {
		v := figure(run)
		some = some || v != 0
		cells = append(cells, cell(v, digits, t.report.target(name, n, t.size.size)))
	}
	if some {
		t.grid.add(cells...)
	}
}

// cell shows a figure, with its target if there is one.
func cell(v float64, digits int, most target) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	switch {
	case most == 0:
		return text
	case v > float64(most):
		return fmt.Sprintf("**%s** (≤ %g)", text, float64(most))
	}
	return fmt.Sprintf("%s (≤ %g)", text, float64(most))
}

func (t *sizeRows) times() {
	t.row("wall, s", 2, func(r runReport) float64 { return float64(r.Ours.Wall) })
	for _, name := range phaseNames(t.size) {
		t.row("– "+name, 2, func(r runReport) float64 { return float64(r.Ours.phase(name)) })
	}
	t.row("floor: wall, s", 2, func(r runReport) float64 { return float64(r.Floor.Wall) })
	t.row(wallToFloor, 2, func(r runReport) float64 { return r.WallRatio })
	t.row("only proxbox's lists: wall, s", 2, func(r runReport) float64 { return float64(r.Lists.Wall) })
	t.row("wall ÷ that", 2, func(r runReport) float64 { return r.ListsRatio })
	t.row("Proxmox VE read, s", 2, func(r runReport) float64 { return float64(r.Ours.ProxmoxRead) })
	t.row("its bound, s", 2, func(r runReport) float64 { return float64(r.Bound) })
	t.boundRow(proxmoxBound, func(r runReport) float64 { return ratio(r.Ours.ProxmoxRead, r.Bound) })
	t.boundRow(wallBound, func(r runReport) float64 { return ratio(r.Ours.Wall, r.Bound) })
	t.row("NetBox CPU, ms", 1, func(r runReport) float64 { return t.size.perGuest(1000 * float64(r.Ours.NetBoxCPU)) })
	t.row("floor: NetBox CPU, ms", 1, func(r runReport) float64 { return t.size.perGuest(1000 * float64(r.Floor.NetBoxCPU)) })
	t.row(cpuToFloor, 2, func(r runReport) float64 { return r.CPURatio })
}

// boundRow is a row by the bound of Proxmox VE, which there is with its latencies only.
func (t *sizeRows) boundRow(name string, figure func(r runReport) float64) {
	if t.size.Runs[firstRun].Bound > 0 {
		t.row(name, 2, figure)
	}
}

func (t *sizeRows) requests() {
	const mebibyte = 1 << 20
	t.row("objects written", 0, func(r runReport) float64 { return float64(r.Ours.Written) })
	t.row("floor: rows written", 0, func(r runReport) float64 { return float64(r.Floor.Written) })
	t.row(requestsHere, 3, func(r runReport) float64 { return t.size.perGuest(float64(r.Ours.NetBox.Requests)) })
	t.row("floor: requests to NetBox", 3, func(r runReport) float64 { return t.size.perGuest(float64(r.Floor.NetBox.Requests)) })
	t.row("requests to Proxmox VE", 2, func(r runReport) float64 { return t.size.perGuest(float64(r.Ours.Proxmox.Requests)) })
	t.row("to NetBox, MiB", 2, func(r runReport) float64 { return float64(r.Ours.NetBox.Sent) / mebibyte })
	t.row("from NetBox, MiB", 2, func(r runReport) float64 { return float64(r.Ours.NetBox.Received) / mebibyte })
	t.row("floor: from NetBox, MiB", 2, func(r runReport) float64 { return float64(r.Floor.NetBox.Received) / mebibyte })
	t.row("from Proxmox VE, MiB", 2, func(r runReport) float64 { return float64(r.Ours.Proxmox.Received) / mebibyte })
}

func (t *sizeRows) memory() {
	const kibibyte = 1 << 10
	t.row("allocations", 0, func(r runReport) float64 { return t.size.perGuest(float64(r.Ours.Allocations)) })
	t.row("allocated, KiB", 0, func(r runReport) float64 { return t.size.perGuest(float64(r.Ours.Allocated) / kibibyte) })
	t.row(liveHeap, 1, func(r runReport) float64 { return t.size.perGuest(float64(r.Heap.Live) / kibibyte) })
	t.row("peak heap, KiB", 1, func(r runReport) float64 { return t.size.perGuest(float64(r.Heap.Objects) / kibibyte) })
}

// phaseNames returns the phases of the first run, which has all.
func phaseNames(s sizeReport) []string {
	var names []string
	for _, p := range s.Runs[firstRun].Ours.Phases {
		names = append(names, p.Name)
	}
	return names
}

// phase returns how long a phase took.
func (m measure) phase(name string) seconds {
	for _, p := range m.Phases {
		if p.Name == name {
			return p.Took
		}
	}
	return 0
}
