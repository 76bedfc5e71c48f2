package proxmoxsrc_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestIncremental_convergesToAFullReading lets an estate drift, with readings of all sorts in between. When every age has
// passed, an incremental reading is what a source that knows nothing reads.
func TestIncremental_convergesToAFullReading(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 0))
				version := []string{"7.4-20", "8.4.1", "9.1.6"}[seed%3]
				l := newMemoryLab(t, proxmoxtest.Generate(proxmoxtest.Spec{Seed: seed, Name: "alpha", Nodes: 3, Guests: 60, Version: version}))
				source := l.source(t)
				for step := range uint64(12) {
					l.fake.Update(func(e *proxmoxtest.Estate) { unsettle(e, r, seed<<8+step) })
					scribble(reading(t, source, someScope(r)))
					time.Sleep(time.Duration(r.IntN(40)) * time.Minute)
				}
				l.fake.Update(func(e *proxmoxtest.Estate) {
					for _, n := range e.Nodes[1:] {
						n.RowsExpired = n.State == proxmoxtest.NodeOffline
					}
				})
				for range 3 {
					time.Sleep(time.Hour)
					scribble(incremental(t, source))
				}
				l.asFull(t, incremental(t, source))
			})
		})
	}
}

// unsettle changes guests as time does, and states as people and trouble do.
func unsettle(e *proxmoxtest.Estate, r *rand.Rand, seed uint64) {
	e.Drift(seed, 0.1)
	for range 5 {
		g := e.Guests[r.IntN(len(e.Guests))]
		switch r.IntN(4) {
		case 0:
			g.Status = []proxmoxtest.Status{proxmoxtest.StatusRunning, proxmoxtest.StatusStopped}[r.IntN(2)]
		case 1:
			if g.Kind == proxmoxtest.QEMU {
				g.Agent = []proxmoxtest.Agent{proxmoxtest.AgentOff, proxmoxtest.AgentOK, proxmoxtest.AgentDead}[r.IntN(3)]
			}
		case 2:
			g.Description = fmt.Sprint("written at ", seed)
		case 3:
			g.Lock = []string{"", "backup"}[r.IntN(2)]
		}
	}
	n := e.Nodes[1+r.IntN(len(e.Nodes)-1)] // the first is the entry
	n.State = []proxmoxtest.NodeState{
		proxmoxtest.NodeOnline, proxmoxtest.NodeOnline, proxmoxtest.NodeOffline, proxmoxtest.NodeUnknown,
	}[r.IntN(4)]
	n.Memory += 1 << 30
	n.Interfaces[0].MTU = 1500 + r.IntN(10)
	e.Vnets[0].Alias = fmt.Sprint("alias ", seed)
}

// someScope is mostly an incremental one, sometimes that of a full run or of one guest.
func someScope(r *rand.Rand) sync.Scope {
	scope := sync.Scope{Incremental: r.IntN(6) > 0}
	if r.IntN(4) == 0 {
		scope.Guests = []sync.GuestRef{{Source: "alpha", ID: 100 + r.IntN(60)}}
	}
	return scope
}

// scribble overwrites whatever the inventory refers to.
func scribble(inv *inventory.Inventory) { wipe(reflect.ValueOf(inv).Elem()) }

func wipe(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			wipe(v.Index(i))
		}
	case v.Kind() == reflect.Map:
		v.Clear()
	case v.Kind() == reflect.Struct && v.Type().PkgPath() == reflect.TypeFor[inventory.Inventory]().PkgPath():
		for _, field := range v.Fields() {
			wipe(field)
		}
	default:
		v.SetZero()
	}
}

// TestIncremental_theInventoryIsTheCallers: what becomes of one does not show in the next.
func TestIncremental_theInventoryIsTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, proxmoxtest.Generate(proxmoxtest.Spec{Seed: 7, Name: "alpha", Guests: 80}))
		source := l.source(t)
		scribble(full(t, source))
		scribble(incremental(t, source))
		l.fake.ResetRequests()
		inv := incremental(t, source)
		assert.Empty(t, l.requested(t))
		l.asFull(t, inv)
	})
}

// TestIncremental_besideOthers: readings that go on at once do not spoil each other's.
func TestIncremental_besideOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, proxmoxtest.Generate(proxmoxtest.Spec{Seed: 8, Name: "alpha", Guests: 60}))
		source := l.source(t)
		var group stdsync.WaitGroup
		for i := range uint64(8) {
			group.Go(func() {
				for step := range uint64(4) {
					inv, err := source.Inventory(t.Context(), sync.Scope{Incremental: i > 0})
					if assert.NoError(t, err) {
						scribble(inv)
					}
					l.fake.Update(func(e *proxmoxtest.Estate) { e.Drift(i<<8+step, 0.02) })
					time.Sleep(10 * time.Minute)
				}
			})
		}
		group.Wait()
		time.Sleep(2 * time.Hour)
		l.asFull(t, incremental(t, source))
	})
}
