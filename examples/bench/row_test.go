package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func tableOf(t *testing.T, path string) table {
	t.Helper()
	for _, one := range tables() {
		if one.path == path {
			return one
		}
	}
	require.Fail(t, "no such table", path)
	return table{}
}

func parsed(t *testing.T, in table, text string) row {
	t.Helper()
	r, err := parseRow(in, json.RawMessage(text))
	require.NoError(t, err)
	return r
}

// TestRow: what is read becomes what is written, with the ids of another NetBox.
func TestRow(t *testing.T) {
	t.Parallel()
	machines, addresses := tableOf(t, machinePath), tableOf(t, addressPath)
	r := parsed(t, machines, `{"id":7,"name":"web","status":{"value":"active","label":"Active"},"vcpus":2.0,"comments":"",
		"cluster":{"id":3,"name":"lab"},"role":null,"primary_ip4":{"id":9},"tags":[{"id":1,"name":"Proxbox","slug":"proxbox"}],
		"custom_fields":{"proxmox_vm_id":100,"proxbox_memory":{"net0":{"value":1}},"proxmox_pool":null},"created":"today"}`)
	now, late := r.split(machines.late)
	f := &floor{ids: map[ref]int64{{clusterPath, 3}: 30, {addressPath, 9}: 90, {machinePath, 7}: 70}}
	written := func(in table, method string, r row) string {
		raw, err := json.Marshal(f.body(in, method, r))
		require.NoError(t, err)
		return string(raw)
	}
	assert.JSONEq(t, `{"name":"web","status":"active","vcpus":2.0,"cluster":30,"tags":[{"slug":"proxbox"}],
		"custom_fields":{"proxmox_vm_id":100,"proxbox_memory":{"net0":{"value":1}}}}`, written(machines, http.MethodPost, now))
	assert.JSONEq(t, `{"id":70,"primary_ip4":90}`, written(machines, http.MethodPatch, late))

	changed := parsed(t, machines, `{"id":7,"name":"web","status":{"value":"offline"},"cluster":{"id":3},"custom_fields":{"proxmox_vm_id":100}}`)
	assert.JSONEq(t, `{"id":70,"status":"offline","vcpus":null,"tags":[],"primary_ip4":null,"custom_fields":{"proxbox_memory":null}}`,
		written(machines, http.MethodPatch, changed.difference(r)))
	assert.True(t, r.difference(r).empty())

	address := parsed(t, addresses, `{"id":9,"address":"192.0.2.1/24","assigned_object_type":"virtualization.vminterface","assigned_object_id":4}`)
	assert.Equal(t, map[string]ref{"assigned_object_id": {interfacePath, 4}}, address.refs)
}

// TestBatches keeps the disks of a machine together.
func TestBatches(t *testing.T) {
	t.Parallel()
	var rows []row
	for disk := range 3 {
		for machine := range 50 {
			rows = append(rows, row{id: int64(50*disk + machine), parent: int64(machine)})
		}
	}
	seen, total := map[int64]int{}, 0
	for i, list := range batches(tableOf(t, diskPath), rows) {
		assert.LessOrEqual(t, len(list), batchSize)
		total += len(list)
		for _, r := range list {
			before, known := seen[r.parent]
			assert.True(t, !known || before == i, "machine %d is in two lists", r.parent)
			seen[r.parent] = i
		}
	}
	assert.Equal(t, len(rows), total)
	assert.Len(t, batches(tableOf(t, addressPath), rows), 2)
}

// TestOrder writes the machines of one type after those of another.
func TestOrder(t *testing.T) {
	t.Parallel()
	var rows []row
	for i := range 150 {
		rows = append(rows, row{id: int64(i), refs: map[string]ref{"virtual_machine_type": {machineTypePath, int64(i % 2)}}})
	}
	lists := batches(tableOf(t, machinePath), rows)
	require.Len(t, lists, 2)
	assert.Equal(t, int64(0), lists[0][74].refs["virtual_machine_type"].id)
	assert.Equal(t, int64(1), lists[0][75].refs["virtual_machine_type"].id)
}
