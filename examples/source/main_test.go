package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	box, err := netboxtest.New(nil)
	require.NoError(t, err)
	netbox := httptest.NewServer(box)
	defer netbox.Close()
	env := map[string]string{"NETBOX_URL": netbox.URL, "NETBOX_TOKEN": netboxtest.TokenV2}

	var out strings.Builder
	require.NoError(t, run(t.Context(), func(name string) string { return env[name] }, &out))
	assert.Contains(t, out.String(), "+ virtual-machine files (cellar 1)")
	for _, r := range box.Requests() {
		assert.Equal(t, http.MethodGet, r.Method, "a plan only reads")
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	enginetest.RunSource(t, cellar{})
}
