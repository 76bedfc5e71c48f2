package sse

import (
	"fmt"
	"io"
	"iter"

	"github.com/proxbox-go/proxbox/sync"
)

// The names of frames, in the dialects of this package.
const (
	eventStep     = "step"
	eventError    = "error"
	eventComplete = "complete"
)

// Plain is the dialect that holds each event whole: one frame an event, named step, error or complete, with what
// [sync.MarshalEvent] writes. [Events] reads it.
func Plain(dst []Frame, ev sync.Event) ([]Frame, error) {
	data, err := sync.MarshalEvent(ev)
	if err != nil {
		return dst, err
	}
	name := eventStep
	switch ev.(type) {
	case sync.Failure:
		name = eventError
	case sync.Complete:
		name = eventComplete
	}
	return append(dst, Frame{ID: EventID(ev.EventMeta()), Event: name, Data: data}), nil
}

// Events reads a stream in the dialect [Plain] up to the event that completes the run. Frames of other names are passed
// over. A stream that ends before the run does is [ErrTruncated]. An error comes with no event, and is the last that the
// iterator yields.
func Events(r io.Reader, o *DecodeOptions) iter.Seq2[sync.Event, error] {
	return func(yield func(sync.Event, error) bool) {
		for frame, err := range Frames(r, o) {
			if err != nil {
				yield(nil, err)
				return
			}
			if frame.Event != eventStep && frame.Event != eventError && frame.Event != eventComplete {
				continue
			}
			ev, err := sync.UnmarshalEvent(frame.Data)
			if err != nil {
				yield(nil, fmt.Errorf("sse: frame %q: %w", frame.ID, err))
				return
			}
			if _, last := ev.(sync.Complete); !yield(ev, nil) || last {
				return
			}
		}
		yield(nil, fmt.Errorf("%w: it holds no %q event", ErrTruncated, eventComplete))
	}
}
