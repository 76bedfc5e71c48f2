package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// save makes a plan and returns the name of the file.
func (f *fakes) save() string {
	f.t.Helper()
	file := filepath.Join(f.t.TempDir(), "plan.json")
	code, _, err := f.run(f.t.Context(), "plan", "--config", f.config, "--out", file)
	require.Zero(f.t, code, err)
	return file
}

// TestApply does what the plan says and asks Proxmox VE nothing.
func TestApply(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 6, nil)
	file := f.save()
	f.reads()
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode())

	f.cluster.ResetRequests()
	code, out, problem := f.run(t.Context(), "apply", file, "--config", f.config)
	assert.Empty(t, f.cluster.Requests())
	golden(t, "apply.txt", fmt.Sprintf("%s--- stderr\n%s--- exit code %d\n", out, problem, code))
	_, out, _ = f.run(t.Context(), "plan", "--config", f.config)
	assert.Contains(t, out, "Plan: 0 to create, 0 to update, 0 to delete.")
}

// TestPlan_out prints the plan as ever, and tells where it cannot be saved.
func TestPlan_out(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	_, want, _ := f.run(t.Context(), "plan", "--config", f.config)
	for name, tt := range map[string]struct {
		file, err string
		code      int
	}{
		"saved":     {filepath.Join(t.TempDir(), "plan.json"), "", exitGood},
		"no folder": {filepath.Join(t.TempDir(), "no", "plan.json"), "proxbox: the plan cannot be saved: ", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, err := f.run(t.Context(), "plan", "--config", f.config, "--out", tt.file)
			assert.Equal(t, tt.code, code)
			assert.Equal(t, want, out)
			assert.True(t, strings.HasPrefix(err, tt.err), err)
			assert.Equal(t, tt.err == "", err == "", err)
		})
	}
}

// TestApply_refused: what is no plan, or not for this configuration, is refused before anything is read.
func TestApply_refused(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 1, nil)
	for name, tt := range map[string]struct{ text, err string }{
		"no JSON":              {"plan", `"FILE" is no plan: make one with proxbox plan --out`},
		"empty":                {"", `"FILE" is no plan: make one with proxbox plan --out`},
		"printed, not saved":   {`{"scope":{},"changes":[]}`, `"FILE" is no plan: make one with proxbox plan --out`},
		"a list":               {`[]`, `"FILE" is no plan: make one with proxbox plan --out`},
		"of another version":   {`{"proxbox_plan":2}`, `the plan "FILE" has format 2, and this proxbox knows 1 only: make a new plan`},
		"without a plan":       {`{"proxbox_plan":1,"sources":["lab"]}`, `the plan "FILE" is damaged: make a new plan`},
		"with something else":  {`{"proxbox_plan":1,"plan":{"changes":"none"}}`, `the plan "FILE" is damaged: make a new plan`},
		"for another cluster":  {`{"proxbox_plan":1,"sources":["lab","east"],"plan":{"changes":[]}}`, `the plan is for the cluster "east", and the configuration has only lab`},
		"not there, or a path": {"-", `the plan "FILE" cannot be read: no such file or directory`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "plan.json")
			if tt.text != "-" {
				require.NoError(t, os.WriteFile(file, []byte(tt.text), 0o600))
			}
			code, out, err := f.run(t.Context(), "apply", file, "--config", f.config)
			assert.Equal(t, exitUsage, code)
			assert.Empty(t, out)
			assert.Equal(t, "proxbox: "+strings.ReplaceAll(tt.err, "FILE", file)+"\n", err)
			assert.Empty(t, f.box.Requests())
			assert.Empty(t, f.cluster.Requests())
		})
	}
}

// TestApply_stale: all that changed since is told, each by name, and all else is done.
func TestApply_stale(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 9, nil)
	file := f.save()
	code, _, _ := f.run(t.Context(), "sync", "--config", f.config, "--stage", "devices")
	require.Zero(t, code)
	code, out, problem := f.run(t.Context(), "apply", file, "--config", f.config)
	golden(t, "apply-stale.txt", fmt.Sprintf("%s--- stderr\n%s--- exit code %d\n", out, problem, code))
}

// TestApply_problems: a cluster that could not be read is told again.
func TestApply_problems(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2),
		f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"),
		f.proxmoxEntry("other", f.proxmox.URL, "proxbox@pve!sync=canary", "insecure: true"))
	file := filepath.Join(t.TempDir(), "plan.json")
	code, _, _ := f.run(t.Context(), "plan", "--config", f.config, "--out", file)
	assert.Equal(t, exitFailed, code)
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "does not accept token proxbox@pve!sync")
	assert.NotContains(t, string(raw), "canary")
	code, out, _ := f.run(t.Context(), "apply", file, "--config", f.config)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, out, "! source other: ")
	assert.Contains(t, out, "+ device lab-n1")
}
