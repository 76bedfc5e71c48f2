package sse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAppend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		frame sse.Frame
		want  string
	}{
		"data only":        {sse.Frame{Data: []byte(`{}`)}, "data: {}\n\n"},
		"no data":          {sse.Frame{Event: "step"}, "event: step\ndata: \n\n"},
		"everything":       {sse.Frame{ID: "r-1", Event: "step", Data: []byte(`{"a":1}`), Retry: 1500 * time.Millisecond}, "id: r-1\nevent: step\nretry: 1500\ndata: {\"a\":1}\n\n"},
		"one line":         {sse.Frame{Data: []byte("{\r\n\t\"a\":\n1}")}, "data: {   \"a\": 1}\n\n"},
		"line ends":        {sse.Frame{Data: []byte("\"\u0085\u2028\u2029\"")}, "data: \"\\u0085\\u2028\\u2029\"\n\n"},
		"two bytes":        {sse.Frame{Data: []byte(`"Ångström"`)}, "data: \"\\u00c5ngstr\\u00f6m\"\n\n"},
		"surrogates":       {sse.Frame{Data: []byte(`"🍳"`)}, "data: \"\\ud83c\\udf73\"\n\n"},
		"last character":   {sse.Frame{Data: []byte("\"\U0010FFFF\"")}, "data: \"\\udbff\\udfff\"\n\n"},
		"not utf-8":        {sse.Frame{Data: []byte("\"\xff\"")}, "data: \"\\ufffd\"\n\n"},
		"no way out of id": {sse.Frame{ID: "a\nb", Event: "c\rdé", Data: []byte(`1`)}, "id: a?b\nevent: c?d??\ndata: 1\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, "before"+c.want, string(c.frame.Append([]byte("before"))))
		})
	}
}

func TestAppendComment(t *testing.T) {
	t.Parallel()
	assert.Equal(t, ": keepalive\n\n", string(sse.AppendComment(nil, "keepalive")))
	assert.Equal(t, ": two?lines\n\n", string(sse.AppendComment(nil, "two\nlines")))
}

func TestEventID(t *testing.T) {
	t.Parallel()
	type place struct {
		run    string
		seen   uint64
		frames int
		ok     bool
	}
	for id, want := range map[string]place{
		sse.EventID(sync.Meta{Run: "nightly-7", Seq: 42}): {"nightly-7", 42, 0, true},
		"run-42.1":    {"run", 41, 1, true},
		"run-1.12":    {"run", 0, 12, true},
		"run-0":       {"run", 0, 0, true},
		"run-0.1":     {},
		"run-1.0":     {},
		"run-1.":      {},
		"run-1.99999": {},
		"run-1.1.1":   {},
		"":            {},
		"-":           {},
		"-1":          {},
		"run":         {},
		"run-":        {},
		"run-x":       {},
		"run--1x":     {},
	} {
		run, seen, frames, ok := sse.ParseEventID(id)
		assert.Equal(t, want, place{run, seen, frames, ok}, id)
	}
}

// Wherever a stream is cut, what the last whole frame's id asks for is exactly the rest.
func TestIDsLeadBackToTheirPlace(t *testing.T) {
	t.Parallel()
	for name, dialect := range map[string]sse.Dialect{"plain": sse.Plain, "documented": sse.Documented(sse.FullUpdate)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := fullRun()
			whole := encode(t, dialect, events)
			frames := 0
			for cut := bytes.Index(whole, []byte("\n\n")) + 2; cut < len(whole); {
				frames++
				var last sse.Frame
				for f, err := range sse.Frames(bytes.NewReader(whole[:cut]), nil) {
					require.NoError(t, err)
					last = f
				}
				_, seen, told, ok := sse.ParseEventID(last.ID)
				require.True(t, ok, last.ID)
				var rest bytes.Buffer
				encoder := sse.NewEncoder(&rest, dialect)
				for _, ev := range events[seen:] {
					require.NoError(t, encoder.EncodeRest(ev, told))
					told = 0
				}
				require.Equal(t, string(whole[cut:]), rest.String(), last.ID)
				cut += bytes.Index(whole[cut:], []byte("\n\n")) + 2
			}
			assert.Positive(t, frames)
		})
	}
}

