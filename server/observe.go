package server

import (
	"time"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// RunInfo says what run an event is of, for [Options.Observe].
type RunInfo struct {
	ID     string
	Stage  sse.Stream
	DryRun bool
	// State is where the run is after the event: "running"; with its last event "completed", "failed" or "cancelled".
	State string
	// Created is when it was asked for.
	Created time.Time
}

// watched hands an event to the server's observer, if there is one. The lock is held, so that nobody is answered before
// the observer knows: who scrapes metrics after a run finds it in them.
func (r *run) watched(ev sync.Event) {
	if r.watch == nil {
		return
	}
	r.watch(RunInfo{ID: r.id, Stage: r.order.stream, DryRun: r.order.dry, State: string(r.state), Created: r.created}, ev)
}

// Stats is what a server is doing.
type Stats struct {
	// Running and Waiting count runs.
	Running, Waiting int
	// Streams and Sockets count those who watch.
	Streams, Sockets int
	// LastGood has, for each cluster that there is now, when the last run ended in which all of its guests, nodes, or
	// both came out well; the zero time if none is remembered.
	LastGood map[string]time.Time
}

// Stats returns what the server is doing now. It asks no end anything.
func (s *Server) Stats() Stats {
	runs := s.queue.rows()
	stats := Stats{
		Streams: int(s.streams.Load()), Sockets: int(s.sockets.Load()), LastGood: map[string]time.Time{},
	}
	for _, r := range runs {
		switch r.State {
		case stateRunning:
			stats.Running++
		case stateWaiting:
			stats.Waiting++
		}
	}
	rows := s.rows.snapshot()
	known, _ := s.sources(rows) // a server that has no NetBox yet has clusters all the same
	for _, c := range s.clusters(rows, known) {
		stats.LastGood[c.Source] = time.Time{}
		if last := lastGood(runs, c.Source); last != nil {
			stats.LastGood[c.Source] = last.Finished
		}
	}
	return stats
}
