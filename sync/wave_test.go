package sync_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

// referring returns the record with references by field.
func referring(r sync.Record, pairs ...any) sync.Record {
	for name, f := range fields(pairs...).All() {
		r.Fields.Set(name, f)
	}
	return r
}

// sent tells the batches in short: operation, kind, and the names of the items with their fields and references.
func sent(f *fixed) []string {
	var lines []string
	for _, b := range f.batches {
		var line strings.Builder
		line.WriteString(string(b.Op) + " " + string(b.Kind) + ":")
		for _, item := range b.Items {
			line.WriteString(" " + item.Key.Name)
			for name := range item.Refs {
				line.WriteString(" " + name + "→" + f.records[item.Key].Fields.Value(name).Text())
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}

// TestWaves: what is referred to is sent before what refers to it; in a circle one reference comes late.
func TestWaves(t *testing.T) {
	t.Parallel()
	top, d1, d2 := vm("a/1"), disk("a/1/d1"), disk("a/1/d2")
	for _, tc := range []struct {
		name    string
		records []sync.Record
		want    []string
	}{
		{
			"a unit points to its child",
			[]sync.Record{referring(unit(top, ""), "first", sync.Ref(d1)), referring(child(d1, top, ""), "vm", sync.Ref(top))},
			[]string{"create vm: a/1", "create disk: a/1/d1 vm→a/1", "update vm: a/1 first→a/1/d1"},
		},
		{
			"one of a kind points to another",
			[]sync.Record{unit(top, ""), referring(child(d1, top, ""), "on", sync.Ref(d2)), child(d2, top, "")},
			[]string{"create vm: a/1", "create disk: a/1/d2", "create disk: a/1/d1 on→a/1/d2"},
		},
		{
			"two of a kind point to each other",
			[]sync.Record{unit(top, ""), referring(child(d1, top, ""), "on", sync.Ref(d2)), referring(child(d2, top, ""), "on", sync.Ref(d1))},
			[]string{"create vm: a/1", "create disk: a/1/d1 a/1/d2", "update disk: a/1/d1 on→a/1/d2 a/1/d2 on→a/1/d1"},
		},
		{
			"one points to itself",
			[]sync.Record{unit(top, ""), referring(child(d1, top, ""), "on", sync.Ref(d1))},
			[]string{"create vm: a/1", "create disk: a/1/d1", "update disk: a/1/d1 on→a/1/d1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixed(tc.records...)
			_, err := f.run(t)
			require.NoError(t, err)
			assert.Equal(t, tc.want, sent(f))
			f.batches = nil
			_, err = f.run(t)
			require.NoError(t, err)
			assert.Empty(t, f.batches)
		})
	}
}

// TestUnitsReferToEachOther, however they are cut into chunks: the one that is referred to comes first.
func TestUnitsReferToEachOther(t *testing.T) {
	t.Parallel()
	a, b, c := vm("a/1"), vm("a/2"), vm("a/3")
	for _, tc := range []struct {
		name    string
		records []sync.Record
		want    []string
	}{
		{
			"a chain",
			[]sync.Record{referring(unit(a, ""), "on", sync.Ref(b)), referring(unit(b, ""), "on", sync.Ref(c)), unit(c, "")},
			[]string{"create vm: a/3", "create vm: a/2 on→a/3", "create vm: a/1 on→a/2"},
		},
		{
			"to what hangs on another",
			[]sync.Record{referring(unit(a, ""), "on", sync.Ref(disk("a/2/d"))), unit(b, ""), child(disk("a/2/d"), b, "")},
			[]string{"create vm: a/2", "create disk: a/2/d", "create vm: a/1 on→a/2/d"},
		},
		{
			"none to another",
			[]sync.Record{unit(a, ""), referring(unit(b, ""), "on", sync.Ref(b)), unit(c, "")},
			[]string{"create vm: a/1", "create vm: a/2", "update vm: a/2 on→a/2", "create vm: a/3"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixed(tc.records...)
			result, err := f.runWith(t, &sync.Options{Flight: 1, Chunk: 1})
			require.NoError(t, err)
			assert.Equal(t, len(f.want.Records)-result.Children[kindDisk].Created, result.Objects[kindVM].Created)
			assert.Equal(t, tc.want, sent(f))
		})
	}

	t.Run("one that fails", func(t *testing.T) {
		t.Parallel()
		f := newFixed(referring(unit(a, ""), "on", sync.Ref(b)), unit(b, ""), unit(c, ""))
		f.refused = b
		result, err := f.runWith(t, &sync.Options{Chunk: 1})
		require.ErrorIs(t, err, errBad)
		require.ErrorIs(t, err, sync.ErrDependency)
		assert.Equal(t, sync.Counts{Created: 1, Failed: 2}, result.Objects[kindVM])
	})
}

// TestInline records are counted and never sent; they share the fate of what they hang on.
func TestInline(t *testing.T) {
	t.Parallel()
	top, d, p := vm("a/1"), disk("a/1/d"), part("a/1/p")
	inline := referring(child(p, top, ""), "disk", sync.Ref(d))
	inline.Inline = true
	f := newFixed(unit(top, ""), child(d, top, ""), inline)
	result, err := f.run(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"create vm: a/1", "create disk: a/1/d"}, sent(f))
	assert.Equal(t, sync.Counts{Created: 1}, result.Children[kindPart])

	refusing := newFixed(unit(top, ""), child(d, top, ""), inline)
	refusing.refused = d
	result, err = refusing.run(t)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, sync.Counts{Skipped: 1}, result.Children[kindPart])
}

// TestInlineOfAnUpdate: a record that comes with the update of what it hangs on is not there if that does not land.
func TestInlineOfAnUpdate(t *testing.T) {
	t.Parallel()
	top, d, p := vm("a/1"), disk("a/1/d"), part("a/1/p")
	inline := referring(child(p, top, ""), "disk", sync.Ref(d))
	inline.Inline = true
	begin := func() *fixed {
		f := newFixed(unit(top, ""), referring(child(d, top, ""), "part", sync.String("p")), inline)
		return f.holding(remembering(unit(top, "1"), "d", "p"), child(d, top, "2"))
	}
	landing := begin()
	result, err := landing.run(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"update disk: a/1/d"}, sent(landing))
	assert.Equal(t, sync.Counts{Created: 1}, result.Children[kindPart])

	refusing := begin()
	refusing.refused = d
	result, err = refusing.run(t)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, sync.Counts{Skipped: 1}, result.Children[kindPart])

	cut := begin()
	cut.cut = 0
	result, err = cut.run(t)
	require.ErrorIs(t, err, sync.ErrUnavailable)
	assert.Zero(t, result.Children[kindPart].Created)
}

