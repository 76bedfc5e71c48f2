package sync_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// FuzzDiff holds the comparison of two random states to its promises.
func FuzzDiff(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		desired, current := randomDesired(r), randomCurrent(r)
		plan, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		raw := encoded(t, plan)

		again, err := sync.Diff(shuffled(r, desired), shuffled(r, current), sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		require.Equal(t, raw, encoded(t, again), "the same records in any order give the same plan, byte for byte")

		var saved sync.Plan
		require.NoError(t, json.Unmarshal([]byte(raw), &saved))
		require.Equal(t, raw, encoded(t, &saved), "a plan survives its encoding")

		onlyOurs(t, plan, desired, current)
		applied := apply(plan, desired, current)
		agrees(t, plan, desired, applied)
		settled, err := sync.Diff(desired, applied, sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		require.True(t, settled.Empty(), "after a plan was applied there is nothing to do:\n%s", text(t, settled))
	})
}

// TestDiffOfWhatIs: what is as it should be is kept.
func TestDiffOfWhatIs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		desired := randomDesired(rand.New(rand.NewPCG(seed, 2)))
		first, err := sync.Diff(desired, &sync.State{}, sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		current := apply(first, desired, &sync.State{})
		plan, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{})
		require.NoError(t, err)
		for _, c := range plan.Changes {
			require.Contains(t, []sync.Op{sync.Keep, sync.Skip}, c.Op, c.Key)
		}
		require.True(t, plan.Empty())
	}
}

func encoded(t testing.TB, plan *sync.Plan) string {
	t.Helper()
	raw, err := json.Marshal(plan)
	require.NoError(t, err)
	return string(raw)
}

func shuffled(r *rand.Rand, s *sync.State) *sync.State {
	c := &sync.State{Records: slices.Clone(s.Records), Holds: s.Holds}
	r.Shuffle(len(c.Records), func(i, j int) { c.Records[i], c.Records[j] = c.Records[j], c.Records[i] })
	return c
}

// onlyOurs requires that what is written is ours or taken over, and that units go only where that is desired.
func onlyOurs(t testing.TB, plan *sync.Plan, desired, current *sync.State) {
	t.Helper()
	remove := map[sync.Key]bool{}
	for _, r := range desired.Records {
		remove[r.Key] = r.Remove != ""
	}
	for _, c := range plan.Changes {
		for _, r := range current.Records {
			if r.Key.Kind != c.Key.Kind || r.ID != c.ID || r.Unit.IsZero() || r.Source != "" {
				continue
			}
			require.NotEqual(t, sync.Delete, c.Op, r.Key)
			require.True(t, c.Adopted || c.Op != sync.Update, "%s is not ours and is written", r.Key)
		}
		require.False(t, c.Op == sync.Delete && c.Key == c.Unit && !remove[c.Key], "%s goes and should not", c.Key)
		require.False(t, c.Op != sync.Skip && c.Op != sync.Delete && remove[c.Key], "%s should go", c.Key)
	}
}

// agrees requires that each field that is written over whenever it differs is as desired.
func agrees(t testing.TB, plan *sync.Plan, desired, applied *sync.State) {
	t.Helper()
	skipped := map[sync.Key]bool{}
	for _, c := range plan.Changes {
		if c.Op == sync.Skip {
			skipped[c.Key], skipped[c.Unit] = true, skipped[c.Unit] || c.Key == c.Unit
		}
	}
	for _, r := range desired.Records {
		skipped[r.Key] = skipped[r.Key] || r.Remove != ""
	}
	byKey := map[sync.Key]sync.Record{}
	for _, r := range applied.Records {
		byKey[r.Key] = r
	}
	for _, r := range desired.Records {
		if r.Skip != "" || skipped[r.Key] || skipped[r.Unit] {
			continue
		}
		require.Contains(t, byKey, r.Key)
		for name, f := range r.Fields.All() {
			if !f.Value.IsRef() && (f.Rule == "" || f.Rule == sync.Always) {
				require.Equal(t, f.Value, byKey[r.Key].Fields.Value(name), "%s of %s", name, r.Key)
			}
		}
	}
}

// apply returns what a sink holds after the plan: the current records with the changes.
func apply(plan *sync.Plan, desired, current *sync.State) *sync.State {
	type id struct {
		kind sync.Kind
		id   string
	}
	byID := map[id]*sync.Record{}
	for _, r := range current.Records {
		r.Fields = r.Fields.Clone()
		byID[id{r.Key.Kind, r.ID}] = &r
	}
	source := map[sync.Key]string{}
	for _, r := range desired.Records {
		source[r.Key] = r.Source
	}
	renamed := map[sync.Key]sync.Key{}
	for i, c := range plan.Changes {
		at := id{c.Key.Kind, c.ID}
		switch c.Op {
		case sync.Delete:
			gone := byID[at].Key
			maps.DeleteFunc(byID, func(_ id, r *sync.Record) bool { return r.Key == gone || r.Unit == gone })
			continue
		case sync.Create:
			at.id = fmt.Sprint("new", i)
			byID[at] = &sync.Record{ID: at.id, Claims: c.Claims, Label: c.Label, Guest: c.Guest}
		case sync.Skip:
			continue
		}
		r := byID[at]
		if r.Key != c.Key && !r.Key.IsZero() {
			renamed[r.Key] = c.Key
		}
		r.Key, r.Unit, r.Source = c.Key, c.Unit, source[c.Key]
		for _, f := range c.Fields {
			r.Fields.Set(f.Name, sync.Field{Value: f.New})
		}
	}
	out := &sync.State{}
	for _, r := range byID {
		if to, ok := renamed[r.Unit]; ok {
			r.Unit = to
		}
		for name, f := range r.Fields.All() {
			keys := f.Value.Keys()
			for i := range keys {
				if to, ok := renamed[keys[i]]; ok {
					keys[i] = to
				}
			}
			if f.Value.IsRef() {
				r.Fields.Set(name, sync.Field{Value: sync.Refs(keys...)})
			}
		}
		out.Records = append(out.Records, *r)
	}
	return out
}