func TestEncoder(t *testing.T) {
	t.Parallel()
	t.Run("one write for the frames of an event", func(t *testing.T) {
		t.Parallel()
		var w writes
		encoder := sse.NewEncoder(&w, sse.Documented(sse.FullUpdate))
		require.NoError(t, encoder.Encode(sync.Step{Stage: "devices", Status: sync.Completed}))
		require.NoError(t, encoder.Encode(sync.Step{Stage: sync.StagePlan, Status: sync.Completed}))
		require.NoError(t, encoder.Comment("keepalive"))
		require.NoError(t, encoder.Frame(sse.Frame{Event: "step", Data: []byte("{}")}))
		require.Len(t, w.texts, 3)
		assert.Equal(t, 3, bytes.Count([]byte(w.texts[0]), []byte("event: step\n")))
		assert.Equal(t, ": keepalive\n\n", w.texts[1])
		assert.Equal(t, "event: step\ndata: {}\n\n", w.texts[2])
	})
	t.Run("the writer's error", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("broken pipe")
		encoder := sse.NewEncoder(&writes{err: broken}, sse.Plain)
		require.ErrorIs(t, encoder.Encode(fullRun()[0]), broken)
		require.ErrorIs(t, encoder.Comment("x"), broken)
		require.ErrorIs(t, encoder.Frame(sse.Frame{}), broken)
	})
	t.Run("the dialect's error", func(t *testing.T) {
		t.Parallel()
		var w writes
		broken := errors.New("no such word")
		encoder := sse.NewEncoder(&w, func(dst []sse.Frame, _ sync.Event) ([]sse.Frame, error) { return dst, broken })
		require.ErrorIs(t, encoder.Encode(fullRun()[0]), broken)
		assert.Empty(t, w.texts)
	})
}

// writes keeps each write apart.
type writes struct {
	texts []string
	err   error
}

func (w *writes) Write(b []byte) (int, error) {
	w.texts = append(w.texts, string(b))
	return len(b), w.err
}

func TestAppendDoesNotAllocate(t *testing.T) {
	frame := sse.Frame{ID: "LAB1RUN-1", Event: "step", Data: []byte(`{"name":"Bär 🍳"}`)}
	buffer := make([]byte, 0, 1024)
	assert.Zero(t, testing.AllocsPerRun(100, func() { buffer = frame.Append(buffer[:0]) }))
}

// What is written is one ASCII frame that means the same JSON.
func FuzzAppend(f *testing.F) {
	for _, seed := range []string{`{}`, `"🍳 \ud83c"`, "[1,\n2]", `"é\u0085"`, "\"\xc3\"", "data: x\n\n"} {
		f.Add("LAB1RUN-1", "step", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, id, event string, data []byte) {
		wire := sse.Frame{ID: id, Event: event, Data: data}.Append(nil)
		at := bytes.IndexFunc(wire, func(r rune) bool { return (r < ' ' || r > 0x7f) && r != '\n' })
		require.Negative(t, at, "no ASCII")
		var frames []sse.Frame
		for frame, err := range sse.Frames(bytes.NewReader(wire), nil) {
			require.NoError(t, err)
			frames = append(frames, frame)
		}
		require.Len(t, frames, 1)
		require.Len(t, frames[0].ID, len(id))
		require.Len(t, frames[0].Event, len(event))
		if !json.Valid(data) {
			return
		}
		var want, got any
		require.NoError(t, json.Unmarshal(data, &want))
		require.NoError(t, json.Unmarshal(frames[0].Data, &got))
		require.Equal(t, want, got)
	})
}

func BenchmarkAppend(b *testing.B) {
	frames, err := sse.Documented(sse.FullUpdate)(nil, fullRun()[21])
	require.NoError(b, err)
	buffer := frames[0].Append(nil)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = frames[0].Append(buffer[:0])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

func BenchmarkDialects(b *testing.B) {
	events := fullRun()
	for name, dialect := range map[string]sse.Dialect{"plain": sse.Plain, "documented": sse.Documented(sse.FullUpdate)} {
		b.Run(name, func(b *testing.B) {
			var w bytes.Buffer
			encoder := sse.NewEncoder(&w, dialect)
			b.ReportAllocs()
			for b.Loop() {
				w.Reset()
				for _, ev := range events {
					if err := encoder.Encode(ev); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.SetBytes(int64(w.Len()))
		})
	}
}
