package netboxsink_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// check checks NetBox with a token, through a handler if there is one, and sees to what must be true of every check.
func (l *lab) check(token string, m netboxsink.Mapping) []sync.Finding {
	l.t.Helper()
	sink, err := netboxsink.New(netboxURL, token, &netboxsink.Options{HTTPClient: l.client, Mapping: m})
	require.NoError(l.t, err)
	l.netbox.ResetRequests()
	before := len(l.netbox.Changes())
	findings := sink.Check(l.context())
	assert.Len(l.t, l.netbox.Changes(), before, "rows in the change log")
	for _, r := range l.netbox.Requests() {
		assert.Contains(l.t, []string{http.MethodGet, http.MethodOptions}, r.Method, r.Path)
	}
	for _, f := range findings {
		assert.NotEmpty(l.t, f.Subject)
		assert.NotContains(l.t, f.Subject+f.Text+f.Fix, token)
	}
	return findings
}

// troubles returns what is not good: severity, subject and text.
func troubles(findings []sync.Finding) []string {
	list := []string{}
	for _, f := range findings {
		if f.Severity != sync.Good {
			list = append(list, string(f.Severity)+" "+f.Subject+": "+f.Text)
		}
	}
	return list
}

// textOf returns what is said of a subject.
func textOf(findings []sync.Finding, subject string) string {
	for _, f := range findings {
		if f.Subject == subject {
			return f.Text
		}
	}
	return ""
}

func TestCheckAllIsWell(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, estate("alpha", qemu(101, "web")))
			findings := l.check(netboxtest.TokenV1, netboxsink.Mapping{})
			assert.Empty(t, troubles(findings))
			assert.Equal(t, "is NetBox "+l.netbox.Version(), textOf(findings, "version"))
			assert.Equal(t, "are as they must be; the first run makes those that are not there: 17 of 17", textOf(findings, "custom fields"))
			assert.Equal(t, "is made by the first run", textOf(findings, "tag proxbox"))
			types := 19
			if version < "4.6" {
				types = 18
			}
			assert.Len(t, l.netbox.Requests(), 1+2*types, "the status, and two requests for each object type")

			l.run()
			findings = l.check(netboxtest.TokenV1, netboxsink.Mapping{})
			assert.Empty(t, troubles(findings), "what a run has made is as it must be")
			assert.Equal(t, "are as they must be, all 17", textOf(findings, "custom fields"))
			assert.Equal(t, "is there", textOf(findings, "tag proxbox"))
		})
	}
}

// everything is what the token of a run needs.
func everything() map[string][]netboxtest.Action {
	all := map[string][]netboxtest.Action{}
	for _, model := range []string{
		"extras.tag", "extras.customfield", "virtualization.clustertype", "virtualization.cluster", "virtualization.virtualmachine",
		"virtualization.virtualmachinetype", "dcim.site", "dcim.manufacturer", "dcim.devicetype", "dcim.devicerole", "dcim.platform",
		"dcim.device", "dcim.interface", "virtualization.vminterface", "dcim.macaddress", "ipam.ipaddress", "virtualization.virtualdisk",
	} {
		all[model] = []netboxtest.Action{netboxtest.View, netboxtest.Add, netboxtest.Modify}
	}
	for _, model := range []string{"ipam.vlan", "ipam.vlangroup"} {
		all[model] = []netboxtest.Action{netboxtest.View}
	}
	return all
}

