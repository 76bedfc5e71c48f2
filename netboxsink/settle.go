package netboxsink

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// settle finds out, after an answer that was lost or tells nothing, what landed, and returns what is to be sent again.
// Updates and deletes are: to do them twice does no harm. Creates are looked for by their natural keys. A NetBox that
// answers no longer, or no longer as one, ends the run.
func (w *bulk) settle(ctx context.Context, entries []entry, lost error) ([]entry, error) {
	if w.op != sync.Create {
		if _, err := w.sink.client.version(ctx); err != nil {
			return nil, &silenceError{lost, err}
		}
		return entries, nil
	}
	found, err := w.find(ctx, entries)
	if err != nil {
		return nil, &silenceError{lost, err}
	}
	var rest []entry
	for _, e := range entries {
		if number, ok := found[e.index]; ok {
			w.outcomes[e.index].ID = number
		} else {
			rest = append(rest, e)
		}
	}
	return rest, nil
}

// silenceError tells that nobody knows what landed of a write, for a question after it was not answered well either.
type silenceError struct{ err, since error }

func (e *silenceError) Error() string {
	if passing(e.since) {
		return e.err.Error() + "; NetBox does not answer since: the next run will tell what landed"
	}
	return e.err.Error() + "; what landed cannot be looked up (" + e.since.Error() + "): the next run will tell"
}

func (e *silenceError) Unwrap() error { return e.err }

func (e *silenceError) Is(target error) bool {
	return target == sync.ErrUnavailable || target == sync.ErrUnknownOutcome
}

// find returns the ids of the entries that exist, by their places in the batch.
func (w *bulk) find(ctx context.Context, entries []entry) (map[int]string, error) {
	switch w.kind {
	case KindVirtualMachine:
		return findIn[machineObject](ctx, w, entries, "cluster_id", refOf("cluster"), func(e entry, m *machineObject) (int64, bool) {
			return m.ID, m.CustomFields.value(fieldID) == e.item.Fields[customPrefix+fieldID] &&
				m.CustomFields.value(fieldSource) == e.item.Fields[customPrefix+fieldSource] &&
				sync.String(m.Name) == e.item.Fields["name"]
		})
	case KindDevice:
		return findIn[deviceObject](ctx, w, entries, "site_id", refOf("site"), func(e entry, d *deviceObject) (int64, bool) {
			return d.ID, d.CustomFields.value(fieldSource) == e.item.Fields[customPrefix+fieldSource] &&
				sync.String(d.Name) == e.item.Fields["name"]
		})
	case KindInterface, KindNodeInterface:
		unit := refOf(familyOf(w.kind).parent)
		return findIn[interfaceObject](ctx, w, entries, familyOf(w.kind).parent+"_id", unit, func(e entry, i *interfaceObject) (int64, bool) {
			return i.ID, id(i.unit()) == unit(e) && sync.String(i.Name) == e.item.Fields["name"]
		})
	case KindDisk:
		return findIn[diskObject](ctx, w, entries, "virtual_machine_id", refOf("virtual_machine"), func(e entry, d *diskObject) (int64, bool) {
			return d.ID, id(d.VirtualMachine.ID) == refOf("virtual_machine")(e) && sync.String(d.Name) == e.item.Fields["name"]
		})
	case KindAddress, KindNodeAddress:
		return findIn[addressObject](ctx, w, entries, "address", hostOf, func(e entry, a *addressObject) (int64, bool) {
			vrf := ""
			if a.VRF != nil {
				vrf = id(a.VRF.ID)
			}
			return a.ID, vrf == refOf("vrf")(e) && a.host().String() == hostOf(e) && id(a.AssignedID) == refOf("assigned_object")(e) &&
				a.AssignedType == familyOf(w.kind).model()
		})
	case KindMAC, KindNodeMAC:
		return findIn[macObject](ctx, w, entries, "mac_address", textOf("mac_address"), func(e entry, a *macObject) (int64, bool) {
			if !strings.EqualFold(a.Address, textOf("mac_address")(e)) {
				return a.ID, false
			}
			on := refOf("assigned_object")(e)
			return a.ID, on == "" && a.isLoose() || id(a.AssignedID) == on && a.AssignedType == familyOf(w.kind).model()
		})
	case KindCluster:
		return findIn[clusterObject](ctx, w, entries, "name", textOf("name"), func(e entry, c *clusterObject) (int64, bool) {
			return c.ID, c.CustomFields.value(fieldSource) == e.item.Fields[customPrefix+fieldSource]
		})
	}
	key := tables[w.kind].key
	return findIn[sharedObject](ctx, w, entries, key, textOf(key), func(e entry, o *sharedObject) (int64, bool) {
		return o.ID, textOf(key)(e) == map[string]string{"slug": o.Slug, "name": o.Name}[key]
	})
}

// findIn reads the objects with the entries' values of a parameter, and matches them.
func findIn[T any](ctx context.Context, w *bulk, entries []entry, parameter string, value func(entry) string,
	match func(entry, *T) (int64, bool),
) (map[int]string, error) {
	values, seen := make([]string, 0, len(entries)), map[string]bool{}
	for _, e := range entries {
		if v := value(e); !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	}
	found := map[int]string{}
	for _, query := range queries(parameter, values, url.Values{}) {
		objects, err := all[T](ctx, w.sink.client, w.kind, query)
		if err != nil {
			return nil, err
		}
		for i := range slices.Backward(objects) { // what landed just now is the youngest
			for _, e := range entries {
				if _, done := found[e.index]; done {
					continue
				}
				if number, ok := match(e, &objects[i]); ok {
					found[e.index] = id(number)
					break
				}
			}
		}
	}
	return found, nil
}

func refOf(field string) func(entry) string {
	return func(e entry) string {
		if ids := e.item.Refs[field]; len(ids) == 1 {
			return ids[0]
		}
		return ""
	}
}

func textOf(field string) func(entry) string {
	return func(e entry) string { return e.item.Fields[field].Text() }
}

// hostOf returns the entry's address without its mask.
func hostOf(e entry) string {
	p, err := netip.ParsePrefix(e.item.Fields["address"].Text())
	if err != nil {
		return ""
	}
	return p.Addr().String()
}
