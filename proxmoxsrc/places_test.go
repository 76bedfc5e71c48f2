package proxmoxsrc_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// TestInventory_whoIsNext reads a full and a nearly empty node through two places: they go to the full one, which would
// else be read long after the other, and the cluster waits for neither.
func TestInventory_whoIsNext(t *testing.T) {
	t.Parallel()
	estate := crowd(60)
	for i := range estate.Guests {
		estate.Guests[i].Node = "a1"
		if i%4 == 0 {
			estate.Guests[i].Node = "a2"
		}
	}
	l := newLab(t, estate, &proxmoxtest.Options{LatencyScale: 0.1})
	l.options.ClusterReads = 2
	l.read(t)
	var nodes []string
	before := -1 // configurations that are read before the cluster has told all
	for _, r := range l.fake.Requests() {
		switch {
		case strings.HasPrefix(r.Path, "/cluster/"):
			before = len(nodes)
		case strings.HasSuffix(r.Path, "/config"):
			nodes = append(nodes, strings.Split(r.Path, "/")[2])
		}
	}
	assert.Len(t, nodes, 60)
	assert.Less(t, before, 10)
	assert.LessOrEqual(t, strings.Count(strings.Join(nodes[:30], " "), "a2"), 4, "%v", nodes)
}
