// Package proxmoxsrc reads a Proxmox VE cluster, or a standalone node, over its API: a [sync.Source].
//
// It only reads. What cannot be read is a gap in the inventory with a sentence that says what to do; only a source that
// cannot be read at all is an error: no URL answers, the credential is not accepted or has no rights, a list is broken.
// The errors are [StatusError], [ConnectionError], [CertificateError], [AnswerError], [UnreachableError] and
// [PermissionError].
//
// # Requests
//
// A run sends 6 requests for the cluster and 1 more if it has virtual networks, 2 for each node that is not offline, 1
// for each guest, 1 more for each running container and each running virtual machine whose agent is enabled, and another
// one for each agent that answers. Calls that keep a node's few workers busy (agent, container interfaces) have a limit
// of their own: see [Options]. Then 1 for each guest that something is done about because it is gone.
//
// # Rights
//
// The role PVEAuditor on / is enough. Before Proxmox VE 9 the addresses of virtual machines need VM.Monitor too, which
// also allows to run commands in them; without it those addresses are a gap. Guests that the credential may not see are
// missing in Proxmox VE's lists without a word: the inventory then has a gap for the list of guests, so far as the
// credential's own permissions tell. An entry NoAccess for a single guest below full rights does not show: so a run asks
// before it takes a guest for gone, see [Source.ConfirmGone].
//
// # Addresses
//
// An address counts if it is on an interface inside the guest whose MAC address is that of a configured NIC; interfaces
// that share it, such as VLANs and bridges inside the guest, count for that NIC, and the first NIC of several with one
// MAC address gets them. They stand in the order in which the guest tells them. Addresses that cannot be reached from
// outside (loopback, link-local, multicast) do not count. A virtual machine without an agent has the static addresses of
// its cloud-init settings, a stopped container those of its configuration; a template has none.
package proxmoxsrc
