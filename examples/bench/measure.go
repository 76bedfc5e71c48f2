package main

import (
	"context"
	"runtime"
	"time"
)

// measure is what one run cost.
type measure struct {
	Wall   seconds `json:"wall"`
	Phases []phase `json:"phases,omitempty"`
	// ProxmoxRead is the time until the source was read, beside which NetBox is read too.
	ProxmoxRead seconds `json:"proxmox_read,omitempty"`
	NetBox      traffic `json:"netbox"`
	Proxmox     traffic `json:"proxmox,omitzero"`
	// NetBoxCPU is the CPU time of NetBox and its PostgreSQL, where it is known.
	NetBoxCPU   seconds `json:"netbox_cpu,omitempty"`
	Allocations uint64  `json:"allocations"`
	Allocated   uint64  `json:"allocated"` // bytes
	Written     int     `json:"written"`   // objects and children; of the floor, rows
}

// costs measures what f does: its time, its allocations and NetBox's CPU time.
func costs(ctx context.Context, cpu cpuTime, who, run string, f func(context.Context) error) (measure, error) {
	var m measure
	runtime.GC() // what came before is not this run's
	used, err := cpu.total()
	if err != nil {
		return m, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	labelled(ctx, who, run, func(ctx context.Context) { err = f(ctx) })
	m.Wall = inSeconds(time.Since(began))
	runtime.ReadMemStats(&after)
	m.Allocations, m.Allocated = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	if err != nil {
		return m, err
	}
	total, err := cpu.total()
	m.NetBoxCPU = inSeconds(total - used)
	return m, err
}
