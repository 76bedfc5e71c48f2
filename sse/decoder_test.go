package sse_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func decode(r io.Reader, o *sse.DecodeOptions) (frames []sse.Frame, err error) {
	for frame, e := range sse.Frames(r, o) {
		if e != nil {
			return frames, e
		}
		frames = append(frames, frame)
	}
	return frames, nil
}

func TestFrames(t *testing.T) {
	t.Parallel()
	one := []sse.Frame{{Event: "step", Data: []byte("{}")}}
	for name, c := range map[string]struct {
		stream string
		want   []sse.Frame
		err    error
	}{
		"nothing":                  {"", nil, nil},
		"LF":                       {"event: step\ndata: {}\n\n", one, nil},
		"CRLF":                     {"event: step\r\ndata: {}\r\n\r\n", one, nil},
		"CR":                       {"event: step\rdata: {}\r\r", one, nil},
		"all kinds of line end":    {"event: step\rdata: {}\r\n\n", one, nil},
		"byte order mark":          {"\uFEFFevent: step\ndata: {}\n\n", one, nil},
		"only one of them":         {"\uFEFF\uFEFFdata: x\ndata: {}\n\n", []sse.Frame{{Data: []byte("{}")}}, nil},
		"no blank":                 {"event:step\ndata:{}\n\n", one, nil},
		"only one blank goes":      {"event: step\ndata:  {}\n\n", []sse.Frame{{Event: "step", Data: []byte(" {}")}}, nil},
		"several data lines":       {"data: a\ndata:\ndata: b\n\n", []sse.Frame{{Data: []byte("a\n\nb")}}, nil},
		"empty data line":          {"data\n\n", []sse.Frame{{Data: []byte{}}}, nil},
		"the last name counts":     {"event: a\nevent: step\ndata: {}\n\n", one, nil},
		"comments":                 {": hello\n\nevent: step\n: in between\ndata: {}\n\n:\n", one, nil},
		"unknown fields":           {"event: step\nfoo: bar\ndata: {}\nDATA: x\n\n", one, nil},
		"no data, no frame":        {"event: lost\nid: 1\n\ndata: {}\n\n", []sse.Frame{{ID: "1", Data: []byte("{}")}}, nil},
		"the id stays":             {"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", []sse.Frame{{ID: "1", Data: []byte("a")}, {ID: "1", Data: []byte("b")}, {Data: []byte("c")}}, nil},
		"an id with NUL":           {"id: 1\nid: 2\x00\ndata: a\n\n", []sse.Frame{{ID: "1", Data: []byte("a")}}, nil},
		"retry":                    {"retry: 2500\n\ndata: a\n\n", []sse.Frame{{Data: []byte("a"), Retry: 2500 * time.Millisecond}}, nil},
		"retry that is no number":  {"retry: 2500\nretry: +1\nretry: 2.5\nretry:\ndata: a\n\n", []sse.Frame{{Data: []byte("a"), Retry: 2500 * time.Millisecond}}, nil},
		"cut in a line":            {"event: step\ndata: {}\n\ndata: {", one, sse.ErrTruncated},
		"cut after a line":         {"event: step\ndata: {}\n\ndata: {}\n", one, sse.ErrTruncated},
		"cut in a comment":         {"event: step\ndata: {}\n\n: keep", one, sse.ErrTruncated},
		"whole after a CR":         {"event: step\ndata: {}\n\r", one, nil},
		"more line ends than need": {"\n\r\n\revent: step\ndata: {}\n\n\n\n", one, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way, r := range map[string]io.Reader{
				"at once":      strings.NewReader(c.stream),
				"byte by byte": iotest.OneByteReader(strings.NewReader(c.stream)),
			} {
				got, err := decode(r, nil)
				assert.Equal(t, c.want, got, way)
				assert.ErrorIs(t, err, c.err, way)
			}
		})
	}
}

func TestFrameLimit(t *testing.T) {
	t.Parallel()
	o := &sse.DecodeOptions{MaxFrame: 100}
	small := "data: " + strings.Repeat("x", 90) + "\n\n"
	for name, c := range map[string]struct {
		stream string
		frames int
		err    error
	}{
		"small frames":   {strings.Repeat(small, 10), 10, nil},
		"long line":      {small + "data: " + strings.Repeat("x", 200) + "\n\n", 1, sse.ErrFrameTooLarge},
		"no line end":    {small + strings.Repeat("x", 10_000), 1, sse.ErrFrameTooLarge},
		"many lines":     {small + strings.Repeat("data: xxxxxxxxxx\n", 20) + "\n", 1, sse.ErrFrameTooLarge},
		"empty lines":    {small + strings.Repeat("data\n", 200) + "\n", 1, sse.ErrFrameTooLarge},
		"many comments":  {strings.Repeat(": keepalive\n", 1000) + small, 1, nil},
		"many other ids": {strings.Repeat("id: 12345678\n", 1000) + small, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			frames, err := decode(strings.NewReader(c.stream), o)
			assert.Len(t, frames, c.frames)
			assert.ErrorIs(t, err, c.err)
		})
	}
}

