package enginetest

import (
	"context"
	"slices"
	"strconv"

	"github.com/proxbox-go/proxbox/sync"
)

// Current reads all groups, and the hosts and guests of the scope's sources with what hangs on them.
func (s *Sink) Current(ctx context.Context, scope sync.Scope) (*sync.State, error) {
	return s.read(ctx, func(r *reading) {
		for _, o := range r.all {
			source := o.fields["source"].Text()
			switch {
			case o.kind == KindGroup:
				r.add(o, sync.Key{Kind: KindGroup, Name: o.label()}, sync.Key{}, "")
			case source != "" && scope.HasSource(source):
				r.unit(o, source)
			}
		}
	})
}

// Lookup reads the guests and addresses of others that have a name or address that a desired one needs.
func (s *Sink) Lookup(ctx context.Context, desired, current *sync.State) (*sync.State, error) {
	asked := questions(desired, current)
	if len(asked) == 0 {
		return nil, nil
	}
	more, err := s.read(ctx, func(r *reading) {
		for _, record := range current.Records {
			r.keys[record.ID] = record.Key
		}
		for _, o := range r.all {
			question := sync.Key{Kind: o.kind, Name: hostPart(o.label())}
			_, known := r.keys[o.id]
			if known || !slices.Contains(asked, question) && !slices.Contains(asked, foreign(o)) {
				continue
			}
			switch o.kind {
			case KindGuest:
				r.unit(o, "")
			case KindAddress:
				r.add(o, foreign(o), foreign(o), "")
			}
		}
	})
	if err == nil {
		more.Asked = asked
	}
	return more, err
}

// questions returns what must be looked up and was not: guests by a name that they do not have, addresses by host, and
// what is to be taken over by its id.
func questions(desired, current *sync.State) []sync.Key {
	done := map[sync.Key]bool{}
	label := map[sync.Key]string{}
	for _, r := range current.Records {
		label[r.Key] = hostPart(r.Label)
		done[sync.Key{Kind: r.Key.Kind, Name: "#" + r.ID}] = true
	}
	for _, key := range current.Asked {
		done[key] = true
	}
	var asked []sync.Key
	for _, r := range desired.Records {
		question := sync.Key{Kind: r.Key.Kind}
		switch {
		case r.ID != "":
			question.Name = "#" + r.ID
		case r.Key.Kind == KindGuest:
			question.Name = r.Fields.Value("name").Text()
		case r.Key.Kind == KindAddress:
			question.Name = hostPart(r.Fields.Value("address").Text())
		}
		if question.Name != "" && label[r.Key] != question.Name && !done[question] {
			done[question] = true
			asked = append(asked, question)
		}
	}
	return asked
}

// reading makes records of objects.
type reading struct {
	all     []*object
	byID    map[string]*object
	hanging map[string][]*object // on a guest or port
	keys    map[string]sync.Key  // by id: what is known under which key
	taken   map[sync.Key]bool
	records []sync.Record
	refs    []map[string]string // of each record
}

// read returns the records that f adds.
func (s *Sink) read(ctx context.Context, f func(r *reading)) (*sync.State, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.reads++
	if err := s.faults.reads; err != nil {
		return nil, err
	}
	if err := s.faults.down(); err != nil {
		return nil, err
	}
	r := &reading{
		all: s.sorted(), byID: s.objects, hanging: map[string][]*object{}, keys: map[string]sync.Key{}, taken: map[sync.Key]bool{},
	}
	for _, o := range r.all {
		switch o.kind {
		case KindPort:
			r.hanging[o.refs["guest"]] = append(r.hanging[o.refs["guest"]], o)
		case KindAddress:
			r.hanging[o.refs["port"]] = append(r.hanging[o.refs["port"]], o)
		}
	}
	f(r)
	r.resolve()
	return &sync.State{Records: r.records}, nil
}

// unit adds a host or guest with what hangs on it.
func (r *reading) unit(o *object, source string) {
	key := foreign(o)
	switch {
	case source == "":
	case o.kind == KindHost:
		key.Name = source + "/" + o.fields["node"].Text()
	default:
		key.Name = source + "/" + o.fields["vmid"].Text()
	}
	r.add(o, key, key, source)
	r.records[len(r.records)-1].Guest, _ = strconv.Atoi(o.fields["vmid"].Text())
	memory := sync.ParseMemory(o.fields[sync.MemoryField])
	for _, port := range r.hanging[o.id] {
		r.child(port, key, source, memory)
		for _, address := range r.hanging[port.id] {
			r.child(address, key, source, memory)
		}
	}
}

// child adds a port or address. It is ours if the memory of our unit names it, and no other before it is the one.
func (r *reading) child(o *object, unit sync.Key, source string, memory sync.Memory) {
	identity := schema[o.kind].fields[0]
	if source != "" {
		for _, name := range memory.Children() {
			key := sync.Key{Kind: o.kind, Name: unit.Name + "/" + name}
			if !r.taken[key] && slices.Contains(memory.Last(name, identity), o.fields[identity]) {
				r.add(o, key, unit, source)
				return
			}
		}
	}
	r.add(o, sync.Key{Kind: o.kind, Name: unit.Name + "/#" + o.id}, unit, "")
}

func (r *reading) add(o *object, key, unit sync.Key, source string) {
	place := unit.Name
	if o.kind != KindPort {
		place = r.name(o.refs["group"])
	}
	record := sync.Record{
		Key: key, Unit: unit, Label: o.label(), ID: o.id, Source: source,
		Claims: claims(o.kind, place, o.label(), "~"+o.id),
	}
	for name, v := range o.fields {
		record.Fields.Set(name, sync.Field{Value: v})
	}
	if o.kind == KindAddress {
		record.Fields.Set("holder", sync.Field{Value: sync.String(r.name(r.byID[o.refs["port"]].refs["guest"]))})
	}
	r.keys[o.id], r.taken[key] = key, true
	r.records, r.refs = append(r.records, record), append(r.refs, o.refs)
}

func (r *reading) name(id string) string {
	if o := r.byID[id]; o != nil {
		return o.label()
	}
	return ""
}

// resolve adds the references, by the keys of what they refer to.
func (r *reading) resolve() {
	for i, refs := range r.refs {
		for name, id := range refs {
			key, ok := r.keys[id]
			if !ok {
				key = foreign(r.byID[id])
			}
			r.records[i].Fields.Set(name, sync.Field{Value: sync.Ref(key)})
		}
	}
}

// foreign returns the key of an object that is not ours.
func foreign(o *object) sync.Key { return sync.Key{Kind: o.kind, Name: "#" + o.id} }

// claims returns what an object of the kind has for itself alone: its name in its place, or its address.
func claims(kind sync.Kind, place, label, spare string) []sync.Claim {
	if kind == KindAddress {
		return []sync.Claim{{On: "address " + hostPart(label)}}
	}
	return []sync.Claim{{Field: "name", On: string(kind) + " " + label + " in " + place, Spare: sync.String(spare)}}
}
