package netboxtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// client is a raw HTTP client of one fake.
type client struct {
	t      *testing.T
	server *netboxtest.Server
	url    string
	token  string
	header http.Header
}

// reply is one answer, its body both as text and decoded.
type reply struct {
	Status int
	Header http.Header
	Text   string
}

var versions = []string{"4.2", "4.3", "4.4", "4.5", "4.6", "4.7"}

func start(t *testing.T, o *netboxtest.Options) *client {
	t.Helper()
	s, err := netboxtest.New(o)
	require.NoError(t, err)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return &client{t: t, server: s, url: h.URL, token: netboxtest.TokenV1, header: http.Header{}}
}

func startVersion(t *testing.T, version string) *client {
	t.Helper()
	return start(t, &netboxtest.Options{Version: version})
}

// request builds a request for a path below /api/.
func (c *client) request(method, path string, body any) *http.Request {
	c.t.Helper()
	text := ""
	switch body := body.(type) {
	case nil:
	case string:
		text = body
	default:
		b, err := json.Marshal(body)
		require.NoError(c.t, err)
		text = string(b)
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/api/"+path, strings.NewReader(text))
	require.NoError(c.t, err)
	r.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		r.Header.Set("Authorization", "Token "+c.token)
	}
	maps.Copy(r.Header, c.header)
	return r
}

func (c *client) do(method, path string, body any) reply {
	c.t.Helper()
	single := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := single.Do(c.request(method, path, body))
	require.NoError(c.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(c.t, err)
	return reply{answer.StatusCode, answer.Header, strings.ReplaceAll(string(text), c.url, "http://netbox")}
}

func (c *client) get(path string) reply { c.t.Helper(); return c.do(http.MethodGet, path, nil) }
func (c *client) post(path string, body any) reply {
	c.t.Helper()
	return c.do(http.MethodPost, path, body)
}

func (c *client) patch(path string, body any) reply {
	c.t.Helper()
	return c.do(http.MethodPatch, path, body)
}

func (c *client) remove(path string, body any) reply {
	c.t.Helper()
	return c.do(http.MethodDelete, path, body)
}

// create adds an object as a person and returns its id.
func (c *client) create(path, body string) int {
	c.t.Helper()
	id, err := c.server.Create(path, body)
	require.NoError(c.t, err)
	return id
}

// object decodes a JSON object.
func (r reply) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.Text), &v), r.Text)
	return v
}

// column returns one field of every object of a list, page or plain.
func (r reply) column(t *testing.T, name string) []string {
	t.Helper()
	var page struct{ Results []map[string]any }
	if strings.HasPrefix(r.Text, "[") {
		require.NoError(t, json.Unmarshal([]byte(r.Text), &page.Results), r.Text)
	} else {
		require.NoError(t, json.Unmarshal([]byte(r.Text), &page), r.Text)
	}
	found := []string{}
	for _, o := range page.Results {
		found = append(found, fmt.Sprint(o[name]))
	}
	return found
}

// estate is a small NetBox; every first id is 1.
func (c *client) estate() {
	c.t.Helper()
	c.create("extras/tags", `{"name":"T1","slug":"t1"}`)
	c.create("extras/tags", `{"name":"T2","slug":"t2"}`)
	c.create("extras/custom-field-choice-sets", `{"name":"cs","extra_choices":[["a","A"],["b","B"]]}`)
	c.create("extras/custom-fields", `{"name":"exact","type":"text","filter_logic":"exact","object_types":["virtualization.virtualmachine"]}`)
	c.create("extras/custom-fields", `{"name":"loose","type":"text","object_types":["virtualization.virtualmachine"]}`)
	c.create("extras/custom-fields", `{"name":"number","type":"integer","validation_minimum":1,"object_types":["virtualization.virtualmachine"]}`)
	c.create("extras/custom-fields", `{"name":"pick","type":"select","choice_set":1,"object_types":["virtualization.virtualmachine"]}`)
	c.create("tenancy/tenants", `{"name":"ten","slug":"ten"}`)
	c.create("dcim/sites", `{"name":"s1","slug":"s1"}`)
	c.create("dcim/sites", `{"name":"s2","slug":"s2"}`)
	c.create("dcim/manufacturers", `{"name":"m1","slug":"m1"}`)
	c.create("dcim/device-types", `{"manufacturer":1,"model":"dt1","slug":"dt1"}`)
	c.create("dcim/device-roles", `{"name":"r1","slug":"r1"}`)
	c.create("dcim/platforms", `{"name":"p1","slug":"p1"}`)
	c.create("virtualization/cluster-types", `{"name":"ct","slug":"ct"}`)
	c.create("virtualization/clusters", `{"name":"c1","type":1,"scope_type":"dcim.site","scope_id":1}`)
	c.create("virtualization/clusters", `{"name":"c2","type":1}`)
	c.create("dcim/devices", `{"name":"d1","site":1,"role":1,"device_type":1,"cluster":1}`)
	c.create("dcim/devices", `{"name":"d2","site":2,"role":1,"device_type":1}`)
	c.create("virtualization/virtual-machines", `{"name":"vm1","cluster":1,"device":1,"tags":[1],"platform":1,"custom_fields":{"exact":"hi","loose":"hi","pick":"a"}}`)
	c.create("virtualization/virtual-machines", `{"name":"vm10","cluster":1,"tags":[1,2]}`)
	c.create("virtualization/virtual-machines", `{"name":"vm2","site":2}`)
	c.create("ipam/vrfs", `{"name":"v1","rd":"1:1"}`)
	c.create("ipam/vlans", `{"name":"vl","vid":10}`)
	c.create("ipam/vlans", `{"name":"elsewhere","vid":20,"site":2}`)
	c.create("dcim/interfaces", `{"name":"vmbr0","type":"bridge","device":1}`)
	c.create("dcim/interfaces", `{"name":"eno1","type":"1000base-t","device":2}`)
	c.create("virtualization/interfaces", `{"name":"net0","virtual_machine":1,"vrf":1}`)
	c.create("virtualization/interfaces", `{"name":"net1","virtual_machine":1}`)
	c.create("virtualization/interfaces", `{"name":"net0","virtual_machine":2}`)
	c.create("dcim/mac-addresses", `{"mac_address":"aa:bb:cc:00:00:01","assigned_object_type":"virtualization.vminterface","assigned_object_id":1}`)
	require.NoError(c.t, c.server.Edit("virtualization/interfaces", 1, `{"primary_mac_address":1}`))
	c.create("ipam/ip-addresses", `{"address":"10.0.0.5/24","assigned_object_type":"virtualization.vminterface","assigned_object_id":1}`)
	c.create("ipam/ip-addresses", `{"address":"10.0.0.6/24"}`)
	c.create("ipam/ip-addresses", `{"address":"10.0.0.7/24","vrf":1}`)
	require.NoError(c.t, c.server.Edit("virtualization/virtual-machines", 1, `{"primary_ip4":1}`))
	c.create("virtualization/virtual-disks", `{"virtual_machine":1,"name":"scsi0","size":1000}`)
	c.create("virtualization/virtual-disks", `{"virtual_machine":1,"name":"scsi1","size":500}`)
}