// TestInlineRecordsAreUpdated as others are: only their creation comes with another's write.
func TestInlineRecordsAreUpdated(t *testing.T) {
	t.Parallel()
	top, p := vm("a/1"), part("a/1/p")
	inline := referring(child(p, top, ""), "x", sync.Int(2))
	inline.Inline = true
	f := newFixed(unit(top, ""), inline).holding(remembering(unit(top, "1"), "p"), child(p, top, "2"))
	_, err := f.run(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"update part: a/1/p"}, sent(f))
}

// TestClearedReferences arrive as null among the fields, not as references to nothing.
func TestClearedReferences(t *testing.T) {
	t.Parallel()
	top, d := vm("a/1"), disk("a/1/d")
	f := newFixed(referring(unit(top, ""), "first", sync.Value{}), child(d, top, "")).
		holding(referring(remembering(unit(top, "1"), "d"), "first", sync.Ref(d)), child(d, top, "2"))
	_, err := f.run(t)
	require.NoError(t, err)
	require.Len(t, f.batches, 1)
	assert.Equal(t, map[string]sync.Value{"first": {}}, f.batches[0].Items[0].Fields)
	assert.Empty(t, f.batches[0].Items[0].Refs)
}

// TestApplyOfASinkThatFails: nothing is written, and the error says why.
func TestApplyOfASinkThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	plan, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	w.sink.FailReads(errBad)
	var recorder enginetest.Recorder
	result, err := w.engine.Apply(t.Context(), plan, &sync.RunOptions{Observe: recorder.Observe})
	require.ErrorIs(t, err, errBad)
	require.NoError(t, recorder.Check())
	assert.False(t, result.OK)
	assert.Zero(t, w.sink.Requests())
}

func TestCounts(t *testing.T) {
	t.Parallel()
	c := sync.Counts{Created: 1, Updated: 2, Deleted: 4, Kept: 8, Skipped: 16, Failed: 32}
	assert.Equal(t, 63, c.Total())
	assert.Equal(t, 7, c.Written())
}

// TestMemoryOfALateReference: the creation can tell what will stand in a field that may be written where nothing stands;
// another rule needs to know that nothing was there of ours.
func TestMemoryOfALateReference(t *testing.T) {
	t.Parallel()
	top, d := vm("a/1"), disk("a/1/d")
	for rule, want := range map[sync.Rule]bool{sync.IfEmptyOrOurs: false, sync.UntilEdited: true} {
		r := unit(top, "")
		r.Fields.Set("first", sync.Field{Value: sync.Ref(d), Rule: rule})
		f := newFixed(r, referring(child(d, top, ""), "vm", sync.Ref(top)))
		_, err := f.run(t)
		require.NoError(t, err)
		require.Len(t, f.batches, 3)
		late := f.batches[2].Items[0]
		assert.Contains(t, late.Refs, "first")
		_, again := late.Fields[sync.MemoryField]
		assert.Equal(t, want, again, "%s: the memory is written once more", rule)
		f.batches = nil
		_, err = f.run(t)
		require.NoError(t, err)
		assert.Empty(t, f.batches, "%s", rule)
	}
}
