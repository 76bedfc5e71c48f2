package proxmoxsrc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// FuzzValues feeds one text to all parsers of a configuration's values, and checks what must be true of each result.
func FuzzValues(f *testing.F) {
	for _, s := range []string{
		"virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,tag=10,trunks=20;30-40,mtu=1", "local-lvm:vm-100-disk-0,size=32G", "1.5T", "A,b c;a",
		"name=eth0,hwaddr=bc:24:11:aa:bb:cc,ip=192.0.2.5/24,ip6=auto", "/dev/disk/by-id/x,size=4K", "uuid=3f0c8a4e-6d0b-4d55-9a3e-1f2b7c9d0e11",
		"1,type=isa", "current=2048", "fe80::1%3", "Ã¼", "net10", "=", ",=,", ":",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, nic := range []inventory.NIC{parseMachineNIC("net0", s), parseContainerNIC("net0", s)} {
			if nic.VLAN < 0 || nic.VLAN > 4094 || nic.MTU < 0 || nic.MAC != "" && parseMAC(nic.MAC) != nic.MAC {
				t.Errorf("%q: %+v", s, nic)
			}
		}
		for _, parse := range []func(string, string) (inventory.Disk, bool){parseMachineDisk, parseContainerDisk} {
			if disk, ok := parse("scsi0", s); ok && (disk.Bytes < 0 || !disk.Known && disk.Bytes != 0 || disk.Volume == "") {
				t.Errorf("%q: %+v", s, disk)
			}
		}
		if bytes, known := parseSize(s); bytes < 0 || !known && bytes != 0 {
			t.Errorf("%q: %d bytes", s, bytes)
		}
		if tags := parseTags(s); !slices.IsSorted(tags) || slices.Contains(tags, "") {
			t.Errorf("%q: tags %q", s, tags)
		}
		for _, prefix := range parseIntent(s).static {
			if !prefix.IsValid() || prefix.Addr().Zone() != "" {
				t.Errorf("%q: %v", s, prefix)
			}
		}
		if uuid := parseUUID(s); uuid != "" && len(uuid) != 36 {
			t.Errorf("%q: UUID %q", s, uuid)
		}
		if parseMemory(s) <= 0 {
			t.Errorf("%q: no memory", s)
		}
		if name := repairedName(inventory.LXC, s); utf8.ValidString(s) && !utf8.ValidString(name) {
			t.Errorf("%q: name %q", s, name)
		}
		parseAgent(s)
		splitKey(s)
	})
}

