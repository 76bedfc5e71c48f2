package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
)

var errStopped = errors.New("somebody stopped it")

// run runs the engine once, and checks what it tells.
func (w *world) run(ctx context.Context, do func(context.Context, *sync.RunOptions) (*sync.Result, error), scope sync.Scope) (*sync.Result, error) {
	w.t.Helper()
	limit := time.Minute * 5
	if !w.live {
		limit = 48 * time.Hour // of the bubble: what hangs there waits for its own limits
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var events enginetest.Recorder
	result, err := do(ctx, &sync.RunOptions{Observe: events.Observe, Scope: scope})
	if w.seed%4 == 0 { // the check takes longer than the run
		if wrong := events.Check(); wrong != nil {
			w.failf("the events are wrong: %v", wrong)
		}
	}
	if result == nil || result.OK != (err == nil) {
		w.failf("the result %+v does not say what the error %v says", result, err)
	}
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		w.failf("the run does not end: %v", err)
	}
	w.noSecret(events.Events(), err)
	for _, l := range w.labs {
		if wrong := l.fake.Violations(); len(wrong) > 0 {
			w.failf("%s is only read: %v", l.name, wrong)
		}
	}
	w.tell("  -> %v", err)
	return result, err
}

// noSecret checks that nothing that was told holds a token.
func (w *world) noSecret(events []sync.Event, err error) {
	w.t.Helper()
	raw, wrong := json.Marshal(events)
	if wrong != nil {
		w.failf("the events cannot be encoded: %v", wrong)
	}
	for _, text := range []string{string(raw), fmt.Sprint(err)} {
		for _, l := range w.labs {
			if _, secret, _ := strings.Cut(l.secret, "="); strings.Contains(text, secret) || strings.Contains(text, w.token) {
				w.failf("a secret is told: %s", text)
			}
		}
	}
}

// clean runs with nothing in the way. Everything must land; but where one guest's address goes to another VRF, and another
// guest gets it in the first, that has to wait for a second run.
func (w *world) clean(scope sync.Scope) {
	w.t.Helper()
	w.gate.reset()
	_, err := w.run(w.t.Context(), w.engine.Run, scope)
	var partial *sync.PartialError
	if len(w.mapping.Placement.VRF) > 0 && errors.As(err, &partial) && strings.Contains(err.Error(), "Duplicate IP address") {
		w.gate.reset()
		_, err = w.run(w.t.Context(), w.engine.Run, scope)
	}
	if err != nil {
		w.failf("a run with nothing in the way: %v", err)
	}
}

// faulty runs while requests of both ends meet trouble.
func (w *world) faulty(r *rand.Rand) {
	w.gate.reset()
	for range 1 + r.IntN(4) {
		t := &trouble{
			kind: pick(r, troubleKinds(w.live)...), write: chance(r, 0.7), times: pick(r, 1, 1, 1, 2, 5, 1000),
			delay: time.Duration(r.IntN(20)) * time.Second,
		}
		t.at = 1 + r.IntN(40)
		if w.live {
			t.delay /= 10
		}
		w.late = w.late || t.kind == "late"
		w.gate.add(t)
		w.tell("at request %d (writes only: %v), %d times: %s", t.at, t.write, t.times, t.kind)
	}
	w.calm.Store(false)
	w.spoilSources(r)
	_, _ = w.run(w.t.Context(), w.engine.Run, sync.Scope{})
	w.mend()
}

// spoilSources lets requests to Proxmox VE meet trouble.
func (w *world) spoilSources(r *rand.Rand) {
	for _, l := range w.labs {
		for range r.IntN(3) {
			f := proxmoxtest.Fault{
				Pattern: pick(r, "", "/nodes/**", "/nodes/*/qemu/*/config", "/nodes/*/lxc/*/config", "/nodes/*/qemu/*/agent/**", "/nodes/*/network", "/cluster/**", "/cluster/resources"),
				Skip:    r.IntN(30), Times: pick(r, 0, 1, 3),
				Kind: pick(r, proxmoxtest.FaultStatus, proxmoxtest.FaultStatus, proxmoxtest.FaultReset, proxmoxtest.FaultTruncate, proxmoxtest.FaultHTML, proxmoxtest.FaultNull),
			}
			if !w.live && chance(r, 0.2) {
				f.Kind = proxmoxtest.FaultHang
			}
			if f.Kind == proxmoxtest.FaultStatus {
				f.Status = pick(r, 500, 403, 401, 595, 596, 599)
			}
			l.fake.Inject(f)
			w.tell("%s: %+v", l.name, f)
		}
		if chance(r, 0.2) {
			n, seed := 1+r.IntN(30), r.Uint64()
			w.tell("%s drifts after %d requests", l.name, n)
			l.fake.After("", n, func(e *proxmoxtest.Estate) {
				if w.calm.Load() {
					return // so late that it is none of this run any more
				}
				e.Drift(seed, 0.3)
			})
		}
	}
}

// mend takes all trouble away, and waits for what NetBox still works on.
func (w *world) mend() {
	w.calm.Store(true)
	for _, l := range w.labs {
		l.fake.ClearFaults()
	}
	w.gate.late.Wait()
	w.gate.reset()
}

