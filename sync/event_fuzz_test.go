package sync_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// FuzzUnmarshalEvent: what is read as an event can be counted, written, and read again as the same.
func FuzzUnmarshalEvent(f *testing.F) {
	for _, raw := range []string{
		`{"type":"step","run":"r","seq":1,"time":"2026-01-01T00:00:00Z","stage":"plan","status":"completed","total":3}`,
		`{"type":"step","status":"completed","op":"create","key":{"kind":"device","name":"a/b"},"children":{"disk":{"created":1}},"notes":["x"]}`,
		`{"type":"failure","key":{"kind":"device","name":"a/b"},"errors":[{"key":{"kind":"device","name":"a/b"},"error":"no"}]}`,
		`{"type":"failure","errors":[]}`, `{"type":"failure","errors":[null]}`, `{"type":"complete","result":{"ok":true}}`, `{"type":"complete"}`,
		`{"type":"step","changes":[{"name":"x","old":{"$refs":[["a","b"]]},"new":null}]}`, `{"type":"x"}`, `null`, `[]`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := sync.UnmarshalEvent(raw)
		if err != nil {
			return
		}
		var result sync.Result
		result.Observe(e)
		once, err := sync.MarshalEvent(e)
		require.NoError(t, err)
		again, err := sync.UnmarshalEvent(once)
		require.NoError(t, err)
		twice, err := sync.MarshalEvent(again)
		require.NoError(t, err)
		require.JSONEq(t, string(once), string(twice))
	})
}
