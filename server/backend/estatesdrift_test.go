package backend_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// TestEstatesDrift lets a twentieth of the guests change, as time does, and sees that a run brings NetBox there, and that
// the next one finds nothing to do. Together the seeds make every kind of change.
func TestEstatesDrift(t *testing.T) {
	models := map[int]int{304: 300, 166: 150} // guests that the seeds create, and those that they are like
	for seed := uint64(1); seed <= 8; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			e := newEstates(t, fakeBox(t), "alpha", "beta", "gamma")
			_, err := e.run()
			require.NoError(t, err)
			want, told := e.want(wantAlpha(), wantBeta(false), wantGamma(false)), toldOfAll()
			for _, name := range e.sources {
				e.fakes[name].Update(func(now *proxmoxtest.Estate) {
					for _, change := range now.Drift(seed, 0.05) {
						t.Log(name, change)
						d := drifted{want, name, change, now.Guest(change.VMID), models[change.VMID]}
						told = append(told, d.tell()...)
						d.apply()
					}
				})
			}
			result, err := e.run()
			require.NoError(t, err)
			assert.True(t, result.OK)
			slices.Sort(told)
			assert.Equal(t, told, e.told(result))
			e.holds(want)
			e.writesNothing(told)
		})
	}
}

// drifted is a change of a guest, and what is expected of it.
type drifted struct {
	picture
	source string
	proxmoxtest.Change
	guest *proxmoxtest.Guest // as it is then, nil if it is gone
	model int                // the VMID of the guest that a created one is like
}

func (d drifted) key(vmid int) string { return fmt.Sprint(d.source, " ", vmid) }

// tell returns what is told of the change: nothing but that a guest is gone, whose virtual machine stays.
func (d drifted) tell() []string {
	if d.Kind != proxmoxtest.ChangeDelete && d.Kind != proxmoxtest.ChangeReuse {
		return nil
	}
	return []string{"virtual-machine " + d.guests[d.key(d.VMID)].Name + ": no longer in the source: left as it is"}
}

// apply changes the expectation.
func (d drifted) apply() {
	g := d.guests[d.key(d.VMID)]
	switch d.Kind {
	case proxmoxtest.ChangeName:
		g.Name = d.To
	case proxmoxtest.ChangeCPUs:
		g.VCPUs, _ = strconv.ParseFloat(d.To, 64)
	case proxmoxtest.ChangeMemory:
		g.Memory = mebibytes(d.To)
	case proxmoxtest.ChangeDisk:
		g.disk(d.Key, mebibytes(d.To), g.Disks[d.Key].Storage)
	case proxmoxtest.ChangeNode:
		g.on(d.To)
	case proxmoxtest.ChangeNICAdd:
		g.Interfaces[d.nic()] = &placed{Enabled: true, MAC: d.To, Description: "Bridge vmbr0"}
	case proxmoxtest.ChangeNICRemove:
		delete(g.Interfaces, d.nic()) // the only one: with it go all addresses
		g.Primary4, g.Primary6 = "", ""
	case proxmoxtest.ChangeTags:
		d.retag(g)
	case proxmoxtest.ChangeCreate:
		d.guests[d.key(d.VMID)] = d.successor(d.guests[d.key(d.model)])
	case proxmoxtest.ChangeReuse:
		d.guests[d.key(d.VMID)+" again"] = d.successor(g)
	}
}

// nic is what the interface of the change is called.
func (d drifted) nic() string {
	if d.Guest == proxmoxtest.LXC {
		return "eth" + strings.TrimPrefix(d.Key, "net")
	}
	return d.Key
}

func (d drifted) retag(g *standing) {
	before := strings.Split(d.From, ";")
	g.Tags = slices.DeleteFunc(g.Tags, func(slug string) bool { return slices.Contains(before, slug) })
	delete(g.Custom, "proxmox_tags")
	if now := strings.FieldsFunc(d.To, func(r rune) bool { return r == ';' }); len(now) > 0 {
		slices.Sort(now)
		g.tagged(now...)
		for _, slug := range now {
			if d.tags[slug] == "" {
				d.tags[slug] = slug + " 9e9e9e"
			}
		}
	}
}

// successor is a virtual machine of the size of another, with a name, UUID and MAC address of its own and no IP address.
func (d drifted) successor(model *standing) *standing {
	g := *model
	g.Tags, g.Custom, g.Disks = slices.Clone(model.Tags), maps.Clone(model.Custom), maps.Clone(model.Disks)
	g.Interfaces = map[string]*placed{}
	for name, port := range model.Interfaces {
		own := *port
		own.MAC = d.guest.NICs[0].MAC
		g.Interfaces[name] = &own
	}
	g.addressless()
	g.Name, g.Custom["proxbox_uuid"], g.Custom["proxmox_vm_id"] = d.guest.Name, d.guest.UUID, fmt.Sprint(d.VMID)
	return &g
}

// on moves a guest to another node.
func (g *standing) on(node string) {
	g.Device, g.Description, g.Custom["proxmox_node"] = node, "Synced from Proxmox node "+node, node
}

// mebibytes reads a number of bytes, which are whole MiB.
func mebibytes(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n >> 20
}
