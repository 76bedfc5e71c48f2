package proxmoxsrc_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// handmade is one of the estates written by hand, and what there is to read of it.
type handmade struct {
	estate     *proxmoxtest.Estate
	credential proxmoxtest.Credential
	events     func(*proxmoxtest.Server)
	cluster    inventory.Cluster
	vnets      []inventory.VNet
	colors     map[string]string
	guests     []string // see told
	nodeGaps   []string
	interfaces map[string][]inventory.NodeInterface // of some nodes
}

func handmadeEstates() map[string]handmade {
	return map[string]handmade{
		"alpha": {
			estate: proxmoxtest.Alpha(), credential: proxmoxtest.AlphaCredential(), guests: alphaGuests(), interfaces: alphaInterfaces(),
			cluster: inventory.Cluster{Name: "alpha", Quorate: true, Version: "9.1.6"},
			vnets:   []inventory.VNet{{Name: "vlnet1", Zone: "vl", Alias: "dmz", VLAN: 300}, {Name: "vxnet1", Zone: "vx"}},
			colors:  map[string]string{"prod": "ff0000", "web": "00ff00"},
		},
		"beta": {
			estate: proxmoxtest.Beta(), credential: proxmoxtest.BetaCredential(), events: proxmoxtest.BetaEvents,
			guests: betaGuests(), interfaces: betaInterfaces(),
			vnets: []inventory.VNet{}, cluster: inventory.Cluster{Name: "beta", Quorate: true, Version: "8.4.1"},
			nodeGaps: []string{
				"node b3: node: node b3 is offline: start it, or mend its network, to have it read",
				"node b5: node: node b5 is offline: start it, or mend its network, to have it read",
			},
		},
		"gamma": {
			estate: proxmoxtest.Gamma(), credential: proxmoxtest.GammaCredential(), guests: gammaGuests(), interfaces: gammaInterfaces(),
			vnets: []inventory.VNet{}, cluster: inventory.Cluster{Name: "pve", Standalone: true, Quorate: true, Version: "7.4-20"},
		},
	}
}

// TestInventory_handmadeEstates reads the estates written by hand, guest by guest.
func TestInventory_handmadeEstates(t *testing.T) {
	t.Parallel()
	for name, tt := range handmadeEstates() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, tt.estate, &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{tt.credential}})
			if l.options.Token == "" {
				l.withPassword()
			}
			if tt.events != nil {
				tt.events(l.fake)
			}
			inv := l.read(t)
			assert.Equal(t, tt.cluster, inv.Cluster)
			assert.Equal(t, tt.vnets, inv.VNets)
			assert.Equal(t, tt.colors, inv.TagColors)
			assert.Empty(t, inv.Dropped)
			assert.Equal(t, tt.guests, told(inv))
			var nodeGaps []string
			for _, gap := range inv.Gaps {
				if gap.Guest == 0 {
					nodeGaps = append(nodeGaps, gap.String())
				}
			}
			assert.Equal(t, tt.nodeGaps, nodeGaps)
			for _, node := range inv.Nodes {
				if want, some := tt.interfaces[node.Name]; some {
					assert.Equal(t, want, withoutEmptyPorts(node.Interfaces), node.Name)
				}
			}
		})
	}
}

