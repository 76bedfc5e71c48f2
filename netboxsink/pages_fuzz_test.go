package netboxsink

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/netbox-community/go-netbox/v4"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// FuzzObjects feeds one object to the readers of all kinds of objects: it is taken, odd in some fields, or an error of one
// line.
func FuzzObjects(f *testing.F) {
	for _, raw := range []string{
		`{"id":1,"name":"a","status":{"value":"active","label":"Active"},"cluster":{"id":2,"name":"c","slug":"c"},"custom_fields":{"proxbox_source":"lab","proxmox_vm_id":"100"}}`,
		`{"id":"7","vcpus":"2.00","memory":1e3,"tags":[{"id":1,"slug":"proxbox"}],"custom_fields":null,"primary_ip4":{"id":3,"address":"192.0.2.1/24"}}`,
		`{"id":3,"address":"192.0.2.1/24","assigned_object_type":"dcim.interface","assigned_object_id":"4","vrf":[]}`,
		`{"id":4,"mac_address":null,"virtual_machine":{"id":5},"mode":"access","untagged_vlan":{"vid":7},"mac_addresses":[{"id":1}]}`,
		`{"id":0}`, `{"id":-1}`, `{"id":1e400}`, `{}`, `null`, `7`, `[]`, `{"id":1,"size":"x","name":{},"slug":7}`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		fuzzObject(t, raw, KindVirtualMachine, (*reading).foreignMachine)
		fuzzObject(t, raw, KindDevice, (*reading).foreignDevice)
		fuzzObject(t, raw, KindCluster, (*reading).foreignCluster)
		fuzzObject(t, raw, KindVLAN, (*reading).vlan)
		fuzzObject(t, raw, KindVLANGroup, (*reading).vlanGroup)
		fuzzObject(t, raw, KindLocation, (*reading).location)
		fuzzObject(t, raw, KindTag, func(r *reading, o *sharedObject) { r.sharedObject(KindTag, o) })
		fuzzObject(t, raw, KindAddress, func(r *reading, a *addressObject) { r.heldAddress(a, nil) })
		fuzzObject(t, raw, KindInterface, func(_ *reading, i *interfaceObject) { i.unit() })
		fuzzObject(t, raw, KindDisk, func(*reading, *diskObject) {})
		fuzzObject(t, raw, KindMAC, func(*reading, *macObject) {})
	})
}

func fuzzObject[T any](t *testing.T, raw []byte, kind sync.Kind, add func(*reading, *T)) {
	p := pager[T]{client: &client{logger: slog.New(slog.DiscardHandler)}, kind: kind}
	if err := p.take(t.Context(), slices.Concat([]byte(`{"results":[`), raw, []byte(`]}`))); err != nil {
		require.NotContains(t, err.Error(), "\n")
		return
	}
	require.Len(t, p.found, 1)
	require.Positive(t, p.last)
	r := newReading(&sync.State{})
	add(r, &p.found[0])
	for _, record := range r.records {
		require.NotEmpty(t, record.Key.Kind)
	}
}

// FuzzRefusals feeds whatever comes with a status of 300 or more to what makes an error of it: one line of bounded length,
// without the token.
func FuzzRefusals(f *testing.F) {
	for _, body := range []string{
		`{"detail":"You do not have permission to perform this action."}`, `{"detail":"Invalid token"}`, `{"name":["no"]}`, `<html>`, ``, `null`,
		`{"error":"deadlock","exception":"OperationalError"}`, `{"detail":"nbt_abc.secretcanary"}`, `"secretcanary"`, `{"secretcanary":["x"]}`,
	} {
		for _, code := range []int{302, 400, 403, 404, 429, 500, 502} {
			f.Add(code, []byte(body), "https://login.example.com/?token=secretcanary")
		}
	}
	f.Fuzz(func(t *testing.T, code int, body []byte, location string) {
		if code < 300 || code > 599 {
			return
		}
		configuration := netbox.NewConfiguration()
		configuration.AddDefaultHeader("Authorization", "Bearer nbt_abc.secretcanary")
		c := &client{base: "https://netbox.example.com", configuration: configuration}
		response := &http.Response{StatusCode: code, Header: http.Header{"Location": {location}, "Retry-After": {location}}}
		err := c.statusError(http.MethodPost, "/api/dcim/devices/", response, c.hideToken(body))
		passing(err)
		text := err.Error()
		require.NotContains(t, text, "\n")
		require.Less(t, len(text), 2000+len(location)*3)
		if !strings.Contains(location, "secretcanary") || strings.HasPrefix(location, "https://login.example.com/?") {
			require.NotContains(t, text, "secretcanary")
		}
	})
}
