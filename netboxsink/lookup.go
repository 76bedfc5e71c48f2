package netboxsink

import (
	"context"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Lookup reads what stands under the names and addresses that the desired records need: shared objects by their
// natural keys, all of a cluster's virtual machines where one of ours is missing, devices by name, addresses by host,
// and what hangs on a machine that is to be taken over.
func (s *Sink) Lookup(ctx context.Context, desired, current *sync.State) (*sync.State, error) {
	l := newLookup(s, desired, current)
	l.shared()
	l.vlans()
	l.clusters()
	l.devices()
	l.machines()
	l.byID()
	l.takenOver()
	l.addresses()
	if len(l.reads) == 0 {
		s.keep(ctx, current)
		return nil, nil
	}
	adds := make([]func(*reading), len(l.reads))
	if err := beside(ctx, len(l.reads), func(ctx context.Context, i int) (err error) {
		adds[i], err = l.reads[i](ctx)
		return err
	}); err != nil {
		return nil, err
	}
	r := newReading(current)
	for _, add := range adds {
		add(r)
	}
	return &sync.State{Records: r.records, Asked: l.asked}, nil
}

// lookup collects what is to be read. Each read returns what adds its records, in the order of the collection.
type lookup struct {
	sink    *Sink
	current map[sync.Key]*sync.Record
	done    map[sync.Key]bool
	takes   map[sync.Key]string // the id that a desired record takes over
	ids     map[sync.Key]bool   // what current has of those that bear marks, by kind and id
	desired *sync.State
	known   *sync.State
	asked   []sync.Key
	reads   []func(context.Context) (func(*reading), error)
}

func newLookup(s *Sink, desired, current *sync.State) *lookup {
	l := &lookup{
		sink: s, current: make(map[sync.Key]*sync.Record, len(current.Records)), done: map[sync.Key]bool{}, takes: map[sync.Key]string{},
		ids:     map[sync.Key]bool{},
		desired: desired, known: current,
	}
	for i := range desired.Records {
		if r := &desired.Records[i]; r.ID != "" {
			l.takes[r.Key] = r.ID
		}
	}
	for i := range current.Records {
		r := &current.Records[i]
		l.current[r.Key] = r
		switch r.Key.Kind {
		case KindCluster, KindDevice, KindVirtualMachine:
			l.ids[sync.Key{Kind: r.Key.Kind, Name: r.ID}] = true
		}
	}
	for _, key := range current.Asked {
		l.done[key] = true
	}
	return l
}

// ask notes that something is looked up, and tells whether it was not before.
func (l *lookup) ask(kind sync.Kind, what string) bool {
	key := sync.Key{Kind: kind, Name: what}
	if l.done[key] {
		return false
	}
	l.done[key] = true
	l.asked = append(l.asked, key)
	return true
}

// missing returns the desired records of a kind that stand neither under their key nor under their id.
func (l *lookup) missing(kind sync.Kind) []*sync.Record {
	var out []*sync.Record
	for i := range l.desired.Records {
		r := &l.desired.Records[i]
		if r.Key.Kind == kind && l.current[r.Key] == nil && r.ID == "" {
			out = append(out, r)
		}
	}
	return out
}

// shared looks up shared objects: by their natural key, which is their key's name, and what the configuration names by
// name and slug.
func (l *lookup) shared() {
	for _, info := range l.sink.Kinds() {
		if info.Level != sync.Shared || info.Kind == KindCluster || info.Kind == KindVLAN {
			continue
		}
		var keys, names, slugs []string
		for _, r := range l.missing(info.Kind) {
			text, isWanted := strings.CutPrefix(r.Key.Name, wanted)
			switch {
			case !isWanted && keyed(info.Kind):
				if l.ask(info.Kind, r.Key.Name) {
					keys = append(keys, r.Key.Name)
				}
			case isWanted && l.ask(info.Kind, r.Key.Name):
				names, slugs = append(names, text), append(slugs, slug(text))
				if keyed(info.Kind) {
					l.ask(info.Kind, slug(text)) // by which it will be found once it is made
				}
			}
		}
		l.lists(info.Kind, tables[info.Kind].key, keys)
		l.lists(info.Kind, "name", names)
		if info.Kind != KindVRF {
			l.lists(info.Kind, "slug", slugs)
		}
	}
}

// keyed tells whether the key of an object of a shared kind is what NetBox finds it by, and it only.
func keyed(kind sync.Kind) bool {
	return kind != KindVRF && kind != KindLocation && kind != KindVLANGroup
}

// lists looks up shared objects by the values of a parameter.
func (l *lookup) lists(kind sync.Kind, parameter string, values []string) {
	for _, query := range queries(parameter, values, nil) {
		switch kind {
		case KindLocation:
			read(l, kind, query, (*reading).location)
		case KindVLANGroup:
			read(l, kind, query, (*reading).vlanGroup)
		default:
			read(l, kind, query, func(r *reading, o *sharedObject) { r.sharedObject(kind, o) })
		}
	}
}

// vlans looks up the VLANs of the places in which some are missing: in a VLAN group, or in a site and the groups for it.
func (l *lookup) vlans() {
	places := map[sync.Key][]string{}
	for _, r := range l.missing(KindVLAN) {
		for _, place := range r.Fields.Value("place").Keys() {
			if l.current[place] != nil && l.ask(KindVLAN, r.Key.Name) {
				places[place] = append(places[place], r.Fields.Value("vid").Text())
			}
		}
	}
	for _, place := range slices.SortedFunc(maps.Keys(places), sync.Key.Compare) {
		number, in := l.current[place].ID, "group_id"
		if place.Kind == KindSite {
			l.groupVLANs(number, places[place])
			in = "site_id"
		}
		for _, query := range queries("vid", places[place], url.Values{in: {number}}) {
			read(l, KindVLAN, query, (*reading).vlan)
		}
	}
}

// groupVLANs looks up the VLAN groups for a site, and then the VLANs in them.
func (l *lookup) groupVLANs(site string, numbers []string) {
	l.reads = append(l.reads, func(ctx context.Context) (func(*reading), error) {
		groups, err := all[vlanGroupObject](ctx, l.sink.client, KindVLANGroup, url.Values{
			"scope_type": {tables[KindSite].model}, "scope_id": {site},
		})
		var found []vlanObject
		for _, g := range groups {
			for _, query := range queries("vid", numbers, url.Values{"group_id": {id(g.ID)}}) {
				var some []vlanObject
				if some, err = all[vlanObject](ctx, l.sink.client, KindVLAN, query); err != nil {
					return nil, err
				}
				found = append(found, some...)
			}
		}
		return func(r *reading) {
			for i := range groups {
				r.vlanGroup(&groups[i])
			}
			for i := range found {
				r.vlan(&found[i])
			}
		}, err
	})
}

// read puts one list on the list of reads.
func read[T any](l *lookup, kind sync.Kind, query url.Values, add func(*reading, *T)) {
	l.reads = append(l.reads, func(ctx context.Context) (func(*reading), error) {
		objects, err := all[T](ctx, l.sink.client, kind, query)
		return func(r *reading) {
			for i := range objects {
				add(r, &objects[i])
			}
		}, err
	})
}

func (r *reading) sharedObject(kind sync.Kind, o *sharedObject) {
	key := sync.Key{Kind: kind, Name: o.Slug}
	if kind == KindCustomField {
		key.Name = o.Name
	}
	label := o.Name
	if o.Model != "" {
		label = o.Model
	}
	if kind == KindVRF {
		key = foreign(kind, o.ID)
	}
	if r.keys.has(key) {
		return
	}
	record := sync.Record{Key: key, ID: id(o.ID), Label: label}
	if kind == KindTag {
		record.Fields = sync.NewFields(map[string]sync.Field{"object_types": {Value: sync.Strings(o.ObjectTypes...)}})
	}
	r.add(record)
}

func (r *reading) location(o *locationObject) {
	if !r.free(KindLocation, o.ID) {
		return
	}
	site := r.ref(KindSite, o.Site)
	key := sync.Key{Kind: KindLocation, Name: site.Text() + "/" + o.Slug}
	if r.keys.has(key) { // of another location of the site
		key = foreign(KindLocation, o.ID)
	}
	r.add(sync.Record{Key: key, ID: id(o.ID), Label: o.Name, Fields: sync.NewFields(map[string]sync.Field{
		"slug": {Value: sync.String(o.Slug)}, "site": {Value: site},
	})})
}

// vlanGroup adds a VLAN group, and for which site it is.
func (r *reading) vlanGroup(o *vlanGroupObject) {
	key := foreign(KindVLANGroup, o.ID)
	if r.keys.has(key) {
		return
	}
	record := sync.Record{Key: key, ID: id(o.ID), Label: o.Name, Fields: sync.NewFields(map[string]sync.Field{"slug": {Value: sync.String(o.Slug)}})}
	if o.ScopeType == tables[KindSite].model {
		record.Fields.Set("site", sync.Field{Value: r.refID(KindSite, o.ScopeID)})
	}
	r.add(record)
}

// vlan adds a VLAN with where it is; one that is known by an interface alone does not tell that.
func (r *reading) vlan(o *vlanObject) {
	key := foreign(KindVLAN, o.ID)
	if r.keys.has(key) {
		key.Name += " in its place"
	}
	if r.keys.has(key) {
		return
	}
	fields := sync.NewFields(map[string]sync.Field{
		"vid": {Value: sync.Int(o.VID)}, "site": {Value: r.ref(KindSite, o.Site)}, "group": {Value: r.ref(KindVLANGroup, o.Group)},
	})
	r.add(sync.Record{Key: key, ID: id(o.ID), Label: o.Name, Fields: fields})
}

// clusters looks up clusters by name.
func (l *lookup) clusters() {
	var names []string
	for _, r := range l.missing(KindCluster) {
		if name := r.Fields.Value("name").Text(); l.ask(KindCluster, name) {
			names = append(names, name)
		}
	}
	for _, query := range queries("name", names, nil) {
		readOurs(l, KindCluster, query, (*reading).foreignCluster, markOfCluster)
	}
}

// free tells whether an object was not read before.
func (r *reading) free(kind sync.Kind, number int64) bool {
	_, known := r.known[kind][id(number)]
	return !known
}

// devices looks up devices by name: those of who is missing, or goes to another site.
func (l *lookup) devices() {
	var names []string
	due := l.missing(KindDevice)
	for i := range l.desired.Records {
		if r := &l.desired.Records[i]; r.Key.Kind == KindDevice && l.leavesSite(r) {
			due = append(due, r)
		}
	}
	for _, r := range due {
		if name := r.Fields.Value("name").Text(); l.ask(KindDevice, strings.ToLower(name)) {
			names = append(names, name)
		}
	}
	for _, query := range queries("name", names, nil) {
		readOurs(l, KindDevice, query, (*reading).foreignDevice, markOfDevice)
	}
}

// leavesSite tells whether a device of ours goes to another site. One that a person put somewhere does not.
func (l *lookup) leavesSite(r *sync.Record) bool {
	was := l.current[r.Key]
	if was == nil || r.Fields.Value("site").IsNull() || was.Fields.Value("site") == r.Fields.Value("site") {
		return false
	}
	last := sync.ParseMemory(was.Fields.Value(sync.MemoryField)).Last("", "site")
	return slices.Contains(last, sync.String(was.Fields.Value("site").Text()))
}

// machines looks up all virtual machines of each cluster in which one of ours is missing, or gets another name: any of
// them may be the guest's, and each of them has a name that no other can have.
func (l *lookup) machines() {
	ids := map[string]bool{}
	ask := func(r *sync.Record) {
		for _, key := range r.Fields.Value("cluster").Keys() {
			if number := l.idOf(key); number != "" && l.ask(KindVirtualMachine, "of cluster "+number) {
				ids[number] = true
			}
		}
	}
	for _, r := range l.missing(KindVirtualMachine) {
		ask(r)
	}
	for i := range l.desired.Records {
		if r := &l.desired.Records[i]; r.Key.Kind == KindVirtualMachine && l.renames(r) {
			ask(r)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(ids)) {
		readOurs(l, KindVirtualMachine, url.Values{"cluster_id": {number}}, (*reading).foreignMachine, markOfMachine)
	}
}

// renames tells whether a virtual machine of ours gets a name that it has not, or not in its cluster. One that a person
// named does not.
func (l *lookup) renames(r *sync.Record) bool {
	was := l.current[r.Key]
	if was == nil || r.Fields.Value("name").IsNull() {
		return false
	}
	if was.Fields.Value("cluster") != r.Fields.Value("cluster") {
		return true
	}
	name := was.Fields.Value("name")
	return name != r.Fields.Value("name") &&
		slices.Contains(sync.ParseMemory(was.Fields.Value(sync.MemoryField)).Last("", "name"), name)
}

// byID looks up what is taken over and was not found by name: a saved plan tells of it only what it changes.
func (l *lookup) byID() {
	ids := map[sync.Kind][]string{}
	for _, r := range l.desired.Records {
		if r.ID != "" && !l.ids[sync.Key{Kind: r.Key.Kind, Name: r.ID}] && l.ask(r.Key.Kind, "id "+r.ID) {
			ids[r.Key.Kind] = append(ids[r.Key.Kind], r.ID)
		}
	}
	for _, query := range queries("id", ids[KindCluster], nil) {
		read(l, KindCluster, query, (*reading).foreignCluster)
	}
	for _, query := range queries("id", ids[KindDevice], nil) {
		read(l, KindDevice, query, (*reading).foreignDevice)
	}
	for _, query := range queries("id", ids[KindVirtualMachine], nil) {
		read(l, KindVirtualMachine, query, (*reading).foreignMachine)
	}
}

// The three add what bears no mark of the run's sources, once.

func (r *reading) foreignCluster(c *clusterObject) {
	if r.free(KindCluster, c.ID) {
		r.cluster(foreign(KindCluster, c.ID), c)
	}
}

func (r *reading) foreignDevice(d *deviceObject) {
	if r.free(KindDevice, d.ID) {
		r.device(foreign(KindDevice, d.ID), "", d)
	}
}

func (r *reading) foreignMachine(m *machineObject) {
	if r.free(KindVirtualMachine, m.ID) {
		r.machine(foreign(KindVirtualMachine, m.ID), "", m)
	}
}

// idOf returns the id of a record that exists, or that a desired one takes over.
func (l *lookup) idOf(key sync.Key) string {
	if r := l.current[key]; r != nil {
		return r.ID
	}
	return l.takes[key]
}

// takenOver looks up what hangs on units that are taken over.
func (l *lookup) takenOver() {
	for _, kind := range []sync.Kind{KindDevice, KindVirtualMachine} {
		units := map[int64]unitRead{}
		for _, r := range l.desired.Records {
			if r.Key.Kind != kind || r.ID == "" || !l.ask(kind, "children of "+r.ID) {
				continue
			}
			if number, ok := parseID(r.ID); ok {
				units[number] = unitRead{key: foreign(kind, number)}
			}
		}
		if len(units) == 0 {
			continue
		}
		l.reads = append(l.reads, func(ctx context.Context) (func(*reading), error) {
			b := components{family: familyOf(kind)}
			err := b.read(ctx, l.sink.client, func(context.Context) (map[int64]unitRead, error) { return units, nil }, 0)
			return func(r *reading) {
				part := newReading(l.known)
				part.children(l.sink, &b)
				r.join(part)
			}, err
		})
	}
}

// addresses looks up who has the addresses that are to be created.
func (l *lookup) addresses() {
	var hosts []string
	onNodes := map[spot]bool{}
	for _, r := range l.missing(KindNodeAddress) {
		if prefix, err := netip.ParsePrefix(r.Fields.Value("address").Text()); err == nil {
			onNodes[spot{prefix.Addr(), r.Fields.Value("vrf")}] = true
		}
	}
	for _, r := range slices.Concat(l.missing(KindNodeAddress), l.missing(KindAddress)) {
		host, _, _ := strings.Cut(r.Fields.Value("address").Text(), "/")
		if host != "" && l.ask(KindAddress, host) {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) == 0 {
		return
	}
	asked := map[string]bool{}
	for _, host := range hosts {
		asked[host] = true
	}
	l.reads = append(l.reads, func(ctx context.Context) (func(*reading), error) {
		found, err := byList(ctx, pager[addressObject]{client: l.sink.client, kind: KindAddress}, "address", known(hosts), 0)
		return func(r *reading) {
			for i := range found {
				if a := &found[i]; asked[a.host().String()] && r.free(KindAddress, a.ID) && r.free(KindNodeAddress, a.ID) {
					r.heldAddress(a, onNodes)
				}
			}
		}, err
	})
}

// heldAddress adds an address that somebody has. One on nothing is of the kind of whom it may be taken over for: a node
// where one has it, else a guest.
func (r *reading) heldAddress(a *addressObject, onNodes map[spot]bool) {
	kind := KindAddress
	fields := r.addressFields(a)
	if a.AssignedType == tables[KindNodeInterface].model || a.AssignedType == "" && onNodes[spot{a.host(), fields.Value("vrf")}] {
		kind = KindNodeAddress
	}
	record := sync.Record{Key: foreign(kind, a.ID), ID: id(a.ID), Label: a.Address, Fields: fields}
	record.Fields.Set("holder", sync.Field{Value: sync.String(a.holder())})
	record.Claims = []sync.Claim{addressClaim(record.Fields.Value("vrf"), a.host())}
	record.Unit = record.Key
	if nic := familyOf(kind).nic; a.AssignedType == tables[nic].model {
		record.Fields.Set("assigned_object", sync.Field{Value: r.refID(nic, a.AssignedID)})
	}
	r.add(record)
}
