package proxmoxsrc_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// lab is a fake cluster with a source that reads it.
type lab struct {
	fake    *proxmoxtest.Server
	server  *httptest.Server // the first URL
	urls    []string
	options proxmoxsrc.Options
	log     *bytes.Buffer
}

// newLab serves the estate over TLS, by one URL for each entry node, or for the first node if none is named. The source
// trusts the certificate and uses the default token.
func newLab(t *testing.T, estate *proxmoxtest.Estate, o *proxmoxtest.Options, entries ...string) *lab {
	t.Helper()
	l := &lab{fake: proxmoxtest.New(estate, o), log: &bytes.Buffer{}}
	if len(entries) == 0 {
		entries = []string{l.fake.Estate().Nodes[0].Name}
	}
	for i, entry := range entries {
		server := httptest.NewUnstartedServer(l.fake.Entry(entry))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		server.StartTLS()
		t.Cleanup(server.Close)
		l.urls = append(l.urls, server.URL)
		if i == 0 {
			l.server = server
		}
	}
	l.options.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.server.Certificate().Raw})
	if id, secret := l.fake.Token(); id != "" {
		l.options.Token = id + "=" + secret
	}
	l.options.Logger = slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return l
}

// as replaces the credentials of the fake with one token that has the grants.
func (l *lab) as(grants ...proxmoxtest.Grant) {
	l.fake.SetCredentials(proxmoxtest.Credential{
		ID: proxmoxtest.DefaultTokenID, Secret: proxmoxtest.DefaultTokenSecret, Grants: grants,
	})
}

func (l *lab) source(t *testing.T) *proxmoxsrc.Source {
	t.Helper()
	source, err := proxmoxsrc.New("alpha", l.urls, &l.options)
	require.NoError(t, err)
	return source
}

// read reads the whole estate, and sees to what must be true of every reading.
func (l *lab) read(t *testing.T) *inventory.Inventory {
	t.Helper()
	inv, err := l.source(t).Inventory(t.Context(), sync.Scope{})
	require.NoError(t, err)
	assert.Empty(t, l.fake.Violations(), "only reads are sent")
	assert.Equal(t, "alpha", inv.Source)
	told := fmt.Sprint(inv.Gaps, inv.Dropped, l.log.String())
	assert.NotContains(t, told, proxmoxtest.DefaultTokenSecret)
	assert.NotContains(t, told, proxmoxtest.DefaultPassword)
	return inv
}

// fails reads the estate, which cannot be read at all.
func (l *lab) fails(t *testing.T) error {
	t.Helper()
	inv, err := l.source(t).Inventory(t.Context(), sync.Scope{})
	require.Error(t, err)
	assert.Nil(t, inv)
	assert.NotContains(t, err.Error()+l.log.String(), proxmoxtest.DefaultTokenSecret)
	assert.NotContains(t, err.Error()+l.log.String(), proxmoxtest.DefaultPassword)
	return err
}

func guest(t *testing.T, inv *inventory.Inventory, id int) *inventory.Guest {
	t.Helper()
	for i := range inv.Guests {
		if inv.Guests[i].ID == id {
			return &inv.Guests[i]
		}
	}
	require.Fail(t, fmt.Sprintf("guest %d is not in the inventory", id))
	return nil
}

// gaps returns the gaps as text, one a line.
func gaps(inv *inventory.Inventory) []string {
	var list []string
	for _, g := range inv.Gaps {
		list = append(list, g.String())
	}
	return list
}

// addresses returns those of a guest by NIC, as text with their origin.
func addresses(g *inventory.Guest) []string {
	var list []string
	for _, nic := range g.NICs {
		for _, a := range nic.Addresses {
			s := nic.Key + " " + a.Prefix.String() + " " + string(a.Origin)
			if a.Dynamic {
				s += " dynamic"
			}
			list = append(list, s)
		}
	}
	return list
}

// noLeaks fails if a goroutine is left that was not there before, when the test's own cleanups have run. Call it first, in
// a test that runs beside no other.
func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// small is a cluster of three nodes with one guest of either kind on each.
func small() *proxmoxtest.Estate {
	e := &proxmoxtest.Estate{Cluster: "alpha", Nodes: []*proxmoxtest.Node{{Name: "a1"}, {Name: "a2"}, {Name: "a3"}}}
	for i, node := range e.Nodes {
		machine := &proxmoxtest.Guest{
			VMID: 101 + i, Name: fmt.Sprintf("web%d", i+1), Node: node.Name, Cores: 2, Memory: 4 << 30, Agent: proxmoxtest.AgentOK,
			NICs: []proxmoxtest.NIC{{
				MAC: fmt.Sprintf("BC:24:11:00:01:%02X", i), Bridge: "vmbr0", Tag: 10, Addresses: prefixes(fmt.Sprintf("192.0.2.%d/24", 11+i)),
			}},
			Disks: []proxmoxtest.Disk{{Slot: "scsi0", Bytes: 32 << 30}},
		}
		container := &proxmoxtest.Guest{
			VMID: 201 + i, Kind: proxmoxtest.LXC, Name: fmt.Sprintf("ct%d", i+1), Node: node.Name, Cores: 1, Memory: 1 << 30,
			NICs: []proxmoxtest.NIC{{
				MAC: fmt.Sprintf("BC:24:11:00:02:%02X", i), Bridge: "vmbr0",
				IP: fmt.Sprintf("198.51.100.%d/24", 11+i), Addresses: prefixes(fmt.Sprintf("198.51.100.%d/24", 11+i)),
			}},
			Disks: []proxmoxtest.Disk{{Slot: "rootfs", Bytes: 8 << 30}},
		}
		e.Guests = append(e.Guests, machine, container)
	}
	return e
}

// fingerprint is that of the first URL's certificate, as Proxmox VE shows it.
func (l *lab) fingerprint() string {
	if l.server.TLS == nil {
		return ""
	}
	sum := sha256.Sum256(l.server.Certificate().Raw)
	return strings.ReplaceAll(strings.ToUpper(fmt.Sprintf("% x", sum)), " ", ":")
}
