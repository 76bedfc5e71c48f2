package proxmoxsrc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestInventory_quirks reads guests as grown estates have them, one peculiarity each.
func TestInventory_quirks(t *testing.T) {
	t.Parallel()
	const mac = "BC:24:11:00:00:01"
	nic := proxmoxtest.NIC{MAC: mac, Bridge: "vmbr0", Addresses: prefixes("192.0.2.5/24", "2001:db8::5/64")}
	for name, tt := range map[string]struct {
		guest proxmoxtest.Guest
		check func(*testing.T, *inventory.Guest)
	}{
		"no name": {
			check: func(t *testing.T, g *inventory.Guest) { assert.Empty(t, g.Name) },
		},
		"container without a name": {
			guest: proxmoxtest.Guest{Kind: proxmoxtest.LXC},
			check: func(t *testing.T, g *inventory.Guest) { assert.Empty(t, g.Name) },
		},
		"double-encoded host name": {
			guest: proxmoxtest.Guest{Kind: proxmoxtest.LXC, Name: "Ã¼ber"},
			check: func(t *testing.T, g *inventory.Guest) { assert.Equal(t, "über", g.Name) },
		},
		"interfaces of containers, tunnels and a flood": {
			guest: proxmoxtest.Guest{Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{nic}, Interfaces: flood(1500)},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, []string{"net0 192.0.2.5/24 guest-agent", "net0 2001:db8::5/64 guest-agent"}, addresses(g))
				assert.Equal(t, "ens18", g.NICs[0].AgentName)
			},
		},
		"interfaces that share the NIC's MAC": {
			guest: proxmoxtest.Guest{Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{nic}, Interfaces: []proxmoxtest.GuestInterface{
				{Name: "ens18:1", MAC: strings.ToLower(mac), Addresses: prefixes("192.0.2.6/24", "192.0.2.5/24")},
				{Name: "ens18.30", MAC: mac, Addresses: prefixes("198.51.100.5/24")},
			}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, []string{
					"net0 192.0.2.5/24 guest-agent", "net0 2001:db8::5/64 guest-agent", "net0 192.0.2.6/24 guest-agent",
					"net0 198.51.100.5/24 guest-agent",
				}, addresses(g))
				assert.Equal(t, "ens18", g.NICs[0].AgentName)
			},
		},
		"two NICs with one MAC": {
			guest: proxmoxtest.Guest{Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{
				nic, {Index: 1, MAC: mac, Bridge: "vmbr1", Addresses: prefixes("198.51.100.5/24")},
			}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Len(t, g.NICs[0].Addresses, 3)
				assert.Empty(t, g.NICs[1].Addresses)
				assert.Equal(t, "ens18 ", g.NICs[0].AgentName+" "+g.NICs[1].AgentName)
			},
		},
		"Windows": {
			guest: proxmoxtest.Guest{Agent: proxmoxtest.AgentOK, OSType: "win11", NICs: []proxmoxtest.NIC{
				{MAC: mac, Addresses: prefixes("192.0.2.5/32", "2001:db8::5/128")},
			}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, []string{"net0 192.0.2.5/32 guest-agent", "net0 2001:db8::5/128 guest-agent"}, addresses(g))
				assert.Equal(t, "Ethernet", g.NICs[0].AgentName)
				assert.Equal(t, inventory.OS{ID: "mswindows", Name: "Windows Server 2022 Standard", Version: "2022"}, g.OS)
			},
		},
		"no MAC": {
			guest: proxmoxtest.Guest{Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{{Bridge: "vmbr0", Addresses: prefixes("192.0.2.5/24")}}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, inventory.NIC{Key: "net0", Model: "virtio", Bridge: "vmbr0"}, g.NICs[0])
			},
		},
		"the agent wins over cloud-init": {
			guest: proxmoxtest.Guest{Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{
				{MAC: mac, IP: "203.0.113.9/24", IP6: "auto", Addresses: prefixes("192.0.2.5/24", "2001:db8::5/64")},
			}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, []string{"net0 192.0.2.5/24 guest-agent", "net0 2001:db8::5/64 guest-agent dynamic"}, addresses(g))
			},
		},
		"cloud-init with DHCP and no agent": {
			guest: proxmoxtest.Guest{NICs: []proxmoxtest.NIC{{MAC: mac, IP: "dhcp", IP6: "auto"}}},
			check: func(t *testing.T, g *inventory.Guest) { assert.Empty(t, addresses(g)) },
		},
		"template": {
			guest: proxmoxtest.Guest{Template: true, Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{{MAC: mac, IP: "203.0.113.9/24"}}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.True(t, g.Template && g.Agent)
				assert.Empty(t, addresses(g))
			},
		},
		"pending changes": {
			guest: proxmoxtest.Guest{Memory: 4 << 30, Pending: map[string]any{"memory": "8192", "name": "new"}, Name: "old"},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.EqualValues(t, 4<<30, g.Memory)
				assert.Equal(t, "old", g.Name)
			},
		},
		"more CPUs than the host": {
			guest: proxmoxtest.Guest{Cores: 64},
			check: func(t *testing.T, g *inventory.Guest) { assert.InDelta(t, 64, g.CPUs, 0) },
		},
		"hot-plugged CPUs": {
			guest: proxmoxtest.Guest{Sockets: 2, Cores: 4, VCPUs: 3},
			check: func(t *testing.T, g *inventory.Guest) { assert.InDelta(t, 3, g.CPUs, 0) },
		},
		"half a CPU": {
			guest: proxmoxtest.Guest{Kind: proxmoxtest.LXC, CPULimit: "0.5"},
			check: func(t *testing.T, g *inventory.Guest) { assert.InDelta(t, 0.5, g.CPUs, 0) },
		},
		"all CPUs of the host": {
			guest: proxmoxtest.Guest{Kind: proxmoxtest.LXC},
			check: func(t *testing.T, g *inventory.Guest) { assert.InDelta(t, 16, g.CPUs, 0) },
		},
		"disks": {
			guest: proxmoxtest.Guest{Disks: []proxmoxtest.Disk{
				{Slot: "scsi0", Bytes: 32 << 30},
				{Slot: "sata0", Bytes: 53687091713},
				{Slot: "efidisk0", Bytes: 528 << 10},
				{Slot: "tpmstate0", Bytes: 4 << 20},
				{Slot: "ide2", Kind: proxmoxtest.DiskCDROM},
				{Slot: "ide0", Kind: proxmoxtest.DiskCloudInit},
				{Slot: "scsi5", Kind: proxmoxtest.DiskPassthrough, Path: "/dev/disk/by-id/ata-X"},
				{Slot: "unused0"},
				{Slot: "scsi10", UnknownSize: true},
			}, Config: map[string]any{"virtio1": "file=ceph:vm-1-disk-9,size=1.5T"}},
			check: func(t *testing.T, g *inventory.Guest) {
				var told []string
				for _, d := range g.Disks {
					told = append(told, fmt.Sprint(d.Key, " ", d.Storage, " ", d.Bytes, " ", d.Known))
				}
				assert.Equal(t, []string{
					"efidisk0 local-lvm 540672 true", "sata0 local-lvm 53687091713 true", "scsi0 local-lvm 34359738368 true",
					"scsi5  0 false", "scsi10 local-lvm 0 false", "tpmstate0 local-lvm 4194304 true", "virtio1 ceph 1649267441664 true",
				}, told)
			},
		},
		"mounts of a container": {
			guest: proxmoxtest.Guest{Kind: proxmoxtest.LXC, Disks: []proxmoxtest.Disk{
				{Slot: "rootfs", Bytes: 8 << 30}, {Slot: "mp0", Bytes: 1 << 30}, {Slot: "mp1", Kind: proxmoxtest.DiskBind, Path: "/srv/data"},
			}},
			check: func(t *testing.T, g *inventory.Guest) { assert.Len(t, g.Disks, 2) },
		},
		"raw container settings": {
			guest: proxmoxtest.Guest{Kind: proxmoxtest.LXC, Config: map[string]any{
				"lxc": [][]string{{"lxc.apparmor.profile", "unconfined"}}, "cores": "2", "unprivileged": false,
			}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.InDelta(t, 2, g.CPUs, 0)
				assert.False(t, g.Unprivileged)
			},
		},
		"description": {
			guest: proxmoxtest.Guest{Description: "Für <b>alle</b> 🚀\n\n100 %41\n"},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, "Für <b>alle</b> 🚀\n\n100 %41\n", g.Description)
			},
		},
		"tags": {
			guest: proxmoxtest.Guest{Config: map[string]any{"tags": "A,b c;a"}},
			check: func(t *testing.T, g *inventory.Guest) { assert.Equal(t, []string{"A", "b", "c"}, g.Tags) },
		},
		"hibernated": {
			guest: proxmoxtest.Guest{Status: proxmoxtest.StatusStopped, Lock: "suspended", HAState: "error", Pool: "p"},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, inventory.GuestStopped, g.Status)
				assert.Equal(t, "suspended error p", g.Lock+" "+g.HAState+" "+g.Pool)
			},
		},
		"long form of a NIC": {
			guest: proxmoxtest.Guest{Config: map[string]any{"net10": "bridge=vmbr0,model=virtio,macaddr=bc:24:11:00:00:01", "net2": "virtio"}},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, []inventory.NIC{
					{Key: "net2", Model: "virtio"}, {Key: "net10", Model: "virtio", MAC: mac, Bridge: "vmbr0"},
				}, g.NICs)
			},
		},
		"types that change": {
			guest: proxmoxtest.Guest{Config: map[string]any{
				"memory": "current=2048", "cores": "4", "sockets": nil, "onboot": "1", "searchdomain": 7, "smbios1": nil, "agent": 1,
			}, Agent: proxmoxtest.AgentOK},
			check: func(t *testing.T, g *inventory.Guest) {
				assert.Equal(t, "2147483648 4 true 7  true", fmt.Sprint(g.Memory, " ", g.CPUs, " ", g.StartAtBoot, " ", g.SearchDomain, " ", g.UUID, " ", g.Agent))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := tt.guest
			one.VMID = 100
			l := newLab(t, &proxmoxtest.Estate{Cluster: "alpha", Guests: []*proxmoxtest.Guest{&one}}, nil)
			inv := l.read(t)
			assert.Empty(t, gaps(inv))
			assert.Empty(t, inv.Dropped)
			tt.check(t, guest(t, inv, 100))
		})
	}
}

