package backend_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
)

// endpoint returns a pushed row that is enabled.
func endpoint(id int, name, host string, change ...func(*server.ProxmoxEndpoint)) server.ProxmoxEndpoint {
	e := server.ProxmoxEndpoint{
		ID: id, Name: name, Domain: host, Port: 8006, Username: "root@pam", Password: "canary", Enabled: true,
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

func TestWhichClusterARowIs(t *testing.T) {
	t.Parallel()
	config := backend.Config{Proxmox: []backend.Proxmox{
		{Name: "berlin", URLs: []string{"https://b1.example.com", "https://B2.example.com:8006"}, Token: "root@pam!sync=canary", Insecure: true},
		{Name: "paris", URLs: []string{"https://p1.example.com:9006"}, Username: "sync@pve", Password: "canary"},
	}}
	for name, c := range map[string]struct {
		rows []server.ProxmoxEndpoint
		want []string // the source of each row
	}{
		"a new one":                      {[]server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "l1.example.com")}, []string{"lab"}},
		"a configured one, by its name":  {[]server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "b1.example.com")}, []string{"berlin"}},
		"by any of its URLs":             {[]server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "b2.EXAMPLE.com")}, []string{"berlin"}},
		"another user is another source": {[]server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "p1.example.com", func(e *server.ProxmoxEndpoint) { e.Port = 9006 })}, []string{"lab"}},
		"by user and password": {[]server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "p1.example.com", func(e *server.ProxmoxEndpoint) {
			e.Port, e.Username = 9006, "sync@pve"
		})}, []string{"paris"}},
		"another port": {[]server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "b1.example.com", func(e *server.ProxmoxEndpoint) { e.Port = 8007 })}, []string{"lab"}},
		"two rows of one cluster": {[]server.ProxmoxEndpoint{
			endpoint(1, "lab (nb:1)", "l1.example.com"), endpoint(2, "other (nb:2)", "l1.example.com"),
		}, []string{"lab", "lab"}},
		"whatever their order": {[]server.ProxmoxEndpoint{
			endpoint(2, "other (nb:2)", "l1.example.com"), endpoint(1, "lab (nb:1)", "l1.example.com"),
		}, []string{"lab", "lab"}},
		"a name that the configuration has": {[]server.ProxmoxEndpoint{endpoint(7, "paris (nb:1)", "l1.example.com")}, []string{"paris-7"}},
		"a namesake": {[]server.ProxmoxEndpoint{
			endpoint(1, "lab (nb:1)", "l1.example.com"),
			endpoint(2, "lab (nb:5)", "l2.example.com", func(e *server.ProxmoxEndpoint) { e.Source = "lab-5" }),
		}, []string{"lab", "lab-5"}},
		"a slash": {[]server.ProxmoxEndpoint{endpoint(1, "a/b (nb:1)", "l1.example.com")}, []string{"a-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := backend.Serve(config, nil)
			require.NoError(t, err)
			rows := server.Endpoints{Proxmox: c.rows}
			for i, row := range c.rows {
				assert.Equal(t, c.want[i], b.Source(rows, row))
				_, err := b.Ask(rows, row)
				require.NoError(t, err)
			}
			gone := endpoint(99, "gone", "g1.example.com")
			assert.Empty(t, b.Source(rows, gone))
			_, err = b.Ask(rows, gone)
			require.EqualError(t, err, "the endpoint gone is not known any more")
		})
	}
}

func TestServeWithAConfiguration(t *testing.T) {
	t.Parallel()
	good := backend.Proxmox{Name: "lab", URLs: []string{"https://l1.example.com"}, Token: "root@pam!sync=canary"}
	netBox := backend.NetBox{URL: "https://netbox.example.com", Token: "canary"}
	for name, c := range map[string]struct {
		config backend.Config
		wrong  string
	}{
		"nothing":            {backend.Config{}, ""},
		"a NetBox":           {backend.Config{NetBox: netBox}, ""},
		"a cluster":          {backend.Config{Proxmox: []backend.Proxmox{good}}, ""},
		"both":               {backend.Config{NetBox: netBox, Proxmox: []backend.Proxmox{good}}, ""},
		"half a NetBox":      {backend.Config{NetBox: backend.NetBox{URL: netBox.URL}}, "$.netbox.token: "},
		"a cluster, no URL":  {backend.Config{Proxmox: []backend.Proxmox{{Name: "lab", Token: good.Token}}}, "$.proxmox[0]"},
		"two equal clusters": {backend.Config{Proxmox: []backend.Proxmox{good, good}}, "$.proxmox[1].name: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := backend.Serve(c.config, nil)
			if c.wrong != "" {
				require.ErrorContains(t, err, c.wrong)
				assert.NotContains(t, err.Error(), "canary")
				return
			}
			require.NoError(t, err)
			_, err = b.Open(server.Endpoints{})
			complete := c.config.NetBox.URL != "" && len(c.config.Proxmox) > 0
			assert.Equal(t, complete, err == nil, "%v", err)
			pushed := &server.NetBoxEndpoint{Name: "netbox", Domain: "n.example.com", Port: 443, Token: "canary", TokenVersion: "v1", Enabled: true}
			_, err = b.Open(server.Endpoints{NetBox: pushed, Proxmox: []server.ProxmoxEndpoint{endpoint(1, "lab (nb:1)", "l1.example.com")}})
			require.NoError(t, err, "what is missing was pushed")
		})
	}
}
