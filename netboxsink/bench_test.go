package netboxsink_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// recorder is a sink that remembers with what Desired was asked last.
type recorder struct {
	sync.Sink
	inventories []*inventory.Inventory
	current     *sync.State
}

func (r *recorder) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	r.inventories, r.current = inventories, current
	return r.Sink.Desired(inventories, current)
}

// BenchmarkDesired translates an estate that NetBox has nothing of, and one that it has all of.
func BenchmarkDesired(b *testing.B) {
	for _, guests := range []int{1_000, 10_000} {
		l := newLab(b, town(guests))
		for _, name := range []string{"first", "unchanged"} {
			if name == "unchanged" {
				l.run()
			}
			r := &recorder{Sink: l.sink}
			engine, err := sync.New(r, []sync.Source{l.sources[0]}, nil)
			require.NoError(b, err)
			_, err = engine.Plan(context.Background(), nil)
			require.NoError(b, err)
			b.Run(fmt.Sprint(name, "/", guests), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.sink.Desired(r.inventories, r.current); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
