package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
)

// checked checks that NetBox was only asked.
func (f *fakes) checked() {
	f.t.Helper()
	for _, r := range f.box.Requests() {
		require.Contains(f.t, []string{http.MethodGet, http.MethodOptions}, r.Method, r.Path)
	}
	require.Empty(f.t, f.box.Changes())
	require.Empty(f.t, f.cluster.Violations())
}

func TestCheck(t *testing.T) {
	t.Parallel()
	limited := netboxtest.Token{Secret: "limited", Permissions: map[string][]netboxtest.Action{
		"extras.tag": {netboxtest.View, netboxtest.Add, netboxtest.Modify}, "dcim.device": {netboxtest.View, netboxtest.Add},
	}}
	auditor := proxmoxtest.Grant{Path: "/", Role: proxmoxtest.RoleAuditor}
	as := func(f *fakes, grants ...proxmoxtest.Grant) {
		f.cluster.SetCredentials(proxmoxtest.Credential{
			ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret, Grants: grants,
		})
	}
	for name, tt := range map[string]struct {
		prepare func(f *fakes)
		code    int
	}{
		"good": {func(*fakes) {}, exitGood},
		"in part": {func(f *fakes) {
			as(f, auditor, proxmoxtest.Grant{Path: "/vms/101", Privileges: []string{"VM.Audit"}})
			f.cluster.Update(func(e *proxmoxtest.Estate) {
				e.Nodes[0].Version, e.Nodes[1].Version = "8.4.1", "8.4.1"
				e.Nodes[1].State = proxmoxtest.NodeOffline
			})
		}, exitFailed},
		"no rights": {func(f *fakes) {
			as(f)
			f.configure(f.netboxEntry(f.netbox.URL, "limited"), f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"))
		}, exitUnfit},
		"wrong tokens": {func(f *fakes) {
			f.configure(f.netboxEntry(f.netbox.URL, "nbt_canaryNetBox1.canary"),
				f.proxmoxEntry("lab", f.proxmox.URL, "proxbox@pve!sync=canary", "insecure: true"))
		}, exitUnfit},
		"not trusted, and down": {func(f *fakes) {
			f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2), f.proxmoxEntry("lab", f.proxmox.URL, f.token(), ""))
			f.netbox.Close()
		}, exitUnfit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakes(t, 3, &netboxtest.Options{Tokens: []netboxtest.Token{limited}})
			tt.prepare(f)
			code, text, err := f.run(t.Context(), "check", "--config", f.config)
			assert.Equal(t, tt.code, code)
			assert.Empty(t, err)
			file := "check-" + strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", "-")
			golden(t, file+".txt", text)
			code, asJSON, err := f.run(t.Context(), "check", "--config", f.config, "--output", "json")
			assert.Equal(t, tt.code, code)
			assert.Empty(t, err)
			golden(t, file+".json", asJSON)
			decoder := json.NewDecoder(strings.NewReader(asJSON))
			decoder.DisallowUnknownFields()
			var report backend.Report
			require.NoError(t, decoder.Decode(&report))
			f.checked()
		})
	}
}

func TestCheckOfAWrongConfiguration(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 0, nil)
	f.configure(f.netboxEntry("netbox", netboxtest.TokenV2), f.proxmoxEntry("lab", f.proxmox.URL, "canary", "insecure: true"))
	code, out, err := f.run(t.Context(), "check", "--config", f.config)
	assert.Equal(t, exitUsage, code)
	assert.Empty(t, out)
	assert.Contains(t, err, "proxbox.yaml: line 2: netbox.url: ")
	assert.Contains(t, err, "proxmox[0].token: ")
	assert.Empty(t, f.box.Requests())
}

func TestCheckThatIsStopped(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 0, nil)
	f.cluster.Inject(proxmoxtest.Fault{Pattern: "/version", Kind: proxmoxtest.FaultHang})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	code, out, err := f.run(ctx, "check", "--config", f.config)
	assert.Equal(t, exitFailed, code)
	assert.Empty(t, out)
	assert.Equal(t, "proxbox: stopped before all was looked at\n", err)
}
