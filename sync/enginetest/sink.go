package enginetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

// The kinds of a [Sink].
const (
	KindGroup   sync.Kind = "group"   // shared: one for each source
	KindHost    sync.Kind = "host"    // unit: a node
	KindGuest   sync.Kind = "guest"   // unit
	KindPort    sync.Kind = "port"    // child of a guest: a NIC
	KindAddress sync.Kind = "address" // child of a guest: an address on one of its ports
)

// Sink is a [sync.Sink] over objects in memory. It is as strict as a server with a database: names and addresses are
// unique, references must exist, and what is referred to cannot be deleted (but for a guest's primary address, which is
// cleared, and a guest, which takes its ports and their addresses along). It keeps count, fails on demand, and tells by
// [Sink.Check] where the engine broke its word.
//
// Ours is a host or guest whose field "source" says so; what hangs on it is ours if its memory names it. A guest without
// a source that has the VMID and the name of one of a source's guests is taken over. It is safe for concurrent use.
type Sink struct {
	options SinkOptions

	mu      stdsync.Mutex
	objects map[string]*object
	next    int
	faults  faults
	watch   watch
}

// SinkOptions tunes a sink. The zero value is good.
type SinkOptions struct {
	// Batch is the most items that one write of any kind may have. By default the engine's default holds.
	Batch int
}

// object is one object of the store.
type object struct {
	id     string
	kind   sync.Kind
	fields map[string]sync.Value
	refs   map[string]string // by field, the id of what it refers to
}

// NewSink returns an empty sink.
func NewSink(o *SinkOptions) *Sink {
	s := &Sink{objects: map[string]*object{}}
	if o != nil {
		s.options = *o
	}
	s.faults.rejected = map[target]error{}
	s.watch.units = map[sync.Key]int{}
	return s
}

// Kinds returns the kinds, groups first. Hosts are created one write after the other.
func (s *Sink) Kinds() []sync.KindInfo {
	kinds := []sync.KindInfo{
		{Kind: KindGroup, Level: sync.Shared},
		{Kind: KindHost, Level: sync.Unit, Stage: "hosts", Serial: true},
		{Kind: KindGuest, Level: sync.Unit, Stage: "guests"},
		{Kind: KindPort, Level: sync.Child},
		{Kind: KindAddress, Level: sync.Child},
	}
	for i := range kinds {
		kinds[i].Batch = s.options.Batch
	}
	return kinds
}

