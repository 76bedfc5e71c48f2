package sync_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// removed returns the record as one that is to be deleted.
func removed(r sync.Record) sync.Record {
	r.Remove = "gone for a week"
	return r
}

// TestRemovalOfUnits: what becomes of a unit that is to be deleted.
func TestRemovalOfUnits(t *testing.T) {
	t.Parallel()
	a, b, d := vm("a/1"), vm("a/2"), disk("a/1/d")
	ours := func() sync.Record { return remembering(unit(a, "1"), "d") }
	theirs := func(r sync.Record) sync.Record {
		r.Source = ""
		return r
	}
	on := func(r sync.Record, target sync.Key) sync.Record { return referring(r, "on", sync.Ref(target)) }
	skipping := func(r sync.Record) sync.Record {
		r.Skip = "not now"
		return r
	}
	for _, tc := range []struct {
		name    string
		desired *sync.State
		current *sync.State
		scope   sync.Scope
		want    []string // changes that are no keep, with the reason of a skip
	}{
		{"ours", state(removed(unit(a, ""))), state(ours(), child(d, a, "2")), sync.Scope{}, []string{"delete vm a/1"}},
		{"gone already", state(removed(unit(a, ""))), state(), sync.Scope{}, nil},
		{
			"with what hangs on it and is desired", state(removed(unit(a, "")), child(d, a, "")), state(ours()),
			sync.Scope{},
			[]string{"delete vm a/1"},
		},
		{
			"with what a person hung on it", state(removed(unit(a, ""))), state(ours(), theirs(child(d, a, "2"))),
			sync.Scope{},
			[]string{"delete vm a/1"},
		},
		{
			"not ours", state(removed(unit(a, ""))), state(theirs(ours())),
			sync.Scope{},
			[]string{"skip vm a/1: not removed, because it is not ours"},
		},
		{
			"somebody else's by id", state(removed(unit(a, "1"))), state(theirs(unit(vm("#1"), "1"))),
			sync.Scope{},
			[]string{"skip vm a/1: not removed, because it is not ours"},
		},
		{
			"taken over by another", state(removed(unit(a, "")), unit(b, "1")), state(ours()),
			sync.Scope{},
			[]string{"update vm a/2", "skip vm a/1: not removed, because a/2 takes it over"},
		},
		{
			"left alone", state(skipping(removed(unit(a, "")))), state(ours()),
			sync.Scope{},
			[]string{"skip vm a/1: not now"},
		},
		{
			"its source is held", holding(state(removed(unit(a, ""))), sync.Hold{Source: "a", Reason: "no quorum"}), state(ours()),
			sync.Scope{},
			[]string{"skip vm a/1: no quorum"},
		},
		{
			"it is held", holding(state(removed(unit(a, ""))), sync.Hold{Unit: a, Reason: "not read"}), state(ours()),
			sync.Scope{},
			[]string{"skip vm a/1: not read"},
		},
		{
			"some of it is held", holding(state(removed(unit(a, ""))), sync.Hold{Unit: a, Kind: kindDisk, Reason: "not read"}), state(ours()),
			sync.Scope{},
			[]string{"skip vm a/1: not read"},
		},
		{
			"another is held", holding(state(removed(unit(a, ""))), sync.Hold{Unit: b, Reason: "not read"}), state(ours()),
			sync.Scope{},
			[]string{"delete vm a/1"},
		},
		{
			"another source's", state(removed(unit(a, ""))), state(ours()),
			sync.Scope{Sources: []string{"b"}},
			nil,
		},
		{
			"another guest's", state(removed(unit(a, ""))), state(ours()),
			sync.Scope{Guests: []sync.GuestRef{{Source: "a", ID: 7}}},
			nil,
		},
		{
			"its kind is out of scope", state(removed(unit(a, ""))), state(ours(), child(d, a, "2")),
			sync.Scope{Kinds: []sync.Kind{kindDisk}},
			[]string{"skip vm a/1: not removed, because this run does not write objects of its kind"},
		},
		{
			"another of ours refers to it", state(removed(unit(a, "")), unit(b, "")), state(ours(), on(remembering(unit(b, "3")), a)),
			sync.Scope{},
			[]string{"skip vm a/1: not removed, because vm a/2 refers to it"},
		},
		{
			"one that the source does not know any more refers to it", state(removed(unit(a, ""))), state(ours(), on(unit(b, "3"), a)),
			sync.Scope{},
			[]string{"skip vm a/1: not removed, because vm a/2 refers to it", "skip vm a/2: no longer in the source: left as it is"},
		},
		{
			"another refers to what hangs on it", state(removed(unit(a, "")), unit(b, "")),
			state(ours(), child(d, a, "2"), on(remembering(unit(b, "3")), d)),
			sync.Scope{},
			[]string{"skip vm a/1: not removed, because vm a/2 refers to it"},
		},
		{
			"another will refer to it", state(removed(unit(a, "")), on(unit(b, ""), a)), state(ours()),
			sync.Scope{},
			[]string{"create vm a/2", "skip vm a/1: not removed, because vm a/2 refers to it"},
		},
		{
			"another refers to it no longer", state(removed(unit(a, "")), referring(unit(b, ""), "on", sync.Value{})),
			state(ours(), on(remembering(unit(b, "3")), a)),
			sync.Scope{},
			[]string{"delete vm a/1", "update vm a/2"},
		},
		{
			"what refers to it is deleted", state(removed(unit(a, "")), unit(b, "")),
			state(ours(), remembering(unit(b, "3"), "d"), on(child(disk("a/2/d"), b, "4"), a)),
			sync.Scope{},
			[]string{"delete disk a/2/d", "delete vm a/1", "update vm a/2"},
		},
		{
			"what refers to it is removed", state(removed(unit(a, "")), removed(unit(b, ""))), state(ours(), on(unit(b, "3"), a)),
			sync.Scope{},
			[]string{"delete vm a/1", "delete vm a/2"},
		},
		{
			"what refers to it is not removed after all", state(removed(unit(a, "")), removed(unit(b, "")), unit(vm("a/3"), "")),
			state(ours(), on(unit(b, "3"), a), on(remembering(unit(vm("a/3"), "5")), b)),
			sync.Scope{},
			[]string{"skip vm a/1: not removed, because vm a/2 refers to it", "skip vm a/2: not removed, because vm a/3 refers to it"},
		},
		{
			"it refers to itself", state(removed(unit(a, ""))), state(on(ours(), d), on(child(d, a, "2"), a)),
			sync.Scope{},
			[]string{"delete vm a/1"},
		},
		{
			"gone, and another wants to refer to it", state(removed(unit(a, "")), on(unit(b, ""), a)), state(),
			sync.Scope{},
			[]string{"create vm a/2"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for key, c := range compare(t, tc.desired, tc.current, tc.scope) {
				line := string(c.Op) + " " + key.String()
				switch c.Op {
				case sync.Keep:
					continue
				case sync.Skip:
					line += ": " + c.Reason
				case sync.Delete:
					if key == c.Unit {
						assert.Equal(t, "gone for a week", c.Reason)
						assert.NotEmpty(t, c.ID)
					}
				}
				got = append(got, line)
			}
			assert.ElementsMatch(t, tc.want, got)
		})
	}
}

