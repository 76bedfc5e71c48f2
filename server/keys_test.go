package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keyed returns a server with many keys, and a request that shows the last of them.
func keyed(t testing.TB) (*Server, *http.Request) {
	t.Helper()
	s, err := New(Fixed(nil), nil)
	require.NoError(t, err)
	var key string
	for i := range 20 {
		key = fmt.Sprintf("a key of a benchmark, the number is %032d", i)
		_, err := s.keys.register(key, "")
		require.NoError(t, err)
	}
	r := httptest.NewRequest(http.MethodGet, "/nothing", nil)
	r.Header.Set("X-Proxbox-API-Key", key)
	return s, r
}

// Of two that come at once only one registers the first key.
func TestBootstrapOnce(t *testing.T) {
	t.Parallel()
	k, err := loadKeys(stateFile{})
	require.NoError(t, err)
	_, err = k.bootstrap("one", "")
	require.NoError(t, err)
	_, err = k.bootstrap("two", "")
	require.ErrorIs(t, err, errBootstrapped)
	assert.Len(t, k.list(), 1)
}

// A check costs about a microsecond. The limit leaves room for a slow machine, none for a slow hash.
func TestCheckIsCheap(t *testing.T) {
	s, r := keyed(t)
	const times = 1000
	before := time.Now()
	for range times {
		require.Nil(t, s.admit(r))
	}
	assert.Less(t, time.Since(before)/times, time.Millisecond)
}

func BenchmarkCheck(b *testing.B) {
	s, r := keyed(b)
	b.ReportAllocs()
	for b.Loop() {
		if s.admit(r) != nil {
			b.Fatal("refused")
		}
	}
}
