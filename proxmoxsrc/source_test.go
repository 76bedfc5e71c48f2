package proxmoxsrc_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestNew_wrongOptions(t *testing.T) {
	t.Parallel()
	const token = "root@pam!sync=canary"
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, tt := range map[string]struct {
		name    string
		urls    []string
		options *proxmoxsrc.Options
		message string
	}{
		"no name":            {name: "", message: "must not be empty"},
		"slash in name":      {name: "a/b", message: "must not be empty or hold a slash"},
		"no URL":             {urls: []string{}, message: "no URL is given"},
		"no scheme":          {urls: []string{"pve1.example.com:8006"}, message: "urls[0]: it is no URL of Proxmox VE: write https://host"},
		"bare host":          {urls: []string{"pve1"}, message: "is no URL"},
		"other scheme":       {urls: []string{"ftp://pve1"}, message: "is no URL"},
		"no host":            {urls: []string{"https://:8006"}, message: "is no URL"},
		"query":              {urls: []string{"https://pve1/?a=b"}, message: "is no URL"},
		"user in URL":        {urls: []string{"https://root:canary@pve1"}, message: "urls[0]: it holds a user"},
		"broken, with user":  {urls: []string{"https://root:canary@pve1:port"}, message: "is no URL"},
		"no options":         {options: nil, message: "no credential is given"},
		"no credential":      {options: &proxmoxsrc.Options{}, message: "no credential is given"},
		"two credentials":    {options: &proxmoxsrc.Options{Token: token, Username: "root@pam", Password: "canary"}, message: "both a token and a user"},
		"token, no name":     {options: &proxmoxsrc.Options{Token: "root@pam=canary"}, message: "not of the form user@realm!name=secret"},
		"token, no secret":   {options: &proxmoxsrc.Options{Token: "root@pam!sync="}, message: "not of the form"},
		"token, header":      {options: &proxmoxsrc.Options{Token: "PVEAPIToken=root@pam!sync=canary"}, message: "not of the form"},
		"token, no realm":    {options: &proxmoxsrc.Options{Token: "root!sync=canary"}, message: "not of the form"},
		"user, no password":  {options: &proxmoxsrc.Options{Username: "root@pam"}, message: "without a password"},
		"user, no realm":     {options: &proxmoxsrc.Options{Username: "root", Password: "canary"}, message: "not of the form user@realm"},
		"password, no user":  {options: &proxmoxsrc.Options{Password: "canary"}, message: "not of the form user@realm"},
		"short fingerprint":  {options: &proxmoxsrc.Options{Token: token, Fingerprints: []string{"AA:BB"}}, message: "fingerprint: it is no SHA-256 fingerprint"},
		"insecure and pin":   {options: &proxmoxsrc.Options{Token: token, Insecure: true, Fingerprints: []string{pin}}, message: "insecure takes any certificate"},
		"insecure and CA":    {options: &proxmoxsrc.Options{Token: token, Insecure: true, CAFile: "ca.pem"}, message: "insecure takes any certificate"},
		"CA and fingerprint": {options: &proxmoxsrc.Options{Token: token, CAFile: "ca.pem", Fingerprints: []string{pin}}, message: "both a CA and a fingerprint"},
		"CA file missing":    {options: &proxmoxsrc.Options{Token: token, CAFile: empty + "x"}, message: "the CA file cannot be read"},
		"CA file empty":      {options: &proxmoxsrc.Options{Token: token, CAFile: empty}, message: "holds no certificate in PEM form"},
		"CA no PEM":          {options: &proxmoxsrc.Options{Token: token, CA: []byte("x")}, message: "ca: it holds no certificate in PEM form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, urls, options := "alpha", []string{"https://pve1.example.com"}, &proxmoxsrc.Options{Token: token}
			switch {
			case strings.Contains(name, "name") && tt.options == nil:
				source = tt.name
			case tt.urls != nil:
				urls = tt.urls
			default:
				options = tt.options
			}
			_, err := proxmoxsrc.New(source, urls, options)
			require.ErrorContains(t, err, tt.message)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

var pin = strings.Repeat("AB", 32)

func TestNew_copiesItsOptions(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	source := l.source(t)
	l.options = proxmoxsrc.Options{}
	_, err := source.Inventory(t.Context(), sync.Scope{})
	require.NoError(t, err)
	assert.Equal(t, "alpha", source.Name())
}

func TestVersionAndClusterStatus(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a3").State = proxmoxtest.NodeOffline })
	source := l.source(t)
	version, err := source.Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "8.4.1 8.4", version.Version+" "+version.Release)
	status, err := source.ClusterStatus(t.Context())
	require.NoError(t, err)
	assert.Equal(t, proxmoxsrc.ClusterStatus{Name: "alpha", Version: 3, Quorate: true, Nodes: []proxmoxsrc.ClusterNode{
		{Name: "a1", ID: "node/a1", Number: 1, Address: netip.MustParseAddr("192.0.2.1"), Online: true, Local: true},
		{Name: "a2", ID: "node/a2", Number: 2, Address: netip.MustParseAddr("192.0.2.2"), Online: true},
		{Name: "a3", ID: "node/a3", Number: 3, Address: netip.MustParseAddr("192.0.2.3")},
	}}, status)
	assert.Len(t, l.fake.Requests(), 2)

	l = newLab(t, nil, nil)
	status, err = l.source(t).ClusterStatus(t.Context())
	require.NoError(t, err)
	assert.True(t, status.Standalone && status.Quorate)
	assert.Equal(t, "pve", status.Name)

	l.as(proxmoxtest.Grant{Path: "/vms", Role: proxmoxtest.RoleAuditor})
	_, err = l.source(t).ClusterStatus(t.Context())
	var status403 *proxmoxsrc.StatusError
	require.ErrorAs(t, err, &status403)
	privilege, path, ok := status403.Missing()
	assert.Equal(t, "Sys.Audit / true", fmt.Sprint(privilege, " ", path, " ", ok))
}

// withPassword makes the source log in.
func (l *lab) withPassword() {
	l.options.Token, l.options.Username, l.options.Password = "", proxmoxtest.DefaultUser, proxmoxtest.DefaultPassword
}

func TestInventory_password(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.withPassword()
	inv := l.read(t)
	assert.Len(t, inv.Guests, 6)
	assert.Empty(t, gaps(inv))
	assert.Equal(t, 1, l.logins(), "one login for all requests")
}

func (l *lab) logins() int {
	count := 0
	for _, r := range l.fake.Requests() {
		if r.Method == "POST" {
			count++
		}
	}
	return count
}

func TestInventory_ticketEndsInTheRun(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(100), nil)
	l.withPassword()
	l.fake.After("GET /nodes/*/qemu/*/config", 20, func(*proxmoxtest.Estate) { l.fake.ExpireTickets() })
	inv := l.read(t)
	assert.Empty(t, gaps(inv))
	assert.Equal(t, 2, l.logins(), "one login more for all requests under way")
}

func TestInventory_userRevokedInTheRun(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(100), nil)
	l.withPassword()
	l.fake.After("GET /nodes/*/qemu/*/config", 20, func(*proxmoxtest.Estate) { l.fake.SetCredentials() })
	var status *proxmoxsrc.StatusError
	require.ErrorAs(t, l.fails(t), &status)
	assert.Equal(t, proxmoxsrc.CauseCredentials, status.Cause())
	assert.Equal(t, 2, l.logins(), "one more, then it is over")
	refused := 0
	for _, r := range l.fake.Requests() {
		if r.Status == 401 {
			refused++
		}
	}
	assert.LessOrEqual(t, refused, 15, "no more than were under way, and the login")
}

