package enginetest_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

// filled returns a sink with the group g, the guest v in it, its port p, and the address 10.0.0.1/24 on that.
func filled(t *testing.T) (sink *enginetest.Sink, ids map[string]string) {
	t.Helper()
	sink, ids = enginetest.NewSink(nil), map[string]string{}
	add := func(name string, kind sync.Kind, field string, refs map[string]string) {
		id, err := sink.Add(kind, map[string]sync.Value{field: sync.String(name)}, refs)
		require.NoError(t, err)
		ids[name] = id
	}
	add("g", "group", "name", nil)
	add("v", "guest", "name", map[string]string{"group": ids["g"]})
	add("p", "port", "name", map[string]string{"guest": ids["v"]})
	add("10.0.0.1/24", "address", "address", map[string]string{"port": ids["p"]})
	return sink, ids
}

func name(s string) map[string]sync.Value { return map[string]sync.Value{"name": sync.String(s)} }

// TestSinkIsStrict: it refuses what a server with constraints would, and one refused item does not stop the others.
func TestSinkIsStrict(t *testing.T) {
	t.Parallel()
	sink, ids := filled(t)
	in := func(field, name string) map[string][]string { return map[string][]string{field: {ids[name]}} }
	before := sink.Text()
	for says, b := range map[string]sync.Batch{
		`guest "v" is taken`:               {Kind: "guest", Op: sync.Create, Items: []sync.Item{{Fields: name("v"), Refs: in("group", "g")}}},
		`address "10.0.0.1/8" is taken`:    {Kind: "address", Op: sync.Create, Items: []sync.Item{{Fields: map[string]sync.Value{"address": sync.String("10.0.0.1/8")}, Refs: in("port", "p")}}},
		`guest needs "group"`:              {Kind: "guest", Op: sync.Create, Items: []sync.Item{{Fields: name("w")}}},
		`guest has no field "colour"`:      {Kind: "guest", Op: sync.Update, Items: []sync.Item{{ID: ids["v"], Fields: map[string]sync.Value{"colour": sync.Int(1)}}}},
		`guest has no reference "port"`:    {Kind: "guest", Op: sync.Update, Items: []sync.Item{{ID: ids["v"], Refs: in("port", "p")}}},
		`"host": there is no host`:         {Kind: "guest", Op: sync.Update, Items: []sync.Item{{ID: ids["v"], Refs: in("host", "g")}}},
		`there is no guest 99`:             {Kind: "guest", Op: sync.Update, Items: []sync.Item{{ID: "99"}}},
		`is not one of the guest's`:        {Kind: "guest", Op: sync.Create, Items: []sync.Item{{Fields: name("w"), Refs: map[string][]string{"group": {ids["g"]}, "primary": {ids["10.0.0.1/24"]}}}}},
		`guest v refers to it`:             {Kind: "group", Op: sync.Delete, Items: []sync.Item{{ID: ids["g"]}}},
		`address 10.0.0.1/24 refers to it`: {Kind: "port", Op: sync.Delete, Items: []sync.Item{{ID: ids["p"]}}},
	} {
		outcomes, err := sink.Apply(t.Context(), b)
		require.NoError(t, err)
		require.Len(t, outcomes, 1)
		assert.ErrorContains(t, outcomes[0].Err, says)
		assert.Equal(t, before, sink.Text())
	}
	outcomes, err := sink.Apply(t.Context(), sync.Batch{Kind: "group", Op: sync.Create, Items: []sync.Item{{Fields: name("g")}, {Fields: name("g2")}}})
	require.NoError(t, err)
	assert.Error(t, outcomes[0].Err)
	assert.NoError(t, outcomes[1].Err)
	assert.Equal(t, 1, sink.Written())
}

