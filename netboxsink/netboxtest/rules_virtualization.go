package netboxtest

import (
	"encoding/json"
	"strings"
)

// cachedSite is the value, kept beside the fields, of the site that a scope lies in.
const cachedSite = "_site"

func cachedSiteKey() key {
	return key{cachedSite, func(o *object) []any {
		if o.values[cachedSite] == nil {
			return nil
		}
		return []any{o.values[cachedSite]}
	}}
}

// checkScope refuses half a scope and a scope that does not exist.
func checkScope(d *draft) *invalid {
	label, id := d.after.values["scope_type"], d.after.values["scope_id"]
	switch {
	case label != nil && id == nil:
		return refusef(allKey, "Please select a %s.", lastPart(d.after.text("scope_type")))
	case label == nil && id != nil && d.model.label == "ipam.vlangroup":
		return refuse("scope_type", "Please select a scope type.")
	case label == nil && id != nil:
		return refuse("scope_type", "This field cannot be null.")
	}
	if label != nil && d.store.generic(d.after, "scope") == nil {
		return refusef("scope_id", "Related object not found using the provided value: %d.", d.after.ref("scope_id"))
	}
	return nil
}

func lastPart(label string) string {
	_, part, _ := strings.Cut(label, ".")
	return part
}

// cacheScope stores which site the scope lies in.
func cacheScope(d *draft) {
	after := d.after
	if after.model.label == "ipam.vlangroup" {
		return
	}
	after.values[cachedSite] = nil
	scope := d.store.generic(after, "scope")
	switch {
	case scope == nil:
	case scope.model.label == "dcim.site":
		after.values[cachedSite] = scope.id
	case scope.model.label == "dcim.location":
		after.values[cachedSite] = scope.ref("site")
	}
}

// cleanCluster keeps a cluster's hosts within its scope.
func cleanCluster(d *draft) *invalid {
	scope := d.store.generic(d.after, "scope")
	if d.creating() || scope == nil {
		return nil
	}
	site := scope
	if scope.model.label == "dcim.location" {
		site = d.store.follow(scope, "site")
	}
	outside := func(reference string, id int) int {
		n := 0
		for _, device := range d.find("dcim.device", "cluster", d.after.id) {
			if device.ref(reference) != id {
				n++
			}
		}
		return n
	}
	if n := outside("site", site.id); n > 0 {
		return refusef("scope", "%d devices are assigned as hosts for this cluster but are not in site %s", n, site.text("name"))
	}
	if n := outside("location", scope.id); scope != site && n > 0 {
		return refusef("scope", "%d devices are assigned as hosts for this cluster but are not in location %s", n, scope.text("name"))
	}
	return nil
}

// moveMachines gives all machines of a saved cluster its site, silently.
func moveMachines(t *transaction, _, cluster *object) {
	site := cluster.ref(cachedSite)
	if site == 0 {
		return
	}
	for _, vm := range t.find("virtualization.virtualmachine", "cluster", cluster.id) {
		if vm.ref("site") != site {
			t.replace(vm, vm.with("site", site))
		}
	}
}

func cleanMachine(d *draft) *invalid {
	if e := d.placeMachine(); !e.empty() {
		return e
	}
	if e := d.checkDiskSum(); !e.empty() {
		return e
	}
	return d.checkPrimaryIPs("virtualization.vminterface", "virtual_machine")
}

// placeMachine checks that site, cluster and device agree.
func (d *draft) placeMachine() *invalid {
	site, cluster, device := d.follow("site"), d.follow("cluster"), d.follow("device")
	if site == nil && cluster == nil && (device == nil || !d.release().typedMachines) {
		if d.release().typedMachines {
			return refuse(allKey, "A virtual machine must be assigned to a site, cluster, or device.")
		}
		return refuse("cluster", "A virtual machine must be assigned to a site and/or cluster.")
	}
	if cluster != nil && site != nil && cluster.ref(cachedSite) != 0 && cluster.ref(cachedSite) != site.id {
		return refusef("cluster", "The selected cluster (%s) is not assigned to this site (%s).", cluster.text("name"), site.text("name"))
	}
	if device == nil {
		return d.checkMachineRole()
	}
	name := d.displayOf(device)
	switch {
	case d.release().typedMachines && site != nil && device.ref("site") != site.id:
		return refusef("site", "The selected device (%s) is not assigned to this site (%s).", name, site.text("name"))
	case cluster == nil && !d.release().typedMachines:
		return refuse("device", "Must specify a cluster when assigning a host device.")
	case cluster == nil && device.ref("cluster") != 0:
		return refusef("cluster", "Must specify the assigned device's cluster (%s) when assigning host device %s.",
			d.store.follow(device, "cluster").text("name"), name)
	case cluster != nil && device.ref("cluster") != cluster.id:
		return refusef("device", "The selected device (%s) is not assigned to this cluster (%s).", name, cluster.text("name"))
	}
	return d.checkMachineRole()
}

