package netboxtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const machines = "virtualization/virtual-machines/"

func TestBulkCreate(t *testing.T) {
	t.Parallel()
	duplicate := `{"__all__":["Virtual machine name must be unique per cluster and tenant."]}`
	tests := []struct {
		name, version, path, body string
		status                    int
		answer                    string
	}{
		{"empty list", "4.7", machines, `[]`, 201, `[]`},
		{
			"all errors, by index", "4.7", machines,
			`[{"name":"a","cluster":1},{"name":"b","cluster":1,"status":"nope"},{"name":"c","cluster":1},{"name":"VM1","cluster":1},5]`, 400,
			`{"detail":"3 of 5 objects could not be created.","errors":[{"index":1,"errors":{"status":["nope is not a valid choice."]}},` +
				`{"index":3,"errors":` + duplicate + `},` +
				`{"index":4,"errors":{"__all__":["Invalid data. Expected a dictionary, but got int."]}}]}`,
		},
		{
			"duplicates within the batch", "4.7", machines, `[{"name":"a","cluster":1},{"name":"A","cluster":1}]`, 400,
			`{"detail":"1 of 2 objects could not be created.","errors":[{"index":1,"errors":` + duplicate + `}]}`,
		},
		{
			"duplicate addresses within the batch", "4.7", "ipam/ip-addresses/", `[{"address":"10.9.0.1/24"},{"address":"10.9.0.1/32"}]`, 400,
			`{"detail":"1 of 2 objects could not be created.","errors":[{"index":1,"errors":` +
				`{"address":["Duplicate IP address found in global table: 10.9.0.1/24"]}}]}`,
		},
		{
			"aligned errors", "4.6", machines, `[{"name":"a","cluster":1},{"name":"b","cluster":1,"status":"nope"},{"name":"vm1","cluster":1}]`, 400,
			`[{},{"status":["nope is not a valid choice."]},{"__all__":["Virtual machine name must be unique per cluster."]}]`,
		},
		{
			"database refuses duplicates within the batch", "4.6", machines, `[{"name":"a","cluster":1},{"name":"a","cluster":1}]`, 500,
			`{"error": "duplicate key value violates unique constraint \"virtualization_virtualmachine_unique_name_cluster_tenant\"\n` +
				`DETAIL:  Key (lower(name::text), cluster_id, tenant_id)=(a, 1, null) already exists.", "exception": "IntegrityError", ` +
				`"netbox_version": "4.6.10", "python_version": "3.12.1"}`,
		},
		{
			"devices in sequence", "4.6", "dcim/devices/",
			`[{"name":"a","site":1,"role":1,"device_type":1},{"name":"A","site":1,"role":1,"device_type":1},{}]`, 400,
			`{"__all__":["Device name must be unique per site."]}`,
		},
	}
	for _, test := range tests {
		t.Run(test.version+" "+test.name, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, test.version)
			c.estate()
			before, rows := c.get(test.path+"?limit=0").Text, len(c.server.Changes())
			r := c.post(test.path, test.body)
			assert.Equal(t, test.status, r.Status)
			assert.Equal(t, test.answer, r.Text)
			assert.Equal(t, before, c.get(test.path+"?limit=0").Text, "nothing is left of a refused batch")
			assert.Len(t, c.server.Changes(), rows)
		})
	}
}

func TestOldBulkCreateLetsDuplicateAddressesIn(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.6")
	r := c.post("ipam/ip-addresses/", `[{"address":"10.9.0.1/24"},{"address":"10.9.0.1/24"}]`)
	assert.Equal(t, 201, r.Status)
	assert.Equal(t, []string{"10.9.0.1/24", "10.9.0.1/24"}, r.column(t, "address"))
}

func TestIdsOfRefusedObjectsAreUsedUp(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	require.Equal(t, 400, c.post("dcim/sites/", `[{"name":"a","slug":"a"},{}]`).Status)
	assert.Equal(t, []string{"2"}, c.post("dcim/sites/", `[{"name":"a","slug":"a"}]`).column(t, "id"))
}

