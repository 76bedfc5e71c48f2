package proxmoxsrc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// check checks the cluster, and sees to what must be true of every check.
func (l *lab) check(t *testing.T) []sync.Finding {
	t.Helper()
	findings := l.source(t).Check(t.Context())
	assert.Empty(t, l.fake.Violations(), "only reads are sent")
	for _, f := range findings {
		assert.NotEmpty(t, f.Subject)
		told := f.Subject + f.Text + f.Fix + l.log.String()
		assert.NotContains(t, told, proxmoxtest.DefaultTokenSecret)
		assert.NotContains(t, told, proxmoxtest.DefaultPassword)
	}
	return findings
}

// troubles returns what is not good, as text.
func troubles(findings []sync.Finding) []string {
	list := []string{}
	for _, f := range findings {
		if f.Severity != sync.Good {
			list = append(list, string(f.Severity)+" "+f.Subject+": "+f.Text)
		}
	}
	return list
}

// finding returns the one about the subject.
func finding(t *testing.T, findings []sync.Finding, subject string) sync.Finding {
	t.Helper()
	for _, f := range findings {
		if f.Subject == subject {
			return f
		}
	}
	require.Fail(t, "nothing is said of "+subject, "%v", findings)
	return sync.Finding{}
}

// TestCheckAllIsWell runs beside no other test, to see what it leaves behind.
func TestCheckAllIsWell(t *testing.T) {
	for version, agent := range map[string]string{
		"7.4-20": "VM.Monitor on /vms", "8.4.1": "VM.Monitor on /vms", "9.1.1": "VM.GuestAgent.Audit on /vms",
	} {
		t.Run(version, func(t *testing.T) {
			noLeaks(t)
			estate := small()
			estate.Version = version
			l := newLab(t, estate, nil, "a1", "a2")
			l.options.CA, l.options.Fingerprints = nil, []string{l.fingerprint()}
			findings := l.check(t)
			assert.Empty(t, troubles(findings))
			assert.Equal(t, "is held", finding(t, findings, agent).Text)
			assert.Equal(t, "is Proxmox VE "+version, finding(t, findings, "version").Text)
			assert.Equal(t, "has quorum, and 3 nodes", finding(t, findings, "cluster alpha").Text)
			url := finding(t, findings, strings.TrimPrefix(l.urls[1], "https://"))
			assert.Contains(t, url.Text, l.fingerprint())
			assert.Contains(t, url.Text, l.server.Certificate().NotAfter.Format(time.DateOnly))
			assert.Len(t, l.fake.Requests(), 5, "version, permissions and status, then version and status of the second URL")
		})
	}
}

func TestCheckStandalone(t *testing.T) {
	t.Parallel()
	l := newLab(t, nil, nil)
	findings := l.check(t)
	assert.Empty(t, troubles(findings))
	assert.Equal(t, "stands alone, in no cluster", finding(t, findings, "node pve").Text)
	assert.Len(t, l.fake.Requests(), 3)
}

