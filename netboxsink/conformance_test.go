package netboxsink_test

import (
	"testing"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			enginetest.RunSink(t, func() (sync.Sink, error) {
				server, err := netboxtest.New(&netboxtest.Options{Version: version})
				if err != nil {
					return nil, err
				}
				return netboxsink.New(netboxURL, netboxtest.TokenV1, &netboxsink.Options{HTTPClient: serve(t, server)})
			})
		})
	}
}
