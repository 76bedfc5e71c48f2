package proxmoxtest_test

import (
	"net/netip"
	"testing"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func TestMachineConfig(t *testing.T) {
	t.Parallel()
	guest := &proxmoxtest.Guest{
		VMID: 101, Name: "web", Sockets: 2, Cores: 4, VCPUs: 3, CPULimit: "1.5", Memory: 2 << 30, Tags: []string{"a", "B"},
		Lock: "backup", OnBoot: true, Agent: proxmoxtest.AgentOK, UUID: "11111111-2222-4333-8444-555555555555",
		Description: "Über <b>uns</b>\n",
		NICs: []proxmoxtest.NIC{
			{Index: 0, MAC: "BC:24:11:00:00:01", Bridge: "vmbr0", Tag: 10, Trunks: "20;30-40", LinkDown: true, Firewall: true, MTU: 1, IP: "dhcp", IP6: "auto"},
			{Index: 3, Model: "e1000"},
		},
		Disks: []proxmoxtest.Disk{
			{Slot: "scsi0", Bytes: 32 << 30},
			{Slot: "virtio1", Storage: "zfs", Volume: "base-100-disk-0/vm-101-disk-0", Bytes: 1<<40 + 1<<39},
			{Slot: "efidisk0", Bytes: 528 << 10},
			{Slot: "tpmstate0", Bytes: 4 << 20},
			{Slot: "sata0", Bytes: 536870913},
			{Slot: "sata1", Bytes: 1 << 30, UnknownSize: true},
			{Slot: "ide2", Kind: proxmoxtest.DiskCDROM},
			{Slot: "ide0", Kind: proxmoxtest.DiskCloudInit, Bytes: 4 << 20},
			{Slot: "scsi5", Kind: proxmoxtest.DiskPassthrough, Path: "/dev/disk/by-id/ata-X", Bytes: 3907018584 << 10},
			{Slot: "unused0", Bytes: 1 << 30},
		},
		Config: map[string]any{"scsihw": nil, "hookscript": "local:snippets/x"},
	}
	config := data[object](serve(t, &proxmoxtest.Estate{Guests: []*proxmoxtest.Guest{guest}}), "/nodes/pve/qemu/101/config?current=1")
	want := object{
		"name": "web", "sockets": 2.0, "cores": 4.0, "vcpus": 3.0, "cpulimit": "1.5", "memory": "2048", "tags": "a;B",
		"lock": "backup", "onboot": 1.0, "agent": "1", "ostype": "l26", "numa": 0.0, "boot": "order=scsi0",
		"smbios1":     "uuid=11111111-2222-4333-8444-555555555555",
		"meta":        "creation-qemu=9.0.2,ctime=1717171717",
		"description": "Über <b>uns</b>\n", "hookscript": "local:snippets/x",
		"net0":      "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,link_down=1,mtu=1,tag=10,trunks=20;30-40",
		"net3":      "e1000",
		"ipconfig0": "ip=dhcp,ip6=auto",
		"scsi0":     "local-lvm:vm-101-disk-0,size=32G",
		"virtio1":   "zfs:base-100-disk-0/vm-101-disk-0,size=1536G",
		"efidisk0":  "local-lvm:vm-101-disk-2,efitype=4m,size=528K",
		"tpmstate0": "local-lvm:vm-101-disk-3,size=4M,version=v2.0",
		"sata0":     "local-lvm:vm-101-disk-4,size=536870913",
		"sata1":     "local-lvm:vm-101-disk-5",
		"ide2":      "none,media=cdrom",
		"ide0":      "local-lvm:vm-101-cloudinit,media=cdrom,size=4M",
		"scsi5":     "/dev/disk/by-id/ata-X,size=3907018584K",
		"unused0":   "local-lvm:vm-101-disk-6",
	}
	require.Regexp(t, `^[0-9a-f]{40}$`, config["digest"])
	assert.Equal(t, want, without(config, "digest"))
}

func TestContainerConfig(t *testing.T) {
	t.Parallel()
	guest := &proxmoxtest.Guest{
		VMID: 200, Kind: proxmoxtest.LXC, Name: "ct", CPULimit: "0.5", Memory: 1 << 30, Description: "x",
		NICs: []proxmoxtest.NIC{{MAC: "BC:24:11:00:00:02", Bridge: "vmbr0", IP: "192.0.2.5/24", Gateway: "192.0.2.1", IP6: "auto", Tag: 5}},
		Disks: []proxmoxtest.Disk{
			{Slot: "rootfs", Bytes: 8 << 30},
			{Slot: "mp0", Bytes: 1 << 30, MountPoint: "/data"},
			{Slot: "mp1", Kind: proxmoxtest.DiskBind, Path: "/srv", MountPoint: "/srv"},
		},
	}
	config := data[object](serve(t, &proxmoxtest.Estate{Guests: []*proxmoxtest.Guest{guest}}), "/nodes/pve/lxc/200/config")
	assert.Equal(t, object{
		"hostname": "ct", "arch": "amd64", "cpulimit": "0.5", "memory": 1024.0, "swap": 512.0, "ostype": "debian",
		"unprivileged": 1.0, "description": "x\n",
		"net0":   "name=eth0,bridge=vmbr0,gw=192.0.2.1,hwaddr=BC:24:11:00:00:02,ip=192.0.2.5/24,ip6=auto,tag=5,type=veth",
		"rootfs": "local-lvm:vm-200-disk-0,size=8G",
		"mp0":    "local-lvm:vm-200-disk-1,mp=/data,size=1G",
		"mp1":    "/srv,mp=/srv",
	}, without(config, "digest"))
}

func TestBareGuestConfig(t *testing.T) {
	t.Parallel()
	c := serve(t, &proxmoxtest.Estate{Guests: []*proxmoxtest.Guest{{VMID: 100}}})
	config := data[object](c, "/nodes/pve/qemu/100/config")
	for _, key := range []string{"name", "cores", "sockets", "memory", "agent", "tags", "description", "template", "onboot", "vmid", "status"} {
		assert.NotContains(t, config, key)
	}
}

func TestMemoryType(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]any{"7.4-20": 1024.0, "8.0.3": 1024.0, "8.1.0": "1024", "9.1.1": "1024"} {
		c := serve(t, &proxmoxtest.Estate{Version: version, Guests: []*proxmoxtest.Guest{{VMID: 100, Memory: 1 << 30}}})
		assert.Equal(t, want, data[object](c, "/nodes/pve/qemu/100/config")["memory"], version)
	}
}