func TestCheckRights(t *testing.T) {
	t.Parallel()
	grant := func(path string, privileges ...string) proxmoxtest.Grant {
		return proxmoxtest.Grant{Path: path, Privileges: privileges}
	}
	auditor := proxmoxtest.Grant{Path: "/", Role: proxmoxtest.RoleAuditor}
	for name, tt := range map[string]struct {
		version string
		grants  []proxmoxtest.Grant
		want    []string // severity and subject
		fix     string   // of the last
	}{
		"the auditor before 9": {
			"8.4.1",
			[]proxmoxtest.Grant{auditor},
			[]string{"warning VM.Monitor on /vms"},
			"run pveum role add ProxboxAgent --privs VM.Monitor, then pveum acl modify / --tokens 'proxbox@pve!sync' --roles PVEAuditor,ProxboxAgent",
		},
		"the auditor of 9": {"9.1.1", []proxmoxtest.Grant{auditor}, nil, ""},
		"the unrestricted agent": {
			"9.1.1", []proxmoxtest.Grant{grant("/", "Sys.Audit", "VM.Audit", "SDN.Audit", "Pool.Audit", "VM.GuestAgent.Unrestricted")}, nil, "",
		},
		"an entry that replaces": {
			"8.4.1",
			[]proxmoxtest.Grant{auditor, {Path: "/vms", Role: proxmoxtest.RoleMonitor}},
			[]string{"fault VM.Audit on /vms"},
			"pveum acl modify /vms --tokens 'proxbox@pve!sync' --roles PVEAuditor,",
		},
		"one guest lacks it": {
			"8.4.1",
			[]proxmoxtest.Grant{auditor, {Path: "/", Role: proxmoxtest.RoleMonitor}, {Path: "/vms/101", Role: proxmoxtest.RoleMonitor}},
			[]string{"warning VM.Audit on /vms/101"},
			"pveum acl modify /vms/101 ",
		},
		"one guest only": {
			"9.1.1",
			[]proxmoxtest.Grant{grant("/vms/101", "VM.Audit", "VM.GuestAgent.Audit"), grant("/nodes", "Sys.Audit"), grant("/sdn", "SDN.Audit")},
			[]string{"warning Sys.Audit on /", "warning VM.Audit on /vms", "warning VM.GuestAgent.Audit on /vms"},
			"pveum acl modify / ",
		},
		"without propagation": {
			"9.1.1",
			[]proxmoxtest.Grant{{Path: "/", Role: proxmoxtest.RoleAuditor, NoPropagate: true}},
			[]string{"warning Sys.Audit on /nodes", "fault VM.Audit on /vms", "warning VM.GuestAgent.Audit on /vms", "warning SDN.Audit on /sdn"},
			"pveum acl modify / ",
		},
		"bridges before 8": {"7.4-20", []proxmoxtest.Grant{grant("/", "Sys.Audit", "VM.Audit", "VM.Monitor")}, nil, ""},
		"bridges from 8":   {"8.2.4", []proxmoxtest.Grant{grant("/", "Sys.Audit", "VM.Audit", "VM.Monitor")}, []string{"warning SDN.Audit on /sdn"}, "PVEAuditor"},
		"none at all":      {"8.4.1", nil, []string{"fault privileges"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			estate := small()
			estate.Version = tt.version
			l := newLab(t, estate, nil)
			l.as(tt.grants...)
			var got []string
			fix := ""
			for _, f := range l.check(t) {
				if f.Severity != sync.Good {
					got = append(got, string(f.Severity)+" "+f.Subject)
					fix = f.Fix
				}
			}
			assert.Equal(t, tt.want, got)
			assert.Contains(t, fix, tt.fix)
			for _, r := range l.fake.Requests() {
				assert.Equal(t, http.StatusOK, r.Status, "nothing is asked that is refused: %s", r.Path)
			}
		})
	}
}

func TestCheckCredentialThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*lab){
		"token": func(l *lab) { l.options.Token = proxmoxtest.DefaultTokenID + "=canary" },
		"password": func(l *lab) {
			l.options.Token, l.options.Username, l.options.Password = "", proxmoxtest.DefaultUser, "canary"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil, "a1", "a2", "a3")
			change(l)
			findings := l.check(t)
			require.Len(t, findings, 2)
			assert.Equal(t, sync.Good, findings[0].Severity, "the URL answers")
			assert.Equal(t, sync.Fault, findings[1].Severity)
			assert.Contains(t, findings[1].Text, "does not accept "+findings[1].Subject)
			assert.NotContains(t, findings[1].Text, "canary")
			assert.Len(t, l.fake.Requests(), 1, "it is sent once")
		})
	}
}

func TestCheckURLs(t *testing.T) {
	t.Parallel()
	const refused, of = "refuses the connection", " speaks for "
	for name, tt := range map[string]struct {
		change func(t *testing.T, l *lab)
		want   []string // what is not good: severity, subject ("0", "1" or "2"), and what the text holds
	}{
		"all":          {func(*testing.T, *lab) {}, nil},
		"not the last": {func(_ *testing.T, l *lab) { l.urls[2] = gone(2) }, []string{"warning 2 " + refused}},
		"not the first": {
			func(_ *testing.T, l *lab) { l.urls[0] = gone(0) }, []string{"warning 0 " + refused},
		},
		"none": {
			func(_ *testing.T, l *lab) {
				for i := range l.urls {
					l.urls[i] = gone(i)
				}
			},
			[]string{"fault 0 " + refused, "fault 1 " + refused, "fault 2 " + refused},
		},
		"another cluster": {
			func(t *testing.T, l *lab) {
				estate := small()
				estate.Cluster = "beta"
				l.urls[1] = newLab(t, estate, nil).urls[0]
			},
			[]string{"fault 1" + of},
		},
		"not trusted": {
			func(_ *testing.T, l *lab) { l.options.CA = nil },
			[]string{"fault 0 is not trusted", "fault 1 is not trusted", "fault 2 is not trusted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil, "a1", "a2", "a3")
			tt.change(t, l)
			var got []sync.Finding
			for _, f := range l.check(t) {
				if f.Severity != sync.Good {
					got = append(got, f)
				}
			}
			require.Len(t, got, len(tt.want), "%v", got)
			for i, want := range tt.want {
				severity, rest, _ := strings.Cut(want, " ")
				assert.Equal(t, sync.Severity(severity), got[i].Severity)
				assert.Equal(t, strings.TrimPrefix(l.urls[rest[0]-'0'], "https://"), got[i].Subject)
				assert.Contains(t, got[i].Text, strings.TrimSpace(rest[1:]))
			}
		})
	}
}

