package enginetest

import (
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// table says what objects of a kind are made of.
type table struct {
	fields   []string
	refs     map[string]sync.Kind
	required []string
	unique   func(o *object) string // no two objects of the kind have the same
}

// schema is read only.
var schema = map[sync.Kind]table{
	KindGroup: {
		fields: []string{"name", "version"}, required: []string{"name"},
		unique: func(o *object) string { return o.fields["name"].Text() },
	},
	KindHost: {
		fields: []string{"source", "node", "name", "status", sync.MemoryField}, refs: map[string]sync.Kind{"group": KindGroup},
		required: []string{"name", "group"},
		unique:   func(o *object) string { return o.refs["group"] + " " + o.fields["name"].Text() },
	},
	KindGuest: {
		fields:   []string{"source", "vmid", "name", "status", "memory", "description", sync.MemoryField},
		refs:     map[string]sync.Kind{"group": KindGroup, "host": KindHost, "primary": KindAddress},
		required: []string{"name", "group"},
		unique:   func(o *object) string { return o.refs["group"] + " " + o.fields["name"].Text() },
	},
	KindPort: {
		fields: []string{"name", "mac"}, refs: map[string]sync.Kind{"guest": KindGuest}, required: []string{"name", "guest"},
		unique: func(o *object) string { return o.refs["guest"] + " " + o.fields["name"].Text() },
	},
	KindAddress: {
		fields: []string{"address"}, refs: map[string]sync.Kind{"port": KindPort}, required: []string{"address", "port"},
		unique: func(o *object) string { return hostPart(o.fields["address"].Text()) },
	},
}

// hostPart returns an address without its prefix length.
func hostPart(address string) string {
	host, _, _ := strings.Cut(address, "/")
	return host
}
