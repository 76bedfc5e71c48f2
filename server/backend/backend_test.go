package backend_test

import (
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
)

// config returns a configuration in which nothing is wrong.
func config() backend.Config {
	return backend.Config{
		NetBox:  backend.NetBox{URL: "https://netbox.example.com", Token: netboxtest.TokenV1},
		Proxmox: []backend.Proxmox{{Name: "lab", URLs: []string{"https://192.0.2.10:8006"}, Token: "root@pam!sync=canary"}},
	}
}

func TestNew_wrongConfiguration(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(c *backend.Config)
		paths  []string
	}{
		"good":              {func(*backend.Config) {}, nil},
		"nothing":           {func(c *backend.Config) { *c = backend.Config{} }, []string{"$.netbox.url", "$.netbox.token", "$.proxmox"}},
		"NetBox URL":        {func(c *backend.Config) { c.NetBox.URL = "netbox.example.com" }, []string{"$.netbox.url"}},
		"user in the URL":   {func(c *backend.Config) { c.NetBox.URL = "https://root:canary@localhost" }, []string{"$.netbox.url"}},
		"NetBox token":      {func(c *backend.Config) { c.NetBox.Token = "" }, []string{"$.netbox.token"}},
		"blank in token":    {func(c *backend.Config) { c.NetBox.Token = "canary canary" }, []string{"$.netbox.token"}},
		"NetBox CA file":    {func(c *backend.Config) { c.NetBox.CAFile = "canary.pem" }, []string{"$.netbox.ca_file"}},
		"NetBox time-out":   {func(c *backend.Config) { c.NetBox.Timeout = -time.Second }, []string{"$.netbox.timeout"}},
		"no name":           {func(c *backend.Config) { c.Proxmox[0].Name = "" }, []string{"$.proxmox[0].name"}},
		"slash in the name": {func(c *backend.Config) { c.Proxmox[0].Name = "a/b" }, []string{"$.proxmox[0].name"}},
		"no URL":            {func(c *backend.Config) { c.Proxmox[0].URLs = nil }, []string{"$.proxmox[0].urls"}},
		"second URL":        {func(c *backend.Config) { c.Proxmox[0].URLs = []string{"http://a", "canary"} }, []string{"$.proxmox[0].urls[1]"}},
		"no credential":     {func(c *backend.Config) { c.Proxmox[0].Token = "" }, []string{"$.proxmox[0].token"}},
		"Proxmox token":     {func(c *backend.Config) { c.Proxmox[0].Token = "canary" }, []string{"$.proxmox[0].token"}},
		"two credentials":   {func(c *backend.Config) { c.Proxmox[0].Username = "root@pam" }, []string{"$.proxmox[0].token"}},
		"user name": {func(c *backend.Config) {
			c.Proxmox[0].Token, c.Proxmox[0].Username, c.Proxmox[0].Password = "", "root", "canary"
		}, []string{"$.proxmox[0].username"}},
		"password":          {func(c *backend.Config) { c.Proxmox[0].Token, c.Proxmox[0].Username = "", "root@pam" }, []string{"$.proxmox[0].password"}},
		"CA file":           {func(c *backend.Config) { c.Proxmox[0].CAFile = "canary.pem" }, []string{"$.proxmox[0].ca_file"}},
		"fingerprint":       {func(c *backend.Config) { c.Proxmox[0].Fingerprint = "canary" }, []string{"$.proxmox[0].fingerprint"}},
		"insecure and file": {func(c *backend.Config) { c.Proxmox[0].CAFile, c.Proxmox[0].Insecure = "canary", true }, []string{"$.proxmox[0].insecure"}},
		"ages": {func(c *backend.Config) {
			c.Proxmox[0].ConfigAge, c.Proxmox[0].AddressAge = -1, -1
		}, []string{"$.proxmox[0].config_age", "$.proxmox[0].address_age"}},
		"equal names": {func(c *backend.Config) { c.Proxmox = append(c.Proxmox, c.Proxmox[0]) }, []string{"$.proxmox[1].name"}},
		"equal names, one of them wrong": {func(c *backend.Config) {
			c.Proxmox = append(c.Proxmox, backend.Proxmox{Name: "lab", URLs: []string{"http://a"}})
		}, []string{"$.proxmox[1].token", "$.proxmox[1].name"}},
		"two without a name": {func(c *backend.Config) {
			c.Proxmox[0].Name = ""
			c.Proxmox = append(c.Proxmox, c.Proxmox[0])
		}, []string{"$.proxmox[0].name", "$.proxmox[1].name"}},
		"both ends": {func(c *backend.Config) { c.NetBox.URL, c.Proxmox[0].URLs[0] = "canary", "canary" }, []string{"$.netbox.url", "$.proxmox[0].urls[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config()
			tt.change(&c)
			engine, err := backend.New(c, nil)
			if tt.paths == nil {
				require.NoError(t, err)
				assert.NotNil(t, engine)
				return
			}
			require.Error(t, err)
			assert.Nil(t, engine)
			assert.NotContains(t, err.Error(), "canary")
			joined, ok := err.(interface{ Unwrap() []error })
			require.True(t, ok)
			var paths []string
			for _, one := range joined.Unwrap() {
				var wrong *backend.ConfigError
				require.ErrorAs(t, one, &wrong)
				assert.Equal(t, wrong.Path+": "+wrong.Err.Error(), one.Error())
				assert.NotNil(t, errors.Unwrap(wrong))
				paths = append(paths, wrong.Path)
			}
			assert.Equal(t, tt.paths, paths)
		})
	}
}