// TestInventory_handmadeDetails looks at what the lines of the table do not show.
func TestInventory_handmadeDetails(t *testing.T) {
	t.Parallel()
	l := newLab(t, proxmoxtest.Alpha(), nil)
	inv := l.read(t)
	text := guest(t, inv, 137).Description
	assert.True(t, strings.HasPrefix(text, "Größe: <b>groß</b> & schön 🚀\n\n* [wiki]"), text[:40])
	assert.InDelta(t, 8192, len(text), 1)
	var disks []string
	for _, d := range guest(t, inv, 121).Disks {
		disks = append(disks, fmt.Sprint(d.Key, " ", d.Storage, " ", d.Volume, " ", d.Bytes, " ", d.Known))
	}
	assert.Equal(t, []string{
		"efidisk0 local-lvm vm-121-disk-2 540672 true",
		"sata0 rbd vm-121-disk-1 53687091712 true",
		"scsi0 local-lvm vm-121-disk-0 34359738368 true",
		"scsi5  /dev/disk/by-id/ata-ST4000_Z1 0 false",
		"scsi6 rbd vm-121-disk-8 8589934592 true",
		"tpmstate0 local-lvm vm-121-disk-3 4194304 true",
		"virtio1 local-lvm vm-121-disk-7 1649267441664 true",
	}, disks)
	assert.Equal(t, "base-119-disk-0/vm-120-disk-0", guest(t, inv, 120).Disks[0].Volume)
	assert.Equal(t, inventory.OS{ID: "mswindows", Name: "Windows Server 2022 Standard", Version: "2022"}, guest(t, inv, 111).OS)
	for _, r := range l.fake.Requests() {
		for _, id := range []string{"115", "116", "119", "125", "131"} {
			assert.NotContains(t, r.Path, "/"+id+"/agent/", "no agent is asked that is off")
		}
	}
}

// TestInventory_handmadeTwice reads the VMID that is used again before and after that.
func TestInventory_handmadeTwice(t *testing.T) {
	t.Parallel()
	l := newLab(t, proxmoxtest.Beta(), &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{proxmoxtest.BetaCredential()}})
	before := l.read(t)
	for id, name := range map[int]string{156: "mover", 157: "goner", 158: "reused", 160: "sealed"} {
		assert.Equal(t, name, guest(t, before, id).Name)
	}
	proxmoxtest.BetaEvents(l.fake)
	after := l.read(t)
	assert.Equal(t, "b1 b2", guest(t, before, 156).Node+" "+guest(t, after, 156).Node)
	assert.Equal(t, guest(t, before, 156).UUID, guest(t, after, 156).UUID)
	assert.NotEqual(t, guest(t, before, 158).UUID, guest(t, after, 158).UUID)
	_, unread := after.GuestGap(160, inventory.PartConfig)
	assert.True(t, unread)
}

func withoutEmptyPorts(list []inventory.NodeInterface) []inventory.NodeInterface {
	for i := range list {
		if len(list[i].Ports) == 0 {
			list[i].Ports = nil
		}
	}
	return list
}

func alphaInterfaces() map[string][]inventory.NodeInterface {
	return map[string][]inventory.NodeInterface{
		"a1": {
			{Name: "bond0", Type: "bond", Active: true, Ports: []string{"eno1", "eno2"}, BondMode: "802.3ad"},
			{Name: "eno1", Type: "eth", Active: true, MAC: "00:1B:21:AA:BB:CC"},
			{Name: "eno2", Type: "eth", Active: true, MAC: "00:1B:21:AA:BB:CD"},
			{
				Name: "vmbr0", Type: "bridge", Active: true, Ports: []string{"bond0"}, VLANAware: true, Trunks: []string{"2-4094"},
				Addresses: prefixes("192.0.2.1/24"), Gateways: []netip.Addr{netip.MustParseAddr("192.0.2.254")}, Comment: "Büro",
			},
			{Name: "vmbr0.30", Type: "vlan", Active: true, Parent: "vmbr0", VLAN: 30, Addresses: prefixes("198.51.100.1/24")},
		},
		"a2": {
			{Name: "eno1", Type: "eth", Active: true},
			{Name: "vmbr0", Type: "bridge", Active: true, Ports: []string{"eno1"}},
		},
		"a3": {
			{Name: "eno1", Type: "eth", Active: true},
			{Name: "vmbr0", Type: "bridge", Active: true, Ports: []string{"eno1"}, Addresses: prefixes("192.0.2.3/24")},
			{Name: "wg0", Type: "unknown"},
		},
	}
}

