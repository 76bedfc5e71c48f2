package main

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// writer writes rows of its own making into a NetBox, as it is told. It sends as the floor does.
type writer struct {
	fresh, kept *floor // a connection for each write, and those of before
	cluster     int64  // in which all virtual machines are
	last        int    // number that was given
}

// how says in which way rows are sent; the zero value is lists of the largest size, one after the other.
type how struct {
	batch  int      // rows of a list
	flight int      // lists under way at once
	cut    bool     // answers hold only what was sent
	more   []string // and these, where answers are cut
	kept   bool     // over connections that are kept
}

// gently is how what is not measured is written: by all of NetBox's workers.
func gently() how { return how{batch: 25, flight: flight} }

// newWriter returns one, and creates what all rows have in common.
func newWriter(ctx context.Context, netbox end) (*writer, error) {
	w := &writer{fresh: newFloor(netbox, cpuTime{}), kept: newFloor(netbox, cpuTime{})}
	transport := newTransport()
	transport.writes = transport.reads
	w.kept.client = &http.Client{Transport: transport}
	_, err := w.create(ctx, fieldsPath, []body{
		{"name": memoryField, "type": "json", "object_types": []string{"virtualization.virtualmachine"}, "ui_visible": "hidden"},
	}, how{})
	if err != nil {
		return nil, err
	}
	types, err := w.create(ctx, clusterTypePath, []body{{"name": "Ways", "slug": "ways"}}, how{})
	if err != nil {
		return nil, err
	}
	clusters, err := w.create(ctx, clusterPath, []body{{"name": "ways", "type": types[0]}}, how{})
	if err != nil {
		return nil, err
	}
	w.cluster = clusters[0]
	return w, nil
}

// newMachines creates n virtual machines.
func (w *writer) newMachines(ctx context.Context, n int) ([]int64, error) {
	return w.create(ctx, machinePath, w.machines(n), gently())
}

// newInterfaces creates n virtual machines with an interface each.
func (w *writer) newInterfaces(ctx context.Context, n int) (machines, ports []int64, err error) {
	if machines, err = w.newMachines(ctx, n); err != nil {
		return nil, nil, err
	}
	ports, err = w.create(ctx, interfacePath, interfaces(machines), gently())
	return machines, ports, err
}

// create creates rows and returns their ids, in the same order.
func (w *writer) create(ctx context.Context, path string, rows []body, how how) ([]int64, error) {
	lists := how.lists(rows)
	created := make([][]int64, len(lists))
	err := w.write(ctx, http.MethodPost, path, lists, how, func(i int, raw []byte) (err error) {
		created[i], err = createdIDs(path, raw, len(lists[i]))
		return err
	})
	return slices.Concat(created...), err
}

// patch changes objects.
func (w *writer) patch(ctx context.Context, path string, rows []body, how how) error {
	return w.write(ctx, http.MethodPatch, path, how.lists(rows), how, func(int, []byte) error { return nil })
}

func (w *writer) write(ctx context.Context, method, path string, lists [][]body, how how, answered func(i int, raw []byte) error) error {
	sender := w.fresh
	if how.kept {
		sender = w.kept
	}
	var requests []func() error
	for i, list := range lists {
		requests = append(requests, func() error {
			sent, err := json.Marshal(list)
			if err != nil {
				return err
			}
			raw, err := sender.exchange(ctx, method, path, how.query(method, list), sent)
			if err != nil {
				return err
			}
			return answered(i, raw)
		})
	}
	return atOnce(max(how.flight, 1), requests)
}

func (h how) lists(rows []body) [][]body {
	return slices.Collect(slices.Chunk(rows, cmp.Or(h.batch, batchSize)))
}

// query is what netboxsink sends with a list, where answers are cut.
func (h how) query(method string, list []body) string {
	if !h.cut {
		return ""
	}
	fields := maps.Clone(list[0])
	fields["id"] = nil
	if method == http.MethodPost {
		fields["custom_fields"] = nil
	}
	for _, name := range h.more {
		fields[name] = nil
	}
	names := strings.Join(slices.Sorted(maps.Keys(fields)), ",")
	return "?" + url.Values{"fields": {names}, "exclude": {"config_context"}}.Encode()
}
