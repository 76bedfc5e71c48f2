package sse_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// told are the stages that tell of a run.
func told() []sse.Stage {
	return []sse.Stage{
		sse.StageDevices, sse.StageVirtualMachines, sse.StageDisks, sse.StageNodeInterfaces, sse.StageInterfaces, sse.StageAddresses,
		sse.StageFullUpdate,
	}
}

// unreadRun is a run whose only source cannot be read: what is known of it is left alone.
func unreadRun() []sync.Event {
	lab := sync.Key{Kind: sync.SourceKind, Name: "lab"}
	return numbered(
		sync.Step{Stage: sync.StageRead, Status: sync.Started},
		sync.Failure{Stage: sync.StageRead, Key: lab, Name: "lab", Errors: []*sync.ObjectError{
			{Key: lab, Label: "lab", Err: errors.New("https://192.0.2.20:8006: connection refused")},
		}},
		sync.Step{Stage: sync.StageRead, Status: sync.Completed},
		sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: 1},
		sync.Step{Stage: "devices", Status: sync.Started, Total: 1},
		sync.Step{
			Stage: "devices", Status: sync.Completed, Key: deviceKey("pve01"), Name: "pve01", Op: sync.Skip, Done: 1, Total: 1,
			Notes: []string{"device pve01: https://192.0.2.20:8006: connection refused"},
		},
		sync.Step{Stage: "devices", Status: sync.Completed, Done: 1, Total: 1},
	)
}

func TestGoldenStages(t *testing.T) {
	t.Parallel()
	for _, stage := range told() {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			golden(t, "stage-"+string(stage)+".txt", encode(t, sse.Stages(stage), fullRun()))
		})
	}
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		golden(t, "stage-cut.txt", encode(t, sse.Stages(sse.StageVirtualMachines), cutRun()))
	})
	t.Run("unread", func(t *testing.T) {
		t.Parallel()
		golden(t, "stage-unread.txt", encode(t, sse.Stages(sse.StageDevices), unreadRun()))
	})
	t.Run("left alone", func(t *testing.T) {
		t.Parallel()
		frames, err := sse.StageStorage.LeftAlone("storages are not kept by this server: nothing was changed.")
		require.NoError(t, err)
		golden(t, "stage-left-alone.txt", written(frames))
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		frames, err := sse.StageDisks.Refused(errors.New("the Proxmox endpoint 7 is not known here"))
		require.NoError(t, err)
		golden(t, "stage-refused.txt", written(frames))
	})
	t.Run("waiting", func(t *testing.T) {
		t.Parallel()
		frame, err := sse.StageDisks.Waiting("LAB1RUN")
		require.NoError(t, err)
		golden(t, "stage-waiting.txt", written([]sse.Frame{frame}))
	})
}

func written(frames []sse.Frame) []byte {
	var out []byte
	for _, f := range frames {
		out = f.Append(out)
	}
	return out
}

func TestStagesDialectIsPure(t *testing.T) {
	t.Parallel()
	events, dialect := fullRun(), sse.Stages(sse.StageFullUpdate)
	forwards, backwards := map[uint64][]byte{}, map[uint64][]byte{}
	for _, ev := range events {
		forwards[ev.EventMeta().Seq] = encode(t, dialect, []sync.Event{ev})
	}
	for i := len(events) - 1; i >= 0; i-- {
		backwards[events[i].EventMeta().Seq] = encode(t, dialect, events[i:i+1])
	}
	assert.Equal(t, forwards, backwards)
}

// asPlugin reads a stream as the plugin's parser does, and checks the rules that it has for all frames.
func asPlugin(t *testing.T, stream []byte) (names []string, bodies []map[string]any) {
	t.Helper()
	text := string(stream)
	require.True(t, strings.HasSuffix(text, "\n\n") || text == "")
	for part := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		require.Less(t, len(part)+2, 600, "%.200s", part)
		for i := range len(part) {
			require.True(t, part[i] == '\n' || part[i] >= ' ' && part[i] <= '~', "%q", part)
		}
		lines := strings.Split(part, "\n")
		require.Len(t, lines, 2, part)
		name, ok := strings.CutPrefix(lines[0], "event: ")
		require.True(t, ok, part)
		data, ok := strings.CutPrefix(lines[1], "data: ")
		require.True(t, ok, part)
		var body map[string]any
		require.NoError(t, json.Unmarshal([]byte(data), &body))
		assert.LessOrEqual(t, logged(data), 600, "the plugin's log cuts it")
		names, bodies = append(names, name), append(bodies, body)
	}
	return names, bodies
}