func betaInterfaces() map[string][]inventory.NodeInterface {
	return map[string][]inventory.NodeInterface{
		"b1": {
			{Name: "eno1", Type: "eth", Active: true, Addresses: prefixes("192.0.2.1/24")},
			{Name: "eno1:1", Type: "alias", Active: true, Addresses: prefixes("198.51.100.1/24")},
			{Name: "vlan20", Type: "vlan", Active: true, Parent: "eno1", VLAN: 20, Addresses: prefixes("203.0.113.1/24")},
			{
				Name: "vmbr0", Type: "bridge", Active: true, Ports: []string{"eno1"},
				Addresses: prefixes("2001:db8:2::1/64"), Gateways: []netip.Addr{netip.MustParseAddr("fe80::1")},
			},
		},
		"b3": nil,
	}
}

func gammaInterfaces() map[string][]inventory.NodeInterface {
	return map[string][]inventory.NodeInterface{
		"pve": {
			{Name: "bond0", Type: "OVSBond", Active: true, Ports: []string{"eno1", "eno2"}, BondMode: "lacp-balance-tcp"},
			{Name: "eno1", Type: "eth", Active: true},
			{Name: "eno2", Type: "eth", Active: true},
			{
				Name: "vlan50", Type: "OVSIntPort", Active: true, VLAN: 50,
				Addresses: prefixes("192.0.2.1/24"), Gateways: []netip.Addr{netip.MustParseAddr("192.0.2.254")},
			},
			{Name: "vmbr0", Type: "OVSBridge", Active: true, Ports: []string{"bond0", "vlan50"}},
		},
	}
}