var rules = []sync.Rule{"", sync.Always, sync.CreateOnly, sync.IfEmpty, sync.IfEmptyOrOurs, sync.UntilEdited, sync.Never}

var values = []sync.Value{{}, sync.String(""), sync.String("a"), sync.String("b"), sync.Int(1), sync.Bool(true), sync.Strings("x"), sync.String(strings.Repeat("long", 30))}

// randomFields returns fields, one of which may refer to a target.
func randomFields(r *rand.Rand, targets []sync.Key) sync.Fields {
	var all sync.Fields
	for _, name := range []string{"f", "g", "h"} {
		if r.IntN(4) == 0 {
			continue
		}
		field := sync.Field{Value: values[r.IntN(len(values))], Rule: rules[r.IntN(len(rules))], Remember: r.IntN(4) == 0}
		if r.IntN(3) == 0 {
			field.Ours = []sync.Value{values[r.IntN(len(values))]}
		}
		all.Set(name, field)
	}
	if r.IntN(2) == 0 && len(targets) > 0 {
		all.Set("on", sync.Field{Value: sync.Ref(targets[r.IntN(len(targets))]), Rule: rules[r.IntN(len(rules))]})
	}
	return all
}

func randomClaims(r *rand.Rand) []sync.Claim {
	if r.IntN(3) > 0 {
		return nil
	}
	return []sync.Claim{{Field: "f", On: fmt.Sprint("name ", r.IntN(3)), Spare: sync.String("spare")}}
}

// targets returns the keys that a record may refer to: shared objects, units, and what hangs on its own unit.
func targets(key sync.Key, keys []sync.Key, units map[sync.Key]sync.Key) []sync.Key {
	if units[key].IsZero() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k sync.Key) bool {
		return k == key || k.Kind == kindDisk && (key != units[key] || units[k] != key)
	})
}

// randomKeys returns the keys of a random estate: tags, units, and disks of units.
func randomKeys(r *rand.Rand) (keys []sync.Key, units map[sync.Key]sync.Key) {
	units = map[sync.Key]sync.Key{}
	for i := range 3 {
		if r.IntN(2) == 0 {
			keys = append(keys, tag(fmt.Sprint(i)))
		}
	}
	for i := range 4 {
		if r.IntN(3) == 0 {
			continue
		}
		top := vm(fmt.Sprint("a/", i))
		keys, units[top] = append(keys, top), top
		for j := range 3 {
			if d := disk(fmt.Sprint("a/", i, "/d", j)); r.IntN(2) == 0 {
				keys, units[d] = append(keys, d), top
			}
		}
	}
	return keys, units
}

func randomDesired(r *rand.Rand) *sync.State {
	s := &sync.State{}
	keys, units := randomKeys(r)
	for _, key := range keys {
		record := sync.Record{Key: key, Unit: units[key], Label: "label " + key.Name, Fields: randomFields(r, targets(key, keys, units)), Claims: randomClaims(r)}
		if !record.Unit.IsZero() {
			record.Source = "a"
		}
		if r.IntN(12) == 0 {
			record.Skip = "not now"
		}
		if key.Kind == kindVM && r.IntN(6) == 0 {
			record.Remove = "gone for a week"
		}
		if key.Kind == kindVM && r.IntN(6) == 0 {
			record.ID = "other" + strings.TrimPrefix(key.Name, "a/")
		}
		s.Records = append(s.Records, record)
	}
	if r.IntN(4) == 0 {
		s.Holds = append(s.Holds, sync.Hold{Unit: vm("a/1"), Kind: kindDisk, Reason: "not read"})
	}
	return s
}

func randomCurrent(r *rand.Rand) *sync.State {
	s := &sync.State{}
	keys, units := randomKeys(r)
	for i, key := range keys {
		record := sync.Record{Key: key, Unit: units[key], Label: "label " + key.Name, ID: fmt.Sprint(i), Claims: randomClaims(r)}
		if !record.Unit.IsZero() && r.IntN(6) > 0 {
			record.Source = "a"
		}
		for name, f := range randomFields(r, targets(key, keys, units)).All() {
			record.Fields.Set(name, sync.Field{Value: f.Value})
		}
		if key.Kind == kindVM && r.IntN(4) > 0 {
			m := said{"": {}, "d0": {}, "d1": {}}
			for name := range m {
				m[name]["f"] = []sync.Value{sync.String("a")}
			}
			record.Fields.Set(sync.MemoryField, memory(sync.NewMemory(m)))
		}
		s.Records = append(s.Records, record)
	}
	for i := range 3 {
		if key := vm(fmt.Sprint("#", i)); r.IntN(2) == 0 {
			s.Records = append(s.Records, sync.Record{Key: key, Unit: key, Label: "theirs", ID: fmt.Sprint("other", i)})
		}
	}
	return s
}
