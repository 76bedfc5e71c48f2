package netboxsink

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

const (
	// pageSize is NetBox's own MAX_PAGE_SIZE; a smaller one on the server is seen by what comes back.
	pageSize = 1000
	// queryLimit bounds the query of a list request, in bytes: gunicorn takes request lines of 4,094.
	queryLimit = 3500
	// mostRanges bounds into how many ranges what is left is cut at once, whatever a count says.
	mostRanges = 64
)

// list is one page as NetBox answers it.
type list[T any] struct {
	Count   *int    `json:"count"`
	Next    *string `json:"next"`
	Results []T     `json:"results"`
}

// all reads every object of a kind that the filter selects, in the order of their ids.
func all[T any](ctx context.Context, c *client, kind sync.Kind, filter url.Values) ([]T, error) {
	p := pager[T]{client: c, kind: kind, filter: filter}
	err := p.rest(ctx)
	return p.found, err
}

// pager reads a list by keyset: id__gt works on every version, never skips and never repeats. What is left after a page
// is read by ranges of ids, side by side.
type pager[T any] struct {
	client *client
	kind   sync.Kind
	filter url.Values
	keep   func(*T) (bool, error) // tells of each object whether it is wanted; nil for all
	first  int                    // how many objects the first page is to have; 0 for as many as NetBox lets it
	last   int64
	until  int64 // the last id that is read; 0 for no end
	found  []T
	done   bool

	// By the last page: how many objects NetBox lets a page have, how many come after it, and how many ids there are for one.
	page, left int
	density    float64
}

// rest reads what was not read yet.
func (p *pager[T]) rest(ctx context.Context) error {
	for !p.done {
		parts := p.ranges()
		if len(parts) < 2 {
			if err := p.next(ctx); err != nil {
				return err
			}
			continue
		}
		err := beside(ctx, len(parts), func(ctx context.Context, i int) error {
			if err := parts[i].next(ctx); err != nil {
				return err
			}
			return parts[i].rest(ctx) // more than a page, if the ids are denser than believed
		})
		if err != nil {
			return err
		}
		p.join(parts)
	}
	return nil
}

// ranges cuts what is left into as many ranges of ids as there are pages in it, of the same size if the ids go on as
// densely as in the last page. How dense they are does not matter for what is found, only for how many requests that takes.
func (p *pager[T]) ranges() []pager[T] {
	var parts []pager[T]
	rest := pager[T]{client: p.client, kind: p.kind, filter: p.filter, keep: p.keep, last: p.last, until: p.until}
	n := min(p.pages(p.left), mostRanges)
	objects := min(float64(p.left)/float64(max(n, 1)), float64(p.page))
	width := int64(math.Ceil(min(objects*p.density, math.MaxInt32))) // no id is so far from another that more would help
	for range n - 1 {
		part := rest
		part.until = rest.last + width
		if part.until <= rest.last || rest.until > 0 && part.until >= rest.until {
			break
		}
		parts = append(parts, part)
		rest.last = part.until
	}
	return append(parts, rest)
}

// pages returns how many pages so many objects fill.
func (p *pager[T]) pages(objects int) int { return portions(objects, max(p.page, 1)) }

// portions returns how many portions of a size so many objects make, whatever their number: a count may be any.
func portions(objects, size int) int { return objects/size + min(objects%size, 1) }

// limit returns how many objects the next page is to have.
func (p *pager[T]) limit() int {
	if p.last == 0 && p.first > 0 {
		return p.first
	}
	return pageSize
}

// fits tells whether the whole list is no more than so many pages; the first of them must have been read.
func (p *pager[T]) fits(pages int) bool {
	return p.done || p.page > 0 && 1+p.pages(p.left) <= pages
}

// join adds what was found in the ranges, in their order.
func (p *pager[T]) join(parts []pager[T]) {
	more := 0
	for i := range parts {
		more += len(parts[i].found)
	}
	p.found = slices.Grow(p.found, more)
	for i := range parts {
		p.found = append(p.found, parts[i].found...)
		parts[i].found = nil
	}
	p.done = true
}

// next reads one page.
func (p *pager[T]) next(ctx context.Context) error {
	t := tables[p.kind]
	query := url.Values{
		"fields": {t.fields}, "exclude": {"config_context"}, "ordering": {"id"}, "limit": {strconv.Itoa(p.limit())},
		"id__gt": {id(p.last)},
	}
	if p.until > 0 {
		query.Set("id__lte", id(p.until))
	}
	maps.Copy(query, p.filter)
	// The place is held until the answer is understood: no more answers than places are in memory.
	if err := p.client.readers.Take(ctx, func() int64 { return urgency(p.kind) }); err != nil {
		return err
	}
	defer p.client.readers.Leave()
	raw, err := p.client.read(ctx, t.path, query)
	if err != nil {
		return err
	}
	return p.take(ctx, raw)
}

// urgency says which list is read first where several wait: what takes long, and what others wait for.
func urgency(kind sync.Kind) int64 {
	switch kind {
	case KindDisk:
		return -2
	case KindAddress, KindNodeAddress:
		return -1
	}
	return 0
}

