package netboxtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	all := []string{"vm1", "vm2", "vm10"}
	tests := []struct {
		path, column string
		want         []string
	}{
		{"virtualization/virtual-machines/", "name", all},
		{"virtualization/virtual-machines/?ordering=-name", "name", []string{"vm10", "vm2", "vm1"}},
		{"virtualization/virtual-machines/?ordering=bogus", "name", all},
		{"virtualization/virtual-machines/?bogus=1", "name", all},
		{"virtualization/virtual-machines/?name=VM1", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?name__ie=VM1&name__ie=vm2", "name", []string{"vm1", "vm2"}},
		{"virtualization/virtual-machines/?tag=t1", "name", []string{"vm1", "vm10"}},
		{"virtualization/virtual-machines/?tag=t1&tag=t2", "name", []string{"vm10"}},
		{"virtualization/virtual-machines/?cluster_id=1", "name", []string{"vm1", "vm10"}},
		{"virtualization/virtual-machines/?cluster=c1", "name", []string{"vm1", "vm10"}},
		{"virtualization/virtual-machines/?cluster_id=null", "name", []string{"vm2"}},
		{"virtualization/virtual-machines/?device_id=1", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?site_id=1&site_id=2", "name", all},
		{"virtualization/virtual-machines/?id=1&id=2&id=99", "name", []string{"vm1", "vm10"}},
		{"virtualization/virtual-machines/?id__gt=1&ordering=id", "name", []string{"vm10", "vm2"}},
		{"virtualization/virtual-machines/?id__gte=2&id__lt=3", "name", []string{"vm10"}},
		{"virtualization/virtual-machines/?cf_exact=hi", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?cf_exact=h", "name", []string{}},
		{"virtualization/virtual-machines/?cf_exact=HI", "name", []string{}},
		{"virtualization/virtual-machines/?cf_loose=H", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?cf_exact=hi&cf_exact=other", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?cf_pick=a", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?cf_nope=x", "name", all},
		{"virtualization/virtual-machines/?cf_exact=", "name", all},
		{"virtualization/virtual-machines/?mac_address=aa:bb:cc:00:00:01", "name", []string{"vm1"}},
		{"virtualization/virtual-machines/?last_updated__gte=2020-01-01T00:00:00Z", "name", all},
		{"virtualization/virtual-machines/?last_updated__gte=2999-01-01T00:00:00Z", "name", []string{}},
		{"virtualization/interfaces/?virtual_machine_id=1", "name", []string{"net0", "net1"}},
		{"virtualization/interfaces/?virtual_machine=vm10", "name", []string{"net0"}},
		{"virtualization/interfaces/?cluster_id=1", "id", []string{"1", "2", "3"}},
		{"virtualization/interfaces/?name=NET0", "name", []string{}},
		{"virtualization/interfaces/?mac_address=AABB.CC00.0001", "name", []string{"net0"}},
		{"dcim/interfaces/?device_id=1", "name", []string{"vmbr0"}},
		{"dcim/mac-addresses/?assigned_object_type=virtualization.vminterface&assigned_object_id=1", "id", []string{"1"}},
		{"dcim/mac-addresses/?virtual_machine_id=99", "id", []string{}},
		{"ipam/ip-addresses/?address=10.0.0.5", "address", []string{"10.0.0.5/24"}},
		{"ipam/ip-addresses/?address=10.0.0.5/32", "address", []string{}},
		{"ipam/ip-addresses/?parent=10.0.0.4/31", "address", []string{"10.0.0.5/24"}},
		{"ipam/ip-addresses/?vrf_id=null", "address", []string{"10.0.0.5/24", "10.0.0.6/24"}},
		{"ipam/ip-addresses/?vrf_id=1", "address", []string{"10.0.0.7/24"}},
		{"ipam/ip-addresses/?virtual_machine_id=1", "address", []string{"10.0.0.5/24"}},
		{"ipam/ip-addresses/?virtual_machine_id=99", "address", []string{}},
		{"ipam/ip-addresses/?assigned_object_id=1", "address", []string{"10.0.0.5/24"}},
		{"virtualization/clusters/?site_id=1", "name", []string{"c1"}},
		{"extras/custom-fields/?object_type=dcim.device", "name", []string{}},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			r := c.get(test.path)
			require.Equal(t, 200, r.Status, r.Text)
			assert.Equal(t, test.want, r.column(t, test.column))
		})
	}
}

func TestFiltersRefuseUnknownValues(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	tests := map[string]string{
		"virtualization/virtual-machines/?tag=nope":         `{"tag":["Select a valid choice. nope is not one of the available choices."]}`,
		"virtualization/virtual-machines/?cluster_id=99":    `{"cluster_id":["Select a valid choice. 99 is not one of the available choices."]}`,
		"virtualization/virtual-machines/?cluster_id=abc":   `{"cluster_id":["“abc” is not a valid value."]}`,
		"virtualization/virtual-machines/?status=nope":      `{"status":["Select a valid choice. nope is not one of the available choices."]}`,
		"virtualization/virtual-machines/?id=abc":           `{"id":["Enter a whole number."]}`,
		"virtualization/interfaces/?virtual_machine_id=99":  `{"virtual_machine_id":["Select a valid choice. 99 is not one of the available choices."]}`,
		"virtualization/interfaces/?mac_address=zz":         `{"mac_address":["Invalid MAC address format: zz"]}`,
		"virtualization/virtual-machines/?start=1&offset=1": `["'start' and 'offset' are mutually exclusive."]`,
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := c.get(path)
			assert.Equal(t, 400, r.Status)
			assert.Equal(t, want, r.Text)
		})
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := start(t, &netboxtest.Options{MaxPageSize: 2})
	c.estate()
	path := "virtualization/virtual-machines/?fields=name"
	assert.Equal(t, `{"count":3,"next":"http://netbox/api/virtualization/virtual-machines/?fields=name&limit=2&offset=2",`+
		`"previous":null,"results":[{"name":"vm1"},{"name":"vm2"}]}`, c.get(path+"&limit=1000").Text, "clamped")
	assert.Equal(t, []string{"vm1", "vm2"}, c.get(path+"&limit=0").column(t, "name"))
	assert.Equal(t, `{"count":3,"next":null,"previous":"http://netbox/api/virtualization/virtual-machines/?fields=name&limit=2",`+
		`"results":[{"name":"vm10"}]}`, c.get(path+"&limit=2&offset=2").Text)
	assert.Equal(t, `{"count":null,"next":"http://netbox/api/virtualization/virtual-machines/?fields=name&limit=2&start=3",`+
		`"previous":null,"results":[{"name":"vm1"},{"name":"vm10"}]}`, c.get(path+"&limit=2&start=1").Text)
	assert.Equal(t, `{"count":null,"next":null,"previous":null,"results":[{"name":"vm2"}]}`, c.get(path+"&limit=2&start=3").Text)
}

