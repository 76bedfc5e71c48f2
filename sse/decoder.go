package sse

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

var (
	// ErrFrameTooLarge says that a frame is larger than the reader allows.
	ErrFrameTooLarge = errors.New("sse: a frame is larger than allowed")
	// ErrTruncated says that the stream ended before its end: in the middle of a frame, or of a run.
	ErrTruncated = errors.New("sse: the stream was cut off")
)

// DecodeOptions tunes the reading of a stream. Nil means the defaults.
type DecodeOptions struct {
	// MaxFrame is the most bytes that a frame may have. By default 4 MiB.
	MaxFrame int
}

// Frames reads an event stream as the HTML specification says, with these differences: a stream that ends in the middle
// of a frame is [ErrTruncated], a frame above the limit is [ErrFrameTooLarge], and the name of a frame that has none
// stays empty. Frames without data, and comments, are passed over. An error comes with no frame, and is the last that
// the iterator yields. The frames are the caller's.
//
// Leaving the loop early leaves r at an unspecified place. Reading blocks as r does; closing what is under r ends it.
func Frames(r io.Reader, o *DecodeOptions) iter.Seq2[Frame, error] {
	limit := 0
	if o != nil {
		limit = max(o.MaxFrame, 0)
	}
	return func(yield func(Frame, error) bool) {
		d := decoder{lines: lines{r: bufio.NewReader(r), limit: cmp.Or(limit, 4<<20)}}
		for {
			frame, err := d.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(frame, err) || err != nil {
				return
			}
		}
	}
}

// decoder gathers lines into frames.
type decoder struct {
	lines lines
	frame Frame
	data  []byte // with a line end after each line
	open  bool   // a field of the next frame was read
}

// next returns the next frame; io.EOF at the end of a stream that is whole.
func (d *decoder) next() (Frame, error) {
	for {
		line, err := d.lines.next(len(d.data))
		switch {
		case errors.Is(err, io.EOF) && d.open:
			return Frame{}, ErrTruncated
		case err != nil:
			return Frame{}, err
		case len(line) > 0:
			d.field(line)
			continue
		}
		frame, whole := d.frame, len(d.data) > 0
		if whole {
			frame.Data = bytes.Clone(d.data[:len(d.data)-1])
		}
		d.frame.Event, d.data, d.open = "", d.data[:0], false
		if whole {
			return frame, nil
		}
	}
}

func (d *decoder) field(line []byte) {
	if line[0] == ':' {
		return // a comment
	}
	d.open = true
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		d.frame.Event = string(value)
	case "data":
		d.data = append(append(d.data, value...), '\n')
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			d.frame.ID = string(value)
		}
	case "retry":
		if ms, err := strconv.ParseUint(string(value), 10, 32); err == nil {
			d.frame.Retry = time.Duration(ms) * time.Millisecond
		}
	}
}

// lines reads lines that end with LF, CR or CRLF.
type lines struct {
	r       *bufio.Reader
	limit   int
	line    []byte
	begun   bool // the first line was read
	afterCR bool // a LF now belongs to the line end before it: waiting for it there would hold the line back
}

// next returns the next line, without its end, valid until the next call; io.EOF at the end of the stream, if no line
// was begun. size is what the frame has already.
func (l *lines) next(size int) ([]byte, error) {
	l.line = l.line[:0]
	for {
		if _, err := l.r.Peek(1); err != nil {
			return nil, l.ended(err)
		}
		chunk, _ := l.r.Peek(l.r.Buffered())
		if l.afterCR {
			l.afterCR = false
			if chunk[0] == '\n' {
				_, _ = l.r.Discard(1)
				continue
			}
		}
		end := bytes.IndexAny(chunk, "\r\n")
		part := chunk
		if end >= 0 {
			part = chunk[:end]
		}
		if size+len(l.line)+len(part) > l.limit {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrFrameTooLarge, l.limit)
		}
		l.line = append(l.line, part...)
		if end < 0 {
			_, _ = l.r.Discard(len(part))
			continue
		}
		l.afterCR = chunk[end] == '\r'
		_, _ = l.r.Discard(end + 1)
		return l.first(), nil
	}
}

// first returns the line, the very first of the stream without the byte order mark.
func (l *lines) first() []byte {
	if l.begun {
		return l.line
	}
	l.begun = true
	return bytes.TrimPrefix(l.line, []byte("\uFEFF"))
}

func (l *lines) ended(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("sse: the stream cannot be read: %w", err)
	case len(l.line) > 0:
		return ErrTruncated
	}
	return io.EOF
}
