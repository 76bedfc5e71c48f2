package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// TestSync_terminal pins all that the program prints.
func TestSync_terminal(t *testing.T) {
	t.Parallel()
	good := func(f *fakes) string { return f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true") }
	netbox := func(f *fakes) string { return f.netboxEntry(f.netbox.URL, netboxtest.TokenV2) }
	for name, tt := range map[string]struct {
		options *netboxtest.Options
		prepare func(f *fakes)
		args    []string
		code    int
	}{
		"good":            {},
		"devices":         {args: []string{"--stage", "devices"}},
		"object-rejected": {options: forbid("web-test-2"), code: 1},
		"unchanged": {prepare: func(f *fakes) {
			code, _, _ := f.run(t.Context(), "sync", "--config", f.config)
			require.Zero(t, code)
		}},
		"one-source-of-two": {code: 1, prepare: func(f *fakes) {
			f.configure(netbox(f), good(f), f.proxmoxEntry("other", f.proxmox.URL, "proxbox@pve!sync=canary", "insecure: true"))
		}},
		"netbox-down": {code: 1, prepare: func(f *fakes) {
			f.netbox.Close()
		}},
		"netbox-token": {code: 1, prepare: func(f *fakes) {
			f.configure(f.netboxEntry(f.netbox.URL, "nbt_canary.canary"), good(f))
		}},
		"netbox-token-reads-only": {code: 1, prepare: func(f *fakes) {
			f.configure(f.netboxEntry(f.netbox.URL, netboxtest.ReadOnlyTokenV2), good(f))
		}},
		"netbox-token-without-rights": {
			options: &netboxtest.Options{Tokens: []netboxtest.Token{{Secret: "nbt_canary.canary", Permissions: map[string][]netboxtest.Action{}}}},
			code:    1, prepare: func(f *fakes) { f.configure(f.netboxEntry(f.netbox.URL, "nbt_canary.canary"), good(f)) },
		},
		"proxmox-unresolvable": {code: 1, prepare: func(f *fakes) {
			f.configure(netbox(f), f.proxmoxEntry("lab", "https://pve.invalid", f.token(), ""))
		}},
		"netbox-url-path": {code: 1, prepare: func(f *fakes) {
			f.configure(f.netboxEntry(f.netbox.URL+"/elsewhere", netboxtest.TokenV2), good(f))
		}},
		"netbox-url-speaks-no-tls": {code: 1, prepare: func(f *fakes) {
			f.configure(f.netboxEntry(strings.Replace(f.netbox.URL, "http:", "https:", 1), netboxtest.TokenV2), good(f))
		}},
		"netbox-certificate": {code: 1, prepare: func(f *fakes) {
			f.netbox = quietTLS(f.t, f.box)
			f.configure(netbox(f), good(f))
		}},
		"proxmox-token": {code: 1, prepare: func(f *fakes) {
			f.configure(netbox(f), f.proxmoxEntry("lab", f.proxmox.URL, "proxbox@pve!sync=canary", "insecure: true"))
		}},
		"proxmox-fingerprint": {code: 1, prepare: func(f *fakes) {
			f.configure(netbox(f), f.proxmoxEntry("lab", f.proxmox.URL, f.token(), `fingerprint: "`+strings.Repeat("AB:", 31)+`AB"`))
		}},
		"proxmox-certificate": {code: 1, prepare: func(f *fakes) {
			f.configure(netbox(f), f.proxmoxEntry("lab", f.proxmox.URL, f.token(), ""))
		}},
		"proxmox-no-rights": {code: 1, prepare: func(f *fakes) {
			f.cluster.SetCredentials(proxmoxtest.Credential{ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret})
		}},
		"proxmox-down": {code: 1, prepare: func(f *fakes) {
			f.proxmox.Close()
		}},
		"node-offline": {prepare: func(f *fakes) {
			f.cluster.Update(func(e *proxmoxtest.Estate) { e.Nodes[1].State = proxmoxtest.NodeOffline })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakes(t, 6, tt.options)
			if tt.prepare != nil {
				tt.prepare(f)
			}
			code, out, err := f.run(t.Context(), append([]string{"sync", "--config", f.config}, tt.args...)...)
			assert.Equal(t, tt.code, code)
			golden(t, name+".txt", fmt.Sprintf("%s--- stderr\n%s--- exit code %d\n", out, err, code))
		})
	}
}

// cancelling returns options that end a context while NetBox writes its n-th virtual machine.
func cancelling(n int, cancel func()) *netboxtest.Options {
	var mu stdsync.Mutex
	return &netboxtest.Options{Validator: func(model string, _ map[string]json.RawMessage) error {
		mu.Lock()
		defer mu.Unlock()
		if model == "virtualization.virtualmachine" {
			if n--; n == 0 {
				cancel()
			}
		}
		return nil
	}}
}

// soon is far below any time-out, and far above what a busy machine needs: the 2 s are held to in server/backend, where time
// is the bubble's.
const soon = 10 * time.Second

func TestSync_stopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var at time.Time
	f := newFakes(t, 150, cancelling(60, func() { at = time.Now(); cancel() }))
	code, out, err := f.run(ctx, "sync", "--config", f.config)
	assert.Less(t, time.Since(at), soon)
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "proxbox: stopped: what has landed stays, the next run does the rest\n", err)
	assert.Regexp(t, `(?m)^device +2 `, out, "what landed is told")
	assert.Regexp(t, `not done: ended after TIME, before \d+ objects were reached\n$`, out)

	code, _, err = f.run(t.Context(), "sync", "--config", f.config)
	assert.Equal(t, exitGood, code, "the next run does the rest: %s", err)
	_, plan, _ := f.run(t.Context(), "plan", "--config", f.config)
	assert.Contains(t, plan, "Plan: 0 to create, 0 to update, 0 to delete.")
}

