package proxmoxsrc

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestScalars(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct {
		text   text
		flag   flag
		number number
	}{
		`"abc"`:   {text: "abc"},
		`"1"`:     {"1", true, 1},
		`1`:       {"1", true, 1},
		`0`:       {"0", false, 0},
		`true`:    {"true", true, 0},
		`"Yes"`:   {"Yes", true, 0},
		`"on"`:    {"on", true, 0},
		`false`:   {text: "false"},
		`null`:    {},
		`"0.5"`:   {"0.5", false, 0.5},
		`1.5e3`:   {"1.5e3", false, 1500},
		`"NaN"`:   {text: "NaN"},
		`"Inf"`:   {text: "Inf"},
		`{"a":1}`: {},
		`[1]`:     {},
	} {
		var got struct {
			Text   text   `json:"a"`
			Flag   flag   `json:"b"`
			Number number `json:"c"`
		}
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"a":%s,"b":%s,"c":%s}`, raw, raw, raw), &got), raw)
		assert.Equal(t, want.text, got.Text, raw)
		assert.Equal(t, want.flag, got.Flag, raw)
		assert.InDelta(t, float64(want.number), float64(got.Number), 0, raw)
	}
	assert.Zero(t, number(1e30).int64(), "what an int cannot hold")
	assert.Equal(t, int64(12<<40), number(12<<40).int64())
}

func TestParseProperties(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]properties{
		"":                      nil,
		",,":                    nil,
		"virtio=AA,bridge=b":    {{"virtio", "AA"}, {"bridge", "b"}},
		"local:x,size=4M":       {{"file", "local:x"}, {"size", "4M"}},
		"size=4M,local:x":       {{"size", "4M"}, {"file", "local:x"}},
		" a = b , C=d=e ,,f ,=": {{"a", "b"}, {"c", "d=e"}, {"file", "f"}, {"", ""}},
	} {
		assert.Equal(t, want, parseProperties(s, "file"), s)
	}
	assert.Equal(t, "first", parseProperties("a=first,a=second", "").get("a"))
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{
		"528K": 528 << 10, "4M": 4 << 20, "32G": 32 << 30, "1T": 1 << 40, "1.5T": 3 << 39, "536870913": 536870913, "0": 0,
		"32GiB": 32 << 30, "0.5K": 512, "8388607T": 8388607 << 40,
		"": -1, "32g": -1, "32GB": -1, "-1G": -1, "1,5G": -1, "G": -1, "99999999999999999999": -1, "9999999999T": -1, "9.9e3": -1,
		"iB": -1, "5iB": -1, "1.": -1, "99999999999999999999.5T": -1,
	} {
		bytes, known := parseSize(s)
		if want < 0 {
			assert.False(t, known, s)
			continue
		}
		assert.True(t, known, s)
		assert.Equal(t, want, bytes, s)
	}
}

func TestParseMachineNIC(t *testing.T) {
	t.Parallel()
	const mac = "BC:24:11:AA:BB:CC"
	for s, want := range map[string]inventory.NIC{
		"virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,tag=10,trunks=20;30-40,firewall=1,link_down=1,mtu=1,queues=4,rate=12.5": {
			Model: "virtio", MAC: mac, Bridge: "vmbr0", VLAN: 10, Trunks: []string{"20", "30-40"}, Down: true,
		},
		"bridge=vmbr0,e1000=bc:24:11:aa:bb:cc,mtu=9000":               {Model: "e1000", MAC: mac, Bridge: "vmbr0", MTU: 9000},
		"bridge=vmbr1,model=vmxnet3,macaddr=bc:24:11:aa:bb:cc":        {Model: "vmxnet3", MAC: mac, Bridge: "vmbr1"},
		"virtio,bridge=vmbr0":                                         {Model: "virtio", Bridge: "vmbr0"},
		"bridge=vmbr0,virtio":                                         {Model: "virtio", Bridge: "vmbr0"},
		"virtio=BC:24:11:AA:BB:CC":                                    {Model: "virtio", MAC: mac},
		"igb=BC:24:11:AA:BB:CC,bridge=vmbr0":                          {Model: "igb", MAC: mac, Bridge: "vmbr0"},
		"virtio=nonsense,bridge=vmbr0,tag=4095,mtu=-5,trunks=a;;5;-1": {Model: "virtio", Bridge: "vmbr0", Trunks: []string{"5"}},
		"virtio=00:00:00:00:00:00:00:01,link_down=0":                  {Model: "virtio"},
		"": {},
	} {
		want.Key = "net3"
		assert.Equal(t, want, parseMachineNIC("net3", s), s)
	}
}

func TestParseContainerNIC(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]inventory.NIC{
		"name=eth0,bridge=vmbr0,hwaddr=bc:24:11:aa:bb:cc,ip=192.0.2.5/24,gw=192.0.2.1,tag=30,type=veth,host-managed=1": {
			Name: "eth0", Model: "veth", MAC: "BC:24:11:AA:BB:CC", Bridge: "vmbr0", VLAN: 30,
		},
		"type=veth,name=wan,link_down=1,mtu=1400": {Name: "wan", Model: "veth", MTU: 1400, Down: true},
		"": {},
	} {
		want.Key = "net0"
		assert.Equal(t, want, parseContainerNIC("net0", s), s)
	}
}

func TestParseMachineDisk(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]*inventory.Disk{
		"local-lvm:vm-100-disk-0,size=32G":                      {Storage: "local-lvm", Volume: "vm-100-disk-0", Bytes: 32 << 30, Known: true},
		"size=4M,file=local:101/vm-101-disk-0.qcow2,cache=none": {Storage: "local", Volume: "101/vm-101-disk-0.qcow2", Bytes: 4 << 20, Known: true},
		"zfs:base-100-disk-0/vm-101-disk-0,size=528K":           {Storage: "zfs", Volume: "base-100-disk-0/vm-101-disk-0", Bytes: 528 << 10, Known: true},
		"/dev/disk/by-id/ata-X,size=3907018584K":                {Volume: "/dev/disk/by-id/ata-X", Bytes: 3907018584 << 10, Known: true},
		"/dev/disk/by-path/pci-0000:00:1f.2-ata-1":              {Volume: "/dev/disk/by-path/pci-0000:00:1f.2-ata-1"},
		"local-lvm:vm-100-disk-1":                               {Storage: "local-lvm", Volume: "vm-100-disk-1"},
		"none,media=cdrom":                                      nil,
		"cdrom":                                                 nil,
		"media=cdrom,local:iso/x.iso,size=4M":                   nil,
		"local-lvm:vm-100-cloudinit":                            nil,
		"local:100/vm-100-cloudinit.qcow2,media=cdrom,size=4M":  nil,
		"local:cloudinit":                                       nil,
		"local:100/vm-100-cloudinit.qcow2":                      nil,
		"local-lvm:vm-100-cloudinit-backup,size=1G":             {Storage: "local-lvm", Volume: "vm-100-cloudinit-backup", Bytes: 1 << 30, Known: true},
		"":        nil,
		"size=4M": nil,
	} {
		disk, ok := parseMachineDisk("scsi0", s)
		require.Equal(t, want != nil, ok, s)
		if want != nil {
			want.Key = "scsi0"
			assert.Equal(t, *want, disk, s)
		}
	}
}

func TestParseContainerDisk(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]*inventory.Disk{
		"local-lvm:vm-200-disk-0,size=8G":           {Storage: "local-lvm", Volume: "vm-200-disk-0", Bytes: 8 << 30, Known: true},
		"mp=/data,volume=nfs:200/vm-200-disk-1.raw": {Storage: "nfs", Volume: "200/vm-200-disk-1.raw"},
		"/dev/sdb1,mp=/data":                        {Volume: "/dev/sdb1"},
		"/srv/data,mp=/data":                        nil,
		"":                                          nil,
	} {
		disk, ok := parseContainerDisk("mp0", s)
		require.Equal(t, want != nil, ok, s)
		if want != nil {
			want.Key = "mp0"
			assert.Equal(t, *want, disk, s)
		}
	}
}

func TestParseTags(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][]string{
		"": nil, " ;, ": nil, "prod;web": {"prod", "web"}, "b,a c": {"a", "b", "c"}, "A,b c;a": {"A", "b", "c"}, "x;x": {"x"},
	} {
		assert.Equal(t, want, parseTags(s), s)
	}
}

func TestParseAgent(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"": false, "0": false, "1": true, "enabled=1,fstrim_cloned_disks=1": true, "1,type=isa": true, "type=virtio,enabled=1": true,
		"type=isa": false, "enabled=0": false, "yes": true,
	} {
		assert.Equal(t, want, parseAgent(s), s)
	}
}

func TestParseUUID(t *testing.T) {
	t.Parallel()
	const uuid = "3f0c8a4e-6d0b-4d55-9a3e-1f2b7c9d0e11"
	for s, want := range map[string]string{
		"uuid=" + uuid: uuid, "serial=QQ==,base64=1,uuid=" + strings.ToUpper(uuid): uuid, "": "", "uuid=x": "", "manufacturer=ABC": "",
		"uuid=00000000-0000-0000-0000-000000000000": "",
	} {
		assert.Equal(t, want, parseUUID(s), s)
	}
}

func TestParseMemory(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{
		"": 512, "2048": 2048, "current=2048": 2048, "current=4096,max=8192": 4096, "x": 512, "-1": 512, "1e30": 512,
	} {
		assert.Equal(t, want<<20, parseMemory(s), s)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	assert.Empty(t, configuredName("VM 101", 101))
	assert.Empty(t, configuredName("CT101", 101))
	assert.Equal(t, "VM 102", configuredName("VM 102", 101))
	for s, want := range map[string]string{"web": "web", "Ã¼ber": "über", "über": "über", "日本": "日本", "": ""} {
		assert.Equal(t, want, repairedName(inventory.LXC, s))
	}
	assert.Equal(t, "Ã¼ber", repairedName(inventory.QEMU, "Ã¼ber"))
}

func TestParseIntent(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]intent{
		"":                              {},
		"ip=dhcp,ip6=auto":              {dynamic4: true, dynamic6: true},
		"ip6=dhcp":                      {dynamic6: true},
		"ip=manual":                     {},
		"ip=192.0.2.5/24,gw=192.0.2.1":  {static: []netip.Prefix{netip.MustParsePrefix("192.0.2.5/24")}},
		"ip6=2001:db8::5/64,ip=1.2.3.4": {static: []netip.Prefix{netip.MustParsePrefix("1.2.3.4/32"), netip.MustParsePrefix("2001:db8::5/64")}},
		"ip=127.0.0.1/8,ip6=nonsense":   {},
	} {
		assert.Equal(t, want, parseIntent(s), s)
	}
}

func TestUsableAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address string
		bits    int
		want    string
	}{
		{"192.0.2.5", 24, "192.0.2.5/24"},
		{"192.0.2.5", -1, "192.0.2.5/32"},
		{"192.0.2.5", 33, "192.0.2.5/32"},
		{"2001:db8::5%7", 64, "2001:db8::5/64"},
		{"2001:db8::5", -1, "2001:db8::5/128"},
		{"::ffff:192.0.2.5", 120, "192.0.2.5/24"},
		{"127.0.0.1", 8, ""},
		{"::1", 128, ""},
		{"fe80::1%3", 64, ""},
		{"169.254.1.1", 16, ""},
		{"224.0.0.5", 4, ""},
		{"ff02::1", 8, ""},
		{"0.0.0.0", 0, ""},
		{"::", 0, ""},
		{"255.255.255.255", 32, ""},
		{"", 0, ""},
		{"nonsense", 24, ""},
		{"::ffff:127.0.0.1", 128, ""},
	} {
		prefix, ok := usableAddress(tt.address, tt.bits)
		require.Equal(t, tt.want != "", ok, tt.address)
		if ok {
			assert.Equal(t, tt.want, prefix.String())
		}
	}
}

func TestGuestStatus(t *testing.T) {
	t.Parallel()
	for want, words := range map[inventory.GuestStatus]string{
		inventory.GuestRunning: "running inmigrate postmigrate finish-migrate save-vm restore-vm",
		inventory.GuestStopped: "stopped",
		inventory.GuestPaused:  "paused suspended prelaunch",
		inventory.GuestFailed:  "io-error internal-error guest-panicked",
		inventory.GuestUnknown: "unknown shutdown debug colo watchdog",
	} {
		for word := range strings.FieldsSeq(words) {
			assert.Equal(t, want, guestStatus(word), word)
		}
	}
	assert.Equal(t, inventory.GuestUnknown, guestStatus(""))
}

func TestSortedKeys(t *testing.T) {
	t.Parallel()
	keys := sortedKeys(map[string]text{"scsi10": "", "scsi2": "", "ide0": "", "efidisk0": "", "name": "", "net1": ""}, machineDisks.MatchString)
	assert.Equal(t, []string{"efidisk0", "ide0", "scsi2", "scsi10"}, keys)
}

func TestParseRows(t *testing.T) {
	t.Parallel()
	got, err := parseRows(json.RawMessage(`[
		{"id":"qemu/101","type":"qemu","vmid":"101","node":"a1","status":"running","name":7,"template":"1","maxcpu":0.5},
		{"id":"lxc/102","type":"lxc","node":"a1","status":"unknown"},
		{"id":"qemu/103","type":"qemu","vmid":103,"node":"a2","status":"unknown"},
		{"id":"qemu/103","type":"qemu","vmid":103,"node":"a3","status":"running","name":"web"},
		{"id":"node/a1","type":"node","node":"a1","status":"online"},
		{"id":"storage/a1/local","type":"storage"}, {"type":"martian"}, {}, null, "row", 7,
		{"id":"qemu/x","type":"qemu","node":"a1"}, {"id":"qemu/104","type":"qemu","vmid":104}
	]`))
	require.NoError(t, err)
	require.Len(t, got.guests, 3)
	assert.Equal(t, inventory.Guest{ID: 101, Kind: inventory.QEMU, Name: "7", Node: "a1", Status: inventory.GuestRunning, Template: true}, got.guests[0].guest())
	assert.Equal(t, 102, got.guests[1].guest().ID)
	assert.True(t, got.guests[1].expired())
	assert.Equal(t, "a3", got.guests[2].guest().Node, "the row that says more")
	assert.Len(t, got.nodes, 1)
	assert.True(t, got.lost)
	assert.Equal(t, []string{
		"the list of resources: element 9 is no object",
		"the list of resources: element 10 is no object",
		"the list of resources: element 11 is no object",
		`the list of resources: the row "qemu/x" has no VMID or no node`,
		`the list of resources: the row "qemu/104" has no VMID or no node`,
		"the list of resources: guest 103 is in it twice; that on node a2 is left out",
	}, got.dropped)
}

// TestParseRows_signs: rows differ if something has changed, and not by what a guest or node does all the time.
func TestParseRows_signs(t *testing.T) {
	t.Parallel()
	const guest = `"type":"qemu","vmid":101,"node":"a1","status":"running","name":"web","maxcpu":2,"maxmem":4096,"maxdisk":99`
	const node = `"type":"node","node":"a1","status":"online","level":"","maxcpu":16,"maxmem":4096`
	for name, tt := range map[string]struct {
		before, after string
		same          bool
	}{
		"load":               {guest + `,"cpu":0.1,"mem":5,"disk":6,"uptime":7,"netin":8,"netout":9,"diskread":1,"diskwrite":2,"memhost":3`, guest, true},
		"size of a disk":     {guest, strings.Replace(guest, "99", "100", 1), false},
		"lock":               {guest, guest + `,"lock":"backup"`, false},
		"HA state":           {guest, guest + `,"hastate":"started"`, false},
		"kind":               {guest, strings.Replace(guest, "qemu", "lxc", 1), false},
		"load of a node":     {node + `,"cpu":0.1,"mem":5,"disk":6,"maxdisk":7,"uptime":8`, node + `,"maxdisk":9`, true},
		"subscription":       {node, strings.Replace(node, `"level":""`, `"level":"c"`, 1), false},
		"memory of the node": {node, strings.Replace(node, "4096", "8192", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, err := parseRows(json.RawMessage("[{" + tt.before + "}]"))
			require.NoError(t, err)
			after, err := parseRows(json.RawMessage("[{" + tt.after + "}]"))
			require.NoError(t, err)
			assert.Equal(t, tt.same, slices.Equal(before.guests, after.guests) && slices.Equal(before.nodes, after.nodes))
		})
	}
}

func TestParseClusterStatus(t *testing.T) {
	t.Parallel()
	got, err := parseClusterStatus(json.RawMessage(
		`[{"type":"node","name":"b","ip":null,"online":"1"},null,7,{"type":"cluster","name":42,"quorate":true},{"type":"node","name":"a","ip":"x"}]`))
	require.NoError(t, err)
	assert.Equal(t, ClusterStatus{Name: "42", Quorate: true, Nodes: []ClusterNode{{Name: "a"}, {Name: "b", Online: true}}}, got)
}

func TestParseNodeNetwork(t *testing.T) {
	t.Parallel()
	got, dropped, err := parseNodeNetwork(json.RawMessage(`[
		{"iface":"vmbr0","type":"bridge","active":"1","bridge_ports":"eno1 eno2","bridge_fd":0,"families":[null],"exists":null,
		 "cidr":"192.0.2.1/24","gateway":"192.0.2.254","cidr6":"2001:db8::1/64","gateway6":"fe80::1","comments":"up\n","mtu":"9000"},
		{"iface":"eno1","type":"eth","active":1,"altnames":["enp1s0","enx001b21aabbcc"]},
		{"iface":"eno1.20","type":"vlan"}, {"iface":"vlan30","type":"vlan","vlan-raw-device":"eno2"},
		{"iface":"lan","type":"vlan","vlan-id":"40","vlan-raw-device":"eno1","mtu":1500},
		{"iface":"int0","type":"OVSIntPort","ovs_tag":50,"altnames":"x"}, {"iface":"vmbr1","type":"OVSBridge","ovs_ports":"int0 bond0"},
		{"iface":"bond0","type":"OVSBond","ovs_bonds":"eno3 eno4","bond_mode":"lacp-balance-tcp"},
		{"iface":"bond1","type":"bond","slaves":"eno5 eno6","bond_mode":"802.3ad"},
		{"iface":"vmbr2","type":"bridge","bridge_vlan_aware":1,"bridge_vids":"2 4 100-200"},
		{"iface":"vmbr3","type":"bridge","bridge_vlan_aware":"yes","bridge_vids":"2-4094"},
		{"iface":"vmbr4","type":"bridge","bridge_vlan_aware":0,"bridge_vids":"2-4094"},
		{"iface":"vmbr5","type":"bridge","bridge_vlan_aware":"1","bridge_vids":null},
		{"iface":"wg0","type":"unknown"}, {"type":"eth"}, null
	]`))
	require.NoError(t, err)
	assert.Len(t, dropped, 2)
	prefix, address := netip.MustParsePrefix, netip.MustParseAddr
	assert.Equal(t, []inventory.NodeInterface{
		{Name: "bond0", Type: "OVSBond", Ports: []string{"eno3", "eno4"}, BondMode: "lacp-balance-tcp"},
		{Name: "bond1", Type: "bond", Ports: []string{"eno5", "eno6"}, BondMode: "802.3ad"},
		{Name: "eno1", Type: "eth", Active: true, MAC: "00:1B:21:AA:BB:CC"},
		{Name: "eno1.20", Type: "vlan", VLAN: 20, Parent: "eno1"},
		{Name: "int0", Type: "OVSIntPort", VLAN: 50},
		{Name: "lan", Type: "vlan", VLAN: 40, Parent: "eno1", MTU: 1500},
		{Name: "vlan30", Type: "vlan", VLAN: 30, Parent: "eno2"},
		{
			Name: "vmbr0", Type: "bridge", Active: true, MTU: 9000, Ports: []string{"eno1", "eno2"}, Comment: "up",
			Addresses: []netip.Prefix{prefix("192.0.2.1/24"), prefix("2001:db8::1/64")},
			Gateways:  []netip.Addr{address("192.0.2.254"), address("fe80::1")},
		},
		{Name: "vmbr1", Type: "OVSBridge", Ports: []string{"int0", "bond0"}},
		{Name: "vmbr2", Type: "bridge", VLANAware: true, Trunks: []string{"2", "4", "100-200"}},
		{Name: "vmbr3", Type: "bridge", VLANAware: true, Trunks: []string{"2-4094"}},
		{Name: "vmbr4", Type: "bridge"},
		{Name: "vmbr5", Type: "bridge", VLANAware: true},
		{Name: "wg0", Type: "unknown"},
	}, withoutEmpty(got))
}

// withoutEmpty makes empty lists nil.
func withoutEmpty(list []inventory.NodeInterface) []inventory.NodeInterface {
	for i := range list {
		if len(list[i].Ports) == 0 {
			list[i].Ports = nil
		}
	}
	return list
}

func TestParseNodeNetwork_null(t *testing.T) {
	t.Parallel()
	_, _, err := parseNodeNetwork(nil)
	require.Error(t, err)
}

func TestAddressBook(t *testing.T) {
	t.Parallel()
	nics := []inventory.NIC{{MAC: "BC:24:11:00:00:01"}, {MAC: ""}, {MAC: "BC:24:11:00:00:02"}, {MAC: "BC:24:11:00:00:01"}}
	const mine = `"hardware-address":"bc:24:11:00:00:01"`
	for name, tt := range map[string]struct {
		answer  string
		want    map[int][]netip.Prefix
		names   map[int]string
		message string
	}{
		"first NIC of several, aliases merged, each once": {
			answer: `{"result":[{"name":"ens20",` + mine + `,"ip-addresses":[{"ip-address":"192.0.2.1","prefix":24},{"ip-address":"fe80::1","prefix":64}]},
				{"name":"ens20:1",` + mine + `,"ip-addresses":[{"ip-address":"192.0.2.2","prefix":24},{"ip-address":"192.0.2.1","prefix":24}]}]}`,
			want:  map[int][]netip.Prefix{0: {netip.MustParsePrefix("192.0.2.1/24"), netip.MustParsePrefix("192.0.2.2/24")}},
			names: map[int]string{0: "ens20"},
		},
		"names: the shortest, then the first": {
			answer: `{"result":[{"name":"",` + mine + `},{"name":"ens20.30",` + mine + `},{"name":"ens20",` + mine + `},{"name":"ens21",` + mine + `},
				{` + mine + `},{"name":"eth9","hardware-address":"bc:24:11:00:00:02"},{"name":"lo"}]}`,
			want:  map[int][]netip.Prefix{},
			names: map[int]string{0: "ens20", 2: "eth9"},
		},
		"Windows": {
			answer: `{"result":[{"name":"Ethernet 2",` + mine + `,"ip-addresses":[{"ip-address":"192.0.2.1","prefix":-1},{"ip-address":"2001:db8::1%7","prefix":"64"}]},
				{"name":"Loopback Pseudo-Interface 1","ip-addresses":[{"ip-address":"127.0.0.1","prefix":8}]}]}`,
			want:  map[int][]netip.Prefix{0: {netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::1/64")}},
			names: map[int]string{0: "Ethernet 2"},
		},
		"others dropped": {
			answer: `{"result":[{"name":"docker0","hardware-address":"02:42:00:00:00:01","ip-addresses":[{"ip-address":"172.17.0.1","prefix":16}]},
				{"name":"wg0","ip-addresses":[{"ip-address":"10.0.0.1","prefix":24}]},{"name":"lo","hardware-address":"00:00:00:00:00:00"}]}`,
			want: map[int][]netip.Prefix{},
		},
		"odd elements": {
			answer: `{"result":[null,7,"x",{"hardware-address":"bc:24:11:00:00:02","ip-addresses":[null,7,{"ip-address":"192.0.2.3"}]},
				{` + mine + `},{` + mine + `,"ip-addresses":null}]}`,
			want: map[int][]netip.Prefix{2: {netip.MustParsePrefix("192.0.2.3/32")}},
		},
		"refusal": {
			answer:  `{"result":{"error":{"class":"CommandDisabled","desc":"disabled"}}}`,
			message: "the guest agent refuses guest-network-get-interfaces (disabled): update it, or allow the command in its configuration",
		},
		"null":      {answer: `{"result":null}`, message: "the guest agent's answer is not of the form that Proxmox VE sends"},
		"no result": {answer: `{}`, message: "the guest agent's answer is not of the form that Proxmox VE sends"},
		"no object": {answer: `[]`, message: "the guest agent's answer is not of the form that Proxmox VE sends"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book := newAddressBook(nics)
			err := book.readAgent(json.RawMessage(tt.answer))
			if tt.message != "" {
				require.EqualError(t, err, tt.message)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, book.byNIC)
			if tt.names == nil {
				tt.names = map[int]string{}
			}
			assert.Equal(t, tt.names, book.names)
		})
	}
}

func TestAddressBook_containers(t *testing.T) {
	t.Parallel()
	nics := []inventory.NIC{{MAC: "BC:24:11:00:00:01"}, {MAC: "BC:24:11:00:00:02"}}
	book := newAddressBook(nics)
	require.NoError(t, book.readList(json.RawMessage(`[
		{"name":"lo","hwaddr":"00:00:00:00:00:00","inet":"127.0.0.1/8"},
		{"name":"eth0","hwaddr":"bc:24:11:00:00:01","inet":"192.0.2.1/24","inet6":"fe80::1/64"},
		{"name":"eth1","hardware-address":"bc:24:11:00:00:02","hwaddr":"bc:24:11:00:00:02","inet":"192.0.2.9/24",
		 "ip-addresses":[{"ip-address-type":"inet","ip-address":"192.0.2.2","prefix":"24"},{"ip-address-type":"inet6","ip-address":"2001:db8::2","prefix":64}]}]`)))
	assert.Equal(t, map[int][]netip.Prefix{
		0: {netip.MustParsePrefix("192.0.2.1/24")},
		1: {netip.MustParsePrefix("192.0.2.2/24"), netip.MustParsePrefix("2001:db8::2/64")},
	}, book.byNIC)
	require.Error(t, book.readList(json.RawMessage(`{}`)))
}

func TestAddressBook_limit(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 3000 {
		list = append(list, fmt.Sprintf(`{"ip-address":"10.0.%d.%d","prefix":8}`, i/250, i%250))
	}
	book := newAddressBook([]inventory.NIC{{MAC: "BC:24:11:00:00:01"}})
	require.NoError(t, book.readAgent(json.RawMessage(
		`{"result":[{"hardware-address":"bc:24:11:00:00:01","ip-addresses":[`+strings.Join(list, ",")+`]}]}`)))
	assert.Len(t, book.byNIC[0], addressLimit)
	assert.Equal(t, 2000, book.surplus)
}

func TestParseSystem(t *testing.T) {
	t.Parallel()
	const odd = `{"result":{"id":7,"name":null,"pretty-name":[],"version":" "}}`
	for raw, want := range map[string]inventory.OS{
		`{"result":{"id":"debian","name":"Debian GNU/Linux","pretty-name":"Debian GNU/Linux 12 (bookworm)","version":"12 (bookworm)","version-id":"12"}}`: {
			ID: "debian", Name: "Debian GNU/Linux", Version: "12",
		},
		`{"result":{"id":"mswindows","name":"Microsoft Windows","pretty-name":"Windows Server 2022 Standard","version":"Microsoft Windows Server 2022","version-id":"2022"}}`: {
			ID: "mswindows", Name: "Windows Server 2022 Standard", Version: "2022",
		},
		`{"result":{"id":"mswindows","name":"Microsoft Windows","pretty-name":"N/A","version":"N/A","version-id":"N/A"}}`: {
			ID: "mswindows", Name: "Microsoft Windows",
		},
		`{"result":{"id":"arch","name":"Arch Linux","pretty-name":"Arch Linux"}}`:    {ID: "arch", Name: "Arch Linux"},
		`{"result":{"pretty-name":"Some OS","version":"1.2 beta","version-id":3}}`:   {Name: "Some OS", Version: "3"},
		`{"result":{"kernel-release":"6.1.0","machine":"x86_64"}}`:                   {},
		`{"result":{"error":{"class":"CommandNotFound","desc":"guest-get-osinfo"}}}`: {},
		`{"result":"nonsense"}`: {}, `{"result":null}`: {}, `{}`: {}, `null`: {}, `7`: {}, ``: {},
		odd: {ID: "7"},
	} {
		assert.Equal(t, want, parseSystem(json.RawMessage(raw)), raw)
	}
}

func TestParseTagStyle(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]map[string]string{
		`"case-sensitive=1,color-map=prod:ff0000;web:00FF00:ffffff,ordering=config,shape=full"`: {"prod": "ff0000", "web": "00ff00"},
		`"color-map=prod:ff0000"`:                                         {"prod": "ff0000"},
		`{"color-map":"prod:ff0000;web:00ff00:ffffff","shape":"full"}`:    {"prod": "ff0000", "web": "00ff00"},
		`{"color-map":"a:ff000; b:gg0000;c;:ff0000;;d:#ff0000;e:FF0000"}`: {"e": "ff0000"},
		`{"color-map":"a:ff0000;a:00ff00"}`:                               {"a": "00ff00"},
		`{"color-map":7}`:                                                 nil,
		`{"shape":"full"}`:                                                nil,
		`"shape=full"`:                                                    nil,
		`""`:                                                              nil, `null`: nil, `7`: nil, `[]`: nil, ``: nil,
	} {
		assert.Equal(t, want, parseTagStyle(json.RawMessage(raw)), raw)
	}
}

func TestParseVNets(t *testing.T) {
	t.Parallel()
	zones, err := parseZones(json.RawMessage(`[{"zone":"vl","type":"vlan"},{"zone":"qq","type":"qinq"},{"zone":"vx","type":"vxlan"},
		{"zone":"ev","type":"evpn"},{"zone":"si","type":"simple"},null,7,{"type":"vlan"}]`))
	require.NoError(t, err)
	list, dropped, err := parseVNets(json.RawMessage(`[{"vnet":"b","zone":"vl","tag":"300","alias":"dmz"},{"vnet":"a","zone":"qq","tag":4094},
		{"vnet":"c","zone":"vx","tag":70001},{"vnet":"d","zone":"ev","tag":30},{"vnet":"e","zone":"si"},{"vnet":"f","zone":"gone","tag":30},
		{"vnet":"g","zone":"vl","tag":4095},{"vnet":"h","zone":"vl","tag":null},null,7,{"zone":"vl"}]`))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"element 9 of the list of virtual networks has no name",
		"element 10 of the list of virtual networks has no name",
		"element 11 of the list of virtual networks has no name",
	}, dropped)
	var got []inventory.VNet
	for _, one := range list {
		got = append(got, one.translated(zones))
	}
	assert.Equal(t, []inventory.VNet{
		{Name: "a", Zone: "qq", VLAN: 4094},
		{Name: "b", Zone: "vl", Alias: "dmz", VLAN: 300},
		{Name: "c", Zone: "vx"},
		{Name: "d", Zone: "ev"},
		{Name: "e", Zone: "si"},
		{Name: "f", Zone: "gone"},
		{Name: "g", Zone: "vl"},
		{Name: "h", Zone: "vl"},
	}, got)

	_, err = parseZones(json.RawMessage(`{}`))
	require.Error(t, err)
	_, _, err = parseVNets(nil)
	require.Error(t, err)
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"https://PVE1":                      "https://pve1:8006/api2/json",
		"https://pve1:443/":                 "https://pve1:443/api2/json",
		"https://[2001:db8::1]":             "https://[2001:db8::1]:8006/api2/json",
		"http://pve1":                       "http://pve1/api2/json",
		"https://pve1:8006/api2/json/":      "https://pve1:8006/api2/json",
		"https://proxy.example.com:443/pve": "https://proxy.example.com:443/pve/api2/json",
	} {
		u, err := parseURL(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, u.String())
	}
	bases, err := parseURLs([]string{"https://pve1", "https://pve1:8006/", "https://pve2"})
	require.NoError(t, err)
	assert.Len(t, bases, 2, "each once")
}

func TestHiddenGuests(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"/":{"VM.Audit":1},"/vms":{"VM.Audit":1}}`:                           "",
		`{"/":{"VM.Audit":1},"/vms":{"VM.Audit":"1"},"/vms/1":{"VM.Audit":0}}`: "",
		`{"/":{"VM.Audit":1},"/vms":{"VM.Audit":0}}`:                           "/vms",
		`{"/":{"VM.Audit":1}}`:                                                 "/vms",
		`{"/vms":{"VM.Audit":1},"/vms/100":{"VM.Console":1}}`:                  "/vms/100",
	} {
		var r rights
		require.NoError(t, json.Unmarshal([]byte(raw), &r))
		path, hidden := r.hiddenGuests()
		assert.Equal(t, want, path, raw)
		assert.Equal(t, want != "", hidden, raw)
	}
}