// FuzzAnswers feeds one answer to all readers of answers: none may fail but by its error.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		`[{"id":"qemu/101","type":"qemu","vmid":"101","node":"a1","status":"running"}]`, `null`, `[null]`, `{}`, `[]`, `7`,
		`{"result":[{"hardware-address":"bc:24:11:00:00:01","ip-addresses":[{"ip-address":"192.0.2.1","prefix":24}]}]}`,
		`{"result":{"error":{"class":"CommandDisabled","desc":"x"}}}`, `[{"type":"cluster","name":"a","quorate":1}]`,
		`[{"iface":"vmbr0","type":"bridge","cidr":"192.0.2.1/24","altnames":["enx001b21aabbcc"]}]`,
		`{"result":{"id":"mswindows","name":"Microsoft Windows","pretty-name":"Windows 11 Pro","version-id":"11"}}`,
		`{"color-map":"prod:ff0000;web:00FF00:ffffff"}`, `"color-map=prod:ff0000,shape=full"`,
		`{"/":{"VM.Audit":1,"Sys.Audit":"0"},"/vms/100":{}}`, `{"version":"9.1.6","release":"9.1","repoid":null}`,
		`[{"vnet":"v300","zone":"vl","tag":"300","alias":"dmz","type":"vlan"}]`,
		`{"net0":"virtio=BC:24:11:00:00:01","memory":"2048","lxc":[["a","b"]],"scsi0":"local:x,size=1G","cpulimit":"0.5"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		if list, err := parseRows(raw); err == nil {
			for i, r := range list.guests {
				if r.VMID.int() <= 0 || i > 0 && list.guests[i-1].VMID >= r.VMID {
					t.Errorf("%s: guests out of order", raw)
				}
			}
		}
		_, _ = parseClusterStatus(raw)
		checkRights(t, raw)
		_, _, _ = parseNodeNetwork(raw)
		_ = parseSystem(raw)
		checkTagStyle(t, raw)
		checkVNets(t, raw)
		book := newAddressBook([]inventory.NIC{{MAC: "BC:24:11:00:00:01"}})
		_ = book.readAgent(raw)
		_ = book.readList(raw)
		var c config
		if json.Unmarshal(raw, &c) == nil {
			for _, kind := range []inventory.GuestKind{inventory.QEMU, inventory.LXC} {
				g := inventory.Guest{Kind: kind}
				c.fill(&g, 0)
				if g.CPUs < 0 || g.Memory <= 0 {
					t.Errorf("%s: %v CPUs, %d bytes", raw, g.CPUs, g.Memory)
				}
			}
		}
	})
}

func checkTagStyle(t *testing.T, raw []byte) {
	t.Helper()
	for tag, color := range parseTagStyle(raw) {
		if tag == "" || len(color) != 6 || strings.Trim(color, "0123456789abcdef") != "" {
			t.Errorf("%s: tag %q has the colour %q", raw, tag, color)
		}
	}
}

func checkVNets(t *testing.T, raw []byte) {
	t.Helper()
	zones, err := parseZones(raw)
	list, _, _ := parseVNets(raw)
	for i := range list {
		if one := list[i].translated(zones); err != nil || one.Name == "" || one.VLAN < 0 || one.VLAN > 4094 {
			t.Errorf("%s: %+v", raw, one)
		}
	}
}

func checkRights(t *testing.T, raw []byte) {
	t.Helper()
	g := &gateway{inUse: &entry{address: "pve.example.com:8006"}}
	_, _ = g.parseVersion(raw)
	rights, err := g.parseRights(raw)
	for path, held := range rights {
		lacks := slices.Contains(rights.lacking(path, "VM.Audit"), path)
		if len(held) == 0 || err == nil && lacks == rights.below(path, "VM.Audit") {
			t.Errorf("%s: %q holds %v", raw, path, held)
		}
	}
}

// FuzzRefusals feeds whatever comes with a status of 400 or more to what makes an error of it: it has no secret in it, and
// is told from a proxy's by its body.
func FuzzRefusals(f *testing.F) {
	for _, s := range []string{
		`{"data":null,"errors":{"current":"type check failed"},"message":"Parameter verification failed.\n"}`, `{"message":7}`, `null`,
		`<html>Bad Gateway</html>`, ``, `{"message":"token secret-canary is not known"}`, `{"errors":{"secret-canary":null}}`, `"secret-canary"`,
	} {
		f.Add([]byte(s), "403 Permission check failed (/vms/100, VM.Audit|Sys.Audit)", "application/json")
		f.Add([]byte(s), "596 secret-canary", "text/html")
		f.Add([]byte(s), "500 Configuration file 'x' does not exist", "")
	}
	f.Fuzz(func(t *testing.T, body []byte, status, kind string) {
		tr := &transport{credential: "token root@pam!sync", secret: "secret-canary"}
		request := httptest.NewRequest(http.MethodGet, "https://pve.example.com:8006/api2/json/nodes/n1/qemu/100/config", nil)
		code := 400 + len(body)%200
		response := &http.Response{StatusCode: code, Status: status, Header: http.Header{"Content-Type": {kind}}}
		e := tr.refusal(request, response, "/nodes/n1/qemu/100/config", body, kind == "text/html")
		e.Missing()
		e.Cause()
		if text := e.Error(); text == "" || strings.Contains(text, "secret-canary") {
			t.Errorf("%q, %q: %s", body, status, text)
		}
	})
}

// FuzzOptions feeds one text to all readers of options: what is no good is not repeated.
func FuzzOptions(f *testing.F) {
	for _, s := range []string{
		"https://pve.example.com", "https://user:secret@pve.example.com:8006/api2/json/", "http://[fe80::1%25eth0]:80", "root@pam!sync=4f0c", "a@b@pam",
		strings.Repeat("AB:", 31) + "AB", "https://a?b#c", "://", "%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var errs []error
		base, err := parseURL(s)
		if err == nil && (base.Hostname() == "" || base.User != nil || !strings.HasSuffix(base.Path, basePath)) {
			t.Errorf("%q: %v", s, base)
		}
		errs = append(errs, err)
		pins, err := parseFingerprints([]string{s})
		if err == nil && len(pins[0]) != 32*3-1 {
			t.Errorf("%q: %q", s, pins)
		}
		errs = append(errs, err)
		who, err := parseCredential(&Options{Token: s})
		if err == nil && strings.Contains(who.String(), "="+who.secret) {
			t.Errorf("%q: %v", s, who)
		}
		errs = append(errs, err)
		_, err = parseCredential(&Options{Username: s, Password: s})
		for _, err := range append(errs, err) {
			if err != nil && len(s) > 16 && !strings.Contains("https://host:8006 user@realm!name=secret", s) && strings.Contains(err.Error(), s) {
				t.Errorf("%q is repeated: %v", s, err)
			}
		}
	})
}
