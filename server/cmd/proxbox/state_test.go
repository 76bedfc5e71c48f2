package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStateFolder(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for name, c := range map[string]struct {
		named string
		env   map[string]string
		want  string // below home
	}{
		"as it is named":    {filepath.Join(home, "named"), map[string]string{"STATE_DIRECTORY": "/nowhere"}, "named"},
		"as systemd has it": {"", map[string]string{"STATE_DIRECTORY": filepath.Join(home, "service") + ":/nowhere", "HOME": "/nowhere"}, "service"},
		"as the standard":   {"", map[string]string{"XDG_STATE_HOME": filepath.Join(home, "xdg"), "HOME": "/nowhere"}, "xdg/proxbox"},
		"in the home":       {"", map[string]string{"HOME": home}, ".local/state/proxbox"},
		"not relative":      {"", map[string]string{"XDG_STATE_HOME": "here", "HOME": home}, ".local/state/proxbox"},
		"nothing is known":  {"", nil, ""},
		"it cannot be made": {os.DevNull + "/x", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := stateFolder(c.named, func(key string) string { return c.env[key] })
			if c.want == "" {
				require.ErrorContains(t, err, "--state")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(home, c.want), got)
			info, err := os.Stat(got)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "there will be secrets in it")
		})
	}
}