func TestBulkUpdate(t *testing.T) {
	t.Parallel()
	duplicate := `{"__all__":["Virtual machine name must be unique per cluster and tenant."]}`
	tests := []struct {
		name, version, body string
		status              int
		answer              string // "" compares names instead
		names               []string
	}{
		{"in model order", "4.7", `[{"id":2,"comments":"x"},{"id":3,"comments":"x"},{"id":1,"comments":"x"}]`, 200, "", []string{"vm1", "vm2", "vm10"}},
		{"ids as text", "4.7", `[{"id":"1","name":"renamed"}]`, 200, "", []string{"renamed"}},
		{"ids as text are lost", "4.6", `[{"id":"1","name":"renamed"}]`, 200, "", []string{}},
		{"empty", "4.7", `[]`, 200, `[]`, nil},
		{
			"one bad", "4.7", `[{"id":1,"comments":"x"},{"id":2,"status":"nope"}]`, 400,
			`{"detail":"1 of 2 objects could not be updated.","errors":[{"id":2,"errors":{"status":["nope is not a valid choice."]}}]}`, nil,
		},
		{"first bad alone", "4.6", `[{"id":3,"status":"b"},{"id":2,"status":"c"}]`, 400, `{"status":["b is not a valid choice."]}`, nil},
		{
			"unknown id", "4.7", `[{"id":1},{"id":99}]`, 400,
			`{"detail":"1 of 2 objects could not be found.","errors":[{"id":99,"errors":{"id":["Object with ID 99 does not exist"]}}]}`, nil,
		},
		{"unknown id is left out", "4.6", `[{"id":1},{"id":99}]`, 200, "", []string{"vm1"}},
		{
			"missing id", "4.7", `[{"id":1},{}]`, 400,
			`{"detail":"1 of 2 objects failed validation.","errors":[{"index":1,"errors":{"id":["This field is required."]}}]}`, nil,
		},
		{
			"repeated id", "4.7", `[{"id":1},{"id":1}]`, 400,
			`{"detail":"1 of 2 objects are listed more than once.","errors":[{"id":1,"errors":` +
				`{"id":["Each object may be specified only once; ID 1 is listed 2 times"]}}]}`, nil,
		},
		{"last of the repeated wins", "4.6", `[{"id":1,"name":"first"},{"id":1,"name":"last"}]`, 200, "", []string{"last"}},
		{"no list", "4.7", `{"id":1}`, 400, `{"detail":"Expected a list of objects, but got dict."}`, nil},
		{
			"swap needs two steps", "4.7", `[{"id":1,"name":"vm10"},{"id":2,"name":"vm1"}]`, 400,
			`{"detail":"2 of 2 objects could not be updated.","errors":[{"id":1,"errors":` + duplicate + `},{"id":2,"errors":` + duplicate + `}]}`, nil,
		},
	}
	for _, test := range tests {
		t.Run(test.version+" "+test.name, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, test.version)
			c.estate()
			r := c.patch(machines, test.body)
			assert.Equal(t, test.status, r.Status, r.Text)
			if test.names != nil {
				assert.Equal(t, test.names, r.column(t, "name"))
				return
			}
			assert.Equal(t, test.answer, r.Text)
			assert.Equal(t, []string{"", "", ""}, c.get(machines).column(t, "comments"), "rolled back")
		})
	}
}

func TestBulkDelete(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, version, path, body string
		status                    int
		answer                    string
		left                      []string
	}{
		{"two", "4.7", machines, `[{"id":2},{"id":3}]`, 204, "", []string{"vm1"}},
		{"empty", "4.7", machines, `[]`, 204, "", []string{"vm1", "vm2", "vm10"}},
		{"no body", "4.7", machines, ``, 400, `{"detail":"Expected a list of objects, but no data was submitted."}`, []string{"vm1", "vm2", "vm10"}},
		{
			"unknown id", "4.7", machines, `[{"id":2},{"id":99}]`, 400,
			`{"detail":"1 of 2 objects could not be found.","errors":[{"id":99,"errors":{"id":["Object with ID 99 does not exist"]}}]}`,
			[]string{"vm1", "vm2", "vm10"},
		},
		{"unknown id is ignored", "4.6", machines, `[{"id":2},{"id":99}]`, 204, "", []string{"vm1", "vm2"}},
		{
			"protected", "4.7", "virtualization/clusters/", `[{"id":2},{"id":1}]`, 409,
			`{"detail":"1 of 2 objects could not be deleted.","errors":[{"id":1,"errors":` +
				`{"__all__":["Unable to delete: 2 dependent object(s) prevent deletion."]}}]}`,
			[]string{"c1", "c2"},
		},
		{
			"protected", "4.6", "virtualization/clusters/", `[{"id":2},{"id":1}]`, 409,
			`{"detail":"Unable to delete object. 2 dependent objects were found: vm1 (1), vm10 (2)"}`,
			[]string{"c1", "c2"},
		},
	}
	for _, test := range tests {
		t.Run(test.version+" "+test.name, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, test.version)
			c.estate()
			r := c.remove(test.path, test.body)
			assert.Equal(t, test.status, r.Status, r.Text)
			assert.Equal(t, test.answer, r.Text)
			assert.Equal(t, test.left, c.get(test.path).column(t, "name"))
		})
	}
}

func TestSelectionAppliesToWrites(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	c.estate()
	r := c.post(machines+"?fields=id,name", `{"name":"x","cluster":1}`)
	assert.Equal(t, `{"__all__":["A virtual machine must be assigned to a site, cluster, or device."]}`, r.Text)
	r = c.post(machines+"?fields=id,name,cluster", `{"name":"x","cluster":1,"comments":"lost"}`)
	require.Equal(t, 201, r.Status)
	assert.Empty(t, r.Header.Get("Location"), "there is no url in the answer")
	assert.Equal(t, []string{""}, c.get(machines+"?name=x").column(t, "comments"))
	assert.Equal(t, `[{"id":1,"comments":"y"}]`, c.patch(machines+"?fields=id,comments", `[{"id":1,"name":"lost","comments":"y"}]`).Text)
	c.patch(machines+"1/?omit=tags", `{"tags":[]}`)
	assert.Equal(t, []string{"vm1"}, c.get(machines+"?tag=t1&id=1").column(t, "name"))
}

func TestBackground(t *testing.T) {
	t.Parallel()
	c := start(t, nil)
	r := c.post("dcim/sites/?background=true", `[{"name":"a","slug":"a"}]`)
	assert.Equal(t, 503, r.Status)
	assert.Equal(t, `{"detail":"Unable to process request: RQ worker process not running."}`, r.Text)
	assert.Equal(t, 201, c.post("dcim/sites/?background=true", `{"name":"a","slug":"a"}`).Status, "single objects ignore it")
	assert.Equal(t, 201, startVersion(t, "4.6").post("dcim/sites/?background=true", `[{"name":"a","slug":"a"}]`).Status)
}
