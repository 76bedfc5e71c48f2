package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// TestExplain_terminal pins what is printed of a guest after a person has changed it, and of what there is not.
func TestExplain_terminal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		code int
	}{
		"explain-guest":   {[]string{"WEB-TEST-2"}, exitGood},
		"explain-node":    {[]string{"lab-n1"}, exitGood},
		"explain-nothing": {[]string{"nobody"}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakes(t, 3, nil)
			code, _, err := f.run(t.Context(), "sync", "--config", f.config)
			require.Zero(t, code, err)
			f.editGuest("web-test-2", map[string]any{"description": "A person's.", "memory": 17})
			writes := len(f.box.Changes())
			code, out, err := f.run(t.Context(), append([]string{"explain", "--config", f.config}, tt.args...)...)
			assert.Equal(t, tt.code, code)
			assert.Len(t, f.box.Changes(), writes, "nothing is written")
			golden(t, name+".txt", fmt.Sprintf("%s--- stderr\n%s--- exit code %d\n", out, err, code))
		})
	}
}

// editGuest changes a virtual machine as a person would.
func (f *fakes) editGuest(name string, fields map[string]any) {
	f.t.Helper()
	const path = "virtualization/virtual-machines"
	objects, err := f.box.Objects(path)
	require.NoError(f.t, err)
	for _, raw := range objects {
		var vm struct {
			ID   int
			Name string
		}
		require.NoError(f.t, json.Unmarshal(raw, &vm))
		if vm.Name == name {
			require.NoError(f.t, f.box.Edit(path, vm.ID, fields))
			return
		}
	}
	require.Fail(f.t, "there is no "+name)
}

func TestExplain_json(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	code, out, err := f.run(t.Context(), "explain", "101", "--config", f.config, "--output", "json")
	assert.Zero(t, code)
	assert.Empty(t, err)
	f.reads()
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	var found []sync.Explanation
	require.NoError(t, decoder.Decode(&found))
	require.Len(t, found, 1)
	assert.Equal(t, "web-test-2", found[0].Label)
	assert.Equal(t, sync.Create, found[0].Op)
	assert.NotEmpty(t, found[0].Fields)
	assert.NotEmpty(t, found[0].Children)
}

// TestExplain_source: of two clusters that have the guest, both are told, unless one is named.
func TestExplain_source(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2),
		f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"),
		f.proxmoxEntry("again", f.proxmox.URL, f.token(), "insecure: true"))
	for name, tt := range map[string]struct {
		args []string
		want []string
		err  string
		code int
	}{
		"both":            {[]string{"101"}, []string{"(lab 101)", "(again 101)"}, "", exitGood},
		"one":             {[]string{"101", "--source", "again"}, []string{"(again 101)"}, "", exitGood},
		"one, by name":    {[]string{"web-test-2", "--source", "lab"}, []string{"(lab 101)"}, "", exitGood},
		"no such cluster": {[]string{"101", "--source", "east"}, nil, `proxbox: there is no cluster "east", only lab, again` + "\n", exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, err := f.run(t.Context(), append([]string{"explain", "--config", f.config}, tt.args...)...)
			assert.Equal(t, tt.code, code)
			assert.Equal(t, tt.err, err)
			assert.Equal(t, len(tt.want), strings.Count(out, "+ virtual-machine "), out)
			for _, part := range tt.want {
				assert.Contains(t, out, part)
			}
		})
	}
}

// TestExplain_problems: a cluster that cannot be read is told, the other's guest is explained all the same.
func TestExplain_problems(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 3, nil)
	f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2),
		f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"),
		f.proxmoxEntry("other", f.proxmox.URL, "proxbox@pve!sync=canary", "insecure: true"))
	code, out, err := f.run(t.Context(), "explain", "101", "--config", f.config)
	assert.Equal(t, exitFailed, code)
	assert.True(t, strings.HasPrefix(err, "! source other: "), err)
	assert.Contains(t, out, "+ virtual-machine web-test-2 (lab 101): is created\n")
}
