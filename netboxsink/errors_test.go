package netboxsink_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// lockedBuffer is a log that may be written from any goroutine.
type lockedBuffer struct {
	mu stdsync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// attempt is a run of the pair against some server, and all that was said in it.
type attempt struct {
	err    error
	result *sync.Result
	said   string // events, errors and log
}

// against runs with a token against what answers at the address. The client is one of the tests', or nil for the sink's
// own.
func against(t *testing.T, address, token string, client *http.Client) attempt {
	t.Helper()
	log := &lockedBuffer{}
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	sink, err := netboxsink.New(address, token, &netboxsink.Options{HTTPClient: client, Logger: logger})
	require.NoError(t, err)
	engine, err := sync.New(sink, []sync.Source{&source{name: "lab", inventory: pair()}}, &sync.Options{Logger: logger})
	require.NoError(t, err)
	var said strings.Builder
	result, err := engine.Run(t.Context(), &sync.RunOptions{Observe: func(e sync.Event) {
		raw, err := sync.MarshalEvent(e)
		assert.NoError(t, err)
		said.Write(raw)
	}})
	raw, jsonErr := json.Marshal(result)
	require.NoError(t, jsonErr)
	said.Write(raw)
	if err != nil {
		said.WriteString(err.Error())
	}
	said.WriteString(log.String())
	return attempt{err, result, said.String()}
}

// fake returns a client of a fake NetBox.
func fake(t *testing.T, version string, tokens ...netboxtest.Token) *http.Client {
	t.Helper()
	server, err := netboxtest.New(&netboxtest.Options{Version: version, Tokens: tokens})
	require.NoError(t, err)
	return serve(t, server)
}

// page returns a client of a server that answers everything so.
func page(t *testing.T, status int, contentType, body string) *http.Client {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if status/100 == 3 {
			w.Header().Set("Location", "https://netbox.example.com/login/?next=/api/")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
}

// restricted is a token that may do everything but one thing.
func restricted(secret string, model string, without netboxtest.Action) netboxtest.Token {
	all := []netboxtest.Action{netboxtest.View, netboxtest.Add, netboxtest.Modify, netboxtest.Delete}
	permissions := map[string][]netboxtest.Action{}
	for _, m := range []string{
		"extras.tag", "extras.customfield", "dcim.site", "dcim.manufacturer", "dcim.devicetype", "dcim.devicerole",
		"dcim.platform", "dcim.device", "dcim.macaddress", "virtualization.clustertype", "virtualization.cluster",
		"virtualization.virtualmachinetype", "virtualization.virtualmachine", "virtualization.vminterface",
		"virtualization.virtualdisk", "ipam.ipaddress",
	} {
		for _, action := range all {
			if m != model || action != without {
				permissions[m] = append(permissions[m], action)
			}
		}
	}
	return netboxtest.Token{Secret: secret, Permissions: permissions}
}

const (
	wrongV1      = "ffffffffffffffffffffffffffffffffffffffff"
	wrongV2      = "nbt_wrongwrong00.ffffffffffffffffffffffffffffffffffffffff"
	limitedToken = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token  string
		client func(t *testing.T) *http.Client
		want   string
	}{
		"wrong token of version 1": {
			wrongV1, func(t *testing.T) *http.Client { return fake(t, "4.7") },
			"NetBox at http://netbox.example.com does not accept the token (Invalid v1 token): check it in NetBox (Admin, API Tokens)",
		},
		"wrong token of version 2": {
			wrongV2, func(t *testing.T) *http.Client { return fake(t, "4.7") },
			"NetBox at http://netbox.example.com does not accept the token (Invalid v2 token): check it in NetBox (Admin, API Tokens)",
		},
		"wrong token, older NetBox": {
			wrongV1, func(t *testing.T) *http.Client { return fake(t, "4.4") },
			"NetBox at http://netbox.example.com does not accept the token (Invalid token): check it in NetBox (Admin, API Tokens)",
		},
		"token of version 2, older NetBox": {
			netboxtest.TokenV2, func(t *testing.T) *http.Client { return fake(t, "4.4") },
			"NetBox at http://netbox.example.com does not accept the token (Authentication credentials were not provided.): check it in NetBox (Admin, API Tokens)",
		},
		"expired token": {
			limitedToken, func(t *testing.T) *http.Client {
				return fake(t, "4.7", netboxtest.Token{Secret: limitedToken, Expired: true})
			},
			"NetBox at http://netbox.example.com does not accept the token (Token expired): check it in NetBox (Admin, API Tokens)",
		},
		"may not read": {
			limitedToken, func(t *testing.T) *http.Client {
				return fake(t, "4.7", restricted(limitedToken, "extras.customfield", netboxtest.View))
			},
			"NetBox refuses GET /api/extras/custom-fields/: the token's user may not view custom field objects (extras.customfield): " +
				"grant it in NetBox (Admin, Permissions)",
		},
		"another site": {
			netboxtest.TokenV1, func(t *testing.T) *http.Client { return page(t, 200, "text/html", "<html>Welcome</html>") },
			"http://netbox.example.com/api/status/ does not answer as a NetBox does: is the URL that of NetBox?",
		},
		"another API": {
			netboxtest.TokenV1, func(t *testing.T) *http.Client { return page(t, 200, "application/json", `{"status":"ok"}`) },
			"http://netbox.example.com/api/status/ does not answer as a NetBox does: is the URL that of NetBox?",
		},
		"not found": {
			netboxtest.TokenV1, func(t *testing.T) *http.Client { return page(t, 404, "text/html", "<h1>Not Found</h1>") },
			"http://netbox.example.com/api/status/ does not exist: is the URL that of NetBox?",
		},
		"redirect": {
			netboxtest.TokenV1, func(t *testing.T) *http.Client { return page(t, 302, "text/html", "") },
			"NetBox at http://netbox.example.com redirects to https://netbox.example.com/login/: set the URL to that",
		},
		"too old": {
			netboxtest.TokenV1, func(t *testing.T) *http.Client {
				return page(t, 200, "application/json", `{"netbox-version":"4.1.11"}`)
			},
			"NetBox is version 4.1.11: proxbox needs 4.2.2 to 4.7",
		},
		"too old by a patch": {
			netboxtest.TokenV1, func(t *testing.T) *http.Client {
				return page(t, 200, "application/json", `{"netbox-version":"4.2.1-Docker-3.2.0"}`)
			},
			"NetBox is version 4.2.1-Docker-3.2.0: proxbox needs 4.2.2 to 4.7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := against(t, netboxURL, c.token, c.client(t))
			require.Error(t, a.err)
			assert.Equal(t, c.want, a.err.Error())
			assert.False(t, a.result.OK)
			assert.NotContains(t, a.said, c.token)
			assert.NotContains(t, a.said, strings.TrimPrefix(c.token, "nbt_"))
		})
	}
}

