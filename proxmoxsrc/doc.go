// Package proxmoxsrc reads a Proxmox VE cluster, or a standalone node, over its API: a [sync.Source].
//
// It only reads. What cannot be read is a gap in the inventory with a sentence that says what to do; only a source that
// cannot be read at all is an error: no URL answers, the credential is not accepted or has no rights, a list is broken.
// The errors are [StatusError], [ConnectionError], [CertificateError], [AnswerError], [UnreachableError] and
// [PermissionError].
//
// # Requests
//
// A full run sends 6 requests for the cluster and 1 more if it has virtual networks, 2 for each node that is not offline, 1
// for each guest, 1 more for each running container and each running virtual machine whose agent is enabled, and another
// one for each agent that answers. Calls that keep a node's few workers busy (agent, container interfaces) have a limit
// of their own: see [Options]. Then 1 for each guest that something is done about because it is gone.
//
// # Incremental runs
//
// Proxmox VE tells nobody what has changed. But its lists of members and resources show much of it, and cost two requests.
// So an incremental run ([sync.Scope]) reads those, and the credential's own permissions, without which nothing tells a
// guest that is gone from one that may no longer be seen: 3 requests. The rest is what earlier runs of the same [Source]
// have read, so far as it still holds. Read again is
//
//   - the configuration of a guest whose row in the list has changed (load and counters aside), that is new, or that could
//     not be read before; of the others so many, the oldest first, that none becomes older than ConfigAge of [Options];
//   - the addresses of a guest whose row or configuration has changed; of the others so many that none becomes older than
//     AddressAge. An agent that does not answer is asked again after AddressAge, then after twice, four times, and at last
//     each time after eight times as long; its gap stays all the while;
//   - state and network of a node whose row has changed or that could not be read before; of the others so many that none
//     becomes older than ConfigAge;
//   - version, virtual networks and colours of tags when they are older than ConfigAge;
//   - all networks when the credential's permissions have changed.
//
// What is read by age is spread over the runs: each reads the share that the time since the last one demands. What is on a
// node that is offline is a gap, as in a full run, and read again when the node is back. A source that has read nothing yet
// reads everything, and so does each full run. With Guests in the scope those are read afresh.
//
// How long after a change a run may still show what was, in the inventory's fields:
//
//	Cluster                                 none; Version: ConfigAge
//	Nodes: which, Status, Address           none; that one hangs, unseen by the cluster: ConfigAge
//	Nodes: CPUs, Memory                     none
//	Nodes: Version, CPUModel, Interfaces    ConfigAge
//	Guests: which, Kind, Name, Node,        none; before Proxmox VE 7.3, Tags: ConfigAge
//	  Status, Template, Tags, Pool,
//	  HAState, Lock
//	Guests: CPUs, Memory                    none; CPUs beyond those of the node: ConfigAge
//	Guests: UUID, Description, OSType,      ConfigAge; none with a change in one of the fields above
//	  StartAtBoot, Agent, Unprivileged,
//	  SearchDomain
//	Guests: NICs                            ConfigAge; none as before
//	Guests: Disks                           ConfigAge; none as before, and for the size of the boot disk
//	Guests: OS, NICs' AgentName, Addresses  AddressAge; none as before, and with a change seen in the configuration;
//	                                        up to 8 times AddressAge once an agent has been silent
//	Guests: Addresses of a configuration    ConfigAge; none as before
//	VNets, TagColors                        ConfigAge
//	Gaps, Dropped                           as what they are about
//
// None means that the lists show it, which themselves are up to 10 s old.
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
