// Package proxbox is the front door: it holds no code.
//
// proxbox keeps NetBox true to Proxmox VE clusters. It is a library of small packages, and a server made of them:
//
//   - [github.com/proxbox-go/proxbox/sync] is the engine: read a source and a sink, compare, plan, apply, and tell every
//     step. Standard library only. Its [github.com/proxbox-go/proxbox/sync/inventory] says what an estate is, its
//     [github.com/proxbox-go/proxbox/sync/enginetest] checks anybody's source or sink.
//   - [github.com/proxbox-go/proxbox/proxmoxsrc] reads Proxmox VE;
//     [github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest] is a fake Proxmox VE API for tests.
//   - [github.com/proxbox-go/proxbox/netboxsink] writes NetBox;
//     [github.com/proxbox-go/proxbox/netboxsink/netboxtest] is a fake NetBox for tests.
//   - [github.com/proxbox-go/proxbox/sse] turns the engine's events into Server-Sent Events and back.
//   - [github.com/proxbox-go/proxbox/server] offers runs over HTTP as the netbox-proxbox plugin expects its backend to;
//     [github.com/proxbox-go/proxbox/server/backend] joins the two ends for it, and server/cmd/proxbox is the binary.
//   - examples has small programs to start from.
package proxbox