// cancelled runs until somebody stops it at some request.
func (w *world) cancelled(r *rand.Rand) {
	ctx, cancel := context.WithCancelCause(w.t.Context())
	defer cancel(nil)
	w.gate.reset()
	t := &trouble{kind: "call", write: chance(r, 0.8), at: 1 + r.IntN(30), times: 1, after: chance(r, 0.5), do: func() { cancel(errStopped) }}
	w.gate.add(t)
	w.tell("cancelled at request %d (writes only: %v), after it: %v", t.at, t.write, t.after)
	_, err := w.run(ctx, w.engine.Run, sync.Scope{})
	if ctx.Err() != nil && err != nil && !errors.Is(err, errStopped) {
		w.failf("a run that was stopped ends with %v", err)
	}
	w.mend()
}

// killed runs until its connections to NetBox are cut off at some write.
func (w *world) killed(r *rand.Rand) {
	w.t.Helper()
	w.kill(1+r.IntN(25), chance(r, 0.5), w.stop != nil && chance(r, 0.5))
}

// struck has much to write, and both NetBox and the engine end at one of the first writes.
func (w *world) struck(r *rand.Rand) {
	w.t.Helper()
	for _, l := range w.labs {
		l.fake.Update(func(e *proxmoxtest.Estate) { e.Drift(r.Uint64(), 1) })
	}
	w.tell("all guests drift")
	w.kill(1+r.IntN(4), chance(r, 0.5), true)
}

// kill runs until the connections to NetBox are cut off at a write, and goes on with another engine, as after the end of
// its process. A real NetBox may be stopped too.
func (w *world) kill(at int, after, netBoxToo bool) {
	w.t.Helper()
	w.gate.reset()
	t := &trouble{kind: "call", write: true, at: at, times: 1, after: after, do: w.gate.close}
	stopped := false
	if netBoxToo {
		t.do = func() {
			stopped = true
			w.stop()
			w.gate.close()
		}
	}
	w.gate.add(t)
	w.tell("killed at write %d, after it: %v, NetBox too: %v", at, after, netBoxToo)
	_, _ = w.run(w.t.Context(), w.engine.Run, sync.Scope{})
	w.gate.late.Wait()
	if stopped {
		w.start()
	}
	w.mend()
	w.boot()
}

// scoped runs for a part only.
func (w *world) scoped(r *rand.Rand) {
	w.t.Helper()
	l := pick(r, w.labs...)
	scope := sync.Scope{Sources: []string{l.name}, Incremental: chance(r, 0.3)}
	e := l.fake.Estate()
	switch r.IntN(4) {
	case 0:
		if len(e.Guests) > 0 {
			scope.Guests = []sync.GuestRef{{Source: l.name, ID: pick(r, e.Guests...).VMID}}
		}
	case 1:
		scope.Kinds = []sync.Kind{netboxsink.KindDevice, netboxsink.KindNodeInterface, netboxsink.KindNodeMAC, netboxsink.KindNodeAddress}
	case 2:
		scope.Kinds = []sync.Kind{netboxsink.KindVirtualMachine, netboxsink.KindInterface, netboxsink.KindMAC, netboxsink.KindAddress, netboxsink.KindDisk}
	}
	w.tell("run for %+v", scope)
	w.scope = scope
	w.gate.reset()
	var partial *sync.PartialError
	if _, err := w.run(w.t.Context(), w.engine.Run, scope); err != nil && !(len(scope.Kinds)+len(scope.Guests) > 0 && errors.As(err, &partial)) {
		w.failf("a run with nothing in the way: %v", err)
	} // guests cannot follow a device that this run does not move
}

// planned makes a plan, saves it, and applies it after others were there.
func (w *world) planned(r *rand.Rand) {
	w.gate.reset()
	plan, err := w.engine.Plan(w.t.Context(), nil)
	if err != nil {
		w.failf("a plan with nothing in the way: %v", err)
	}
	if w.gate.written() > 0 {
		w.failf("a plan writes: %v", w.gate.requests)
	}
	raw, err := json.Marshal(plan)
	var saved sync.Plan
	if err := errors.Join(err, json.Unmarshal(raw, &saved)); err != nil {
		w.failf("a plan cannot be saved: %v", err)
	}
	w.tell("a plan is made")
	if chance(r, 0.5) {
		w.drift(r)
	}
	if chance(r, 0.7) {
		w.persons(r)
	}
	w.rows()
	w.tell("the plan is applied")
	_, err = w.run(w.t.Context(), func(ctx context.Context, o *sync.RunOptions) (*sync.Result, error) {
		return w.engine.Apply(ctx, &saved, o)
	}, sync.Scope{})
	var partial *sync.PartialError
	if err != nil && !errors.As(err, &partial) {
		w.failf("a saved plan ends with %v", err)
	}
}

// persons lets the person do some things.
func (w *world) persons(r *rand.Rand) {
	w.t.Helper()
	for range 1 + r.IntN(4) {
		if did := w.edit(r, w.now); did != "" {
			w.tell("person %s", did)
		}
	}
	w.now = w.person.look()
	w.book.update(w.now)
}

// still checks that a plan has nothing to do, and that a run writes nothing.
func (w *world) still() {
	w.t.Helper()
	plan, err := w.engine.Plan(w.t.Context(), nil)
	if err != nil || !plan.Empty() {
		var text bytes.Buffer
		_ = plan.WriteText(&text)
		w.failf("there is something to do: %v %s", err, text.String())
	}
	rows := w.person.rowsAfter(w.lastRow)
	w.clean(sync.Scope{})
	if w.gate.written() > 0 {
		w.failf("a second run writes: %v", w.gate.requests)
	}
	if more := w.person.rowsAfter(w.lastRow); len(more) != len(rows) {
		w.failf("a second run leaves rows in the change log: %v", more)
	}
}
