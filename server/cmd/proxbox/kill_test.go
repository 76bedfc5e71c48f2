package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asProgram makes the program out of the test's binary, when it is set in the environment.
const asProgram = "PROXBOX_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// spawnServing serves in a process of its own, which stop kills with SIGKILL.
func spawnServing(t *testing.T, args ...string) *serving {
	t.Helper()
	s := &serving{t: t, log: &written{}}
	program := exec.Command(os.Args[0], append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	program.Env = append(os.Environ(), asProgram+"=yes")
	program.Stderr = s.log
	out, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	s.stop = stdsync.OnceFunc(func() {
		_ = program.Process.Kill() // it may have gone by itself, which the log tells
		_ = program.Wait()
		http.DefaultClient.CloseIdleConnections()
	})
	t.Cleanup(s.stop)
	s.base = baseURL(t, out)
	return s
}

// A server that is killed in the middle of a run has its endpoints and its history when it is back, tells the run as
// interrupted, and the next run does what is left.
func TestKilledInARun(t *testing.T) {
	t.Parallel()
	e, err := newEstate(150)
	require.NoError(t, err)
	t.Cleanup(e.close)
	args := []string{"--config", configFile(t, e.config), "--state", t.TempDir()}

	s := spawnServing(t, args...)
	s.json(http.MethodPost, "/proxmox/endpoints",
		`{"name":"later (nb:1)","ip_address":"192.0.2.10","port":8006,"username":"root@pam","password":"canary","enabled":false}`)
	s.json(http.MethodPost, "/dcim/devices/create", "")
	_, endpoints := s.ask(http.MethodGet, "/proxmox/endpoints", "")
	cut := s.json(http.MethodPost, "/runs", "")["id"].(string)
	created := 0
	s.watchUntil(cut, func(data string) bool {
		if strings.Contains(data, `"op":"create"`) {
			created++
		}
		return created == 10
	})
	s.stop()

	s = spawnServing(t, args...)
	_, again := s.ask(http.MethodGet, "/proxmox/endpoints", "")
	assert.Equal(t, endpoints, again)
	row := s.json(http.MethodGet, "/runs/"+cut, "")
	assert.Equal(t, "interrupted", row["state"])
	assert.Equal(t, false, row["ok"])
	assert.Positive(t, row["done"])
	assert.Less(t, row["done"], row["total"])
	_, events := s.ask(http.MethodGet, "/runs/"+cut+"/events", "")
	assert.GreaterOrEqual(t, strings.Count(events, `"op":"create"`), created, "what was told is known")
	assert.Equal(t, 1, strings.Count(events, "\nevent: complete"))
	history := s.json(http.MethodGet, "/runs", "")["runs"].([]any)
	require.Len(t, history, 2)
	assert.Equal(t, "completed", history[1].(map[string]any)["state"])
	assert.Contains(t, s.log.String(), "run was interrupted")

	assert.Equal(t, true, s.json(http.MethodPost, "/full-update", "")["ok"])
	plan := s.json(http.MethodPost, "/runs", `{"dry_run":true}`)["id"].(string)
	s.watch(plan)
	for kind, counts := range s.json(http.MethodGet, "/runs/"+plan, "")["planned"].(map[string]any) {
		for _, operation := range []string{"created", "updated", "deleted", "failed"} {
			assert.Zero(t, counts.(map[string]any)[operation], "%s %s: it has converged", kind, operation)
		}
	}
	assert.NotContains(t, s.log.String(), "canary")
}
