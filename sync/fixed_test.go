package sync_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	stdsync "sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// The kinds of a fixed sink: shared, unit, child, and a child that comes after it.
const (
	kindTag  sync.Kind = "tag"
	kindVM   sync.Kind = "vm"
	kindDisk sync.Kind = "disk"
	kindPart sync.Kind = "part"
)

func tag(name string) sync.Key  { return sync.Key{Kind: kindTag, Name: name} }
func vm(name string) sync.Key   { return sync.Key{Kind: kindVM, Name: name} }
func disk(name string) sync.Key { return sync.Key{Kind: kindDisk, Name: name} }
func part(name string) sync.Key { return sync.Key{Kind: kindPart, Name: name} }

// fields makes fields of names and values.
func fields(pairs ...any) sync.Fields {
	var all sync.Fields
	for pair := range slices.Chunk(pairs, 2) {
		all.Set(pair[0].(string), sync.Field{Value: pair[1].(sync.Value)})
	}
	return all
}

// memory returns the field of a memory.
func memory(m sync.Memory) sync.Field { return sync.Field{Value: m.Value()} }

// fixed is a sink whose desired records are given. Its current ones stand in a map, where Apply changes them.
type fixed struct {
	want    *sync.State
	cut     int      // so many items are written, then none; -1 for no cut
	refused sync.Key // is never written

	mu      stdsync.Mutex
	records map[sync.Key]*sync.Record
	ids     int
	batches []sync.Batch
}

func newFixed(desired ...sync.Record) *fixed {
	return &fixed{want: &sync.State{Records: desired}, cut: -1, records: map[sync.Key]*sync.Record{}, ids: 100}
}

func (f *fixed) holding(current ...sync.Record) *fixed {
	for _, r := range current {
		f.records[r.Key] = &r
	}
	return f
}

func (f *fixed) Kinds() []sync.KindInfo {
	return []sync.KindInfo{
		{Kind: kindTag, Level: sync.Shared},
		{Kind: kindVM, Level: sync.Unit, Stage: "vms"},
		{Kind: kindDisk, Level: sync.Child},
		{Kind: kindPart, Level: sync.Child},
	}
}

func (f *fixed) Current(context.Context, sync.Scope) (*sync.State, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &sync.State{}
	for _, r := range f.records {
		c := *r
		c.Fields = r.Fields.Clone()
		s.Records = append(s.Records, c)
	}
	return s, nil
}

func (f *fixed) Desired([]*inventory.Inventory, *sync.State) (*sync.State, error) { return f.want, nil }

func (f *fixed) Lookup(context.Context, *sync.State, *sync.State) (*sync.State, error) {
	return nil, nil
}

func (f *fixed) Apply(_ context.Context, b sync.Batch) ([]sync.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = append(f.batches, b)
	outcomes := make([]sync.Outcome, len(b.Items))
	for i, item := range b.Items {
		if f.cut == 0 {
			return nil, sync.ErrUnavailable
		}
		if f.cut > 0 {
			f.cut--
		}
		if item.Key == f.refused {
			outcomes[i].Err = errBad
			continue
		}
		outcomes[i].ID = f.write(b.Op, item)
	}
	return outcomes, nil
}

func (f *fixed) write(op sync.Op, item sync.Item) (id string) {
	key := item.Key
	for k, r := range f.records {
		if r.Key.Kind == key.Kind && r.ID == item.ID {
			key = k
		}
	}
	switch op {
	case sync.Delete:
		maps.DeleteFunc(f.records, func(_ sync.Key, r *sync.Record) bool { return r.Key == key || r.Unit == key })
		return item.ID
	case sync.Create:
		f.ids++
		source := ""
		for _, r := range f.want.Records {
			if r.Key == key {
				source = r.Source
			}
		}
		f.records[key] = &sync.Record{
			Key: key, Unit: item.Unit, Label: item.Label, ID: fmt.Sprint(f.ids), Source: source,
		}
	}
	r := f.records[key]
	for name, v := range item.Fields {
		r.Fields.Set(name, sync.Field{Value: v})
	}
	for name, ids := range item.Refs {
		var keys []sync.Key
		for _, id := range ids {
			for k, other := range f.records {
				if other.ID == id {
					keys = append(keys, k)
				}
			}
		}
		r.Fields.Set(name, sync.Field{Value: sync.Refs(keys...)})
	}
	return r.ID
}

// run runs with a source that has nothing to say.
func (f *fixed) run(t testing.TB) (*sync.Result, error) {
	t.Helper()
	return f.runWith(t, nil)
}

func (f *fixed) runWith(t testing.TB, o *sync.Options) (*sync.Result, error) {
	t.Helper()
	engine, err := sync.New(f, []sync.Source{enginetest.NewSource(enginetest.Estate("a", 0, 0))}, o)
	require.NoError(t, err)
	var recorder enginetest.Recorder
	result, err := engine.Run(t.Context(), &sync.RunOptions{Observe: recorder.Observe})
	require.NoError(t, recorder.Check())
	return result, err
}
