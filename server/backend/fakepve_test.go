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
	VMID     int                        `json:"vmid"`
	Name     string                     `json:"name"`
	Node     string                     `json:"node"`
	Type     string                     `json:"type"`
	Status   string                     `json:"status"`
	Template bool                       `json:"template"`
	Config   map[string]json.RawMessage `json:"config"`
	Agent    *struct {
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
		Site: "Proxmox Default Site - lab", Platform: map[string]string{"l26": "Linux", "debian": "Debian"}[g.text("ostype")],
		Description: "Synced from Proxmox node " + g.Node, Comments: strings.TrimSuffix(g.text("description"), `\n`),
		VCPUs: float64(g.number("cores")), Memory: g.number("memory"), StartOnBoot: onOrOff(g.text("onboot") == "1"),
		Role: "container-lxc", Type: "lxc-container", Tags: strings.Split(g.text("tags"), ";"),
		Custom: wantCustom{
			Kind: g.Type, StartAtBoot: g.text("onboot") == "1", Unprivileged: g.text("unprivileged") == "1",
			Agent: g.text("agent") == "1", Node: g.Node,
		},
		Interfaces: map[string]wantInterface{}, Disks: map[string]wantDisk{},
	}
	if g.Template {
		m.Tags = append(m.Tags, "proxmox-template")
	}
	slices.Sort(m.Tags)
	m.Custom.Tags = strings.Join(m.Tags, " ")
	m.Tags = append(m.Tags, "proxbox")
	slices.Sort(m.Tags)
	if g.Type == "qemu" {
		m.Role, m.Type, m.Custom.UUID = "virtual-machine-qemu", "qemu-virtual-machine", part(g.text("smbios1"), "uuid")
		m.VCPUs *= float64(g.number("sockets"))
		if g.Agent != nil && g.Status == "running" {
			m.Platform = "Debian GNU/Linux 13" // what fakepve's agents say, where the data file says nothing
		}
	}
	for key := range g.Config {
		text := g.text(key)
		switch {
		case regexp.MustCompile(`^net\d+$`).MatchString(key):
			name, mac := key, part(text, "virtio")
			if g.Type == "lxc" {
				name, mac = part(text, "name"), part(text, "hwaddr")
			}
			m.Interfaces[name] = wantInterface{
				Enabled: true, MAC: mac, Description: "Bridge " + part(text, "bridge"), Addresses: g.addresses(mac, text),
			}
		case regexp.MustCompile(`^(scsi\d+|rootfs|mp\d+)$`).MatchString(key):
			size, err := strconv.ParseInt(strings.TrimSuffix(part(text, "size"), "G"), 10, 64)
			require.NoError(t, err)
			m.Disks[key] = wantDisk{Size: size << 10, Storage: text[:strings.Index(text, ":")]}
		}
	}
	for _, i := range []string{"net0", "eth0"} {
		for a := range m.Interfaces[i].Addresses {
			if netip.MustParsePrefix(a).Addr().Is4() {
				m.PrimaryIP4 = a
			} else {
				m.PrimaryIP6 = a
			}
		}
	}
	return m
}

func (g *fakepveGuest) addresses(mac, nic string) map[string]wantAddress {
	out := map[string]wantAddress{}
	if g.Type == "lxc" {
		from := wantAddress{"active", "From the configuration of the container"}
		if g.Status == "running" {
			from.Description = "From the running container"
		}
		out[part(nic, "ip")], out[part(nic, "ip6")] = from, from
	} else if g.Agent != nil && g.Status == "running" {
		for _, i := range g.Agent.Interfaces {
			for _, a := range i.Addresses {
				if ip := netip.MustParseAddr(a.IP); strings.EqualFold(i.MAC, mac) && !ip.IsLinkLocalUnicast() {
					out[netip.PrefixFrom(ip, a.Prefix).String()] = wantAddress{"active", "From the guest agent"}
				}
			}
		}
	}
	return out
}

func TestFakePVE(t *testing.T)     { fakepveLands(t, fakeBox) }
func TestLiveFakePVE(t *testing.T) { fakepveLands(t, realBox) }

// fakepveLands syncs what fakepve serves, and compares every guest with its data file.
func fakepveLands(t *testing.T, newBox func(*testing.T) *box) {
	url, file := os.Getenv("PROXBOX_TEST_FAKEPVE_URL"), os.Getenv("PROXBOX_TEST_FAKEPVE_GUESTS")
	if url == "" {
		t.Skip("PROXBOX_TEST_FAKEPVE_URL is not set: start .ci/fakepve")
	}
	b := newBox(t)
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
