package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	stdsync "sync"
	"time"
)

const (
	// heapEvery is the time between two looks at the heap.
	heapEvery = 2 * time.Millisecond
	// heapPercent lets the garbage collector run whenever the heap has grown by so much: what lives is known only as of its
	// last cycle, and to stop a run for one at each look would take longer than the run.
	heapPercent = 5
)

// heapPeak is the most that was on the heap, in bytes.
type heapPeak struct {
	// Live was reachable when a cycle of the garbage collector ended: /gc/heap/live:bytes.
	Live int64 `json:"live"`
	// Objects was there, garbage not yet swept included: /memory/classes/heap/objects:bytes. It is above Live by what is
	// allocated during a cycle.
	Objects int64 `json:"objects"`
}

// heapWatch looks at the heap all the time.
type heapWatch struct {
	peak    heapPeak
	keep    bool // profiles
	profile []byte
	kept    int64 // the live heap at the profile
	quit    chan struct{}
	done    stdsync.WaitGroup
	percent int
}

// watchHeap begins. With keep it takes a heap profile whenever there is clearly more than at the last.
func watchHeap(keep bool) *heapWatch {
	w := &heapWatch{keep: keep, quit: make(chan struct{}), percent: debug.SetGCPercent(heapPercent)}
	runtime.GC()
	w.done.Go(func() {
		ticker := time.NewTicker(heapEvery)
		defer ticker.Stop()
		for {
			w.look()
			select {
			case <-ticker.C:
			case <-w.quit:
				return
			}
		}
	})
	return w
}

func (w *heapWatch) look() {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	live, objects := int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64())
	w.peak = heapPeak{max(w.peak.Live, live), max(w.peak.Objects, objects)}
	if w.keep && live > w.kept+w.kept/20 {
		var profile bytes.Buffer
		if pprof.Lookup("heap").WriteTo(&profile, 0) == nil {
			w.kept, w.profile = live, profile.Bytes()
		}
	}
}

// stop ends the watch and returns the peak.
func (w *heapWatch) stop() heapPeak {
	close(w.quit)
	w.done.Wait()
	debug.SetGCPercent(w.percent)
	return w.peak
}

// writeFile writes a file, unless it has no name.
func writeFile(name string, raw []byte) error {
	if name == "" {
		return nil
	}
	return os.WriteFile(name, raw, 0o644)
}
