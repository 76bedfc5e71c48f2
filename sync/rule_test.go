package sync_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// TestRules: what becomes of a field, by its rule, what stands in it, and what the memory says we wrote last.
func TestRules(t *testing.T) {
	t.Parallel()
	var (
		nothing = sync.Value{}
		ours    = sync.String("ours")   // what we wrote last
		edited  = sync.String("edited") // what a person wrote
		wanted  = sync.String("wanted")
	)
	unknown := []sync.Value(nil)
	for _, tc := range []struct {
		name    string
		rule    sync.Rule
		current sync.Value
		last    []sync.Value
		taken   []sync.Value // for ours where no memory tells
		writes  bool
	}{
		{"the zero rule writes over an edit", "", edited, unknown, nil, true},
		{"always: over an edit", sync.Always, edited, unknown, nil, true},
		{"always: over what was cleared", sync.Always, nothing, unknown, nil, true},
		{"create-only: not over ours", sync.CreateOnly, ours, []sync.Value{ours}, nil, false},
		{"create-only: not over nothing", sync.CreateOnly, nothing, unknown, nil, false},
		{"if-empty: over nothing", sync.IfEmpty, nothing, unknown, nil, true},
		{"if-empty: over an empty text", sync.IfEmpty, sync.String(""), unknown, nil, true},
		{"if-empty: over an empty list", sync.IfEmpty, sync.Strings(), unknown, nil, true},
		{"if-empty: not over zero", sync.IfEmpty, sync.Int(0), unknown, nil, false},
		{"if-empty: not over ours", sync.IfEmpty, ours, []sync.Value{ours}, nil, false},
		{"if-empty-or-ours: over nothing", sync.IfEmptyOrOurs, nothing, []sync.Value{ours}, nil, true},
		{"if-empty-or-ours: over ours", sync.IfEmptyOrOurs, ours, []sync.Value{ours}, nil, true},
		{"if-empty-or-ours: not over an edit", sync.IfEmptyOrOurs, edited, []sync.Value{ours}, nil, false},
		{"if-empty-or-ours: not over what nobody remembers", sync.IfEmptyOrOurs, ours, unknown, nil, false},
		{"if-empty-or-ours: over what is taken for ours", sync.IfEmptyOrOurs, ours, unknown, []sync.Value{ours}, true},
		{"until-edited: over ours", sync.UntilEdited, ours, []sync.Value{ours}, nil, true},
		{"until-edited: not over an edit", sync.UntilEdited, edited, []sync.Value{ours}, nil, false},
		{"until-edited: clearing is an edit", sync.UntilEdited, nothing, []sync.Value{ours}, nil, false},
		{"until-edited: over the nothing that we wrote", sync.UntilEdited, nothing, []sync.Value{nothing}, nil, true},
		{"until-edited: not over what nobody remembers", sync.UntilEdited, ours, unknown, nil, false},
		{"until-edited: over what is taken for ours", sync.UntilEdited, ours, unknown, []sync.Value{nothing, ours}, true},
		{"until-edited: the memory outweighs what is taken for ours", sync.UntilEdited, nothing, []sync.Value{ours}, []sync.Value{nothing}, false},
		{"until-edited: in doubt, over the one", sync.UntilEdited, ours, []sync.Value{edited, ours}, nil, true},
		{"until-edited: in doubt, over the other", sync.UntilEdited, edited, []sync.Value{edited, ours}, nil, true},
		{"never", sync.Never, ours, []sync.Value{ours}, nil, false},
		{"never: not over nothing", sync.Never, nothing, unknown, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			remembered := said{"": {}}
			if tc.last != nil {
				remembered[""]["f"] = tc.last
			}
			plan := diff(t, sync.Policy{},
				sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", Fields: sync.NewFields(map[string]sync.Field{
					"f": {Value: wanted, Rule: tc.rule, Ours: tc.taken},
				})},
				sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", ID: "1", Fields: sync.NewFields(map[string]sync.Field{
					"f": {Value: tc.current}, sync.MemoryField: memory(sync.NewMemory(remembered)),
				})})
			require.Len(t, plan.Changes, 1)
			written := fieldOf(plan.Changes[0], "f")
			if !tc.writes {
				assert.Nil(t, written)
				require.Len(t, plan.Changes[0].Left, 1)
				left := plan.Changes[0].Left[0]
				assert.Equal(t, sync.LeftField{Name: "f", Value: tc.current, Wanted: wanted, Reason: left.Reason}, left)
				assert.NotEmpty(t, left.Reason)
				return
			}
			require.NotNil(t, written)
			assert.Equal(t, tc.current, written.Old)
			assert.Equal(t, wanted, written.New)
			assert.Empty(t, plan.Changes[0].Left)
		})
	}
}

