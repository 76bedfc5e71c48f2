package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/internal/atomicfile"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(path, []byte("a longer text that others may read"), 0o644))
	for _, text := range []string{"first", ""} {
		require.NoError(t, atomicfile.Write(path, []byte(text)))
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(raw))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	require.ErrorIs(t, atomicfile.Write(filepath.Join(folder, "nowhere", "file"), nil), fs.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "taken"), 0o755))
	require.Error(t, atomicfile.Write(filepath.Join(folder, "taken"), nil))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "nothing is left of what failed")
}
