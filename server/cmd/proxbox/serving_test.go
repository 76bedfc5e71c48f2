package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sse"
)

// written is what somebody has written so far. It is safe for concurrent use.
type written struct {
	mu   stdsync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// configFile writes a configuration.
func configFile(t *testing.T, c backend.Config) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{ // which YAML is too
		"netbox": map[string]any{"url": c.NetBox.URL, "token": c.NetBox.Token, "insecure": c.NetBox.Insecure},
		"proxmox": []map[string]any{{
			"name": c.Proxmox[0].Name, "urls": c.Proxmox[0].URLs, "token": c.Proxmox[0].Token,
			"username": c.Proxmox[0].Username, "password": c.Proxmox[0].Password,
			"fingerprint": c.Proxmox[0].Fingerprint, "insecure": c.Proxmox[0].Insecure,
		}},
	})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "proxbox.yaml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// serving is a server under way.
type serving struct {
	t    *testing.T
	base string
	log  *written
	stop func()
}

// startServing serves in this process until stop.
func startServing(t *testing.T, args ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, printed := io.Pipe()
	s := &serving{t: t, log: &written{}}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), nil, printed, s.log)
		_ = printed.Close()
	}()
	s.base = baseURL(t, out)
	s.stop = stdsync.OnceFunc(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		assert.Equal(t, exitGood, <-ended, "%s", s.log)
	})
	t.Cleanup(s.stop)
	return s
}

// baseURL returns where a server listens, by what it prints; all else that it prints is dropped.
func baseURL(t *testing.T, out io.Reader) string {
	t.Helper()
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	_, base, found := strings.Cut(line, " listens on ")
	require.True(t, found, line)
	return strings.TrimSpace(base)
}

// ask returns the status and the body of an answer.
func (s *serving) ask(method, path, body string) (status int, text string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	raw, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	return response.StatusCode, string(raw)
}

// json returns the body of a good answer.
func (s *serving) json(method, path, body string) (value map[string]any) {
	s.t.Helper()
	status, text := s.ask(method, path, body)
	require.Less(s.t, status, 300, "%s %s: %s", method, path, text)
	require.NoError(s.t, json.Unmarshal([]byte(text), &value), "%s", text)
	return value
}

// watch reads the events of a run to its end.
func (s *serving) watch(id string) { s.watchUntil(id, func(string) bool { return false }) }

// watchUntil reads the events of a run, up to and with the data of which enough is true.
func (s *serving) watchUntil(id string, enough func(data string) bool) {
	s.t.Helper()
	response, err := http.Get(s.base + "/runs/" + id + "/events")
	require.NoError(s.t, err)
	defer func() { _ = response.Body.Close() }()
	for f, err := range sse.Frames(response.Body, nil) {
		require.NoError(s.t, err)
		if enough(string(f.Data)) {
			return
		}
	}
}