// TestCreatingWritesEveryField, but what is never ours to write.
func TestCreatingWritesEveryField(t *testing.T) {
	t.Parallel()
	var all sync.Fields
	for _, rule := range []sync.Rule{sync.Always, sync.CreateOnly, sync.IfEmpty, sync.IfEmptyOrOurs, sync.UntilEdited, sync.Never} {
		all.Set(string(rule), sync.Field{Value: sync.String("x"), Rule: rule})
	}
	plan := diff(t, sync.Policy{}, sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", Fields: all})
	var names []string
	for _, f := range plan.Changes[0].Fields {
		names = append(names, f.Name)
	}
	assert.Equal(t, []string{"always", "create-only", "if-empty", "if-empty-or-ours", "remembered", "until-edited"}, names)
	remembered := sync.ParseMemory(fieldOf(plan.Changes[0], sync.MemoryField).New)
	assert.Equal(t, sync.NewMemory(said{"": {"if-empty-or-ours": {sync.String("x")}, "until-edited": {sync.String("x")}}}), remembered)
}

// TestEditEndsOurSayUntilUndone: the memory keeps what we wrote, so that a person who takes an edit back gives the field
// back to us.
func TestEditEndsOurSayUntilUndone(t *testing.T) {
	t.Parallel()
	f := newFixed(sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", Fields: sync.NewFields(map[string]sync.Field{
		"f": {Value: sync.String("one"), Rule: sync.UntilEdited},
	})})
	turn := func(want, stands, becomes string) {
		t.Helper()
		if stands != "" {
			f.records[vm("a/1")].Fields.Set("f", sync.Field{Value: sync.String(stands)})
		}
		f.want.Records[0].Fields.Set("f", sync.Field{Value: sync.String(want), Rule: sync.UntilEdited})
		_, err := f.run(t)
		require.NoError(t, err)
		assert.Equal(t, becomes, f.records[vm("a/1")].Fields.Value("f").Text())
	}
	turn("one", "", "one")
	turn("two", "edited", "edited")
	turn("three", "edited", "edited")
	turn("three", "one", "three")
}

// TestPolicyReplacesRules, for a run or for an engine, and for the named fields only.
func TestPolicyReplacesRules(t *testing.T) {
	t.Parallel()
	policy := sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{kindVM: {"f": sync.Never, "g": sync.IfEmpty}}}
	desired := sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", Fields: fields("f", sync.Int(2), "g", sync.Int(2), "h", sync.Int(2))}
	current := sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", ID: "1", Fields: fields("f", sync.Int(1), "g", sync.Int(1), "h", sync.Int(1))}
	plan := diff(t, policy, desired, current)
	assert.Nil(t, fieldOf(plan.Changes[0], "f"))
	assert.Nil(t, fieldOf(plan.Changes[0], "g"))
	assert.NotNil(t, fieldOf(plan.Changes[0], "h"))

	w := newWorld(t, &sync.Options{Policy: sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{"guest": {"description": sync.Never}}}})
	w.lands(t)
	assert.Empty(t, w.field(t, "guest", "vm101", "description"))
	_, _, err := w.run(t, &sync.RunOptions{Policy: &sync.Policy{}})
	require.NoError(t, err)
	assert.Equal(t, "A sample.", w.field(t, "guest", "vm101", "description"), "a run's policy replaces the engine's")
}

