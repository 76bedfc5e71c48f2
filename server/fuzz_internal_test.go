package server

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzBodies feeds one text to all readers of what a request brings: what makes no sense is an error that says so.
func FuzzBodies(f *testing.F) {
	for _, text := range []string{
		`{"sources":["lab"],"guests":[{"source":"lab","id":100}]}`, `{"nosuch":1}`, ` `, `null`, `[]`, `{"name":"pve (nb:1)","port":"8006","verify_ssl":null}`,
		`{"name":7,"domain":{"a":1}}`, "sync_interfaces=false&overwrite_tags=0", "a-1.2", `{"name":"\ud800"}`, "%zz", `{}{}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := readRunRequest(strings.NewReader(text)); err != nil {
			require.NotContains(t, err.Error(), "json: ")
		}
		request := httptest.NewRequest(http.MethodPost, "/proxmox/endpoints", strings.NewReader(text))
		if p, err := readPushed(httptest.NewRecorder(), request); err == nil {
			p.name()
			for field := range p.fields {
				value, absent := p.take(field)
				require.False(t, absent)
				require.Equal(t, strings.TrimSpace(value), value)
			}
		}
		if query, err := url.ParseQuery(text); err == nil {
			readOptions(query)
		}
		if run, from := parsePlace(text); run != "" {
			require.GreaterOrEqual(t, from.events, 0)
			require.GreaterOrEqual(t, from.frames, 0)
		}
	})
}
