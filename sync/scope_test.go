package sync_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestScopeTells(t *testing.T) {
	t.Parallel()
	all := sync.Scope{}
	guest := sync.Scope{Guests: []sync.GuestRef{{Source: "a", ID: 1}}}
	assert.True(t, all.HasSource("a"))
	assert.True(t, all.HasGuest("a", 1))
	assert.True(t, all.HasKind("vm"))
	assert.False(t, sync.Scope{Sources: []string{"b"}}.HasSource("a"))
	assert.False(t, sync.Scope{Sources: []string{"b"}}.HasGuest("a", 1))
	assert.True(t, guest.HasSource("a"))
	assert.False(t, guest.HasSource("b"), "no guest of it is in scope")
	assert.True(t, guest.HasGuest("a", 1))
	assert.False(t, guest.HasGuest("a", 2))
	assert.False(t, sync.Scope{Kinds: []sync.Kind{"vm"}}.HasKind("disk"))
}

func TestScopeCovers(t *testing.T) {
	t.Parallel()
	all, a, ab := sync.Scope{}, sync.Scope{Sources: []string{"a"}}, sync.Scope{Sources: []string{"b", "a"}}
	assert.True(t, all.Covers(all))
	assert.True(t, all.Covers(a))
	assert.False(t, a.Covers(all))
	assert.True(t, ab.Covers(a))
	assert.False(t, a.Covers(ab))
	assert.False(t, sync.Scope{Kinds: []sync.Kind{"vm"}}.Covers(a))
}

// TestScopeOfDiff: a narrow scope writes what it names and what that needs, and takes nothing for gone.
func TestScopeOfDiff(t *testing.T) {
	t.Parallel()
	with := func(r sync.Record, pairs ...any) sync.Record {
		for name, f := range fields(pairs...).All() {
			r.Fields.Set(name, f)
		}
		return r
	}
	guest := func(name string, id int) sync.Record {
		r := with(unit(vm(name), ""), "x", sync.Int(2))
		r.Guest = id
		return r
	}
	// vm a/2 needs vm a/1, which needs vm a/0.
	needs := state(
		sync.Record{Key: tag("t"), Label: "t"},
		guest("a/0", 100), with(guest("a/1", 1), "on", sync.Ref(vm("a/0"))), with(guest("a/2", 2), "on", sync.Ref(vm("a/1"))),
		guest("a/3", 3), child(disk("a/1/d"), vm("a/1"), ""), child(disk("a/2/d"), vm("a/2"), ""),
	)
	there := func(key sync.Key, guest int) sync.Record {
		r := with(unit(key, "id "+key.Name), "x", sync.Int(1))
		r.Guest = guest
		return r
	}
	for _, tc := range []struct {
		name    string
		desired *sync.State
		current *sync.State
		scope   sync.Scope
		want    []string // what is written or told
	}{
		{
			"everything", needs, state(),
			sync.Scope{},
			[]string{"create disk a/1/d", "create disk a/2/d", "create tag t", "create vm a/0", "create vm a/1", "create vm a/2", "create vm a/3"},
		},
		{
			"a guest with what it needs", needs, state(),
			sync.Scope{Guests: []sync.GuestRef{{Source: "a", ID: 2}}},
			[]string{"create disk a/1/d", "create disk a/2/d", "create tag t", "create vm a/0", "create vm a/1", "create vm a/2"},
		},
		{
			"a guest whose needs are there", needs, state(there(vm("a/1"), 1)),
			sync.Scope{Guests: []sync.GuestRef{{Source: "a", ID: 2}}},
			[]string{"create disk a/2/d", "create tag t", "create vm a/2"},
		},
		{
			"a guest is not gone when another is in scope", state(), state(there(vm("a/1"), 1), there(vm("a/2"), 2)),
			sync.Scope{Guests: []sync.GuestRef{{Source: "a", ID: 2}}},
			[]string{"skip vm a/2"},
		},
		{
			"another source", needs, state(there(vm("a/1"), 1)),
			sync.Scope{Sources: []string{"b"}},
			[]string{"create tag t"},
		},
		{
			"the kind of units", needs, state(),
			sync.Scope{Kinds: []sync.Kind{kindVM}},
			[]string{"create tag t", "create vm a/0", "create vm a/1", "create vm a/2", "create vm a/3"},
		},
		{
			"the kind of children, of which the units are not there", needs, state(),
			sync.Scope{Kinds: []sync.Kind{kindDisk}},
			[]string{"create tag t", "skip vm a/1", "skip vm a/2"},
		},
		{
			"the kind of children", needs, state(remembering(there(vm("a/1"), 1)), remembering(there(vm("a/2"), 2))),
			sync.Scope{Kinds: []sync.Kind{kindDisk}},
			[]string{"create disk a/1/d", "create disk a/2/d", "create tag t", "update vm a/1", "update vm a/2"}, // the memory
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for key, c := range compare(t, tc.desired, tc.current, tc.scope) {
				if c.Op != sync.Keep {
					got = append(got, string(c.Op)+" "+key.String())
				}
				if len(tc.scope.Kinds) == 1 && tc.scope.Kinds[0] == kindDisk && c.Op == sync.Update {
					assert.Len(t, c.Fields, 1, "of a unit that is out of scope, the memory only is written")
				}
			}
			slices.Sort(got)
			assert.Equal(t, tc.want, got)
		})
	}
}

