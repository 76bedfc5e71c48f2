package proxmoxtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/require"
)

// client asks a fake over TLS, as a given credential.
type client struct {
	t             *testing.T
	url           string
	http          *http.Client
	authorization string
	cookie        string
}

func start(t *testing.T, handler http.Handler) *client {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	c := &client{t: t, url: server.URL + proxmoxtest.BasePath, http: server.Client()}
	return c.as(proxmoxtest.DefaultTokenID, proxmoxtest.DefaultTokenSecret)
}

func serve(t *testing.T, estate *proxmoxtest.Estate) *client {
	t.Helper()
	return start(t, proxmoxtest.New(estate, nil))
}

// granted starts a fake that knows one token, with these grants.
func granted(t *testing.T, estate *proxmoxtest.Estate, grants ...proxmoxtest.Grant) *client {
	t.Helper()
	return start(t, proxmoxtest.New(estate, &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{{
		ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret, Grants: grants,
	}}}))
}

func (c *client) as(id, secret string) *client {
	other := *c
	other.authorization = "PVEAPIToken=" + id + "=" + secret
	return &other
}

// reply is a whole answer.
type reply struct {
	status int
	// text is the reason phrase.
	text   string
	header http.Header
	body   string
	close  bool
}

func (c *client) do(method, path, body string) (reply, error) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	if c.authorization != "" {
		request.Header.Set("Authorization", c.authorization)
	}
	if c.cookie != "" {
		request.Header.Set("Cookie", "PVEAuthCookie="+c.cookie)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	_, text, _ := strings.Cut(response.Status, " ")
	return reply{response.StatusCode, text, response.Header, string(content), response.Close}, err
}

func (c *client) get(path string) reply {
	c.t.Helper()
	r, err := c.do(http.MethodGet, path, "")
	require.NoError(c.t, err)
	return r
}

// data decodes the data of a successful answer.
func data[T any](c *client, path string) T {
	c.t.Helper()
	r := c.get(path)
	require.Equal(c.t, http.StatusOK, r.status, "%s: %s", path, r.text)
	var envelope struct{ Data T }
	require.NoError(c.t, json.Unmarshal([]byte(r.body), &envelope))
	return envelope.Data
}

type object = map[string]any

// row finds the row where key has the value.
func row(list []object, key string, value any) object {
	for _, r := range list {
		if r[key] == value {
			return r
		}
	}
	return nil
}
