package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// fakes are both ends, and a configuration file that names them.
type fakes struct {
	t       *testing.T
	cluster *proxmoxtest.Server
	box     *netboxtest.Server
	proxmox *httptest.Server
	netbox  *httptest.Server
	config  string // the file's path
}

// newFakes starts a cluster with so many guests, over TLS, and a NetBox over plain HTTP.
func newFakes(t *testing.T, guests int, o *netboxtest.Options) *fakes {
	t.Helper()
	f := &fakes{t: t}
	f.cluster = proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: 3, Name: "lab", Nodes: 2, Guests: guests}), nil)
	f.proxmox = quietTLS(t, f.cluster)
	var err error
	f.box, err = netboxtest.New(o)
	require.NoError(t, err)
	f.netbox = httptest.NewServer(f.box)
	t.Cleanup(f.netbox.Close)
	f.config = filepath.Join(t.TempDir(), "proxbox.yaml")
	f.configure(f.netboxEntry(f.netbox.URL, netboxtest.TokenV2), f.proxmoxEntry("lab", f.proxmox.URL, f.token(), "insecure: true"))
	return f
}

// quietTLS serves over TLS, and does not print that clients turn away from its certificate.
func quietTLS(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (f *fakes) token() string {
	id, secret := f.cluster.Token()
	return id + "=" + secret
}

func (f *fakes) netboxEntry(url, token string, more ...string) string {
	return fmt.Sprintf("netbox:\n  url: %q\n  token: %q\n  %s\nproxmox:\n", url, token, strings.Join(more, "\n  "))
}

func (f *fakes) proxmoxEntry(name, url, token, more string) string {
	return fmt.Sprintf("  - name: %q\n    urls: [%q]\n    token: %q\n    %s\n", name, url, token, more)
}

// configure writes the configuration file.
func (f *fakes) configure(parts ...string) {
	require.NoError(f.t, os.WriteFile(f.config, []byte(strings.Join(parts, "")), 0o600))
}

// run runs the program and returns what it printed, without what differs from run to run.
func (f *fakes) run(ctx context.Context, args ...string) (code int, out, err string) {
	f.t.Helper()
	var stdout, stderr strings.Builder
	code = run(ctx, args, strings.NewReader(""), &stdout, &stderr)
	for _, text := range []string{stdout.String(), stderr.String()} {
		for _, secret := range []string{proxmoxtest.DefaultTokenSecret, strings.TrimPrefix(netboxtest.TokenV2, "nbt_netboxtest00."), "canary"} {
			require.NotContains(f.t, text, secret, "no secret is printed")
		}
	}
	return code, f.stable(stdout.String()), f.stable(stderr.String())
}

// What differs from run to run, and from one release of Go to the next.
var (
	times        = regexp.MustCompile(`(done in|ended after) [0-9.]+(µs|ms|s)`)
	fingerprints = regexp.MustCompile(`([0-9A-F]{2}:){31}[0-9A-F]{2}`)
	sightings    = regexp.MustCompile(`(ends on|its clock is) [^"\n;,]*`)
	readings     = regexp.MustCompile(`(?m)^((reading Proxmox VE|! source) .*\n)+`)
)

// stable replaces what differs from run to run.
func (f *fakes) stable(text string) string {
	text = fingerprints.ReplaceAllString(text, "FI:NG:ER:PR:IN:T0")
	text = sightings.ReplaceAllString(text, "$1 SEEN")
	text = readings.ReplaceAllStringFunc(text, func(lines string) string { // the sources are read beside each other
		sorted := strings.SplitAfter(lines, "\n")
		slices.SortFunc(sorted, func(a, b string) int {
			return cmp.Or(strings.Compare(b[:min(1, len(b))], a[:min(1, len(a))]), strings.Compare(a, b))
		})
		return strings.Join(sorted, "")
	})
	for name, server := range map[string]*httptest.Server{"proxmox:8006": f.proxmox, "netbox": f.netbox} {
		_, address, _ := strings.Cut(server.URL, "://")
		text = strings.ReplaceAll(text, address, name)
	}
	return times.ReplaceAllString(strings.ReplaceAll(text, f.config, "proxbox.yaml"), "$1 TIME")
}

// forbid makes NetBox refuse one guest by name.
func forbid(name string) *netboxtest.Options {
	return &netboxtest.Options{Validator: func(model string, fields map[string]json.RawMessage) error {
		if model == "virtualization.virtualmachine" && string(fields["name"]) == `"`+name+`"` {
			return &netboxtest.ValidationError{Field: "name", Message: "Value must match the regular expression."}
		}
		return nil
	}}
}
