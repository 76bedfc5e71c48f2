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
//	POST /runs                                          start a run of chosen sources and guests, or a dry run
//	GET  /runs, /runs/{id}                              runs, those of the past included
//	GET  /runs/{id}/events                              what happens in one, as Server-Sent Events
//	GET  /runs/{id}/plan                                what a dry run has found; POST /runs/{id}/apply does it
//	DELETE /runs/{id}                                   cancel
//	GET  /ready                                         whether a run is possible
//
// Start with [New], which makes an [http.Handler] of a [Backend]. [Fixed] makes one of any [sync.Engine]; package
// backend below this one has that of the binary, which takes the endpoints that the plugin pushes.
//
// The server owns the runs, and a request only watches one: a client that goes away ends nothing, and one that reads
// slowly is cut off while the run goes on. A stream that was cut off is taken up again with the header Last-Event-ID, as
// browsers do by themselves.
//
// # Which runs go on at once
//
// Two runs never touch the same source at once. Whatever asks for a run, a stream, a socket's command, POST /runs or
// [Server.Start], goes by one rule:
//
//   - What a run covers that is under way or waits joins it, and is told everything from its first event. A run covers
//     what asks for the same or less (sources, guests, kinds of objects) under the same policy and between the same ends.
//     A dry run covers only the same dry run, and applying a plan only the same plan.
//   - What has no source in common with any run under way, nor with any that waits, starts at once. A run that names no
//     sources touches all.
//   - All else waits, first come, first served, for those before it with which it has a source in common.
//
// # What is kept
//
// With [Options.StateDir] the runs of the past, their events and the plans of dry runs survive a restart, and a run that
// the server could not end, because it was killed, is told as interrupted: what had been told of it is known, and whoever
// watched it gets its end. A run that Shutdown stopped is cancelled. A run that waited is not started again.
//
// Who may ask is not decided here: put a handler in front. The [http.Server] around it may limit ReadHeaderTimeout and
// IdleTimeout; ReadTimeout would end streams, which limit each of their writes themselves.
package server
