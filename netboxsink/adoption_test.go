package netboxsink_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// handmade puts a cluster with a node and two virtual machines into NetBox, as a person does: without a tag or mark.
func (l *lab) handmade() (cluster, device, web int) {
	l.t.Helper()
	kind := l.person(clusterTypes, map[string]any{"name": "Hypervisor", "slug": "hypervisor"})
	cluster = l.person(clusters, map[string]any{"name": "lab", "type": kind})
	site := l.person(sites, map[string]any{"name": "Berlin", "slug": "berlin"})
	role := l.person(deviceRoles, map[string]any{"name": "Server", "slug": "server"})
	maker := l.person(manufacturers, map[string]any{"name": "Dell", "slug": "dell"})
	model := l.person(deviceTypes, map[string]any{"manufacturer": maker, "model": "R640", "slug": "r640"})
	device = l.person(devices, map[string]any{"name": "pve01", "site": site, "role": role, "device_type": model, "cluster": cluster})
	web = l.person(machines, map[string]any{"name": "web01", "cluster": cluster, "description": "mine", "memory": 1024})
	l.person(machines, map[string]any{"name": "other", "cluster": cluster})
	return cluster, device, web
}

func TestAdoption(t *testing.T) {
	t.Parallel()
	for mode, c := range map[string]struct {
		clusters, devices, machines []string
		taken                       bool
	}{
		"":      {[]string{"lab", "lab (lab)"}, []string{"pve01", "pve01", "pve02"}, []string{"db01", "other", "web01", "web01"}, false},
		"never": {[]string{"lab", "lab (lab)"}, []string{"pve01", "pve01", "pve02"}, []string{"db01", "other", "web01", "web01"}, false},
		"unowned-by-name": {
			[]string{"lab"}, []string{"pve01", "pve02"}, []string{"db01", "other", "web01"}, true,
		},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			l := mapped(t, netboxsink.Mapping{Adoption: netboxsink.AdoptionOptions{Mode: mode}}, pair())
			cluster, device, web := l.handmade()
			before := draw(l.one(machines, "name", "other"))
			if c.taken {
				plan := l.planText()
				assert.Contains(t, plan, "~ virtual-machine web01 (lab 101): adopted; it has its name and bears nobody's mark")
				assert.Contains(t, plan, "~ device pve01: adopted; it has its name and bears nobody's mark")
			}
			l.run()
			assert.Equal(t, c.clusters, l.column(clusters, "name"))
			assert.Equal(t, c.devices, l.column(devices, "name"))
			assert.Equal(t, c.machines, l.column(machines, "name"))
			assert.Equal(t, before, draw(l.one(machines, "name", "other")))
			assert.Equal(t, c.taken, l.one(clusters, "id", text(cluster)).at("custom_fields.proxbox_source") == "lab")
			assert.Equal(t, c.taken, l.one(devices, "id", text(device)).at("custom_fields.proxbox_source") == "lab")
			assert.Equal(t, c.taken, l.one(machines, "id", text(web)).at("memory") == "2048")
			assert.Equal(t, "mine", l.one(machines, "id", text(web)).at("description"), "without a memory it is a person's")
			l.quiet()
		})
	}
}

func TestWhatTheDocumentedBackendMadeIsLeftAloneIfAdoptionIsOff(t *testing.T) {
	t.Parallel()
	d := fillAsDocumented(mapped(t, netboxsink.Mapping{Adoption: netboxsink.AdoptionOptions{Mode: "never"}}, pair()))
	before := draw(d.one(machines, "id", text(d.web)))
	d.run()
	assert.Equal(t, before, draw(d.one(machines, "id", text(d.web))))
	d.quiet()
}

func TestWhatTwoGuestsClaimIsNotTakenOver(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Adoption: netboxsink.AdoptionOptions{Mode: "unowned-by-name"}},
		estate("lab", qemu(101, "web01"), qemu(102, "WEB01")))
	_, _, web := l.handmade()
	l.run()
	assert.Empty(t, l.one(machines, "id", text(web)).at("custom_fields.proxbox_source"))
	assert.Equal(t, []string{"WEB01 (3)", "other", "web01", "web01 (2)"}, l.column(machines, "name"))
	l.quiet()
}

// twoHomes returns two sources, and a guest that is in the one or the other.
func twoHomes(at string) (east, west *inventory.Inventory) {
	homes := map[string]*inventory.Inventory{}
	for _, name := range []string{"east", "west"} {
		homes[name] = estate(name, qemu(100, "stays-"+name))
		homes[name].Cluster.Name = name
	}
	id := map[string]int{"east": 101, "west": 205}[at]
	homes[at].Guests = append(homes[at].Guests, qemu(id, "mover", nic("net0", "BC:24:11:00:07:00", "192.0.2.70/24"), disk("scsi0", gib)))
	homes[at].Guests[1].UUID = uuid(7)
	return homes["east"], homes["west"]
}

