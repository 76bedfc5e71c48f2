package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	t.Parallel()
	p := parseStat([]byte("12 (a name) (x) S 7 12 12 0 -1 4194560 1 2 3 4 10 20 300 4000 20 0 1 0 5 6 7"))
	assert.Equal(t, process{parent: 7, ticks: 4330}, p)
	assert.Zero(t, parseStat([]byte("12 (cut off")))
}

func TestTree(t *testing.T) {
	t.Parallel()
	all := processes{1: {ticks: 1}, 2: {parent: 1, ticks: 10}, 3: {parent: 2, ticks: 100}, 4: {parent: 9, ticks: 1000}}
	assert.Equal(t, int64(111), all.tree(1))
}

// TestCPUTime takes this process for both of NetBox's.
func TestCPUTime(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	t.Parallel()
	none, err := cpuTime{}.total()
	require.NoError(t, err)
	assert.Zero(t, none)

	c := cpuTime{t.TempDir()}
	_, err = c.total()
	require.ErrorContains(t, err, "the CPU time of NetBox is not known")
	_, err = c.workers()
	require.ErrorContains(t, err, "the CPU time of NetBox is not known")
	c = ownCPUTime(t)
	before, err := c.total()
	require.NoError(t, err)
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
	}
	after, err := c.total()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, after, before)
}

// ownCPUTime takes this process for both of NetBox's.
func ownCPUTime(t *testing.T) cpuTime {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	c := cpuTime{t.TempDir()}
	require.NoError(t, os.Mkdir(filepath.Join(c.folder, "postgres"), 0o755))
	for _, file := range c.pidFiles() {
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "%d\nmore\n", os.Getpid()), 0o644))
	}
	return c
}

// TestWorkers takes this process for gunicorn, and one that it starts for a worker.
func TestWorkers(t *testing.T) {
	t.Parallel()
	c := ownCPUTime(t)
	command := exec.Command("sleep", "60")
	require.NoError(t, command.Start())
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
	}()
	workers, err := c.workers()
	require.NoError(t, err)
	assert.Contains(t, workers, command.Process.Pid)
	assert.NotContains(t, workers, os.Getpid())
}
