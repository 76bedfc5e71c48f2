package backend_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server/backend"
)

// fakepveGuest is a guest in the data file of fakepve, a fake Proxmox VE that others wrote.
type fakepveGuest struct {
	VMID   int                        `json:"vmid"`
	Name   string                     `json:"name"`
	Node   string                     `json:"node"`
	Type   string                     `json:"type"`
	Status string                     `json:"status"`
	Config map[string]json.RawMessage `json:"config"`
	Agent  *struct {
		Interfaces []struct {
			MAC       string `json:"hardware-address"`
			Addresses []struct {
				IP     string `json:"ip-address"`
				Prefix int    `json:"prefix"`
			} `json:"ip-addresses"`
		} `json:"interfaces"`
	} `json:"agent"`
}

func (g *fakepveGuest) text(key string) string {
	return strings.Trim(string(g.Config[key]), `"`)
}

func (g *fakepveGuest) number(key string) int64 {
	n, err := strconv.ParseInt(g.text(key), 10, 64)
	if err != nil {
		return 1
	}
	return n
}

// part returns the value of one key of a property string.
func part(text, key string) string {
	if m := regexp.MustCompile(`(?:^|,)` + key + `=([^,]*)`).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// want returns what must stand in NetBox for the guest.
func (g *fakepveGuest) want(t *testing.T) wantMachine {
	m := wantMachine{
		Name: g.Name, Status: map[string]string{"running": "active", "stopped": "offline"}[g.Status], Device: g.Node, Cluster: "lab",
		VCPUs: float64(g.number("cores")), Memory: g.number("memory"), Kind: g.Type, StartAtBoot: g.text("onboot") == "1",
		Tags: []string{"proxbox"}, Role: "container-lxc", Type: "lxc-container",
		Interfaces: map[string]wantInterface{}, Disks: map[string]wantDisk{},
	}
	if g.Type == "qemu" {
		m.Role, m.Type, m.UUID = "virtual-machine-qemu", "qemu-virtual-machine", part(g.text("smbios1"), "uuid")
		m.VCPUs *= float64(g.number("sockets"))
	}
	for key := range g.Config {
		text := g.text(key)
		switch {
		case regexp.MustCompile(`^net\d+$`).MatchString(key):
			name, mac := key, part(text, "virtio")
			if g.Type == "lxc" {
				name, mac = part(text, "name"), part(text, "hwaddr")
			}
			m.Interfaces[name] = wantInterface{Enabled: true, MAC: mac, Addresses: g.addresses(mac, text)}
		case regexp.MustCompile(`^(scsi\d+|rootfs|mp\d+)$`).MatchString(key):
			size, err := strconv.ParseInt(strings.TrimSuffix(part(text, "size"), "G"), 10, 64)
			require.NoError(t, err)
			m.Disks[key] = wantDisk{Size: size << 10, Storage: text[:strings.Index(text, ":")]}
		}
	}
	for _, i := range []string{"net0", "eth0"} {
		for _, a := range m.Interfaces[i].Addresses {
			if netip.MustParsePrefix(a).Addr().Is4() {
				m.PrimaryIP4 = a
			} else {
				m.PrimaryIP6 = a
			}
		}
	}
	return m
}

func (g *fakepveGuest) addresses(mac, nic string) []string {
	var out []string
	if g.Type == "lxc" {
		out = []string{part(nic, "ip"), part(nic, "ip6")}
	} else if g.Agent != nil && g.Status == "running" {
		for _, i := range g.Agent.Interfaces {
			for _, a := range i.Addresses {
				if ip := netip.MustParseAddr(a.IP); strings.EqualFold(i.MAC, mac) && !ip.IsLinkLocalUnicast() {
					out = append(out, netip.PrefixFrom(ip, a.Prefix).String())
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestLiveFakePVE(t *testing.T) {
	url, file := os.Getenv("PROXBOX_TEST_FAKEPVE_URL"), os.Getenv("PROXBOX_TEST_FAKEPVE_GUESTS")
	if url == "" {
		t.Skip("PROXBOX_TEST_FAKEPVE_URL is not set: start .ci/fakepve")
	}
	b := realBox(t)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var data struct {
		Guests []*fakepveGuest `json:"guests"`
	}
	require.NoError(t, json.Unmarshal(text, &data))
	require.NotEmpty(t, data.Guests)
	engine, err := backend.New(backend.Config{
		NetBox:  backend.NetBox{URL: b.URL, Token: b.Token},
		Proxmox: []backend.Proxmox{{Name: "fakepve", URLs: []string{url}, Token: os.Getenv("PROXBOX_TEST_FAKEPVE_TOKEN"), Insecure: true}},
	}, nil)
	require.NoError(t, err)
	result, err := engine.Run(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, result.OK)

	have := found(b, "fakepve")
	require.Len(t, have, len(data.Guests))
	for _, g := range data.Guests {
		assert.Equal(t, g.want(t), have[g.VMID], "guest %d", g.VMID)
	}

	before := b.changes()
	b.resetCount()
	_, err = engine.Run(t.Context(), nil)
	require.NoError(t, err)
	byMethod, total := b.counted()
	assert.Equal(t, map[string]int{"GET": total}, byMethod, "the second run only reads")
	assert.Equal(t, before, b.changes(), "no new row in the change log")
}
