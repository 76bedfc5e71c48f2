package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// NewSinkFunc returns a sink that holds nothing of ours. Each call's sink has objects of its own.
type NewSinkFunc func() (sync.Sink, error)

// TestSink holds a sink to the contract of [sync.Sink], by itself and with an engine that writes sample estates to it, and
// returns all that does not hold, each with the sentence that says so.
func TestSink(ctx context.Context, newSink NewSinkFunc) error {
	return testAll(ctx, sinkChecks(), newSink)
}

// RunSink is [TestSink] with a subtest for each sentence.
func RunSink(t *testing.T, newSink NewSinkFunc) {
	t.Helper()
	runAll(t, sinkChecks(), newSink)
}

func sinkChecks() []check[NewSinkFunc] {
	return []check[NewSinkFunc]{
		{"kinds", "Kinds never changes; Stage is set on the kinds of level Unit only.", sinkKinds},
		{"cancel", "All methods honour ctx.", sinkCancelled},
		{"pure", "Desired is pure: the same arguments give the same records.", sinkPure},
		{"records", "The key names of a unit's records are unique in the unit, and those of its children begin with the unit's key name and a slash.", sinkRecords},
		{"references", "What refers comes after what is referred to, or is of the same unit.", sinkReferences},
		{"plan", "A plan writes nothing anywhere.", sinkPlan},
		{"idle", "An unchanged estate writes nothing.", sinkIdle},
		{"change", "A changed estate is written, and the run after that writes nothing.", sinkChange},
		{"unknown", "Unknown is not gone.", sinkUnknown},
		{"remove", "A removed unit goes with all that hangs on it, and nothing else.", sinkRemove},
		{"alone", "A unit fails alone.", sinkAlone},
		{"cut", "Cut anywhere, the next run comes to the same state.", sinkCut},
	}
}

func samples() []*inventory.Inventory {
	return []*inventory.Inventory{Estate("alpha", 2, 5), Estate("beta", 1, 2)}
}

func sinkKinds(_ context.Context, newSink NewSinkFunc) error {
	sink, err := newSink()
	if err != nil {
		return err
	}
	kinds := sink.Kinds()
	if again := sink.Kinds(); !slices.Equal(kinds, again) {
		return fmt.Errorf("they were %v and are %v", kinds, again)
	}
	seen := map[sync.Kind]bool{}
	for _, k := range kinds {
		if seen[k.Kind] || k.Kind == "" || (k.Level == sync.Unit) != (k.Stage != "") {
			return fmt.Errorf("%+v", k)
		}
		seen[k.Kind] = true
	}
	return nil
}

func sinkCancelled(ctx context.Context, newSink NewSinkFunc) error {
	sink, err := newSink()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := sink.Current(ctx, scopeOf(samples())); err == nil {
		return errors.New("Current has an answer after a cancel")
	}
	return nil
}

// scopeOf returns a scope that names the sources, as that of an engine does.
func scopeOf(inventories []*inventory.Inventory) sync.Scope {
	var s sync.Scope
	for _, inv := range inventories {
		s.Sources = append(s.Sources, inv.Source)
	}
	return s
}

// desired returns what an empty sink wants of the samples.
func desired(ctx context.Context, newSink NewSinkFunc) (sync.Sink, *sync.State, error) {
	sink, err := newSink()
	if err != nil {
		return nil, nil, err
	}
	current, err := sink.Current(ctx, scopeOf(samples()))
	if err != nil {
		return nil, nil, err
	}
	state, err := sink.Desired(samples(), current)
	return sink, state, err
}

func sinkPure(ctx context.Context, newSink NewSinkFunc) error {
	sink, err := newSink()
	if err != nil {
		return err
	}
	inventories := samples()
	before, err := json.Marshal(inventories)
	if err != nil {
		return err
	}
	current, err := sink.Current(ctx, scopeOf(inventories))
	if err != nil {
		return err
	}
	var texts [2]string
	for i := range texts {
		state, err := sink.Desired(inventories, current)
		if err != nil {
			return err
		}
		texts[i] = stateText(state)
	}
	if texts[0] != texts[1] {
		return fmt.Errorf("they are\n%s\nand\n%s", texts[0], texts[1])
	}
	after, err := json.Marshal(inventories)
	if err == nil && string(after) != string(before) {
		err = errors.New("it changes the inventories")
	}
	return err
}

