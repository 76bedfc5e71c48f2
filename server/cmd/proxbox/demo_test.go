package main

import (
	"bytes"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
)

// The demo is between its own fakes, and a plugin may push an endpoint of the fake Proxmox VE: that is the same cluster.
func TestDemoTakesWhatIsPushed(t *testing.T) {
	t.Parallel()
	e, err := newEstate(3)
	require.NoError(t, err)
	t.Cleanup(e.close)
	b, err := backend.Serve(e.config, nil)
	require.NoError(t, err)
	runner, err := b.Open(server.Endpoints{})
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), nil)
	require.NoError(t, err)
	assert.True(t, result.OK)

	u, err := url.Parse(e.config.Proxmox[0].URLs[0])
	require.NoError(t, err)
	assert.Equal(t, "https", u.Scheme, "as each endpoint that is pushed is asked")
	port, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	row := server.ProxmoxEndpoint{
		ID: 1, Name: "pve (nb:1)", IPAddress: u.Hostname(), Port: port, Enabled: true,
		Username: proxmoxtest.DefaultUser, Password: proxmoxtest.DefaultPassword,
	}
	rows := server.Endpoints{Proxmox: []server.ProxmoxEndpoint{row}}
	assert.Equal(t, "demo", b.Source(rows, row))

	alone, err := backend.Serve(backend.Config{NetBox: e.config.NetBox}, nil)
	require.NoError(t, err)
	questions, err := alone.Ask(rows, row)
	require.NoError(t, err)
	status, err := questions.Status(t.Context())
	require.NoError(t, err, "by what was pushed alone")
	assert.Equal(t, "demo", status.Name)

	var out bytes.Buffer
	e.describe(&out, "127.0.0.1:8800")
	assert.Contains(t, out.String(), u.String())
}

func TestDemoOnce(t *testing.T) {
	t.Parallel()
	var out, problems bytes.Buffer
	assert.Equal(t, exitGood, run(t.Context(), []string{"demo", "--once", "--guests", "2"}, nil, &out, &problems))
	assert.Contains(t, out.String(), "done in")
	assert.Empty(t, problems.String())
}
