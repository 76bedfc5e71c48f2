package proxmoxtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// A test starts the fake over the estate it needs, asks, and looks at what was
// asked.
func Example() {
	fake := proxmoxtest.New(&proxmoxtest.Estate{
		Cluster: "alpha",
		Nodes:   []*proxmoxtest.Node{{Name: "a1"}, {Name: "a2", State: proxmoxtest.NodeOffline}},
		Guests: []*proxmoxtest.Guest{{
			VMID: 101, Name: "web", Cores: 2,
			NICs:  []proxmoxtest.NIC{{MAC: "BC:24:11:00:00:01", Bridge: "vmbr0", Tag: 10}},
			Disks: []proxmoxtest.Disk{{Slot: "scsi0", Bytes: 32 << 30}},
		}},
	}, nil)
	server := httptest.NewTLSServer(fake)
	defer server.Close()
	id, secret := fake.Token()

	for _, path := range []string{"/nodes/a1/qemu/101/config", "/nodes/a2/status"} {
		request, err := http.NewRequest(http.MethodGet, server.URL+proxmoxtest.BasePath+path, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		request.Header.Set("Authorization", "PVEAPIToken="+id+"="+secret)
		response, err := server.Client().Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		fmt.Println(response.Status, len(body) > 0)
	}
	fmt.Println(fake.Counts()["GET /nodes/{node}/qemu/{vmid}/config"], len(fake.Violations()))

	// Output:
	// 200 OK true
	// 595 No route to host false
	// 1 0
}

func ExampleGenerate() {
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: "alpha", Nodes: 3, Guests: 40})
	changes := estate.Drift(2, 0.05)
	fmt.Println(len(estate.Nodes), len(changes))

	// Output:
	// 3 2
}
