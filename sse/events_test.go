package sse_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata, byte for byte.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func deviceKey(name string) sync.Key  { return sync.Key{Kind: "device", Name: "lab/" + name} }
func machineKey(name string) sync.Key { return sync.Key{Kind: "virtual-machine", Name: "lab/" + name} }

// numbered gives events what a run gives them, and adds the one that completes it.
func numbered(events ...sync.Event) []sync.Event {
	var result sync.Result
	for i, ev := range append(events, sync.Complete{}) {
		meta := sync.Meta{
			Run: "LAB1RUN", Seq: uint64(i + 1),
			Time: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second),
		}
		switch e := ev.(type) {
		case sync.Step:
			e.Meta = meta
			ev = e
		case sync.Failure:
			e.Meta = meta
			ev = e
		case sync.Complete:
			result.Observe(sync.Complete{Meta: meta})
			ev = sync.Complete{Meta: meta, Result: &result}
		}
		if i < len(events) {
			result.Observe(ev)
			events[i] = ev
		} else {
			events = append(events, ev)
		}
	}
	return events
}

func nodeObject() map[string]sync.Value {
	return map[string]sync.Value{
		"name": sync.String("pve01"), "status": sync.String("active"), "role": sync.String("Proxmox Node"),
		"cluster": sync.String("lab"), "device_type": sync.String("Proxmox Generic Device"), "site": sync.String("Köln <1>"),
	}
}

func guestObject(name string) map[string]sync.Value {
	return map[string]sync.Value{
		"name": sync.String(name), "status": sync.String("active"), "role": sync.String("Virtual Machine (QEMU)"),
		"cluster": sync.String("Küche 🍳"), "device": sync.String("pve01"), "vcpus": sync.Float(1.5), "memory": sync.Int(2048),
		"disk": sync.Int(32768), "description": sync.String("never told"),
	}
}

