package sse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func encode(t *testing.T, dialect sse.Dialect, events []sync.Event) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := sse.NewEncoder(&out, dialect)
	for _, ev := range events {
		require.NoError(t, encoder.Encode(ev))
	}
	return out.Bytes()
}

func TestGoldenStreams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialect sse.Dialect
		events  []sync.Event
	}{
		"plain.txt":                       {sse.Plain, fullRun()},
		"documented-full-update.txt":      {sse.Documented(sse.FullUpdate), fullRun()},
		"documented-devices.txt":          {sse.Documented(sse.Devices), fullRun()},
		"documented-virtual-machines.txt": {sse.Documented(sse.VirtualMachines), fullRun()},
		"documented-cut-full-update.txt":  {sse.Documented(sse.FullUpdate), cutRun()},
		"documented-cut-devices.txt":      {sse.Documented(sse.Devices), cutRun()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, encode(t, c.dialect, c.events))
		})
	}
}

func TestDialectIsPure(t *testing.T) {
	t.Parallel()
	events, dialect := fullRun(), sse.Documented(sse.FullUpdate)
	forwards, backwards := map[uint64][]byte{}, map[uint64][]byte{}
	for _, ev := range events {
		forwards[ev.EventMeta().Seq] = encode(t, dialect, []sync.Event{ev})
	}
	for i := len(events) - 1; i >= 0; i-- {
		backwards[events[i].EventMeta().Seq] = encode(t, dialect, events[i:i+1])
	}
	assert.Equal(t, forwards, backwards)
}

func TestDialectAppends(t *testing.T) {
	t.Parallel()
	first := sse.Frame{Event: "first"}
	frames, err := sse.Documented(sse.FullUpdate)([]sse.Frame{first}, fullRun()[0])
	require.NoError(t, err)
	require.Len(t, frames, 2)
	assert.Equal(t, first, frames[0])
	assert.Equal(t, "LAB1RUN-1", frames[1].ID)
}

// Whatever people name and errors say, a frame stays below 4 KiB and is JSON.
func TestFramesAreSmall(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"ascii":     strings.Repeat("x", 8_000),
		"escaped":   strings.Repeat(`"\<`, 2_000),
		"one byte":  strings.Repeat("\x01", 2_000),
		"two bytes": strings.Repeat("é", 2_000),
		"emoji":     strings.Repeat("🍳", 2_000),
		"not utf-8": strings.Repeat("\xff", 2_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, ev := range longEvents(text) {
				for _, stream := range []sse.Stream{sse.Devices, sse.VirtualMachines, sse.FullUpdate} {
					frames, err := sse.Documented(stream)(nil, ev)
					require.NoError(t, err)
					require.Len(t, frames, 1)
					wire := frames[0].Append(nil)
					assert.Less(t, len(wire), 4096)
					assert.True(t, json.Valid(frames[0].Data))
					assert.Contains(t, string(wire), `\u2026`)
				}
			}
		})
	}
}

func longEvents(text string) []sync.Event {
	object := map[string]sync.Value{}
	for _, name := range []string{"manufacturer", "role", "cluster", "device_type", "status", "device"} {
		object[name] = sync.String(text)
	}
	object["vcpus"] = sync.Strings(text, text)
	var failures []*sync.ObjectError
	var changes []sync.FieldChange
	for range 30 {
		failures = append(failures, &sync.ObjectError{Op: sync.Create, Key: deviceKey("x"), Unit: deviceKey("x"), Label: text, Err: errors.New(text)})
		changes = append(changes, sync.FieldChange{Name: text, Old: sync.String(text), New: sync.String(text)})
	}
	notes := []string{text, text, text, text, text, text, text}
	meta := sync.Meta{Run: "ABCDEFGHJKLM", Seq: 1 << 40}
	counts := map[sync.Kind]sync.Counts{}
	for _, kind := range []sync.Kind{"tag", "custom-field", "cluster-type", "manufacturer", "device-type", "device-role", "platform", "device", "virtual-machine"} {
		counts[kind] = sync.Counts{Created: 10_000, Updated: 10_000, Deleted: 10_000, Kept: 10_000, Skipped: 10_000, Failed: 10_000}
	}
	events := []sync.Event{
		sync.Complete{Meta: meta, Result: &sync.Result{Run: "ABCDEFGHJKLM", Objects: counts, Children: counts, Error: text}},
		sync.Complete{Meta: meta, Result: &sync.Result{Run: "ABCDEFGHJKLM", Objects: counts, Failures: failures[:1], Skipped: notes}},
		sync.Failure{Meta: meta, Errors: failures},
	}
	for _, kind := range []sync.Kind{"device", "virtual-machine", "platform", sync.SourceKind} {
		events = append(events, sync.Failure{Meta: meta, Key: sync.Key{Kind: kind, Name: "x"}, Name: text, Errors: failures})
	}
	for _, kind := range []sync.Kind{"device", "virtual-machine"} {
		for _, op := range []sync.Op{sync.Create, sync.Skip} {
			events = append(events, sync.Step{
				Meta: meta, Status: sync.Completed, Key: sync.Key{Kind: kind, Name: "x"}, Name: text, Op: op, ID: "123456789",
				Object: object, Changes: changes, Notes: notes,
			})
		}
		events = append(events, sync.Step{Meta: meta, Status: sync.Started, Key: sync.Key{Kind: kind, Name: "x"}, Name: text, Object: object})
	}
	return events
}