// moving returns a NetBox of that version after a run with the guest in the east.
func moving(t *testing.T, version string) *lab {
	t.Helper()
	east, west := twoHomes("east")
	l := newLabWith(t, &netboxtest.Options{Version: version}, nil, east, west)
	l.run()
	return l
}

func TestGuestThatMovesToAnotherSource(t *testing.T) {
	t.Parallel()
	t.Run("keeps its object", func(t *testing.T) {
		t.Parallel()
		for _, version := range versions {
			l := moving(t, version)
			was := l.machine("mover").id()
			children := l.ids(interfaces, "name")
			east, west := twoHomes("west")
			l.attach(east, west)
			assert.Contains(t, l.planText(), "it moved here from east")
			l.run()
			want := map[string]string{
				"id": fmt.Sprint(was), "cluster": "west", "device": "pve01", "site": "Proxmox Default Site - west", "custom_fields.proxbox_source": "west",
				"custom_fields.proxmox_vm_id": "205", "primary_ip4": "192.0.2.70/24",
			}
			assert.Equal(t, want, fields(l.machine("mover"), want))
			assert.Equal(t, children, l.ids(interfaces, "name"))
			l.quiet()
		}
	})
	t.Run("not as long as it is hidden where it was", func(t *testing.T) {
		t.Parallel()
		l := moving(t, "4.7")
		before := l.picture()
		l.attach(twoHomes("west"))
		l.sources[0].doubts = map[int]error{101: errors.New("VMID 101 is in use in east")}
		l.quiet()
		assert.Equal(t, before, l.picture())
		assert.Equal(t, []string{"virtual-machine mover: VMID 101 is in use in east"}, notes(l.run()))
	})
	t.Run("not if two that are gone had its UUID", func(t *testing.T) {
		t.Parallel()
		east, west := twoHomes("east")
		clone := qemu(102, "clone", nic("net0", "BC:24:11:00:08:00"))
		clone.UUID = uuid(7)
		east.Guests = append(east.Guests, clone)
		l := newLabWith(t, nil, nil, east, west)
		l.run()
		l.attach(twoHomes("west"))
		l.run()
		assert.Len(t, l.where(machines, "custom_fields.proxbox_source", "east"), 3)
		assert.Len(t, l.where(machines, "custom_fields.proxmox_vm_id", "205"), 1)
		l.quiet()
	})
	for name, gap := range map[string]func(east, west *inventory.Inventory){
		"not as long as where it was is not read as a whole": func(east, _ *inventory.Inventory) { east.Gaps = []inventory.Gap{guestGap(inventory.PartConfig, 100)} },
		"not as long as where it is is not read as a whole":  func(_, west *inventory.Inventory) { west.Gaps = []inventory.Gap{guestGap(inventory.PartConfig, 100)} },
		"not as long as it is still there": func(east, _ *inventory.Inventory) {
			other, _ := twoHomes("east")
			east.Guests = other.Guests
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := moving(t, "4.7")
			was := l.machine("mover").id()
			east, west := twoHomes("west")
			gap(east, west)
			l.attach(east, west)
			l.run()
			assert.Equal(t, "east", l.one(machines, "id", text(was)).at("custom_fields.proxbox_source"))
			assert.Len(t, l.where(machines, "custom_fields.proxmox_vm_id", "205"), 1)
			l.quiet()
		})
	}
}

func TestTwoSourcesWithAVRFEach(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Placement: netboxsink.PlacementOptions{
		VRF: []netboxsink.PlacementRule{{Source: "east", Value: "east"}, {Source: "west", Value: "west"}}, Missing: "create",
	}}, twin("east"), twin("west"))
	result := l.run()
	assert.Empty(t, notes(result))
	assert.Len(t, l.column(addresses, "address"), 8, "both are complete")
	assert.Equal(t, []string{"lab", "lab (west)"}, l.column(clusters, "name"))
	assert.Equal(t, []string{"Proxmox Default Site - lab", "Proxmox Default Site - lab (west)"}, l.column(sites, "name"))
	l.quiet()
	t.Run("names once given stay", func(t *testing.T) {
		l.attach(twin("west"), twin("east"))
		l.quiet()
	})
}

func TestNodesOfTwoSourcesInOneSite(t *testing.T) {
	t.Parallel()
	l := mapped(t, netboxsink.Mapping{Placement: netboxsink.PlacementOptions{
		Site: []netboxsink.PlacementRule{{Value: "Berlin"}}, Missing: "create",
	}}, twin("east"), twin("west"))
	l.run()
	assert.Equal(t, []string{"pve01", "pve01 (west)", "pve02", "pve02 (west)"}, l.column(devices, "name"))
	assert.Equal(t, []string{"lab", "lab (west)"}, l.column(clusters, "name"))
	l.quiet()
}
