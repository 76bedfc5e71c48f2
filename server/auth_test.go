package server_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Keys of tests. The second is a canary: it must show nowhere.
const (
	key      = "k1-0123456789abcdef0123456789abcdef"
	otherKey = "canary-3141592653589793238462643383279"
	noKey    = ""
)

// Addresses of clients.
const (
	elsewhere = "192.0.2.7:40000"
	nextDoor  = "192.0.2.8:40000"
)

// send sends a request with a key and a JSON body; without either where it is empty.
func (s *service) send(method, path, key, body string) reply {
	s.t.Helper()
	header := http.Header{}
	if key != "" {
		header.Set("X-Proxbox-API-Key", key)
	}
	return s.sendWith(method, path, header, body)
}

func (s *service) sendWith(method, path string, header http.Header, body string) reply {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://localhost"+path, strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header = header
	if host := header.Get("Host"); host != "" {
		request.Host = host
	}
	response, err := s.client.Do(request)
	require.NoError(s.t, err)
	raw, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, response.Body.Close())
	return reply{response.StatusCode, response.Header, raw}
}

// register registers the first key.
func (s *service) register(key string) {
	s.t.Helper()
	r := s.send(http.MethodPost, "/auth/register-key", noKey, `{"api_key":"`+key+`","label":"first"}`)
	require.Equal(s.t, http.StatusCreated, r.status, "%s", r.body)
}

// detail returns the sentence of a refusal.
func (r reply) detail(t *testing.T) string {
	t.Helper()
	body := r.json(t)
	require.Len(t, body, 1)
	text, _ := body["detail"].(string)
	return text
}

// What the plugin does when its backend is saved, and before each job.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		r := s.send(http.MethodGet, "/auth/bootstrap-status", noKey, "")
		assert.Equal(t, http.StatusOK, r.status)
		assert.JSONEq(t, `{"needs_bootstrap":true,"has_db_keys":false}`, string(r.body))
		assert.False(t, s.server.HasKeys())

		r = s.send(http.MethodPost, "/auth/register-key", noKey, `{"api_key":"`+key+`","label":"netbox-fastapi-pending","more":1}`)
		assert.Equal(t, http.StatusCreated, r.status)
		assert.JSONEq(t, `{"detail":"API key registered."}`, string(r.body))
		assert.True(t, s.server.HasKeys())

		r = s.at(elsewhere).send(http.MethodGet, "/auth/bootstrap-status", noKey, "")
		assert.JSONEq(t, `{"needs_bootstrap":false,"has_db_keys":true}`, string(r.body))
		r = s.at(elsewhere).send(http.MethodGet, "/auth/keys", key, "")
		assert.Equal(t, http.StatusOK, r.status)
		created := float64(time.Now().Unix())
		assert.Equal(t, map[string]any{"keys": []any{map[string]any{
			"id": 1.0, "label": "netbox-fastapi-pending", "is_active": true, "created_at": created,
		}}}, r.json(t))

		for _, again := range []string{key, otherKey} {
			r = s.send(http.MethodPost, "/auth/register-key", key, `{"api_key":"`+again+`","label":""}`)
			assert.Equal(t, http.StatusConflict, r.status)
			assert.Contains(t, r.detail(t), "registered already")
		}
	})
}

