package server

import (
	"testing"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShared(t *testing.T) {
	t.Parallel()
	encoded := 0
	counting := dialect{"counting", func(dst []sse.Frame, ev sync.Event) ([]sse.Frame, error) {
		encoded++
		return sse.Plain(dst, ev)
	}}
	r := newRun(order{})
	s, done := r.share(counting)
	other, otherDone := r.share(counting)
	require.Same(t, s, other)
	text := func(n int) string {
		got, err := s.text(n, sync.Step{Meta: sync.Meta{Run: "R", Seq: uint64(n + 1)}, Stage: sync.StageRead, Status: sync.Progress})
		require.NoError(t, err)
		return string(got)
	}
	for n := range 3 * sharedWindow {
		first := text(n)
		assert.Contains(t, first, "id: "+sse.EventID(sync.Meta{Run: "R", Seq: uint64(n + 1)})+"\n")
		assert.Equal(t, first, text(n))
		assert.NotEmpty(t, text(max(n-sharedWindow/4, 0)), "also a little behind")
	}
	assert.Equal(t, 3*sharedWindow, encoded, "each once for all who keep up")
	assert.LessOrEqual(t, len(s.texts), sharedWindow)
	assert.NotEmpty(t, text(0))
	assert.NotEmpty(t, text(0))
	assert.Equal(t, 3*sharedWindow+2, encoded, "who is far behind is alone")
	assert.Contains(t, text(9*sharedWindow), "data: ", "nobody else was there for a while")
	assert.Len(t, s.texts, 1)

	done()
	require.Len(t, r.shared, 1)
	otherDone()
	assert.Empty(t, r.shared, "nothing is held when nobody watches")
}
