package proxmoxsrc

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// row is a guest or node in GET /cluster/resources. Of a guest whose node has been silent for five minutes, it has no
// name, no maxcpu and no template.
//
// Two rows of one guest or node that differ are a sign that it has changed. So what goes up and down by itself (load,
// memory in use, uptime, counters) is not here.
type row struct {
	ID, Type, Node, Name, Status, Tags, Pool, Lock, HAState, Level text

	VMID            number
	MaxCPU          number // may be 0.5
	MaxMem, MaxDisk number
	Template        flag
}

// rows is GET /cluster/resources, of which the rest does not matter here.
type rows struct {
	guests  []row // in the order of their VMIDs, each once
	nodes   []row
	dropped []string // rows that made no sense
	lost    bool     // one of them may have been a guest's
}

// parseList splits a list. Null is none.
func parseList(raw json.RawMessage) ([]json.RawMessage, error) {
	var elements []json.RawMessage
	if raw == nil {
		return nil, errors.New("is null, not a list")
	}
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, errors.New("is no list: " + err.Error())
	}
	return elements, nil
}

// parseRows reads GET /cluster/resources. An odd row costs only itself.
func parseRows(raw json.RawMessage) (rows, error) {
	elements, err := parseList(raw)
	if err != nil {
		return rows{}, err
	}
	var out rows
	for i, element := range elements {
		var r row
		if string(element) == "null" || json.Unmarshal(element, &r) != nil {
			out.drop(fmt.Sprintf("the list of resources: element %d is no object", i+1))
			out.lost = true
			continue
		}
		out.add(r)
	}
	slices.SortFunc(out.nodes, func(a, b row) int { return cmp.Compare(a.Node, b.Node) })
	out.sortGuests()
	return out, nil
}

func (r *rows) drop(sentence string) { r.dropped = append(r.dropped, sentence) }

func (r *rows) add(one row) {
	switch kind := inventory.GuestKind(one.Type); {
	case one.Type == "node" && one.Node != "":
		one.MaxDisk = 0 // on ZFS it shrinks with what is in use elsewhere
		r.nodes = append(r.nodes, one)
	case kind == inventory.QEMU || kind == inventory.LXC:
		if one.VMID = number(one.VMID.int()); one.VMID <= 0 {
			one.VMID = number(parseInt(strings.TrimPrefix(string(one.ID), string(one.Type)+"/")))
		}
		if one.VMID <= 0 || one.Node == "" {
			r.drop(fmt.Sprintf("the list of resources: the row %q has no VMID or no node", one.ID))
			r.lost = true
			return
		}
		r.guests = append(r.guests, one)
	}
}

// sortGuests also drops what repeats a VMID; the row that says more is kept.
func (r *rows) sortGuests() {
	slices.SortFunc(r.guests, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.VMID, b.VMID), -cmp.Compare(min(len(a.Name), 1), min(len(b.Name), 1)),
			cmp.Compare(a.Node, b.Node), cmp.Compare(a.Type, b.Type))
	})
	kept := r.guests[:0]
	for _, one := range r.guests {
		if len(kept) > 0 && kept[len(kept)-1].VMID == one.VMID {
			r.drop(fmt.Sprintf("the list of resources: guest %d is in it twice; that on node %s is left out", one.VMID.int(), one.Node))
			continue
		}
		kept = append(kept, one)
	}
	r.guests = kept
}

// expired tells whether the cluster no longer knows details of the guest.
func (r *row) expired() bool {
	return r.Name == "" && guestStatus(string(r.Status)) == inventory.GuestUnknown
}

// guest returns what the list says of the guest.
func (r *row) guest() inventory.Guest {
	return inventory.Guest{
		ID:       r.VMID.int(),
		Kind:     inventory.GuestKind(r.Type),
		Name:     configuredName(repairedName(inventory.GuestKind(r.Type), string(r.Name)), r.VMID.int()),
		Node:     string(r.Node),
		Status:   guestStatus(string(r.Status)),
		Template: bool(r.Template),
		Tags:     parseTags(string(r.Tags)),
		Pool:     string(r.Pool),
		HAState:  string(r.HAState),
		Lock:     string(r.Lock),
	}
}
