package netboxsink

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync"
)

func TestParseRejections(t *testing.T) {
	t.Parallel()
	// ok names, of a request for the objects with the ids 7, 8 and 9, the places of those that are rejected.
	for name, c := range map[string]struct {
		body string
		op   sync.Op
		bad  map[int]string
		ok   bool
	}{
		"4.7, creation": {
			`{"detail":"2 of 3 objects could not be created.","errors":[{"index":0,"errors":{"status":["nope is not a valid choice."]}},{"index":2,"errors":{"__all__":["no"]}}]}`,
			sync.Create,
			map[int]string{0: "status: nope is not a valid choice.", 2: "no"},
			true,
		},
		"4.7, update": {
			`{"detail":"1 of 3 objects could not be updated.","errors":[{"id":8,"errors":{"name":["no"]}}]}`,
			sync.Update,
			map[int]string{1: "name: no"},
			true,
		},
		"4.7, unknown id": {
			`{"detail":"1 of 3 objects could not be found.","errors":[{"id":9,"errors":{"id":["Object with ID 9 does not exist"]}}]}`,
			sync.Update,
			map[int]string{2: "id: Object with ID 9 does not exist"},
			true,
		},
		"4.7, deletion": {
			`{"detail":"1 of 3 objects could not be deleted.","errors":[{"id":7,"errors":{"__all__":["Unable to delete: 8 dependent object(s) prevent deletion."]}}]}`,
			sync.Delete,
			map[int]string{0: "Unable to delete: 8 dependent object(s) prevent deletion."},
			true,
		},
		"4.7, an id means nothing at a creation": {
			`{"errors":[{"id":8,"errors":{"name":["no"]}}]}`, sync.Create, map[int]string{}, true,
		},
		"4.7, neither index nor id": {`{"errors":[{"errors":{"name":["no"]}}]}`, sync.Update, map[int]string{}, true},
		"4.7, place out of range":   {`{"errors":[{"index":-1,"errors":{}},{"index":99,"errors":{}}]}`, sync.Create, map[int]string{}, true},
		"before, creation": {
			`[{},{"name":["no"]},{"__all__":["Virtual machine name must be unique per cluster."]}]`,
			sync.Create,
			map[int]string{1: "name: no", 2: "Virtual machine name must be unique per cluster."},
			true,
		},
		"before, update":     {`{"name":["no"]}`, sync.Update, map[int]string{}, false},
		"before, deletion":   {`{"detail":"Unable to delete object. 1 dependent objects were found: a (1)"}`, sync.Delete, map[int]string{}, false},
		"all good":           {`[{},{},{}]`, sync.Create, map[int]string{}, false},
		"list of nulls":      {`[null,{},null]`, sync.Create, map[int]string{}, false},
		"messages in a list": {`["'start' and 'offset' are mutually exclusive."]`, sync.Create, map[int]string{0: "'start' and 'offset' are mutually exclusive."}, true},
		"no permission":      {`{"detail":"You do not have permission to perform this action."}`, sync.Create, map[int]string{}, false},
		"no errors":          {`{"detail":"x","errors":[]}`, sync.Create, map[int]string{}, false},
		"errors of a kind":   {`{"errors":"x"}`, sync.Create, map[int]string{}, false},
		"page":               {`<html>Bad Gateway</html>`, sync.Create, map[int]string{}, false},
		"nothing":            {``, sync.Create, map[int]string{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rejections, ok := parseRejections([]byte(c.body))
			bad := map[int]string{}
			for i, id := range []string{"7", "8", "9"} {
				if reason, found := rejections.of(i, id, c.op); found {
					bad[i] = describe(reason)
				}
			}
			assert.Equal(t, c.bad, bad)
			assert.Equal(t, c.ok, ok)
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"name":["no"]}`:                       "name: no",
		`{"name":["no","never"],"a":["x"]}`:     "a: x; name: no never",
		`{"__all__":["no"]}`:                    "no",
		`{"non_field_errors":["no"]}`:           "no",
		`{"detail":"no"}`:                       "no",
		`{"custom_fields":{"x":"unknown"}}`:     "custom_fields: x: unknown",
		`["a","b"]`:                             "a b",
		`"plain"`:                               "plain",
		`{"dependents":3}`:                      "dependents: 3",
		`{"a":null,"b":true,"c":[],"d":{}}`:     "",
		`<html>`:                                "an answer that is no JSON",
		``:                                      "an answer that is no JSON",
		"{\"detail\":\"deadlock\\n\\tDETAIL\"}": "deadlock DETAIL",
		`{"error":"boom","exception":"ValueError","netbox_version":"4.7.3","python_version":"3.12"}`: "boom; exception: ValueError",
	} {
		assert.Equal(t, want, describe([]byte(body)), body)
	}
	long := describe([]byte(`{"name":["` + strings.Repeat("ü", 400) + `"]}`))
	assert.Equal(t, 300, utf8.RuneCountInString(long))
	assert.True(t, strings.HasSuffix(long, "…"))
}

func FuzzRejections(f *testing.F) {
	for _, body := range []string{
		`{"errors":[{"index":0,"errors":{"status":["no"]}},{"id":7,"errors":null}]}`, `[{},{"a":["b"]}]`, `{"detail":"x"}`,
		`<html>`, ``, `null`, `[[[]]]`, `{"errors":[null]}`, `{"errors":[{"index":1e99}]}`, `{"errors":[{"id":"x"}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rejections, _ := parseRejections(body)
		for i := range 3 {
			for _, op := range []sync.Op{sync.Create, sync.Update, sync.Delete} {
				if reason, ok := rejections.of(i, "7", op); ok {
					assert.LessOrEqual(t, utf8.RuneCountInString(describe(reason)), 300)
				}
			}
		}
		text := describe(body)
		assert.LessOrEqual(t, utf8.RuneCountInString(text), 300)
		assert.NotContains(t, text, "\n")
	})
}
