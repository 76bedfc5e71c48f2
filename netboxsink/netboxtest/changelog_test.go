package netboxtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rows returns what a request added to the change log, as "action type name".
func (c *client) rows(request func() reply) []string {
	c.t.Helper()
	before := len(c.server.Changes())
	r := request()
	require.Less(c.t, r.Status, 300, r.Text)
	found := []string{}
	for _, row := range c.server.Changes()[before:] {
		assert.Equal(c.t, r.Header.Get("X-Request-ID"), row.RequestID)
		text := row.Action + " " + row.Type + " " + row.Name
		if row.Message != "" {
			text += ": " + row.Message
		}
		found = append(found, text)
	}
	return found
}

func TestChangeRows(t *testing.T) {
	t.Parallel()
	vm := func(action, name string) string { return action + " virtualization.virtualmachine " + name }
	port := func(action, name string) string { return action + " virtualization.vminterface " + name }
	tests := []struct {
		name, method, path, body string
		want                     []string
	}{
		{"create", http.MethodPost, machines, `{"name":"a","cluster":1,"tags":[1]}`, []string{vm("create", "a")}},
		{"create with message", http.MethodPost, machines, `[{"name":"a","cluster":1,"changelog_message":"why"}]`, []string{vm("create", "a: why")}},
		{"no-op", http.MethodPatch, machines + "1/", `{}`, []string{}},
		{"same values", http.MethodPatch, machines + "1/", `{"name":"vm1","tags":[1],"custom_fields":{"exact":"hi"}}`, []string{}},
		{"tags", http.MethodPatch, machines + "1/", `{"tags":[2]}`, []string{vm("update", "vm1")}},
		{"tag deltas and a field", http.MethodPatch, machines + "1/", `{"add_tags":[2],"comments":"x"}`, []string{vm("update", "vm1")}},
		{
			"interface with MAC", http.MethodPost, "virtualization/interfaces/", `{"name":"x","virtual_machine":1,"mac_address":"00:00:00:00:00:02"}`,
			[]string{port("create", "x"), "create dcim.macaddress 00:00:00:00:00:02", port("update", "x")},
		},
		{
			"interface with a known MAC", http.MethodPatch, "virtualization/interfaces/1/", `{"mac_address":"AA:BB:CC:00:00:01","description":"x"}`,
			[]string{port("update", "net0")},
		},
		{"primary MAC deleted", http.MethodDelete, "dcim/mac-addresses/1/", "", []string{"delete dcim.macaddress AA:BB:CC:00:00:01"}},
		{
			"primary address deleted", http.MethodDelete, "ipam/ip-addresses/1/", "",
			[]string{"delete ipam.ipaddress 10.0.0.5/24", vm("update", "vm1")},
		},
		{"platform deleted", http.MethodDelete, "dcim/platforms/1/", "", []string{"delete dcim.platform p1", vm("update", "vm1")}},
		{"tag deleted", http.MethodDelete, "extras/tags/2/", "", []string{"delete extras.tag T2", vm("update", "vm10")}},
		{"machine deleted", http.MethodDelete, machines + "1/", `{"changelog_message":"bye"}`, []string{
			"delete dcim.macaddress AA:BB:CC:00:00:01",
			"delete virtualization.virtualdisk scsi0", "delete virtualization.virtualdisk scsi1",
			"delete ipam.ipaddress 10.0.0.5/24", vm("update", "vm1"),
			port("delete", "net0"), port("delete", "net1"), vm("delete", "vm1: bye"),
		}},
		{"interface deleted", http.MethodDelete, "virtualization/interfaces/1/", "", []string{
			"delete dcim.macaddress AA:BB:CC:00:00:01", "delete ipam.ipaddress 10.0.0.5/24", vm("update", "vm1"), port("delete", "net0"),
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, "4.7")
			c.estate()
			assert.Equal(t, test.want, c.rows(func() reply { return c.do(test.method, test.path, test.body) }))
		})
	}
}