func TestCheckPermissions(t *testing.T) {
	t.Parallel()
	const (
		noAdd    = ": new ones are not made, nor what refers to them"
		noChange = ": what changes in Proxmox VE stays as it is in NetBox"
		noView   = ": what is there is not found"
	)
	for name, tt := range map[string]struct {
		change func(p map[string][]netboxtest.Action)
		want   []string
	}{
		"what a run needs": {func(map[string][]netboxtest.Action) {}, []string{}},
		"no change of addresses": {
			func(p map[string][]netboxtest.Action) { p["ipam.ipaddress"] = p["ipam.ipaddress"][:2] },
			[]string{"warning permission to change: is missing on ipam.ipaddress" + noChange},
		},
		"no add of two": {
			func(p map[string][]netboxtest.Action) {
				for _, model := range []string{"dcim.site", "dcim.macaddress"} {
					p[model] = []netboxtest.Action{netboxtest.View, netboxtest.Modify}
				}
			},
			[]string{"warning permission to add: is missing on dcim.site, dcim.macaddress" + noAdd},
		},
		"no view": {
			func(p map[string][]netboxtest.Action) { p["dcim.device"] = p["dcim.device"][1:] },
			[]string{"fault permission to view: is missing on dcim.device" + noView},
		},
		"nothing of a type": {
			func(p map[string][]netboxtest.Action) { delete(p, "virtualization.virtualdisk") },
			[]string{
				"fault permission to view: is missing on virtualization.virtualdisk" + noView,
				"warning permission to add: is missing on virtualization.virtualdisk" + noAdd,
				"warning permission to change: is missing on virtualization.virtualdisk" + noChange,
			},
		},
		"VLANs are not seen": {
			func(p map[string][]netboxtest.Action) { delete(p, "ipam.vlan") },
			[]string{"fault permission to view: is missing on ipam.vlan" + noView},
		},
		"the tag cannot be made": {
			func(p map[string][]netboxtest.Action) { p["extras.tag"] = p["extras.tag"][:1] },
			[]string{
				"warning permission to add: is missing on extras.tag" + noAdd, "warning permission to change: is missing on extras.tag" + noChange,
				"fault tag proxbox: is missing, and the token's user may not make it",
			},
		},
		"view alone": {
			func(p map[string][]netboxtest.Action) {
				for model := range maps.Keys(p) {
					p[model] = p[model][:1]
				}
			},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := netboxtest.Token{Secret: "limited", Permissions: everything()}
			tt.change(token.Permissions)
			l := newLabWith(t, &netboxtest.Options{Tokens: []netboxtest.Token{token}}, nil)
			findings := l.check("limited", netboxsink.Mapping{})
			if tt.want == nil {
				assert.Equal(t, "fault permission to write: is missing on everything", troubles(findings)[0])
				assert.Contains(t, strings.Join(troubles(findings), "\n"), "fault custom field proxbox_source: is missing, and the token's user may not make it")
				return
			}
			assert.Equal(t, tt.want, troubles(findings))
		})
	}
}

func TestCheckReadOnlyToken(t *testing.T) {
	t.Parallel()
	l := newLab(t, estate("alpha", qemu(101, "web")))
	l.run()
	findings := l.check(netboxtest.ReadOnlyTokenV1, netboxsink.Mapping{})
	assert.Equal(t, []string{"fault permission to write: is missing on everything"}, troubles(findings))
}

func TestCheckSaysWhereDeleteIsNeeded(t *testing.T) {
	t.Parallel()
	const children = "dcim.interface, virtualization.vminterface, dcim.macaddress, ipam.ipaddress, virtualization.virtualdisk"
	l := newLab(t)
	text := textOf(l.check(netboxtest.TokenV1, netboxsink.Mapping{}), "permission to delete")
	assert.Equal(t, "cannot be known without deleting something; it is needed on "+children, text)
	text = textOf(l.check(netboxtest.TokenV1, netboxsink.Mapping{Deletion: netboxsink.DeletionOptions{Mode: "delete"}}), "permission to delete")
	assert.True(t, strings.HasSuffix(text, "needed on dcim.device, virtualization.virtualmachine, "+children), text)
}

func TestCheckTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token netboxtest.Token
		want  string
	}{
		"unknown":  {netboxtest.Token{Secret: "other"}, "Invalid v1 token"},
		"expired":  {netboxtest.Token{Secret: "canary", Expired: true}, "Token expired"},
		"disabled": {netboxtest.Token{Secret: "canary", Disabled: true}, "Token disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Tokens: []netboxtest.Token{tt.token}}, nil)
			findings := l.check("canary", netboxsink.Mapping{})
			require.Len(t, findings, 2)
			assert.Equal(t, sync.Good, findings[0].Severity, "it answers")
			assert.Equal(t, "token", findings[1].Subject)
			assert.Equal(t, sync.Fault, findings[1].Severity)
			assert.Contains(t, findings[1].Text, "does not accept the token ("+tt.want+")")
			assert.Len(t, l.netbox.Requests(), 1, "it is sent once")
		})
	}
}

