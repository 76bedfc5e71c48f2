package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// settle is how long NetBox may still work on what it has answered.
const settle = 50 * time.Millisecond

// measureWays measures all ways, and prints one table. NetBox is emptied before and after.
func measureWays(ctx context.Context, o *options, out, errs io.Writer) (err error) {
	cpu := cpuTime{o.netboxDir}
	if _, err := cpu.total(); err != nil {
		return err // before anything is emptied
	}
	release, err := newFloor(o.netbox, cpu).release(ctx)
	if err != nil {
		return err
	}
	if err := o.empty(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.empty(context.WithoutCancel(ctx))) }()
	w, err := newWriter(ctx, o.netbox)
	if err != nil {
		return err
	}
	all := waysReport{Version: release, Runs: o.runs}
	err = all.measure(ctx, w, cpu, errs)
	if len(all.Groups) == 0 {
		return err
	}
	return errors.Join(err, all.print(o.json, out)) // what took so long is told even if the rest fails
}

// measure measures group after group.
func (r *waysReport) measure(ctx context.Context, w *writer, cpu cpuTime, errs io.Writer) error {
	for _, g := range groups() {
		fmt.Fprintf(errs, "%s: %d ways, %d rows\n", g.name, len(g.ways), g.rows)
		one, err := measureGroup(ctx, g, w, r.Version, cpu, r.Runs)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		r.Groups = append(r.Groups, one)
	}
	return nil
}

// measureGroup measures the ways in turn, so many times: what changes in between, as the speed of the machine does, changes
// for all of them.
func measureGroup(ctx context.Context, g group, w *writer, release string, cpu cpuTime, runs int) (groupReport, error) {
	r := groupReport{Name: g.name, Rows: g.rows}
	for _, way := range g.ways {
		one := wayReport{Name: way.name}
		if before(release, way.since) {
			one.Needs = way.since
		}
		r.Ways = append(r.Ways, one)
	}
	for range runs {
		for i, way := range g.ways {
			if r.Ways[i].Needs != "" {
				continue
			}
			c, err := measureWay(ctx, way, w, g.rows, cpu)
			if err != nil {
				return r, fmt.Errorf("%s: %w", way.name, err)
			}
			r.Ways[i].Rounds = append(r.Ways[i].Rounds, c)
		}
	}
	r.summarize()
	return r, nil
}

// measureWay measures a way once.
func measureWay(ctx context.Context, way way, w *writer, rows int, cpu cpuTime) (wayCost, error) {
	var c wayCost
	write, err := way.prepare(ctx, w, rows)
	if err != nil {
		return c, err
	}
	time.Sleep(settle)
	used, err := cpu.total()
	if err != nil {
		return c, err
	}
	workers, err := cpu.workers()
	if err != nil {
		return c, err
	}
	began := time.Now()
	if err := write(ctx); err != nil {
		return c, err
	}
	c.Wall = inSeconds(time.Since(began))
	time.Sleep(settle)
	after, err := cpu.workers()
	if err != nil {
		return c, err
	}
	total, err := cpu.total()
	c.CPU, c.Busiest = inSeconds(total-used), busiest(workers, after)
	return c, err
}

// busiest returns what part of all that the workers have done one of them has, zero where they did nothing. One that was
// not there before began with nothing.
func busiest(before, after map[int]time.Duration) float64 {
	var most, sum time.Duration
	for number, used := range after {
		did := used - before[number]
		most, sum = max(most, did), sum+did
	}
	if sum == 0 {
		return 0
	}
	return float64(most) / float64(sum)
}

// before tells whether a release is older than another; none is older than the empty one.
func before(release, other string) bool {
	var major, minor, otherMajor, otherMinor int
	if n, _ := fmt.Sscanf(other, "%d.%d", &otherMajor, &otherMinor); n < 2 {
		return false
	}
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n < 2 {
		return true
	}
	return major < otherMajor || major == otherMajor && minor < otherMinor
}
