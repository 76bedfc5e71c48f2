package sse_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// deletingRun is a run in which a guest is deleted, and after it the node that it was on: then the stage of the nodes ends.
func deletingRun() []sync.Event {
	return numbered(
		sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: 2},
		sync.Step{Stage: "devices", Status: sync.Started, Total: 1},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Total: 1},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Key: machineKey("101"), Name: "web01", ID: "41", Total: 1, Object: guestObject("web01")},
		sync.Step{
			Stage: "virtual-machines", Status: sync.Completed, Key: machineKey("101"), Name: "web01", Op: sync.Delete, ID: "41", Done: 1, Total: 1,
			Object: guestObject("web01"),
		},
		sync.Step{Stage: "virtual-machines", Status: sync.Completed, Done: 1, Total: 1},
		sync.Step{Stage: "devices", Status: sync.Started, Key: deviceKey("pve01"), Name: "pve01", ID: "12", Total: 1, Object: nodeObject()},
		sync.Step{
			Stage: "devices", Status: sync.Completed, Key: deviceKey("pve01"), Name: "pve01", Op: sync.Delete, ID: "12", Done: 1, Total: 1,
			Object: nodeObject(),
		},
		sync.Step{Stage: "devices", Status: sync.Completed, Done: 1, Total: 1},
	)
}

// TestDeletedUnits are told as such, and count as nothing that is there.
func TestDeletedUnits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dialect sse.Dialect
		want    []string // parts of the frames
	}{
		"documented": {sse.Documented(sse.FullUpdate), []string{
			`"message":"Deleted virtual_machine web01"`, `"type":"delete"`, `"netbox_id":null`, `"operation":"delete"`,
			`"message":"Deleted device pve01"`, `"message":"Devices synchronization finished."`,
			`"devices_count":0,"virtual_machines_count":0`, `"objects":{"device":{"deleted":1},"virtual-machine":{"deleted":1}}`,
		}},
		"stages": {sse.Stages(sse.StageFullUpdate), []string{
			`"message":"Deleted virtual machine web01"`, `"operation":"deleted"`, `"message":"Deleted device pve01"`,
			`"message":"1 device: 1 deleted."`, `"deleted":1`, `"message":"1 virtual machine: 1 deleted."`, `"count":0,"created":0,"updated":0,"deleted":2`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var frames []sse.Frame
			for _, ev := range deletingRun() {
				var err error
				frames, err = tt.dialect(frames, ev)
				require.NoError(t, err)
			}
			var stream strings.Builder
			for _, frame := range frames {
				assert.True(t, json.Valid(frame.Data))
				stream.WriteString(string(frame.Data) + "\n")
			}
			for _, part := range tt.want {
				require.Contains(t, stream.String(), part)
			}
		})
	}
}
