package proxmoxtest

import stdsync "sync"

const (
	requestsPerConnection = 100
	// rememberedConnections bounds the memory; beyond it counting starts again.
	rememberedConnections = 4096
)

// connections counts requests by client address: a keep-alive connection ends
// after 100.
type connections struct {
	mu     stdsync.Mutex
	counts map[string]int
}

// full counts a request and reports whether it is the last of its connection.
func (c *connections) full(remote string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil || len(c.counts) > rememberedConnections {
		c.counts = map[string]int{}
	}
	c.counts[remote]++
	if c.counts[remote] < requestsPerConnection {
		return false
	}
	delete(c.counts, remote)
	return true
}
