package netboxsink

import (
	"fmt"
	"strconv"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// once returns the inventory with each node name and each VMID once: the first stays, and the others are told.
func (m *mapping) once(inv *inventory.Inventory) *inventory.Inventory {
	out := *inv
	out.Nodes = firsts(inv.Nodes, func(n *inventory.Node) string { return n.Name }, func(n *inventory.Node, nth int) {
		m.again(deviceKey(inv.Source, n.Name), nth, sync.Record{
			Label: n.Name, Source: inv.Source, Skip: fmt.Sprintf("the source lists node %s more than once: the first is taken", n.Name),
		})
	})
	out.Guests = firsts(inv.Guests, func(g *inventory.Guest) int { return g.ID }, func(g *inventory.Guest, nth int) {
		m.again(machineKey(inv.Source, g.ID), nth, sync.Record{
			Label: g.Name, Source: inv.Source, Guest: g.ID, Skip: fmt.Sprintf("the source lists VMID %d more than once: the first is taken", g.ID),
		})
	})
	return &out
}

// firsts returns the first element of each key, and tells which others there are: the nth of its key. Without any it
// returns the list itself.
func firsts[T any, K comparable](list []T, key func(*T) K, again func(element *T, nth int)) []T {
	count := make(map[K]int, len(list))
	for i := range list {
		count[key(&list[i])]++
	}
	if len(count) == len(list) {
		return list
	}
	clear(count)
	var out []T
	for i := range list {
		k := key(&list[i])
		if count[k]++; count[k] == 1 {
			out = append(out, list[i])
		} else {
			again(&list[i], count[k])
		}
	}
	return out
}

// again adds the record of what stands in an inventory for the nth time.
func (m *mapping) again(key sync.Key, n int, record sync.Record) {
	key.Name += "~again" + strconv.Itoa(n)
	record.Key, record.Unit = key, key
	m.add(record)
}

// onceOn returns the parts of a guest with each key once: the first stays, and the others are told. What is there of
// their kind stays too.
func onceOn[T any](m *mapping, u *unit, kind sync.Kind, parts []T, key func(*T) string) []T {
	return firsts(parts, key, func(part *T, _ int) {
		m.state.Holds = append(m.state.Holds, sync.Hold{
			Unit: u.key, Kind: kind, Reason: fmt.Sprintf("the source lists %s more than once: the first is taken", key(part)),
		})
	})
}
