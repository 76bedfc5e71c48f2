package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// reads checks that NetBox was only read.
func (f *fakes) reads() {
	f.t.Helper()
	for _, r := range f.box.Requests() {
		require.Equal(f.t, http.MethodGet, r.Method, r.Path)
	}
	require.NotEmpty(f.t, f.box.Requests())
	require.Empty(f.t, f.cluster.Violations())
}

func TestPlan_text(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	code, out, err := f.run(t.Context(), "plan", "--config", f.config)
	assert.Zero(t, code)
	assert.Empty(t, err)
	f.reads()
	assert.Contains(t, out, "\n+ virtual-machine web-test-2 (lab 101)")
	assert.Regexp(t, `\nPlan: \d+ to create, 0 to update, 0 to delete\.\n$`, out)
}

func TestPlan_json(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	code, out, err := f.run(t.Context(), "plan", "--config", f.config, "--output", "json")
	assert.Zero(t, code)
	assert.Empty(t, err)
	f.reads()
	var plan sync.Plan
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&plan))
	var text strings.Builder
	require.NoError(t, plan.WriteText(&text))
	_, asText, _ := f.run(t.Context(), "plan", "--config", f.config)
	assert.Equal(t, asText, text.String())
}

func TestPlan_problems(t *testing.T) {
	t.Parallel()
	for output, told := range map[string]string{"text": "", "json": "! source other: "} {
		t.Run(output, func(t *testing.T) {
			t.Parallel()
			f := newFakes(t, 3, nil)
			f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2),
				f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"),
				f.proxmoxEntry("other", f.proxmox.URL, "proxbox@pve!sync=canary", "insecure: true"))
			code, out, err := f.run(t.Context(), "plan", "--config", f.config, "--output", output)
			assert.Equal(t, exitFailed, code)
			assert.True(t, strings.HasPrefix(err, told), err)
			assert.Contains(t, out, "does not accept token proxbox@pve!sync")
			assert.Contains(t, out, "lab-n1", "the plan for the other source is good")
		})
	}
}

func TestPlan_netBoxDown(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	f.netbox.Close()
	code, out, err := f.run(t.Context(), "plan", "--config", f.config)
	assert.Equal(t, exitFailed, code)
	assert.Empty(t, out)
	assert.Equal(t, "proxbox: NetBox at http://netbox cannot be reached (connection refused): is it running, and is the URL right?\n", err)
}