// logged returns the length of the data as the plugin logs it: Python writes a blank after each comma and colon.
func logged(data string) int {
	n, quoted := len(data), false
	for i := 0; i < len(data); i++ {
		switch {
		case quoted && data[i] == '\\':
			i++
		case data[i] == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(",:", rune(data[i])):
			n++
		}
	}
	return n
}

// checkShapes checks the frames against the plugin's schemas.
func checkShapes(t *testing.T, names []string, bodies []map[string]any) {
	t.Helper()
	for i, body := range bodies {
		if names[i] == "complete" {
			assert.IsType(t, true, body["ok"])
			assert.IsType(t, "", body["message"])
			assert.IsType(t, map[string]any{}, body["result"])
			for _, e := range body["errors"].([]any) {
				assert.IsType(t, map[string]any{}, e)
			}
			continue
		}
		assert.Equal(t, names[i], body["event"])
		assert.IsType(t, "", body["phase"])
		assert.NotEmpty(t, body["message"])
		if it, ok := body["item"].(map[string]any); ok {
			assert.IsType(t, "", it["name"])
		}
		switch names[i] {
		case "item_progress":
			assert.Contains(t, []string{"created", "updated", "deleted", "skipped", "failed"}, body["operation"])
			assert.Contains(t, body["progress"], "percent")
		case "phase_summary":
			result := body["result"].(map[string]any)
			for _, key := range []string{"created", "updated", "deleted", "failed", "skipped", "total"} {
				assert.IsType(t, 0.0, result[key], key)
			}
			assert.Equal(t, result["total"], result["created"].(float64)+result["updated"].(float64)+
				result["deleted"].(float64)+result["failed"].(float64)+result["skipped"].(float64))
		case "error":
			assert.Equal(t, "failed", body["status"])
		case "error_detail":
			assert.Contains(t, []string{"connection", "timeout", "unknown"}, body["category"])
		case "discovery":
			assert.IsType(t, 0.0, body["count"])
		case "substep":
			assert.NotEmpty(t, body["substep"])
		default:
			assert.Fail(t, "unknown frame", names[i])
		}
	}
}

func TestStagesAreReadByThePlugin(t *testing.T) {
	t.Parallel()
	for _, stage := range told() {
		for _, events := range [][]sync.Event{fullRun(), cutRun(), unreadRun()} {
			names, bodies := asPlugin(t, encode(t, sse.Stages(stage), events))
			checkShapes(t, names, bodies)
			assert.Equal(t, "complete", names[len(names)-1], stage)
			assert.Equal(t, "phase_summary", names[len(names)-2], stage)
		}
	}
}

func TestStageFramesAreSmall(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"ascii":       strings.Repeat("x", 8_000),
		"escaped":     strings.Repeat(`"\<`, 2_000),
		"separators":  strings.Repeat(`,:`, 2_000),
		"line breaks": strings.Repeat("\nid: 1\n\n", 2_000),
		"one byte":    strings.Repeat("\x01", 2_000),
		"two bytes":   strings.Repeat("é", 2_000),
		"line ends":   strings.Repeat("\u2028\u0085", 2_000),
		"emoji":       strings.Repeat("🍳", 2_000),
		"not utf-8":   strings.Repeat("\xff", 2_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, stage := range told() {
				for _, ev := range append(longEvents(text), manyFailed(text)) {
					stream := encode(t, sse.Stages(stage), []sync.Event{ev})
					if len(stream) > 0 {
						checkShapes(t, first(asPlugin(t, stream)), second(asPlugin(t, stream)))
					}
				}
			}
			for _, frames := range [][]sse.Frame{
				must(sse.StageTaskHistory.LeftAlone(text)), must(sse.StageTaskHistory.Refused(errors.New(text))),
				{must(sse.StageTaskHistory.Waiting(text))},
			} {
				names, bodies := asPlugin(t, written(frames))
				checkShapes(t, names, bodies)
			}
		})
	}
}

