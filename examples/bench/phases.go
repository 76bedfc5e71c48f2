package main

import (
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// phase is a part of a run.
type phase struct {
	Name string  `json:"name"`
	Took seconds `json:"took"`
}

// phases splits a run by its events, without a gap: what lies between the ends of two stages belongs to the later.
type phases struct {
	list    []phase
	last    time.Time
	began   time.Time
	proxmox seconds // until the source was read
	written int     // objects and children
}

// observe takes the next event.
func (p *phases) observe(e sync.Event) {
	at := e.EventMeta().Time
	if p.began.IsZero() {
		p.began, p.last = at, at
	}
	switch e := e.(type) {
	case sync.Step:
		switch {
		case e.Status != sync.Completed:
		case e.Key.IsZero():
			p.end(string(e.Stage), at)
		case e.Key.Kind == sync.SourceKind:
			p.proxmox = inSeconds(at.Sub(p.began))
		}
	case sync.Complete:
		p.end("rest", at)
		for _, counts := range e.Result.Objects {
			p.written += counts.Written()
		}
		for _, counts := range e.Result.Children {
			p.written += counts.Written()
		}
	}
}

func (p *phases) end(name string, at time.Time) {
	p.list = append(p.list, phase{name, inSeconds(at.Sub(p.last))})
	p.last = at
}
