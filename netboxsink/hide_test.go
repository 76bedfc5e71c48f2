package netboxsink_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
)

// What stands in between may repeat what it was sent: the error does not.
func TestRefusalThatRepeatsTheToken(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(map[string]string{"detail": "not for " + r.Header.Get("Authorization")})
	}))
	t.Cleanup(server.Close)
	for _, token := range []string{"canary3141592653589793238462643383279502", "nbt_key.canary31415926"} {
		sink, err := netboxsink.New(server.URL, token, nil)
		require.NoError(t, err)
		_, err = sink.Status(t.Context())
		require.ErrorContains(t, err, "not for")
		assert.NotContains(t, err.Error(), "canary")
	}
}
