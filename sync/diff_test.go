package sync_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// unit and child make records of the source a that say nothing but that they are there.
func unit(key sync.Key, id string) sync.Record {
	return sync.Record{Key: key, Unit: key, Label: key.Name, Source: "a", ID: id}
}

func child(key, of sync.Key, id string) sync.Record {
	r := unit(key, id)
	r.Unit = of
	return r
}

// remembering returns the unit with a memory that names the children.
func remembering(r sync.Record, children ...string) sync.Record {
	m := said{}
	for _, name := range children {
		m[name] = map[string][]sync.Value{}
	}
	r.Fields.Set(sync.MemoryField, memory(sync.NewMemory(m)))
	return r
}

// compare compares states and returns the plan's changes by key.
func compare(t testing.TB, desired, current *sync.State, scope sync.Scope) map[sync.Key]sync.Change {
	t.Helper()
	plan, err := sync.Diff(desired, current, scope, sync.Policy{})
	require.NoError(t, err)
	changes := map[sync.Key]sync.Change{}
	for _, c := range plan.Changes {
		require.NotContains(t, changes, c.Key)
		changes[c.Key] = c
	}
	return changes
}

func state(records ...sync.Record) *sync.State { return &sync.State{Records: records} }

// TestAbsence: what becomes of a disk of ours that the desired side does not know, by what holds it.
func TestAbsence(t *testing.T) {
	t.Parallel()
	top, d := vm("a/1"), disk("a/1/d")
	for _, tc := range []struct {
		name string
		hold *sync.Hold
		kept bool
	}{
		{"nothing holds it", nil, false},
		{"its source is held", &sync.Hold{Source: "a", Reason: "why"}, true},
		{"its unit is held", &sync.Hold{Unit: top, Reason: "why"}, true},
		{"its kind in its unit is held", &sync.Hold{Unit: top, Kind: kindDisk, Reason: "why"}, true},
		{"another source is held", &sync.Hold{Source: "b", Reason: "why"}, false},
		{"another unit is held", &sync.Hold{Unit: vm("a/2"), Reason: "why"}, false},
		{"another kind in its unit is held", &sync.Hold{Unit: top, Kind: kindPart, Reason: "why"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			desired := state(unit(top, ""))
			if tc.hold != nil {
				desired.Holds = []sync.Hold{*tc.hold}
			}
			changes := compare(t, desired, state(remembering(unit(top, "1"), "d"), child(d, top, "2")), sync.Scope{})
			if tc.kept {
				assert.NotContains(t, changes, d)
				assert.Equal(t, map[sync.Kind]int{kindDisk: 1}, changes[top].Kept)
				assert.Nil(t, fieldOf(changes[top], sync.MemoryField), "it is no longer remembered")
				return
			}
			assert.Equal(t, sync.Delete, changes[d].Op)
			assert.Equal(t, "2", changes[d].ID)
			assert.NotEmpty(t, changes[d].Reason)
			require.NotNil(t, fieldOf(changes[top], sync.MemoryField))
			assert.Equal(t, "{}", fieldOf(changes[top], sync.MemoryField).New.JSON())
		})
	}
}

// TestHoldsOnUnitsAreTold, once for each reason, and do not count as an object.
func TestHoldsOnUnitsAreTold(t *testing.T) {
	t.Parallel()
	desired := state(unit(vm("a/1"), ""))
	desired.Holds = []sync.Hold{
		{Unit: vm("a/1"), Reason: "its configuration cannot be read"},
		{Unit: vm("a/1"), Kind: kindPart, Reason: "its configuration cannot be read"},
	}
	plan, err := sync.Diff(desired, state(remembering(unit(vm("a/1"), "1"))), sync.Scope{}, sync.Policy{})
	require.NoError(t, err)
	require.Len(t, plan.Changes, 2)
	assert.Equal(t, sync.Skip, plan.Changes[1].Op)
	assert.Equal(t, "its configuration cannot be read", plan.Changes[1].Reason)
	assert.Equal(t, map[sync.Kind]sync.Counts{kindVM: {Kept: 1}}, plan.Counts())
	assert.True(t, plan.Empty())
}

// TestUnitsStay: a unit that the source no longer has is told and left.
func TestUnitsStay(t *testing.T) {
	t.Parallel()
	current := state(remembering(unit(vm("a/1"), "1"), "d"), child(disk("a/1/d"), vm("a/1"), "2"))
	changes := compare(t, state(), current, sync.Scope{})
	require.Len(t, changes, 1)
	assert.Equal(t, sync.Skip, changes[vm("a/1")].Op)
	assert.Contains(t, changes[vm("a/1")].Reason, "no longer in the source")

	held := &sync.State{Holds: []sync.Hold{{Source: "a", Reason: "the cluster has no quorum"}}}
	assert.Equal(t, "the cluster has no quorum", compare(t, held, current, sync.Scope{})[vm("a/1")].Reason)
}