func TestPendingConfig(t *testing.T) {
	t.Parallel()
	c := serve(t, &proxmoxtest.Estate{Guests: []*proxmoxtest.Guest{{
		VMID: 100, Memory: 4 << 30, Tags: []string{"old"}, Pending: map[string]any{"memory": "8192", "tags": nil},
	}}})
	pending, current := data[object](c, "/nodes/pve/qemu/100/config"), data[object](c, "/nodes/pve/qemu/100/config?current=1")
	assert.Equal(t, "8192", pending["memory"])
	assert.NotContains(t, pending, "tags")
	assert.Equal(t, "4096", current["memory"])
	assert.Equal(t, "old", current["tags"])
	assert.Equal(t, pending["digest"], current["digest"])
}

// agentGuest has one NIC with two addresses and a bridge of its own.
func agentGuest(os string) *proxmoxtest.Estate {
	return &proxmoxtest.Estate{Guests: []*proxmoxtest.Guest{{
		VMID: 100, Name: "web", OSType: os, Agent: proxmoxtest.AgentOK,
		NICs: []proxmoxtest.NIC{{MAC: "BC:24:11:00:00:0A", Bridge: "vmbr0", Addresses: prefixes("192.0.2.7/24", "192.0.2.8/32", "2001:db8::7/64")}, {Index: 1}},
		Interfaces: []proxmoxtest.GuestInterface{
			{Name: "docker0", MAC: "02:42:00:00:00:01", Addresses: prefixes("172.17.0.1/16")}, {Name: "wg0"},
		},
	}}}
}

func agentInterfaces(t *testing.T, estate *proxmoxtest.Estate) []object {
	t.Helper()
	answer := data[struct{ Result []object }](serve(t, estate), "/nodes/pve/qemu/100/agent/network-get-interfaces")
	for _, iface := range answer.Result {
		delete(iface, "statistics")
	}
	return answer.Result
}

func address(ip, family string, prefix float64) object {
	return object{"ip-address": ip, "ip-address-type": family, "prefix": prefix}
}

func TestAgentInterfaces(t *testing.T) {
	t.Parallel()
	list := agentInterfaces(t, agentGuest(""))
	require.Len(t, list, 5)
	assert.Equal(t, "lo", list[0]["name"])
	assert.Equal(t, object{"name": "ens18", "hardware-address": "bc:24:11:00:00:0a", "ip-addresses": []any{
		address("192.0.2.7", "ipv4", 24), address("192.0.2.8", "ipv4", 32), address("2001:db8::7", "ipv6", 64),
		address("fe80::be24:11ff:fe00:a", "ipv6", 64),
	}}, list[1])
	assert.Equal(t, "ens19", list[2]["name"])
	assert.NotEmpty(t, list[2]["hardware-address"], "a NIC without a MAC has a random one")
	assert.Equal(t, object{"name": "docker0", "hardware-address": "02:42:00:00:00:01", "ip-addresses": []any{address("172.17.0.1", "ipv4", 16)}}, list[3])
	assert.Equal(t, object{"name": "wg0"}, list[4])
}

