package enginetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

// stream numbers the events, ends them with Complete, and has them checked.
func stream(events ...sync.Event) error {
	var recorder enginetest.Recorder
	var result sync.Result
	for i, e := range append(events, sync.Complete{}) {
		meta := sync.Meta{Run: "run", Seq: uint64(i + 1), Time: time.Unix(int64(i), 0).UTC()}
		switch v := e.(type) {
		case sync.Step:
			v.Meta = meta
			e = v
		case sync.Failure:
			v.Meta = meta
			e = v
		case sync.Complete:
			v.Meta = meta
			result.Observe(v)
			v.Result = &result
			recorder.Observe(v)
			continue
		}
		result.Observe(e)
		recorder.Observe(e)
	}
	return recorder.Check()
}

func TestCheckOfStreams(t *testing.T) {
	t.Parallel()
	plan := sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: 1}
	key := sync.Key{Kind: "guest", Name: "a/1"}
	started := sync.Step{Stage: "guests", Status: sync.Started, Key: key, Total: 1}
	ended := sync.Step{Stage: "guests", Status: sync.Completed, Key: key, Op: sync.Keep, Done: 1, Total: 1}
	noOp, late := ended, ended
	noOp.Op, late.Done = "", 2
	other := ended
	other.Key.Name = "a/2"

	require.NoError(t, stream(plan, started, ended))
	require.NoError(t, stream(plan), "of a plan alone")
	for says, err := range map[string]error{
		"Totals are announced before the first object":  stream(started, plan, ended),
		"1 were announced, 2 ended":                     stream(plan, ended, other),
		"a/1 has another after it":                      stream(plan, ended, started),
		"Op is set on the completed step":               stream(plan, noOp),
		"Done and Total count the objects of the stage": stream(plan, late),
		"A failure has at least one error":              stream(plan, ended, sync.Failure{Key: sync.Key{Kind: sync.SourceKind, Name: "a"}}),
		"Complete is the last event of a run":           stream(plan, ended, sync.Complete{}),
	} {
		require.ErrorContains(t, err, says)
	}

	var recorder enginetest.Recorder
	recorder.Observe(started)
	require.ErrorContains(t, recorder.Check(), "numbered from 1 without a gap")
	require.ErrorContains(t, recorder.Check(), "Complete is the last event")
}