// checkMachineRole is the rule of NetBox 4.2 that a machine's role is one for machines.
func (d *draft) checkMachineRole() *invalid {
	role := d.follow("role")
	if d.release().minor == 2 && role != nil && !role.is("vm_role") {
		return refusef("role", "The selected device role (%s) is not a VM role.", role.text("name"))
	}
	return nil
}

// checkDiskSum keeps a machine's disk at the sum of its virtual disks. A null
// that was not written now heals; one that was written stays.
func (d *draft) checkDiskSum() *invalid {
	if d.creating() {
		return nil
	}
	total := diskSum(d.store, d.after.id)
	if total == 0 {
		return nil
	}
	disk, set := d.after.values["disk"].(int)
	switch {
	case !set && !d.written["disk"]:
		d.after.values["disk"] = total
	case set && disk != total:
		return refusef("disk", "The specified disk size (%d) must match the aggregate size of assigned virtual disks (%d).", disk, total)
	}
	return nil
}

func diskSum(s *store, machine int) int {
	total := 0
	for _, disk := range s.find("virtualization.virtualdisk", "virtual_machine", machine) {
		total += disk.ref("size")
	}
	return total
}

// sumDisks sets VM.disk after a disk was saved or deleted, silently.
func sumDisks(t *transaction, disk *object) {
	vm := t.follow(disk, "virtual_machine")
	if vm == nil {
		return
	}
	var total any
	if t.count("virtualization.virtualdisk", "virtual_machine", vm.id) > 0 {
		total = diskSum(t.store, vm.id)
	}
	t.replace(vm, vm.with("disk", total))
}

// prepareMachine fills what a machine inherits: its site, and on create what
// its type says.
func prepareMachine(d *draft) {
	after := d.after
	if after.values["site"] == nil {
		if cluster := d.follow("cluster"); cluster != nil && cluster.ref(cachedSite) != 0 {
			after.values["site"] = cluster.ref(cachedSite)
		} else if device := d.follow("device"); device != nil {
			after.values["site"] = device.ref("site")
		}
	}
	kind := d.follow("virtual_machine_type")
	if !d.creating() || kind == nil {
		return
	}
	for name, fallback := range map[string]string{
		"platform": "default_platform", "vcpus": "default_vcpus", "memory": "default_memory",
	} {
		if after.values[name] == nil {
			after.values[name] = kind.values[fallback]
		}
	}
}

func checkMachineInterface(d *draft) *invalid {
	if e := d.checkMACConflict(); !e.empty() {
		return e
	}
	site := 0
	if vm := d.follow("virtual_machine"); vm != nil {
		site = vm.ref("site")
	}
	if e := d.checkTaggedSites(site, "virtual machine"); !e.empty() {
		return e
	}
	return nil
}

// checkTaggedSites refuses written tagged VLANs of another site.
func (d *draft) checkTaggedSites(site int, parent string) *invalid {
	if !d.written["tagged_vlans"] {
		return nil
	}
	for _, id := range d.after.ids("tagged_vlans") {
		vlan := d.get("ipam.vlan", id)
		if s := vlan.ref("site"); s != 0 && s != site {
			if parent == "device" {
				return refusef("tagged_vlans", "VLAN %s must belong to the same site as the interface's parent device, or it must be global.", d.displayOf(vlan))
			}
			return refusef("tagged_vlans", "VLAN %s must belong to the same site as the interface's parent virtual machine, or it must be global.", d.displayOf(vlan))
		}
	}
	return nil
}

func cleanMachineInterface(d *draft) *invalid {
	if e := d.cleanBaseInterface(); !e.empty() {
		return e
	}
	owner := d.after.ref("virtual_machine")
	for _, name := range []string{"parent", "bridge"} {
		other := d.follow(name)
		if other == nil {
			continue
		}
		if !d.creating() && other.id == d.after.id {
			if name == "parent" {
				return refuse("parent", "An interface cannot be its own parent.")
			}
			return refuse("bridge", "An interface cannot be bridged to itself.")
		}
		if other.ref("virtual_machine") != owner {
			return refusef(name, "The selected %s interface (%s) belongs to a different virtual machine (%s).",
				name, other.text("name"), d.store.follow(other, "virtual_machine").text("name"))
		}
	}
	vm := d.follow("virtual_machine")
	if vlan := d.follow("untagged_vlan"); vlan != nil && vlan.ref("site") != 0 && vlan.ref("site") != vm.ref("site") {
		return refusef("untagged_vlan", "The untagged VLAN (%s) must belong to the same site as the interface's parent virtual machine, or it must be global.",
			d.displayOf(vlan))
	}
	return nil
}

// lowerUnique keeps a name unique whatever its case.
func lowerUnique(name, message string) constraint {
	return constraint{
		name: name, fields: []string{"name"},
		of:      func(o *object) any { return strings.ToLower(o.text("name")) },
		message: func(*release, *object) string { return message },
	}
}

// rangesOf is a JSON value that is known to be well-formed.
func rangesOf(text string) json.RawMessage { return json.RawMessage(text) }
