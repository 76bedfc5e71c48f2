package enginetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// removing is a sink that wants one unit removed.
type removing struct {
	sync.Sink
	unit sync.Key
}

// Desired returns what the sink wants, the unit removed.
func (r *removing) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	state, err := r.Sink.Desired(inventories, current)
	if err != nil {
		return nil, err
	}
	removed := &sync.State{Holds: state.Holds, Asked: state.Asked}
	for _, record := range state.Records {
		if record.Key == r.unit {
			record.Remove = "removed by the test"
		}
		removed.Records = append(removed.Records, record)
	}
	return removed, nil
}

func sinkRemove(ctx context.Context, newSink NewSinkFunc) error {
	t, err := landed(ctx, newSink)
	if err != nil {
		return err
	}
	unit, err := t.unit(ctx, samples()[0].Guests[0].ID)
	if err != nil {
		return err
	}
	whole, err := t.gate.Current(ctx, scopeOf(samples()))
	if err != nil {
		return err
	}
	writes := t.gate.writes
	engine, err := sync.New(&removing{t.gate, unit}, []sync.Source{t.sources[0], t.sources[1]}, &sync.Options{Flight: 1})
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, nil)
	switch n := t.gate.writes - writes; {
	case err != nil:
		return err
	case result.Objects[unit.Kind].Deleted != 1:
		return fmt.Errorf("%d of its kind were deleted", result.Objects[unit.Kind].Deleted)
	case n != 1:
		return fmt.Errorf("%d writes for one deletion", n)
	}
	left, err := t.gate.Current(ctx, scopeOf(samples()))
	if err != nil {
		return err
	}
	want := &sync.State{}
	for _, r := range whole.Records {
		if r.Unit != unit {
			want.Records = append(want.Records, r)
		}
	}
	if stateText(left) != stateText(want) {
		return fmt.Errorf("there are\n%s\nand should be\n%s", stateText(left), stateText(want))
	}
	if _, err := t.run(ctx); err != nil {
		return errors.Join(errors.New("the unit is not made anew"), err)
	}
	return t.idle(ctx)
}