// alphaGuests is what there is to read of [proxmoxtest.Alpha].
func alphaGuests() []string {
	return []string{
		`100 "web01" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, tags prod;web, pool web, HA started, OS debian`,
		`  net0 BC:24:11:10:64:00 on vmbr0 as "ens18" tag 10 10.1.0.100/16 guest-agent 2001:db8:1::100/64 guest-agent`,
		`101 "web02" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:65:00 on vmbr0 as "ens18" tag 10 10.1.0.101/16 guest-agent`,
		`  net1 BC:24:11:10:65:01 on vmbr0 as "ens19" trunks 20;30-40`,
		`  net2 BC:24:11:10:65:02 on vmbr0 as "ens20" down`,
		`102 "" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:66:00 on vmbr0 as "ens18" 10.1.0.102/16 guest-agent`,
		`103 "web01" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:67:00 on vmbr0 as "ens18" 10.1.0.103/16 guest-agent`,
		`104 "WEB01" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:68:00 on vmbr0 as "ens18" 10.1.0.104/16 guest-agent`,
		`105 "very-long.very-long.very-long.very-long.very-long.very-long.name-first" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:69:00 on vmbr0 as "ens18" 10.1.0.105/16 guest-agent`,
		`106 "very-long.very-long.very-long.very-long.very-long.very-long.name-other" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:6A:00 on vmbr0 as "ens18" 10.1.0.106/16 guest-agent`,
		`107 "docker01" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:6B:00 on vmbr0 as "ens18" 10.1.0.107/16 guest-agent`,
		`108 "twin1" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:5A:5A:5A on vmbr0 as "ens18" 10.1.0.108/16 guest-agent`,
		`110 "twin2" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:5A:5A:5A on vmbr0 as "ens18" 10.1.0.110/16 guest-agent`,
		`111 "win22" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, OS mswindows`,
		`  net0 BC:24:11:10:6F:00 on vmbr0 as "Ethernet 2" 10.1.0.111/32 guest-agent 2001:db8:1::111/64 guest-agent`,
		`112 "oldagent" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:70:00 on vmbr0 as ""`,
		`  gap addresses: the guest agent refuses guest-network-get-interfaces`,
		`113 "deadagent" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:71:00 on vmbr0 as ""`,
		`  gap addresses: its guest agent does not answer`,
		`114 "stalled" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:72:00 on vmbr0 as ""`,
		`  gap addresses: its guest agent does not answer in time`,
		`115 "agent0" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:73:00 on vmbr0 as ""`,
		`116 "noagent" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:74:00 on vmbr0 as ""`,
		`117 "isaagent" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:75:00 on vmbr0 as "ens18" 10.1.0.117/16 guest-agent`,
		`118 "alias" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:76:00 on vmbr0 as "ens20" 10.1.0.118/16 guest-agent 10.1.1.118/16 guest-agent 10.30.0.118/24 guest-agent`,
		`119 "tmpl" qemu a1 stopped, 2 CPUs 4096 MiB 34359738368 B, template`,
		`  net0 BC:24:11:10:77:00 on vmbr0 as ""`,
		`120 "linked" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:78:00 on vmbr0 as "ens18" 10.1.0.120/16 guest-agent`,
		`121 "disks" qemu a2 running, 2 CPUs 4096 MiB 1745908941312 B and 1 unknown, OS debian`,
		`  net0 BC:24:11:10:79:00 on vmbr0 as "ens18" 10.1.0.121/16 guest-agent`,
		`122 "hotplug" qemu a2 running, 3 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:7A:00 on vmbr0 as "ens18" 10.1.0.122/16 guest-agent`,
		`123 "manycores" qemu a2 running, 64 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:7B:00 on vmbr0 as "ens18" 10.1.0.123/16 guest-agent`,
		`124 "paused" qemu a3 paused, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:7C:00 on vmbr0 as ""`,
		`  gap addresses: its guest agent cannot be asked while its status is paused`,
		`125 "hibernated" qemu a3 stopped, 2 CPUs 4096 MiB 34359738368 B, lock suspended`,
		`  net0 BC:24:11:10:7D:00 on vmbr0 as ""`,
		`  gap addresses: its guest agent cannot be asked while its status is stopped`,
		`126 "ioerror" qemu a3 failed, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:7E:00 on vmbr0 as ""`,
		`  gap addresses: its guest agent cannot be asked while its status is io-error`,
		`127 "prelaunch" qemu a3 paused, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:7F:00 on vmbr0 as ""`,
		`  gap addresses: its guest agent cannot be asked while its status is prelaunch`,
		`128 "cloning" qemu a3 stopped, 2 CPUs 4096 MiB 0 B, lock clone`,
		`129 "pending" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:81:00 on vmbr0 as "ens18" 10.1.0.129/16 guest-agent`,
		`130 "cloudinit" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:82:00 on vmbr0 as "ens18" 10.1.0.130/16 guest-agent`,
		`131 "cloudinit-dhcp" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B`,
		`  net0 BC:24:11:10:83:00 on vmbr0 as ""`,
		`132 "nomac" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0  on vmbr0 as ""`,
		`133 "nobridge" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:85:00 on  as "ens18" 10.1.0.133/16 guest-agent`,
		`134 "longform" qemu a3 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:86:00 on vmbr0 as "ens18" 10.1.0.134/16 guest-agent`,
		`135 "vnet-vxlan" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:87:00 on vxnet1 as "ens18" 10.1.0.135/16 guest-agent`,
		`136 "vnet-vlan" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:88:00 on vlnet1 as "ens18" 10.1.0.136/16 guest-agent`,
		`137 "desc-utf8" qemu a1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:89:00 on vmbr0 as "ens18" 10.1.0.137/16 guest-agent`,
		`138 "ha-error" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, HA error, OS debian`,
		`  net0 BC:24:11:10:8A:00 on vmbr0 as "ens18" 10.1.0.138/16 guest-agent`,
		`139 "replicated" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:8B:00 on vmbr0 as "ens18" 10.1.0.139/16 guest-agent`,
		`140 "snapshot" qemu a2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:10:8C:00 on vmbr0 as "ens18" 10.1.0.140/16 guest-agent`,
		`200 "ct-dhcp" lxc a1 running, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:C8:00 on vmbr0 as "eth0" 10.1.0.200/16 container dynamic 2001:db8:1::200/64 container dynamic`,
		`201 "ct-static" lxc a1 running, 1 CPUs 1024 MiB 9663676416 B`,
		`  net0 BC:24:11:10:C9:00 on vmbr0 as "eth0" 10.1.0.201/16 container 2001:db8:1::201/64 container`,
		`202 "ct-stopped" lxc a1 stopped, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:CA:00 on vmbr0 as "eth0" 10.1.0.202/16 config`,
		`203 "ct-half" lxc a2 running, 0.5 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:CB:00 on vmbr0 as "eth0" 10.1.0.203/16 container`,
		`204 "ct-nocores" lxc a2 running, 16 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:CC:00 on vmbr0 as "eth0" 10.1.0.204/16 container`,
		`205 "" lxc a2 running, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:CD:00 on vmbr0 as "eth0" 10.1.0.205/16 container`,
		`206 "ct-raw" lxc a2 running, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:CE:00 on vmbr0 as "eth0" 10.1.0.206/16 container`,
		`207 "über" lxc a3 running, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:10:CF:00 on vmbr0 as "eth0" 10.1.0.207/16 container`,
	}
}

