package main

import (
	"fmt"
	"maps"
	"strings"
)

// body is a row as it is sent.
type body = map[string]any

// vmInterface is the type of what MAC and IP addresses are assigned to.
const vmInterface = "virtualization.vminterface"

// memoryField is the custom field with the memory: of the name, the type and the size that proxbox's has.
const (
	memoryField = "proxbox_memory"
	memorySize  = 1500 // bytes of JSON
)

// next returns a number that no row has yet.
func (w *writer) next() int {
	w.last++
	return w.last
}

// machines returns n virtual machines.
func (w *writer) machines(n int) []body {
	rows := make([]body, n)
	for i := range rows {
		rows[i] = body{"name": fmt.Sprintf("machine-%06d", w.next()), "cluster": w.cluster, "memory": 2048, "vcpus": 2}
	}
	return rows
}

// interfaces returns one for each virtual machine.
func interfaces(machines []int64) []body {
	rows := make([]body, len(machines))
	for i, id := range machines {
		rows[i] = body{"virtual_machine": id, "name": "net0"}
	}
	return rows
}

// disks returns one for each virtual machine.
func disks(machines []int64) []body {
	rows := make([]body, len(machines))
	for i, id := range machines {
		rows[i] = body{"virtual_machine": id, "name": "scsi0", "size": 32768, "description": "local-lvm:vm-disk-0"}
	}
	return rows
}

// mac returns a MAC address that nothing has yet.
func (w *writer) mac() string {
	n := w.next()
	return fmt.Sprintf("02:00:00:%02X:%02X:%02X", n>>16&0xff, n>>8&0xff, n&0xff)
}

// macs returns one for each interface.
func (w *writer) macs(interfaces []int64) []body {
	rows := w.freeMACs(len(interfaces))
	for i, id := range interfaces {
		rows[i]["assigned_object_type"], rows[i]["assigned_object_id"] = vmInterface, id
	}
	return rows
}

// freeMACs returns MAC addresses that are on no interface.
func (w *writer) freeMACs(n int) []body {
	rows := make([]body, n)
	for i := range rows {
		rows[i] = body{"mac_address": w.mac()}
	}
	return rows
}

// machineReferences are the fields by which a virtual machine refers to other objects.
func machineReferences() []string {
	return []string{"site", "cluster", "device", "role", "platform", "tenant", "tags"}
}

// addresses returns one for each interface.
func (w *writer) addresses(interfaces []int64) []body {
	rows := make([]body, len(interfaces))
	for i, id := range interfaces {
		n := w.next()
		rows[i] = body{
			"address": fmt.Sprintf("10.%d.%d.%d/8", n>>16&0xff, n>>8&0xff, n&0xff), "assigned_object_type": vmInterface,
			"assigned_object_id": id,
		}
	}
	return rows
}

// pointers returns what makes a field of each object refer to another.
func pointers(ids []int64, field string, targets []int64) []body {
	rows := make([]body, len(ids))
	for i, id := range ids {
		rows[i] = body{"id": id, field: targets[i]}
	}
	return rows
}

// each returns the rows with more fields.
func each(rows []body, more body) []body {
	out := make([]body, len(rows))
	for i, row := range rows {
		out[i] = maps.Clone(row)
		maps.Copy(out[i], more)
	}
	return out
}

// machineDefaults are what NetBox gives a virtual machine that says nothing of these fields.
func machineDefaults() body {
	return body{"status": "active", "role": nil, "platform": nil, "tenant": nil, "description": "", "comments": ""}
}

// interfaceDefaults are what NetBox gives an interface that says nothing of these fields.
func interfaceDefaults() body {
	return body{"enabled": true, "mtu": nil, "mode": nil, "untagged_vlan": nil, "description": ""}
}

// memory returns what a virtual machine's memory could look like.
func memory() body {
	const parts = 10
	fields := body{}
	for i := range parts {
		fields[fmt.Sprintf("net%d", i)] = body{"id": i, "name": "net0", "description": strings.Repeat("x", memorySize/parts-45)}
	}
	return fields
}
