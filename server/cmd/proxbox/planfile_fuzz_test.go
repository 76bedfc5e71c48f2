package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPlanFile reads whatever somebody takes for a saved plan; what is one can be saved again.
func FuzzPlanFile(f *testing.F) {
	for _, text := range []string{
		"", "null", "{}", `{"proxbox_plan":1}`, `{"proxbox_plan":1,"plan":{}}`, `{"proxbox_plan":99,"plan":{}}`, `{"proxbox_plan":1,"sources":["lab"],"plan":{"changes":[null]}}`,
		`{"proxbox_plan":1,"plan":{"changes":[{"op":"create","key":{"kind":"device","name":"a"},"fields":[{"name":"x","new":{"$refs":[["a","b"]]}}]}],"problems":[null]}}`,
	} {
		f.Add(text)
	}
	file := filepath.Join(f.TempDir(), "plan.json")
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		plan, err := readPlan(file)
		if err != nil {
			require.NotContains(t, err.Error(), "json: ")
			return
		}
		require.NoError(t, savePlan(file, plan.Plan))
		_, err = readPlan(file)
		require.NoError(t, err)
	})
}
