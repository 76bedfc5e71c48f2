package proxmoxtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served starts a fake that knows one credential, and asks it with that.
func served(t *testing.T, estate *proxmoxtest.Estate, credential proxmoxtest.Credential) (*proxmoxtest.Server, *client) {
	t.Helper()
	fake := proxmoxtest.New(estate, &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{credential}})
	return fake, start(t, fake)
}

// listed returns the rows of guests as "<vmid> <name> <status>", by node.
func listed(c *client) map[string][]string {
	rows := map[string]map[int]string{}
	for _, r := range data[[]object](c, "/cluster/resources?type=vm") {
		node := r["node"].(string)
		if rows[node] == nil {
			rows[node] = map[int]string{}
		}
		rows[node][int(r["vmid"].(float64))] = fmt.Sprint(r["vmid"], " ", r["name"], " ", r["status"])
	}
	out := map[string][]string{}
	for node, byID := range rows {
		for id := range 1000 {
			if row, ok := byID[id]; ok {
				out[node] = append(out[node], row)
			}
		}
	}
	return out
}

func TestAlpha_lists(t *testing.T) {
	t.Parallel()
	_, c := served(t, proxmoxtest.Alpha(), proxmoxtest.AlphaCredential())
	long := strings.Repeat("very-long.", 6) + "name"
	assert.Len(t, long+"-first", 70)
	assert.Equal(t, map[string][]string{
		"a1": {
			"100 web01 running", "101 web02 running", "107 docker01 running", "108 twin1 running", "110 twin2 running", "118 alias running",
			"119 tmpl stopped", "120 linked running", "129 pending running", "135 vnet-vxlan running", "136 vnet-vlan running",
			"137 desc-utf8 running", "200 ct-dhcp running", "201 ct-static running", "202 ct-stopped stopped",
		},
		"a2": {
			"102 VM 102 running", "103 web01 running", "111 win22 running", "112 oldagent running", "121 disks running", "122 hotplug running",
			"123 manycores running", "130 cloudinit running", "131 cloudinit-dhcp running", "138 ha-error running", "139 replicated running",
			"140 snapshot running", "203 ct-half running", "204 ct-nocores running", "205 CT205 running", "206 ct-raw running",
		},
		"a3": {
			"104 WEB01 running", "105 " + long + "-first running", "106 " + long + "-other running", "113 deadagent running",
			"114 stalled running", "115 agent0 running", "116 noagent running", "117 isaagent running", "124 paused paused",
			"125 hibernated stopped", "126 ioerror io-error", "127 prelaunch prelaunch", "128 cloning stopped", "132 nomac running",
			"133 nobridge running", "134 longform running", "207 Ã¼ber running",
		},
	}, listed(c))
	rows := data[[]object](c, "/cluster/resources?type=vm")
	for vmid, want := range map[float64]object{
		100: {"tags": "prod;web", "pool": "web", "hastate": "started"},
		119: {"template": 1.0},
		122: {"maxcpu": 3.0},
		123: {"maxcpu": 16.0},
		125: {"lock": "suspended"},
		128: {"lock": "clone"},
		138: {"hastate": "error"},
		203: {"maxcpu": 0.5},
		204: {"maxcpu": 16.0},
	} {
		assert.Subset(t, row(rows, "vmid", vmid), want, "guest %v", vmid)
	}
	assert.Len(t, data[[]object](c, "/cluster/sdn/zones"), 2)
	assert.Equal(t, 70001.0, row(data[[]object](c, "/cluster/sdn/vnets"), "vnet", "vxnet1")["tag"])
	assert.Equal(t, 300.0, row(data[[]object](c, "/cluster/sdn/vnets"), "vnet", "vlnet1")["tag"])
	assert.Equal(t, "prod:ff0000;web:00FF00:ffffff", data[object](c, "/cluster/options")["tag-style"].(object)["color-map"])
	assert.Len(t, data[[]object](c, "/pools"), 2)
	assert.Len(t, data[[]object](c, "/cluster/ha/resources"), 2)
}