func first[A, B any](a A, _ B) A  { return a }
func second[A, B any](_ A, b B) B { return b }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// manyFailed completes a run in which many units failed.
func manyFailed(text string) sync.Event {
	result := sync.Result{Objects: map[sync.Kind]sync.Counts{"virtual-machine": {Kept: 1, Failed: 500}}}
	for i := range 500 {
		key := machineKey(text + string(rune('a'+i)))
		result.Failures = append(result.Failures, &sync.ObjectError{Key: key, Unit: key, Label: text, Err: errors.New(text)})
	}
	return sync.Complete{Result: &result}
}

func TestStageCompletes(t *testing.T) {
	t.Parallel()
	lab := &sync.ObjectError{Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}, Label: "lab", Err: errors.New("no route")}
	unit := func(name string) *sync.ObjectError {
		return &sync.ObjectError{Key: machineKey(name), Unit: machineKey(name), Label: name, Err: errors.New("refused")}
	}
	machines := func(c sync.Counts) map[sync.Kind]sync.Counts { return map[sync.Kind]sync.Counts{"virtual-machine": c} }
	for name, c := range map[string]struct {
		result  sync.Result
		ok      bool
		message string
		detail  string
	}{
		"good":    {sync.Result{OK: true}, true, "virtual-machines sync completed.", ""},
		"one":     {sync.Result{Failures: []*sync.ObjectError{unit("a")}}, true, "virtual-machines sync completed with 1 failure: a.", ""},
		"all":     {sync.Result{Failures: []*sync.ObjectError{unit("a"), unit("b")}}, true, "virtual-machines sync completed with 2 failures: a, b.", ""},
		"ended":   {sync.Result{Error: "NetBox is gone", Objects: machines(sync.Counts{Kept: 3})}, false, "virtual-machines sync failed.", "NetBox is gone"},
		"no lab":  {sync.Result{Failures: []*sync.ObjectError{lab}, Objects: machines(sync.Counts{Skipped: 3})}, false, "virtual-machines sync failed.", "Proxmox VE lab: no route"},
		"one lab": {sync.Result{Failures: []*sync.ObjectError{lab}, Objects: machines(sync.Counts{Kept: 3})}, true, "virtual-machines sync completed with 1 failure: lab.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names, bodies := asPlugin(t, encode(t, sse.Stages(sse.StageVirtualMachines), []sync.Event{sync.Complete{Result: &c.result}}))
			last := len(names) - 1
			require.Equal(t, []string{"phase_summary", "complete"}, names[last-1:])
			assert.Equal(t, c.ok, bodies[last]["ok"])
			assert.Equal(t, c.message, bodies[last]["message"])
			if c.detail == "" {
				assert.Equal(t, []any{}, bodies[last]["errors"])
				assert.Len(t, names[:last-1], len(c.result.Failures), "each failure is told")
			} else {
				assert.Equal(t, []any{map[string]any{"detail": c.detail}}, bodies[last]["errors"])
				assert.Empty(t, names[:last-1], "the reason is in complete")
			}
		})
	}
}

// What failed before it came to its disks has failed in the stage of disks too, once.
func TestStageCountsUnitsThatFailedFirst(t *testing.T) {
	t.Parallel()
	disk := func(name, of string) *sync.ObjectError {
		return &sync.ObjectError{Key: sync.Key{Kind: "virtual-disk", Name: "lab/" + of + "/" + name}, Unit: machineKey(of), Label: name, Err: errors.New("refused")}
	}
	top := &sync.ObjectError{Key: machineKey("a"), Unit: machineKey("a"), Label: "a", Err: errors.New("refused")}
	result := sync.Result{
		Children: map[sync.Kind]sync.Counts{"virtual-disk": {Created: 1, Failed: 2}},
		Failures: []*sync.ObjectError{top, disk("scsi0", "b"), disk("scsi1", "b")},
	}
	_, bodies := asPlugin(t, encode(t, sse.Stages(sse.StageDisks), []sync.Event{sync.Complete{Result: &result}}))
	summary := bodies[len(bodies)-2]
	counts := summary["result"].(map[string]any)
	assert.Equal(t, []any{1.0, 3.0, 4.0}, []any{counts["created"], counts["failed"], counts["total"]})
	assert.Equal(t, "4 virtual disks: 1 created, 3 failed.", summary["message"])
}

