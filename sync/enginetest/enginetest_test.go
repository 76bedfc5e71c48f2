package enginetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func TestOwnEndsPass(t *testing.T) {
	t.Parallel()
	source := enginetest.NewSource(enginetest.Estate("alpha", 2, 5))
	require.NoError(t, enginetest.TestSource(t.Context(), source))
	enginetest.RunSource(t, source)
	newSink := func() (sync.Sink, error) { return enginetest.NewSink(nil), nil }
	require.NoError(t, enginetest.TestSink(t.Context(), newSink))
	enginetest.RunSink(t, newSink)
}

// badSource is a source with one thing wrong about it.
type badSource struct {
	*enginetest.Source
	name    func() string
	spoil   func(*inventory.Inventory)
	keepsOn bool // after a cancel
	shared  *inventory.Inventory
}

func (s *badSource) Name() string {
	if s.name != nil {
		return s.name()
	}
	return s.Source.Name()
}

func (s *badSource) Inventory(ctx context.Context, scope sync.Scope) (*inventory.Inventory, error) {
	if s.keepsOn {
		ctx = context.WithoutCancel(ctx)
	}
	if s.shared != nil && ctx.Err() == nil {
		return s.shared, nil
	}
	inv, err := s.Source.Inventory(ctx, scope)
	if err == nil && s.spoil != nil {
		s.spoil(inv)
	}
	return inv, err
}

// TestBadSources: each is found out, and the sentence is quoted.
func TestBadSources(t *testing.T) {
	t.Parallel()
	good := func() *enginetest.Source { return enginetest.NewSource(enginetest.Estate("alpha", 2, 3)) }
	for sentence, source := range map[string]*badSource{
		"holds no slash":       {name: func() string { return "a/b" }},
		"the same":             {spoil: func(inv *inventory.Inventory) { inv.Cluster.Version = time.Now().String() }},
		"configured name":      {spoil: func(inv *inventory.Inventory) { inv.Source = "other" }},
		"honour ctx":           {keepsOn: true},
		"is the caller's":      {shared: enginetest.Estate("alpha", 2, 3)},
		"in that of their IDs": {spoil: func(inv *inventory.Inventory) { inv.Guests[0].ID = 900 }},
		"of what the inventory": {spoil: func(inv *inventory.Inventory) {
			inv.Gaps = []inventory.Gap{{Part: inventory.PartGuest, Guest: 7, Reason: "x"}}
		}},
		"what could not be read, a": {spoil: func(inv *inventory.Inventory) { inv.Gaps = []inventory.Gap{{Part: inventory.PartGuests}} }},
	} {
		source.Source = good()
		require.ErrorContains(t, enginetest.TestSource(t.Context(), source), sentence)
	}
}

func TestSourceThatLeavesOutWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, enginetest.TestSource(t.Context(), narrow{enginetest.NewSource(enginetest.Estate("alpha", 1, 3))}), "missing when asked for alone")
}

type narrow struct{ *enginetest.Source }

func (s narrow) Inventory(ctx context.Context, scope sync.Scope) (*inventory.Inventory, error) {
	inv, err := s.Source.Inventory(ctx, scope)
	if err == nil && len(scope.Guests) > 0 {
		inv.Guests = nil
	}
	return inv, err
}

func TestSourceThatTakesWhatIsThereForGone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer []error
		want   string // empty if the answer is good
	}{
		"all there":         {[]error{errors.New("there"), errors.New("there")}, ""},
		"one gone":          {[]error{errors.New("there"), nil}, "guest 102 is said to be gone, and is in the inventory"},
		"one not spoken of": {[]error{errors.New("there")}, "there are 1 answers about 2 guests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := enginetest.TestSource(t.Context(), confirming{enginetest.NewSource(enginetest.Estate("alpha", 1, 2)), tc.answer})
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// confirming is a source that always gives the same answer about what is gone.
type confirming struct {
	*enginetest.Source
	answer []error
}

func (s confirming) ConfirmGone(context.Context, []int) []error { return s.answer }

// badSink is a sink with one thing wrong about it.
type badSink struct {
	*enginetest.Sink
	kinds   func([]sync.KindInfo) []sync.KindInfo
	desired func(*sync.State)
	before  func(*enginetest.Sink, sync.Batch) error
	apply   func(sync.Batch, []sync.Outcome) ([]sync.Outcome, error)
}

func (s *badSink) Kinds() []sync.KindInfo {
	if s.kinds != nil {
		return s.kinds(s.Sink.Kinds())
	}
	return s.Sink.Kinds()
}

func (s *badSink) Desired(inventories []*inventory.Inventory, current *sync.State) (*sync.State, error) {
	state, err := s.Sink.Desired(inventories, current)
	if err == nil && s.desired != nil {
		s.desired(state)
	}
	return state, err
}

func (s *badSink) Apply(ctx context.Context, b sync.Batch) ([]sync.Outcome, error) {
	if s.before != nil {
		if err := s.before(s.Sink, b); err != nil {
			return nil, err
		}
	}
	outcomes, err := s.Sink.Apply(ctx, b)
	if err == nil && s.apply != nil {
		return s.apply(b, outcomes)
	}
	return outcomes, err
}

// TestBadSinks: each is found out, and the sentence is quoted.
func TestBadSinks(t *testing.T) {
	t.Parallel()
	for sentence, sink := range map[string]badSink{
		"Stage is set on the kinds of level Unit only": {kinds: func(k []sync.KindInfo) []sync.KindInfo {
			k[0].Stage = "groups"
			return k
		}},
		"What refers comes after what is referred to": {kinds: func(k []sync.KindInfo) []sync.KindInfo {
			k[1], k[2] = k[2], k[1]
			return k
		}},
		"Desired is pure": {desired: func(s *sync.State) { s.Records[0].Reason = time.Now().String() }},
		"begin with the unit's key name": {desired: func(s *sync.State) {
			for i := range s.Records {
				if s.Records[i].Key.Kind == enginetest.KindPort {
					s.Records[i].Unit = sync.Key{}
				}
			}
		}},
		"An unchanged estate writes nothing": {desired: func(s *sync.State) {
			for _, r := range s.Records {
				if r.Key.Kind == enginetest.KindGuest {
					r.Fields.Set("name", sync.Field{Value: sync.String(r.Label + " " + time.Now().String())})
				}
			}
		}},
		"A removed unit goes with all that hangs on it, and nothing else": {before: func(s *enginetest.Sink, b sync.Batch) error {
			if b.Op != sync.Delete || b.Kind != enginetest.KindGuest {
				return nil
			}
			all := s.Objects(enginetest.KindAddress)
			return s.Remove(all[len(all)-1].ID)
		}},
		"A unit fails alone": {apply: func(b sync.Batch, outcomes []sync.Outcome) ([]sync.Outcome, error) {
			if b.Kind == enginetest.KindAddress {
				return nil, errors.New("all or nothing")
			}
			return outcomes, nil
		}},
	} {
		err := enginetest.TestSink(t.Context(), func() (sync.Sink, error) {
			bad := sink
			bad.Sink = enginetest.NewSink(nil)
			return &bad, nil
		})
		assert.ErrorContains(t, err, sentence)
	}
}
