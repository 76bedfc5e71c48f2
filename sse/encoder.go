package sse

import (
	"io"

	"github.com/proxbox-go/proxbox/sync"
)

// Dialect says how an event is told: it appends the frames for it, which may be none, to dst. It is pure: the same
// event gives the same frames, whatever came before.
type Dialect func(dst []Frame, ev sync.Event) ([]Frame, error)

// Encoder writes an event stream. Flushing is the caller's. It is not safe for concurrent use.
type Encoder struct {
	w       io.Writer
	dialect Dialect
	frames  []Frame
	buffer  []byte
}

// NewEncoder returns an encoder that writes to w in the dialect.
func NewEncoder(w io.Writer, dialect Dialect) *Encoder { return &Encoder{w: w, dialect: dialect} }

// Encode writes the frames of one event, all in one Write. An event that the dialect does not tell writes nothing.
func (e *Encoder) Encode(ev sync.Event) error { return e.EncodeRest(ev, 0) }

// EncodeRest does the same without the event's first few frames, for a watcher who has those already: see
// [ParseEventID].
func (e *Encoder) EncodeRest(ev sync.Event, told int) error {
	var err error
	if e.frames, err = e.dialect(e.frames[:0], ev); err != nil {
		return err
	}
	return e.write(e.frames[min(max(told, 0), len(e.frames)):]...)
}

// Frame writes a frame that belongs to no event.
func (e *Encoder) Frame(f Frame) error { return e.write(f) }

// Comment writes a comment.
func (e *Encoder) Comment(text string) error {
	e.buffer = AppendComment(e.buffer[:0], text)
	_, err := e.w.Write(e.buffer)
	return err
}

func (e *Encoder) write(frames ...Frame) error {
	if len(frames) == 0 {
		return nil
	}
	e.buffer = e.buffer[:0]
	for _, f := range frames {
		e.buffer = f.Append(e.buffer)
	}
	_, err := e.w.Write(e.buffer)
	return err
}
