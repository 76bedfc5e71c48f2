package netboxsink_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

func TestAnswerToAWriteHasEveryFieldThatIsWritten(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, crowd())
			l.run()
			l.edit(changeCrowd)
			l.run()
			methods := map[string]bool{}
			for _, r := range l.written() {
				if r.Method == http.MethodDelete {
					continue
				}
				methods[r.Method] = true
				var items []map[string]json.RawMessage
				require.NoError(t, json.Unmarshal(r.Body, &items))
				answered := strings.Split(r.Query.Get("fields"), ",")
				if r.Method == http.MethodPatch && r.Path == "/api/"+machines+"/" {
					assert.Subset(t, answered, []string{"cluster", "device", "role", "platform", "tags"}, "NetBox reads them one by one")
				}
				for _, item := range items {
					for name := range item {
						assert.Contains(t, answered, name, "NetBox drops it: %s %s", r.Method, r.Path)
					}
				}
			}
			assert.Equal(t, map[string]bool{http.MethodPost: true, http.MethodPatch: true}, methods)
		})
	}
}

func TestDefaultsOfCustomFieldsOfOthersHold(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, crowd())
			l.person("extras/custom-fields", map[string]any{
				"name": "owner", "type": "text", "required": true, "default": "nobody",
				"object_types": []string{
					"dcim.site", "dcim.device", "dcim.interface", "dcim.macaddress", "virtualization.cluster", "virtualization.virtualmachine",
					"virtualization.vminterface", "virtualization.virtualdisk", "ipam.ipaddress",
				},
			})
			l.run()
			for _, path := range []string{"dcim/sites", devices, "virtualization/clusters", machines, interfaces, disks, addresses} {
				owners := l.column(path, "custom_fields.owner")
				assert.NotEmpty(t, owners, path)
				for _, owner := range owners {
					assert.Equal(t, "nobody", owner, path)
				}
			}
			l.quiet()
		})
	}
}

// measured counts the bytes of answers to writes.
type measured struct {
	http.ResponseWriter
	bytes *atomic.Int64
}

func (m measured) Write(p []byte) (int, error) {
	m.bytes.Add(int64(len(p)))
	return m.ResponseWriter.Write(p)
}

func TestAnswersToWritesAreShort(t *testing.T) {
	t.Parallel()
	const guests = 100
	for _, version := range []string{"4.4", "4.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			l := newLabWith(t, &netboxtest.Options{Version: version}, nil, town(guests))
			var answers atomic.Int64
			l.through(func(netbox http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodGet {
						w = measured{w, &answers}
					}
					netbox.ServeHTTP(w, r)
				})
			})
			l.run()
			t.Logf("%d bytes per guest", answers.Load()/guests)
			assert.Less(t, answers.Load()/guests, int64(6_000), "bytes per guest")
		})
	}
}
