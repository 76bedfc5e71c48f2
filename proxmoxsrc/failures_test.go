package proxmoxsrc_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// TestInventory_errors makes the whole source unreadable, in every way that there is.
func TestInventory_errors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change   func(*lab)
		message  string // %s is the address
		requests int
	}{
		"wrong token": {
			change: func(l *lab) { l.options.Token = proxmoxtest.DefaultTokenID + "=canary" },
			message: "Proxmox VE at %s does not accept token proxbox@pve!sync (invalid token value!): check that it exists, is enabled " +
				"and not expired (Datacenter, Permissions), and that its secret is right",
			requests: 1,
		},
		"no such token": {
			change: func(l *lab) { l.options.Token = "nobody@pve!none=canary" },
			message: "Proxmox VE at %s does not accept token nobody@pve!none (no such token 'none' for user 'nobody@pve'): check that it " +
				"exists, is enabled and not expired (Datacenter, Permissions), and that its secret is right",
			requests: 1,
		},
		"wrong password": {
			change: func(l *lab) {
				l.options.Token, l.options.Username, l.options.Password = "", proxmoxtest.DefaultUser, "canary"
			},
			message: "Proxmox VE at %s does not accept user proxbox@pve (authentication failure): check that it exists, is enabled " +
				"and not expired (Datacenter, Permissions), and that its secret is right",
			requests: 1,
		},
		"no rights": {
			change: func(l *lab) { l.as() },
			message: "token proxbox@pve!sync has no rights at all: run pveum acl modify / --tokens 'proxbox@pve!sync' --roles PVEAuditor, " +
				"or in the GUI Datacenter, Permissions, Add: path /, role PVEAuditor, propagate",
			requests: 2,
		},
		"token revoked in the run": {
			change: func(l *lab) {
				l.fake.After("GET /nodes/*/qemu/*/config", 1, func(*proxmoxtest.Estate) { l.fake.SetCredentials() })
			},
			message: "Proxmox VE at %s does not accept token proxbox@pve!sync (no such token 'sync' for user 'proxbox@pve'): check that it " +
				"exists, is enabled and not expired (Datacenter, Permissions), and that its secret is right",
		},
		"list null": {
			change:   func(l *lab) { l.fault("GET /cluster/resources", proxmoxtest.FaultNull) },
			message:  "the answer of %s to GET /cluster/resources is null, not a list: is the URL that of Proxmox VE?",
			requests: 4,
		},
		"list empty": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /cluster/resources", Status: 200, Body: `{"data":[]}`})
			},
			message:  "the answer of %s to GET /cluster/resources names no node: is the URL that of Proxmox VE?",
			requests: 4,
		},
		"rights null": {
			change:   func(l *lab) { l.fault("GET /access/permissions", proxmoxtest.FaultNull) },
			message:  "the answer of %s to GET /access/permissions is null: is the URL that of Proxmox VE?",
			requests: 2,
		},
		"status null": {
			change:   func(l *lab) { l.fault("GET /cluster/status", proxmoxtest.FaultNull) },
			message:  "the answer of %s to GET /cluster/status is null, not a list: is the URL that of Proxmox VE?",
			requests: 3,
		},
		"list refused": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Pattern: "GET /cluster/resources", Reason: "ipcc_send_rec[1] failed: Connection refused"})
			},
			message:  "Proxmox VE at %s answered 500 to GET /cluster/resources: ipcc_send_rec[1] failed: Connection refused",
			requests: 4,
		},
		"a page": {
			change:  func(l *lab) { l.fault("", proxmoxtest.FaultHTML) },
			message: "the answer of %s to GET /version is text/html, not JSON: is the URL that of Proxmox VE?",
		},
		"a page of refusal": {
			change: func(l *lab) {
				l.fake.Inject(proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML, Status: http.StatusBadGateway})
			},
			message: "a proxy before %s answered 502 to GET /version: Proxmox VE is down, too slow, or not behind that URL",
		},
		"always reset": {
			change:  func(l *lab) { l.fault("", proxmoxtest.FaultTruncate) },
			message: "the connection to %s broke: unexpected EOF",
		},
		"hangs": {
			change: func(l *lab) {
				l.options.ClusterTimeout = 50 * time.Millisecond
				l.fault("", proxmoxtest.FaultHang)
			},
			message: "%s does not answer in time: check that the node is up and no firewall is in between",
		},
		"refuses connections": {
			change:  func(l *lab) { l.server.Close() },
			message: "%s refuses the connection: check address and port (8006 by default), and that pveproxy runs",
		},
		"unknown CA": {
			change: func(l *lab) { l.options.CA = nil },
			message: "the certificate of %s is not trusted (x509: certificate signed by unknown authority): set the CA file " +
				"(/etc/pve/pve-root-ca.pem of any node), or the fingerprint %f after comparing it with the node's System, Certificates " +
				"in Proxmox VE, or, for a test, insecure",
		},
		"wrong fingerprint": {
			change: func(l *lab) { l.options.CA, l.options.Fingerprints = nil, []string{strings.Repeat("ab", 32)} },
			message: "the certificate of %s has the fingerprint %f, expected is AB" + strings.Repeat(":AB", 31) + ": if it was renewed, " +
				"compare with the node's System, Certificates in Proxmox VE and set the new one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			tt.change(l)
			err := l.fails(t)
			assert.NotContains(t, err.Error()+l.log.String(), "canary")
			message := replace(tt.message, l.server.Listener.Addr().String())
			assert.Equal(t, strings.ReplaceAll(message, "%f", l.fingerprint()), err.Error())
			if tt.requests > 0 {
				assert.Len(t, l.fake.Requests(), tt.requests)
			}
		})
	}
}

