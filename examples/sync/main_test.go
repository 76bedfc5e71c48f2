package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	cluster := proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: "lab", Guests: 10}), nil)
	proxmox := httptest.NewServer(cluster)
	defer proxmox.Close()
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	netbox := httptest.NewServer(box)
	defer netbox.Close()
	id, secret := cluster.Token()
	env := map[string]string{
		"PROXMOX_URL": proxmox.URL, "PROXMOX_TOKEN": id + "=" + secret,
		"NETBOX_URL": netbox.URL, "NETBOX_TOKEN": netboxtest.TokenV2,
	}

	var out strings.Builder
	require.NoError(t, run(t.Context(), func(name string) string { return env[name] }, &out))
	assert.Contains(t, out.String(), "to create, 0 to update, 0 to delete.")
	assert.Contains(t, out.String(), "\n10 virtual machines created\n")
}