func TestTokenThatMayNotWrite(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]string{"version 1": netboxtest.ReadOnlyTokenV1, "version 2": netboxtest.ReadOnlyTokenV2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := against(t, netboxURL, token, fake(t, "4.7"))
			require.ErrorContains(t, a.err, "NetBox refuses POST /api/extras/tags/: the token's user may not add tag objects (extras.tag): "+
				"grant it in NetBox (Admin, Permissions), and let the token write")
			assert.NotContains(t, a.said, token)
		})
	}
}

func TestMissingPermissionIsNamed(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]string{
		"extras.customfield":            "may not add custom field objects (extras.customfield)",
		"dcim.device":                   "may not add device objects (dcim.device)",
		"virtualization.virtualmachine": "may not add virtual machine objects (virtualization.virtualmachine)",
		"virtualization.vminterface":    "may not add vm interface objects (virtualization.vminterface)",
		"virtualization.virtualdisk":    "may not add virtual disk objects (virtualization.virtualdisk)",
		"dcim.macaddress":               "may not add mac address objects (dcim.macaddress)",
		"ipam.ipaddress":                "may not add ip address objects (ipam.ipaddress)",
	} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			a := against(t, netboxURL, limitedToken, fake(t, "4.7", restricted(limitedToken, model, netboxtest.Add)))
			require.ErrorContains(t, a.err, want)
			assert.NotContains(t, a.said, limitedToken)
		})
	}
}

