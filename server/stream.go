package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// stream answers with the events of a run, in the dialect of whoever asks. Whatever goes wrong is told in the stream,
// because the plugin hides the body of a stream that was refused.
func (s *Server) stream(p stagePath) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		kind, id := streamOf(p.stage), request.Header.Get("Last-Event-ID")
		switch {
		case p.staged(request):
			s.stageStream(w, request, p)
		case id != "":
			s.resume(w, request, kind, id)
		default:
			r, ahead := s.queue.join(s.order(kind))
			s.begin(w, documented(kind)).watch(request.Context(), r, ahead, place{})
		}
	}
}

// stageStream answers the newest plugin. It repeats a stage whose stream was cut: then it joins the run, if that goes
// on, and is told everything from its first event.
func (s *Server) stageStream(w http.ResponseWriter, request *http.Request, p stagePath) {
	e := s.begin(w, dialect{"stages " + string(p.stage), sse.Stages(p.stage)})
	e.stage = p.stage
	o, alone, err := s.stageOrder(p, request)
	if err == nil && alone == "" {
		r, ahead := s.queue.join(o)
		e.watch(request.Context(), r, ahead, place{})
		return
	}
	frames, fault := p.stage.LeftAlone(alone)
	if err != nil {
		frames, fault = p.stage.Refused(err)
	}
	if fault == nil {
		fault = e.send(func() error {
			for _, frame := range frames {
				if err := e.encoder.Frame(frame); err != nil {
					return err
				}
			}
			return nil
		})
	}
	s.options.Logger.Debug("stage without a run", "stage", string(p.stage), "reason", alone, "error", errors.Join(err, fault))
}

// resume goes on with the run that the id names, after the event that it names. It starts none: a browser comes back
// after a stream that has come to its end, too, and only the status 204 makes it stay away.
func (s *Server) resume(w http.ResponseWriter, request *http.Request, kind sse.Stream, id string) {
	name, from := parsePlace(id)
	r := s.queue.find(name)
	if r == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.goOn(w, request, r, documented(kind), from)
}

// goOn answers with the events of a run from a place on, or that there are none.
func (s *Server) goOn(w http.ResponseWriter, request *http.Request, r *run, d dialect, from place) {
	if left, _, ended := r.after(from.events); ended && len(left) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.begin(w, d).watch(request.Context(), r, nil, from)
}

// documented is the dialect of plugin v0.0.7.
func documented(kind sse.Stream) dialect {
	return dialect{"documented " + string(kind), sse.Documented(kind)}
}

// place is how far a watcher has come: it has so many events, and of the next one so many frames.
type place struct{ events, frames int }

// parsePlace returns the run and the place that an event id names; of any other text no run.
func parsePlace(id string) (run string, from place) {
	name, seen, told, ok := sse.ParseEventID(id)
	if !ok {
		return "", place{}
	}
	return name, place{events: int(min(seen, 1<<31-1)), frames: told}
}

// eventStream is the answer to one request for a stream.
type eventStream struct {
	server  *Server
	writer  http.ResponseWriter
	dialect dialect
	encoder *sse.Encoder // into the buffer
	buffer  bytes.Buffer // what is to be sent next
	stage   sse.Stage    // that is told, in its dialect; empty in others
}

func (s *Server) begin(w http.ResponseWriter, d dialect) *eventStream {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Accel-Buffering", "no")
	e := &eventStream{server: s, writer: w, dialect: d}
	e.encoder = sse.NewEncoder(&e.buffer, d.frames)
	return e
}

// watch sends the events from a place on until the last, or until the client is gone or too slow.
func (e *eventStream) watch(ctx context.Context, r, ahead *run, from place) {
	e.server.streams.Add(1)
	defer e.server.streams.Add(-1)
	ticker := time.NewTicker(e.server.options.Keepalive)
	defer ticker.Stop()
	shared, done := r.share(e.dialect)
	defer done()
	err := e.send(func() error { return e.waiting(ahead) })
	for err == nil {
		events, changed, ended := r.after(from.events)
		if from, err = e.events(shared, events, from); err != nil || ended {
			break
		}
		select {
		case <-changed:
		case <-ticker.C:
			err = e.send(func() error { return e.encoder.Comment("keepalive") })
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		e.server.options.Logger.Debug("watcher lost", "run", r.id, "error", err)
	}
}

// waiting says that another run comes first.
func (e *eventStream) waiting(ahead *run) error {
	if ahead == nil {
		return nil
	}
	if e.stage != "" {
		frame, err := e.stage.Waiting(ahead.id)
		if err != nil {
			return err
		}
		return e.encoder.Frame(frame)
	}
	data, err := json.Marshal(struct {
		Step    string      `json:"step"`
		Status  sync.Status `json:"status"`
		Message string      `json:"message"`
	}{"stream", sync.Progress, fmt.Sprintf("Waiting for run %s to finish.", ahead.id)})
	if err != nil {
		return err
	}
	return e.encoder.Frame(sse.Frame{Event: "step", Data: data})
}

// events sends events that begin at a place, not too much under one time limit, and returns the place after them.
func (e *eventStream) events(shared *shared, events []sync.Event, from place) (place, error) {
	const enough = 32 << 10 // bytes
	for len(events) > 0 {
		err := e.send(func() error {
			for len(events) > 0 && e.buffer.Len() < enough {
				if err := e.event(shared, events[0], from); err != nil {
					return err
				}
				events, from = events[1:], place{events: from.events + 1}
			}
			return nil
		})
		if err != nil {
			return from, err
		}
	}
	return from, nil
}

// event encodes the event at a place.
func (e *eventStream) event(shared *shared, ev sync.Event, from place) error {
	if from.frames > 0 {
		return e.encoder.EncodeRest(ev, from.frames)
	}
	text, err := shared.text(from.events, ev)
	e.buffer.Write(text)
	return err
}

// send has something encoded and sees it off. The time limit is the client's: encoding does not count.
func (e *eventStream) send(encode func() error) error {
	e.buffer.Reset()
	if err := encode(); err != nil {
		return err
	}
	control := http.NewResponseController(e.writer)
	deadline := time.Now().Add(e.server.options.WriteTimeout)
	if err := control.SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.writer.Write(e.buffer.Bytes()); err != nil {
		return err
	}
	return control.Flush()
}
