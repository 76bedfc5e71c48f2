package netboxsink_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

// connection is the key of the connection that a request came on, in its context.
type connection struct{}

func TestEachWriteHasAConnectionOfItsOwn(t *testing.T) {
	t.Parallel()
	netbox, err := netboxtest.New(nil)
	require.NoError(t, err)
	var mu stdsync.Mutex
	methods := map[net.Conn][]string{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := r.Context().Value(connection{}).(net.Conn)
		mu.Lock()
		methods[conn] = append(methods[conn], r.Method)
		mu.Unlock()
		netbox.ServeHTTP(w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connection{}, c)
	}
	server.Start()
	t.Cleanup(server.Close)
	sink, err := netboxsink.New(server.URL, netboxtest.TokenV1, nil)
	require.NoError(t, err)
	engine, err := sync.New(sink, []sync.Source{&source{name: "lab", inventory: pair()}}, nil)
	require.NoError(t, err)
	_, err = engine.Run(t.Context(), nil)
	require.NoError(t, err)
	mu.Lock()
	defer mu.Unlock()
	writes, kept := 0, 0
	for _, list := range methods {
		kept += len(list) - 1
		for _, method := range list {
			if method != http.MethodGet {
				writes++
				assert.Len(t, list, 1, "%v", list)
			}
		}
	}
	assert.Positive(t, writes)
	assert.Positive(t, kept, "reads keep theirs")
}
