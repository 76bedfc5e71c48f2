package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzConfigFile reads whatever somebody takes for a configuration.
func FuzzConfigFile(f *testing.F) {
	for _, text := range []string{
		goodNetBox + goodProxmox, goodNetBox + "  <<: *a\n", "netbox: {url: [}\n", "a: &b [*b]\n", "? x\n: y\n", "!!binary |\n  x\n", "- - -\n", "%TAG\n---\n",
	} {
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "proxbox.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		e, err := built(func(build func(configuration) error) error { return configureFromFile(file, build) })
		if err == nil {
			require.NotNil(t, e)
			return
		}
		var wrong configError
		require.ErrorAs(t, err, &wrong)
		require.NotEmpty(t, wrong)
	})
}