func TestUnknownRuleIsRefused(t *testing.T) {
	t.Parallel()
	desired := &sync.State{Records: []sync.Record{{Key: vm("a/1"), Unit: vm("a/1"), Source: "a", Fields: sync.NewFields(map[string]sync.Field{"f": {Rule: "sometimes"}})}}}
	_, err := sync.Diff(desired, &sync.State{}, sync.Scope{}, sync.Policy{})
	require.ErrorContains(t, err, `field f of "vm a/1" has the unknown rule "sometimes"`)
	_, err = sync.Diff(&sync.State{Records: []sync.Record{{Key: vm("a/1"), Unit: vm("a/1"), Fields: fields("f", sync.Int(1))}}}, &sync.State{},
		sync.Scope{}, sync.Policy{Rules: map[sync.Kind]map[string]sync.Rule{kindVM: {"f": "seldom"}}})
	require.ErrorContains(t, err, "seldom")
}

// diff compares the first record with the rest.
func diff(t testing.TB, policy sync.Policy, desired sync.Record, current ...sync.Record) *sync.Plan {
	t.Helper()
	plan, err := sync.Diff(&sync.State{Records: []sync.Record{desired}}, &sync.State{Records: current}, sync.Scope{}, policy)
	require.NoError(t, err)
	return plan
}

func fieldOf(c sync.Change, name string) *sync.FieldChange {
	for i := range c.Fields {
		if c.Fields[i].Name == name {
			return &c.Fields[i]
		}
	}
	return nil
}

// TestReferencesToWhatGoes: what somebody else pointed to something that this run removes counts as empty, for so it will
// be; the next run has nothing left to do.
func TestReferencesToWhatGoes(t *testing.T) {
	t.Parallel()
	top, goes, stays := vm("a/1"), disk("a/1/goes"), disk("a/1/stays")
	for name, tc := range map[string]struct {
		rule   sync.Rule
		wanted sync.Value
		hold   *sync.Hold
		scope  sync.Scope
		writes bool
		is     string // the reason why it is left, empty if it is not
	}{
		"empty or ours":    {rule: sync.IfEmptyOrOurs, wanted: sync.Ref(stays), writes: true},
		"if empty":         {rule: sync.IfEmpty, wanted: sync.Ref(stays), writes: true},
		"until edited":     {rule: sync.UntilEdited, wanted: sync.Ref(stays), is: "edited by somebody else"},
		"only at creation": {rule: sync.CreateOnly, wanted: sync.Ref(stays), is: "written only at creation"},
		"nothing wanted":   {rule: sync.IfEmptyOrOurs},
		"what it points to is held": {
			rule: sync.IfEmptyOrOurs, wanted: sync.Ref(stays), hold: &sync.Hold{Unit: top, Kind: kindDisk, Reason: "why"},
			is: "set by somebody else",
		},
		"what it points to is out of scope": {
			rule: sync.IfEmptyOrOurs, wanted: sync.Ref(stays), scope: sync.Scope{Kinds: []sync.Kind{kindVM}}, is: "set by somebody else",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := unit(top, "")
			want.Fields.Set("first", sync.Field{Value: tc.wanted, Rule: tc.rule})
			was := remembering(unit(top, "1"), "goes", "stays")
			was.Fields.Set("first", sync.Field{Value: sync.Ref(goes)})
			desired := state(want, child(stays, top, ""))
			if tc.hold != nil {
				desired.Holds = []sync.Hold{*tc.hold}
			}
			change := compare(t, desired, state(was, child(goes, top, "2"), child(stays, top, "3")), tc.scope)[top]
			assert.Equal(t, tc.writes, fieldOf(change, "first") != nil)
			if tc.is == "" {
				assert.Empty(t, change.Left)
				return
			}
			require.Len(t, change.Left, 1)
			assert.Equal(t, tc.is, change.Left[0].Reason)
		})
	}
}
