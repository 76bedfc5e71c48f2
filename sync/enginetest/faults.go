package enginetest

import (
	"context"
	"fmt"

	"github.com/proxbox-go/proxbox/sync"
)

// faults is what a test wants to go wrong.
type faults struct {
	rejected map[target]error
	before   func(ctx context.Context, number int, b sync.Batch) error
	lost     int  // so many answers
	kept     bool // what was asked in them was done
	cutting  bool
	left     int // so many objects until the cut
	reads    error
}

type target struct {
	kind  sync.Kind
	label string
}

// Reject makes every write of the objects of the kind that people call by the label fail with err.
func (s *Sink) Reject(kind sync.Kind, label string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.rejected[target{kind, label}] = err
}

// Before has f called before each write, with its number from 1, and what Apply was given. f may wait, cancel a run, or
// edit the sink; its error is that of the write, of which nothing then happens.
func (s *Sink) Before(f func(ctx context.Context, number int, b sync.Batch) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.before = f
}

// LoseAnswers loses the answers to the next n writes. landed says whether they were done all the same.
func (s *Sink) LoseAnswers(n int, landed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.lost, s.faults.kept = n, landed
}

// CutAfter is a power cut: n more objects are written, then, in the middle of a write even, nothing is answered any more
// and every call fails with [sync.ErrUnavailable], until [Sink.Mend].
func (s *Sink) CutAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.cutting, s.faults.left = true, n
}

// FailReads makes Current and Lookup fail.
func (s *Sink) FailReads(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.reads = err
}

// Mend ends all faults.
func (s *Sink) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults{rejected: map[target]error{}}
}

func (f *faults) rejection(kind sync.Kind, label string) error {
	return f.rejected[target{kind, label}]
}

// down returns an error once the cut has come.
func (f *faults) down() error {
	if f.cutting && f.left <= 0 {
		return fmt.Errorf("the sink is %w", sync.ErrUnavailable)
	}
	return nil
}

// landed counts an object that was written.
func (f *faults) landed() {
	if f.cutting {
		f.left--
	}
}

type loss struct{ before, after bool }

// lose tells whether the answer to the present write is lost, and whether it is lost before it is done or after.
func (f *faults) lose() loss {
	if f.lost == 0 {
		return loss{}
	}
	f.lost--
	return loss{before: !f.kept, after: f.kept}
}
