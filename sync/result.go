package sync

import (
	"maps"
	"time"
)

// Result is what a run came to. It is the fold of the run's events: whoever passes them all to [Result.Observe] gets
// what the run's [Complete] holds.
type Result struct {
	Run string `json:"run"`
	// OK is false when a due write did not land, a source could not be read at all, or the run did not come to its end.
	OK       bool      `json:"ok"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// Objects counts units and shared objects by kind, Children what hangs on units.
	Objects  map[Kind]Counts `json:"objects"`
	Children map[Kind]Counts `json:"children,omitempty"`
	// Failures lists what failed.
	Failures []*ObjectError `json:"failures,omitempty"`
	// Skipped says what was left alone, and why, and what a source left out.
	Skipped []string `json:"skipped,omitempty"`
	// Unreached counts the planned objects that a cut run did not come to.
	Unreached int `json:"unreached,omitempty"`
	// Error says what ended the run before its end; empty for a run that came to its end.
	Error string `json:"error,omitempty"`

	expected int // objects announced by the plan
}

// Counts counts objects by what became of them.
type Counts struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
	Kept    int `json:"kept"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed"`
}

// Total returns the sum.
func (c Counts) Total() int { return c.Created + c.Updated + c.Deleted + c.Kept + c.Skipped + c.Failed }

// Written returns how many were created, updated or deleted.
func (c Counts) Written() int { return c.Created + c.Updated + c.Deleted }

func (c *Counts) add(op Op, n int) {
	switch op {
	case Create:
		c.Created += n
	case Update:
		c.Updated += n
	case Delete:
		c.Deleted += n
	case Keep:
		c.Kept += n
	case Skip:
		c.Skipped += n
	}
}

func (c Counts) plus(other Counts) Counts {
	return Counts{
		Created: c.Created + other.Created, Updated: c.Updated + other.Updated, Deleted: c.Deleted + other.Deleted,
		Kept: c.Kept + other.Kept, Skipped: c.Skipped + other.Skipped, Failed: c.Failed + other.Failed,
	}
}

// Observe adds the next event of the run. The zero Result is ready for the first.
func (r *Result) Observe(e Event) {
	meta := e.EventMeta()
	if r.Objects == nil {
		*r = Result{Run: meta.Run, OK: true, Started: meta.Time, Objects: map[Kind]Counts{}, Children: map[Kind]Counts{}}
	}
	r.Finished = meta.Time
	switch e := e.(type) {
	case Step:
		r.step(e)
	case Failure:
		r.OK = false
		r.Failures = append(r.Failures, e.Errors...)
		r.children(e.Children)
		switch {
		case e.Key.IsZero():
			r.Error = e.Errors[0].Err.Error()
		case e.Key.Kind != SourceKind:
			c := r.Objects[e.Key.Kind]
			c.Failed++
			r.Objects[e.Key.Kind] = c
			r.expected--
		}
	case Complete:
		if r.Error != "" {
			r.Unreached = max(r.expected, 0)
		}
	}
}

func (r *Result) step(s Step) {
	if s.Stage == StagePlan && s.Status == Completed {
		r.expected = s.Total
	}
	if s.Status != Completed {
		return
	}
	r.Skipped = append(r.Skipped, s.Notes...)
	if s.Op == "" {
		return // no object
	}
	c := r.Objects[s.Key.Kind]
	c.add(s.Op, 1)
	r.Objects[s.Key.Kind] = c
	r.expected--
	r.children(s.Children)
}

func (r *Result) children(counts map[Kind]Counts) {
	for kind, n := range counts {
		r.Children[kind] = r.Children[kind].plus(n)
	}
}

// clone returns a copy that later events do not change.
func (r *Result) clone() *Result {
	c := *r
	c.Objects, c.Children = maps.Clone(r.Objects), maps.Clone(r.Children)
	return &c
}
