package netboxsink

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// foretaste is how many virtual machines, and devices, are read at first: the answer tells how many there are, and that how
// what hangs on them is read best.
const foretaste = 100

// headStart is how long a run's first read is under way alone. A connection that is opened while another is at work comes to
// another of NetBox's workers, and stays there; of two that are opened at once, both may come to the same, which then takes
// twice as long while the others have nothing to do (NetBox 4.7 with gunicorn: 0 of 25 pairs, and 4 of 25).
const headStart = 15 * time.Millisecond

// Current reads what bears the mark of the scope's sources, with all that hangs on it.
func (s *Sink) Current(ctx context.Context, scope sync.Scope) (*sync.State, error) {
	probed := once(func(ctx context.Context) (struct{}, error) { return struct{}{}, s.probe(ctx) })
	if scope.Incremental && sync.RunID(ctx) != "" {
		if _, err := probed(ctx); err != nil {
			return nil, err
		}
		if state, err := s.incremental(ctx, scope); state != nil || err != nil {
			return state, err
		}
	}
	if len(scope.Sources) == 0 {
		_, err := probed(ctx)
		return &sync.State{}, err
	}
	r := newReading(&sync.State{})
	asked, err := r.marks(ctx, s, probed)
	if err == nil && r.hasMarks() {
		err = r.ours(ctx, s, scope.Sources)
	}
	if err != nil {
		return nil, err
	}
	return &sync.State{Records: r.records, Asked: asked}, nil
}

