package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
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
	assert.Equal(t, 33, total)
	assert.Equal(t, map[string]int{http.MethodGet: 17, http.MethodOptions: 16}, byMethod)
	assert.Equal(t, before, b.changes())
	assert.Contains(t, checked(t, b, "nbt_unknownunkno.canary").NetBox[1].Text, "does not accept the token (Invalid v2 token)")
}

func TestCheckIsGood(t *testing.T)            { t.Parallel(); checkIsGood(t, fakeBox(t)) }
func TestCheckWritesNothing(t *testing.T)     { t.Parallel(); checkWritesNothing(t, fakeBox(t)) }
func TestLiveCheckIsGood(t *testing.T)        { checkIsGood(t, realBox(t)) }
func TestLiveCheckWritesNothing(t *testing.T) { checkWritesNothing(t, realBox(t)) }