// TestFirstRefusalIsTold: of all that a token may not view, the same is told at each run, though the reads are side by side.
func TestFirstRefusalIsTold(t *testing.T) {
	t.Parallel()
	nothing := netboxtest.Token{Secret: limitedToken, Permissions: map[string][]netboxtest.Action{}}
	sink, err := netboxsink.New(netboxURL, limitedToken, &netboxsink.Options{HTTPClient: fake(t, "4.7", nothing)})
	require.NoError(t, err)
	for range 50 {
		_, err := sink.Current(t.Context(), sync.Scope{Sources: []string{"lab"}})
		require.ErrorContains(t, err, "may not view custom field objects")
	}
}

func TestNetBoxThatCannotBeReached(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sink, err := netboxsink.New(server.URL, netboxtest.TokenV1, nil)
	require.NoError(t, err)
	_, err = sink.Current(ctx, sync.Scope{Sources: []string{"lab"}})
	require.ErrorIs(t, err, sync.ErrUnavailable)
	assert.ErrorContains(t, err, "NetBox at "+server.URL+" cannot be reached (connection refused)")
	assert.ErrorContains(t, err, ": is it running, and is the URL right?")
}

// secure serves a fake NetBox over TLS with a certificate that nobody knows, and returns it as a file.
func secure(t *testing.T) (address, file string) {
	t.Helper()
	netbox, err := netboxtest.New(nil)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(netbox)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	file = filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, certificate, 0o600))
	return server.URL, file
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		address, _ := secure(t)
		a := against(t, address, netboxtest.TokenV1, nil)
		require.ErrorIs(t, a.err, sync.ErrUnavailable)
		assert.ErrorContains(t, a.err, "the certificate of NetBox at "+address+" is not trusted (x509: ")
		assert.ErrorContains(t, a.err, "set ca_file to its CA, or, for a test, insecure")
		assert.NotContains(t, a.said, netboxtest.TokenV1)
	})
	t.Run("of the CA file", func(t *testing.T) {
		t.Parallel()
		address, file := secure(t)
		sink, err := netboxsink.New(address, netboxtest.TokenV1, &netboxsink.Options{CAFile: file})
		require.NoError(t, err)
		_, err = sink.Current(t.Context(), sync.Scope{})
		assert.NoError(t, err)
	})
	t.Run("insecure", func(t *testing.T) {
		t.Parallel()
		address, _ := secure(t)
		sink, err := netboxsink.New(address, netboxtest.TokenV1, &netboxsink.Options{Insecure: true})
		require.NoError(t, err)
		_, err = sink.Current(t.Context(), sync.Scope{})
		assert.NoError(t, err)
	})
	t.Run("none, the server speaks no TLS", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		a := against(t, strings.Replace(server.URL, "http:", "https:", 1), netboxtest.TokenV1, nil)
		require.ErrorIs(t, a.err, sync.ErrUnavailable)
		assert.ErrorContains(t, a.err, "does not speak TLS: if it is to be so, write its URL with http://")
	})
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var followed stdsync.Map
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			followed.Store(r.Header.Get("Authorization"), true)
		}
		http.Redirect(w, r, "//admin:canary@"+r.Host+"/elsewhere?secret=canary", http.StatusMovedPermanently)
	}))
	t.Cleanup(server.Close)
	a := against(t, server.URL, netboxtest.TokenV1, nil)
	require.ErrorContains(t, a.err, "redirects to //admin:xxxxx@"+server.Listener.Addr().String()+"/elsewhere: set the URL to that")
	assert.NotContains(t, a.err.Error(), "canary")
	followed.Range(func(any, any) bool {
		assert.Fail(t, "the token was sent to where the redirect points")
		return true
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const noURL = "netboxsink: url: it is no URL of a NetBox: write it as https://host or http://host:port"
	for name, c := range map[string]struct {
		address, token string
		options        *netboxsink.Options
		want           string
	}{
		"no scheme":        {"netbox.example.com", netboxtest.TokenV1, nil, noURL},
		"another scheme":   {"ftp://netbox.example.com", netboxtest.TokenV1, nil, noURL},
		"nothing":          {"", netboxtest.TokenV1, nil, noURL},
		"no URL at all":    {"http://[::1", netboxtest.TokenV1, nil, noURL},
		"query":            {"https://netbox.example.com/?token=" + wrongV1, netboxtest.TokenV1, nil, noURL},
		"user in the URL":  {"https://admin:geheim@netbox.example.com", netboxtest.TokenV1, nil, "netboxsink: url: it holds a user: give a token instead"},
		"no token":         {netboxURL, " ", nil, "netboxsink: token: it is empty: create one in NetBox under Admin, API Tokens"},
		"two words":        {netboxURL, "Basic " + wrongV1, nil, "netboxsink: token: it holds a blank: give it as NetBox shows it"},
		"missing CA file":  {netboxURL, netboxtest.TokenV1, &netboxsink.Options{CAFile: "testdata/none.pem"}, "netboxsink: ca_file: the CA file cannot be read: no such file or directory"},
		"CA file of words": {netboxURL, netboxtest.TokenV1, &netboxsink.Options{CAFile: "lab_test.go"}, "netboxsink: ca_file: the CA file holds no certificate in PEM form"},
		"time-out":         {netboxURL, netboxtest.TokenV1, &netboxsink.Options{Timeout: -1}, "netboxsink: timeout: it is negative: give a duration such as 30s, or none for the default"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := netboxsink.New(c.address, c.token, c.options)
			require.Error(t, err)
			assert.Equal(t, c.want, err.Error())
			assert.NotContains(t, err.Error(), wrongV1)
			assert.NotContains(t, err.Error(), "geheim")
		})
	}
}

func TestNewTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	_, err := netboxsink.New("netbox", "", &netboxsink.Options{CAFile: "testdata/none.pem"})
	for _, option := range []string{"url", "token", "ca_file"} {
		assert.ErrorContains(t, err, "netboxsink: "+option+": ")
	}
	var first *netboxsink.OptionError
	require.ErrorAs(t, err, &first)
	assert.Equal(t, "url", first.Option)
}

func TestTokensAreTakenWithOrWithoutTheirKeyword(t *testing.T) {
	t.Parallel()
	for _, token := range []string{
		netboxtest.TokenV1, "Token " + netboxtest.TokenV1, " " + netboxtest.TokenV1 + "\n", "Bearer " + netboxtest.TokenV1,
		netboxtest.TokenV2, "Bearer " + netboxtest.TokenV2, "Token " + netboxtest.TokenV2,
	} {
		sink, err := netboxsink.New(netboxURL, token, &netboxsink.Options{HTTPClient: fake(t, "4.7")})
		require.NoError(t, err)
		_, err = sink.Current(t.Context(), sync.Scope{})
		assert.NoError(t, err, token)
	}
}

func TestNetBoxBelowAPath(t *testing.T) {
	t.Parallel()
	netbox, err := netboxtest.New(nil)
	require.NoError(t, err)
	client := serve(t, http.StripPrefix("/netbox", netbox))
	for _, address := range []string{netboxURL + "/netbox", netboxURL + "/netbox/"} {
		sink, err := netboxsink.New(address, netboxtest.TokenV1, &netboxsink.Options{HTTPClient: client})
		require.NoError(t, err)
		_, err = sink.Current(t.Context(), sync.Scope{})
		assert.NoError(t, err, address)
	}
}

func TestTokenAppearsNowhere(t *testing.T) {
	t.Parallel()
	// A run that meets retries and rejections, which are logged.
	netbox, err := netboxtest.New(&netboxtest.Options{Validator: func(model string, _ map[string]json.RawMessage) error {
		if model == "virtualization.virtualdisk" {
			return &netboxtest.ValidationError{Field: "name", Message: "no"}
		}
		return nil
	}})
	require.NoError(t, err)
	netbox.Inject(netboxtest.Fault{Kind: netboxtest.FaultReset, Method: http.MethodPost, Path: "/api/dcim/devices/"})
	a := against(t, netboxURL, netboxtest.TokenV1, serve(t, netbox))
	require.Error(t, a.err)
	assert.Contains(t, a.said, "write again")
	assert.Contains(t, a.said, "bulk write rejected")
	assert.NotContains(t, a.said, netboxtest.TokenV1)
}