func (l *lab) fault(pattern string, kind proxmoxtest.FaultKind) {
	l.fake.Inject(proxmoxtest.Fault{Pattern: pattern, Kind: kind})
}

// TestInventory_typedErrors sees that a caller can tell the errors apart.
func TestInventory_typedErrors(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.options.Token = proxmoxtest.DefaultTokenID + "=canary"
	var status *proxmoxsrc.StatusError
	require.ErrorAs(t, l.fails(t), &status)
	assert.Equal(t, proxmoxsrc.CauseCredentials, status.Cause())
	assert.Equal(t, "GET /version 401", status.Method+" "+status.Path+" "+itoa(status.Code))

	l = newLab(t, small(), nil)
	l.as()
	var permission *proxmoxsrc.PermissionError
	require.ErrorAs(t, l.fails(t), &permission)

	l = newLab(t, small(), nil)
	l.options.CA = nil
	var certificate *proxmoxsrc.CertificateError
	err := l.fails(t)
	require.ErrorAs(t, err, &certificate)
	assert.Equal(t, l.fingerprint(), certificate.Got)
	var unreachable *proxmoxsrc.UnreachableError
	require.ErrorAs(t, err, &unreachable)

	l = newLab(t, small(), nil)
	l.server.Close()
	var connection *proxmoxsrc.ConnectionError
	require.ErrorAs(t, l.fails(t), &connection)
	assert.False(t, connection.Timeout())

	l = newLab(t, small(), nil)
	l.fault("GET /cluster/resources", proxmoxtest.FaultNull)
	var answer *proxmoxsrc.AnswerError
	require.ErrorAs(t, l.fails(t), &answer)
}

func TestInventory_trust(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*lab){
		"CA": func(*lab) {},
		"fingerprint": func(l *lab) {
			l.options.CA, l.options.Fingerprints = nil, []string{strings.Repeat("ab", 32), strings.ToLower(l.fingerprint())}
		},
		"insecure": func(l *lab) { l.options.CA, l.options.Insecure = nil, true },
		"no TLS": func(l *lab) {
			plain := httptest.NewServer(l.fake)
			l.urls = []string{plain.URL + "/api2/json/"}
			l.server.Close()
			l.server = plain
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			change(l)
			assert.Len(t, l.read(t).Guests, 6)
			l.server.Close()
		})
	}
}