func holding(s *sync.State, holds ...sync.Hold) *sync.State {
	s.Holds = holds
	return s
}

// TestRemovalOfNoUnit is refused: a sink that asks for it is broken.
func TestRemovalOfNoUnit(t *testing.T) {
	t.Parallel()
	for _, r := range []sync.Record{child(disk("a/1/d"), vm("a/1"), ""), {Key: tag("t"), Label: "t"}} {
		_, err := sync.Diff(state(removed(r)), state(), sync.Scope{}, sync.Policy{})
		require.ErrorContains(t, err, "is not at the top of a unit")
	}
}

// TestRemovalTells what it was decided by, and prints why.
func TestRemovalTells(t *testing.T) {
	t.Parallel()
	a := vm("a/1")
	want := removed(referring(unit(a, ""), "status", sync.String("offline")))
	want.Guest = 101
	plan, err := sync.Diff(state(want), state(referring(unit(a, "1"), "status", sync.String("offline"), "x", sync.Int(1))), sync.Scope{}, sync.Policy{})
	require.NoError(t, err)
	assert.Equal(t, []sync.FieldChange{{Name: "status", Old: sync.String("offline")}}, plan.Changes[0].Fields)
	assert.Equal(t, map[sync.Kind]sync.Counts{kindVM: {Deleted: 1}}, plan.Counts())
	assert.Equal(t, "- vm a/1 (a 101): gone for a week\nPlan: 0 to create, 0 to update, 1 to delete.\n", text(t, plan))
}

