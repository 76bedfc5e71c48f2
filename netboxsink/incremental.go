package netboxsink

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// kept is what an incremental run leaves to the next: all that it knows of NetBox, and up to where the change log was
// read before that.
type kept struct {
	state *sync.State
	last  int64
}

// keptKey names what is kept by the sources that it is for.
func keptKey(scope sync.Scope) string {
	return strings.Join(slices.Sorted(slices.Values(scope.Sources)), "/")
}

// begin notes that a run may keep what it comes to know.
func (s *Sink) begin(ctx context.Context, scope sync.Scope, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.runs, func(_ string, r running) bool { return r.key == keptKey(scope) }) // it came to no end
	s.runs[sync.RunID(ctx)] = running{key: keptKey(scope), last: last}
}

// keep leaves what a run knows to the next incremental one.
func (s *Sink) keep(ctx context.Context, state *sync.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	run, ok := s.runs[sync.RunID(ctx)]
	if !ok {
		return
	}
	delete(s.runs, sync.RunID(ctx))
	s.kept[run.key] = kept{state: state, last: run.last}
}

// running is an incremental run that has not looked up all yet.
type running struct {
	key  string
	last int64
}

// incremental returns what is in NetBox by what the last incremental run knew and the change log tells since; nil where
// that does not do. It costs one request where nothing has changed.
func (s *Sink) incremental(ctx context.Context, scope sync.Scope) (*sync.State, error) {
	before, ok := s.take(scope)
	if !ok {
		return nil, s.anew(ctx, scope)
	}
	rows, settled, whole, err := s.changesSince(ctx, before.last)
	switch {
	case mayNotRead(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !whole:
		return nil, s.anew(ctx, scope)
	}
	s.begin(ctx, scope, settled)
	units, ok := touchedBy(rows, before.state)
	if !ok {
		return nil, nil
	}
	return s.refreshed(ctx, scope, before.state, units)
}

// take returns what the last run kept; the next run finds what this one keeps.
func (s *Sink) take(scope sync.Scope) (before kept, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok = s.kept[keptKey(scope)]
	delete(s.kept, keptKey(scope))
	return before, ok
}

// anew begins with a run that reads everything. Without the change log each run does.
func (s *Sink) anew(ctx context.Context, scope sync.Scope) error {
	last, err := s.settledChange(ctx)
	if mayNotRead(err) {
		return nil
	}
	if err == nil {
		s.begin(ctx, scope, last)
	}
	return err
}

// refreshed returns a state with these units as they are now; nil where they cannot be told apart from others.
func (s *Sink) refreshed(ctx context.Context, scope sync.Scope, known *sync.State, units touched) (*sync.State, error) {
	if len(units) == 0 {
		return known, nil
	}
	var devices []deviceObject
	var machines []machineObject
	err := beside(ctx, 2, func(ctx context.Context, i int) (err error) {
		switch i {
		case 0:
			devices, err = some[deviceObject](ctx, s.client, KindDevice, units[KindDevice])
		case 1:
			machines, err = some[machineObject](ctx, s.client, KindVirtualMachine, units[KindVirtualMachine])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	base := without(known, units)
	r := newReading(base)
	r.records = slices.Clone(base.Records)
	if r.clashes(devices, machines, scope.Sources) {
		return nil, nil
	}
	read := [2]map[int64]unitRead{r.ownDevices(devices, scope.Sources), r.ownMachines(machines, scope.Sources)}
	r.others(devices, machines, known)
	if err := r.readChildren(ctx, s, read); err != nil {
		return nil, err
	}
	return &sync.State{Records: r.records, Asked: known.Asked}, nil
}

// some reads the objects of a kind with these ids.
func some[T any](ctx context.Context, c *client, kind sync.Kind, ids map[int64]bool) ([]T, error) {
	var texts []string
	for _, number := range slices.Sorted(maps.Keys(ids)) {
		texts = append(texts, id(number))
	}
	var found []T
	for _, query := range queries("id", texts, url.Values{}) {
		part, err := all[T](ctx, c, kind, query)
		if err != nil {
			return nil, err
		}
		found = append(found, part...)
	}
	return found, nil
}

// without returns a state without these units, what hangs on them, and what is known of others' addresses there.
func without(known *sync.State, units touched) *sync.State {
	gone := map[sync.Key]bool{}
	for _, r := range known.Records {
		if number, ok := parseID(r.ID); ok && units[r.Key.Kind][number] {
			gone[r.Key] = true
		}
	}
	out := &sync.State{Asked: known.Asked}
	for _, r := range known.Records {
		if !gone[r.Unit] && !gone[r.Key] {
			out.Records = append(out.Records, r)
		}
	}
	return out
}

// clashes tells whether one of the units would have the key of another that was not read again.
func (r *reading) clashes(devices []deviceObject, machines []machineObject, sources []string) bool {
	seen := map[sync.Key]bool{}
	clash := func(key sync.Key) bool {
		again := seen[key] || r.keys.has(key)
		seen[key] = true
		return again
	}
	for i := range devices {
		d := &devices[i]
		source := d.CustomFields.text(fieldSource)
		if !slices.Contains(sources, source) {
			continue
		}
		if clash(deviceKey(source, nodeName(d, sync.ParseMemory(d.CustomFields.value(fieldMemory))))) {
			return true
		}
	}
	for i := range machines {
		if source := machines[i].CustomFields.text(fieldSource); slices.Contains(sources, source) && clash(machineKey(source, guestID(&machines[i]))) {
			return true
		}
	}
	return false
}

// others adds units that are none of ours, where they matter: virtual machines of a cluster that was looked through.
func (r *reading) others(devices []deviceObject, machines []machineObject, known *sync.State) {
	asked := map[sync.Key]bool{}
	for _, key := range known.Asked {
		asked[key] = true
	}
	for i := range machines {
		m := &machines[i]
		if m.Cluster != nil && asked[sync.Key{Kind: KindVirtualMachine, Name: "of cluster " + id(m.Cluster.ID)}] {
			r.foreignMachine(m)
		}
	}
	for i := range devices {
		if asked[sync.Key{Kind: KindDevice, Name: strings.ToLower(devices[i].Name)}] {
			r.foreignDevice(&devices[i])
		}
	}
}
