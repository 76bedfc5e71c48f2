package netboxtest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// refusal is one write that NetBox refuses with 400.
type refusal struct{ version, method, path, body, answer string }

func checkRefusals(t *testing.T, tests []refusal) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.version+" "+test.method+" "+test.path+" "+test.body, func(t *testing.T) {
			t.Parallel()
			c := startVersion(t, test.version)
			c.estate()
			rows := len(c.server.Changes())
			r := c.do(test.method, test.path, test.body)
			assert.Equal(t, http.StatusBadRequest, r.Status)
			assert.Equal(t, test.answer, r.Text)
			assert.Len(t, c.server.Changes(), rows)
		})
	}
}

func TestFieldChecks(t *testing.T) {
	t.Parallel()
	post := func(body, answer string) refusal { return refusal{"4.7", http.MethodPost, machines, body, answer} }
	checkRefusals(t, []refusal{
		post(`{}`, `{"name":["This field is required."]}`),
		post(`{"name":null}`, `{"name":["This field may not be null."]}`),
		post(`{"name":"  "}`, `{"name":["This field may not be blank."]}`),
		post(`{"name":true}`, `{"name":["Not a valid string."]}`),
		post(`{"name":"a\u0000b"}`, `{"name":["Null characters are not allowed."]}`),
		post(`{"name":"`+strings.Repeat("x", 65)+`"}`, `{"name":["Ensure this field has no more than 64 characters."]}`),
		post(`{"name":"a","status":null}`, `{"status":["This field may not be blank."]}`),
		post(`{"name":"a","status":{"value":"active"}}`, `{"status":["Value must be passed directly (e.g. \"foo\": 123); do not use a dictionary or list."]}`),
		post(`{"name":"a","status":5}`, `{"status":["5 is not a valid choice."]}`),
		post(`{"name":"a","memory":2048.5}`, `{"memory":["A valid integer is required."]}`),
		post(`{"name":"a","memory":-1}`, `{"memory":["Ensure this value is greater than or equal to 0."]}`),
		post(`{"name":"a","memory":99999999999}`, `{"memory":["Ensure this value is less than or equal to 2147483647."]}`),
		post(`{"name":"a","vcpus":1.234}`, `{"vcpus":["Ensure that there are no more than 2 decimal places."]}`),
		post(`{"name":"a","vcpus":123456}`, `{"vcpus":["Ensure that there are no more than 4 digits before the decimal point."]}`),
		post(`{"name":"a","vcpus":"x"}`, `{"vcpus":["A valid number is required."]}`),
		post(`{"name":"a","cluster":1,"vcpus":0}`, `{"vcpus":["Ensure this value is greater than or equal to 0.01000000000000000020816681711721685132943093776702880859375."]}`),
		post(`{"name":"a","cluster":1,"local_context_data":[1]}`, `{"local_context_data":["JSON data must be in object form. Example: {\"foo\": 123}"]}`),
		{"4.7", http.MethodPost, "dcim/sites/", `{"name":"s1","slug":"a b"}`, `{"name":["site with this name already exists."],"slug":["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."]}`},
		{"4.7", http.MethodPost, "virtualization/interfaces/", `{"name":"x","virtual_machine":1,"enabled":"maybe","mtu":0}`, `{"enabled":["Must be a valid boolean."],"mtu":["Ensure this value is greater than or equal to 1."]}`},
	})
}

