package proxmoxtest

import "net/netip"

// VisibleAddresses returns, by NIC index, the addresses that a caller with all
// privileges can read from the running guest now: through the agent of a
// virtual machine, or from the interface list of a container. It is empty when
// the guest does not run, its node does not answer, its agent does not or its
// release lacks the call. What the configuration promises (NIC.IP) and
// link-local addresses are not in it.
//
// The estate must have its defaults filled in, as [Generate] and
// [Server.Estate] return it.
func (e *Estate) VisibleAddresses(vmid int) map[int][]netip.Prefix {
	guest := e.Guest(vmid)
	if guest == nil || guest.Status != StatusRunning || guest.Template {
		return nil
	}
	node := e.Node(guest.Node)
	if node == nil || node.State == NodeOffline || node.State == NodeHung {
		return nil
	}
	if guest.Kind == QEMU && guest.Agent != AgentOK {
		return nil
	}
	if guest.Kind == LXC && !node.release().atLeast(8, 1, 0) {
		return nil
	}
	out := map[int][]netip.Prefix{}
	for i := range guest.NICs {
		nic := &guest.NICs[i]
		addresses := nic.Addresses
		if guest.Kind == LXC && !node.release().listsContainerAddresses() {
			addresses = nic.lastAddresses()
		}
		if len(addresses) > 0 {
			out[nic.Index] = append([]netip.Prefix(nil), addresses...)
		}
	}
	return out
}

// lastAddresses is all that releases before 8.4 tell of a container: the last
// IPv4 address, and the last IPv6 one unless the link-local one comes after it.
func (n *NIC) lastAddresses() []netip.Prefix {
	var last4, last6 netip.Prefix
	for _, prefix := range n.Addresses {
		if prefix.Addr().Is4() {
			last4 = prefix
		} else {
			last6 = prefix
		}
	}
	if !n.LinkDown {
		last6 = netip.Prefix{}
	}
	var out []netip.Prefix
	for _, prefix := range []netip.Prefix{last4, last6} {
		if prefix.IsValid() {
			out = append(out, prefix)
		}
	}
	return out
}