// TestPrimaryIsCleared when its address goes.
func TestPrimaryIsCleared(t *testing.T) {
	t.Parallel()
	sink, ids := filled(t)
	require.NoError(t, sink.Edit(ids["v"], nil, map[string]string{"primary": ids["10.0.0.1/24"]}))
	require.NoError(t, sink.Remove(ids["10.0.0.1/24"]))
	guest, _ := sink.Object("guest", "v")
	assert.Empty(t, guest.Refs["primary"])
	assert.Zero(t, sink.Written(), "a person's work is not counted")
}

// TestGuestsGoWithWhatHangsOnThem, and nothing else goes.
func TestGuestsGoWithWhatHangsOnThem(t *testing.T) {
	t.Parallel()
	sink, ids := filled(t)
	before := sink.Text()
	other, err := sink.Add("guest", name("w"), map[string]string{"group": ids["g"]})
	require.NoError(t, err)
	port, err := sink.Add("port", name("p"), map[string]string{"guest": other})
	require.NoError(t, err)
	address, err := sink.Add("address", map[string]sync.Value{"address": sync.String("10.0.0.2/24")}, map[string]string{"port": ids["p"]})
	require.NoError(t, err)
	require.NoError(t, sink.Edit(address, nil, map[string]string{"port": port}))
	require.NoError(t, sink.Remove(other))
	assert.Equal(t, before, sink.Text())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	create := func(names ...string) sync.Batch {
		b := sync.Batch{Kind: "group", Op: sync.Create}
		for _, n := range names {
			b.Items = append(b.Items, sync.Item{Key: sync.Key{Kind: "group", Name: n}, Label: n, Fields: name(n)})
		}
		return b
	}
	bad := errors.New("bad")
	t.Run("reject", func(t *testing.T) {
		t.Parallel()
		sink := enginetest.NewSink(nil)
		sink.Reject("group", "a", bad)
		outcomes, err := sink.Apply(t.Context(), create("a", "b"))
		require.NoError(t, err)
		assert.ErrorIs(t, outcomes[0].Err, bad)
		assert.Len(t, sink.Objects("group"), 1)
	})
	t.Run("answer lost", func(t *testing.T) {
		t.Parallel()
		for _, landed := range []bool{false, true} {
			sink := enginetest.NewSink(nil)
			sink.LoseAnswers(1, landed)
			outcomes, err := sink.Apply(t.Context(), create("a"))
			require.NoError(t, err)
			assert.ErrorIs(t, outcomes[0].Err, sync.ErrUnknownOutcome)
			assert.Equal(t, landed, len(sink.Objects("group")) == 1)
			outcomes, err = sink.Apply(t.Context(), create("b"))
			require.NoError(t, err)
			assert.NoError(t, outcomes[0].Err)
		}
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		sink := enginetest.NewSink(nil)
		sink.CutAfter(1)
		_, err := sink.Apply(t.Context(), create("a", "b"))
		require.ErrorIs(t, err, sync.ErrUnavailable)
		assert.Len(t, sink.Objects("group"), 1, "cut in the middle of a write")
		_, err = sink.Current(t.Context(), sync.Scope{})
		require.ErrorIs(t, err, sync.ErrUnavailable)
		sink.Mend()
		_, err = sink.Apply(t.Context(), create("b"))
		require.NoError(t, err)
	})
}

// TestCheckTells where the engine breaks its word.
func TestCheckTells(t *testing.T) {
	t.Parallel()
	sink := enginetest.NewSink(&enginetest.SinkOptions{Batch: 1})
	require.NoError(t, sink.Check())
	_, err := sink.Apply(t.Context(), sync.Batch{Kind: "group", Op: sync.Create, Items: []sync.Item{
		{Key: sync.Key{Kind: "group", Name: "a"}, Fields: name("a")}, {Key: sync.Key{Kind: "guest", Name: "b"}, Fields: name("b")},
	}})
	require.NoError(t, err)
	require.ErrorContains(t, sink.Check(), "2 items in a batch of at most 1")
	require.ErrorContains(t, sink.Check(), "holds guest b")
}