// betaGuests is what there is to read of [proxmoxtest.Beta] while its events happen: 157 is deleted, 159 hidden.
func betaGuests() []string {
	return []string{
		`100 "mail01" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, tags mail, OS debian`,
		`  net0 BC:24:11:20:64:00 on vmbr0 as "ens18" 10.2.0.100/16 guest-agent`,
		`101 "mail02" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:20:65:00 on vmbr0 as "ens18" 10.2.0.101/16 guest-agent`,
		`109 "twin1" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:5A:5A:5A on vmbr0 as "ens18" 10.2.0.109/16 guest-agent`,
		`150 "" qemu b3 , 0 CPUs 0 MiB 0 B`,
		`  gap guest: node b3 is offline`,
		`151 "" qemu b3 , 0 CPUs 0 MiB 0 B`,
		`  gap guest: node b3 is offline`,
		`152 "" qemu b3 , 0 CPUs 0 MiB 0 B, tags prod`,
		`  gap guest: node b3 is offline`,
		`153 "" lxc b3 , 0 CPUs 0 MiB 0 B`,
		`  gap guest: node b3 is offline`,
		`154 "mute" lxc b4 , 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:20:9A:00 on vmbr0 as "eth0"`,
		`  gap addresses: its node does not tell whether it runs`,
		`155 "gone" qemu b5 running, 0 CPUs 0 MiB 0 B`,
		`  gap config: node b5 is offline`,
		`156 "mover" qemu b2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:20:9C:00 on vmbr0 as "ens18" 10.2.0.156/16 guest-agent`,
		`158 "newcomer" qemu b2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:5B:5B:5B on vmbr0 as "ens18" 10.2.0.158/16 guest-agent`,
		`160 "sealed" qemu b2 running, 0 CPUs 0 MiB 0 B`,
		`  gap config: token proxbox@pve!sync lacks the privilege VM.Audit on /vms/160`,
		`161 "ip-dup" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:20:A1:00 on vmbr0 as "ens18" 10.2.0.161/16 guest-agent`,
		`162 "ip-vip" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:20:A2:00 on vmbr0 as "ens18" 10.2.0.162/16 guest-agent 10.2.0.161/32 guest-agent`,
		`163 "libvirt" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:20:A3:00 on vmbr0 as "ens18" 192.168.122.1/24 guest-agent`,
		`164 "flood" qemu b2 running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:20:A4:00 on vmbr0 as "ens18" 10.2.0.164/16 guest-agent`,
		`165 "tags" qemu b1 running, 2 CPUs 4096 MiB 34359738368 B, tags A;b;c, OS debian`,
		`  net0 BC:24:11:20:A5:00 on vmbr0 as "ens18" 10.2.0.165/16 guest-agent`,
	}
}

