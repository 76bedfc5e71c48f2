package sync_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// said is what a memory is made of.
type said = map[string]map[string][]sync.Value

func TestMemoryComesBack(t *testing.T) {
	t.Parallel()
	object := mustParse(t, `{"or":["a","b"]}`)
	for name, said := range map[string]said{
		"nothing":         {},
		"a name":          {"net0": {}},
		"a value":         {"": {"name": {sync.String("web")}}, "net0": {"name": {sync.String("eth0")}}},
		"a value of null": {"": {"name": {{}}}},
		"odd names":       {`a"b\\`: {"é\u2028": {sync.String(`}{",:`)}}, "{": {"": {sync.Strings("[", `"`)}}},
		"in doubt":        {"": {"name": {sync.String("web"), sync.String("db"), {}}}},
		"an object":       {"": {"data": {object}}},
		"objects":         {"": {"data": {object, mustParse(t, `{"a":1}`)}}},
	} {
		m := sync.NewMemory(said)
		assert.Equal(t, m, sync.ParseMemory(m.Value()), name)
		assert.Equal(t, mustParse(t, m.Value().JSON()), m.Value(), "%s: the form is canonical", name)
	}
	assert.Zero(t, sync.ParseMemory(sync.Value{}))
	assert.True(t, sync.Memory{}.Value().IsNull())
}

func TestParseMemoryLeavesOut(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]said{
		`"text"`: nil, `[1]`: nil, `{"a":1}`: nil, `{"net0":null}`: {"net0": {}},
		`{"net0":{"name":"eth0","mtu":1500}}`: {"net0": {"name": {sync.String("eth0")}, "mtu": {sync.Int(1500)}}},
	} {
		m := sync.ParseMemory(mustParse(t, raw))
		if want == nil {
			assert.Zero(t, m, raw)
		} else {
			assert.Equal(t, sync.NewMemory(want), m, raw)
		}
	}
}

func TestMemoryTells(t *testing.T) {
	t.Parallel()
	m := sync.NewMemory(said{"": {"name": {sync.String("web")}}, "net1": {}, "net0": {"name": {sync.String("eth0")}}})
	assert.Equal(t, []string{"net0", "net1"}, m.Children())
	assert.Equal(t, []sync.Value{sync.String("eth0")}, m.Last("net0", "name"))
	assert.Nil(t, m.Last("net0", "mtu"))
	assert.Nil(t, m.Last("net9", "name"))
	assert.Nil(t, sync.Memory{}.Last("", "name"))
	assert.True(t, m.Names(""))
	assert.True(t, m.Names("net1"))
	assert.False(t, m.Names("net9"))
	assert.False(t, m.IsEmpty())
	assert.True(t, sync.Memory{}.IsEmpty())
}

// TestReferencesInsideAUnit are remembered by the names there: the unit may have another key in the next run.
func TestReferencesInsideAUnit(t *testing.T) {
	t.Parallel()
	plan := func(top sync.Key, id string, old sync.Memory) *sync.Plan {
		d := sync.Key{Kind: kindDisk, Name: top.Name + "/d"}
		desired := []sync.Record{unit(top, ""), child(d, top, "")}
		desired[0].Fields.Set("first", sync.Field{Value: sync.Ref(d), Rule: sync.UntilEdited})
		current := &sync.State{}
		if id != "" {
			current = state(unit(top, id), child(d, top, "2"))
			current.Records[0].Fields = sync.NewFields(map[string]sync.Field{"first": {Value: sync.Ref(d)}, sync.MemoryField: memory(old)})
		}
		return mustDiff(t, state(desired...), current)
	}
	first := sync.ParseMemory(fieldOf(plan(vm("a/1~new"), "", sync.Memory{}).Changes[0], sync.MemoryField).New)
	assert.Equal(t, sync.NewMemory(said{"": {"first": {sync.String("d")}}, "d": {}}), first)
	assert.True(t, plan(vm("a/1"), "1", first).Empty())
}

// TestLongValuesAreRemembered: of a long text the memory has a digest, of a long list of references too, and still knows
// it again.
func TestLongValuesAreRemembered(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 40)
	var tags []sync.Key
	records := []sync.Record{}
	for _, c := range "abcde" {
		key := tag(strings.Repeat(string(c), 40))
		tags = append(tags, key)
		records = append(records, sync.Record{Key: key, Label: key.Name, ID: string(c)})
	}
	unit := sync.Record{Key: vm("a/1"), Unit: vm("a/1"), Label: "vm", Source: "a", Fields: sync.NewFields(map[string]sync.Field{
		"comment": {Value: sync.String(long), Rule: sync.UntilEdited},
		"tags":    {Value: sync.Refs(tags...), Rule: sync.UntilEdited},
	})}
	f := newFixed(append(records, unit)...).holding(records...)
	_, err := f.run(t)
	require.NoError(t, err)
	text := f.records[vm("a/1")].Fields.Value(sync.MemoryField).JSON()
	assert.NotContains(t, text, long)
	assert.NotContains(t, text, tags[0].Name)

	unit.Fields.Set("comment", sync.Field{Value: sync.String("short"), Rule: sync.UntilEdited})
	unit.Fields.Set("tags", sync.Field{Value: sync.Refs(tags[:1]...), Rule: sync.UntilEdited})
	_, err = f.run(t)
	require.NoError(t, err)
	assert.Equal(t, "short", f.records[vm("a/1")].Fields.Value("comment").Text())
	assert.Equal(t, tags[0].Name, f.records[vm("a/1")].Fields.Value("tags").Text())
}

// FuzzParseMemory: whatever stands in the field, what is read of it comes back.
func FuzzParseMemory(f *testing.F) {
	for _, raw := range []string{"", `{}`, `{"":{"name":"web"}}`, `{"net0":{"name":{"or":["a","b"]}}}`, `{"a":{"b":{"or":[]}}}`, `{"a":{"b":{"OR":["c"]}}}`, `{"a":null}`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := sync.ParseValue(raw)
		if err != nil {
			return
		}
		m := sync.ParseMemory(v)
		if m.Value().IsNull() {
			return
		}
		require.Equal(t, m, sync.ParseMemory(m.Value()))
		require.Equal(t, mustParse(t, m.Value().JSON()), m.Value(), "the form is canonical")
	})
}
