package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
)

func TestRun(t *testing.T) {
	t.Parallel()
	cluster := proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: "lab", Nodes: 1, Guests: 2}), nil)
	proxmox := httptest.NewServer(cluster)
	defer proxmox.Close()
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	netbox := httptest.NewServer(box)
	defer netbox.Close()
	id, secret := cluster.Token()
	engine, err := backend.New(backend.Config{
		NetBox:  backend.NetBox{URL: netbox.URL, Token: netboxtest.TokenV2},
		Proxmox: []backend.Proxmox{{Name: "lab", URLs: []string{proxmox.URL}, Token: id + "=" + secret}},
	}, nil)
	require.NoError(t, err)
	handler, err := server.New(server.Fixed(engine), nil)
	require.NoError(t, err)
	proxbox := httptest.NewServer(handler)
	defer proxbox.Close()

	var out strings.Builder
	require.NoError(t, run(t.Context(), proxbox.URL, &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, "Full update stream connected.", lines[0])
	assert.Contains(t, lines, "Synced device lab-n1")
	assert.Equal(t, "Full update sync completed.", lines[len(lines)-1])
}