func TestInventory_oneLoginForSeveralRuns(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.withPassword()
	source := l.source(t)
	var group stdsync.WaitGroup
	for range 4 {
		group.Go(func() {
			inv, err := source.Inventory(t.Context(), sync.Scope{})
			if assert.NoError(t, err) {
				assert.Empty(t, inv.Gaps)
			}
		})
	}
	group.Wait()
	assert.Equal(t, 1, l.logins())
}

func TestInventory_passwordByAnotherEntry(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil, "a1", "a2")
	l.withPassword()
	l.fake.After("GET /nodes/*/qemu/*/config", 2, func(e *proxmoxtest.Estate) { e.Node("a1").State = proxmoxtest.NodeOffline })
	assert.Len(t, l.read(t).Guests, 6)
	assert.Equal(t, 1, l.logins(), "all nodes take the ticket of one")
}

// TestInventory_load sees that the requests under way stay within their limits, and that the limits are used.
func TestInventory_load(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(60), &proxmoxtest.Options{LatencyScale: 0.3})
	assert.Empty(t, l.read(t).Gaps)
	for node, load := range l.fake.Load() {
		assert.LessOrEqual(t, load.Requests, 6, node)
		assert.LessOrEqual(t, load.Protected, 2, node)
		assert.GreaterOrEqual(t, load.Requests, 4, node)
		assert.Equal(t, 2, load.Protected, node)
	}
}