func TestReferences(t *testing.T) {
	t.Parallel()
	post := func(reference, answer string) refusal {
		return refusal{"4.7", http.MethodPost, machines, `{"name":"a","cluster":` + reference + `}`, `{"cluster":["` + answer + `"]}`}
	}
	checkRefusals(t, []refusal{
		post(`99`, "Related object not found using the provided numeric ID: 99"),
		post(`"99"`, "Related object not found using the provided numeric ID: 99"),
		post(`"c1"`, "Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: c1"),
		post(`[1]`, "Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: [1]"),
		post(`{"name":"C1"}`, "Related object not found using the provided attributes: {'name': 'C1'}"),
		post(`{"name":"c1","type":{"slug":"q"}}`, "Related object not found using the provided attributes: {'name': 'c1', 'type__slug': 'q'}"),
		post(`{"type":{"slug":"ct"}}`, "Multiple objects match the provided attributes: {'type__slug': 'ct'}"),
	})
	c := startVersion(t, "4.7")
	c.estate()
	for i, reference := range []string{`1`, `"1"`, `{"name":"c1"}`, `{"name":"c1","type":{"slug":"ct"}}`, `{"id":1}`} {
		r := c.post(machines, `{"name":"ok`+string(rune('a'+i))+`","cluster":`+reference+`}`)
		assert.Equal(t, 201, r.Status, r.Text)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	patch := func(version, body, answer string) refusal {
		return refusal{version, http.MethodPatch, machines + "1/", body, answer}
	}
	checkRefusals(t, []refusal{
		patch("4.7", `{"tags":"t1"}`, `{"tags":{"__all__":["Expected a list of items but got type \"str\"."]}}`),
		patch("4.6", `{"tags":"t1"}`, `{"tags":{"non_field_errors":["Expected a list of items but got type \"str\"."]}}`),
		patch("4.7", `{"tags":["t1"]}`, `{"tags":["Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: t1"]}`),
		patch("4.7", `{"tags":[{"slug":"nope"}]}`, `{"tags":["Related object not found using the provided attributes: {'slug': 'nope'}"]}`),
		patch("4.7", `{"tags":null}`, `{"tags":["This field may not be null."]}`),
		patch("4.7", `{"tags":[1],"add_tags":[2]}`, `{"tags":["Cannot specify \"tags\" together with \"add_tags\" or \"remove_tags\"."]}`),
		patch("4.7", `{"add_tags":[2],"remove_tags":[2]}`, `{"remove_tags":["Tags may not be present in both \"add_tags\" and \"remove_tags\": T2"]}`),
		{"4.7", http.MethodPost, machines, `{"name":"a","cluster":1,"remove_tags":[1]}`, `{"remove_tags":["Cannot use \"remove_tags\" when creating a new object."]}`},
	})
	c := startVersion(t, "4.7")
	c.estate()
	tagsOf := func() []string { return c.get("extras/tags/?fields=tagged_items").column(t, "tagged_items") }
	c.patch(machines+"1/", `{"add_tags":[{"slug":"t2"}]}`)
	assert.Equal(t, []string{"2", "2"}, tagsOf())
	c.patch(machines, `[{"id":1,"remove_tags":[1]}]`)
	assert.Equal(t, []string{"1", "2"}, tagsOf())
	c.patch(machines+"1/", `{"tags":["1"]}`)
	assert.Equal(t, []string{"2", "1"}, tagsOf(), "tags replaces")

	c.create("extras/tags", `{"name":"T3","slug":"t3","object_types":["dcim.device"]}`)
	assert.Equal(t, `{"detail":"Tag T3 cannot be assigned to virtualmachine objects."}`, c.patch(machines+"1/", `{"tags":[3]}`).Text)

	old := startVersion(t, "4.5")
	old.estate()
	assert.Equal(t, 200, old.patch(machines+"1/", `{"add_tags":[2]}`).Status)
	assert.Equal(t, []string{"vm10"}, old.get(machines+"?tag=t2").column(t, "name"), "unknown key before 4.6")
}

func TestCustomFields(t *testing.T) {
	t.Parallel()
	patch := func(version, data, answer string) refusal {
		return refusal{version, http.MethodPatch, machines + "1/", `{"custom_fields":` + data + `}`, answer}
	}
	unknown := `{"custom_fields":{"nope":"Custom field 'nope' does not exist for this object type."}}`
	checkRefusals(t, []refusal{
		patch("4.7", `"x"`, `{"custom_fields":["Invalid data format. Custom field data must be passed as a dictionary mapping field names to their values."]}`),
		patch("4.7", `null`, `{"custom_fields":["This field may not be null."]}`),
		patch("4.7", `{"nope":1}`, unknown),
		patch("4.5", `{"nope":1}`, unknown),
		patch("4.7", `{"exact":5}`, `{"__all__":["Invalid value for custom field 'exact': Value must be a string."]}`),
		patch("4.7", `{"number":"5"}`, `{"__all__":["Invalid value for custom field 'number': Value must be an integer."]}`),
		patch("4.7", `{"number":0}`, `{"__all__":["Invalid value for custom field 'number': Value must be at least 1.0000"]}`),
		patch("4.7", `{"pick":"z"}`, `{"__all__":["Invalid value for custom field 'pick': Invalid choice (z) for choice set cs."]}`),
		patch("4.7", `{"pick":{"value":"a"}}`, `{"__all__":["Invalid value for custom field 'pick': Invalid choice ({'value': 'a'}) for choice set cs."]}`),
	})
	old := startVersion(t, "4.4")
	old.estate()
	r := old.patch(machines+"1/", `{"custom_fields":{"nope":1,"number":3}}`)
	assert.Contains(t, r.Text, `"custom_fields":{"exact":"hi","loose":"hi","number":3,"pick":"a"}`, "merged, unknown dropped")

	c := startVersion(t, "4.7")
	c.estate()
	c.create("extras/custom-fields", `{"name":"must","type":"text","required":true,"object_types":["dcim.site"]}`)
	assert.Equal(t, `{"__all__":["Invalid value for custom field 'must': Required field cannot be empty."]}`,
		c.post("dcim/sites/", `{"name":"x","slug":"x"}`).Text)
	assert.Equal(t, `{"__all__":["Missing required custom field 'must'."]}`,
		c.post("dcim/sites/", `{"name":"x","slug":"x","custom_fields":{}}`).Text)
}

func TestDefaultsOfCustomFieldsNeedTheFieldInTheAnswer(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.create("extras/custom-fields", `{"name":"plain","type":"text","object_types":["dcim.site"]}`)
	c.create("extras/custom-fields", `{"name":"usual","type":"text","default":"yes","object_types":["dcim.site"]}`)
	assert.Equal(t, `{"name":"a","slug":"a","custom_fields":{"plain":null,"usual":"yes"}}`,
		c.post("dcim/sites/?fields=name,slug,custom_fields", `{"name":"a","slug":"a"}`).Text)
	assert.Equal(t, `{"name":"b","slug":"b"}`, c.post("dcim/sites/?fields=name,slug", `{"name":"b","slug":"b"}`).Text)
	assert.Contains(t, string(c.server.Changes()[len(c.server.Changes())-1].After), `"custom_fields":{"usual":"yes"}`)
	c.create("extras/custom-fields", `{"name":"must","type":"text","required":true,"default":"ok","object_types":["dcim.site"]}`)
	assert.Equal(t, 201, c.post("dcim/sites/?fields=name,slug,custom_fields", `{"name":"c","slug":"c"}`).Status)
	assert.Equal(t, `{"__all__":["Missing required custom field 'must'."]}`,
		c.post("dcim/sites/?fields=name,slug", `{"name":"d","slug":"d"}`).Text)
}

func TestNormalization(t *testing.T) {
	t.Parallel()
	c := startVersion(t, "4.7")
	c.estate()
	r := c.patch(machines+"1/?fields=name,comments,vcpus,memory,description", `{"name":"  pad  ","comments":" a\r\nb ","vcpus":"2","memory":"512","description":"\t"}`)
	assert.Equal(t, `{"name":"pad","vcpus":2.0,"memory":512,"description":"","comments":"a\r\nb"}`, r.Text)
	r = c.patch("ipam/ip-addresses/2/?fields=address,dns_name", `{"address":"2001:DB8::5","dns_name":"FOO.example"}`)
	assert.Equal(t, `{"address":"2001:db8::5/128","dns_name":"foo.example"}`, r.Text)
	for _, mac := range []string{"aabb.cc00.0001", "AA-BB-CC-00-00-01", "aabbcc000001", "aa:bb:cc:0:0:1"} {
		r = c.post("dcim/mac-addresses/?fields=mac_address", `{"mac_address":"`+mac+`"}`)
		assert.Equal(t, `{"mac_address":"AA:BB:CC:00:00:01"}`, r.Text, mac)
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	field := func(body, answer string) refusal {
		return refusal{"4.7", http.MethodPost, "extras/custom-fields/", `{"object_types":["dcim.site"],` + body, answer}
	}
	set := func(choices, answer string) refusal {
		return refusal{"4.7", http.MethodPost, "extras/custom-field-choice-sets/", `{"name":"x","extra_choices":` + choices + `}`, answer}
	}
	checkRefusals(t, []refusal{
		field(`"name":"Bad-Name","type":"text"}`, `{"name":["Only alphanumeric characters and underscores are allowed."]}`),
		field(`"name":"a__b","type":"text"}`, `{"name":["Double underscores are not permitted in custom field names."]}`),
		field(`"name":"exact","type":"text"}`, `{"name":["custom field with this name already exists."]}`),
		field(`"name":"x","type":"select"}`, `{"choice_set":["Selection fields must specify a set of choices."]}`),
		field(`"name":"x","type":"text","choice_set":1}`, `{"choice_set":["Choices may be set only on selection fields."]}`),
		field(`"name":"x","type":"object"}`, `{"related_object_type":["Object fields must define an object type."]}`),
		field(`"name":"x","type":"integer","default":"y"}`, `{"default":["Invalid default value \"y\": Value must be an integer."]}`),
		{"4.7", http.MethodPatch, "extras/custom-fields/1/", `{"type":"integer"}`, `{"type":["Changing the type of custom fields is not supported."]}`},
		set(`[]`, `{"__all__":["Must define base or extra choices."]}`),
		set(`[["a","A"],["a","B"]]`, `{"__all__":["Duplicate value 'a' found in extra choices."]}`),
		set(`[["a"]]`, `{"extra_choices":{"0":["Ensure this field has at least 2 elements."]}}`),
		{"4.7", http.MethodPost, "extras/tags/", `{"name":"T1","slug":"x","color":"red"}`, `{"name":["tag with this name already exists."],"color":["Enter a valid hexadecimal RGB color code."]}`},
		{"4.7", http.MethodPost, "virtualization/clusters/", `{"name":"x","type":1,"scope_type":"dcim.site"}`, `{"__all__":["Please select a site."]}`},
		{"4.7", http.MethodPatch, "virtualization/clusters/1/", `{"scope_id":2}`, `{"scope":["1 devices are assigned as hosts for this cluster but are not in site s2"]}`},
		{"4.7", http.MethodPost, "ipam/vlan-groups/", `{"name":"x","slug":"x","vid_ranges":[[1,5000]]}`, `{"vid_ranges":["Ending VLAN ID in range (5000) cannot exceed 4094"]}`},
	})
	c := startVersion(t, "4.7")
	c.estate()
	r := c.post("virtualization/clusters/", `{"name":"c1","type":1,"scope_type":"dcim.site","scope_id":1}`)
	assert.Equal(t, 500, r.Status, "only the database sees it")
	assert.Contains(t, r.Text, `Key (_site_id, name)=(1, c1) already exists.`)
	rows := len(c.server.Changes())
	c.create("extras/custom-fields", `{"name":"filled","type":"text","default":"d","object_types":["dcim.site"]}`)
	assert.Contains(t, c.get("dcim/sites/1/").Text, `"custom_fields":{"filled":"d"}`, "a default fills what is there")
	assert.Len(t, c.server.Changes(), rows+1)
	c.remove("extras/custom-fields/5/", nil)
	assert.Contains(t, c.get("dcim/sites/1/").Text, `"custom_fields":{}`)
}
