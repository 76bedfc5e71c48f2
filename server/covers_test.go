package server

import (
	"testing"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	policy := func(rule sync.Rule) *sync.Policy {
		return &sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{"device": {"site": rule}}}
	}
	nodes := Scope(sse.Devices)
	for name, c := range map[string]struct {
		run, asked order
		want       bool
	}{
		"the same":          {order{scope: nodes}, order{scope: nodes}, true},
		"less":              {order{}, order{scope: nodes}, true},
		"more":              {order{scope: nodes}, order{}, false},
		"something else":    {order{scope: nodes}, order{scope: Scope(sse.VirtualMachines)}, false},
		"an equal policy":   {order{policy: policy(sync.Never)}, order{policy: policy(sync.Never)}, true},
		"another policy":    {order{policy: policy(sync.Never)}, order{policy: policy(sync.Always)}, false},
		"no policy of ours": {order{policy: policy(sync.Never)}, order{}, false},
		"a policy for more": {order{policy: policy(sync.Never)}, order{scope: Scope(sse.VirtualMachines)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, c.run.covers(c.asked))
		})
	}
}