func TestFramesOfABrokenReader(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	whole := "data: 1\n\n"
	frames, err := decode(io.MultiReader(strings.NewReader(whole), iotest.ErrReader(broken)), nil)
	require.ErrorIs(t, err, broken)
	assert.Len(t, frames, 1)

	_, err = decode(io.MultiReader(strings.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF)), nil)
	require.ErrorIs(t, err, sse.ErrTruncated)
}

// A frame is told as soon as its last line end is there, also where that may be the first half of one.
func TestFramesDoNotWait(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r", "\r\n"} {
		r, w := io.Pipe()
		go func() { _, _ = w.Write([]byte("data: 1" + end + end)) }() // and then nothing more comes
		for frame, err := range sse.Frames(r, nil) {
			require.NoError(t, err)
			assert.Equal(t, "1", string(frame.Data))
			break
		}
		require.NoError(t, r.Close())
	}
}

func TestFramesAreTheCallers(t *testing.T) {
	t.Parallel()
	frames, err := decode(strings.NewReader("data: first\n\ndata: other\n\n"), nil)
	require.NoError(t, err)
	copy(frames[1].Data, "XXXXX")
	assert.Equal(t, "first", string(frames[0].Data))
}

func TestEventsReadsPlainBack(t *testing.T) {
	t.Parallel()
	want := fullRun()
	var got []sync.Event
	for ev, err := range sse.Events(bytes.NewReader(encode(t, sse.Plain, want)), nil) {
		require.NoError(t, err)
		got = append(got, ev)
	}
	assert.Equal(t, encode(t, sse.Plain, want), encode(t, sse.Plain, got))
	require.Len(t, got, len(want))
	assert.Equal(t, want[21], got[21])
}

func TestEvents(t *testing.T) {
	t.Parallel()
	events := fullRun()
	whole := string(encode(t, sse.Plain, events))
	for name, c := range map[string]struct {
		stream string
		events int
		err    error
	}{
		"nothing":                   {"", 0, sse.ErrTruncated},
		"without the end":           {string(encode(t, sse.Plain, events[:3])), 3, sse.ErrTruncated},
		"in mid-frame":              {whole[:len(whole)-1], len(events) - 1, sse.ErrTruncated},
		"with comments":             {": hello\n\n" + whole, len(events), nil},
		"with frames of others":     {"event: weather\ndata: rain\n\ndata: 1\n\n" + whole, len(events), nil},
		"nothing read after an end": {whole + "event: step\ndata: no JSON\n\n", len(events), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			var last error
			for ev, err := range sse.Events(strings.NewReader(c.stream), nil) {
				if last = err; err == nil {
					require.NotNil(t, ev)
					n++
				}
			}
			assert.Equal(t, c.events, n)
			assert.ErrorIs(t, last, c.err)
		})
	}
	t.Run("no event", func(t *testing.T) {
		t.Parallel()
		for ev, err := range sse.Events(strings.NewReader("id: r-7\nevent: step\ndata: {}\n\n"), nil) {
			assert.Nil(t, ev)
			require.ErrorContains(t, err, `frame "r-7"`)
		}
	})
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		for _, err := range sse.Events(strings.NewReader(whole), &sse.DecodeOptions{MaxFrame: 10}) {
			require.ErrorIs(t, err, sse.ErrFrameTooLarge)
		}
	})
}

// Any stream is read to an end, in the same way however it arrives, and what it held can be written and read again.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{"data: {}\n\n", "\uFEFFid: 1\r\nevent: a\rdata\n\n: x\n", "retry: 5\ndata: a\ndata: b\n\n", "id: \x00\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		o := &sse.DecodeOptions{MaxFrame: 1 << 16}
		frames, err := decode(bytes.NewReader(stream), o)
		slow, slowErr := decode(iotest.OneByteReader(bytes.NewReader(stream)), o)
		require.Equal(t, frames, slow)
		require.Equal(t, err == nil, slowErr == nil)
		var wire []byte
		for _, frame := range frames {
			wire = frame.Append(wire)
		}
		again, err := decode(bytes.NewReader(wire), nil)
		require.NoError(t, err)
		require.Len(t, again, len(frames))
	})
}

func BenchmarkFrames(b *testing.B) {
	var stream []byte
	frames, err := sse.Documented(sse.FullUpdate)(nil, fullRun()[21])
	require.NoError(b, err)
	for range 100 {
		stream = frames[0].Append(stream)
	}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range sse.Frames(bytes.NewReader(stream), nil) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