func TestCursorIsIgnoredBefore46(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.5")
	c.estate()
	assert.Equal(t, []string{"vm1", "vm2", "vm10"}, c.get("virtualization/virtual-machines/?start=3").column(t, "name"))
}

func TestSelectedFields(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	assert.Equal(t, `{"id":1,"virtual_machine":{"id":1,"url":"http://netbox/api/virtualization/virtual-machines/1/",`+
		`"display":"vm1","name":"vm1","description":""},"name":"net0"}`,
		c.get("virtualization/interfaces/1/?fields=name,id,virtual_machine,bogus").Text, "in the model's order")
	assert.Equal(t, `{"id":1,"url":"http://netbox/api/dcim/sites/1/","display":"s1","name":"s1","slug":"s1","description":""}`,
		c.get("dcim/sites/1/?brief=true").Text)
	_, there := c.get("dcim/sites/1/?omit=tags,asns").object(t)["tags"]
	assert.False(t, there)
	_, there = c.get("virtualization/virtual-machines/1/?exclude=config_context").object(t)["config_context"]
	assert.True(t, there, "4.7 always returns it")

	old := startVersion(t, "4.4")
	old.estate()
	_, there = old.get("virtualization/virtual-machines/1/?exclude=config_context").object(t)["config_context"]
	assert.False(t, there)
	_, there = old.get("dcim/sites/1/?omit=tags").object(t)["tags"]
	assert.True(t, there, "omit is ignored before 4.5.2")
}

func TestRendering(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	require.Equal(t, 200, c.patch("virtualization/virtual-machines/1/", `{"vcpus":"2","role":1}`).Status)
	vm := c.get("virtualization/virtual-machines/1/").Text
	for _, part := range []string{
		`"vcpus":2.0`, `"disk":1500`, `"status":{"value":"active","label":"Active"}`,
		`"site":{"id":1,"url":"http://netbox/api/dcim/sites/1/","display":"s1","name":"s1","slug":"s1","description":""}`,
		`"cluster":{"id":1,"url":"http://netbox/api/virtualization/clusters/1/","display":"c1","name":"c1","description":""}`,
		`"primary_ip":{"id":1,"url":"http://netbox/api/ipam/ip-addresses/1/","display":"10.0.0.5/24","family":{"value":4,"label":"IPv4"},` +
			`"address":"10.0.0.5/24","nat_inside":null,"nat_outside":[],"dns_name":"","description":""}`,
		`"tags":[{"id":1,"url":"http://netbox/api/extras/tags/1/","display_url":"http://netbox/extras/tags/1/","display":"T1",` +
			`"name":"T1","slug":"t1","color":"9e9e9e"}]`,
		`"custom_fields":{"exact":"hi","loose":"hi","number":null,"pick":{"value":"a","label":"A"}}`,
		`"interface_count":2,"virtual_disk_count":2`,
	} {
		assert.Contains(t, vm, part)
	}
	assert.Contains(t, c.get("virtualization/interfaces/1/").Text, `"mac_address":"AA:BB:CC:00:00:01"`)
	assert.Contains(t, c.get("dcim/mac-addresses/1/").Text, `"is_primary":true`)

	old := startVersion(t, "4.6")
	old.estate()
	assert.Contains(t, old.get("virtualization/virtual-machines/1/").Text, `"pick":"a"`)
	assert.NotContains(t, old.get("dcim/mac-addresses/1/").Text, "is_primary")
}