// flood is what container hosts have: nothing of it is an address of theirs.
func flood(n int) []proxmoxtest.GuestInterface {
	list := []proxmoxtest.GuestInterface{
		{Name: "docker0", MAC: "02:42:00:00:00:01", Addresses: prefixes("172.17.0.1/16")},
		{Name: "wg0", Addresses: prefixes("10.9.0.1/24")},
		{Name: "kube-ipvs0", MAC: "02:42:00:00:00:02"},
	}
	for i := range n {
		address := prefixes(fmt.Sprintf("10.96.%d.%d/32", i/250, i%250))
		list[2].Addresses = append(list[2].Addresses, address...)
		list = append(list, proxmoxtest.GuestInterface{Name: fmt.Sprintf("cali%04x", i), MAC: "ee:ee:ee:ee:ee:ee", Addresses: address})
	}
	return list
}

// TestInventory_oldStandalone reads a Proxmox VE 7 that is no cluster, by password: addresses of containers come from
// their configuration alone.
func TestInventory_oldStandalone(t *testing.T) {
	t.Parallel()
	container := func(id int, ip string) *proxmoxtest.Guest {
		return &proxmoxtest.Guest{VMID: id, Kind: proxmoxtest.LXC, NICs: []proxmoxtest.NIC{
			{MAC: "BC:24:11:00:00:" + hexByte(id), IP: ip, Addresses: prefixes("198.51.100.1/24")},
		}}
	}
	estate := &proxmoxtest.Estate{Version: "7.4-20", Guests: []*proxmoxtest.Guest{
		{VMID: 300, Name: "vm", Memory: 2 << 30}, container(301, "192.0.2.5/24"), container(302, "dhcp"), container(303, "192.0.2.7/24"),
	}}
	for i := range 50 {
		estate.Guests = append(estate.Guests, container(400+i, "192.0.2.9/24"))
	}
	l := newLab(t, estate, nil)
	l.withPassword()
	inv := l.read(t)
	assert.Empty(t, gaps(inv))
	assert.Equal(t, inventory.Cluster{Name: "pve", Standalone: true, Quorate: true, Version: "7.4-20"}, inv.Cluster)
	assert.EqualValues(t, 2<<30, guest(t, inv, 300).Memory)
	assert.Equal(t, []string{"net0 192.0.2.5/24 config"}, addresses(guest(t, inv, 301)))
	assert.Empty(t, addresses(guest(t, inv, 302)))
	assert.Equal(t, []string{"net0 192.0.2.7/24 config"}, addresses(guest(t, inv, 303)))
	refused := 0
	for _, r := range l.fake.Requests() {
		if r.Status == 501 && strings.HasPrefix(r.Path, "/nodes/") {
			refused++
		}
	}
	assert.LessOrEqual(t, refused, 2, "what a node does not know is not asked again")
}