// marks reads our custom fields and our tag, and returns that they were asked for. NetBox is probed meanwhile: what is wrong
// with it, or with the token, is the error.
func (r *reading) marks(ctx context.Context, s *Sink, probed func(context.Context) (struct{}, error)) (asked []sync.Key, err error) {
	asked = []sync.Key{{Kind: KindTag, Name: tagSlug}}
	var names []string
	for _, f := range ourCustomFields() {
		asked = append(asked, sync.Key{Kind: KindCustomField, Name: f.name})
		names = append(names, f.name)
	}
	var fields, tags []sharedObject
	err = settled(ctx, 2, func(ctx context.Context, i int) (err error) {
		if i == 0 {
			fields, err = all[sharedObject](ctx, s.client, KindCustomField, url.Values{"name": names})
			if err != nil {
				_, wrong := probed(ctx)
				err = cmp.Or(wrong, err)
			}
			return err
		}
		if err := wait(ctx, headStart); err != nil {
			return err
		}
		if _, err = probed(ctx); err == nil {
			tags, err = all[sharedObject](ctx, s.client, KindTag, url.Values{"slug": {tagSlug}})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range fields {
		r.sharedObject(KindCustomField, &fields[i])
	}
	for i := range tags {
		r.sharedObject(KindTag, &tags[i])
	}
	return asked, nil
}

// hasMarks tells whether anything can bear the mark of a source: without the field nothing does, and NetBox takes the filter
// by it for none at all.
func (r *reading) hasMarks() bool {
	return r.keys.has(sync.Key{Kind: KindCustomField, Name: fieldSource})
}

// marked is the filter for what bears the mark of the sources.
func marked(sources []string) url.Values { return url.Values{"cf_" + fieldSource: sources} }

// ours reads what bears the mark of the sources, and what hangs on it. Nothing waits for what it does not need, so that
// NetBox is kept busy.
func (r *reading) ours(ctx context.Context, s *Sink, sources []string) error {
	devices := pager[deviceObject]{client: s.client, kind: KindDevice, filter: marked(sources), first: foretaste}
	machines := pager[machineObject]{client: s.client, kind: KindVirtualMachine, filter: marked(sources), first: foretaste}
	clusters := once(func(ctx context.Context) (struct{}, error) {
		found, err := all[clusterObject](ctx, s.client, KindCluster, marked(sources))
		r.ownClusters(found, sources)
		return struct{}{}, err
	})
	nodes := once(func(ctx context.Context) (map[int64]unitRead, error) {
		if err := devices.next(ctx); err != nil {
			return nil, err
		}
		if _, err := clusters(ctx); err != nil { // to which the devices refer
			return nil, err
		}
		if err := devices.rest(ctx); err != nil {
			return nil, err
		}
		return r.ownDevices(devices.found, sources), nil
	})
	guests := func(ctx context.Context) (map[int64]unitRead, error) {
		if err := machines.rest(ctx); err != nil {
			return nil, err
		}
		if _, err := nodes(ctx); err != nil { // to which the machines refer
			return nil, err
		}
		found := machines.found
		machines.found = nil
		return r.ownMachines(found, sources), nil
	}
	parts := newComponents()
	if err := settled(ctx, 3, func(ctx context.Context, i int) error {
		switch i {
		case 0:
			_, err := clusters(ctx)
			return err
		case 1:
			return parts[0].read(ctx, s.client, nodes, 0)
		}
		if err := machines.next(ctx); err != nil {
			return err
		}
		return parts[1].read(ctx, s.client, guests, lists(machines.left+len(machines.found)))
	}); err != nil {
		return err
	}
	r.allChildren(s, parts)
	return r.looseMACs(ctx, s, parts)
}

// lists returns how many lists the ids of so many machines make at least.
func lists(machines int) int {
	return portions(machines, queryLimit/len("virtual_machine_id=1&"))
}

// newComponents returns those of devices and of virtual machines.
func newComponents() [2]components {
	return [2]components{{family: familyOf(KindDevice)}, {family: familyOf(KindVirtualMachine)}}
}

// readChildren reads what hangs on devices and on virtual machines, beside each other.
func (r *reading) readChildren(ctx context.Context, s *Sink, units [2]map[int64]unitRead) error {
	parts := newComponents()
	err := beside(ctx, len(parts), func(ctx context.Context, i int) error {
		return parts[i].read(ctx, s.client, func(context.Context) (map[int64]unitRead, error) { return units[i], nil }, 0)
	})
	if err != nil {
		return err
	}
	r.allChildren(s, parts)
	return r.looseMACs(ctx, s, parts)
}

// allChildren adds what hangs on devices and on virtual machines.
func (r *reading) allChildren(s *Sink, parts [2]components) {
	for i := range parts {
		r.children(s, &parts[i])
	}
	for i := range parts {
		r.fixPointers(parts[i].family)
	}
}

// join adds what another reading has more.
func (r *reading) join(part *reading) {
	r.records = slices.Grow(r.records, len(part.records))
	for _, record := range part.records {
		if !r.keys.has(record.Key) {
			r.add(record)
		}
	}
}

// reading turns what was read into records.
type reading struct {
	known   map[sync.Kind]map[string]sync.Key // by id, what references may point to
	keys    keySet
	records []sync.Record
}

type keySet map[sync.Key]struct{}

func (s keySet) has(key sync.Key) bool {
	_, there := s[key]
	return there
}

func (s keySet) add(key sync.Key) { s[key] = struct{}{} }

func newReading(current *sync.State) *reading {
	r := &reading{known: map[sync.Kind]map[string]sync.Key{}, keys: keySet{}}
	for _, record := range current.Records {
		r.know(record.Key, record.ID)
	}
	return r
}

func (r *reading) know(key sync.Key, id string) {
	r.keys.add(key)
	if key.Kind == KindDisk { // nothing refers to one
		return
	}
	if r.known[key.Kind] == nil {
		r.known[key.Kind] = map[string]sync.Key{}
	}
	r.known[key.Kind][id] = key
}

func (r *reading) add(record sync.Record) {
	record.Fields = record.Fields.WithoutNull()
	r.know(record.Key, record.ID)
	r.records = append(r.records, record)
}

// ref returns a reference to an object inside another: by slug where its kind has them, else by id. A shared object is
// known from then on, and need not be looked up.
func (r *reading) ref(kind sync.Kind, b *brief) sync.Value {
	var key sync.Key
	switch {
	case b == nil:
		return sync.Value{}
	case kind == KindVRF || kind == KindVLANGroup: // their slugs, if any, are not unique
		key = foreign(kind, b.ID)
	case tables[kind].key != "slug" || b.Slug == "":
		return r.refID(kind, b.ID)
	default:
		key = sync.Key{Kind: kind, Name: b.Slug}
	}
	if !r.keys.has(key) {
		r.add(sync.Record{Key: key, ID: id(b.ID), Label: b.label()})
	}
	return sync.Ref(key)
}

func (r *reading) refID(kind sync.Kind, number int64) sync.Value {
	if key, ok := r.known[kind][id(number)]; ok {
		return sync.Ref(key)
	}
	return sync.Ref(foreign(kind, number))
}

func (r *reading) ownClusters(clusters []clusterObject, sources []string) {
	for _, c := range clusters {
		if source := c.CustomFields.text(fieldSource); slices.Contains(sources, source) {
			key := clusterKey(source)
			if !r.keys.has(key) {
				r.cluster(key, &c)
			}
		}
	}
}

// cluster adds a cluster, and the site that it is scoped to.
func (r *reading) cluster(key sync.Key, c *clusterObject) {
	fields := sync.NewFields(map[string]sync.Field{
		"name":                     {Value: sync.String(c.Name)},
		"type":                     {Value: r.ref(KindClusterType, c.Type)},
		"description":              {Value: sync.String(c.Description)},
		"tags":                     {Value: tagsValue(c.Tags)},
		"tenant":                   {Value: r.ref(KindTenant, c.Tenant)},
		"site":                     {},
		customPrefix + fieldSource: {Value: c.CustomFields.value(fieldSource)},
	})
	if c.ScopeType == "dcim.site" && c.Scope != nil {
		fields.Set("site", sync.Field{Value: r.ref(KindSite, c.Scope)})
	}
	c.note(&fields)
	r.add(sync.Record{Key: key, ID: id(c.ID), Label: c.Name, Fields: fields})
}

func (r *reading) ownDevices(devices []deviceObject, sources []string) map[int64]unitRead {
	units := map[int64]unitRead{}
	taken := map[sync.Key]bool{}
	slices.SortFunc(devices, func(a, b deviceObject) int { return cmp.Compare(b.ID, a.ID) })
	for _, d := range devices {
		source := d.CustomFields.text(fieldSource)
		if !slices.Contains(sources, source) {
			continue
		}
		key := deviceKey(source, nodeName(&d, sync.ParseMemory(d.CustomFields.value(fieldMemory))))
		if taken[key] {
			key.Name += "~" + id(d.ID)
		}
		taken[key] = true
		r.device(key, source, &d)
		units[d.ID] = newUnitRead(&r.records[len(r.records)-1])
	}
	return units
}

// nodeName returns the name of the node that a device of ours stands for: the memory tells it, whatever people call the
// device by now.
func nodeName(d *deviceObject, memory sync.Memory) string {
	name := d.Name
	if last := memory.Last("", "name"); len(last) > 0 {
		name = last[0].Text()
	}
	return unsuffixed(name, d.CustomFields.text(fieldSource))
}

func (r *reading) device(key sync.Key, source string, d *deviceObject) {
	fields := sync.NewFields(map[string]sync.Field{
		"name":                     {Value: sync.String(d.Name)},
		"status":                   {Value: sync.String(string(d.Status))},
		"site":                     {Value: r.ref(KindSite, d.Site)},
		"location":                 {Value: r.locationOf(d)},
		"tenant":                   {Value: r.ref(KindTenant, d.Tenant)},
		"primary_ip4":              {Value: r.refTo(KindNodeAddress, d.PrimaryIP4)},
		"primary_ip6":              {Value: r.refTo(KindNodeAddress, d.PrimaryIP6)},
		"cluster":                  {Value: r.ref(KindCluster, d.Cluster)},
		"device_type":              {Value: r.ref(KindDeviceType, d.DeviceType)},
		"role":                     {Value: r.ref(KindDeviceRole, d.Role)},
		"platform":                 {Value: r.ref(KindPlatform, d.Platform)},
		"description":              {Value: sync.String(d.Description)},
		"tags":                     {Value: tagsValue(d.Tags)},
		customPrefix + fieldSource: {Value: d.CustomFields.value(fieldSource)},
		sync.MemoryField:           {Value: d.CustomFields.value(fieldMemory)},
	})
	for _, name := range []string{fieldNodeCPUs, fieldNodeMemory, fieldNodeCPUModel, fieldGone} {
		fields.Set(customPrefix+name, sync.Field{Value: d.CustomFields.value(name)})
	}
	if d.DeviceType != nil {
		r.ref(KindManufacturer, d.DeviceType.Manufacturer) // known from then on
	}
	d.note(&fields)
	r.add(sync.Record{
		Key: key, Unit: key, ID: id(d.ID), Label: d.Name, Source: source, Fields: fields,
		Claims: []sync.Claim{nameClaim(KindDevice, fields.Value("site"), d.Name, id(d.ID))},
	})
}

// locationOf returns a reference to the location of a device, which is in the site of that.
func (r *reading) locationOf(d *deviceObject) sync.Value {
	if d.Location == nil {
		return sync.Value{}
	}
	r.location(&locationObject{listed: listed{ID: d.Location.ID}, Name: d.Location.label(), Slug: d.Location.Slug, Site: d.Site})
	return r.refID(KindLocation, d.Location.ID)
}

// unitRead is a device or virtual machine whose children are to be read.
type unitRead struct {
	key      sync.Key
	source   string
	memory   sync.Memory
	children []string // the names that the memory has
}

func newUnitRead(unit *sync.Record) unitRead {
	memory := sync.ParseMemory(unit.Fields.Value(sync.MemoryField))
	return unitRead{key: unit.Key, source: unit.Source, memory: memory, children: memory.Children()}
}

// refTo returns a reference to an object by its id; null for none.
func (r *reading) refTo(kind sync.Kind, b *brief) sync.Value {
	if b == nil {
		return sync.Value{}
	}
	return r.refID(kind, b.ID)
}

// ownMachines adds our virtual machines. Of two with one VMID, an object that outlived its guest and that of the guest
// that has its VMID now, the younger has the plain key.
func (r *reading) ownMachines(machines []machineObject, sources []string) map[int64]unitRead {
	units := map[int64]unitRead{}
	taken := map[sync.Key]bool{}
	r.records = slices.Grow(r.records, len(machines))
	slices.SortFunc(machines, func(a, b machineObject) int { return cmp.Compare(b.ID, a.ID) })
	for _, m := range machines {
		source := m.CustomFields.text(fieldSource)
		if !slices.Contains(sources, source) {
			continue
		}
		key := machineKey(source, guestID(&m))
		if taken[key] {
			key.Name += "~" + id(m.ID)
		}
		taken[key] = true
		r.machine(key, source, &m)
		units[m.ID] = newUnitRead(&r.records[len(r.records)-1])
	}
	return units
}

// guestID returns the VMID that a virtual machine names; 0 if it names none.
func guestID(m *machineObject) int {
	var n int
	if _, err := fmt.Sscan(m.CustomFields.text(fieldID), &n); err != nil {
		return 0
	}
	return n
}

func (r *reading) machine(key sync.Key, source string, m *machineObject) {
	fields := sync.NewFields(map[string]sync.Field{
		"name":                 {Value: sync.String(m.Name)},
		"status":               {Value: sync.String(string(m.Status))},
		"site":                 {Value: r.ref(KindSite, m.Site)},
		"cluster":              {Value: r.ref(KindCluster, m.Cluster)},
		"device":               {Value: r.ref(KindDevice, m.Device)},
		"role":                 {Value: r.ref(KindDeviceRole, m.Role)},
		"virtual_machine_type": {Value: r.ref(KindMachineType, m.Type)},
		"platform":             {Value: r.ref(KindPlatform, m.Platform)},
		"tenant":               {Value: r.ref(KindTenant, m.Tenant)},
		"vcpus":                {},
		"memory":               {},
		"start_on_boot":        {Value: textOrNull(string(m.StartOnBoot))},
		"comments":             {Value: sync.String(m.Comments)},
		"description":          {Value: sync.String(m.Description)},
		"primary_ip4":          {Value: r.ref(KindAddress, m.PrimaryIP4)},
		"primary_ip6":          {Value: r.ref(KindAddress, m.PrimaryIP6)},
		"tags":                 {Value: tagsValue(m.Tags)},
		sync.MemoryField:       {Value: m.CustomFields.value(fieldMemory)},
	})
	if m.VCPUs != nil {
		if v, err := sync.ParseValue([]byte(*m.VCPUs)); err == nil {
			fields.Set("vcpus", sync.Field{Value: v})
		}
	}
	if m.Memory != nil {
		fields.Set("memory", sync.Field{Value: sync.Int(*m.Memory)})
	}
	for _, name := range []string{
		fieldID, fieldType, fieldStartAtBoot, fieldUnprivileged, fieldAgent, fieldSearchDomain, fieldSource, fieldUUID,
		fieldNode, fieldPool, fieldHA, fieldTags, fieldGone,
	} {
		fields.Set(customPrefix+name, sync.Field{Value: m.CustomFields.value(name)})
	}
	m.note(&fields)
	r.add(sync.Record{
		Key: key, Unit: key, ID: id(m.ID), Label: m.Name, Source: source, Guest: guestID(m), Fields: fields,
		Claims: []sync.Claim{nameClaim(KindVirtualMachine, fields.Value("cluster"), m.Name, id(m.ID))},
	})
}
