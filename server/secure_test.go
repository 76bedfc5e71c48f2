package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever adds a page below /ui/ need not think of its headers, nor of a key for it.
func TestPageHeaders(t *testing.T) {
	t.Parallel()
	s, err := New(Fixed(nil), nil)
	require.NoError(t, err)
	s.mux = newRoutes()
	s.mux.HandleFunc("GET /ui/{file...}", func(http.ResponseWriter, *http.Request) {})
	s.mux.HandleFunc("GET /ui", func(http.ResponseWriter, *http.Request) {})
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	for _, path := range []string{"/ui/", "/ui/app.js"} {
		w := ask(path)
		assert.Equal(t, http.StatusOK, w.Code)
		policy := w.Header().Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'"} {
			assert.Contains(t, policy, rule)
		}
		assert.NotContains(t, policy, "unsafe")
		assert.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
		assert.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	}
	assert.Equal(t, http.StatusForbidden, ask("/ui").Code, "of a route beside it nobody has said that it is open")
}
