package netboxsink_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// documented fills the NetBox as the backend does that the plugin documents (release 0.0.3), for the pair.
type documented struct {
	*lab
	tag, cluster, device, qemuRole, lxcRole int
	web, db                                 int // virtual machines
	net0, eth0                              int // their interfaces
	address                                 int // of db
}

func fillAsDocumented(l *lab) *documented {
	l.t.Helper()
	d := &documented{lab: l}
	d.tag = l.person(tags, map[string]any{
		"name": "Proxbox", "slug": "proxbox", "color": "ff5722",
		"description": "Proxbox Identifier (used to identify the items the plugin created)",
	})
	tagged := []int{d.tag}
	kind := l.person(clusterTypes, map[string]any{"name": "Cluster", "slug": "cluster", "description": "Proxmox cluster mode", "tags": tagged})
	d.cluster = l.person(clusters, map[string]any{"name": "lab", "type": kind, "description": "Proxmox cluster cluster.", "tags": tagged})
	maker := l.person(manufacturers, map[string]any{"name": "Proxmox", "slug": "proxmox", "tags": tagged})
	model := l.person(deviceTypes, map[string]any{
		"model": "Proxmox Generic Device", "slug": "proxmox-generic-device", "manufacturer": maker, "tags": tagged,
	})
	role := l.person(deviceRoles, map[string]any{"name": "Proxmox Node", "slug": "proxmox-node", "color": "00bcd4", "tags": tagged})
	site := l.person(sites, map[string]any{
		"name": "Proxmox Default Site - lab", "slug": "proxmox-default-site-lab", "status": "active", "tags": tagged,
	})
	d.device = l.person(devices, map[string]any{
		"name": "pve01", "status": "active", "description": "Proxmox Node pve01", "cluster": d.cluster, "device_type": model,
		"role": role, "site": site, "tags": tagged,
	})
	for name, kind := range map[string]string{
		"proxmox_vm_id": "integer", "proxmox_start_at_boot": "boolean", "proxmox_unprivileged_container": "boolean",
		"proxmox_qemu_agent": "boolean", "proxmox_search_domain": "text",
	} {
		l.person(customFields, map[string]any{
			"name": name, "type": kind, "object_types": []string{"virtualization.virtualmachine"}, "group_name": "Proxmox",
			"ui_editable": "hidden", "filter_logic": "loose",
		})
	}
	d.qemuRole = l.person(deviceRoles, map[string]any{
		"name": "Virtual Machine (QEMU)", "slug": "virtual-machine-qemu", "color": "00ffff", "vm_role": true, "tags": tagged,
	})
	d.lxcRole = l.person(deviceRoles, map[string]any{
		"name": "Container (LXC)", "slug": "container-lxc", "color": "7fffd4", "vm_role": true, "tags": tagged,
	})
	d.web = d.machine(101, "web01", d.qemuRole)
	d.db = d.machine(102, "db01", d.lxcRole)
	d.net0 = l.person(interfaces, map[string]any{"virtual_machine": d.web, "name": "net0", "enabled": true, "tags": tagged})
	d.eth0 = l.person(interfaces, map[string]any{"virtual_machine": d.db, "name": "eth0", "enabled": true, "tags": tagged})
	l.person(interfaces, map[string]any{
		"virtual_machine": d.db, "name": "vmbr0", "description": "Bridge interface of Device pve01.", "tags": tagged,
	})
	d.address = l.person(addresses, map[string]any{
		"address": "192.0.2.20/24", "status": "active", "tags": tagged,
		"assigned_object_type": "virtualization.vminterface", "assigned_object_id": d.eth0,
	})
	return d
}

// machine adds a virtual machine as that backend does: memory and disk in units of a million bytes.
func (d *documented) machine(vmid int, name string, role int) int {
	d.t.Helper()
	return d.person(machines, map[string]any{
		"name": name, "status": "active", "cluster": d.cluster, "device": d.device, "role": role, "vcpus": 2,
		"memory": 2147, "disk": 34359, "description": "Synced from Proxmox node pve01", "tags": []int{d.tag},
		"custom_fields": map[string]any{
			"proxmox_vm_id": vmid, "proxmox_start_at_boot": false, "proxmox_qemu_agent": false, "proxmox_search_domain": nil,
			"proxmox_unprivileged_container": false,
		},
	})
}