// gammaGuests is what there is to read of [proxmoxtest.Gamma].
func gammaGuests() []string {
	return []string{
		`300 "vm74" qemu pve running, 2 CPUs 4096 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:31:2C:00 on vmbr0 as "ens18" 10.3.1.44/16 guest-agent`,
		`301 "ct-static" lxc pve running, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:31:2D:00 on vmbr0 as "eth0" 10.3.1.45/16 config`,
		`302 "ct-dhcp" lxc pve running, 1 CPUs 1024 MiB 8589934592 B`,
		`  net0 BC:24:11:31:2E:00 on vmbr0 as "eth0"`,
		`303 "memory" qemu pve running, 2 CPUs 2048 MiB 34359738368 B, OS debian`,
		`  net0 BC:24:11:31:2F:00 on vmbr0 as "ens18" 10.3.1.47/16 guest-agent`,
	}
}

// told returns what was read of all guests: a line for each guest, one for each of its NICs, and
// one for each of its gaps with the beginning of the reason.
func told(inv *inventory.Inventory) []string {
	var lines []string
	for i := range inv.Guests {
		g := &inv.Guests[i]
		lines = append(lines, guestFacts(g))
		for _, nic := range g.NICs {
			lines = append(lines, "  "+nicFacts(nic))
		}
		for _, gap := range inv.Gaps {
			if gap.Guest == g.ID {
				why, _, _ := strings.Cut(gap.Reason, ": ")
				why, _, _ = strings.Cut(why, " (")
				lines = append(lines, "  gap "+string(gap.Part)+": "+why)
			}
		}
	}
	return lines
}

// guestFacts returns VMID, name, kind, node and status, then CPUs, memory and the exact sum of the disks, with the number
// of disks whose size is unknown, then what else there is.
func guestFacts(g *inventory.Guest) string {
	bytes, unknown := int64(0), 0
	for _, d := range g.Disks {
		bytes += d.Bytes
		if !d.Known {
			unknown++
		}
	}
	var s strings.Builder
	s.WriteString(fmt.Sprintf("%d %q %s %s %s, %v CPUs %d MiB %d B", g.ID, g.Name, g.Kind, g.Node, g.Status, g.CPUs, g.Memory>>20, bytes))
	if unknown > 0 {
		s.WriteString(fmt.Sprintf(" and %d unknown", unknown))
	}
	for _, one := range []struct{ key, value string }{
		{"tags", strings.Join(g.Tags, ";")}, {"pool", g.Pool}, {"HA", g.HAState}, {"lock", g.Lock}, {"OS", g.OS.ID},
	} {
		if one.value != "" {
			s.WriteString(", " + one.key + " " + one.value)
		}
	}
	if g.Template {
		s.WriteString(", template")
	}
	return s.String()
}

// nicFacts returns key, MAC address, bridge and name, then what else there is, then the addresses.
func nicFacts(n inventory.NIC) string {
	var s strings.Builder
	s.WriteString(fmt.Sprintf("%s %s on %s as %q", n.Key, n.MAC, n.Bridge, n.Name+n.AgentName))
	if n.VLAN > 0 {
		s.WriteString(fmt.Sprintf(" tag %d", n.VLAN))
	}
	if len(n.Trunks) > 0 {
		s.WriteString(" trunks " + strings.Join(n.Trunks, ";"))
	}
	if n.MTU > 0 {
		s.WriteString(fmt.Sprintf(" MTU %d", n.MTU))
	}
	if n.Down {
		s.WriteString(" down")
	}
	for _, a := range n.Addresses {
		s.WriteString(fmt.Sprintf(" %s %s", a.Prefix, a.Origin))
		if a.Dynamic {
			s.WriteString(" dynamic")
		}
	}
	return s.String()
}
