package sync_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// explained returns the explanations as text.
func explained(t testing.TB, plan *sync.Plan, query string) string {
	t.Helper()
	all, err := plan.Explain(sync.Named(query))
	require.NoError(t, err)
	var b strings.Builder
	for _, x := range all {
		require.NoError(t, x.WriteText(&b))
	}
	return b.String()
}

func TestExplainText(t *testing.T) {
	t.Parallel()
	w := changedWorld(t)
	plan, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	var all strings.Builder
	for _, query := range []string{"101", "vm102", "VM103", "edited", "new", "pve01"} {
		all.WriteString(explained(t, plan, query) + "\n")
	}
	w.engine = newRemoving(t, w, "vm103")
	plan, err = w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	golden(t, "explained.txt", all.String()+explained(t, plan, "103"))
}

func TestNamed(t *testing.T) {
	t.Parallel()
	guest := sync.Record{Key: vm("lab/101"), Label: "Web01", Guest: 101}
	node := sync.Record{Key: vm("lab/pve01"), Label: "pve01 (2)"}
	for query, want := range map[string][2]bool{
		"101": {true, false}, "web01": {true, false}, "WEB01": {true, false}, "web": {}, "lab/101": {}, "": {},
		"pve01": {false, true}, "PVE01 (2)": {false, true}, "0": {},
	} {
		match := sync.Named(query)
		assert.Equal(t, want, [2]bool{match(guest), match(node)}, query)
	}
}

// TestExplainOutcomes: what becomes of the field x of a unit.
func TestExplainOutcomes(t *testing.T) {
	t.Parallel()
	a, d := vm("a/1"), disk("a/1/d")
	with := func(r sync.Record, f sync.Field) sync.Record {
		r.Fields.Set("x", f)
		return r
	}
	wanted := func(v sync.Value, rule sync.Rule) sync.Field {
		return sync.Field{Value: v, Rule: rule, From: "the test"}
	}
	one, two := sync.Int(1), sync.Int(2)
	there := with(remembering(unit(a, "1")), sync.Field{Value: one})
	skipping := with(unit(a, ""), wanted(two, ""))
	skipping.Skip = "not now"
	for _, tc := range []struct {
		name    string
		desired *sync.State
		current *sync.State
		scope   sync.Scope
		policy  sync.Rule
		want    sync.ExplainedField
	}{
		{
			"written", state(with(unit(a, ""), wanted(two, ""))), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{Current: one, Wanted: two, From: "the test", Rule: sync.Always, Outcome: sync.FieldWritten},
		},
		{
			"created", state(with(unit(a, ""), wanted(two, sync.IfEmpty))), state(),
			sync.Scope{},
			"",
			sync.ExplainedField{Wanted: two, From: "the test", Rule: sync.IfEmpty, Outcome: sync.FieldWritten},
		},
		{
			"as it should be", state(with(unit(a, ""), wanted(one, ""))), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{Current: one, Wanted: one, From: "the test", Rule: sync.Always, Outcome: sync.FieldKept},
		},
		{
			"by the rule", state(with(unit(a, ""), wanted(two, sync.CreateOnly))), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{
				Current: one, Wanted: two, From: "the test", Rule: sync.CreateOnly, Outcome: sync.FieldLeft, Reason: "written only at creation",
			},
		},
		{
			"by the policy", state(with(unit(a, ""), wanted(two, ""))), state(there),
			sync.Scope{},
			sync.Never,
			sync.ExplainedField{Current: one, Wanted: two, From: "the test", Rule: sync.Never, Outcome: sync.FieldLeft, Reason: "not ours to write"},
		},
		{
			"never, not even at the creation", state(with(unit(a, ""), wanted(two, sync.Never))), state(),
			sync.Scope{},
			"",
			sync.ExplainedField{Wanted: two, From: "the test", Rule: sync.Never, Outcome: sync.FieldLeft, Reason: "not ours to write"},
		},
		{
			"refers to what is not there", state(with(unit(a, ""), wanted(sync.Ref(tag("t")), ""))), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{
				Current: one, Wanted: sync.String("t"), From: "the test", Rule: sync.Always, Outcome: sync.FieldLeft,
				Reason: "this run does not write what it refers to",
			},
		},
		{
			"the unit is left alone", state(skipping), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{Current: one, Wanted: two, From: "the test", Rule: sync.Always, Outcome: sync.FieldLeft, Reason: "not now"},
		},
		{
			"its kind is out of scope", state(with(unit(a, ""), wanted(two, "")), child(d, a, "")), state(there),
			sync.Scope{Kinds: []sync.Kind{kindDisk}},
			"",
			sync.ExplainedField{
				Current: one, Wanted: two, From: "the test", Rule: sync.Always, Outcome: sync.FieldLeft,
				Reason: "this run does not write objects of its kind",
			},
		},
		{
			"not spoken of", state(unit(a, "")), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{Current: one, Outcome: sync.FieldUnspoken},
		},
		{
			"deleted", state(removed(unit(a, ""))), state(there),
			sync.Scope{},
			"",
			sync.ExplainedField{Current: one, Outcome: sync.FieldDeleted},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var policy sync.Policy
			if tc.policy != "" {
				policy.Rules = map[sync.Kind]map[string]sync.Rule{kindVM: {"x": tc.policy}}
			}
			plan, err := sync.Diff(tc.desired, tc.current, tc.scope, policy)
			require.NoError(t, err)
			all, err := plan.Explain(sync.Named("a/1"))
			require.NoError(t, err)
			require.Len(t, all, 1)
			tc.want.Name = "x"
			assert.Equal(t, []sync.ExplainedField{tc.want}, all[0].Fields)
		})
	}
}

