package netboxtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

func Example() {
	netbox, err := netboxtest.New(&netboxtest.Options{Version: "4.6"})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(netbox)
	defer server.Close()

	// A person has made a cluster.
	kind, err := netbox.Create("virtualization/cluster-types", `{"name":"Proxmox VE","slug":"proxmox-ve"}`)
	if err != nil {
		panic(err)
	}
	if _, err := netbox.Create("virtualization/clusters", map[string]any{"name": "lab", "type": kind}); err != nil {
		panic(err)
	}

	// A client adds two machines, and one has a status that NetBox does not know.
	body := strings.NewReader(`[{"name":"web","cluster":{"name":"lab"}},{"name":"db","cluster":1,"status":"running"}]`)
	r, err := http.NewRequest(http.MethodPost, server.URL+"/api/virtualization/virtual-machines/", body)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+netboxtest.TokenV2)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.Status, string(text))
	for _, request := range netbox.Requests() {
		fmt.Println(request.Method, request.Path, request.Status)
	}
	// Output:
	// 400 Bad Request [{},{"status":["running is not a valid choice."]}]
	// POST /api/virtualization/virtual-machines/ 400
}
