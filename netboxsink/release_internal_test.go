package netboxsink

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReleaseOf(t *testing.T) {
	t.Parallel()
	type features struct{ inlineMAC, machineTypes bool }
	for version, want := range map[string]features{
		"4.2.2":              {},
		"4.2.9-Docker-3.2.1": {},
		"4.3.0":              {},
		"4.4.10":             {},
		"4.5.9":              {},
		"4.6.0-beta2":        {machineTypes: true},
		"4.6.10":             {machineTypes: true},
		"4.7.3":              {true, true},
		"4.7.0-beta1":        {true, true},
		"4.7-beta":           {true, true},
		"4.8.0":              {true, true},
		"4.12.1":             {true, true},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			r, err := releaseOf(version)
			require.NoError(t, err)
			assert.Equal(t, want, features{r.inlineMAC, r.machineTypes})
			assert.Equal(t, version, r.version)
		})
	}
	for _, version := range []string{"", "4", "4.", "4.x.1", "3.7.8", "4.1.11", "4.2.0", "4.2.1", "4.2.1-Docker-3.1.0", "5.0.0", "proxbox"} {
		t.Run("not "+version, func(t *testing.T) {
			t.Parallel()
			_, err := releaseOf(version)
			assert.EqualError(t, err, "NetBox is version "+version+": proxbox needs 4.2.2 to 4.7")
		})
	}
}
