package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/proxbox-go/proxbox/sync"
)

// watch counts what is asked of a sink, and notes where the engine broke its word.
type watch struct {
	requests, written, reads int
	flight, most             int // writes under way: now, and at most
	units                    map[sync.Key]int
	creating                 map[sync.Kind]int
	wrongs                   []error
}

// Requests returns how many writes, of one or more objects each, were asked for.
func (s *Sink) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.requests
}

// Written returns how many objects were created, updated or deleted by Apply.
func (s *Sink) Written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.written
}

// Reads returns how often Current and Lookup read something.
func (s *Sink) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.reads
}

// MostInFlight returns how many writes were under way at once, at most.
func (s *Sink) MostInFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.most
}

// Check returns what the engine did that it promises not to do: two writes to one unit at once, creations of a serial
// kind beside each other, too large or mixed or empty batches.
func (s *Sink) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.watch.wrongs...)
}

// begin notes that a write begins, and returns what is to be called before it, and its number.
func (s *Sink) begin(b sync.Batch) (before func(context.Context, int, sync.Batch) error, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &s.watch
	w.requests++
	w.flight++
	w.most = max(w.most, w.flight)
	w.look(b, s.info(b.Kind))
	return s.faults.before, w.requests
}

// look finds what is wrong about a write that begins.
func (w *watch) look(b sync.Batch, info sync.KindInfo) {
	wrong := func(format string, args ...any) {
		w.wrongs = append(w.wrongs, fmt.Errorf("%s %s: %s", b.Op, b.Kind, fmt.Sprintf(format, args...)))
	}
	most := info.Batch
	if most == 0 {
		most = 100
	}
	if n := len(b.Items); n == 0 || n > most {
		wrong("%d items in a batch of at most %d", n, most)
	}
	if info.Serial && b.Op == sync.Create {
		if w.creating == nil {
			w.creating = map[sync.Kind]int{}
		}
		if w.creating[b.Kind]++; w.creating[b.Kind] > 1 {
			wrong("beside another creation of this serial kind")
		}
	}
	for unit := range unitsOf(b) {
		if w.units[unit]++; w.units[unit] > 1 {
			wrong("beside another write to %s", unit)
		}
	}
	for _, item := range b.Items {
		if item.Key.Kind != b.Kind {
			wrong("holds %s", item.Key)
		}
	}
}

// end notes that a write has ended.
func (s *Sink) end(b sync.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.flight--
	if s.info(b.Kind).Serial && b.Op == sync.Create {
		s.watch.creating[b.Kind]--
	}
	for unit := range unitsOf(b) {
		s.watch.units[unit]--
	}
}

func unitsOf(b sync.Batch) map[sync.Key]bool {
	units := map[sync.Key]bool{}
	for _, item := range b.Items {
		if !item.Unit.IsZero() {
			units[item.Unit] = true
		}
	}
	return units
}

func (s *Sink) info(kind sync.Kind) sync.KindInfo {
	kinds := s.Kinds()
	if i := slices.IndexFunc(kinds, func(k sync.KindInfo) bool { return k.Kind == kind }); i >= 0 {
		return kinds[i]
	}
	return sync.KindInfo{Kind: kind}
}
