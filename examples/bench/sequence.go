package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"time"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// The runs, in their order. They are the columns of the tables.
const (
	firstRun = iota
	unchangedRun
	driftRun
	runCount
)

func runNames() [runCount]string { return [runCount]string{"first run", "unchanged", "5 % drift"} }

// unchangedRuns is how often the unchanged run and its floor take turns, as far as all of them begin within turnsEnd: they
// are short, and how long they take is chance in part, for a connection stays with that of NetBox's workers which took it.
const (
	unchangedRuns = 10
	turnsEnd      = 2 * time.Minute
)

// apart is how long after the other each begins with a real NetBox, so that it finds no connection open.
const apart = idle + 100*time.Millisecond

// pair is a run of proxbox's and, beside it, the floor's; of an unchanged run also how the floor reads no more than the
// lists that proxbox reads in it.
type pair struct{ ours, floor, lists measure }

// sequence is all that is measured once, the unchanged run several times.
type sequence struct {
	pairs  [runCount][]pair
	bounds [runCount]bound
}

// measureSequence measures all runs. An unchanged run and its floor follow each other on the same NetBox; the floor of the
// others writes what proxbox has left to another, or to the same, emptied in between.
func measureSequence(ctx context.Context, o *options, s size, errs io.Writer) (*sequence, error) {
	c, err := startChild(ctx, s, o.version, o.latency, errs)
	if err != nil {
		return nil, err
	}
	defer c.stop()
	if err := o.empty(ctx); err != nil {
		return nil, err
	}
	cpu := cpuTime{o.netboxDir}
	here, there := o.boxes(c)
	p, err := newProxbox("proxbox", c, here, cpu)
	if err != nil {
		return nil, err
	}
	q, reader, names := &sequence{}, newFloor(here, cpu), runNames()
	q.bounds = [runCount]bound{c.Bound, c.Bound, c.Bound}
	first, err := p.run(ctx, names[firstRun])
	if err != nil {
		return nil, err
	}
	before, err := reader.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	fields, err := q.measureUnchanged(ctx, o, p, reader, before)
	if err != nil {
		return nil, err
	}
	if err := c.drift(ctx); err != nil {
		return nil, err
	}
	q.bounds[driftRun] = c.Bound
	drifted, err := p.run(ctx, names[driftRun])
	if err != nil {
		return nil, err
	}
	q.pairs[firstRun], q.pairs[driftRun] = []pair{{ours: first}}, []pair{{ours: drifted}}
	after, err := reader.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.empty(ctx); err != nil {
		return nil, err
	}
	return q, q.measureFloor(ctx, newFloor(there, cpu), before, after, fields)
}

// measureUnchanged measures unchanged runs, and after each how the floor reads the rows. It returns which fields proxbox has
// read, by the path of the list, in these runs and in the one before.
func (q *sequence) measureUnchanged(ctx context.Context, o *options, p *proxbox, f *floor, s snapshot) (map[string]string, error) {
	name, rest, fields := runNames()[unchangedRun], time.Duration(0), p.netbox.fields()
	if o.real() {
		rest = apart
	}
	began := time.Now()
	for turn := 0; turn < unchangedRuns && (turn == 0 || time.Since(began) < turnsEnd); turn++ {
		time.Sleep(rest)
		ours, err := p.run(ctx, name)
		if err != nil {
			return nil, err
		}
		if ours.Written > 0 {
			return nil, fmt.Errorf("the unchanged run wrote %d objects", ours.Written)
		}
		lists := p.netbox.fields()
		maps.Copy(fields, lists)
		now := pair{ours: ours}
		time.Sleep(rest)
		now.floor, err = f.run(ctx, name, func(ctx context.Context) error { return f.read(ctx, s, fields) })
		if err != nil {
			return nil, err
		}
		time.Sleep(rest)
		now.lists, err = f.run(ctx, name, func(ctx context.Context) error { return f.readLists(ctx, s, lists) })
		if err != nil {
			return nil, err
		}
		q.pairs[unchangedRun] = append(q.pairs[unchangedRun], now)
	}
	return fields, nil
}

// measureFloor measures how the floor writes the same rows into an empty NetBox, and then how it changes what changed.
func (q *sequence) measureFloor(ctx context.Context, f *floor, before, after snapshot, fields map[string]string) (err error) {
	names := runNames()
	q.pairs[firstRun][0].floor, err = f.run(ctx, names[firstRun], func(ctx context.Context) error { return f.load(ctx, before) })
	if err != nil {
		return err
	}
	if err := f.holds(ctx, before); err != nil {
		return err
	}
	q.pairs[driftRun][0].floor, err = f.run(ctx, names[driftRun], func(ctx context.Context) error {
		return errors.Join(f.read(ctx, before, fields), f.change(ctx, before, after))
	})
	if err != nil {
		return err
	}
	return f.holds(ctx, after)
}

// holds checks that the NetBox has as many rows as are to be there.
func (f *floor) holds(ctx context.Context, s snapshot) error {
	have, err := f.snapshot(ctx)
	if err != nil {
		return err
	}
	for path, rows := range s {
		if n := len(have[path]); n != len(rows) {
			return fmt.Errorf("the floor left %d rows in %s, proxbox %d", n, path, len(rows))
		}
	}
	return nil
}

// boxes returns the NetBoxes of proxbox and of the floor.
func (o *options) boxes(c *child) (ours, floor end) {
	if o.real() {
		return o.netbox, o.netbox
	}
	return end{c.NetBox, netboxtest.TokenV1}, end{c.Floor, netboxtest.TokenV1}
}

// empty empties a real NetBox; a fake one is new for each sequence.
func (o *options) empty(ctx context.Context) error {
	if !o.real() {
		return nil
	}
	command := exec.CommandContext(ctx, "sh", "-c", o.reset)
	command.Env = os.Environ()
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("--reset: %w: %s", err, said)
	}
	return nil
}

// measureHeap measures how much more than for an empty estate is on the heap. It is no part of a sequence: to look costs
// time.
func measureHeap(ctx context.Context, o *options, s size, errs io.Writer) ([runCount]heapPeak, error) {
	none, _, err := heapPeaks(ctx, o, size{Nodes: s.Nodes}, false, errs)
	if err != nil {
		return none, err
	}
	peaks, profile, err := heapPeaks(ctx, o, s, o.memProfile != "", errs)
	for run := range peaks {
		peaks[run].Live -= none[run].Live
		peaks[run].Objects -= none[run].Objects
	}
	return peaks, errors.Join(err, writeFile(o.memProfile, profile))
}

// heapPeaks runs against fakes without latency and returns the peak of each run, and the heap profile of the highest.
func heapPeaks(ctx context.Context, o *options, s size, keep bool, errs io.Writer) (peaks [runCount]heapPeak, profile []byte, err error) {
	c, err := startChild(ctx, s, o.version, latencyOff, errs)
	if err != nil {
		return peaks, nil, err
	}
	defer c.stop()
	p, err := newProxbox("heap", c, end{c.NetBox, netboxtest.TokenV1}, cpuTime{})
	if err != nil {
		return peaks, nil, err
	}
	highest := int64(0)
	for run, name := range runNames() {
		if run == driftRun {
			if err := c.drift(ctx); err != nil {
				return peaks, nil, err
			}
		}
		watch := watchHeap(keep)
		_, err := p.run(ctx, name)
		peaks[run] = watch.stop()
		if err != nil {
			return peaks, nil, err
		}
		if watch.kept > highest {
			highest, profile = watch.kept, watch.profile
		}
	}
	return peaks, profile, nil
}
