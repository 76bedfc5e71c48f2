package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// pageSize is the largest page that NetBox gives.
const pageSize = 1000

// snapshot is all that is in a NetBox, by list, in the order of the ids.
type snapshot map[string][]row

// snapshot reads all rows.
func (f *floor) snapshot(ctx context.Context) (snapshot, error) {
	s := snapshot{}
	for _, t := range tables() {
		var err error
		if s[t.path], err = f.readRows(ctx, t); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// readRows reads all rows of a list, which NetBox may not have.
func (f *floor) readRows(ctx context.Context, t table) ([]row, error) {
	var rows []row
	for last := int64(0); ; {
		raw, err := f.get(ctx, t.path, pageAfter(last, ""))
		if notFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var page struct{ Results []json.RawMessage }
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, fmt.Errorf("%s is no list: %w", t.path, err)
		}
		for _, one := range page.Results {
			r, err := parseRow(t, one)
			if err != nil {
				return nil, fmt.Errorf("%s is not understood: %w", t.path, err)
			}
			rows = append(rows, r)
			last = r.id
		}
		if len(page.Results) < pageSize {
			return rows, nil
		}
	}
}

// pageAfter is the query for the page after an id.
func pageAfter(last int64, fields string) url.Values {
	query := url.Values{
		"exclude": {"config_context"}, "ordering": {"id"}, "limit": {strconv.Itoa(pageSize)}, "id__gt": {strconv.FormatInt(last, 10)},
	}
	if fields != "" {
		query.Set("fields", fields)
	}
	return query
}

// find returns the row with that id.
func (s snapshot) find(path string, id int64) (row, bool) {
	rows := s[path]
	i, found := slices.BinarySearchFunc(rows, id, func(r row, id int64) int { return cmp.Compare(r.id, id) })
	if !found {
		return row{}, false
	}
	return rows[i], true
}
