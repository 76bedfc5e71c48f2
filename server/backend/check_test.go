package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// hang answers nothing until the client gives up.
type hang struct{}

func (hang) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// hanging returns a configuration of three clusters with four URLs each, and options with which nobody answers.
func hanging() (backend.Config, *backend.Options) {
	c := config()
	c.Proxmox[0].URLs = []string{"https://a", "https://b", "https://c", "https://d"}
	for _, name := range []string{"two", "three"} {
		p := c.Proxmox[0]
		p.Name = name
		c.Proxmox = append(c.Proxmox, p)
	}
	return c, &backend.Options{WrapTransport: func(string, http.RoundTripper) http.RoundTripper { return hang{} }}
}

func TestCheckIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := hanging()
		began := time.Now()
		report, err := backend.Check(t.Context(), c, o)
		require.NoError(t, err)
		assert.Equal(t, 30*time.Second, time.Since(began))
		assert.Equal(t, sync.Fault, report.Severity)
		assert.Contains(t, report.NetBox[0].Text, "did not answer GET /api/status/ within 10s")
		for i, name := range []string{"lab", "two", "three"} {
			assert.Equal(t, name, report.Proxmox[i].Source)
			require.Len(t, report.Proxmox[i].Findings, 4)
			assert.Contains(t, report.Proxmox[i].Findings[0].Text, "a check takes 30s at most")
		}
	})
}

// One page of a NetBox is there, and all else hangs.
type onlyStatus struct{}

func (onlyStatus) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/api/status/" {
		return hang{}.RoundTrip(r)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader([]byte(`{"netbox-version":"4.7.3"}`))),
	}, nil
}

func TestCheckIsBoundedWhereNetBoxHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := hanging()
		o.WrapTransport = func(source string, _ http.RoundTripper) http.RoundTripper {
			if source == "" {
				return onlyStatus{}
			}
			return hang{}
		}
		began := time.Now()
		report, err := backend.Check(t.Context(), c, o)
		require.NoError(t, err)
		assert.LessOrEqual(t, time.Since(began), 30*time.Second)
		assert.Equal(t, sync.Fault, sync.Worst(report.NetBox))
	})
}

func TestCheckThatIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := hanging()
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, enough)
		defer cancel()
		began := time.Now()
		report, err := backend.Check(ctx, c, o)
		require.ErrorIs(t, err, enough)
		assert.Nil(t, report)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestCheckOfAWrongConfiguration(t *testing.T) {
	t.Parallel()
	c := config()
	c.NetBox.Token, c.Proxmox[0].Name = "", ""
	_, err := backend.Check(t.Context(), c, nil)
	require.ErrorContains(t, err, "$.netbox.token")
	require.ErrorContains(t, err, "$.proxmox[0].name")
	c.Proxmox = nil
	_, err = backend.Check(t.Context(), c, nil)
	require.ErrorContains(t, err, "$.proxmox: ")
}

// checked checks a good cluster and a NetBox.
func checked(t *testing.T, b *box, token string) *backend.Report {
	t.Helper()
	cluster := proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: 7, Name: "lab", Nodes: 2, Guests: 3}), nil)
	server := httptest.NewTLSServer(cluster)
	t.Cleanup(server.Close)
	id, secret := cluster.Token()
	report, err := backend.Check(t.Context(), backend.Config{
		NetBox:  backend.NetBox{URL: b.URL, Token: token},
		Proxmox: []backend.Proxmox{{Name: "lab", URLs: []string{server.URL}, Token: id + "=" + secret, Insecure: true}},
	}, nil)
	require.NoError(t, err)
	return report
}

func checkIsGood(t *testing.T, b *box) {
	before := b.changes()
	b.resetCount()
	for range 2 {
		report := checked(t, b, b.Token)
		raw, err := json.MarshalIndent(report, "", "  ")
		require.NoError(t, err)
		assert.Equal(t, sync.Good, report.Severity, "%s", raw)
		newLab(t, b, 3).run(t) // what it makes is good too
	}
	assert.Greater(t, b.changes(), before)
}