func TestWindowsAgentInterfaces(t *testing.T) {
	t.Parallel()
	list := agentInterfaces(t, agentGuest("win11"))
	assert.Equal(t, "Loopback Pseudo-Interface 1", list[0]["name"])
	assert.NotContains(t, list[0], "hardware-address")
	assert.Equal(t, object{"name": "Ethernet", "hardware-address": "bc:24:11:00:00:0a", "ip-addresses": []any{
		address("192.0.2.7", "ipv4", 24), address("192.0.2.8", "ipv4", -1), address("2001:db8::7", "ipv6", 64),
		address("fe80::be24:11ff:fe00:a%2", "ipv6", -1),
	}}, list[1])
	assert.Equal(t, "Ethernet 2", list[2]["name"])
}

func TestAgentSystem(t *testing.T) {
	t.Parallel()
	for os, id := range map[string]string{"l26": "debian", "win10": "mswindows"} {
		c := serve(t, agentGuest(os))
		assert.Equal(t, id, data[struct{ Result object }](c, "/nodes/pve/qemu/100/agent/get-osinfo").Result["id"])
		assert.Equal(t, object{"host-name": "web"}, data[struct{ Result object }](c, "/nodes/pve/qemu/100/agent/get-host-name").Result)
	}
}

func TestContainerInterfaces(t *testing.T) {
	t.Parallel()
	for version, modern := range map[string]bool{"8.2.4": false, "8.4.1": true} {
		estate := &proxmoxtest.Estate{Version: version, Guests: []*proxmoxtest.Guest{{
			VMID: 200, Kind: proxmoxtest.LXC, NICs: []proxmoxtest.NIC{{
				MAC: "BC:24:11:00:00:0B", Bridge: "vmbr0", Addresses: prefixes("192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64"),
			}},
		}}}
		fake := proxmoxtest.New(estate, nil)
		list := data[[]object](start(t, fake), "/nodes/pve/lxc/200/interfaces")
		require.Len(t, list, 2)
		eth0 := list[1]
		assert.Equal(t, "eth0", eth0["name"])
		assert.Equal(t, "bc:24:11:00:00:0b", eth0["hwaddr"])
		assert.Equal(t, "192.0.2.8/24", eth0["inet"], "only the last one")
		assert.Equal(t, "fe80::be24:11ff:fe00:b/64", eth0["inet6"], "only the last one")
		visible := fake.Estate().VisibleAddresses(200)
		if !modern {
			assert.NotContains(t, eth0, "ip-addresses")
			assert.Equal(t, prefixes("192.0.2.8/24"), visible[0])
			continue
		}
		assert.Len(t, eth0["ip-addresses"], 4)
		assert.Equal(t, address("192.0.2.7", "inet", 24), eth0["ip-addresses"].([]any)[0])
		assert.Equal(t, prefixes("192.0.2.7/24", "192.0.2.8/24", "2001:db8::7/64"), visible[0])
	}
}

func TestVisibleAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*proxmoxtest.Estate)
		seen   bool
	}{
		{"running", func(*proxmoxtest.Estate) {}, true},
		{"silent node", func(e *proxmoxtest.Estate) { e.Nodes[0].State = proxmoxtest.NodeUnknown }, true},
		{"stopped", func(e *proxmoxtest.Estate) { e.Guests[0].Status = proxmoxtest.StatusStopped }, false},
		{"dead agent", func(e *proxmoxtest.Estate) { e.Guests[0].Agent = proxmoxtest.AgentDead }, false},
		{"offline node", func(e *proxmoxtest.Estate) { e.Nodes[0].State = proxmoxtest.NodeOffline }, false},
		{"container before 8.1", func(e *proxmoxtest.Estate) {
			e.Guests[0].Kind, e.Nodes[0].Version = proxmoxtest.LXC, "7.4-20"
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			estate := proxmoxtest.New(agentGuest(""), nil).Estate()
			test.change(estate)
			visible := estate.VisibleAddresses(100)
			assert.Equal(t, test.seen, len(visible[0]) == 3)
		})
	}
}