func TestCheckStatus(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, tt := range map[string]struct {
		status http.HandlerFunc
		ahead  time.Duration
		want   []string // of each: severity and what the rest holds
	}{
		"too old":        {answer(200, `{"netbox-version":"4.1.11"}`), 0, []string{"fault version: NetBox is version 4.1.11: proxbox needs 4.2.2 to 4.7"}},
		"just too old":   {answer(200, `{"netbox-version":"4.2.1"}`), 0, []string{"fault version: NetBox is version 4.2.1: "}},
		"another major":  {answer(200, `{"netbox-version":"5.0.0"}`), 0, []string{"fault version: NetBox is version 5.0.0: "}},
		"unknown yet":    {answer(200, `{"netbox-version":"4.8.0"}`), 0, []string{"warning version: is NetBox 4.8.0, newer than 4.7"}},
		"no NetBox":      {answer(200, `{"hello":"world"}`), 0, []string{"fault " + netboxURL + ": " + netboxURL + "/api/status/ does not answer as a NetBox does"}},
		"a proxy":        {answer(502, `<html>`), 0, []string{"fault " + netboxURL + ": the proxy before NetBox"}},
		"no such path":   {answer(404, `<html>`), 0, []string{"fault " + netboxURL + ": " + netboxURL + "/api/status/ does not exist"}},
		"clock":          {nil, 20 * time.Second, nil},
		"clock, ahead":   {nil, 5 * time.Minute, []string{"warning clock of " + netboxURL + ": is "}},
		"clock, behind":  {nil, -5 * time.Minute, []string{"warning clock of " + netboxURL + ": is "}},
		"not to be had":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, []string{"fault " + netboxURL + ": the connection to NetBox"}},
		"a token needed": {answer(401, `{"detail":"who are you?"}`), 0, []string{"fault token: NetBox at"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.client = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(tt.ahead).UTC().Format(http.TimeFormat))
				if tt.status != nil && r.URL.Path == "/api/status/" {
					tt.status(w, r)
					return
				}
				l.netbox.ServeHTTP(w, r)
			}))
			got := troubles(l.check(netboxtest.TokenV1, netboxsink.Mapping{}))
			require.Len(t, got, len(tt.want), "%v", got)
			for i, want := range tt.want {
				assert.Contains(t, got[i], want)
			}
		})
	}
}

func TestCheckDefinitions(t *testing.T) {
	t.Parallel()
	const fields, tags = "extras/custom-fields", "extras/tags"
	field := func(kind, logic string, types ...string) map[string]any {
		return map[string]any{"name": "proxbox_source", "type": kind, "filter_logic": logic, "object_types": types}
	}
	ours := []string{"dcim.device", "virtualization.cluster", "virtualization.virtualmachine"}
	for name, tt := range map[string]struct {
		path   string
		fields map[string]any
		want   []string
	}{
		"as it must be": {fields, field("text", "exact", ours...), []string{}},
		"a long text":   {fields, field("longtext", "exact", ours...), []string{}},
		"for more":      {fields, field("text", "exact", append(ours, "dcim.site")...), []string{}},
		"another type": {
			fields, field("integer", "exact", ours...),
			[]string{"fault custom field proxbox_source: is of type integer, not text: NetBox refuses what is written to it"},
		},
		"not for all": {
			fields, field("text", "exact", "dcim.device"),
			[]string{"fault custom field proxbox_source: is not for virtualization.cluster, virtualization.virtualmachine: nothing can be kept there"},
		},
		"filtered loosely": {
			fields, field("text", "loose", ours...),
			[]string{"warning custom field proxbox_source: is filtered by as loose, not exact: each run reads more than its own objects"},
		},
		"filtered loosely, but not by us": {
			fields, map[string]any{"name": "proxbox_uuid", "type": "text", "filter_logic": "loose", "object_types": ours[2:]}, []string{},
		},
		"a tag": {tags, map[string]any{"name": "Proxbox", "slug": "proxbox"}, []string{}},
		"a restricted tag": {
			tags,
			map[string]any{"name": "Proxbox", "slug": "proxbox", "object_types": []string{
				"virtualization.virtualmachine", "virtualization.clustertype", "virtualization.cluster", "virtualization.virtualmachinetype", "dcim.site",
				"dcim.manufacturer", "dcim.devicetype", "dcim.devicerole",
			}},
			[]string{"fault tag proxbox: is restricted: NetBox refuses it on dcim.platform, dcim.device"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.person(tt.path, tt.fields)
			assert.Equal(t, tt.want, troubles(l.check(netboxtest.TokenV1, netboxsink.Mapping{})))
		})
	}
}

func TestCheckThatIsCutShort(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/status/", "/api/dcim/devices/"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.netbox.Inject(netboxtest.Fault{Kind: netboxtest.FaultHang, Path: path, Times: -1})
			ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("the time is up"))
			defer cancel()
			findings := l.sink.Check(ctx)
			assert.Equal(t, sync.Fault, sync.Worst(findings))
			assert.Contains(t, strings.Join(troubles(findings), "\n"), "was not looked at to the end: the time is up")
		})
	}
}