func TestWhoMayBootstrap(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options server.Options
		from    string
		header  map[string]string
		ok      bool
	}{
		"the machine itself":               {server.Options{}, "127.0.0.1:1", nil, true},
		"by IPv6":                          {server.Options{}, "[::1]:1", nil, true},
		"by IPv4 in IPv6":                  {server.Options{}, "[::ffff:127.0.0.1]:1", nil, true},
		"at an address":                    {server.Options{}, "127.0.0.1:1", map[string]string{"Host": "127.0.0.1:8800"}, true},
		"at an IPv6 address":               {server.Options{}, "[::1]:1", map[string]string{"Host": "[::1]:8800"}, true},
		"its own page":                     {server.Options{}, "127.0.0.1:1", map[string]string{"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, true},
		"another machine":                  {server.Options{}, elsewhere, nil, false},
		"one that says it is here":         {server.Options{}, elsewhere, map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Real-Ip": "::1"}, false},
		"another one, by a proxy here":     {server.Options{}, "127.0.0.1:1", map[string]string{"X-Forwarded-For": "192.0.2.7"}, false},
		"somebody else's page":             {server.Options{}, "127.0.0.1:1", map[string]string{"Origin": "http://evil.test"}, false},
		"a page that hides its origin":     {server.Options{}, "127.0.0.1:1", map[string]string{"Origin": "null"}, false},
		"a page as another browser has it": {server.Options{}, "127.0.0.1:1", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		"a page by a rebound name":         {server.Options{}, "127.0.0.1:1", map[string]string{"Host": "evil.test:8800", "Origin": "http://evil.test:8800"}, false},
		"a host that is none":              {server.Options{}, "127.0.0.1:1", map[string]string{"Host": "evil.test:x"}, false},
		"anybody, if allowed":              {server.Options{BootstrapFromAnywhere: true}, elsewhere, nil, true},
		"but no page":                      {server.Options{BootstrapFromAnywhere: true}, elsewhere, map[string]string{"Origin": "http://evil.test"}, false},
		"writes are another matter":        {server.Options{OpenWrites: true}, elsewhere, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, &c.options).at(c.from)
				header := http.Header{}
				for name, value := range c.header {
					header.Set(name, value)
				}
				r := s.sendWith(http.MethodPost, "/auth/register-key", header, `{"api_key":"`+key+`","label":"first"}`)
				if c.ok {
					assert.Equal(t, http.StatusCreated, r.status, "%s", r.body)
					return
				}
				if r.status != http.StatusBadRequest { // by net/http
					assert.Equal(t, http.StatusConflict, r.status)
					assert.Contains(t, r.detail(t), "--bootstrap-from-anywhere")
				}
				assert.False(t, s.server.HasKeys())
			})
		})
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		status int
		detail string
	}{
		"no body":          {"", 400, "JSON"},
		"no JSON":          {"{", 400, "JSON"},
		"a list":           {"[]", 400, "JSON"},
		"more than one":    {`{"api_key":"` + key + `"}{}`, 400, "one JSON value"},
		"a number":         {`{"api_key":31415926535897932384626433832795}`, 400, "api_key must be of the type string"},
		"none":             {`{"label":"x"}`, 400, "32 to 512"},
		"a short one":      {`{"api_key":"0123456789abcdef0123456789abcde"}`, 400, "32 to 512"},
		"a long one":       {`{"api_key":"` + strings.Repeat("x", 513) + `"}`, 400, "32 to 512"},
		"with a space":     {`{"api_key":"0123456789abcdef 0123456789abcdef"}`, 400, "ASCII"},
		"with a line feed": {`{"api_key":"0123456789abcdef\n0123456789abcdef"}`, 400, "ASCII"},
		"with an umlaut":   {`{"api_key":"0123456789abcdefä0123456789abcdef"}`, 400, "ASCII"},
		"a label too long": {`{"api_key":"` + key + `","label":"` + strings.Repeat("x", 201) + `"}`, 400, "label"},
		"a large body":     {`{"api_key":"` + strings.Repeat("x", 8<<10) + `"}`, 413, "8192 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, nil)
				r := s.send(http.MethodPost, "/auth/register-key", noKey, c.body)
				assert.Equal(t, c.status, r.status)
				assert.Contains(t, r.detail(t), c.detail)
				assert.NotContains(t, string(r.body), "31415926")
				assert.False(t, s.server.HasKeys())
				time.Sleep(time.Second) // for which a connection lingers whose body was too large
			})
		})
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		s.register(key)
		do := func(method, path, with, body string, status int) string {
			t.Helper()
			r := s.send(method, path, with, body)
			assert.Equal(t, status, r.status, "%s", r.body)
			return string(r.body)
		}
		keys := func(with string, status int) { t.Helper(); do(http.MethodGet, "/auth/keys", with, "", status) }

		assert.Contains(t, do(http.MethodDelete, "/auth/keys/1", key, "", 409), "last active API key")
		do(http.MethodPatch, "/auth/keys/1", key, `{"is_active":false}`, 409)
		do(http.MethodPost, "/auth/keys", noKey, `{"api_key":"`+otherKey+`","label":"second"}`, 401)
		assert.Contains(t, do(http.MethodPost, "/auth/keys", key, `{"api_key":"`+otherKey+`","label":"second"}`, 201), `"id":2`)
		do(http.MethodPost, "/auth/keys", key, `{"api_key":"`+otherKey+`","label":"third"}`, 409)
		keys(otherKey, 200)

		assert.Contains(t, do(http.MethodPatch, "/auth/keys/1", otherKey, `{"is_active":false}`, 200), `"is_active":false`)
		keys(key, 401)
		do(http.MethodPatch, "/auth/keys/1", otherKey, `{"is_active":true}`, 200)
		keys(key, 200)
		do(http.MethodPatch, "/auth/keys/1", otherKey, `{"is_active":null}`, 400)
		do(http.MethodPatch, "/auth/keys/1", otherKey, `{"is_active":"no"}`, 400)
		do(http.MethodPatch, "/auth/keys/3", otherKey, `{"is_active":true}`, 404)
		do(http.MethodDelete, "/auth/keys/one", otherKey, "", 404)

		do(http.MethodDelete, "/auth/keys/1", otherKey, "", 200)
		keys(key, 401)
		do(http.MethodDelete, "/auth/keys/2", otherKey, "", 409)
		assert.Contains(t, do(http.MethodPost, "/auth/keys", otherKey, `{"api_key":"`+key+`","label":"again"}`, 201), `"id":3`,
			"the id of a key that is gone is not given again")
	})
}

