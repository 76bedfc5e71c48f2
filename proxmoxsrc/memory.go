package proxmoxsrc

import (
	"time"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// memory is what a source keeps of its readings for incremental ones. Nothing in it is changed once it is there: runs that
// go on beside each other read it without a lock, and each leaves another memory in its place.
type memory struct {
	version   Version
	versionAt time.Time
	cluster   *clusterMemory // nil as long as it is not known
	nodes     map[string]*nodeMemory
	guests    map[int]*guestMemory // by VMID

	turnAt time.Time // when the last run that was not for some guests only began
	owed   owed
}

// clusterMemory is what a [clusterRun] read.
type clusterMemory struct {
	at      time.Time
	rights  rights // with other rights, other networks are seen
	vnets   []inventory.VNet
	dropped []string
	colors  map[string]string
}

// nodeMemory is what was read of a node, or that the credential may not read it.
type nodeMemory struct {
	at             time.Time
	row            row
	rights         rights // with other rights, other bridges are seen
	state          nodeStatus
	unread, noNet  error
	network        []inventory.NodeInterface
	networkDropped []string
}

// guestMemory is the configuration of a guest, and what it told.
type guestMemory struct {
	at     time.Time
	row    row // what the list said before
	config config
	told   *told // nil for a guest that is not asked for its addresses
}

// told is what came of asking for a guest's addresses.
type told struct {
	at      time.Time
	nics    []toldNIC // one for each NIC of the configuration
	system  inventory.OS
	surplus int
	// silent is why there are no addresses, blamed whether it is for the node, and wait how long to leave it at that.
	silent error
	blamed bool
	wait   time.Duration
}

// toldNIC is what was told of one NIC.
type toldNIC struct {
	agentName string
	addresses []inventory.Address
}

// recollect returns what the source knows.
func (s *Source) recollect() *memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory
}

// learn puts what a run has read into the memory.
func (s *Source) learn(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = r.learned(s.memory)
}
