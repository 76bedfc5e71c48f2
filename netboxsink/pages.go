package netboxsink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

const (
	// pageSize is NetBox's own MAX_PAGE_SIZE; a smaller one on the server is seen by what comes back.
	pageSize = 1000
	// queryLimit bounds the query of a list request, in bytes: gunicorn takes request lines of 4,094.
	queryLimit = 3500
)

// list is one page as NetBox answers it.
type list struct {
	Count   *int              `json:"count"`
	Next    *string           `json:"next"`
	Results []json.RawMessage `json:"results"`
}

// all reads every object of a kind that the filter selects, page by page in the order of their ids.
func all[T any](ctx context.Context, c *client, kind sync.Kind, filter url.Values) ([]T, error) {
	p := pager[T]{client: c, kind: kind, filter: filter}
	for !p.done {
		if err := p.next(ctx); err != nil {
			return nil, err
		}
	}
	return p.found, nil
}

// pager reads a list by keyset: id__gt works on every version, never skips and never repeats.
type pager[T any] struct {
	client *client
	kind   sync.Kind
	filter url.Values
	last   int64
	total  int // what the first page announced
	found  []T
	done   bool
}

func (p *pager[T]) next(ctx context.Context) error {
	t := tables[p.kind]
	query := url.Values{
		"fields": {t.fields}, "exclude": {"config_context"}, "ordering": {"id"}, "limit": {strconv.Itoa(pageSize)},
		"id__gt": {strconv.FormatInt(p.last, 10)},
	}
	maps.Copy(query, p.filter)
	raw, err := p.client.get(ctx, t.path, query)
	if err != nil {
		return err
	}
	var page list
	if err := json.Unmarshal(raw, &page); err != nil || page.Results == nil {
		return fmt.Errorf("NetBox's answer to GET %s is no list: is a proxy in between?", t.path)
	}
	if p.last == 0 && page.Count != nil {
		p.total = *page.Count
	}
	for _, item := range page.Results {
		if err := p.take(ctx, t, item); err != nil {
			return err
		}
	}
	p.done = page.Next == nil || len(page.Results) == 0
	return nil
}

// take adds one object of a page.
func (p *pager[T]) take(ctx context.Context, t table, item json.RawMessage) error {
	var identity brief
	if err := json.Unmarshal(item, &identity); err != nil && identity.ID == 0 {
		return fmt.Errorf("NetBox's answer to GET %s is not understood: an object without an id: %w", t.path, err)
	}
	if identity.ID <= p.last {
		return fmt.Errorf("NetBox's answer to GET %s is not in the order of the ids", t.path)
	}
	p.last = identity.ID
	var object T
	odd, err := decode(item, &object)
	if err != nil {
		return fmt.Errorf("NetBox's answer to GET %s is not understood: object %d: %w", t.path, p.last, err)
	}
	for _, field := range odd {
		if isPlacing(p.kind, field) {
			return fmt.Errorf("NetBox's answer to GET %s is not understood: object %d: the field %s is not what it should be, "+
				"and without it nothing tells whose the object is", t.path, p.last, field)
		}
	}
	if len(odd) > 0 {
		p.client.logger.WarnContext(ctx, "an object is not understood and left as it is", "path", t.path, "id", p.last, "fields", odd)
		any(&object).(interface{ setOdd([]string) }).setOdd(odd)
	}
	p.found = append(p.found, object)
	return nil
}

// queries cuts a filter by a list of values into queries that fit into a request line.
func queries(parameter string, values []string, fixed url.Values) []url.Values {
	var out []url.Values
	size := queryLimit
	for _, v := range values {
		cost := len(parameter) + len(url.QueryEscape(v)) + 2
		if size+cost > queryLimit {
			query := url.Values{}
			maps.Copy(query, fixed)
			out = append(out, query)
			size = 300 + len(fixed.Encode()) // the path, the fields and the paging
		}
		last := out[len(out)-1]
		last[parameter] = append(last[parameter], v)
		size += cost
	}
	return out
}

// byList reads the objects whose parameter has one of the values: by lists of values, or, where that takes fewer
// requests, by reading the whole table; the caller drops what it did not ask for.
func byList[T any](ctx context.Context, c *client, kind sync.Kind, parameter string, values []string, fixed url.Values) ([]T, error) {
	if len(values) == 0 {
		return nil, nil
	}
	lists := queries(parameter, values, fixed)
	if len(lists) > 1 {
		whole := pager[T]{client: c, kind: kind, filter: fixed}
		if err := whole.next(ctx); err != nil {
			return nil, err
		}
		size := max(len(whole.found), 1)
		for pages := (whole.total + size - 1) / size; !whole.done; {
			if pages > len(lists) {
				break
			}
			if err := whole.next(ctx); err != nil {
				return nil, err
			}
		}
		if whole.done {
			return whole.found, nil
		}
	}
	found := make([][]T, len(lists))
	err := beside(len(lists), func(i int) (err error) {
		found[i], err = all[T](ctx, c, kind, lists[i])
		return err
	})
	var status *StatusError
	if errors.As(err, &status) && status.Code == http.StatusBadRequest {
		// One of the ids is gone since it was read: NetBox then refuses the whole filter.
		return all[T](ctx, c, kind, fixed)
	}
	var out []T
	for _, part := range found {
		out = append(out, part...)
	}
	return out, err
}

// beside calls f for 0 to n-1 side by side, and returns the first error in that order. The client bounds the requests.
func beside(n int, f func(i int) error) error {
	errs := make([]error, n)
	var group stdsync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = f(i) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