// fullRun is a run that has one of everything: created, kept, updated and skipped units, notes, what a source left out,
// failures of a source, a shared object, a unit and a unit's children.
func fullRun() []sync.Event {
	source := sync.Key{Kind: sync.SourceKind, Name: "lab"}
	east := sync.Key{Kind: sync.SourceKind, Name: "east"}
	role := sync.Key{Kind: "device-role", Name: "proxmox-node"}
	platform := sync.Key{Kind: "platform", Name: "debian"}
	nic := sync.Key{Kind: "vm-interface", Name: "lab/102/net0"}
	return numbered(
		sync.Step{Stage: sync.StageRead, Status: sync.Started},
		sync.Step{Stage: sync.StageRead, Status: sync.Started, Key: source, Name: "lab"},
		sync.Failure{Stage: sync.StageRead, Key: east, Name: "east", Errors: []*sync.ObjectError{
			{Key: east, Label: "east", Err: errors.New("https://192.0.2.20:8006: connection refused")},
		}},
		sync.Step{
			Stage: sync.StageRead, Status: sync.Completed, Key: source, Name: "lab", Done: 4, Total: 4,
			Notes: []string{"source lab: the list of resources: element 1 is no object", "source lab: guest 104: 200 addresses beyond the first 1000"},
		},
		sync.Step{Stage: sync.StageRead, Status: sync.Completed},
		sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: 8},
		sync.Step{Stage: sync.StageShared, Status: sync.Started, Total: 2},
		sync.Step{Stage: sync.StageShared, Status: sync.Started, Key: role, Name: "Proxmox Node", Total: 2},
		sync.Step{Stage: sync.StageShared, Status: sync.Completed, Key: role, Name: "Proxmox Node", Op: sync.Create, ID: "7", Done: 1, Total: 2},
		sync.Failure{Stage: sync.StageShared, Key: platform, Name: "Debian", Done: 2, Total: 2, Errors: []*sync.ObjectError{
			{Op: sync.Create, Key: platform, Label: "Debian", Err: errors.New("NetBox refuses it: slug: not allowed here")},
		}},
		sync.Step{Stage: sync.StageShared, Status: sync.Completed, Done: 2, Total: 2},
		sync.Step{Stage: "devices", Status: sync.Started, Total: 1},
		sync.Step{Stage: "devices", Status: sync.Started, Key: deviceKey("pve01"), Name: "pve01", Total: 1},
		sync.Step{
			Stage: "devices", Status: sync.Completed, Key: deviceKey("pve01"), Name: "pve01", Op: sync.Create, ID: "12", Done: 1, Total: 1,
			Object: nodeObject(),
			Children: map[sync.Kind]sync.Counts{
				"node-interface": {Created: 3}, "node-mac-address": {Created: 2}, "node-ip-address": {Created: 1, Skipped: 1},
			},
		},
		sync.Step{Stage: "devices", Status: sync.Completed, Done: 1, Total: 1},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Total: 5},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Key: machineKey("100"), Name: "web01", ID: "40", Total: 5, Object: guestObject("web01")},
		sync.Step{
			Stage: "virtual-machines", Status: sync.Completed, Key: machineKey("100"), Name: "web01", Op: sync.Keep, ID: "40", Done: 1, Total: 5,
			Object: guestObject("web01"), Children: map[sync.Kind]sync.Counts{"vm-interface": {Kept: 2}, "virtual-disk": {Kept: 1}},
		},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Key: machineKey("101"), Name: "vm101", ID: "41", Total: 5},
		sync.Step{
			Stage: "virtual-machines", Status: sync.Completed, Key: machineKey("101"), Name: "vm101", Op: sync.Skip, ID: "41", Done: 2, Total: 5,
			Notes: []string{"virtual-machine vm101: no longer in the source: left as it is"},
		},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Key: machineKey("102"), Name: "Bär & Söhne", ID: "42", Total: 5},
		sync.Step{
			Stage: "virtual-machines", Status: sync.Completed, Key: machineKey("102"), Name: "Bär & Söhne", Op: sync.Update, ID: "42", Done: 3, Total: 5,
			Object:   guestObject("Bär & Söhne"),
			Children: map[sync.Kind]sync.Counts{"vm-interface": {Created: 1, Updated: 1, Skipped: 1}},
			Changes: []sync.FieldChange{
				{Name: "status", Old: sync.String("offline"), New: sync.String("active")},
				{Name: "net0: mac_address", New: sync.String("BC:24:11:00:00:01")},
			},
			Notes: []string{"virtual-machine Bär & Söhne: ip-address 192.0.2.7/24: held by virtual-machine web01"},
		},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Key: machineKey("103"), Name: "db02", Total: 5},
		sync.Failure{
			Stage: "virtual-machines", Key: machineKey("103"), Name: "db02", Done: 4, Total: 5,
			Children: map[sync.Kind]sync.Counts{"vm-interface": {Skipped: 1}},
			Errors: []*sync.ObjectError{{
				Op: sync.Create, Key: machineKey("103"), Unit: machineKey("103"), Label: "db02",
				Err: errors.New(`NetBox refuses it: name: "db02" is <forbidden>`),
			}},
		},
		sync.Step{Stage: "virtual-machines", Status: sync.Started, Key: machineKey("104"), Name: "mail", ID: "44", Total: 5},
		sync.Failure{
			Stage: "virtual-machines", Key: machineKey("104"), Name: "mail", Done: 5, Total: 5,
			Children: map[sync.Kind]sync.Counts{"vm-interface": {Failed: 2}},
			Errors: []*sync.ObjectError{
				{Op: sync.Create, Key: nic, Unit: machineKey("104"), Label: "net0", UnitLabel: "mail", Err: errors.New("NetBox refuses it: mtu: too large")},
				{Op: sync.Create, Key: sync.Key{Kind: "vm-interface", Name: "lab/104/net1"}, Unit: machineKey("104"), Label: "net1", UnitLabel: "mail", Err: errors.New("NetBox refuses it: mtu: too large")},
			},
		},
		sync.Step{Stage: "virtual-machines", Status: sync.Completed, Done: 5, Total: 5},
	)
}

// cutRun is a run that could not be done.
func cutRun() []sync.Event {
	return numbered(
		sync.Step{Stage: sync.StageRead, Status: sync.Started},
		sync.Failure{Errors: []*sync.ObjectError{{
			Key: sync.Key{Kind: "run", Name: "LAB1RUN"}, Err: errors.New("NetBox http://192.0.2.1 refuses the token: make a new one"),
		}}},
	)
}
