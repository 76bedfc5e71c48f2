package server

import (
	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// Scope returns what a run does for a stream: a node is a device, a guest a virtual machine, each with all that hangs on
// it. Shared objects are in every scope.
func Scope(stream sse.Stream) sync.Scope {
	switch stream {
	case sse.Devices:
		return sync.Scope{Kinds: []sync.Kind{"device", "node-interface", "node-mac-address", "node-ip-address"}}
	case sse.VirtualMachines:
		return sync.Scope{Kinds: []sync.Kind{"virtual-machine", "vm-interface", "mac-address", "ip-address", "virtual-disk"}}
	}
	return sync.Scope{}
}

// order returns what a request for a stream asks for, between the ends as they are now.
func (s *Server) order(stream sse.Stream) order {
	return order{stream: stream, rows: s.rows.snapshot(), scope: Scope(stream)}
}