func TestWhatTheDocumentedBackendMadeIsTakenOver(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := fillAsDocumented(newLabWith(t, &netboxtest.Options{Version: version}, nil, pair()))
			if version == "4.7" {
				golden(t, "take-over.plan", d.planText())
			}
			d.run()
			assert.Equal(t, []string{"lab"}, d.column(clusters, "name"))
			assert.Equal(t, []string{"pve01", "pve02"}, d.column(devices, "name"))
			assert.Equal(t, []string{"db01", "web01"}, d.column(machines, "name"))
			assert.Equal(t, []string{"eth0", "eth1", "net0", "vmbr0"}, d.column(interfaces, "name"))
			assert.Equal(t, []string{"192.0.2.10/24", "192.0.2.20/24", "198.51.100.20/24", "2001:db8::10/64"}, d.column(addresses, "address"))
			assert.Equal(t, map[string]int{"web01": d.web, "db01": d.db}, d.ids(machines, "name"))
			assert.Equal(t, d.eth0, d.ids(interfaces, "name")["eth0"])
			assert.Equal(t, d.address, d.ids(addresses, "address")["192.0.2.20/24"])
			assert.Equal(t, d.device, d.ids(devices, "name")["pve01"])
			want := map[string]string{
				"memory": "2048", "disk": "32768", "custom_fields.proxbox_source": "lab", "custom_fields.proxmox_vm_type": "qemu",
				"primary_ip4": "192.0.2.10/24",
			}
			assert.Equal(t, want, fields(d.lab.machine("web01"), want))
			d.quiet()
		})
	}
}

func TestTakenOverObjectsAreOursFromThenOn(t *testing.T) {
	t.Parallel()
	d := fillAsDocumented(newLab(t, pair()))
	d.run()
	d.edit(func(inv *inventory.Inventory) {
		web, db := guestOf(t, inv, 101), guestOf(t, inv, 102)
		web.Name, web.Node = "web99", "pve02"
		db.NICs[0].Name = "lan"
		db.NICs[0].Addresses = addressList("192.0.2.21/24")
	})
	d.run()
	assert.Equal(t, map[string]int{"web99": d.web, "db01": d.db}, d.ids(machines, "name"))
	assert.Equal(t, d.eth0, d.ids(interfaces, "name")["lan"])
	assert.NotContains(t, d.column(addresses, "address"), "192.0.2.20/24")
	assert.Contains(t, d.on("db01", interfaces, "name"), "vmbr0", "nothing says what that is")
	d.quiet()
}

func TestEditsOfWhatIsTakenOverStay(t *testing.T) {
	t.Parallel()
	d := fillAsDocumented(newLab(t, pair()))
	role := d.person(deviceRoles, map[string]any{"name": "Web", "slug": "web"})
	prod := d.person(tags, map[string]any{"name": "Prod", "slug": "prod"})
	d.personEdits(machines, d.lab.machine("web01"), map[string]any{
		"description": "front end", "role": role, "tags": []int{d.tag, prod}, "comments": "mine",
	})
	d.personEdits(devices, d.one(devices, "name", "pve01"), map[string]any{"description": "rack 1", "serial": "X"})
	d.personEdits(addresses, d.one(addresses, "address", "192.0.2.20/24"), map[string]any{"status": "reserved"})
	d.run()
	want := map[string]string{"description": "front end", "role": "Web", "tags": "Prod,Proxbox", "comments": "mine"}
	assert.Equal(t, want, fields(d.lab.machine("web01"), want))
	want = map[string]string{"description": "rack 1", "serial": "X"}
	assert.Equal(t, want, fields(d.one(devices, "name", "pve01"), want))
	assert.Equal(t, "reserved", d.one(addresses, "address", "192.0.2.20/24").at("status"))
	d.quiet()
}

