package main

import (
	"context"
	"os"
	"runtime/pprof"
)

// startProfile begins a CPU profile in the file, if one is named.
func startProfile(name string) (stop func() error, err error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// labelled calls f with what it does marked as that of who in a run, for profiles.
func labelled(ctx context.Context, who, run string, f func(context.Context)) {
	pprof.Do(ctx, pprof.Labels("who", who, "run", run), f)
}
