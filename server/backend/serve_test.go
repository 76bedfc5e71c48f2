package backend_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

func TestConfiguredNetBoxWins(t *testing.T) {
	t.Parallel()
	s := newServing(t, 3)
	pushed := &server.NetBoxEndpoint{Name: "netbox", Domain: "nowhere.example.com", Port: 1, Token: "canary", TokenVersion: "v1", Enabled: true}
	row := server.ProxmoxEndpoint{
		ID: 1, Name: "lab (nb:1)", IPAddress: "127.0.0.1", Port: port(s.pveURL), Username: "root@pam", Password: canaryPassword, Enabled: true,
	}
	rows := server.Endpoints{NetBox: pushed, Proxmox: []server.ProxmoxEndpoint{row}}
	b, err := backend.Serve(backend.Config{NetBox: backend.NetBox{URL: s.netBoxURL.String(), Token: canaryToken}}, nil)
	require.NoError(t, err)
	raw, err := b.NetBoxStatus(t.Context(), rows)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "netbox-version")

	runner, err := b.Open(rows)
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, result.OK)

	// From the number of a virtual machine in NetBox to the guest.
	for _, raw := range s.objects("virtualization/virtual-machines") {
		var machine struct {
			ID           int64
			CustomFields struct {
				VMID int `json:"proxmox_vm_id"`
			} `json:"custom_fields"`
		}
		require.NoError(t, json.Unmarshal(raw, &machine))
		guest, err := b.Guest(t.Context(), rows, machine.ID)
		require.NoError(t, err)
		assert.Equal(t, sync.GuestRef{Source: b.Source(rows, row), ID: machine.CustomFields.VMID}, guest)
	}
	_, err = b.Guest(t.Context(), rows, 4711)
	require.ErrorContains(t, err, "NetBox has no virtual machine 4711")
}

// A pushed row that has not changed goes on with its login.
func TestOneLoginForMany(t *testing.T) {
	t.Parallel()
	s := newServing(t, 1)
	s.netBoxBadge()
	row := s.proxmoxRow("pve (nb:1)", canaryPassword)
	s.homePage(row)
	s.homePage(row)
	logins := 0
	for _, r := range s.pve.Requests() {
		if r.Path == "/access/ticket" {
			logins++
		}
	}
	assert.Equal(t, 1, logins)
}
