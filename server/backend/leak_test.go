package backend_test

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// noLeaks fails if a goroutine is left that was not there before, when all else is cleaned up. Call it first, in a test that
// runs beside no other. A bubble needs no such check: it does not end before its goroutines.
func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, before)
	})
}
