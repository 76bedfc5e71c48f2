package proxmoxtest

import (
	"strconv"
	"strings"
)

// state is the estate with what looking things up in it needs.
type state struct {
	estate *Estate
	nodes  map[string]*Node
	guests map[int]*Guest
}

func newState(e *Estate) *state {
	e.fill()
	st := &state{
		estate: e,
		nodes:  make(map[string]*Node, len(e.Nodes)),
		guests: make(map[int]*Guest, len(e.Guests)),
	}
	for _, node := range e.Nodes {
		st.nodes[node.Name] = node
	}
	for _, guest := range e.Guests {
		st.guests[guest.VMID] = guest
	}
	return st
}

// poolOf names the pool of the guest that an access path "/vms/<vmid>" means.
func (st *state) poolOf(path string) string {
	number, ok := strings.CutPrefix(path, "/vms/")
	if !ok {
		return ""
	}
	vmid, err := strconv.Atoi(number)
	if err != nil {
		return ""
	}
	if guest := st.guests[vmid]; guest != nil {
		return guest.Pool
	}
	return ""
}

// stateOf is the node's state as seen from the entry node.
func (st *state) stateOf(node *Node, entry string) NodeState {
	if st.estate.QuorumLost && node.Name != entry {
		return NodeOffline
	}
	return node.State
}

// online reports whether the entry node takes the node for a cluster member.
func (st *state) online(node *Node, entry string) bool {
	return st.stateOf(node, entry) != NodeOffline
}

// fresh reports whether details of the node and its guests are known.
func (st *state) fresh(node *Node) bool {
	return node != nil && !node.RowsExpired && node.State != NodeUnknown
}
