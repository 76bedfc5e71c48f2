package netboxsink_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sync"
)

func TestListThatIsNotWholeEndsTheRun(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct {
		kind sync.Kind
		name string
	}{
		"virtualization/virtual-machines": {netboxsink.KindVirtualMachine, "vm1"},
		"dcim/devices":                    {netboxsink.KindDevice, "pve01"},
		"virtualization/clusters":         {netboxsink.KindCluster, "lab"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, estate("lab", qemu(101, "vm1")))
				l.run()
				before := l.picture()
				l.netbox.Inject(netboxtest.Fault{
					Kind: netboxtest.FaultAnswer, Status: http.StatusOK, Method: http.MethodGet, Path: "/api/" + path + "/",
					Body: `{"count":0,"next":null,"previous":null,"results":[]}`,
				})
				_, err := l.try()
				var overlooked *netboxsink.OverlookedError
				require.ErrorAs(t, err, &overlooked)
				assert.Equal(t, netboxsink.OverlookedError{Kind: c.kind, Name: c.name, Source: "lab", Address: netboxURL}, *overlooked)
				assert.Equal(t, before, l.picture())
				l.quiet()
			})
		})
	}
}