// secure serves over TLS and writes the certificate to a file.
func secure(t *testing.T, handler http.Handler, file string) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	raw := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	return server.URL
}

// TestNew_files finds CA files in the working directory.
func TestNew_files(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	cluster := proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Name: "lab", Guests: 4}), nil)
	engine, err := backend.New(backend.Config{
		NetBox: backend.NetBox{URL: secure(t, box, filepath.Join(folder, "netbox.pem")), Token: netboxtest.TokenV1, CAFile: "netbox.pem"},
		Proxmox: []backend.Proxmox{{
			Name: "lab", URLs: []string{secure(t, cluster, filepath.Join(folder, "proxmox.pem"))}, CAFile: "proxmox.pem",
			Username: proxmoxtest.DefaultUser, Password: proxmoxtest.DefaultPassword,
		}},
	}, nil)
	require.NoError(t, err)
	result, err := engine.Run(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, 4, result.Objects["virtual-machine"].Created)
}

// TestSeveralSources keeps two clusters in one NetBox; one of them cannot be read for a while.
func TestSeveralSources(t *testing.T) {
	t.Parallel()
	b := fakeBox(t)
	c := backend.Config{NetBox: backend.NetBox{URL: b.URL, Token: b.Token}}
	clusters := map[string]*proxmoxtest.Server{}
	for i, name := range []string{"east", "west"} {
		cluster := proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: 5, Name: name, Number: i + 1, Guests: 10}), nil)
		server := httptest.NewServer(cluster)
		t.Cleanup(server.Close)
		id, secret := cluster.Token()
		clusters[name] = cluster
		c.Proxmox = append(c.Proxmox, backend.Proxmox{Name: name, URLs: []string{server.URL}, Token: id + "=" + secret})
	}
	engine, err := backend.New(c, nil)
	require.NoError(t, err)
	_, err = engine.Run(t.Context(), nil)
	require.NoError(t, err)
	assert.Len(t, found(b, "east"), 10)
	assert.Len(t, found(b, "west"), 10)

	clusters["west"].Inject(proxmoxtest.Fault{Kind: proxmoxtest.FaultStatus, Status: http.StatusUnauthorized})
	before := found(b, "west")
	clusters["east"].Update(func(e *proxmoxtest.Estate) { e.Guests[0].Name = "renamed" })
	result, err := engine.Run(t.Context(), nil)
	require.Error(t, err)
	require.Len(t, result.Failures, 1)
	assert.Equal(t, "west", result.Failures[0].Label)
	assert.Equal(t, before, found(b, "west"), "what cannot be read is left alone")
	names := map[string]bool{}
	for _, m := range found(b, "east") {
		names[m.Name] = true
	}
	assert.True(t, names["renamed"], "the other cluster is kept true")
}
