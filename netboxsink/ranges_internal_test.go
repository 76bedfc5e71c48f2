package netboxsink

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/netbox-community/go-netbox/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/internal/places"
)

// shelf answers as a NetBox whose one list has objects with these ids.
type shelf struct {
	ids    []int64
	most   int                    // MAX_PAGE_SIZE
	count  func(left int) *int    // what it says that is left; nil for the truth
	before func(asked url.Values) // an answer
	refuse func(asked url.Values) bool
	loose  bool // it does not know id__lte

	mu        stdsync.Mutex
	asked     []url.Values
	refusedAt int // the number of requests up to the first that is refused
}

// RoundTrip implements [http.RoundTripper].
func (s *shelf) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := wait(r.Context(), time.Second); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	s.asked = append(s.asked, q)
	if s.before != nil {
		s.before(q)
	}
	if s.refuse != nil && s.refuse(q) {
		s.refusedAt = cmp.Or(s.refusedAt, len(s.asked))
		return reply(r, http.StatusForbidden, `{"detail":"not these"}`), nil
	}
	after, _ := parseID(q.Get("id__gt"))
	until, ok := parseID(q.Get("id__lte"))
	found := slices.DeleteFunc(slices.Clone(s.ids), func(id int64) bool { return id <= after || ok && id > until && !s.loose })
	limit, _ := strconv.Atoi(q.Get("limit"))
	limit = min(limit, s.most)
	left := len(found)
	page := list[map[string]int64]{Count: &left, Results: []map[string]int64{}}
	if s.count != nil {
		page.Count = s.count(left)
	}
	if left > limit {
		page.Next, found = new(string), found[:limit]
	}
	for _, id := range found {
		page.Results = append(page.Results, map[string]int64{"id": id})
	}
	raw, err := json.Marshal(page)
	return reply(r, http.StatusOK, string(raw)), err
}

func reply(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r,
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// readersOfShelf is how many requests are under way at once.
const readersOfShelf = 4

func (s *shelf) client() *client {
	configuration := netbox.NewConfiguration()
	configuration.HTTPClient = &http.Client{Transport: s}
	return &client{
		base: "http://netbox.example.com", configuration: configuration, timeout: time.Hour, readers: places.New(readersOfShelf),
		logger: slog.New(slog.DiscardHandler),
	}
}

// idsFrom returns ids that follow each other, so many from the first, each by so much more.
func idsFrom(first int64, many int, step int64) []int64 {
	ids := make([]int64, many)
	for i := range ids {
		ids[i] = first + int64(i)*step
	}
	return ids
}

func numbers[T any](found []T) []int64 {
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = listedOf(&found[i]).ID
	}
	return ids
}

func TestRanges(t *testing.T) {
	t.Parallel()
	says := func(n int) func(int) *int { return func(int) *int { return &n } }
	for name, c := range map[string]struct {
		shelf    *shelf
		requests int // at most; as many as there are pages where that can be
		seconds  int // at most, of four requests at once that take one each; 0 is not looked at
	}{
		"nothing":                        {&shelf{}, 1, 1},
		"one object":                     {&shelf{ids: idsFrom(7, 1, 1)}, 1, 1},
		"one full page":                  {&shelf{ids: idsFrom(1, 100, 1)}, 1, 1},
		"two pages":                      {&shelf{ids: idsFrom(1, 101, 1)}, 2, 2},
		"many pages":                     {&shelf{ids: idsFrom(1, 1700, 1)}, 17, 5},
		"many pages, the last not full":  {&shelf{ids: idsFrom(1, 1601, 1)}, 17, 5},
		"the first id is high":           {&shelf{ids: idsFrom(5_000_000, 1700, 1)}, 17, 5},
		"more pages than ranges":         {&shelf{ids: idsFrom(1, 20_000, 1)}, 200, 52},
		"every seventh id":               {&shelf{ids: idsFrom(3, 1700, 7)}, 17, 5},
		"a gap after the first page":     {&shelf{ids: slices.Concat(idsFrom(1, 100, 1), idsFrom(1_000_000, 900, 1))}, 10 + 8, 6},
		"a gap in the first page":        {&shelf{ids: slices.Concat(idsFrom(1, 50, 1), idsFrom(1_000_000, 950, 1))}, 10 + 8, 6},
		"a gap in a later page":          {&shelf{ids: slices.Concat(idsFrom(1, 350, 1), idsFrom(2000, 650, 1))}, 10 + 8, 6},
		"denser towards the end":         {&shelf{ids: slices.Concat(idsFrom(1, 100, 10), idsFrom(2000, 900, 1))}, 10 + 8, 6},
		"ids that a number hardly holds": {&shelf{ids: slices.Concat(idsFrom(1, 50, 1), idsFrom(math.MaxInt64-949, 950, 1))}, 10 + 8, 0},
		"a server with smaller pages":    {&shelf{ids: idsFrom(1, 60, 1), most: 7}, 9, 3},
		"pages of one object":            {&shelf{ids: idsFrom(1, 20, 1), most: 1}, 20, 6},
		"no count":                       {&shelf{ids: idsFrom(1, 500, 1), count: func(int) *int { return nil }}, 5, 5},
		"a count of nothing":             {&shelf{ids: idsFrom(1, 500, 1), count: says(0)}, 5, 5},
		"a count below nothing":          {&shelf{ids: idsFrom(1, 500, 1), count: says(math.MinInt)}, 5, 5},
		"a count that is too low":        {&shelf{ids: idsFrom(1, 500, 1), count: says(201)}, 7, 0},
		"a count that is too high":       {&shelf{ids: idsFrom(1, 500, 1), count: says(1000)}, 10, 0},
		"a count of all there can be":    {&shelf{ids: idsFrom(1, 500, 1), count: says(math.MaxInt)}, 1 + mostRanges, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := c.shelf
				if s.most == 0 {
					s.most = 100
				}
				begin := time.Now()
				found, err := all[diskObject](t.Context(), s.client(), KindDisk, url.Values{"x": {"1"}})
				require.NoError(t, err)
				assert.Equal(t, append([]int64{}, s.ids...), numbers(found))
				assert.LessOrEqual(t, len(s.asked), c.requests, "requests")
				if c.seconds > 0 {
					assert.LessOrEqual(t, time.Since(begin), time.Duration(c.seconds)*time.Second)
				}
				for _, q := range s.asked {
					assert.Equal(t, "1", q.Get("x"), "the filter goes with every range")
				}
			})
		})
	}
}

