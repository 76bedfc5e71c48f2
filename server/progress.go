package server

import (
	"slices"

	"github.com/proxbox-go/proxbox/sync"
)

// progress is what the events of a run add up to so far.
type progress struct {
	result  sync.Result
	stage   sync.Stage // the one that was told of last
	done    int        // objects that have had their last event
	total   int        // objects that the plan speaks of; 0 before it is known
	current []sync.Step
}

// observe adds the next event.
func (p *progress) observe(ev sync.Event) {
	p.result.Observe(ev)
	switch ev := ev.(type) {
	case sync.Step:
		p.stage = ev.Stage
		switch {
		case ev.Stage == sync.StagePlan && ev.Status == sync.Completed:
			p.total = ev.Total
		case ev.Key.IsZero():
		case ev.Status == sync.Completed:
			p.over(ev.Key, ev.Op != "")
		default:
			p.under(ev)
		}
	case sync.Failure:
		if !ev.Key.IsZero() {
			p.over(ev.Key, ev.Key.Kind != sync.SourceKind)
		}
	case sync.Complete:
		p.current = nil
	}
}

// under says that an object is being worked on.
func (p *progress) under(s sync.Step) {
	s.Object = nil
	if at := p.find(s.Key); at >= 0 {
		p.current[at] = s
		return
	}
	p.current = append(p.current, s)
}

// over says that nothing more comes of an object, which may be one of the plan's.
func (p *progress) over(key sync.Key, counted bool) {
	if counted {
		p.done++
	}
	if at := p.find(key); at >= 0 {
		p.current = slices.Delete(p.current, at, at+1)
	}
}

func (p *progress) find(key sync.Key) int {
	return slices.IndexFunc(p.current, func(s sync.Step) bool { return s.Key == key })
}
