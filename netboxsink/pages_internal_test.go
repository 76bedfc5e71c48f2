package netboxsink

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQueries(t *testing.T) {
	t.Parallel()
	t.Run("few values make one query", func(t *testing.T) {
		t.Parallel()
		got := queries("name", []string{"a", "b c", "ü&="}, url.Values{"x": {"1"}})
		assert.Equal(t, []url.Values{{"name": {"a", "b c", "ü&="}, "x": {"1"}}}, got)
	})
	t.Run("no values make none", func(t *testing.T) {
		t.Parallel()
		assert.Empty(t, queries("name", nil, url.Values{"x": {"1"}}))
	})
	t.Run("a value that is too long stands alone", func(t *testing.T) {
		t.Parallel()
		assert.Len(t, queries("name", []string{"a", strings.Repeat("x", 5000), "b"}, nil), 3)
	})
	for name, value := range map[string]func(i int) string{
		"ids":         func(i int) string { return strconv.Itoa(1_000_000 + i) },
		"addresses":   func(i int) string { return "2001:db8:ffff:ffff:ffff:ffff:ffff:" + strconv.Itoa(i) },
		"odd letters": func(i int) string { return strings.Repeat("ü ", 10) + strconv.Itoa(i) },
	} {
		t.Run("many "+name+" fit into request lines", func(t *testing.T) {
			t.Parallel()
			var values, got []string
			for i := range 2000 {
				values = append(values, value(i))
			}
			fixed := url.Values{"assigned_object_type": {"virtualization.vminterface"}}
			for _, query := range queries("assigned_object_id", values, fixed) {
				got = append(got, query["assigned_object_id"]...)
				assert.Equal(t, fixed["assigned_object_type"], query["assigned_object_type"])
				// What the pager adds.
				query.Set("fields", tables[KindAddress].fields)
				query.Set("exclude", "config_context")
				query.Set("ordering", "id")
				query.Set("limit", "1000")
				query.Set("id__gt", "1000000")
				query.Set("id__lte", "1000000")
				line := len("GET ") + len(tables[KindAddress].path) + 1 + len(query.Encode()) + len(" HTTP/1.1\r\n")
				require.LessOrEqual(t, line, 4094)
			}
			assert.Equal(t, values, got)
		})
	}
}
