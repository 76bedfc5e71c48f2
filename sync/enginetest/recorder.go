package enginetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

// Recorder collects the events of one run and checks the rules of the stream. Its Observe is for
// [sync.RunOptions]. The zero value is ready; it is safe for concurrent use.
type Recorder struct {
	mu     stdsync.Mutex
	events []sync.Event
}

// Observe takes the next event.
func (r *Recorder) Observe(e sync.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Events returns what was observed so far.
func (r *Recorder) Events() []sync.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Steps returns the completed steps of objects, in their order.
func (r *Recorder) Steps() []sync.Step {
	var steps []sync.Step
	for _, e := range r.Events() {
		if s, ok := e.(sync.Step); ok && s.Status == sync.Completed && s.Op != "" {
			steps = append(steps, s)
		}
	}
	return steps
}

// Failures returns the failures, in their order.
func (r *Recorder) Failures() []sync.Failure {
	var failures []sync.Failure
	for _, e := range r.Events() {
		if f, ok := e.(sync.Failure); ok {
			failures = append(failures, f)
		}
	}
	return failures
}

// Check returns which rules of the stream the events of a run that has ended break, each by its sentence.
func (r *Recorder) Check() error {
	c := &streamCheck{last: map[sync.Key]int{}, done: map[sync.Stage]int{}}
	events := r.Events()
	for i, e := range events {
		c.number(i, e)
		switch e := e.(type) {
		case sync.Step:
			c.step(e)
		case sync.Failure:
			c.failure(e)
		case sync.Complete:
			c.complete = append(c.complete, i)
		}
	}
	c.end(events)
	return errors.Join(c.wrongs...)
}

// streamCheck is one check under way.
type streamCheck struct {
	wrongs   []error
	planned  bool             // the totals have been announced
	total    int              // of objects, as announced
	last     map[sync.Key]int // last events by object
	done     map[sync.Stage]int
	complete []int
}

func (c *streamCheck) wrong(rule, format string, args ...any) {
	c.wrongs = append(c.wrongs, fmt.Errorf("%q: %s", rule, fmt.Sprintf(format, args...)))
}

func (c *streamCheck) number(i int, e sync.Event) {
	if seq := e.EventMeta().Seq; seq != uint64(i+1) {
		c.wrong("Events of a run are numbered from 1 without a gap.", "event %d has the number %d", i+1, seq)
	}
	if e.EventMeta().Time.IsZero() || e.EventMeta().Run == "" {
		c.wrong("Every event carries run id, sequence number, time.", "event %d is %T %+v", i+1, e, e.EventMeta())
	}
}

func (c *streamCheck) step(s sync.Step) {
	if s.Stage == sync.StagePlan && s.Status == sync.Completed {
		c.planned, c.total = true, s.Total
	}
	if s.Key.IsZero() || s.Key.Kind == sync.SourceKind {
		return
	}
	c.object(s.Key)
	if s.Status == sync.Completed {
		if s.Op == "" {
			c.wrong("Op is set on the completed step of an object.", "it is not on that of %s", s.Key)
		}
		c.ended(s.Stage, s.Key, s.Done, s.Total)
	}
}

func (c *streamCheck) failure(f sync.Failure) {
	if len(f.Errors) == 0 {
		c.wrong("A failure has at least one error.", "that of %q has none", f.Key)
	}
	if f.Key.IsZero() || f.Key.Kind == sync.SourceKind {
		return
	}
	c.object(f.Key)
	c.ended(f.Stage, f.Key, f.Done, f.Total)
}

func (c *streamCheck) object(key sync.Key) {
	if !c.planned {
		c.wrong("Totals are announced before the first object.", "%s comes before", key)
	}
	if c.last[key] > 0 {
		c.wrong("The last event of an object is its last.", "%s has another after it", key)
	}
}

func (c *streamCheck) ended(stage sync.Stage, key sync.Key, done, total int) {
	c.last[key]++
	if stage == sync.StagePlan {
		return // refused before its stage began
	}
	c.done[stage]++
	if done != c.done[stage] || done > total {
		c.wrong("Done and Total count the objects of the stage.", "%s is %d of %d, and the %dth that ends", key, done, total, c.done[stage])
	}
}

func (c *streamCheck) end(events []sync.Event) {
	if len(c.complete) != 1 || c.complete[0] != len(events)-1 {
		c.wrong("Complete is the last event of a run.", "of %d events, Complete are those at %v", len(events), c.complete)
		return
	}
	result := events[len(events)-1].(sync.Complete).Result
	planOnly := len(c.last) == 0 && result.Error == "" && result.Unreached == 0
	if ended := len(c.last); !planOnly && c.planned && ended+result.Unreached != c.total {
		c.wrong("Each object in the plan has exactly one last event.",
			"%d were announced, %d ended, %d were not reached", c.total, ended, result.Unreached)
	}
	if result.Error == "" && result.Unreached > 0 {
		c.wrong("Unreached counts the planned objects that a cut run did not come to.", "%d in a run that was not cut", result.Unreached)
	}
	if err := folds(events, result); err != nil {
		c.wrong("The result is the fold of the run's events.", "%v", err)
	}
}

// folds compares the result with the fold of the events after a round trip through their encoding.
func folds(events []sync.Event, result *sync.Result) error {
	var fold sync.Result
	for _, e := range events {
		raw, err := sync.MarshalEvent(e)
		if err != nil {
			return err
		}
		back, err := sync.UnmarshalEvent(raw)
		if err != nil {
			return err
		}
		again, err := sync.MarshalEvent(back)
		if err != nil {
			return err
		}
		if string(again) != string(raw) {
			return fmt.Errorf("an event does not survive its encoding:\n%s\n%s", raw, again)
		}
		fold.Observe(back)
	}
	want, err := json.Marshal(result)
	if err != nil {
		return err
	}
	got, err := json.Marshal(&fold)
	if err != nil {
		return err
	}
	if string(got) != string(want) {
		return fmt.Errorf("the fold is\n%s\nand the result\n%s", got, want)
	}
	return nil
}