func TestStageNamesWhatFailed(t *testing.T) {
	t.Parallel()
	result := sync.Result{}
	for name := range strings.FieldsSeq(strings.Repeat("guest-of-a-long-name ", 40)) {
		key := machineKey(name + strings.Repeat("x", len(result.Failures)))
		result.Failures = append(result.Failures, &sync.ObjectError{Key: key, Unit: key, Label: name, Err: errors.New("refused")})
	}
	text := sse.StageVirtualMachines.Summary(&result)
	assert.Regexp(t, `^virtual-machines sync completed with 40 failures: (guest-of-a-long-name, )+guest-of-a-long-name and \d+ more\.$`, text)
}

// Of all frames the plugin writes only those called error into its log without fail.
func TestStageTellsThePluginsLogWhatFailed(t *testing.T) {
	t.Parallel()
	result := sync.Result{}
	for n := range 12 {
		of := machineKey(fmt.Sprintf("vm%d", n))
		result.Failures = append(result.Failures, &sync.ObjectError{
			Key: sync.Key{Kind: "vm-interface", Name: "net0"}, Unit: of, Label: "net0", UnitLabel: of.Name, Err: errors.New("refused"),
		})
	}
	names, bodies := asPlugin(t, encode(t, sse.Stages(sse.StageInterfaces), []sync.Event{sync.Complete{Result: &result}}))
	require.Len(t, names, 10+1+2)
	for n, name := range names[:11] {
		want := fmt.Sprintf("virtual machine lab/vm%d: interface net0: refused", n)
		if n == 10 {
			want = "2 more failed."
		}
		assert.Equal(t, "error", name)
		assert.Equal(t, map[string]any{"event": "error", "phase": "vm-interfaces", "status": "failed", "message": want}, bodies[n])
	}
}

func TestStageTellsWhatKindOfError(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"connection": sync.ErrUnavailable, "timeout": sync.ErrUnknownOutcome, "unknown": errors.New("refused"),
	} {
		key := machineKey("a")
		ev := sync.Failure{Key: key, Name: "a", Errors: []*sync.ObjectError{{Key: key, Unit: key, Label: "a", Err: err}}}
		_, bodies := asPlugin(t, encode(t, sse.Stages(sse.StageVirtualMachines), []sync.Event{ev}))
		assert.Equal(t, "failed", bodies[0]["operation"])
		assert.Equal(t, want, bodies[1]["category"])
	}
}

func FuzzStages(f *testing.F) {
	f.Add("web01", "NetBox refuses it: name", "40", 3, 20)
	f.Add("\x00\n\nevent: complete", "é🍳\u2028\xff", "-1", -5, 0)
	f.Add(strings.Repeat("界", 64), strings.Repeat(`\"`, 300), "99999999999999999999", 1<<40, 1)
	f.Fuzz(func(t *testing.T, name, text, id string, done, total int) {
		key := machineKey(name)
		failure := &sync.ObjectError{Op: sync.Create, Key: key, Unit: key, Label: name, Err: errors.New(text)}
		events := []sync.Event{
			sync.Step{Stage: sync.StageRead, Status: sync.Completed, Key: sync.Key{Kind: sync.SourceKind, Name: name}, Name: name, Done: done, Notes: []string{text, name}},
			sync.Step{Stage: "virtual-machines", Status: sync.Started, Total: total},
			sync.Step{Status: sync.Completed, Key: key, Name: name, Op: sync.Skip, ID: id, Done: done, Total: total, Notes: []string{text, name}},
			sync.Step{Status: sync.Completed, Key: key, Name: name, Op: sync.Create, ID: id, Done: done, Total: total, Notes: []string{text}},
			sync.Failure{Key: key, Name: name, Done: done, Total: total, Errors: []*sync.ObjectError{failure, failure}},
			sync.Failure{Errors: []*sync.ObjectError{failure}},
			sync.Complete{Result: &sync.Result{Error: text}},
			sync.Complete{Result: &sync.Result{Failures: []*sync.ObjectError{failure}}},
		}
		for _, stage := range told() {
			stream := encode(t, sse.Stages(stage), events)
			asPlugin(t, stream)
			assert.Equal(t, 2, bytes.Count(stream, []byte("event: complete\n")))
		}
	})
}
