package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
)

// The exit codes. A target that is missed is told, and no failure.
const (
	exitGood   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run measures what the arguments ask for, prints the tables and returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parseOptions(args, errs)
	if errors.Is(err, flag.ErrHelp) {
		return exitGood
	}
	if err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return exitUsage
	}
	measure := measureAll
	if o.ways {
		measure = measureWays
	}
	if err := measure(ctx, o, out, errs); err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return exitFailed
	}
	return exitGood
}

// measureAll measures size after size, and prints each table as soon as it is known.
func measureAll(ctx context.Context, o *options, out, errs io.Writer) (err error) {
	stop, err := startProfile(o.cpuProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	all := report{Version: o.version, Latency: string(o.latency), Real: o.real(), Runs: o.runs}
	if o.real() {
		if all.Version, err = newFloor(o.netbox, cpuTime{}).release(ctx); err != nil {
			return err
		}
	}
	for _, s := range o.sizes {
		fmt.Fprintf(errs, "%s: %d nodes, %d guests\n", s.Name, s.Nodes, s.Guests)
		one, err := measureSize(ctx, o, s, errs)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		all.Sizes = append(all.Sizes, one)
		if !o.json {
			all.sizeTable(one).write(out)
		}
	}
	if o.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(all)
	}
	if len(all.Sizes) > 1 {
		all.growthTable().write(out)
	}
	return nil
}
