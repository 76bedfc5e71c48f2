package sse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// FuzzParseEventID: an id of ours names its run and its event, and any other text does no harm.
func FuzzParseEventID(f *testing.F) {
	for _, id := range []string{"", "-", "a-1", "a-b-2.3", "a-0.1", "a-18446744073709551615", "a-18446744073709551616", "a-1.65536", "a-+1", "a-1.", "ü-1"} {
		f.Add(id, uint64(1))
	}
	f.Fuzz(func(t *testing.T, id string, seq uint64) {
		if run, _, frames, ok := sse.ParseEventID(id); ok {
			require.NotEmpty(t, run)
			require.GreaterOrEqual(t, frames, 0)
		}
		if id != "" {
			run, seen, frames, ok := sse.ParseEventID(sse.EventID(sync.Meta{Run: id, Seq: seq}))
			require.True(t, ok)
			require.Equal(t, []any{id, seq, 0}, []any{run, seen, frames})
		}
	})
}
