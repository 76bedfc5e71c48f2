package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStateFile(t *testing.T) {
	t.Parallel()
	o := Options{StateDir: t.TempDir()}
	f := o.stateFile("things.json")
	kept := []string{"as it was"}
	require.NoError(t, f.load(&kept))
	assert.Equal(t, []string{"as it was"}, kept, "a missing file changes nothing")

	require.NoError(t, f.save([]string{"one"}))
	require.NoError(t, f.save([]string{"two"}))
	require.NoError(t, f.load(&kept))
	assert.Equal(t, []string{"two"}, kept)
	info, err := os.Stat(f.path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(o.StateDir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary file is left")
}

func TestStateFileThatIsBroken(t *testing.T) {
	t.Parallel()
	f := stateFile{filepath.Join(t.TempDir(), "things.json")}
	require.NoError(t, os.WriteFile(f.path, []byte("{"), 0o600))
	var v []string
	require.ErrorContains(t, f.load(&v), f.path)
	require.Error(t, f.save(make(chan int)), "what is no JSON")
	require.Error(t, stateFile{filepath.Join(f.path, "below", "a file")}.save(1))
}

func TestNoStateFolderKeepsNothing(t *testing.T) {
	t.Parallel()
	var o Options
	f := o.stateFile("things.json")
	require.NoError(t, f.save(1))
	var v int
	require.NoError(t, f.load(&v))
	assert.Zero(t, v)
}