func checkWritesNothing(t *testing.T, b *box) {
	before := b.changes()
	b.resetCount()
	checked(t, b, b.Token)
	byMethod, total := b.counted()
	assert.Equal(t, 39, total)
	assert.Equal(t, map[string]int{http.MethodGet: 20, http.MethodOptions: 19}, byMethod)
	assert.Equal(t, before, b.changes())
	assert.Contains(t, checked(t, b, "nbt_unknownunkno.canary").NetBox[1].Text, "does not accept the token (Invalid v2 token)")
}

func TestCheckIsGood(t *testing.T)            { t.Parallel(); checkIsGood(t, fakeBox(t)) }
func TestCheckWritesNothing(t *testing.T)     { t.Parallel(); checkWritesNothing(t, fakeBox(t)) }
func TestLiveCheckIsGood(t *testing.T)        { checkIsGood(t, realBox(t)) }
func TestLiveCheckWritesNothing(t *testing.T) { checkWritesNothing(t, realBox(t)) }

// What the fake says of permissions is what NetBox says.
func TestLiveCheckPermissions(t *testing.T) {
	b := realBox(t)
	all := []string{
		"extras.tag", "extras.customfield", "virtualization.clustertype", "virtualization.cluster", "virtualization.virtualmachine",
		"virtualization.virtualmachinetype", "dcim.site", "dcim.manufacturer", "dcim.devicetype", "dcim.devicerole", "dcim.platform",
		"dcim.device", "dcim.interface", "virtualization.vminterface", "dcim.macaddress", "virtualization.virtualdisk",
	}
	permission := func(types []string, actions ...string) map[string]any {
		return map[string]any{"object_types": types, "actions": actions}
	}
	token := provisioned(b, "some", true, permission(all, "view", "add", "change"), permission([]string{"ipam.ipaddress"}, "change"),
		permission([]string{"ipam.vlan", "ipam.vlangroup"}, "view"))
	var subjects []string
	for _, f := range checked(t, b, token).NetBox {
		if f.Severity != sync.Good {
			subjects = append(subjects, f.Subject+": "+f.Text)
		}
	}
	assert.Equal(t, []string{
		"permission to view: is missing on ipam.ipaddress: what is there is not found",
		"permission to add: is missing on ipam.ipaddress: new ones are not made, nor what refers to them",
	}, subjects)

	token = provisioned(b, "reader", false, permission(append(all, "ipam.ipaddress", "ipam.vlan", "ipam.vlangroup"), "view", "add", "change"))
	assert.Equal(t, sync.Fault, sync.Worst(checked(t, b, token).NetBox))
	raw, err := json.Marshal(checked(t, b, token).NetBox)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "is missing on everything")
	assert.NotContains(t, string(raw), "permission to view")
}

// provisioned returns a token of a new user of the NetBox, with permissions.
func provisioned(b *box, name string, writes bool, permissions ...map[string]any) string {
	const password = "Canary-31415926"
	user := posted[struct{ ID int }](b, "/api/users/users/", map[string]any{"username": name, "password": password})
	for i, p := range permissions {
		p["name"], p["users"] = name+strconv.Itoa(i), []int{user.ID}
		posted[struct{}](b, "/api/users/permissions/", p)
	}
	token := posted[struct{ Key, Token string }](b, "/api/users/tokens/provision/", map[string]any{
		"username": name, "password": password, "write_enabled": writes,
	})
	return "nbt_" + token.Key + "." + token.Token
}

// posted creates an object in the NetBox itself.
func posted[T any](b *box, path string, body any) (created T) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(b.t, err)
	request, err := http.NewRequest(http.MethodPost, b.base+path, bytes.NewReader(raw))
	require.NoError(b.t, err)
	request.Header.Set("Authorization", "Bearer "+b.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(b.t, err)
	raw, err = io.ReadAll(response.Body)
	require.NoError(b.t, errors.Join(err, response.Body.Close()))
	require.Equal(b.t, http.StatusCreated, response.StatusCode, "%s", raw)
	require.NoError(b.t, json.Unmarshal(raw, &created))
	return created
}