func TestAlpha_configurations(t *testing.T) {
	t.Parallel()
	_, c := served(t, proxmoxtest.Alpha(), proxmoxtest.AlphaCredential())
	for path, want := range map[string]object{
		"a1/qemu/100": {
			"net0": "virtio=BC:24:11:10:64:00,bridge=vmbr0,tag=10", "scsi0": "local-lvm:vm-100-disk-0,size=32G", "memory": "4096", "agent": "1",
		},
		"a1/qemu/101": {
			"net0": "virtio=BC:24:11:10:65:00,bridge=vmbr0,mtu=1,tag=10",
			"net1": "virtio=BC:24:11:10:65:01,bridge=vmbr0,trunks=20;30-40",
			"net2": "virtio=BC:24:11:10:65:02,bridge=vmbr0,link_down=1",
		},
		"a1/qemu/108": {"net0": "virtio=BC:24:11:5A:5A:5A,bridge=vmbr0"},
		"a1/qemu/110": {"net0": "virtio=BC:24:11:5A:5A:5A,bridge=vmbr0"},
		"a3/qemu/115": {"agent": "0"},
		"a3/qemu/117": {"agent": "type=isa,enabled=1"},
		"a1/qemu/119": {"template": 1.0, "scsi0": "local-lvm:base-119-disk-0,size=32G"},
		"a1/qemu/120": {"scsi0": "local-lvm:base-119-disk-0/vm-120-disk-0,size=32G"},
		"a2/qemu/121": {
			"scsi0": "local-lvm:vm-121-disk-0,size=32G", "virtio1": "local-lvm:vm-121-disk-7,iothread=1,size=1.5T",
			"sata0": "rbd:vm-121-disk-1,size=53687091712", "efidisk0": "local-lvm:vm-121-disk-2,efitype=4m,size=528K",
			"tpmstate0": "local-lvm:vm-121-disk-3,size=4M,version=v2.0", "ide2": "none,media=cdrom",
			"ide0": "local-lvm:vm-121-cloudinit,media=cdrom", "scsi5": "/dev/disk/by-id/ata-ST4000_Z1",
			"unused0": "local-lvm:vm-121-disk-9", "scsi6": "size=8G,file=rbd:vm-121-disk-8,cache=none",
		},
		"a2/qemu/122": {"sockets": 2.0, "cores": 4.0, "vcpus": 3.0},
		"a2/qemu/123": {"cores": 64.0},
		"a1/qemu/129": {"memory": "4096"},
		"a2/qemu/130": {"ipconfig0": "gw=10.1.255.254,ip=10.1.1.130/16", "ide2": "local-lvm:vm-130-cloudinit,media=cdrom"},
		"a2/qemu/131": {"ipconfig0": "ip=dhcp,ip6=auto"},
		"a3/qemu/132": {"net0": "virtio,bridge=vmbr0"},
		"a3/qemu/133": {"net0": "virtio=BC:24:11:10:85:00"},
		"a3/qemu/134": {"net0": "bridge=vmbr0,model=virtio,macaddr=bc:24:11:10:86:00"},
		"a2/qemu/140": {"parent": "before-upgrade"},
		"a1/lxc/201":  {"rootfs": "local-lvm:vm-201-disk-0,size=8G", "mp0": "local-lvm:vm-201-disk-1,mp=/mnt/mp0,size=1G", "mp1": "/srv/data,mp=/mnt/mp1"},
		"a2/lxc/203":  {"cpulimit": "0.5"},
		"a2/lxc/206":  {"lxc": []any{[]any{"lxc.apparmor.profile", "unconfined"}, []any{"lxc.cap.drop", ""}}},
	} {
		assert.Subset(t, data[object](c, "/nodes/"+path+"/config?current=1"), want, path)
	}
	for path, absent := range map[string]string{
		"a2/qemu/102": "name", "a3/qemu/116": "agent", "a2/lxc/203": "cores", "a2/lxc/204": "cores", "a2/lxc/205": "hostname",
	} {
		assert.NotContains(t, data[object](c, "/nodes/"+path+"/config?current=1"), absent, path)
	}
	assert.Equal(t, "8192", data[object](c, "/nodes/a1/qemu/129/config")["memory"])
	text := data[object](c, "/nodes/a1/qemu/137/config?current=1")["description"].(string)
	assert.InDelta(t, 8192, len(text), 1)
	assert.Contains(t, text, "🚀\n")
}

func TestAlpha_agents(t *testing.T) {
	t.Parallel()
	_, c := served(t, proxmoxtest.Alpha(), proxmoxtest.AlphaCredential())
	for path, count := range map[string]int{
		"a1/qemu/100": 2, "a1/qemu/107": 2 + 2 + 40 + 1 + 8, "a2/qemu/111": 2, "a3/qemu/117": 2, "a1/qemu/118": 4,
	} {
		list := data[object](c, "/nodes/"+path+"/agent/network-get-interfaces")["result"]
		assert.Len(t, list, count, path)
	}
	for path, want := range map[string]string{
		"a3/qemu/113": "QEMU guest agent is not running",
		"a3/qemu/114": "VM 114 qga command 'guest-network-get-interfaces' failed - got timeout",
		"a3/qemu/115": "QEMU guest agent is not running",
		"a3/qemu/116": "No QEMU guest agent configured",
		"a3/qemu/124": "QEMU guest agent is not running",
		"a3/qemu/125": "VM 125 is not running",
	} {
		r := c.get("/nodes/" + path + "/agent/network-get-interfaces")
		assert.Equal(t, "500 "+want, fmt.Sprint(r.status, " ", r.text), path)
	}
	assert.Contains(t, c.get("/nodes/a2/qemu/112/agent/network-get-interfaces").body, "CommandDisabled")
	windows := c.get("/nodes/a2/qemu/111/agent/network-get-interfaces").body
	for _, part := range []string{`"Ethernet 2"`, `"prefix":-1`, `%2"`} {
		assert.Contains(t, windows, part)
	}
	assert.Equal(t, "mswindows", data[object](c, "/nodes/a2/qemu/111/agent/get-osinfo")["result"].(object)["id"])
	assert.Len(t, c.get("/nodes/a1/qemu/107/agent/network-get-interfaces").vips(), 2000)
	assert.Equal(t, `{"data":null}`, c.get("/nodes/a1/lxc/202/interfaces").body)
}