// TestRemovalComesLast: after all writes, those that others refer to at the very end; but what another takes is free
// before that is written.
func TestRemovalComesLast(t *testing.T) {
	t.Parallel()
	a, b, c := vm("a/1"), vm("a/2"), vm("a/3")
	claiming := func(r sync.Record, on string) sync.Record {
		r.Claims = append(r.Claims, sync.Claim{On: on})
		return r
	}
	for _, tc := range []struct {
		name    string
		desired []sync.Record
		current []sync.Record
		want    []string
	}{
		{
			"after writes of other units",
			[]sync.Record{removed(unit(a, "")), unit(b, ""), child(disk("a/2/d"), b, "")},
			[]sync.Record{unit(a, "1"), child(disk("a/1/d"), a, "2")},
			[]string{"create vm: a/2", "create disk: a/2/d", "delete vm: a/1"},
		},
		{
			"its name is taken",
			[]sync.Record{removed(unit(a, "")), claiming(unit(b, ""), "name")},
			[]sync.Record{claiming(unit(a, "1"), "name")},
			[]string{"delete vm: a/1", "create vm: a/2"},
		},
		{
			"what hangs on it is taken",
			[]sync.Record{removed(unit(a, "")), claiming(unit(b, ""), "name")},
			[]sync.Record{unit(a, "1"), claiming(child(disk("a/1/d"), a, "2"), "name")},
			[]string{"delete vm: a/1", "create vm: a/2"},
		},
		{
			"its name is taken, and another refers to it",
			[]sync.Record{removed(unit(a, "")), claiming(unit(b, ""), "name"), referring(unit(c, ""), "on", sync.Value{})},
			[]sync.Record{claiming(unit(a, "1"), "name"), referring(remembering(unit(c, "3")), "on", sync.Ref(a))},
			[]string{"create vm: a/2", "update vm: a/3", "delete vm: a/1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFixed(tc.desired...).holding(tc.current...)
			result, err := f.run(t)
			require.NoError(t, err)
			assert.Equal(t, tc.want, sent(f))
			assert.Equal(t, 1, result.Objects[kindVM].Deleted)
			f.batches = nil
			_, err = f.run(t)
			require.NoError(t, err)
			assert.Empty(t, f.batches)
		})
	}
}

// TestRemovalWaits until another unit has taken over what hangs on the removed one, though its name is taken too.
func TestRemovalWaits(t *testing.T) {
	t.Parallel()
	a, b := vm("a/1"), vm("a/2")
	name := []sync.Claim{{On: "name"}}
	taking, named := unit(b, ""), unit(a, "1")
	taking.Claims, named.Claims = name, name
	for _, tc := range []struct {
		name  string
		id    string // that a disk of the other unit takes over
		early bool
	}{{"nothing is taken over", "", true}, {"a disk is taken over", "2", false}} {
		d := referring(child(disk("a/2/d"), b, tc.id), "vm", sync.Ref(b))
		changes := compare(t, state(removed(unit(a, "")), taking, d), state(named, child(disk("a/1/d"), a, "2")), sync.Scope{})
		assert.Equal(t, sync.Delete, changes[a].Op, tc.name)
		assert.Equal(t, tc.early, changes[a].Early, tc.name)
	}
}

// TestRemovalFails alone; and a unit is not deleted while something refers to it whose write failed.
func TestRemovalFails(t *testing.T) {
	t.Parallel()
	a, b, c := vm("a/1"), vm("a/2"), vm("a/3")
	desired := []sync.Record{removed(unit(a, "")), removed(unit(b, "")), referring(unit(c, ""), "on", sync.Value{})}
	begin := func() *fixed {
		return newFixed(desired...).holding(unit(a, "1"), unit(b, "2"), referring(remembering(unit(c, "3")), "on", sync.Ref(a)))
	}

	alone := begin()
	alone.refused = b
	result, err := alone.run(t)
	require.ErrorIs(t, err, errBad)
	assert.Equal(t, sync.Counts{Deleted: 1, Updated: 1, Failed: 1}, result.Objects[kindVM])

	referred := begin()
	referred.refused = c
	result, err = referred.run(t)
	require.ErrorContains(t, err, "not removed, because vm a/3 refers to it")
	assert.Equal(t, sync.Counts{Deleted: 1, Failed: 2}, result.Objects[kindVM])
	assert.Contains(t, referred.records, a)

	cut := begin()
	cut.cut = 1
	result, err = cut.run(t)
	require.ErrorIs(t, err, sync.ErrUnavailable)
	assert.Equal(t, sync.Counts{Updated: 1, Failed: 2}, result.Objects[kindVM])
}

// removing is a sink in memory that wants units removed, by label.
type removing struct {
	*enginetest.Sink
	labels map[string]bool
}

func (r *removing) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	state, err := r.Sink.Desired(inventories, current)
	for i := range state.Records {
		if record := &state.Records[i]; r.labels[record.Label] && record.Key == record.Unit {
			record.Remove, record.Fields = "gone for a week", fields("status", record.Fields.Value("status"))
		}
	}
	return state, err
}

// emptying returns a world whose second node and the guests on it are to be removed.
func emptying(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, nil)
	w.lands(t)
	w.engine = newRemoving(t, w, "pve02", "vm102", "vm104")
	return w
}