// TestExplainChildren: all that hangs on a unit is told, once, whosever it is.
func TestExplainChildren(t *testing.T) {
	t.Parallel()
	a := vm("a/1")
	theirs := child(disk("a/1/#9"), a, "9")
	theirs.Source = ""
	desired := state(unit(a, ""), child(disk("a/1/d2"), a, ""), child(disk("a/1/d10"), a, ""))
	current := state(
		remembering(unit(a, "1"), "d2", "d3"), child(disk("a/1/d2"), a, "2"), child(disk("a/1/d3"), a, "3"), theirs,
	)
	ops := func(desired, current *sync.State) (told []string) {
		plan, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		all, err := plan.Explain(sync.Named("a/1"))
		require.NoError(t, err)
		require.Len(t, all, 1)
		for _, x := range all[0].Children {
			told = append(told, strings.TrimSuffix(string(x.Op)+" "+x.Key.Name+": "+x.Reason, ": "))
		}
		return told
	}
	assert.Equal(t, []string{
		"skip a/1/#9: not ours", "keep a/1/d2", "delete a/1/d3: no longer in the source", "create a/1/d10",
	}, ops(desired, current))

	assert.Equal(t, []string{"delete a/1/#9", "delete a/1/d2", "delete a/1/d3"}, ops(state(removed(unit(a, ""))), current))

	unmarked := func(r sync.Record) sync.Record {
		r.Source = ""
		return r
	}
	found := state(unmarked(unit(vm("#1"), "1")), unmarked(child(disk("#1/#2"), vm("#1"), "2")), unmarked(child(disk("#1/#3"), vm("#1"), "3")))
	assert.Equal(t, []string{"skip #1/#3: not ours", "update a/1/d"}, ops(state(unit(a, "1"), referring(child(disk("a/1/d"), a, "2"), "x", sync.Int(1))), found))
}

// TestExplainOfASavedPlan is an error that says what to do; the explanation itself can be saved.
func TestExplainOfASavedPlan(t *testing.T) {
	t.Parallel()
	plan, err := newWorld(t, nil).engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	raw, err := json.Marshal(plan)
	require.NoError(t, err)
	var saved sync.Plan
	require.NoError(t, json.Unmarshal(raw, &saved))
	_, err = saved.Explain(sync.Named("vm101"))
	require.ErrorContains(t, err, "make a new one")

	all, err := plan.Explain(sync.Named("vm101"))
	require.NoError(t, err)
	raw, err = json.Marshal(all)
	require.NoError(t, err)
	var again []sync.Explanation
	require.NoError(t, json.Unmarshal(raw, &again))
	assert.Equal(t, all, again)

	none, err := plan.Explain(sync.Named("nobody"))
	require.NoError(t, err)
	assert.Empty(t, none)
}
