package sync_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

func TestValueForms(t *testing.T) {
	t.Parallel()
	key := sync.Key{Kind: "vm", Name: "a/1"}
	for _, tc := range []struct {
		name       string
		value      sync.Value
		json, text string
		empty      bool
	}{
		{"null", sync.Value{}, "null", "", true},
		{"no reference", sync.Refs(), "null", "", true},
		{"empty text", sync.String(""), `""`, "", true},
		{"text", sync.String(`a "<b>"`), `"a \"<b>\""`, `a "<b>"`, false},
		{"text that is no UTF-8", sync.String("a\xffb"), `"a` + "\uFFFD" + `b"`, "a\uFFFDb", false},
		{"integer", sync.Int(-4), "-4", "-4", false},
		{"zero", sync.Int(0), "0", "0", false},
		{"number", sync.Float(1.5), "1.5", "1.5", false},
		{"no number", sync.Float(math.NaN()), "null", "", true},
		{"truth", sync.Bool(false), "false", "false", false},
		{"empty list", sync.Strings(), "[]", "[]", true},
		{"list", sync.Strings("b", "a"), `["b","a"]`, `["b","a"]`, false},
		{"reference", sync.Ref(key), `[["vm","a/1"]]`, "a/1", false},
		{"references", sync.Refs(key, sync.Key{Kind: "tag", Name: "x"}), `[["vm","a/1"],["tag","x"]]`, "a/1, x", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tc.json, tc.value.JSON())
			assert.Equal(t, tc.text, tc.value.Text())
			assert.Equal(t, tc.empty, tc.value.IsEmpty())
			raw, err := json.Marshal(tc.value)
			require.NoError(t, err)
			var back sync.Value
			require.NoError(t, json.Unmarshal(raw, &back))
			assert.Equal(t, tc.value, back)
		})
	}
}

func TestValuesThatAreTheSame(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		json string
		want sync.Value
	}{
		{"", sync.Value{}},
		{" null ", sync.Value{}},
		{"4.0", sync.Int(4)},
		{"4e0", sync.Float(4)},
		{"-0.0", sync.Int(0)},
		{"-0", sync.Float(math.Copysign(0, -1))},
		{"9007199254740993", sync.Int(9007199254740993)},
		{`"\u00e9"`, sync.String("é")},
		{`"\ufffd"`, sync.String("\xff")},
		{` [ "a" , "b" ] `, sync.Strings("a", "b")},
		{`[ "\u003c\/\u00e9", "\\" ]`, sync.Strings("</é", `\`)},
	} {
		got, err := sync.ParseValue([]byte(tc.json))
		require.NoError(t, err, tc.json)
		assert.Equal(t, tc.want, got, tc.json)
	}
	for raw, want := range map[string]string{
		`{"b":1.0,"a":[{"d":null,"c":"<"}]}`:                    `{"a":[{"c":"<","d":null}],"b":1}`,
		`{ "b" : [ ] , "" : { } , "a" : [ -0.0 , [ 1e400 ] ] }`: `{"":{},"a":[0,[1e400]],"b":[]}`,
		`{"a":1,"b":2,"\u0061":[{"x":1,"x":2}]}`:                `{"a":[{"x":2}],"b":2}`,
	} {
		assert.Equal(t, want, mustParse(t, raw).JSON(), raw)
	}
	assert.NotEqual(t, sync.Int(1), sync.String("1"))
	assert.NotEqual(t, sync.Ref(sync.Key{Kind: "vm", Name: "a"}), mustParse(t, `[["vm","a"]]`), "a list is no reference")
}

func mustParse(t testing.TB, raw string) sync.Value {
	t.Helper()
	v, err := sync.ParseValue([]byte(raw))
	require.NoError(t, err)
	return v
}

func TestParseValueRefuses(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"{", "1 2", "nul", "'a'", "null}", "null]", `"a"}`, `{"a":1}}`, "[1,]", strings.Repeat("[", 20000)} {
		_, err := sync.ParseValue([]byte(raw))
		assert.Error(t, err, raw)
	}
}

// FuzzParseValue: the canonical form is one, survives the encoding, and means what the text means.
func FuzzParseValue(f *testing.F) {
	for _, raw := range []string{"", "null", "-0.0", "1e400", "4.0", `"\ud800"`, `{"a":[1,{"b":null}],"a":2}`, "[]", `"\u2028<"`, `{"$refs":[["a","b"]]}`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := sync.ParseValue(raw)
		if err != nil {
			return
		}
		again, err := sync.ParseValue([]byte(v.JSON()))
		require.NoError(t, err)
		require.Equal(t, v, again)
		var meant, means any
		if json.Unmarshal(raw, &meant) == nil { // else empty, or with a number that no float64 holds
			require.NoError(t, json.Unmarshal([]byte(v.JSON()), &means))
			require.Equal(t, meant, means)
		}
	})
}

// FuzzString: any text is a JSON value that comes back.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a", "\xff\xfe", "\u2028", "\\ufffd", "\x00", `{"or":[]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, v := range []sync.Value{sync.String(s), sync.Strings(s, s), sync.Ref(sync.Key{Kind: "k", Name: s})} {
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			var back sync.Value
			require.NoError(t, json.Unmarshal(raw, &back))
			require.Equal(t, v, back)
		}
		back, err := sync.ParseValue([]byte(sync.String(s).JSON()))
		require.NoError(t, err)
		require.Equal(t, sync.String(s), back)
	})
}
