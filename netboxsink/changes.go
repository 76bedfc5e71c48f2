package netboxsink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// changesPath is NetBox's change log: who changed what, also what was deleted.
const changesPath = "/api/core/object-changes/"

// unsettled is how long rows of the change log are looked at again: a row gets its number when it is written, and is seen
// only once its transaction is through, which may be after a row with a larger number.
const unsettled = 5 * time.Minute

// changeRow is one row of the change log.
type changeRow struct {
	ID       int64           `json:"id"`
	Time     time.Time       `json:"time"`
	Action   choice          `json:"action"`
	Type     string          `json:"changed_object_type"`
	ObjectID int64           `json:"changed_object_id"`
	Before   json.RawMessage `json:"prechange_data"`
	After    json.RawMessage `json:"postchange_data"`
}

// parents returns the ids that the row's object has in a field, as it was and as it is now.
func (r *changeRow) parents(field string) []int64 {
	var ids []int64
	for _, raw := range []json.RawMessage{r.Before, r.After} {
		var fields map[string]json.RawMessage
		var id int64
		if json.Unmarshal(raw, &fields) == nil && json.Unmarshal(fields[field], &id) == nil && id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// texts returns the texts that the row's object has in a field, as it was and as it is now.
func (r *changeRow) texts(field string) []string {
	var texts []string
	for _, raw := range []json.RawMessage{r.Before, r.After} {
		var fields map[string]json.RawMessage
		var text string
		if json.Unmarshal(raw, &fields) == nil && json.Unmarshal(fields[field], &text) == nil {
			texts = append(texts, text)
		}
	}
	return texts
}

// settledChange returns the number of the youngest row of the change log that no other can come before any more; 0 if
// there is none.
func (s *Sink) settledChange(ctx context.Context) (int64, error) {
	rows, _, err := s.changes(ctx, url.Values{
		"time_before": {time.Now().UTC().Add(-unsettled).Format(time.RFC3339)}, "ordering": {"-id"}, "limit": {"1"},
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].ID, nil
}

// changesSince returns the rows from one that was the youngest settled one on, without that, and the one that is now. ok
// is false where they do not tell all that happened since: the log was cut, or there are too many.
func (s *Sink) changesSince(ctx context.Context, last int64) (rows []changeRow, settled int64, ok bool, err error) {
	rows, whole, err := s.changes(ctx, url.Values{
		"id__gte": {strconv.FormatInt(last, 10)}, "ordering": {"id"}, "limit": {strconv.Itoa(pageSize)},
	})
	if err != nil {
		return nil, 0, false, err
	}
	settled = last
	for _, r := range rows {
		if time.Since(r.Time) > unsettled {
			settled = max(settled, r.ID)
		}
	}
	if last > 0 {
		if len(rows) == 0 || rows[0].ID != last {
			return nil, settled, false, nil
		}
		rows = rows[1:]
	}
	return rows, settled, whole, nil
}

// changes reads a page of the change log, and tells whether that is all.
func (s *Sink) changes(ctx context.Context, query url.Values) (rows []changeRow, whole bool, err error) {
	query.Set("fields", "id,time,action,changed_object_type,changed_object_id,prechange_data,postchange_data")
	raw, err := s.client.get(ctx, changesPath, query)
	if err != nil {
		return nil, false, err
	}
	var page struct {
		Next    *string     `json:"next"`
		Results []changeRow `json:"results"`
	}
	if err := json.Unmarshal(raw, &page); err != nil {
		return nil, false, fmt.Errorf("NetBox's answer to GET %s is not understood: %w", changesPath, err)
	}
	return page.Results, page.Next == nil, nil
}

// mayNotRead tells whether the token may not read the change log.
func mayNotRead(err error) bool {
	var refused *StatusError
	return errors.As(err, &refused) && refused.lacksPermission()
}

// touched is what the change log says was touched: units by their ids.
type touched map[sync.Kind]map[int64]bool

func (t touched) add(kind sync.Kind, id int64) {
	if t[kind] == nil {
		t[kind] = map[int64]bool{}
	}
	t[kind][id] = true
}

// touchedBy returns the units that rows are about. ok is false where one is about something that is not told by units: an
// object that others share, or an address that somebody holds whom a guest waits for.
func touchedBy(rows []changeRow, known *sync.State) (t touched, ok bool) {
	t = touched{}
	kinds := map[string]sync.Kind{}
	for kind, table := range tables {
		if _, again := kinds[table.model]; !again || kind == KindMAC || kind == KindAddress {
			kinds[table.model] = kind
		}
	}
	interfaces := map[sync.Kind]map[int64]int64{KindInterface: {}, KindNodeInterface: {}} // their units, by id
	unitID := map[sync.Key]string{}
	for _, r := range known.Records {
		if r.Key == r.Unit {
			unitID[r.Key] = r.ID
		}
	}
	wanted := map[string]bool{} // addresses that were looked up
	for _, key := range known.Asked {
		if key.Kind == KindAddress {
			wanted[key.Name] = true
		}
	}
	for _, r := range known.Records {
		if r.Key.Kind == KindInterface || r.Key.Kind == KindNodeInterface {
			number, _ := parseID(r.ID)
			unit, _ := parseID(unitID[r.Unit])
			interfaces[r.Key.Kind][number] = unit
		}
	}
	for _, r := range rows {
		if f := familyOf(kinds[r.Type]); kinds[r.Type] == KindInterface || kinds[r.Type] == KindNodeInterface {
			for _, unit := range r.parents(f.parent) {
				interfaces[kinds[r.Type]][r.ObjectID] = unit
			}
		}
	}
	for i := range rows {
		if !t.note(&rows[i], kinds, interfaces, wanted) {
			return nil, false
		}
	}
	return t, true
}

// note adds what a row is about.
func (t touched) note(r *changeRow, kinds map[string]sync.Kind, interfaces map[sync.Kind]map[int64]int64, wanted map[string]bool) bool {
	kind, ours := kinds[r.Type]
	if !ours {
		return true // nothing that is looked at here
	}
	switch kind {
	case KindDevice, KindVirtualMachine:
		if len(r.parents("site")) > 1 {
			return false // NetBox moves what is in it without a word
		}
		t.add(kind, r.ObjectID)
	case KindInterface, KindNodeInterface, KindDisk:
		f := familyOf(kind)
		for _, unit := range r.parents(f.parent) {
			t.add(f.unit, unit)
		}
	case KindMAC, KindAddress:
		for _, address := range r.texts("address") {
			if host := (&addressObject{Address: address}).host(); host.IsValid() && wanted[host.String()] {
				return false
			}
		}
		for _, on := range r.parents("assigned_object_id") {
			for nic, units := range interfaces {
				if unit := units[on]; unit != 0 {
					t.add(familyOf(nic).unit, unit)
				}
			}
		}
	default:
		return false
	}
	return true
}