func TestInventory_loadOfTheCluster(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(60), &proxmoxtest.Options{LatencyScale: 0.3})
	gauge := gauge{below: "/nodes/", full: 5}
	l.server.Config.Handler = gauge.around(l.server.Config.Handler)
	l.options.ClusterReads = 5
	l.read(t)
	assert.Equal(t, 5, gauge.most())
}

func TestInventory_progress(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(400), nil)
	l.fake.After("GET /cluster/resources", 1, func(e *proxmoxtest.Estate) {
		e.RemoveGuest(1003)
		e.Guest(1005).Node = "a1"
	})
	sink := &nowhere{}
	engine, err := sync.New(sink, []sync.Source{l.source(t)}, nil)
	require.NoError(t, err)
	var done []int
	_, err = engine.Plan(t.Context(), &sync.RunOptions{Observe: func(e sync.Event) {
		if step, ok := e.(sync.Step); ok && step.Status == sync.Progress {
			assert.Equal(t, 400, step.Total)
			done = append(done, step.Done)
		}
	}})
	require.NoError(t, err)
	assert.Len(t, done, 100, "at each percent")
	assert.IsIncreasing(t, done)
	assert.Equal(t, 400, done[len(done)-1])
}

// TestInventory_leavesNothing runs beside no other test, to see what it leaves behind.
func TestInventory_leavesNothing(t *testing.T) {
	noLeaks(t)
	l := newLab(t, crowd(50), nil)
	before := goleak.IgnoreCurrent()
	l.read(t)
	assert.NoError(t, goleak.Find(before), "no connection is kept after a run, though the server still runs")
}

func Example() {
	fake := proxmoxtest.New(&proxmoxtest.Estate{
		Cluster: "alpha",
		Nodes:   []*proxmoxtest.Node{{Name: "pve1"}, {Name: "pve2", State: proxmoxtest.NodeOffline}},
		Guests: []*proxmoxtest.Guest{
			{VMID: 101, Name: "web", Cores: 2, Memory: 4 << 30, Agent: proxmoxtest.AgentOK, NICs: []proxmoxtest.NIC{{
				MAC: "BC:24:11:00:00:01", Bridge: "vmbr0", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.11/24")},
			}}},
			{VMID: 102, Name: "db", Node: "pve2"},
		},
	}, nil)
	server := httptest.NewServer(fake)
	defer server.Close()
	id, secret := fake.Token()

	source, err := proxmoxsrc.New("alpha", []string{server.URL}, &proxmoxsrc.Options{Token: id + "=" + secret})
	if err != nil {
		fmt.Println(err)
		return
	}
	inv, err := source.Inventory(context.Background(), sync.Scope{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range inv.Guests {
		fmt.Println(g.ID, g.Name, g.Status, g.CPUs, len(g.NICs))
	}
	if gap, ok := inv.GuestGap(102, inventory.PartConfig); ok {
		fmt.Println(gap)
	}

	// Output:
	// 101 web running 2 1
	// 102 db running 0 0
	// guest 102: config: node pve2 is offline: start it, or mend its network, to have it read
}