func TestNoOpMovesLastUpdated(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	before := c.get(machines + "1/").Header.Get("ETag")
	assert.NotEqual(t, before, c.patch(machines+"1/", `{}`).Header.Get("ETag"))
}

func TestChangelogMessage(t *testing.T) {
	t.Parallel()
	long := `{"name":"a","slug":"a","changelog_message":"` + strings.Repeat("x", 201) + `"}`
	c := startVersion(t, "4.7")
	assert.Equal(t, `{"error": "value too long for type character varying(200)", "exception": "DataError", `+
		`"netbox_version": "4.7.3", "python_version": "3.12.1"}`, c.post("dcim/sites/", long).Text)
	assert.Empty(t, c.get("dcim/sites/").column(t, "id"))
	assert.Equal(t, 201, startVersion(t, "4.3").post("dcim/sites/", long).Status, "ignored before 4.4")
}

func TestObjectChanges(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	id := c.post("dcim/sites/", `[{"name":"a","slug":"a"},{"name":"b","slug":"b"}]`).Header.Get("X-Request-ID")
	c.patch("dcim/sites/1/", `{"name":"c"}`)
	path := "core/object-changes/"
	assert.Equal(t, []string{"3", "2", "1"}, c.get(path).column(t, "id"), "newest first")
	assert.Equal(t, []string{"1", "2"}, c.get(path+"?ordering=id&request_id="+id).column(t, "id"))
	assert.Equal(t, []string{"2", "3"}, c.get(path+"?ordering=id&id__gt=1").column(t, "id"))
	assert.Equal(t, []string{"3"}, c.get(path+"?limit=1").column(t, "id"))
	assert.Equal(t, []string{"3"}, c.get(path+"?action=update").column(t, "id"))
	row := c.get(path + "3/").object(t)
	assert.Equal(t, map[string]any{"value": "update", "label": "Updated"}, row["action"])
	assert.Equal(t, "dcim.site", row["changed_object_type"])
	assert.Equal(t, "a", row["prechange_data"].(map[string]any)["name"])
	assert.Equal(t, "c", row["postchange_data"].(map[string]any)["name"])
	assert.Equal(t, "DCIM | site c updated by admin", row["display"])
}

func TestDeleteGuards(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	c.create("virtualization/interfaces", `{"name":"child","virtual_machine":1,"parent":1}`)
	tests := map[string]string{
		"virtualization/clusters/1/":         "2 dependent objects were found: vm1 (1), vm10 (2)",
		"virtualization/cluster-types/1/":    "2 dependent objects were found: c1 (1), c2 (2)",
		"dcim/devices/1/":                    "1 dependent objects were found: vm1 (1)",
		"dcim/manufacturers/1/":              "1 dependent objects were found: dt1 (1)",
		"dcim/device-types/1/":               "2 dependent objects were found: d1 (1), d2 (2)",
		"virtualization/interfaces/1/":       "1 dependent objects were found: child (4)",
		"extras/custom-field-choice-sets/1/": "1 dependent objects were found: Pick (4)",
		"ipam/vrfs/1/":                       "1 dependent objects were found: 10.0.0.7/24 (3)",
	}
	for path, want := range tests {
		r := c.remove(path, nil)
		assert.Equal(t, 409, r.Status, path)
		assert.Equal(t, fmt.Sprintf(`{"detail":"Unable to delete object. %s"}`, want), r.Text)
	}
	assert.Equal(t, 204, c.remove(machines+"1/", nil).Status, "both interfaces go together")
}

func TestDeletedReferencesBecomeNull(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	require.Equal(t, 204, c.remove(machines, `[{"id":1},{"id":2}]`).Status)
	require.Equal(t, 204, c.remove("virtualization/clusters/1/", nil).Status)
	assert.Nil(t, c.get("dcim/devices/1/").object(t)["cluster"])
	assert.Empty(t, c.get("virtualization/interfaces/").column(t, "id"))
	assert.Empty(t, c.get("dcim/mac-addresses/").column(t, "id"))
	assert.Equal(t, []string{"10.0.0.6/24", "10.0.0.7/24"}, c.get("ipam/ip-addresses/").column(t, "address"))
}