// gone is a URL where nobody listens, another for each i.
func gone(i int) string { return fmt.Sprintf("https://127.0.0.1:%d", i+1) }

func TestCheckCluster(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*proxmoxtest.Estate)
		want   []string
	}{
		"an offline node": {
			func(e *proxmoxtest.Estate) { e.Node("a3").State = proxmoxtest.NodeOffline },
			[]string{"warning node a3: is offline: it and its guests are not read, and stay as NetBox has them"},
		},
		"too old": {
			func(e *proxmoxtest.Estate) { e.Version = "7.3-6" },
			[]string{"warning version: is Proxmox VE 7.3-6, older than 7.4: what it lists may lack what proxbox looks for"},
		},
		"far too old": {
			func(e *proxmoxtest.Estate) { e.Version = "6.4-15" },
			[]string{"warning version: is Proxmox VE 6.4-15, older than 7.4: what it lists may lack what proxbox looks for"},
		},
		"unknown yet": {
			func(e *proxmoxtest.Estate) { e.Version = "10.0.1" },
			[]string{"warning version: is Proxmox VE 10.0.1, newer than 9, the newest that this proxbox knows: what has changed since may be missing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			estate := small()
			tt.change(estate)
			assert.Equal(t, tt.want, troubles(newLab(t, estate, nil).check(t)))
		})
	}
}

func TestCheckNoQuorum(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	l.fake.Inject(proxmoxtest.Fault{
		Pattern: "/cluster/status", Status: http.StatusOK,
		Body: `{"data":[{"type":"cluster","name":"alpha","quorate":0},{"type":"node","name":"a1","online":1}]}`,
	})
	findings := l.check(t)
	f := finding(t, findings, "cluster alpha")
	assert.Equal(t, sync.Warning, f.Severity)
	assert.Contains(t, f.Text, "has no quorum")
	assert.Equal(t, sync.Warning, sync.Worst(findings))
}

func TestCheckClock(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ahead time.Duration
		want  []string
	}{
		"near":   {20 * time.Second, nil},
		"ahead":  {2 * time.Minute, []string{"ahead of that of this machine"}},
		"behind": {-time.Hour, []string{"behind that of this machine"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(tt.ahead).UTC().Format(http.TimeFormat))
				l.fake.ServeHTTP(w, r)
			}))
			t.Cleanup(server.Close)
			l.urls = []string{server.URL}
			got := troubles(l.check(t))
			require.Len(t, got, len(tt.want))
			for i, want := range tt.want {
				assert.Contains(t, got[i], "warning clock of ")
				assert.Contains(t, got[i], want)
			}
		})
	}
}

func TestCheckCertificateThatEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		left  time.Duration
		warns bool
	}{
		"in three weeks": {21 * 24 * time.Hour, false},
		"in ten days":    {10 * 24 * time.Hour, true},
		"yesterday":      {-24 * time.Hour, true}, // a fingerprint takes it nevertheless
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			server := httptest.NewUnstartedServer(l.fake)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{certificateUntil(t, time.Now().Add(tt.left))}}
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			t.Cleanup(server.Close)
			l.server, l.urls, l.options.CA = server, []string{server.URL}, nil
			l.options.Insecure = true
			got := troubles(l.check(t))
			if !tt.warns {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], "ends on "+time.Now().Add(tt.left).UTC().Format(time.DateOnly))
		})
	}
}

// certificateUntil returns a self-signed certificate that ends then.
func certificateUntil(t *testing.T, end time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// TestCheckThatIsCutShort runs beside no other test, to see what it leaves behind.
func TestCheckThatIsCutShort(t *testing.T) {
	for _, hangs := range []string{"/version", "/access/permissions", "/cluster/status"} {
		t.Run(hangs, func(t *testing.T) {
			noLeaks(t)
			l := newLab(t, small(), nil, "a1", "a2")
			t.Cleanup(l.fake.Inject(proxmoxtest.Fault{Pattern: hangs, Kind: proxmoxtest.FaultHang}))
			ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("the time is up"))
			defer cancel()
			findings := l.source(t).Check(ctx)
			assert.Equal(t, sync.Fault, sync.Worst(findings))
			assert.Contains(t, strings.Join(troubles(findings), "\n"), "was not looked at to the end: the time is up")
		})
	}
}
