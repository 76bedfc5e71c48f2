// Package server offers a sync over HTTP, the way the NetBox plugin netbox-proxbox v0.0.7 expects of its backend.
//
//	GET  /                                              what this is
//	GET  /health                                        whether it is ready
//	GET  /dcim/devices/create                           sync the nodes; answers 202 when that takes long
//	POST /dcim/devices/create                           sync the nodes; answers when it is done
//	GET  /dcim/devices/create/stream                    sync the nodes; Server-Sent Events while it goes on
//	     /virtualization/virtual-machines/create        the same for guests
//	     /full-update                                   the same for everything
//	GET  /ws                                            WebSocket: commands in, what happens to each object out
//
// Start with [New], which makes an [http.Handler] of a [Backend]. [Fixed] makes one of any [sync.Engine]; package
// backend below this one has that of the binary, which takes the endpoints that the plugin pushes.
//
// The server owns the runs, and a request only watches one: a client that goes away ends nothing, and one that reads
// slowly is cut off while the run goes on. There is one run at a time. A request that the run in progress covers joins
// it and is told everything from its first event; any other waits its turn, and those that wait for the same share one
// run. A stream that was cut off is taken up again with the header Last-Event-ID, as browsers do by themselves.
//
// Who may ask is not decided here: put a handler in front. The [http.Server] around it may limit ReadHeaderTimeout and
// IdleTimeout; ReadTimeout would end streams, which limit each of their writes themselves.
package server