// TestNeedsOfAnotherKind: a unit of a kind that is out of scope is written all the same where one in scope needs it, with
// its children that are in scope.
func TestNeedsOfAnotherKind(t *testing.T) {
	t.Parallel()
	host := sync.Key{Kind: "host", Name: "a/h"}
	top := unit(vm("a/1"), "")
	top.Fields.Set("host", sync.Field{Value: sync.Ref(host)})
	desired := state(top, unit(host, ""), child(disk("a/h/d"), host, ""), unit(sync.Key{Kind: "host", Name: "a/other"}, ""))
	for range 20 { // the order of maps must not matter
		changes := compare(t, desired, state(), sync.Scope{Kinds: []sync.Kind{kindVM, kindDisk}})
		assert.Len(t, changes, 3)
		assert.Equal(t, sync.Create, changes[host].Op)
		assert.Equal(t, sync.Create, changes[disk("a/h/d")].Op)
		assert.NotNil(t, fieldOf(changes[vm("a/1")], "host"))
	}
}

// TestNeededReferences: a narrow run does not create what hangs on something that it does not write, and says why.
func TestNeededReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, _, err := w.run(t, &sync.RunOptions{Scope: sync.Scope{Kinds: []sync.Kind{"guest", "host", "group"}}})
	assert.NoError(t, err)
	assert.Empty(t, w.labels("port"))
	_, result, err := w.run(t, &sync.RunOptions{Scope: sync.Scope{Kinds: []sync.Kind{"address"}}})
	assert.NoError(t, err)
	assert.Empty(t, w.labels("address"))
	assert.Equal(t, sync.Counts{Skipped: 6}, result.Children["address"])
	_, _, err = w.run(t, &sync.RunOptions{Scope: sync.Scope{Kinds: []sync.Kind{"port", "address"}}})
	assert.NoError(t, err)
	assert.Len(t, w.labels("address"), 6)
	w.lands(t)
	w.settled(t)

	undisturbed := newWorld(t, nil)
	undisturbed.lands(t)
	assert.Equal(t, undisturbed.sink.Text(), w.sink.Text(), "piece by piece comes to the same")
}

// TestNarrowRunsKeepTheMemory: a run in a narrow scope and one in a wide scope do not write against each other.
func TestNarrowRunsKeepTheMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	for _, kinds := range [][]sync.Kind{{"port"}, {"address"}, {"guest"}, {"host"}, {"group"}} {
		before := w.sink.Requests()
		_, _, err := w.run(t, &sync.RunOptions{Scope: sync.Scope{Kinds: kinds}})
		assert.NoError(t, err)
		assert.Equal(t, before, w.sink.Requests(), "%v", kinds)
	}
	f := newFixed(unit(vm("a/1"), ""), child(disk("a/1/d"), vm("a/1"), ""))
	_, err := f.run(t)
	assert.NoError(t, err)
	plan, err := sync.Diff(f.want, currentOf(t, f), sync.Scope{Kinds: []sync.Kind{kindDisk}}, sync.Policy{})
	assert.NoError(t, err)
	assert.True(t, plan.Empty())
}

func currentOf(t testing.TB, f *fixed) *sync.State {
	t.Helper()
	s, err := f.Current(t.Context(), sync.Scope{})
	assert.NoError(t, err)
	return s
}

// TestNarrowRunsKeepReferences: a run that writes no addresses takes back no reference to one.
func TestNarrowRunsKeepReferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.lands(t)
	w.edit(t, 101, func(g *inventory.Guest) {
		for i := range g.NICs {
			g.NICs[i].Addresses = nil
		}
	})
	before := w.sink.Requests()
	_, _, err := w.run(t, &sync.RunOptions{Scope: sync.Scope{Kinds: []sync.Kind{"guest"}}})
	assert.NoError(t, err)
	assert.Equal(t, before, w.sink.Requests())
	assert.NotEmpty(t, w.object(t, "guest", "vm101").Refs["primary"])
	w.lands(t)
	assert.Empty(t, w.object(t, "guest", "vm101").Refs["primary"])
	w.settled(t)
}
