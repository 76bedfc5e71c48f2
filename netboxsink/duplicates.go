package netboxsink

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// once returns the inventory with each node name and each VMID once: the first stays, and the others are told.
func (m *mapping) once(inv *inventory.Inventory) *inventory.Inventory {
	out := *inv
	nodes, guests := map[string]int{}, map[int]int{}
	out.Nodes = slices.DeleteFunc(slices.Clone(inv.Nodes), func(n inventory.Node) bool {
		nodes[n.Name]++
		if nodes[n.Name] > 1 {
			m.again(deviceKey(inv.Source, n.Name), nodes[n.Name], sync.Record{
				Label: n.Name, Source: inv.Source, Skip: fmt.Sprintf("the source lists node %s more than once: the first is taken", n.Name),
			})
		}
		return nodes[n.Name] > 1
	})
	out.Guests = slices.DeleteFunc(slices.Clone(inv.Guests), func(g inventory.Guest) bool {
		guests[g.ID]++
		if guests[g.ID] > 1 {
			m.again(machineKey(inv.Source, g.ID), guests[g.ID], sync.Record{
				Label: g.Name, Source: inv.Source, Guest: g.ID, Skip: fmt.Sprintf("the source lists VMID %d more than once: the first is taken", g.ID),
			})
		}
		return guests[g.ID] > 1
	})
	return &out
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
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(parts), func(part T) bool {
		name := key(&part)
		if seen[name] {
			m.state.Holds = append(m.state.Holds, sync.Hold{
				Unit: u.key, Kind: kind, Reason: fmt.Sprintf("the source lists %s more than once: the first is taken", name),
			})
			return true
		}
		seen[name] = true
		return false
	})
}