func TestShortTextsStayWhole(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("界", 64) // NetBox's limit for a name
	frames, err := sse.Documented(sse.FullUpdate)(nil, sync.Step{
		Status: sync.Completed, Key: machineKey("1"), Name: name, Op: sync.Update,
		Changes: []sync.FieldChange{{Name: "a", New: sync.Int(1)}, {Name: "b", Old: sync.Int(1)}}, Notes: []string{"one", "two"},
	})
	require.NoError(t, err)
	var body struct {
		RowID          string `json:"rowid"`
		Changes, Notes []string
	}
	require.NoError(t, json.Unmarshal(frames[0].Data, &body))
	assert.Equal(t, name, body.RowID)
	assert.Equal(t, []string{"a: 1", "b: 1 → "}, body.Changes)
	assert.Equal(t, []string{"one", "two"}, body.Notes)
}

func TestSummary(t *testing.T) {
	t.Parallel()
	failure := func(key, unit sync.Key, label string) *sync.ObjectError {
		return &sync.ObjectError{Key: key, Unit: unit, Label: label, Err: errors.New("refused")}
	}
	unit := func(name string) *sync.ObjectError { return failure(machineKey(name), machineKey(name), name) }
	child := func(name, of string) *sync.ObjectError {
		return failure(sync.Key{Kind: "vm-interface", Name: "lab/" + of + "/" + name}, machineKey(of), name)
	}
	for want, c := range map[string]struct {
		stream sse.Stream
		result sync.Result
	}{
		"Devices sync completed.":                                  {sse.Devices, sync.Result{OK: true}},
		"Virtual machines sync completed.":                         {sse.VirtualMachines, sync.Result{OK: true}},
		"Full update sync completed.":                              {sse.FullUpdate, sync.Result{OK: true}},
		"Devices sync completed with 1 failure: pve01.":            {sse.Devices, sync.Result{Failures: []*sync.ObjectError{unit("pve01")}}},
		"Full update sync completed with 2 failures: web01, db02.": {sse.FullUpdate, sync.Result{Failures: []*sync.ObjectError{unit("web01"), unit("db02")}}},
		"Full update sync completed with 1 failure: a.":            {sse.FullUpdate, sync.Result{Failures: []*sync.ObjectError{child("net0", "a"), child("net1", "a"), unit("a")}}},
		"Full update sync completed with 1 failure: lab/b.":        {sse.FullUpdate, sync.Result{Failures: []*sync.ObjectError{child("net0", "b"), child("net1", "b")}}},
		"Full update sync failed: NetBox cannot be reached":        {sse.FullUpdate, sync.Result{Error: "NetBox cannot be reached", Failures: []*sync.ObjectError{unit("a")}}},
		"Devices sync failed.":                                     {sse.Devices, sync.Result{}},
		"Devices sync completed with 6 failures: a, b, c, d, e and 1 more.": {sse.Devices, sync.Result{Failures: []*sync.ObjectError{
			unit("a"), unit("b"), unit("c"), unit("d"), unit("e"), unit("f"),
		}}},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want, c.stream.Summary(&c.result))
		})
	}
}
