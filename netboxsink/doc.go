// Package netboxsink keeps a NetBox true to Proxmox VE clusters: it is a [sync.Sink] over the NetBox REST API.
//
// Start with [New]. What becomes of a guest, a node, an address is decided by one pure function, [Sink.Desired]; what
// NetBox holds is read in bulk by [Sink.Current] and [Sink.Lookup]; [Sink.Apply] writes in bulk.
//
// An object of ours is known by its custom field proxbox_source, which names the source, and a virtual machine by
// proxmox_vm_id and proxbox_uuid besides. What we last wrote stands in the hidden custom field proxbox_memory. Names,
// slugs and custom fields are those of the backend that the netbox-proxbox plugin documents, so that a NetBox that it
// filled is taken over.
//
// NetBox 4.2.2 to 4.7 are served; what differs between them stands in release.go.
package netboxsink