func TestWhatIsTakenOverByName(t *testing.T) {
	t.Parallel()
	t.Run("a virtual machine without a VMID", func(t *testing.T) {
		t.Parallel()
		d := fillAsDocumented(newLab(t, pair()))
		d.personEdits(machines, d.lab.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxmox_vm_id": nil}, "name": "WEB01"})
		d.run()
		assert.Equal(t, d.web, d.ids(machines, "custom_fields.proxmox_vm_id")["101"])
		assert.Len(t, d.column(machines, "name"), 2)
		d.quiet()
	})
	t.Run("not if two guests have that name", func(t *testing.T) {
		t.Parallel()
		inv := pair()
		inv.Guests = append(inv.Guests, qemu(103, "web01"))
		d := fillAsDocumented(newLab(t, inv))
		d.personEdits(machines, d.lab.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxmox_vm_id": nil}})
		d.run()
		assert.Empty(t, d.one(machines, "id", text(d.web)).at("custom_fields.proxbox_source"))
		assert.Len(t, d.column(machines, "name"), 4)
		d.quiet()
	})
}

func TestWhatIsNotTakenOver(t *testing.T) {
	t.Parallel()
	marked := map[string]any{"name": "proxbox_source", "type": "text", "filter_logic": "exact", "object_types": []string{"virtualization.virtualmachine", "dcim.device", "virtualization.cluster"}}
	for name, c := range map[string]func(d *documented){
		"without the tag": func(d *documented) {
			d.personEdits(machines, d.lab.machine("web01"), map[string]any{"tags": []int{}})
		},
		"of another cluster": func(d *documented) {
			other := d.person(clusters, map[string]any{"name": "other", "type": d.one(clusterTypes, "slug", "cluster").id(), "tags": []int{d.tag}})
			d.personEdits(machines, d.lab.machine("web01"), map[string]any{"device": nil, "cluster": other})
		},
		"of another VMID": func(d *documented) {
			d.personEdits(machines, d.lab.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxmox_vm_id": 999}})
		},
		"marked by another source": func(d *documented) {
			d.person(customFields, marked)
			d.personEdits(machines, d.lab.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxbox_source": "elsewhere"}})
		},
		"of another kind": func(d *documented) {
			d.person(customFields, map[string]any{"name": "proxmox_vm_type", "type": "text", "object_types": []string{"virtualization.virtualmachine"}})
			d.personEdits(machines, d.lab.machine("web01"), map[string]any{"custom_fields": map[string]any{"proxmox_vm_type": "lxc"}})
		},
		"of a VMID that stands twice": func(d *documented) {
			d.machine(101, "other", d.qemuRole)
			d.personEdits(machines, d.lab.machine("web01"), map[string]any{"name": "another"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := fillAsDocumented(newLab(t, pair()))
			c(d)
			before := d.one(machines, "id", text(d.web))
			nics := d.where(interfaces, "virtual_machine.id", text(d.web))
			d.run()
			after := d.again(machines, before)
			delete(after["custom_fields"].(map[string]any), "proxbox_memory")
			assert.Equal(t, draw(before), draw(after))
			assert.Equal(t, nics, d.where(interfaces, "virtual_machine.id", text(d.web)))
			assert.Contains(t, d.ids(machines, "custom_fields.proxbox_uuid"), uuid(101), "a new one stands for the guest")
			d.quiet()
		})
	}
}

func TestClusterOfThatNameWithoutTheTagIsNotTakenOver(t *testing.T) {
	t.Parallel()
	l := newLab(t, pair())
	kind := l.person(clusterTypes, map[string]any{"name": "VMware", "slug": "vmware"})
	mine := l.person(clusters, map[string]any{"name": "lab", "type": kind})
	l.person(machines, map[string]any{"name": "web01", "cluster": mine})
	before := l.one(clusters, "id", text(mine))
	l.run()
	assert.Equal(t, draw(before), draw(l.again(clusters, before)))
	assert.Equal(t, []string{"lab", "lab (lab)"}, l.column(clusters, "name"))
	assert.Equal(t, []string{"db01", "web01", "web01"}, l.column(machines, "name"))
	l.quiet()
}

func TestTwoSourcesOfOneClusterNameDoNotTakeTheSameObjects(t *testing.T) {
	t.Parallel()
	d := fillAsDocumented(newLab(t, twin("east"), twin("west")))
	d.run()
	assert.Len(t, d.column(clusters, "name"), 2)
	assert.Len(t, d.column(machines, "name"), 4)
	assert.Equal(t, "east", d.one(machines, "id", text(d.web)).at("custom_fields.proxbox_source"))
	d.quiet()
}

func TestPrimaryAddressOfWhatIsTakenOverStays(t *testing.T) {
	t.Parallel()
	d := fillAsDocumented(newLab(t, pair()))
	mine := d.person(addresses, map[string]any{
		"address": "203.0.113.9/24", "assigned_object_type": "virtualization.vminterface", "assigned_object_id": d.net0,
	})
	d.personEdits(machines, d.lab.machine("web01"), map[string]any{"primary_ip4": mine})
	d.run()
	assert.Equal(t, "203.0.113.9/24", d.lab.machine("web01").at("primary_ip4"))
	d.quiet()
}

// A saved plan tells only what it changes: not by what name an object was found.
func TestSavedPlanTakesOver(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := fillAsDocumented(newLabWith(t, &netboxtest.Options{Version: version}, nil, pair()))
			raw, err := json.Marshal(d.plan())
			require.NoError(t, err)
			saved := &sync.Plan{}
			require.NoError(t, json.Unmarshal(raw, saved))
			_, err = d.engine.Apply(d.context(), saved, nil)
			require.NoError(t, err)
			assert.Equal(t, []string{"lab"}, d.column(clusters, "name"))
			assert.Equal(t, map[string]int{"web01": d.web, "db01": d.db}, d.ids(machines, "name"))
			assert.Equal(t, d.net0, d.ids(interfaces, "name")["net0"])
			assert.Equal(t, d.eth0, d.ids(interfaces, "name")["eth0"])
			assert.Equal(t, d.address, d.ids(addresses, "address")["192.0.2.20/24"])
			assert.Equal(t, d.device, d.ids(devices, "name")["pve01"])
			d.quiet()
		})
	}
}
