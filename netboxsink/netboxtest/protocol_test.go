package netboxtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

func TestUnknownVersionIsRefused(t *testing.T) {
	t.Parallel()
	_, err := netboxtest.New(&netboxtest.Options{Version: "3.7"})
	assert.ErrorContains(t, err, `unknown NetBox version "3.7"`)
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, version)
			id := c.create("dcim/sites", `{"name":"s","slug":"s"}`)
			require.Equal(t, 1, id)
			r := c.get("dcim/sites/1/")
			assert.Equal(t, version, r.Header.Get("API-Version"))
			assert.NotEmpty(t, r.Header.Get("X-Request-ID"))
			assert.Equal(t, version >= "4.6", r.Header.Get("ETag") != "")
			assert.Equal(t, version, c.get("nope/").Header.Get("API-Version"))
		})
	}
}

func TestApiVersionNeedsJSONBefore43(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.2")
	c.header.Set("Content-Type", "text/plain")
	assert.Empty(t, c.get("dcim/sites/").Header.Get("API-Version"))
}

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version, method, path string
		status                int
		body                  string
	}{
		{"4.7", http.MethodGet, "dcim/sites", 301, ""},
		{"4.7", http.MethodPost, "dcim/sites", 404, ""},
		{"4.4", http.MethodPost, "dcim/sites", 301, ""},
		{"4.7", http.MethodGet, "dcim/nope/", 404, ""},
		{"4.7", http.MethodGet, "dcim/sites/9/", 404, `{"detail":"No Site matches the given query."}`},
		{"4.7", http.MethodGet, "dcim/sites/x/", 404, `{"detail":"Not found."}`},
		{"4.7", http.MethodPost, "dcim/sites/9/", 405, `{"detail":"Method \"POST\" not allowed."}`},
		{"4.5", http.MethodGet, "virtualization/virtual-machine-types/", 404, ""},
		{"4.6", http.MethodGet, "virtualization/virtual-machine-types/", 200, `{"count":0,"next":null,"previous":null,"results":[]}`},
		{"4.4", http.MethodGet, "authentication-check/", 404, ""},
	}
	for _, test := range tests {
		t.Run(test.version+" "+test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, test.version)
			r := c.do(test.method, test.path, nil)
			assert.Equal(t, test.status, r.Status)
			if test.body != "" {
				assert.Equal(t, test.body, r.Text)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	huge := `{"name":"` + strings.Repeat("x", 2_700_000) + `"}`
	r := c.post("dcim/sites/", huge)
	assert.Equal(t, http.StatusInternalServerError, r.Status)
	assert.Equal(t, `{"error": "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.", "exception": "RequestDataTooBig", `+
		`"netbox_version": "4.7.3", "python_version": "3.12.1"}`, r.Text)
	assert.Equal(t, 400, c.post("dcim/sites/", `{`).Status)
	assert.Contains(t, c.post("dcim/sites/", `nope`).Text, "JSON parse error - ")
	c.header.Set("Content-Type", "text/plain")
	assert.Equal(t, `{"detail":"Unsupported media type \"text/plain\" in request."}`, c.post("dcim/sites/", `{}`).Text)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, version)
			status := c.get("status/").object(t)
			assert.Equal(t, c.server.Version(), status["netbox-version"])
			_, full := status["netbox-full-version"]
			assert.Equal(t, version >= "4.3", full)
			assert.Equal(t, map[string]any{}, status["plugins"])
		})
	}
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.create("dcim/sites", `{"name":"s","slug":"s"}`)
	c.create("dcim/sites", `{"name":"u","slug":"u"}`)
	fresh := c.get("dcim/sites/1/").Header.Get("ETag")
	c.header.Set("If-Match", fresh)
	assert.Equal(t, 200, c.patch("dcim/sites/", `[{"id":1}]`).Status, "one fresh item")
	stale := c.patch("dcim/sites/1/", `{}`)
	assert.Equal(t, 412, stale.Status, "a no-op moved the ETag")
	assert.Equal(t, `{"detail":"Precondition failed."}`, stale.Text)
	c.header.Set("If-Match", stale.Header.Get("ETag"))
	assert.Equal(t, 412, c.patch("dcim/sites/", `[{"id":1},{"id":2}]`).Status, "compared with every item")
	assert.Equal(t, 204, c.remove("dcim/sites/1/", nil).Status)
}