// TestRangesBesideChanges: what is there all the time is found once, whatever comes and goes meanwhile.
func TestRangesBesideChanges(t *testing.T) {
	t.Parallel()
	stays := idsFrom(2, 500, 2)
	for name, change := range map[string]func(s *shelf){
		"objects go":              func(s *shelf) { s.ids = slices.DeleteFunc(s.ids, func(id int64) bool { return id%2 == 1 }) },
		"objects come at the end": func(s *shelf) { s.ids = append(s.ids, idsFrom(s.ids[len(s.ids)-1]+1, 30, 1)...) },
		"all that is left goes":   func(s *shelf) { s.ids = slices.DeleteFunc(s.ids, func(id int64) bool { return id > 1000 }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &shelf{ids: slices.Concat(idsFrom(1, 1000, 1), idsFrom(1001, 200, 1)), most: 100}
				s.before = func(url.Values) {
					if len(s.asked) > 1 {
						change(s)
					}
				}
				found, err := all[diskObject](t.Context(), s.client(), KindDisk, nil)
				require.NoError(t, err)
				ids := numbers(found)
				assert.True(t, slices.IsSorted(ids))
				assert.Len(t, slices.Compact(slices.Clone(ids)), len(ids), "none is found twice")
				assert.Subset(t, ids, stays)
			})
		})
	}
}

func TestRangesThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shelf    *shelf
		requests int // at most, from the first refusal on: what is not under way yet is not asked for any more
		want     string
	}{
		"one range is refused": {
			&shelf{refuse: func(asked url.Values) bool { return asked.Get("id__gt") == "300" }}, readersOfShelf - 1, "not these",
		},
		"the server does not know ranges": {
			&shelf{loose: true}, 1 + mostRanges, "goes on after the id",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.shelf.ids, c.shelf.most = idsFrom(1, 6000, 1), 100
				_, err := all[diskObject](t.Context(), c.shelf.client(), KindDisk, nil)
				require.ErrorContains(t, err, c.want)
				assert.LessOrEqual(t, len(c.shelf.asked)-c.shelf.refusedAt, c.requests, "requests")
			})
		})
	}
	t.Run("one object is too many", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{ids: idsFrom(1, 1000, 1), most: 100}
			no := errors.New("not this")
			p := pager[diskObject]{client: s.client(), kind: KindDisk, keep: func(d *diskObject) (bool, error) {
				if d.ID == 555 {
					return false, no
				}
				return d.ID%10 == 0, nil
			}}
			require.ErrorIs(t, p.rest(t.Context()), no)
		})
	})
}

func TestPagerKeepsWhatIsWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{ids: idsFrom(1, 1000, 1), most: 100}
		p := pager[diskObject]{client: s.client(), kind: KindDisk, keep: func(d *diskObject) (bool, error) { return d.ID%10 == 0, nil }}
		require.NoError(t, p.rest(t.Context()))
		assert.Equal(t, idsFrom(10, 100, 10), numbers(p.found))
		assert.Len(t, s.asked, 10)
	})
}
