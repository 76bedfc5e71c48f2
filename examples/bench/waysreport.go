package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// waysReport is what the ways cost.
type waysReport struct {
	Version string        `json:"version"` // of NetBox
	Runs    int           `json:"runs"`
	Groups  []groupReport `json:"groups"`
}

// groupReport is what the ways of a group cost.
type groupReport struct {
	Name string      `json:"name"`
	Rows int         `json:"rows"`
	Ways []wayReport `json:"ways"`
}

// wayReport is what one way costs. All but Rounds are medians of these.
type wayReport struct {
	Name string `json:"name"`
	// Needs is the release that has this way, where the one at hand has it not: nothing else is known of it then.
	Needs string `json:"needs,omitempty"`
	// CPU and Wall are milliseconds per row.
	CPU  float64 `json:"cpu_ms"`
	Wall float64 `json:"wall_ms"`
	// The ratios are by the group's first way that there is, of measures that followed each other.
	CPURatio  float64 `json:"cpu_ratio"`
	WallRatio float64 `json:"wall_ratio"`
	// Least and Most are the bounds of the ratio of CPU time.
	Least float64 `json:"cpu_ratio_least"`
	Most  float64 `json:"cpu_ratio_most"`
	// Busiest is the share of the worker that worked most.
	Busiest float64   `json:"busiest_worker"`
	Rounds  []wayCost `json:"rounds,omitempty"`
}

// wayCost is what all rows of a way cost once.
type wayCost struct {
	CPU     seconds `json:"cpu"`
	Wall    seconds `json:"wall"`
	Busiest float64 `json:"busiest_worker"`
}

// summarize fills in the medians.
func (r *groupReport) summarize() {
	var first []wayCost
	for i := range r.Ways {
		w := &r.Ways[i]
		if w.Needs != "" {
			continue
		}
		if first == nil {
			first = w.Rounds
		}
		w.CPU = r.perRow(w.Rounds, func(c wayCost) seconds { return c.CPU })
		w.Wall = r.perRow(w.Rounds, func(c wayCost) seconds { return c.Wall })
		var cpu, wall, busiest []float64
		for round, c := range w.Rounds {
			cpu = append(cpu, ratio(c.CPU, first[round].CPU))
			wall = append(wall, ratio(c.Wall, first[round].Wall))
			busiest = append(busiest, c.Busiest)
		}
		w.CPURatio, w.WallRatio, w.Busiest = median(cpu), median(wall), median(busiest)
		w.Least, w.Most = slices.Min(cpu), slices.Max(cpu)
	}
}

// perRow returns the median of a figure, in milliseconds per row.
func (r *groupReport) perRow(rounds []wayCost, figure func(wayCost) seconds) float64 {
	var all []float64
	for _, c := range rounds {
		all = append(all, 1000*float64(figure(c))/float64(r.Rows))
	}
	return median(all)
}

// print prints one table, or one JSON document.
func (r *waysReport) print(asJSON bool, out io.Writer) error {
	if !asJSON {
		r.table().write(out)
		return nil
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// table shows the ways, below the names of their groups.
func (r *waysReport) table() *grid {
	g := &grid{title: fmt.Sprintf("Ways to write, real NetBox %s, medians of %d", r.Version, r.Runs)}
	g.add("", "rows", "CPU, ms", "÷ first", "least–most", "wall, ms", "÷ first", "busiest worker, %")
	for _, group := range r.Groups {
		g.add(group.Name, strconv.Itoa(group.Rows), "", "", "", "", "", "")
		first := true
		for _, w := range group.Ways {
			g.add(w.cells(first)...)
			first = first && w.Needs != ""
		}
	}
	g.notes = append(g.notes,
		"Times are per row; CPU is that of gunicorn and PostgreSQL. ÷ first is the median of the rounds' ratios to the group's first way that there is.")
	return g
}

// cells shows a way; the first of a group that there is is compared with nothing.
func (w wayReport) cells(first bool) []string {
	name := "– " + w.Name
	if w.Needs != "" {
		return []string{name, "", "needs NetBox " + w.Needs, "", "", "", "", ""}
	}
	cpu, bounds, wall := "", "", ""
	if !first {
		cpu, wall = cell(w.CPURatio, 2, 0), cell(w.WallRatio, 2, 0)
		bounds = cell(w.Least, 2, 0) + "–" + cell(w.Most, 2, 0)
	}
	return []string{name, "", cell(w.CPU, 1, 0), cpu, bounds, cell(w.Wall, 1, 0), wall, cell(100*w.Busiest, 0, 0)}
}
