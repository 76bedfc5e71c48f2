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
//	GET  /openapi.json                                  all of this, in OpenAPI 3.1
//	GET  /metrics                                       what [Options.Metrics] has to say
//	GET  /status                                        how NetBox and the clusters are, and what is under way
//	GET  /ui/                                           the page for people: see package ui below this one
//
// Start with [New], which makes an [http.Handler] of a [Backend]. [Fixed] makes one of any [sync.Engine]; package
// backend below this one has that of the binary, which takes the endpoints that the plugin pushes.
//
// The server owns the runs, and a request only watches one: a client that goes away ends nothing, and one that reads
// slowly is cut off while the run goes on. A stream that was cut off is taken up again with the header Last-Event-ID, as
// browsers do by themselves.
//
// # Endpoints
//
// The plugin pushes where its NetBox and the clusters are:
//
//	     /netbox/endpoint, /netbox/endpoint/1           the one row of a NetBox: GET, POST; GET, PUT, PATCH, DELETE
//	     /proxmox/endpoints, /proxmox/endpoints/{id}    the rows of the clusters
//	GET  /netbox/status                                 what NetBox says of itself
//	GET  /proxmox/version, /proxmox/sessions            the plugin's questions about clusters, which it names by
//	     /proxmox/cluster/status, /proxmox/nodes        proxmox_endpoint_ids, name, target_name, domain or ip_address;
//	     /proxmox/cluster/resources                     without them all are meant that are enabled
//	     /proxmox/api2/nodes/{node}/time
//
// A write changes the row of that name, or makes it, so that two at once make one. A field that it does not bring stays;
// secrets that are null stay as long as host and user do. No answer has a secret, and fields that mean nothing here come
// back as they were pushed. The rows are kept below [Options.StateDir], in endpoints.json, which has the secrets in it; the
// numbers of rows are not given twice. The source of a row is called as the row is when it is first pushed, without the
// plugin's number; rows with the same host, port and user are one source. A run goes on with the rows that there were when it was asked for. A question is
// answered within 5 s; one without an answer gets the status 400, from the newest plugin 502. Firewalls and CPU models are
// not read: the lists of them are empty.
//
// # The stages of the newest plugin
//
// netbox-proxbox 0.0.29 syncs in stages, each a path with /stream, and each a set of kinds in the scope of a run:
//
//	/dcim/devices/create                                            devices
//	/dcim/devices/interfaces/create                                 interfaces, MAC and IP addresses of devices, and
//	                                                                the devices, which point to them
//	/virtualization/virtual-machines/create                         virtual machines; with all that hangs on them,
//	                                                                unless sync_vm_network=false
//	/virtualization/virtual-machines/virtual-disks/create           virtual disks
//	/virtualization/virtual-machines/interfaces/create              interfaces and MAC addresses
//	/virtualization/virtual-machines/interfaces/ip-address/create   IP addresses, with the interfaces that they need
//	                                                                and the virtual machines that point to them
//	/virtualization/virtual-machines/{id}/create                    one virtual machine, by its number in NetBox;
//	/virtualization/virtual-machines/{id}/virtual-disks/create      its disks
//
// Stages for what is not synced (storages, task histories, backups, snapshots, SDN, replications, backup jobs) complete at
// once and say so. Of the query, proxmox_endpoint_ids names clusters by the numbers of their rows, netbox_vm_ids virtual
// machines; overwrite flags and sync modes become the run's policy and scope where there is a rule for them, and anything
// else is accepted and has no effect. Only a stage for a branch of NetBox (netbox_branch_schema_id) is refused: the main
// data would be written to in its place.
//
// These streams are in the dialect [sse.Stages]. On paths that the documented backend has too, that is for requests with
// the header X-Proxbox-API-Key, proxmox_endpoint_ids or netbox_branch_schema_id; others get the documented dialect, and
// their query has no effect.
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
// # Who may ask
//
// Anybody may ask for /, /health, /ready, /openapi.json, /auth/bootstrap-status and the files of the page below /ui/. All
// else, reading included, goes by one rule; /metrics alone needs no key from the server's own machine.
//
// Once an API key is registered each request needs an active one, as X-Proxbox-API-Key: KEY, Authorization: Bearer KEY or
// Authorization: Token KEY; without it the answer is 401. Until then the server's own machine is answered, and others get
// 403, unless [Options.OpenWrites] lets everybody in. The machine itself is who connects from a loopback address, asks for
// localhost or an address, and shows no trace of a proxy or of another site's page. What a header says of the client makes
// nobody local. A reverse proxy on the same machine must set X-Forwarded-For, as they do, or a key be registered first.
//
//	GET    /auth/bootstrap-status   whether the first key is still to be registered
//	POST   /auth/register-key       register it: {"api_key": "KEY", "label": "whose"}; only on the server's own
//	                                machine, unless [Options.BootstrapFromAnywhere] allows it elsewhere
//	GET    /auth/keys               the keys, without what they are
//	POST   /auth/keys               register another one
//	PATCH  /auth/keys/{id}          {"is_active": false}, or true
//	DELETE /auth/keys/{id}          forget it
//
// A key is 32 to 512 characters of ASCII, to be made by a random generator; only its SHA-256 is kept, below
// [Options.StateDir]. One key always stays active: to begin anew, stop the server and remove keys.json there.
//
// Five wrong keys from one address (of IPv6: from one /64) within five minutes lock it out, even with a right key: 429
// with Retry-After, until the first of them is five minutes old. To show no key is no guess.
//
// # Pages and the WebSocket
//
// The page of another site can neither read an answer, for no CORS header is ever sent, nor start anything. A WebSocket is
// for this server's own page, for no page at all, and for the pages of NetBox: the hosts in [Options.Origins], that of a
// [NetBoxLocator] and that of the pushed NetBox, of the latter two at any scheme and port. What the client may do once a
// key is registered:
//
//	one that shows a valid key with the request    everything
//	one that shows a wrong one with it             nothing: 401
//	a page of NetBox                               listen; after a message with a key, everything
//	this server's page, and no page                nothing before its first message, which must show a key; then all
//	another page                                   nothing: 403
//
// Until then whoever is let in by the rule above may do everything, a page of NetBox may listen from anywhere, and others
// get 403. A message shows a key as {"api_key": "KEY"}. A wrong key, another first message where it must be a key, or none
// within 10 s closes the socket with the code 4001. The right to commands ends with the key.
//
// # The HTTP server around it
//
// Set its ReadHeaderTimeout (10 s is good), IdleTimeout (2 min) and MaxHeaderBytes (64 KiB). Leave ReadTimeout and
// WriteTimeout at 0: they would end streams. The handler bounds the rest: a body may have 1 MiB, one with a key 8 KiB, and
// take 30 s, and each write to a client is limited by [Options.WriteTimeout].
package server