func TestInventory_deadEntry(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*lab){
		"refuses": func(l *lab) { l.server.Close() },
		"drops connections": func(l *lab) {
			l.fake.Update(func(e *proxmoxtest.Estate) { e.Node("a1").State = proxmoxtest.NodeOffline })
		},
		"dies in the run": func(l *lab) {
			l.fake.After("GET /nodes/*/qemu/*/config", 2, func(e *proxmoxtest.Estate) { e.Node("a1").State = proxmoxtest.NodeOffline })
		},
		"dies before the list": func(l *lab) {
			l.fake.After("GET /cluster/status", 1, func(e *proxmoxtest.Estate) { e.Node("a1").State = proxmoxtest.NodeOffline })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil, "a1", "a2")
			change(l)
			inv := l.read(t)
			assert.Len(t, inv.Guests, 6)
			for _, id := range []int{102, 103, 202, 203} {
				assert.NotEmpty(t, addresses(guest(t, inv, id)), "guest %d", id)
			}
			assert.Equal(t, 1, strings.Count(l.log.String(), "use another URL"))
			if name == "dies in the run" {
				assert.Equal(t, 2, l.fake.Counts()["GET /version"], "one looks for another entry, for all")
			}
		})
	}
}

// TestInventory_entryAwayForAMoment sees that what one request meets does not cost the run.
func TestInventory_entryAwayForAMoment(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/version", "/access/permissions", "/cluster/status", "/cluster/resources"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			l.fake.Inject(proxmoxtest.Fault{Pattern: "GET " + path, Kind: proxmoxtest.FaultHTML, Status: http.StatusBadGateway, Times: 1})
			assert.Empty(t, gaps(l.read(t)))
		})
	}
}

func TestInventory_allEntriesDead(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil, "a1", "a2")
	l.fake.After("GET /nodes/*/qemu/*/config", 2, func(e *proxmoxtest.Estate) {
		e.Node("a1").State, e.Node("a2").State = proxmoxtest.NodeOffline, proxmoxtest.NodeOffline
	})
	err := l.fails(t)
	var unreachable *proxmoxsrc.UnreachableError
	require.ErrorAs(t, err, &unreachable)
	assert.Len(t, unreachable.Errs, 2)
	assert.Contains(t, err.Error(), "none of 2 URLs answers: the connection to ")
}

func TestInventory_entryWithQuorum(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil, "a1", "a2")
	l.fake.Inject(proxmoxtest.Fault{
		Pattern: "GET /cluster/status", Times: 1, Status: 200,
		Body: `{"data":[{"type":"cluster","name":"alpha","quorate":0},{"type":"node","name":"a1","online":1}]}`,
	})
	inv := l.read(t)
	assert.True(t, inv.Cluster.Quorate)
	assert.Empty(t, gaps(inv))
	assert.Contains(t, l.log.String(), "use another URL")
}

func TestInventory_noEntryWithQuorum(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil, "a1", "a2")
	l.fake.Inject(proxmoxtest.Fault{
		Pattern: "GET /cluster/status", Status: 200,
		Body: `{"data":[{"type":"cluster","name":"alpha","quorate":0},{"type":"node","name":"a1","online":1}]}`,
	})
	inv := l.read(t)
	assert.Equal(t, filled([]string{
		"quorum: the cluster alpha has no quorum at %s: what is read may be old, until enough nodes are back",
	}, l.server.Listener.Addr().String()), gaps(inv), "the first URL is used")
}

// TestInventory_slowNodeIsNoReasonToChangeTheURL sees that an entry is kept when it is a node behind it that hangs.
func TestInventory_slowNodeIsNoReasonToChangeTheURL(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil, "a1", "a2")
	l.options.NodeTimeout = time.Second
	l.fault("GET /nodes/a3/**", proxmoxtest.FaultHang)
	inv := l.read(t)
	assert.Len(t, inv.Gaps, 3)
	assert.NotContains(t, l.log.String(), "use another URL")
}

