package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestServeWithoutConfiguration(t *testing.T) {
	t.Setenv("PROXBOX_NETBOX_URL", "")
	t.Setenv("PROXBOX_PROXMOX_URL", "")
	state := filepath.Join(t.TempDir(), "state")
	const row = `{"name":"lab (nb:1)","ip_address":"192.0.2.10","port":8006,"username":"root@pam","password":"canary"}`
	var want string
	for _, again := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		out, printed := io.Pipe()
		var problems bytes.Buffer
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--state", state}, nil, printed, &problems)
			_ = printed.Close()
		}()
		lines := bufio.NewReader(out)
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		go func() { _, _ = io.Copy(io.Discard, lines) }()
		base := strings.TrimSpace(line[strings.Index(line, "http://"):])
		if !again {
			response, err := http.Post(base+"/proxmox/endpoints", "application/json", strings.NewReader(row))
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, http.StatusOK, response.StatusCode)
		}
		response, err := http.Get(base + "/proxmox/endpoints")
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Contains(t, string(body), "lab (nb:1)")
		if again {
			assert.Equal(t, want, string(body), "it was kept")
		}
		want = string(body)
		http.DefaultClient.CloseIdleConnections()
		cancel()
		assert.Equal(t, exitGood, <-ended, "%s", problems.String())
		assert.NotContains(t, problems.String(), "canary")
	}
}

func TestServeWithHalfAConfiguration(t *testing.T) {
	t.Setenv("PROXBOX_NETBOX_URL", "https://netbox.example.com")
	t.Setenv("PROXBOX_NETBOX_TOKEN", "")
	t.Setenv("PROXBOX_PROXMOX_URL", "")
	var out, problems bytes.Buffer
	assert.Equal(t, exitUsage, run(t.Context(), []string{"serve", "--addr", "127.0.0.1:0", "--state", t.TempDir()}, nil, &out, &problems))
	assert.Contains(t, problems.String(), "PROXBOX_NETBOX_TOKEN")
	assert.NotContains(t, problems.String(), "PROXBOX_PROXMOX", "the plugin may push clusters")
}
