package main

import (
	"context"
	"fmt"
)

// macGroup: NetBox 4.7 takes a MAC address with its interface. Elsewhere it is an object of its own, to which the interface
// points from the beginning, which assigns it (from 4.4.2), or is made to.
func macGroup() group {
	together := withMachines(interfacePath, interfaces)
	return group{"an interface and its MAC address", someRows, []way{
		{name: "in one row", since: "4.7", prepare: func(ctx context.Context, w *writer, n int) (writing, error) {
			made, err := together(ctx, w, n)
			for _, row := range made.rows {
				row["mac_address"] = w.mac()
			}
			return func(ctx context.Context) error {
				_, err := w.create(ctx, made.path, made.rows, how{})
				return err
			}, err
		}},
		{name: "the MAC address first: POST, POST", since: "4.5", prepare: func(ctx context.Context, w *writer, n int) (writing, error) {
			made, err := together(ctx, w, n)
			return func(ctx context.Context) error {
				ids, err := w.create(ctx, macPath, w.freeMACs(n), how{})
				if err != nil {
					return err
				}
				for i, row := range made.rows {
					row["primary_mac_address"] = ids[i]
				}
				_, err = w.create(ctx, made.path, made.rows, how{})
				return err
			}, err
		}},
		{name: "apart: POST, POST, PATCH", prepare: func(ctx context.Context, w *writer, n int) (writing, error) {
			made, err := together(ctx, w, n)
			return func(ctx context.Context) error {
				ports, err := w.create(ctx, made.path, made.rows, how{})
				if err != nil {
					return err
				}
				return w.assignMACs(ctx, ports, true)
			}, err
		}},
	}}
}

// primaryMACGroup: what it costs that an interface points to its MAC address.
func primaryMACGroup() group {
	assigns := func(primary bool) func(context.Context, *writer, int) (writing, error) {
		return func(ctx context.Context, w *writer, n int) (writing, error) {
			_, ports, err := w.newInterfaces(ctx, n)
			return func(ctx context.Context) error { return w.assignMACs(ctx, ports, primary) }, err
		}
	}
	return group{"the MAC address of an interface that is there", someRows, []way{
		{name: "primary: POST, PATCH", prepare: assigns(true)},
		{name: "assigned only: POST", prepare: assigns(false)},
	}}
}

// assignMACs creates a MAC address for each interface, and makes it the primary one.
func (w *writer) assignMACs(ctx context.Context, ports []int64, primary bool) error {
	ids, err := w.create(ctx, macPath, w.macs(ports), how{})
	if err != nil || !primary {
		return err
	}
	return w.patch(ctx, interfacePath, pointers(ports, "primary_mac_address", ids), how{})
}

// answerGroup: an answer can hold whole objects, or the fields that were sent.
func answerGroup(name string, rows making) group {
	return group{"answers: " + name, someRows, []way{
		{name: "whole", prepare: rows.creates(how{}, nil)},
		{name: "cut by fields=", prepare: rows.creates(how{cut: true}, nil)},
	}}
}

// defaultsGroup: a field that is to have its default can be sent or not.
func defaultsGroup(name string, rows making, defaults body) group {
	return group{"fields that are defaults: " + name, someRows, []way{
		{name: "left out", prepare: rows.creates(how{}, nil)},
		{name: fmt.Sprintf("sent, %d of them", len(defaults)), prepare: rows.creates(how{}, defaults)},
	}}
}

// connectionGroup: who takes a kept connection decides who serves all its requests, and not who is idle.
func connectionGroup() group {
	const batch = 25
	rows := withMachines(diskPath, disks)
	return group{fmt.Sprintf("connections: virtual disks, lists of %d, %d in flight", batch, flight), burst, []way{
		{name: "fresh for each write", prepare: rows.creates(how{batch: batch, flight: flight}, nil)},
		{name: "kept", prepare: rows.creates(how{batch: batch, flight: flight, kept: true}, nil)},
	}}
}

// batchGroup: each request costs something, and each row.
func batchGroup(name string, rows making) group {
	g := group{name: "lists: " + name, rows: manyRows}
	for _, batch := range []int{batchSize, 10, 25, 50, 200} {
		g.ways = append(g.ways, way{name: fmt.Sprintf("of %d", batch), prepare: rows.creates(how{batch: batch}, nil)})
	}
	return g
}

// primaryAddressGroup: the request that makes an address the primary one can bring the memory up to date.
func primaryAddressGroup() group {
	patches := func(how how, more body) func(context.Context, *writer, int) (writing, error) {
		return func(ctx context.Context, w *writer, n int) (writing, error) {
			machines, ports, err := w.newInterfaces(ctx, n)
			if err != nil {
				return nil, err
			}
			addresses, err := w.create(ctx, addressPath, w.addresses(ports), gently())
			if err != nil {
				return nil, err
			}
			rows := each(pointers(machines, "primary_ip4", addresses), more)
			return func(ctx context.Context) error { return w.patch(ctx, machinePath, rows, how) }, nil
		}
	}
	return group{"the primary IP address of a virtual machine", someRows, []way{
		{name: "PATCH of it alone", prepare: patches(how{}, nil)},
		{name: "answers cut by fields=", prepare: patches(how{cut: true}, nil)},
		{name: "cut, with what the machine refers to", prepare: patches(how{cut: true, more: machineReferences()}, nil)},
		{name: fmt.Sprintf("with a JSON custom field, %d bytes", memorySize), prepare: patches(how{}, body{"custom_fields": body{memoryField: memory()}})},
	}}
}