// Apply writes the items one by one, and goes on after one that is refused.
func (s *Sink) Apply(ctx context.Context, b sync.Batch) ([]sync.Outcome, error) {
	before, number := s.begin(b)
	defer s.end(b)
	if before != nil {
		if err := before(ctx, number, b); err != nil {
			return nil, err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := s.faults.lose()
	outcomes := make([]sync.Outcome, len(b.Items))
	for i, item := range b.Items {
		if err := s.faults.down(); err != nil {
			return nil, err
		}
		if !lost.before {
			outcomes[i] = s.write(b, item)
		}
		if lost.before || lost.after {
			outcomes[i] = sync.Outcome{Err: fmt.Errorf("no answer: %w", sync.ErrUnknownOutcome)}
		}
	}
	return outcomes, nil
}

// write writes one item.
func (s *Sink) write(b sync.Batch, item sync.Item) sync.Outcome {
	err := s.faults.rejection(b.Kind, item.Label)
	id := item.ID
	if err == nil {
		switch b.Op {
		case sync.Create:
			id, err = s.create(b.Kind, item)
		case sync.Update:
			err = s.update(b.Kind, item)
		case sync.Delete:
			err = s.remove(b.Kind, item)
		default:
			err = fmt.Errorf("no such operation: %q", b.Op)
		}
	}
	if err != nil {
		return sync.Outcome{Err: err}
	}
	s.watch.written++
	s.faults.landed()
	return sync.Outcome{ID: id}
}

func (s *Sink) create(kind sync.Kind, item sync.Item) (id string, err error) {
	if item.ID != "" {
		return "", fmt.Errorf("a %s is created under a given id %s", kind, item.ID)
	}
	o := &object{id: strconv.Itoa(s.next + 1), kind: kind, fields: map[string]sync.Value{}, refs: map[string]string{}}
	if err := s.assign(o, item); err != nil {
		return "", err
	}
	s.next++
	s.objects[o.id] = o
	return o.id, nil
}

func (s *Sink) update(kind sync.Kind, item sync.Item) error {
	was := s.objects[item.ID]
	if was == nil || was.kind != kind {
		return fmt.Errorf("there is no %s %s", kind, item.ID)
	}
	o := was.clone()
	if err := s.assign(o, item); err != nil {
		return err
	}
	s.objects[o.id] = o
	return nil
}

func (s *Sink) remove(kind sync.Kind, item sync.Item) error {
	o := s.objects[item.ID]
	if o == nil || o.kind != kind {
		return fmt.Errorf("there is no %s %s", kind, item.ID)
	}
	if len(item.Fields)+len(item.Refs) > 0 {
		return fmt.Errorf("the deletion of %s %s has fields", kind, item.ID)
	}
	going := s.going(o)
	for _, other := range s.sorted() {
		for field, id := range other.refs {
			if going[id] && !going[other.id] && field != "primary" {
				return fmt.Errorf("%s %s refers to it", other.kind, other.label())
			}
		}
	}
	for _, other := range s.objects {
		if going[other.refs["primary"]] {
			delete(other.refs, "primary")
		}
	}
	for id := range going {
		delete(s.objects, id)
	}
	return nil
}

// going returns, by id, what goes when the object is deleted.
func (s *Sink) going(o *object) map[string]bool {
	going := map[string]bool{o.id: true}
	if o.kind != KindGuest {
		return going
	}
	for _, kind := range []sync.Kind{KindPort, KindAddress} {
		for _, other := range s.objects {
			if other.kind == kind && (going[other.refs["guest"]] || going[other.refs["port"]]) {
				going[other.id] = true
			}
		}
	}
	return going
}

// assign sets the item's fields and checks the object as it then is.
func (s *Sink) assign(o *object, item sync.Item) error {
	for name, v := range item.Fields {
		_, ref := schema[o.kind].refs[name]
		switch {
		case ref && v.IsNull():
			delete(o.refs, name)
			continue
		case !slices.Contains(schema[o.kind].fields, name):
			return fmt.Errorf("%s has no field %q", o.kind, name)
		case v.IsRef():
			return fmt.Errorf("the reference %q comes without ids", name)
		}
		o.fields[name] = v
	}
	for name, ids := range item.Refs {
		kind, ok := schema[o.kind].refs[name]
		switch {
		case !ok:
			return fmt.Errorf("%s has no reference %q", o.kind, name)
		case len(ids) > 1:
			return fmt.Errorf("%q takes one reference, not %d", name, len(ids))
		case len(ids) == 0:
			delete(o.refs, name)
			continue
		case s.objects[ids[0]] == nil || s.objects[ids[0]].kind != kind:
			return fmt.Errorf("%q: there is no %s %s", name, kind, ids[0])
		}
		o.refs[name] = ids[0]
	}
	return s.valid(o)
}

// valid checks what must be there, and what only one may have.
func (s *Sink) valid(o *object) error {
	for _, name := range schema[o.kind].required {
		if o.fields[name].IsEmpty() && o.refs[name] == "" {
			return fmt.Errorf("%s needs %q", o.kind, name)
		}
	}
	for _, other := range s.objects {
		if other.kind == o.kind && other.id != o.id && schema[o.kind].unique(o) == schema[o.kind].unique(other) {
			return fmt.Errorf("%s %q is taken", o.kind, o.label())
		}
	}
	if primary := s.objects[o.refs["primary"]]; primary != nil && s.objects[primary.refs["port"]].refs["guest"] != o.id {
		return fmt.Errorf("the primary address %s is not one of the guest's", primary.label())
	}
	return nil
}

// sorted returns the objects in the order in which they were made.
func (s *Sink) sorted() []*object {
	all := make([]*object, 0, len(s.objects))
	for i := range s.next {
		if o := s.objects[strconv.Itoa(i+1)]; o != nil {
			all = append(all, o)
		}
	}
	return all
}

func (o *object) clone() *object {
	c := &object{id: o.id, kind: o.kind, fields: map[string]sync.Value{}, refs: map[string]string{}}
	maps.Copy(c.fields, o.fields)
	maps.Copy(c.refs, o.refs)
	return c
}

// label returns what people call the object.
func (o *object) label() string {
	if o.kind == KindAddress {
		return o.fields["address"].Text()
	}
	return o.fields["name"].Text()
}