// TestInventory_otherClusterBehindAURL sees that the guests of another cluster are never taken for the source's own.
func TestInventory_otherClusterBehindAURL(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	other := small()
	other.Cluster = "beta"
	foreign := newLab(t, other, nil)
	l.urls = append(l.urls, foreign.urls...)
	source := l.source(t)
	_, err := source.Inventory(t.Context(), sync.Scope{})
	require.NoError(t, err)
	l.server.Close()
	_, err = source.Inventory(t.Context(), sync.Scope{})
	require.ErrorContains(t, err, "speaks for beta, but")
	assert.Zero(t, foreign.fake.Counts()["GET /cluster/resources"])
}

// TestInventory_distrustBetweenNodes sees that another entry is asked where one does not trust a node's certificate.
func TestInventory_distrustBetweenNodes(t *testing.T) {
	t.Parallel()
	fake := newLab(t, small(), nil, "a1", "a2")
	distrustful := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/nodes/a3/") {
			answerRaw(w, "596 ssl3_get_server_certificate: certificate verify failed")
			return
		}
		fake.fake.Entry("a1").ServeHTTP(w, r)
	}))
	defer distrustful.Close()
	fake.urls[0] = distrustful.URL
	inv := fake.read(t)
	assert.Empty(t, gaps(inv))
	assert.NotEmpty(t, addresses(guest(t, inv, 103)))

	fake.urls = fake.urls[:1]
	inv = fake.read(t)
	assert.Len(t, inv.Gaps, 3, "the node (its network with it) and its guests are not to be had: %v", gaps(inv))
	assert.Contains(t, inv.Gaps[0].Reason, "does not accept the certificate of node a3")
}

// answerRaw writes a status line that net/http has no word for.
func answerRaw(w http.ResponseWriter, status string) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = connection.Write([]byte("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
	_ = connection.Close()
}

// TestInventory_redirect sees that a redirect is told, and not followed with the credential.
func TestInventory_redirect(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://user:canary@pve.example.com:8006"+r.URL.Path+"?token=canary", http.StatusMovedPermanently)
	}))
	defer redirect.Close()
	l.urls = []string{redirect.URL}
	err := l.fails(t)
	require.ErrorContains(t, err, "GET /version is a redirect to https://pve.example.com:8006")
	assert.NotContains(t, err.Error(), "canary")
}

// TestInventory_cancel runs beside no other test, to see what it leaves behind.
func TestInventory_cancel(t *testing.T) {
	for name, pattern := range map[string]string{
		"survey": "GET /cluster/resources", "configurations": "GET /nodes/*/qemu/*/config", "agents": "GET /nodes/*/qemu/*/agent/*",
	} {
		t.Run(name, func(t *testing.T) {
			noLeaks(t)
			l := newLab(t, crowd(50), nil)
			l.fault(pattern, proxmoxtest.FaultHang)
			ctx, cancel := context.WithCancelCause(t.Context())
			reason := errors.New("enough")
			var once stdsync.Once
			l.fake.After("GET /cluster/status", 1, func(*proxmoxtest.Estate) {
				once.Do(func() { time.AfterFunc(100*time.Millisecond, func() { cancel(reason) }) })
			})
			start := time.Now()
			inv, err := l.source(t).Inventory(ctx, sync.Scope{})
			assert.Nil(t, inv)
			require.ErrorIs(t, err, reason)
			assert.Less(t, time.Since(start), 5*time.Second)
		})
	}
}

func TestInventory_deadline(t *testing.T) {
	t.Parallel()
	l := newLab(t, crowd(10), nil)
	l.fault("GET /nodes/*/qemu/*/config", proxmoxtest.FaultHang)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := l.source(t).Inventory(ctx, sync.Scope{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestInventory_unresolvableName(t *testing.T) {
	t.Parallel()
	source, err := proxmoxsrc.New("alpha", []string{"https://pve.invalid"}, &proxmoxsrc.Options{Token: "root@pam!sync=canary"})
	require.NoError(t, err)
	_, err = source.Inventory(t.Context(), sync.Scope{})
	var lookup *net.DNSError
	require.ErrorAs(t, err, &lookup)
	assert.Contains(t, err.Error(), "the name of pve.invalid:8006 cannot be resolved")
}
