package netboxtest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

const missing = `{"detail":"Authentication credentials were not provided."}`

func TestAuthentication(t *testing.T) {
	t.Parallel()
	v2 := netboxtest.TokenV2
	tests := []struct {
		name, version, header string
		status                int
		body                  string
	}{
		{"none", "4.7", "", 403, missing},
		{"empty", "4.7", "Token ", 403, missing},
		{"v1 by Token", "4.7", "Token " + netboxtest.TokenV1, 200, ""},
		{"v1 by Bearer", "4.7", "Bearer " + netboxtest.TokenV1, 200, ""},
		{"v2 by Bearer", "4.7", "Bearer " + v2, 200, ""},
		{"v2 by Token", "4.7", "Token " + v2, 200, ""},
		{"bad v1", "4.7", "Token nope", 403, `{"detail":"Invalid v1 token"}`},
		{"bad v2", "4.7", "Bearer nbt_a.b", 403, `{"detail":"Invalid v2 token"}`},
		{"expired", "4.7", "Token old", 403, `{"detail":"Token expired"}`},
		{"v1 before 4.5", "4.4", "Token " + netboxtest.TokenV1, 200, ""},
		{"bad before 4.5", "4.4", "Token nope", 403, `{"detail":"Invalid token"}`},
		{"Bearer before 4.5", "4.4", "Bearer " + v2, 403, missing},
		{"v2 before 4.5", "4.4", "Token " + v2, 403, `{"detail":"Invalid token"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, &netboxtest.Options{Version: test.version, Tokens: []netboxtest.Token{{Secret: "old", Expired: true}}})
			c.header.Set("Authorization", test.header)
			r := c.get("dcim/sites/")
			assert.Equal(t, test.status, r.Status, r.Text)
			assert.Empty(t, r.Header.Get("WWW-Authenticate"))
			if test.body != "" {
				assert.Equal(t, test.body, r.Text)
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	denied := `{"detail":"You do not have permission to perform this action."}`
	limited := netboxtest.Token{Secret: "limited", Permissions: map[string][]netboxtest.Action{
		"dcim.site":                     {netboxtest.View, netboxtest.Add},
		"virtualization.vminterface":    {netboxtest.View, netboxtest.Add},
		"virtualization.virtualmachine": {netboxtest.View},
	}}
	c := start(t, &netboxtest.Options{Tokens: []netboxtest.Token{limited}})
	c.estate()
	tests := []struct {
		name, token, method, path string
		body                      any
		status                    int
		answer                    string
	}{
		{"read-only reads", netboxtest.ReadOnlyTokenV1, http.MethodGet, "dcim/sites/", nil, 200, ""},
		{"read-only creates", netboxtest.ReadOnlyTokenV1, http.MethodPost, "dcim/sites/", `{"name":"x","slug":"x"}`, 403, denied},
		{"limited adds", "limited", http.MethodPost, "dcim/sites/", `{"name":"y","slug":"y"}`, 201, ""},
		{"limited changes", "limited", http.MethodPatch, "dcim/sites/1/", `{}`, 403, denied},
		{"limited deletes", "limited", http.MethodDelete, "dcim/sites/1/", nil, 403, denied},
		{"limited sees others", "limited", http.MethodGet, "dcim/devices/", nil, 403, denied},
		{
			"limited adds a MAC by shortcut", "limited", http.MethodPost, "virtualization/interfaces/",
			`{"name":"x","virtual_machine":1,"mac_address":"00:00:00:00:00:09"}`, 403,
			`{"detail":"You do not have permission to create MAC addresses."}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.token = test.token
			r := c.do(test.method, test.path, test.body)
			assert.Equal(t, test.status, r.Status, r.Text)
			if test.answer != "" {
				assert.Equal(t, test.answer, r.Text)
			}
		})
	}
}

func TestProvision(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.token = ""
	assert.Equal(t, `{"detail":"Invalid username/password"}`, c.post("users/tokens/provision/", `{"username":"admin","password":"no"}`).Text)
	r := c.post("users/tokens/provision/", `{"username":"admin","password":"admin"}`)
	assert.Equal(t, http.StatusCreated, r.Status)
	token := r.object(t)
	c.token = "nbt_" + token["key"].(string) + "." + token["token"].(string)
	assert.Equal(t, http.StatusOK, c.get("status/").Status)
}

// NetBox names the methods that write and are allowed, and no actions at all where none is.
func TestOptionsNameWhatIsAllowed(t *testing.T) {
	t.Parallel()
	const path = "virtualization/virtual-machines/"
	for name, tt := range map[string]struct {
		token netboxtest.Token
		want  []string
	}{
		"everything": {netboxtest.Token{}, []string{"POST", "PUT"}},
		"read only":  {netboxtest.Token{ReadOnly: true}, nil},
		"another type": {netboxtest.Token{Permissions: map[string][]netboxtest.Action{
			"dcim.site": {netboxtest.View, netboxtest.Add, netboxtest.Modify},
		}}, nil},
		"add": {netboxtest.Token{Permissions: map[string][]netboxtest.Action{
			"virtualization.virtualmachine": {netboxtest.Add},
		}}, []string{"POST"}},
		"change and delete": {netboxtest.Token{Permissions: map[string][]netboxtest.Action{
			"virtualization.virtualmachine": {netboxtest.Modify, netboxtest.Delete},
		}}, []string{"PUT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.token.Secret = "own"
			c := start(t, &netboxtest.Options{Tokens: []netboxtest.Token{tt.token}})
			c.token = "own"
			r := c.do(http.MethodOptions, path, nil)
			require.Equal(t, http.StatusOK, r.Status)
			var described struct{ Actions map[string]map[string]any }
			require.NoError(t, json.Unmarshal([]byte(r.Text), &described))
			assert.Equal(t, tt.want, slices.Sorted(maps.Keys(described.Actions)))
			assert.Equal(t, len(tt.want) > 0, strings.Contains(r.Text, `"actions"`))
			for _, fields := range described.Actions {
				assert.Contains(t, fields, "name")
			}
		})
	}
}
