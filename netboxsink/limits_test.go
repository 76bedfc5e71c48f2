package netboxsink_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestWhatNetBoxCannotHoldIsLeftOutAndTold(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, estate("lab",
				qemu(101, "huge", nic("net0", "BC:24:11:00:01:00"), disk("scsi0", gib), func(g *inventory.Guest) {
					g.Memory, g.CPUs = 1<<52, 10000
				}),
				qemu(999999999, "last", func(g *inventory.Guest) { g.Memory, g.CPUs = 1<<51-1<<20, 9999.99 })))
			told := strings.Join(notes(l.run()), "\n")
			assert.Contains(t, told, "4503599627370496 bytes of memory are more than NetBox can hold")
			assert.Contains(t, told, "10000 vCPUs are more than NetBox can hold")
			want := map[string]string{"memory": "", "vcpus": ""}
			assert.Equal(t, want, fields(l.machine("huge"), want))
			assert.Equal(t, []string{"net0"}, l.on("huge", interfaces, "name"))
			want = map[string]string{"memory": "2147483647", "vcpus": "9999.99", "custom_fields.proxmox_vm_id": "999999999"}
			assert.Equal(t, want, fields(l.machine("last"), want))
			l.quiet()
			l.guest(101, func(g *inventory.Guest) { g.NICs, g.Disks = nil, nil })
			l.run()
			assert.Empty(t, l.on("huge", interfaces, "name"), "what is left out keeps nothing else")
		})
	}
}

// TestProcessorsAreRounded: NetBox holds two digits behind the point.
func TestProcessorsAreRounded(t *testing.T) {
	t.Parallel()
	for cpus, want := range map[float64]string{1.0 / 3: "0.33", 1.999: "2", 0.001: "0.01"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, estate("lab", qemu(101, "web01", func(g *inventory.Guest) { g.CPUs = cpus })))
			l.run()
			assert.Equal(t, want, l.machine("web01").at("vcpus"))
			l.quiet()
		})
	}
}

func TestValueThatTheAPIDoesNotHaveIsNamed(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	l.run()
	for want, field := range map[string]struct {
		name  string
		value sync.Value
	}{
		"NetBox takes no 1e+99 in the field memory of a virtualization.virtualmachine: it was not sent":    {"memory", sync.Float(1e99)},
		`NetBox takes no "asleep" in the field status of a virtualization.virtualmachine: it was not sent`: {"status", sync.String("asleep")},
	} {
		outcomes, err := l.sink.Apply(l.context(), sync.Batch{Kind: netboxsink.KindVirtualMachine, Op: sync.Update, Items: []sync.Item{
			{ID: text(l.machine("web01")["id"]), Fields: map[string]sync.Value{field.name: field.value}},
			{ID: text(l.machine("db01")["id"]), Fields: map[string]sync.Value{"description": sync.String("it lands")}},
		}})
		require.NoError(t, err)
		require.EqualError(t, outcomes[0].Err, want)
		require.NoError(t, outcomes[1].Err)
	}
}