// TestSync_stoppedWhileItHangs stops the program while one of the ends does not answer.
func TestSync_stoppedWhileItHangs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ method, path, out string }{
		"reading Proxmox VE": {http.MethodGet, "/api2/json/cluster/resources", `^reading Proxmox VE lab\nnot done: ended after TIME\n$`},
		"reading NetBox":     {http.MethodGet, "/api/status/", `^reading Proxmox VE lab\nnot done: ended after TIME\n$`},
		"writing NetBox":     {http.MethodPost, "/api/virtualization/virtual-machines/", `(?m)^device +2 `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f := newFakes(t, 5, nil)
			hanging := func(handler http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == tt.method && r.URL.Path == tt.path {
						_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client leave
						cancel()
						<-r.Context().Done()
						return
					}
					handler.ServeHTTP(w, r)
				})
			}
			f.proxmox = quietTLS(t, hanging(f.cluster))
			f.netbox = quietTLS(t, hanging(f.box))
			f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2, "insecure: true"),
				f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"))
			begun := time.Now()
			code, out, err := f.run(ctx, "sync", "--config", f.config)
			assert.Less(t, time.Since(begun), soon)
			assert.Equal(t, exitFailed, code)
			assert.Equal(t, "proxbox: stopped: what has landed stays, the next run does the rest\n", err)
			assert.Regexp(t, tt.out, out)
		})
	}
}

func TestSync_json(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 20, forbid("web-test-2"))
	code, out, err := f.run(t.Context(), "sync", "--config", f.config, "--output", "json")
	assert.Equal(t, exitFailed, code)
	assert.Equal(t, "! virtual-machine web-test-2: NetBox rejects it: name: Value must match the regular expression.\n", err)
	decoder := json.NewDecoder(strings.NewReader(out))
	var result sync.Result
	require.NoError(t, decoder.Decode(&result))
	require.ErrorIs(t, decoder.Decode(&struct{}{}), io.EOF, "nothing but JSON")
	assert.False(t, result.OK)
	assert.Equal(t, 19, result.Objects["virtual-machine"].Created)
	assert.Len(t, result.Failures, 1)
}

func TestSync_events(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 20, forbid("web-test-2"))
	code, out, err := f.run(t.Context(), "sync", "--config", f.config, "--output", "events")
	assert.Equal(t, exitFailed, code)
	assert.Empty(t, err, "the events tell all")
	var fold sync.Result
	var last sync.Event
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		event, err := sync.UnmarshalEvent(lines.Bytes())
		require.NoError(t, err)
		fold.Observe(event)
		last = event
	}
	require.IsType(t, sync.Complete{}, last)
	assert.Equal(t, 19, fold.Objects["virtual-machine"].Created)
	assert.Equal(t, last.(sync.Complete).Result.Objects, fold.Objects)
}

// closed is an output that nobody reads any more.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestClosedOutput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"sync"},
		{"sync", "--output", "json"},
		{"sync", "--output", "events"},
		{"plan"},
		{"plan", "--output", "json"},
		{"explain", "101"},
		{"explain", "101", "--output", "json"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			f := newFakes(t, 10, nil)
			var err strings.Builder
			code := run(t.Context(), append(args, "--config", f.config), strings.NewReader(""), closed{}, &err)
			assert.Equal(t, exitFailed, code)
			assert.Equal(t, "proxbox: the output was closed before all was printed\n", err.String())
			if args[0] == "sync" {
				code, out, _ := f.run(t.Context(), "plan", "--config", f.config)
				assert.Zero(t, code)
				assert.Contains(t, out, "Plan: 0 to create, 0 to update, 0 to delete.", "the sync went on to its end")
			}
		})
	}
}