// vips returns where addresses of services stand in an answer.
func (r reply) vips() []string {
	return strings.SplitAfter(r.body, `"10.96.`)[1:]
}

func TestAlpha_networks(t *testing.T) {
	t.Parallel()
	_, c := served(t, proxmoxtest.Alpha(), proxmoxtest.AlphaCredential())
	for node, want := range map[string]map[string]object{
		"a1": {
			"eno1":     {"type": "eth", "altnames": []any{"enp1s0f0", "enx001b21aabbcc"}},
			"bond0":    {"type": "bond", "slaves": "eno1 eno2", "bond_mode": "802.3ad"},
			"vmbr0":    {"type": "bridge", "bridge_vlan_aware": 1.0, "bridge_vids": "2-4094", "bridge_fd": 0.0, "cidr": "192.0.2.1/24", "comments": "Büro\n"},
			"vmbr0.30": {"type": "vlan", "vlan-id": "30", "vlan-raw-device": "vmbr0", "cidr": "198.51.100.1/24"},
		},
		"a2": {"vmbr0": {"method": "dhcp", "families": []any{nil}}},
		"a3": {"eno1": {"exists": nil, "active": "1"}, "wg0": {"type": "unknown"}},
	} {
		list := data[[]object](c, "/nodes/"+node+"/network")
		for name, keys := range want {
			assert.Subset(t, row(list, "iface", name), keys, "%s %s", node, name)
		}
	}
	assert.NotContains(t, row(data[[]object](c, "/nodes/a2/network"), "iface", "vmbr0"), "cidr")
	assert.Contains(t, c.get("/nodes/a2/network").body, `"changes":"--- /etc/network/interfaces`)
}

func TestBeta_lists(t *testing.T) {
	t.Parallel()
	fake, c := served(t, proxmoxtest.Beta(), proxmoxtest.BetaCredential())
	assert.Equal(t, map[string][]string{
		"b1": {
			"100 mail01 running", "101 mail02 running", "109 twin1 running", "156 mover running", "161 ip-dup running", "162 ip-vip running",
			"163 libvirt running", "165 tags running",
		},
		"b2": {"157 goner running", "158 reused running", "160 sealed running", "164 flood running"},
		"b3": {"150 <nil> unknown", "151 <nil> unknown", "152 <nil> unknown", "153 <nil> unknown"},
		"b4": {"154 <nil> unknown"},
		"b5": {"155 gone running"},
	}, listed(c))
	nodes := data[[]object](c, "/cluster/resources?type=node")
	for name, status := range map[string]string{"b1": "online", "b2": "online", "b3": "offline", "b4": "unknown", "b5": "offline"} {
		assert.Equal(t, status, row(nodes, "node", name)["status"], name)
	}
	assert.Equal(t, "A,b c;a", row(data[[]object](c, "/cluster/resources?type=vm"), "vmid", 165.0)["tags"])
	for path, status := range map[string]int{
		"b1/qemu/100": 200, "b3/qemu/150": 595, "b4/lxc/154": 200, "b5/qemu/155": 595, "b2/qemu/159": 403, "b2/qemu/160": 200,
	} {
		assert.Equal(t, status, c.get("/nodes/"+path+"/config?current=1").status, path)
	}
	assert.Equal(t, 200, c.get("/nodes/b1/qemu/100/agent/network-get-interfaces").status, "VM.Monitor on /vms")
	old := c.get("/nodes/b4/lxc/154/interfaces").body
	assert.Contains(t, old, `"inet":"10.2.0.154/16"`)
	assert.NotContains(t, old, "ip-addresses")
	assert.Len(t, data[object](c, "/nodes/b2/qemu/164/agent/network-get-interfaces")["result"], 1502)
	assert.Equal(t, "BC:24:11:5A:5A:5A", fake.Estate().Guest(109).NICs[0].MAC, "that of a guest of alpha")
	bridge := row(data[[]object](c, "/nodes/b1/network"), "iface", "vmbr0")
	assert.NotContains(t, bridge, "cidr")
	assert.Equal(t, "2001:db8:2::1/64", bridge["cidr6"])
	assert.Equal(t, "alias", row(data[[]object](c, "/nodes/b1/network"), "iface", "eno1:1")["type"])
	assert.Equal(t, "eno1", row(data[[]object](c, "/nodes/b1/network"), "iface", "vlan20")["vlan-raw-device"])
}