// TestInventory_containerStopsInTheRun sees that the addresses of a configuration count where the host no longer has any,
// and that it is no proof that there are no others.
func TestInventory_containerStopsInTheRun(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.After("GET /nodes/*/lxc/201/config", 1, func(e *proxmoxtest.Estate) { e.Guest(201).Status = proxmoxtest.StatusStopped })
	l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/*/lxc/202/interfaces", Status: 200, Body: `{"data":{"odd":1}}`})
	l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/*/lxc/203/interfaces", Reason: "command failed"})
	inv := l.read(t)
	address := l.server.Listener.Addr().String()
	assert.Equal(t, []string{
		"guest 201: addresses: its host cannot look into it any more: the next run looks again",
		"guest 202: addresses: the list of its interfaces is not of the form that Proxmox VE sends: is no list",
		"guest 203: addresses: Proxmox VE at " + address + " answered 500 to GET /nodes/a3/lxc/203/interfaces: command failed",
	}, gaps(inv))
	assert.Equal(t, []string{"net0 198.51.100.11/24 config"}, addresses(guest(t, inv, 201)))
}

func TestInventory_brokenRows(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /cluster/resources", Status: 200, Body: `{"data":[null,
		{"type":"node","node":"a1","status":"online"},{"type":"qemu","vmid":101,"node":"a1","status":"running","name":"web1"}]}`})
	inv := l.read(t)
	assert.Equal(t, []string{"guests: guests may be missing in the list, because it has rows that make no sense: see what was dropped"}, gaps(inv))
	assert.Equal(t, []string{"the list of resources: element 1 is no object"}, inv.Dropped)
	_, incomplete := inv.ListGap()
	assert.True(t, incomplete)
	assert.Len(t, inv.Guests, 1)
}

// TestInventory_brokenInterfaces sees that an interface of a node without a name is told, and no reason to take any for gone.
func TestInventory_brokenInterfaces(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /nodes/a2/network", Status: 200, Body: `{"data":[{"type":"bridge"},{"iface":"vmbr0","type":"bridge"}]}`})
	inv := l.read(t)
	assert.Equal(t, []string{
		"node a2: network: interfaces may be missing in the list, because it has elements that make no sense: see what was dropped",
	}, gaps(inv))
	assert.Equal(t, []string{"node a2: element 1 of the list of interfaces has no name"}, inv.Dropped)
	assert.Equal(t, []inventory.NodeInterface{{Name: "vmbr0", Type: "bridge", Ports: []string{}}}, inv.Nodes[1].Interfaces, "the others are read")
}

// TestInventory_addressFlood sees that a guest cannot fill NetBox with what it claims to have.
func TestInventory_addressFlood(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Update(func(e *proxmoxtest.Estate) {
		e.Guest(101).NICs[0].Addresses = flood(1200)[2].Addresses
	})
	inv := l.read(t)
	assert.Len(t, guest(t, inv, 101).NICs[0].Addresses, 1000)
	assert.Equal(t, []string{"guest 101: 200 addresses beyond the first 1000"}, inv.Dropped)
}

func TestInventory_scopeOfNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	scope := sync.Scope{Guests: []sync.GuestRef{{Source: "alpha", ID: 4711}}}
	inv, err := l.source(t).Inventory(t.Context(), scope)
	assert.NoError(t, err)
	assert.Len(t, inv.Guests, 6, "nothing in scope is there, which is no error")
	assert.Len(t, l.fake.Requests(), 4)
}