// POST /auth/keys is another word for the first key, under the same rule.
func TestFirstKeyByTheOtherRoute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &server.Options{OpenWrites: true})
		r := s.at(elsewhere).send(http.MethodPost, "/auth/keys", noKey, `{"api_key":"`+key+`","label":"first"}`)
		assert.Equal(t, http.StatusConflict, r.status)
		r = s.send(http.MethodPost, "/auth/keys", noKey, `{"api_key":"`+key+`","label":"first"}`)
		assert.Equal(t, http.StatusCreated, r.status)
	})
}

func TestKeysSurviveARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &server.Options{StateDir: t.TempDir()}
		s := serve(t, o)
		s.register(otherKey)
		again := serve(t, o)
		assert.True(t, again.server.HasKeys())
		assert.Equal(t, http.StatusOK, again.send(http.MethodGet, "/auth/keys", otherKey, "").status)

		path := filepath.Join(o.StateDir, "keys.json")
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.NotContains(t, string(text), otherKey)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

		for _, broken := range []string{"{", `{"keys":[{"sha256":"zz"}]}`, `{"keys":[{"sha256":"00"}]}`} {
			require.NoError(t, os.WriteFile(path, []byte(broken), 0o600))
			_, err = server.New(server.Fixed(&backend{}), o)
			require.ErrorContains(t, err, path, "not as if there were no keys")
		}
	})
}

func TestKeysThatCannotBeKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &server.Options{StateDir: filepath.Join(t.TempDir(), "state")}
		require.NoError(t, os.Mkdir(o.StateDir, 0o700))
		s := serve(t, o)
		require.NoError(t, os.RemoveAll(o.StateDir))
		r := s.send(http.MethodPost, "/auth/register-key", noKey, `{"api_key":"`+key+`","label":"first"}`)
		assert.Equal(t, http.StatusInternalServerError, r.status)
		assert.Equal(t, "The API key cannot be kept: the server's log says why.", r.detail(t))
		assert.False(t, s.server.HasKeys())
	})
}