func TestBetaEvents(t *testing.T) {
	t.Parallel()
	fake, c := served(t, proxmoxtest.Beta(), proxmoxtest.BetaCredential())
	before := fake.Estate().Guest(158)
	proxmoxtest.BetaEvents(fake)
	rows := listed(c)
	assert.Contains(t, rows["b1"], "156 mover running", "the first list shows nothing of it")
	assert.Contains(t, rows["b2"], "157 goner running")
	for path, want := range map[string]string{
		"b1/qemu/156": "500 Configuration file 'nodes/b1/qemu-server/156.conf' does not exist",
		"b2/qemu/157": "500 Configuration file 'nodes/b2/qemu-server/157.conf' does not exist",
		"b2/qemu/160": "403 Permission check failed (/vms/160, VM.Audit)",
	} {
		r := c.get("/nodes/" + path + "/config?current=1")
		assert.Equal(t, want, fmt.Sprint(r.status, " ", r.text))
	}
	assert.Equal(t, 200, c.get("/nodes/b2/qemu/156/config").status)
	config := data[object](c, "/nodes/b2/qemu/158/config")
	assert.Equal(t, "newcomer", config["name"])
	assert.NotContains(t, config["smbios1"], before.UUID)
	assert.Equal(t, []string{"156 mover running", "158 newcomer running", "164 flood running"}, listed(c)["b2"])
}

func TestGamma_answers(t *testing.T) {
	t.Parallel()
	fake := proxmoxtest.New(proxmoxtest.Gamma(), &proxmoxtest.Options{Credentials: []proxmoxtest.Credential{proxmoxtest.GammaCredential()}})
	server := httptest.NewTLSServer(fake)
	t.Cleanup(server.Close)
	response, err := server.Client().PostForm(server.URL+proxmoxtest.BasePath+"/access/ticket",
		url.Values{"username": {proxmoxtest.DefaultUser}, "password": {proxmoxtest.DefaultPassword}})
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	id, _ := fake.Token()
	assert.Empty(t, id)

	fake, c := served(t, proxmoxtest.Gamma(), proxmoxtest.Credential{
		ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret, Grants: proxmoxtest.GammaCredential().Grants,
	})
	assert.Equal(t, map[string][]string{
		"pve": {"300 vm74 running", "301 ct-static running", "302 ct-dhcp running", "303 memory running"},
	}, listed(c))
	assert.Len(t, data[[]object](c, "/cluster/status"), 1)
	for _, path := range []string{"/cluster/sdn/vnets", "/cluster/sdn/zones", "/nodes/pve/lxc/301/interfaces"} {
		r := c.get(path)
		assert.Equal(t, "501 Method 'GET "+path+"' not implemented", fmt.Sprint(r.status, " ", r.text))
		assert.Equal(t, `{"data":null}`, r.body)
	}
	assert.Equal(t, 2048.0, data[object](c, "/nodes/pve/qemu/303/config")["memory"])
	list := data[[]object](c, "/nodes/pve/network")
	for name, want := range map[string]object{
		"vmbr0":  {"type": "OVSBridge", "ovs_ports": "bond0 vlan50"},
		"bond0":  {"type": "OVSBond", "ovs_bonds": "eno1 eno2", "ovs_bridge": "vmbr0", "bond_mode": "lacp-balance-tcp"},
		"vlan50": {"type": "OVSIntPort", "ovs_bridge": "vmbr0", "ovs_tag": "50"},
	} {
		assert.Subset(t, row(list, "iface", name), want, name)
	}
	assert.Empty(t, fake.Violations())
}

// TestEstates_areTheSame sees that each call writes the estate down anew.
func TestEstates_areTheSame(t *testing.T) {
	t.Parallel()
	for name, estate := range map[string]func() *proxmoxtest.Estate{
		"alpha": proxmoxtest.Alpha, "beta": proxmoxtest.Beta, "gamma": proxmoxtest.Gamma,
	} {
		first := estate()
		seen := map[int]bool{}
		for _, g := range first.Guests {
			assert.False(t, seen[g.VMID], "%s: guest %d is there twice", name, g.VMID)
			seen[g.VMID] = true
		}
		first.Guests[0].Name, first.Nodes[0].Name = "changed", "changed"
		assert.Equal(t, estate(), estate())
		assert.NotEqual(t, first, estate())
	}
}
