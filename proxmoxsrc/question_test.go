package proxmoxsrc_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

func TestNodes(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a3").State = proxmoxtest.NodeOffline })
	nodes, err := l.source(t).Nodes(t.Context())
	require.NoError(t, err)
	require.Len(t, nodes, 3)
	want := l.fake.Estate().Node("a1")
	first := nodes[0]
	assert.Equal(t, "a1 online", first.Node+" "+first.Status)
	assert.Equal(t, want.Threads, first.CPUs)
	assert.Equal(t, want.Memory, first.MaxMemory)
	assert.Positive(t, first.CPU)
	assert.Positive(t, first.Memory)
	assert.Positive(t, first.Uptime)
	assert.Equal(t, "a2", nodes[1].Node)
	assert.Equal(t, "a3 offline", nodes[2].Node+" "+nodes[2].Status)
	assert.Empty(t, l.fake.Violations())
}

func TestGuestRows(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	rows, err := l.source(t).GuestRows(t.Context())
	require.NoError(t, err)
	var ids []int
	for _, raw := range rows {
		var row struct {
			VMID   int
			Type   string
			MaxMem int64
		}
		require.NoError(t, json.Unmarshal(raw, &row))
		assert.Contains(t, []string{"qemu", "lxc"}, row.Type)
		assert.Positive(t, row.MaxMem, "with Proxmox VE's own keys")
		ids = append(ids, row.VMID)
	}
	assert.Equal(t, []int{101, 102, 103, 201, 202, 203}, ids)
}

func TestClock(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	clock, err := l.source(t).Clock(t.Context(), "a2")
	require.NoError(t, err)
	assert.Equal(t, "Etc/UTC", clock.Timezone)
	assert.InDelta(t, time.Now().Unix(), clock.Unix, 60)
	assert.InDelta(t, time.Now().Unix(), clock.Local, 60)

	_, err = l.source(t).Clock(t.Context(), "a9/../x")
	var status *proxmoxsrc.StatusError
	require.ErrorAs(t, err, &status, "the name stays one segment of the path")
}

func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	questions := map[string]func(t *testing.T, s *proxmoxsrc.Source) error{
		"nodes": func(t *testing.T, s *proxmoxsrc.Source) error { _, err := s.Nodes(t.Context()); return err },
		"rows":  func(t *testing.T, s *proxmoxsrc.Source) error { _, err := s.GuestRows(t.Context()); return err },
		"clock": func(t *testing.T, s *proxmoxsrc.Source) error { _, err := s.Clock(t.Context(), "a1"); return err },
	}
	for name, ask := range questions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			remove := l.fake.Inject(proxmoxtest.Fault{
				Pattern: "/**", Kind: proxmoxtest.FaultStatus, Status: 200, Body: `{"data":"nonsense"}`,
			})
			var answer *proxmoxsrc.AnswerError
			require.ErrorAs(t, ask(t, l.source(t)), &answer)
			remove()
			l.fake.SetCredentials()
			var status *proxmoxsrc.StatusError
			require.ErrorAs(t, ask(t, l.source(t)), &status)
			assert.Equal(t, proxmoxsrc.CauseCredentials, status.Cause())
			assert.NotContains(t, status.Error(), proxmoxtest.DefaultTokenSecret)
		})
	}
}