// take adds the objects of a page.
func (p *pager[T]) take(ctx context.Context, raw []byte) error {
	path := tables[p.kind].path
	var page list[T]
	if json.Unmarshal(raw, &page) != nil {
		var err error
		if page, err = p.lenient(ctx, raw); err != nil {
			return err
		}
	}
	if page.Results == nil {
		return fmt.Errorf("NetBox's answer to GET %s is no list: is a proxy in between?", path)
	}
	limit, first := p.limit(), p.last
	for i := range page.Results {
		object := &page.Results[i]
		number := listedOf(object).ID
		switch {
		case number == 0:
			return fmt.Errorf("NetBox's answer to GET %s is not understood: an object without an id", path)
		case number <= p.last:
			return fmt.Errorf("NetBox's answer to GET %s is not in the order of the ids", path)
		case p.until > 0 && number > p.until:
			return fmt.Errorf("NetBox's answer to GET %s goes on after the id %d, up to which it was asked for", path, p.until)
		case i == 0:
			first = number
		}
		p.last = number
		if p.keep != nil {
			if wanted, err := p.keep(object); err != nil || !wanted {
				if err != nil {
					return err
				}
				continue
			}
		}
		p.found = append(p.found, *object)
	}
	size := len(page.Results)
	p.done = page.Next == nil || size == 0
	p.page, p.left = pageSize, 0
	if size < limit { // as much as the server lets it have
		p.page = size
	}
	if page.Count != nil {
		p.left = max(*page.Count, 0) - size
	}
	p.density = max(float64(p.last-first)/float64(max(size-1, 1)), 1)
	return nil
}

// lenient reads a page object by object: one of them is not as it should be.
func (p *pager[T]) lenient(ctx context.Context, raw []byte) (list[T], error) {
	var page list[json.RawMessage]
	if err := json.Unmarshal(raw, &page); err != nil || page.Results == nil {
		return list[T]{}, nil
	}
	objects := make([]T, len(page.Results))
	for i, item := range page.Results {
		if err := p.decode(ctx, item, &objects[i]); err != nil {
			return list[T]{}, fmt.Errorf("NetBox's answer to GET %s is not understood: %w", tables[p.kind].path, err)
		}
	}
	return list[T]{Count: page.Count, Next: page.Next, Results: objects}, nil
}

// decode reads one object leniently.
func (p *pager[T]) decode(ctx context.Context, item json.RawMessage, object *T) error {
	odd, err := decode(item, object)
	is := listedOf(object)
	switch {
	case err != nil:
		return fmt.Errorf("an object without an id: %w", err)
	case is.ID == 0:
		return errors.New("an object without an id")
	}
	for _, field := range odd {
		if isPlacing(p.kind, field) {
			return fmt.Errorf("object %d: the field %s is not what it should be, and without it nothing tells whose the object is",
				is.ID, field)
		}
	}
	if len(odd) > 0 {
		p.client.logger.WarnContext(ctx, "an object is not understood and left as it is",
			"path", tables[p.kind].path, "id", is.ID, "fields", odd)
		is.odd = strings.Join(odd, ", ")
	}
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

// values are what a list is asked for by. They may be known only when something else is read.
type values func(context.Context) ([]string, error)

// known returns values that are known.
func known(v []string) values { return func(context.Context) ([]string, error) { return v, nil } }

// byList reads the objects whose parameter has one of the values: by lists of values, or, where that takes fewer
// requests, by reading the whole table; the caller drops what it did not ask for. How large the table is, its first page
// tells. Where it is known that the values will make more than one list, and how many at least, that page does not wait
// for them, and the others do not if so many lists are enough to tell.
func byList[T any](ctx context.Context, whole pager[T], parameter string, of values, atLeast int) ([]T, error) {
	ahead := atLeast > 1
	if ahead {
		if err := whole.next(ctx); err != nil {
			return nil, err
		}
		if whole.fits(atLeast) {
			err := whole.rest(ctx)
			return whole.found, err
		}
	}
	wanted, err := of(ctx)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	lists := queries(parameter, wanted, whole.filter)
	if len(lists) > 1 && !ahead {
		if err := whole.next(ctx); err != nil {
			return nil, err
		}
	}
	if whole.fits(len(lists)) {
		err := whole.rest(ctx)
		return whole.found, err
	}
	whole.found = nil
	found := make([][]T, len(lists))
	err = beside(ctx, len(lists), func(ctx context.Context, i int) (err error) {
		found[i], err = all[T](ctx, whole.client, whole.kind, lists[i])
		return err
	})
	var status *StatusError
	if errors.As(err, &status) && status.Code == http.StatusBadRequest {
		// One of the ids is gone since it was read: NetBox then refuses the whole filter.
		return all[T](ctx, whole.client, whole.kind, whole.filter)
	}
	return slices.Concat(found...), err
}

// beside calls f for 0 to n-1 side by side. When one fails, that is the error, and the context of the others ends. The
// client bounds the requests.
func beside(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group stdsync.WaitGroup
	for i := range n {
		group.Go(func() {
			if err := f(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// settled calls f as [beside] does, but what NetBox refuses keeps nothing else from being asked, and the first refusal is the
// error: to a token without rights the same at each run.
func settled(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	refused := make([]error, n)
	err := beside(ctx, n, func(ctx context.Context, i int) error {
		err := f(ctx, i)
		var status *StatusError
		if errors.As(err, &status) {
			refused[i], err = err, nil
		}
		return err
	})
	return cmp.Or(err, cmp.Or(refused...))
}

// once returns a function that does a read when it is first called; who calls it meanwhile waits for that.
func once[T any](read func(context.Context) (T, error)) func(context.Context) (T, error) {
	var value T
	var err error
	var done bool
	turn := make(chan struct{}, 1) // no mutex: who waits leaves when the context ends
	return func(ctx context.Context) (T, error) {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return *new(T), context.Cause(ctx)
		}
		if !done {
			value, err = read(ctx)
			done = true
		}
		return value, err
	}
}