// TestOthersStay: what is somebody else's is not written, whatever is desired in its place.
func TestOthersStay(t *testing.T) {
	t.Parallel()
	theirs := func(r sync.Record) sync.Record {
		r.Source, r.Label = "", "theirs"
		r.Fields.Set("x", sync.Field{Value: sync.Int(1)})
		return r
	}
	ours := func(r sync.Record) sync.Record {
		r.Fields.Set("x", sync.Field{Value: sync.Int(2)})
		return r
	}
	top := vm("a/1")
	t.Run("a unit", func(t *testing.T) {
		t.Parallel()
		changes := compare(t, state(ours(unit(top, "")), ours(child(disk("a/1/d"), top, ""))), state(theirs(unit(top, "1"))), sync.Scope{})
		require.Len(t, changes, 1)
		assert.Equal(t, sync.Skip, changes[top].Op)
		assert.Equal(t, "theirs is in its place and is not ours", changes[top].Reason)
	})
	t.Run("a child", func(t *testing.T) {
		t.Parallel()
		d := disk("a/1/d")
		changes := compare(t, state(unit(top, ""), ours(child(d, top, ""))),
			state(remembering(unit(top, "1")), theirs(child(d, top, "2"))), sync.Scope{})
		assert.Equal(t, sync.Skip, changes[d].Op)
		assert.Equal(t, sync.Keep, changes[top].Op, "what is not ours is not remembered")
	})
	t.Run("a child that nobody wants", func(t *testing.T) {
		t.Parallel()
		changes := compare(t, state(unit(top, "")),
			state(remembering(unit(top, "1")), theirs(child(disk("a/1/#2"), top, "2"))), sync.Scope{})
		assert.Len(t, changes, 1)
	})
	t.Run("a unit that nobody wants", func(t *testing.T) {
		t.Parallel()
		assert.Empty(t, compare(t, state(), state(theirs(unit(vm("#9"), "9"))), sync.Scope{}))
	})
}

// TestWhatOthersHangOnStays: a disk of ours goes, but not with somebody else's part on it.
func TestWhatOthersHangOnStays(t *testing.T) {
	t.Parallel()
	top, d := vm("a/1"), disk("a/1/d")
	theirs := child(part("#3"), top, "3")
	theirs.Source, theirs.Label = "", "their part"
	theirs.Fields.Set("disk", sync.Field{Value: sync.Ref(d)})
	changes := compare(t, state(unit(top, "")), state(remembering(unit(top, "1"), "d"), child(d, top, "2"), theirs), sync.Scope{})
	assert.Equal(t, sync.Skip, changes[d].Op)
	assert.Contains(t, changes[d].Reason, "their part hangs on it")
	assert.Equal(t, sync.Keep, changes[top].Op, "it is still remembered")
}

// TestWhatStaysHangsOnStays: a disk of ours goes, but not while a part on it stays, or a disk that cannot go for that.
func TestWhatStaysHangsOnStays(t *testing.T) {
	t.Parallel()
	top, d, e, p := vm("a/1"), disk("a/1/d"), disk("a/1/e"), part("a/1/p")
	on := func(r sync.Record, target sync.Key) sync.Record {
		r.Fields.Set("disk", sync.Field{Value: sync.Ref(target)})
		return r
	}
	skipped := child(p, top, "")
	skipped.Skip = "not now"
	hold := sync.Hold{Unit: top, Kind: kindPart, Reason: "its parts cannot be read"}
	only := sync.Scope{Kinds: []sync.Kind{kindVM, kindDisk}}
	for _, tc := range []struct {
		name    string
		desired *sync.State
		scope   sync.Scope
		says    string // empty: both disks go
	}{
		{"nothing is known of the part", &sync.State{Records: state(unit(top, "")).Records, Holds: []sync.Hold{hold}}, sync.Scope{}, "it is not known whether a/1/p still is, which hangs on it"},
		{"the part is skipped", state(unit(top, ""), skipped), sync.Scope{}, "a/1/p hangs on it and stays: not now"},
		{"the part is out of scope", state(unit(top, ""), child(p, top, "")), only, "a/1/p hangs on it and is not written by this run"},
		{"the part is written", state(unit(top, ""), child(p, top, "")), sync.Scope{}, ""},
		{"the part goes too", state(unit(top, "")), sync.Scope{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			current := state(remembering(unit(top, "1"), "d", "e", "p"), child(d, top, "2"), on(child(e, top, "3"), d), on(child(p, top, "4"), e))
			changes := compare(t, tc.desired, current, tc.scope)
			if tc.says == "" {
				assert.Equal(t, sync.Delete, changes[d].Op)
				assert.Equal(t, sync.Delete, changes[e].Op)
				return
			}
			assert.Equal(t, sync.Skip, changes[e].Op)
			assert.Equal(t, "no longer in the source, but "+tc.says, changes[e].Reason)
			assert.Equal(t, sync.Skip, changes[d].Op)
			assert.Equal(t, "no longer in the source, but a/1/e hangs on it and stays", changes[d].Reason)
			assert.Equal(t, sync.Keep, changes[top].Op, "all is still remembered")
		})
	}
}

