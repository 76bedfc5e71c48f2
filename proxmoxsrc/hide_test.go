package proxmoxsrc_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
)

// What stands in between may repeat what it was sent: the error does not.
func TestRefusalThatRepeatsTheSecret(t *testing.T) {
	t.Parallel()
	const secret = `canary "31\41" & 592`
	const ticket = "PVE:root@pam:canary::31+41/59=="
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(string(body), "guest") {
			_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"ticket": ticket}})
			return
		}
		errors := map[string]any{"body": string(body), "cookie": url.QueryEscape(r.Header.Get("Cookie"))}
		if strings.Contains(string(body), "root") {
			errors["password"] = url.QueryEscape(secret)
		}
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"message": "not for " + r.Header.Get("Authorization") + r.Header.Get("Cookie"), "errors": errors,
		})
	}))
	t.Cleanup(server.Close)
	for name, o := range map[string]*proxmoxsrc.Options{
		"token":    {Token: "root@pam!sync=canary-31415-926"},
		"password": {Username: "root@pam", Password: secret},
		"ticket":   {Username: "guest@pam", Password: secret},
	} {
		source, err := proxmoxsrc.New("lab", []string{server.URL}, o)
		require.NoError(t, err, name)
		_, err = source.Version(t.Context())
		require.ErrorContains(t, err, "not for", name)
		var status *proxmoxsrc.StatusError
		require.ErrorAs(t, err, &status)
		assert.NotContains(t, err.Error(), "canary", name)
		for _, text := range status.Parameters {
			assert.NotContains(t, text, "canary", name)
		}
	}
}