// stateText tells a state, whatever the order of its records.
func stateText(s *sync.State) string {
	lines := make([]string, 0, len(s.Records))
	for _, r := range s.Records {
		raw, err := json.Marshal(r)
		if err != nil {
			raw = []byte(err.Error())
		}
		lines = append(lines, string(raw))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%s\n%+v", strings.Join(lines, "\n"), s.Holds)
}

func sinkRecords(ctx context.Context, newSink NewSinkFunc) error {
	sink, state, err := desired(ctx, newSink)
	if err != nil {
		return err
	}
	levels := map[sync.Kind]sync.Level{}
	for _, k := range sink.Kinds() {
		levels[k.Kind] = k.Level
	}
	var errs []error
	for _, r := range state.Records {
		level, known := levels[r.Key.Kind]
		good := known
		switch level {
		case sync.Shared:
			good = good && r.Unit.IsZero()
		case sync.Unit:
			good = good && r.Unit == r.Key && r.Source != ""
		case sync.Child:
			good = good && levels[r.Unit.Kind] == sync.Unit
		}
		if !good {
			errs = append(errs, fmt.Errorf("%q of the unit %q", r.Key, r.Unit))
		}
	}
	_, err = sync.Diff(state, &sync.State{}, sync.Scope{}, sync.Policy{})
	return errors.Join(append(errs, err)...)
}

func sinkReferences(ctx context.Context, newSink NewSinkFunc) error {
	sink, state, err := desired(ctx, newSink)
	if err != nil {
		return err
	}
	order := map[sync.Kind]int{}
	for i, k := range sink.Kinds() {
		order[k.Kind] = i
	}
	records := map[sync.Key]sync.Record{}
	for _, r := range state.Records {
		records[r.Key] = r
	}
	var errs []error
	for _, r := range state.Records {
		for name, f := range r.Fields.All() {
			for _, key := range f.Value.Keys() {
				target, there := records[key]
				sameUnit := there && !r.Unit.IsZero() && target.Unit == r.Unit
				if order[key.Kind] >= order[r.Key.Kind] && !sameUnit {
					errs = append(errs, fmt.Errorf("%s of %q refers to %q", name, r.Key, key))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// trial is a sink with an engine and sources that a check can change.
type trial struct {
	gate    *gate
	sources []*Source
	engine  *sync.Engine
}

// gate is a sink whose writes a check sees, and may refuse. It counts them.
type gate struct {
	sync.Sink
	writes int
	before func(b sync.Batch) error // nil for none
}

// Apply passes the batch on, unless the check refuses it. With one write in flight it needs no lock.
func (g *gate) Apply(ctx context.Context, b sync.Batch) ([]sync.Outcome, error) {
	g.writes++
	if g.before != nil {
		if err := g.before(b); err != nil {
			return nil, err
		}
	}
	return g.Sink.Apply(ctx, b)
}

func newTrial(newSink NewSinkFunc) (*trial, error) {
	sink, err := newSink()
	if err != nil {
		return nil, err
	}
	t := &trial{gate: &gate{Sink: sink}}
	var sources []sync.Source
	for _, inv := range samples() {
		source := NewSource(inv)
		t.sources, sources = append(t.sources, source), append(sources, source)
	}
	t.engine, err = sync.New(t.gate, sources, &sync.Options{Flight: 1, Chunk: 2})
	return t, err
}

// run runs, and checks the stream.
func (t *trial) run(ctx context.Context) (*sync.Result, error) {
	var recorder Recorder
	result, err := t.engine.Run(ctx, &sync.RunOptions{Observe: recorder.Observe})
	return result, errors.Join(err, recorder.Check())
}

// idle runs, and requires that nothing is written.
func (t *trial) idle(ctx context.Context) error {
	before := t.gate.writes
	plan, err := t.engine.Plan(ctx, nil)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := plan.WriteText(&text); err != nil {
		return err
	}
	if !plan.Empty() {
		return fmt.Errorf("there is still something to do:\n%s", text.String())
	}
	if _, err := t.run(ctx); err != nil {
		return err
	}
	if n := t.gate.writes - before; n > 0 {
		return fmt.Errorf("%d writes", n)
	}
	return nil
}

// unit returns the unit that stands for a guest of the first source.
func (t *trial) unit(ctx context.Context, guest int) (sync.Key, error) {
	ref := sync.GuestRef{Source: t.sources[0].Name(), ID: guest}
	plan, err := t.engine.Plan(ctx, &sync.RunOptions{Scope: sync.Scope{Guests: []sync.GuestRef{ref}}})
	if err != nil {
		return sync.Key{}, err
	}
	i := slices.IndexFunc(plan.Changes, func(c sync.Change) bool { return c.Guest == guest && c.Key == c.Unit })
	if i < 0 {
		return sync.Key{}, fmt.Errorf("no unit stands for guest %d", guest)
	}
	return plan.Changes[i].Unit, nil
}

// landed returns a trial after a first run.
func landed(ctx context.Context, newSink NewSinkFunc) (*trial, error) {
	t, err := newTrial(newSink)
	if err != nil {
		return nil, err
	}
	_, err = t.run(ctx)
	return t, err
}

func sinkPlan(ctx context.Context, newSink NewSinkFunc) error {
	t, err := newTrial(newSink)
	if err != nil {
		return err
	}
	plan, err := t.engine.Plan(ctx, nil)
	switch {
	case err != nil:
		return err
	case plan.Empty():
		return errors.New("the plan of a first run is empty")
	case t.gate.writes > 0:
		return fmt.Errorf("%d writes", t.gate.writes)
	}
	return nil
}

func sinkIdle(ctx context.Context, newSink NewSinkFunc) error {
	t, err := landed(ctx, newSink)
	if err != nil {
		return err
	}
	return t.idle(ctx)
}

func sinkChange(ctx context.Context, newSink NewSinkFunc) error {
	t, err := landed(ctx, newSink)
	if err != nil {
		return err
	}
	t.sources[0].Edit(func(inv *inventory.Inventory) {
		inv.Guests[0].Memory *= 2
		inv.Guests[0].Name, inv.Guests[2].Name = inv.Guests[2].Name, inv.Guests[0].Name
		inv.Guests[1].NICs = inv.Guests[1].NICs[:1]
	})
	before := t.gate.writes
	if _, err := t.run(ctx); err != nil {
		return err
	}
	if t.gate.writes == before {
		return errors.New("nothing was written")
	}
	return t.idle(ctx)
}

func sinkUnknown(ctx context.Context, newSink NewSinkFunc) error {
	t, err := landed(ctx, newSink)
	if err != nil {
		return err
	}
	t.sources[0].Fail(errors.New("not readable"))
	t.sources[1].Edit(func(inv *inventory.Inventory) {
		g := inv.Guests[0]
		inv.Guests[0] = inventory.Guest{ID: g.ID, Kind: g.Kind, Node: g.Node}
		for i := range inv.Guests[1].NICs {
			inv.Guests[1].NICs[i].Addresses = nil
		}
		inv.Gaps = []inventory.Gap{
			{Part: inventory.PartGuest, Guest: g.ID, Reason: "not readable"},
			{Part: inventory.PartAddresses, Guest: inv.Guests[1].ID, Reason: "not readable"},
		}
	})
	before := t.gate.writes
	_, err = t.engine.Run(ctx, nil)
	var partial *sync.PartialError
	if !errors.As(err, &partial) {
		return fmt.Errorf("the run over a source that cannot be read ends with %w", err)
	}
	if n := t.gate.writes - before; n > 0 {
		return fmt.Errorf("%d writes", n)
	}
	return nil
}

// errRefused is what a refused batch fails with.
var errRefused = errors.New("refused by the test")

func sinkAlone(ctx context.Context, newSink NewSinkFunc) error {
	t, err := newTrial(newSink)
	if err != nil {
		return err
	}
	unit, err := t.unit(ctx, samples()[0].Guests[0].ID)
	if err != nil {
		return err
	}
	engine, err := sync.New(&refusing{t.gate, unit}, []sync.Source{t.sources[0], t.sources[1]}, nil)
	if err != nil {
		return err
	}
	result, err := engine.Run(ctx, nil)
	if !errors.Is(err, errRefused) {
		return fmt.Errorf("the run ends with %w", err)
	}
	failed := 0
	for _, c := range result.Objects {
		failed += c.Failed
	}
	if failed != 1 {
		return fmt.Errorf("%d objects failed: %w", failed, err)
	}
	if _, err := t.run(ctx); err != nil {
		return err
	}
	return t.idle(ctx)
}

// refusing refuses the items of one unit.
type refusing struct {
	sync.Sink
	unit sync.Key
}

func (r *refusing) Apply(ctx context.Context, b sync.Batch) ([]sync.Outcome, error) {
	rest := b
	rest.Items = slices.DeleteFunc(slices.Clone(b.Items), func(i sync.Item) bool { return i.Unit == r.unit })
	var passed []sync.Outcome
	if len(rest.Items) > 0 {
		var err error
		if passed, err = r.Sink.Apply(ctx, rest); err != nil {
			return nil, err
		}
	}
	outcomes := make([]sync.Outcome, 0, len(b.Items))
	for _, item := range b.Items {
		if item.Unit == r.unit {
			outcomes = append(outcomes, sync.Outcome{Err: errRefused})
			continue
		}
		outcomes, passed = append(outcomes, passed[0]), passed[1:]
	}
	return outcomes, nil
}

func sinkCut(ctx context.Context, newSink NewSinkFunc) error {
	whole, err := landed(ctx, newSink)
	if err != nil {
		return err
	}
	want := whole.gate.writes
	for n := range want {
		t, err := newTrial(newSink)
		if err != nil {
			return err
		}
		t.gate.before = func(sync.Batch) error {
			if t.gate.writes > n {
				return fmt.Errorf("cut by the test: %w", sync.ErrUnavailable)
			}
			return nil
		}
		if _, err := t.run(ctx); !errors.Is(err, sync.ErrUnavailable) {
			return fmt.Errorf("cut before write %d: the run ends with %w", n+1, err)
		}
		t.gate.before = nil
		if _, err := t.run(ctx); err != nil {
			return fmt.Errorf("cut before write %d: the next run ends with %w", n+1, err)
		}
		if err := t.idle(ctx); err != nil {
			return fmt.Errorf("cut before write %d: %w", n+1, err)
		}
	}
	return nil
}