// TestSkipped records are neither written nor removed nor forgotten, whatever they are.
func TestSkipped(t *testing.T) {
	t.Parallel()
	top, d := vm("a/1"), disk("a/1/d")
	skipped := func(r sync.Record) sync.Record {
		r.Skip = "not now"
		r.Fields.Set("x", sync.Field{Value: sync.Int(2)})
		return r
	}
	shared := sync.Record{Key: tag("t"), Label: "t"}
	was := shared
	was.ID = "9"
	current := state(was, remembering(unit(top, "1"), "d"), child(d, top, "2"))
	for name, desired := range map[string]*sync.State{
		"a shared object": state(skipped(shared), unit(top, ""), child(d, top, "")),
		"a unit":          state(shared, skipped(unit(top, ""))),
		"a child":         state(shared, unit(top, ""), skipped(child(d, top, ""))),
	} {
		plan, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		assert.True(t, plan.Empty(), name)
		assert.Equal(t, 1, plan.Counts()[kindTag].Skipped+plan.Counts()[kindVM].Skipped+plan.Counts()[kindDisk].Skipped, name)
	}
	assert.True(t, mustDiff(t, state(skipped(unit(top, "")), skipped(shared)), state()).Empty(), "what is not there is not made")
}

func mustDiff(t testing.TB, desired, current *sync.State) *sync.Plan {
	t.Helper()
	plan, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{})
	require.NoError(t, err)
	return plan
}

// TestReferencesToNothing are left out: the rest of the record is written.
func TestReferencesToNothing(t *testing.T) {
	t.Parallel()
	skipped := unit(vm("a/2"), "")
	skipped.Skip = "not now"
	top := unit(vm("a/1"), "")
	top.Fields = fields("there", sync.Ref(tag("t")), "skipped", sync.Ref(vm("a/2")), "nowhere", sync.Ref(tag("nowhere")), "x", sync.Int(1))
	changes := compare(t, state(sync.Record{Key: tag("t"), Label: "t"}, top, skipped), state(), sync.Scope{})
	var names []string
	for _, f := range changes[vm("a/1")].Fields {
		names = append(names, f.Name)
	}
	assert.Equal(t, []string{sync.MemoryField, "there", "x"}, names)
}

// TestDiffRefuses what no sink may hand over.
func TestDiffRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		desired, current *sync.State
		says             string
	}{
		"a key twice, desired": {state(unit(vm("a/1"), ""), unit(vm("a/1"), "")), state(), `two records have the key "vm a/1"`},
		"a key twice, current": {state(), state(unit(vm("a/1"), "1"), unit(vm("a/1"), "2")), `two records have the key "vm a/1"`},
		"a child's name":       {state(unit(vm("a/1"), ""), child(disk("d"), vm("a/1"), "")), state(), `the name of "disk d" does not begin`},
	} {
		_, err := sync.Diff(tc.desired, tc.current, sync.Scope{}, sync.Policy{})
		require.ErrorContains(t, err, tc.says, name)
	}
}

// TestOrder: shared objects first, then unit by unit, names as people order them.
func TestOrder(t *testing.T) {
	t.Parallel()
	plan := mustDiff(t, state(
		unit(vm("a/10"), ""), unit(vm("a/9"), ""), child(disk("a/9/scsi10"), vm("a/9"), ""), child(disk("a/9/scsi2"), vm("a/9"), ""),
		child(part("a/9/b"), vm("a/9"), ""), sync.Record{Key: tag("z")}, sync.Record{Key: tag("a")}, unit(vm("a/09"), ""),
	), state())
	var keys []string
	for _, c := range plan.Changes {
		keys = append(keys, c.Key.String())
	}
	assert.Equal(t, []string{
		"tag a", "tag z", "vm a/09", "vm a/9", "disk a/9/scsi2", "disk a/9/scsi10", "part a/9/b", "vm a/10",
	}, keys)
}

// TestDiffIsCheap: of an estate that is nearly as it should be, little more than the indexes and the plan is made.
func TestDiffIsCheap(t *testing.T) { // not parallel: it counts allocations
	const records = 1000
	desired, current := benchmarkStates(records)
	allocations := testing.AllocsPerRun(5, func() { mustDiff(t, desired, current) })
	assert.Less(t, allocations/records, 3.0, "allocations for each record")
	allocated := func(records int) uint64 {
		desired, current := benchmarkStates(records)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mustDiff(t, desired, current)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	assert.Less(t, allocated(8*records), 16*allocated(records), "bytes grow with the records, not with their square")
}