func newRemoving(t testing.TB, w *world, labels ...string) *sync.Engine {
	t.Helper()
	sink := &removing{w.sink, map[string]bool{}}
	for _, label := range labels {
		sink.labels[label] = true
	}
	return newEngine(t, sink, nil, w.source)
}

// TestRemovalRuns through the engine: the guests go before the node, with what hangs on them, and each is told.
func TestRemovalRuns(t *testing.T) {
	t.Parallel()
	w := emptying(t)
	recorder, result, err := w.run(t, nil)
	require.NoError(t, err)
	assert.Equal(t, sync.Counts{Kept: 1, Deleted: 1}, result.Objects["host"])
	assert.Equal(t, sync.Counts{Kept: 2, Deleted: 2}, result.Objects["guest"])
	assert.Equal(t, []string{"pve01"}, w.labels("host"))
	assert.Equal(t, []string{"vm101", "vm103"}, w.labels("guest"))
	assert.Len(t, w.labels("port"), 2)
	var told []string
	for _, s := range recorder.Steps() {
		if s.Op == sync.Delete {
			told = append(told, s.Name)
			assert.Empty(t, s.Changes)
			assert.Equal(t, sync.String(s.Name), s.Object["name"], "as it stood last")
		}
	}
	assert.Equal(t, []string{"vm102", "vm104", "pve02"}, told)
	w.settled(t)
}

// TestRemovalOfASavedPlan: what was revived since is left alone, what is gone is no error.
func TestRemovalOfASavedPlan(t *testing.T) {
	t.Parallel()
	status := map[string]sync.Value{"status": sync.String("revived")}
	for _, tc := range []struct {
		name   string
		since  func(t testing.TB, w *world)
		guests sync.Counts
		hosts  sync.Counts
		fails  string
	}{
		{"nothing happened", func(testing.TB, *world) {}, sync.Counts{Kept: 2, Deleted: 2}, sync.Counts{Kept: 1, Deleted: 1}, ""},
		{
			"a guest was revived", func(t testing.TB, w *world) {
				require.NoError(t, w.sink.Edit(w.object(t, "guest", "vm102").ID, status, nil))
			},
			sync.Counts{Kept: 2, Deleted: 1, Failed: 1},
			sync.Counts{Kept: 1, Failed: 1},
			"not removed, because guest vm102 refers to it",
		},
		{
			"another field was edited", func(t testing.TB, w *world) {
				require.NoError(t, w.sink.Edit(w.object(t, "guest", "vm102").ID, map[string]sync.Value{"memory": sync.Int(1)}, nil))
			},
			sync.Counts{Kept: 2, Deleted: 2},
			sync.Counts{Kept: 1, Deleted: 1},
			"",
		},
		{
			"a guest is gone", func(t testing.TB, w *world) { require.NoError(t, w.sink.Remove(w.object(t, "guest", "vm102").ID)) },
			sync.Counts{Kept: 2, Deleted: 1, Skipped: 1},
			sync.Counts{Kept: 1, Deleted: 1},
			"",
		},
		{
			"a guest has another VMID", func(t testing.TB, w *world) {
				require.NoError(t, w.sink.Edit(w.object(t, "guest", "vm102").ID, map[string]sync.Value{"vmid": sync.Int(900)}, nil))
			},
			sync.Counts{Kept: 2, Deleted: 1, Failed: 1},
			sync.Counts{Kept: 1, Failed: 1},
			sync.ErrStale.Error(),
		},
		{
			"a guest came to the node", func(t testing.TB, w *world) {
				require.NoError(t, w.sink.Edit(w.object(t, "guest", "vm101").ID, nil, map[string]string{"host": w.object(t, "host", "pve02").ID}))
			},
			sync.Counts{Kept: 2, Deleted: 2},
			sync.Counts{Kept: 1, Failed: 1},
			"not removed, because guest vm101 refers to it",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := emptying(t)
			plan, err := w.engine.Plan(t.Context(), nil)
			require.NoError(t, err)
			raw, err := json.Marshal(plan)
			require.NoError(t, err)
			var saved sync.Plan
			require.NoError(t, json.Unmarshal(raw, &saved))
			tc.since(t, w)
			var recorder enginetest.Recorder
			result, err := w.engine.Apply(t.Context(), &saved, &sync.RunOptions{Observe: recorder.Observe})
			require.NoError(t, recorder.Check())
			require.NoError(t, w.sink.Check())
			if tc.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.fails)
			}
			assert.Equal(t, tc.guests, result.Objects["guest"])
			assert.Equal(t, tc.hosts, result.Objects["host"])
		})
	}
}
