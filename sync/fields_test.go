package sync_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync"
)

func TestFields(t *testing.T) {
	t.Parallel()
	one := sync.Field{
		Value: sync.Int(1), From: "somewhere", Rule: sync.UntilEdited, Remember: true, Needed: true, Ours: []sync.Value{sync.Int(2), {}},
	}
	var none sync.Fields
	assert.Zero(t, none.Len())
	assert.True(t, none.Value("b").IsNull())
	_, ok := none.Get("b")
	assert.False(t, ok)

	all := sync.NewFields(map[string]sync.Field{"b": one, "a": {}, "d": {Value: sync.Bool(true)}})
	got, ok := all.Get("b")
	assert.True(t, ok)
	assert.Equal(t, one, got)
	_, ok = all.Get("a")
	assert.True(t, ok, "null is a value")

	copied := all.Clone()
	for _, name := range []string{"c", "e", "0", "b"} {
		copied.Set(name, sync.Field{Value: sync.String(name)})
	}
	want := map[string]sync.Field{"a": {}, "d": {Value: sync.Bool(true)}}
	for _, name := range []string{"c", "e", "0", "b"} {
		want[name] = sync.Field{Value: sync.String(name)}
	}
	assert.Equal(t, want, maps.Collect(copied.All()))
	var names []string
	for name := range copied.All() {
		names = append(names, name)
	}
	assert.Equal(t, slices.Sorted(maps.Keys(want)), names)
	assert.Equal(t, len(want), copied.Len())
	assert.Equal(t, sync.NewFields(want), copied)
	delete(want, "a")
	assert.Equal(t, want, maps.Collect(copied.WithoutNull().All()))
	assert.Equal(t, sync.Int(1), all.Value("b"), "the original stays as it was")
}
