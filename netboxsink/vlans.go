package netboxsink

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// vlanUse is what VLANs an interface carries.
type vlanUse struct {
	access int // 0 is none
	trunks []int
	all    bool
}

// vlanFields adds the VLANs of an interface. Those that NetBox lacks are told, and nothing is said of them here.
func (m *mapping) vlanFields(u *unit, n *nic, fields *sync.Fields, group placed, use vlanUse) {
	if n.skip != "" || group.missing != "" {
		return
	}
	var mode string
	var untagged sync.Value
	var tagged []sync.Key
	missing := false
	if use.access > 0 {
		if key, ok := m.vlan(u, n, group, use.access); ok {
			mode, untagged = "access", sync.Ref(key)
		} else {
			missing = true
		}
	}
	for _, vid := range use.trunks {
		if key, ok := m.vlan(u, n, group, vid); ok {
			mode, tagged = "tagged", append(tagged, key)
		} else {
			missing = true
		}
	}
	if use.all {
		mode = "tagged-all"
	}
	if missing && mode == "" {
		return
	}
	if mode == "" && !u.wroteMode(n) {
		return // to have none says nothing of a person's
	}
	m.sortByID(tagged)
	const source = "the VLANs of the interface"
	fields.Set("mode", sync.Field{Value: textOrNull(mode), From: source, Remember: mode != ""})
	for name, v := range map[string]sync.Value{"untagged_vlan": untagged, "tagged_vlans": sync.Refs(tagged...)} {
		if !v.IsNull() || n.was != nil && !n.was.Fields.Value(name).IsNull() {
			fields.Set(name, from(source, v))
		}
	}
}

// wroteMode tells whether the mode that an interface has is what we wrote last; its VLANs are ours then too.
func (u *unit) wroteMode(n *nic) bool {
	if n.was == nil || n.was.Fields.Value("mode").IsNull() {
		return false
	}
	return slices.Contains(u.memory.Last(u.slot(n), "mode"), n.was.Fields.Value("mode"))
}

// sortByID puts keys in the order in which they are read: by id, and new ones last.
func (m *mapping) sortByID(keys []sync.Key) {
	number := func(k sync.Key) int64 {
		if r := m.current[k]; r != nil {
			if n, ok := parseID(r.ID); ok {
				return n
			}
		}
		return 1 << 62
	}
	slices.SortFunc(keys, func(a, b sync.Key) int { return cmp.Or(cmp.Compare(number(a), number(b)), a.Compare(b)) })
}

// vlan returns the VLAN of that number in the unit's VLAN group or site, never in another's. Where it is missing it is
// created, if the configuration says so, and else told, once.
func (m *mapping) vlan(u *unit, n *nic, group placed, vid int) (sync.Key, bool) {
	site := m.siteToBeOf(u)
	if u.was == nil || u.was.Fields.Value("site") == site { // else it is of the site that the unit leaves
		if key, ok := m.vlanThere(n, vid); ok {
			return key, true
		}
	}
	if m.rules.objects.CreateVLANs && !group.said {
		if group = m.clusterGroup(u.inv); group.missing != "" {
			return sync.Key{}, false
		}
	}
	place, what := group.value, "the VLAN group"
	if place.IsNull() {
		place, what = site, "the site"
	}
	number := strconv.Itoa(vid)
	found := m.vlansIn(place, vid)
	reason := ""
	switch {
	case len(found) == 1:
		return found[0].Key, true
	case len(found) > 1:
		reason = fmt.Sprintf("%s %s has more than one of that number: it is not known which is meant", what, m.labelOf(place))
	case m.isThere(place) && !m.asked[vlanWanted(place, number)]:
		reason = lookedUp
	case m.rules.objects.CreateVLANs && !group.value.IsNull():
		return m.createVLAN(u.inv, group.value, vid), true
	default:
		reason = fmt.Sprintf("%s %s has no such VLAN: create it there, or set objects.create_vlans", what, m.labelOf(place))
	}
	m.want(sync.Record{
		Key: vlanWanted(place, number), Label: number, Skip: reason,
		Fields: sync.NewFields(map[string]sync.Field{"vid": {Value: sync.Int(int64(vid))}, "place": {Value: place}}),
	})
	return sync.Key{}, false
}

// siteToBeOf returns the site that a unit will be in.
func (m *mapping) siteToBeOf(u *unit) sync.Value {
	if u.family.unit == KindVirtualMachine && m.release.siteOfDevice && !u.site.IsNull() {
		return u.site // whatever people say
	}
	return u.siteToBe(u.site)
}

// vlanWanted is the key of a VLAN that is looked up, or missing.
func vlanWanted(place sync.Value, number string) sync.Key {
	var name strings.Builder
	name.WriteString(wanted)
	for _, key := range place.Keys() {
		name.WriteString(key.String() + " ")
	}
	return sync.Key{Kind: KindVLAN, Name: name.String() + number}
}

// vlanThere returns the VLAN of that number that the interface has already: whoever chose it.
func (m *mapping) vlanThere(n *nic, vid int) (sync.Key, bool) {
	if n.was == nil {
		return sync.Key{}, false
	}
	for _, field := range []string{"untagged_vlan", "tagged_vlans"} {
		for _, key := range n.was.Fields.Value(field).Keys() {
			if r := m.current[key]; r != nil && r.Fields.Value("vid") == sync.Int(int64(vid)) {
				return key, true
			}
		}
	}
	return sync.Key{}, false
}

// vlansIn returns the VLANs of a number in a VLAN group, or in a site: its own, and those of groups for it.
func (m *mapping) vlansIn(place sync.Value, vid int) (found []*sync.Record) {
	for _, r := range m.byKind[KindVLAN] {
		if r.Fields.Value("vid") != sync.Int(int64(vid)) {
			continue
		}
		group := r.Fields.Value("group")
		inGroup := !group.IsNull() && group == place
		for _, key := range group.Keys() {
			if g := m.current[key]; g != nil && !g.Fields.Value("site").IsNull() && g.Fields.Value("site") == place {
				inGroup = true
			}
		}
		if inGroup || !r.Fields.Value("site").IsNull() && r.Fields.Value("site") == place {
			found = append(found, r)
		}
	}
	return found
}

// isThere tells whether NetBox has what a reference points to.
func (m *mapping) isThere(v sync.Value) bool {
	for _, key := range v.Keys() {
		if m.current[key] == nil {
			return false
		}
	}
	return !v.IsNull()
}

// labelOf returns what people call what a reference points to.
func (m *mapping) labelOf(v sync.Value) string {
	for _, key := range v.Keys() {
		if r := m.current[key]; r != nil {
			return r.Label
		}
		if cluster, ok := m.defaultSites[key.Name]; ok {
			name, _ := defaultSite(cluster)
			return name
		}
	}
	return v.Text()
}

// clusterGroup returns the VLAN group of a cluster, which is created where it is missing.
func (m *mapping) clusterGroup(inv *inventory.Inventory) placed {
	name := "Proxmox " + clusterName(inv)
	if was := m.current[m.clusters[inv.Source]]; was != nil {
		name = "Proxmox " + was.Label
	} else if given := m.clusterNames[inv.Source]; given != "" {
		name = "Proxmox " + given
	}
	name = clean(name, 100)
	if found := m.named(KindVLANGroup, name, sync.Value{}); len(found) == 1 {
		return placed{value: sync.Ref(found[0].Key), said: true}
	}
	key := sync.Key{Kind: KindVLANGroup, Name: wanted + name}
	if m.asked[key] {
		return placed{value: m.create(KindVLANGroup, name, sync.Value{}), said: true}
	}
	m.want(sync.Record{Key: key, Label: name, Skip: lookedUp})
	return placed{said: true, missing: lookedUp}
}

// createVLAN adds a VLAN to a group, called as the virtual network that has it.
func (m *mapping) createVLAN(inv *inventory.Inventory, group sync.Value, vid int) sync.Key {
	name := "VLAN " + strconv.Itoa(vid)
	for _, v := range inv.VNets {
		if v.VLAN == vid {
			name = clean(v.Name, 54) + " " + strconv.Itoa(vid)
			break
		}
	}
	key := sync.Key{Kind: KindVLAN, Name: group.Text() + " " + strconv.Itoa(vid)}
	m.share(KindVLAN, key.Name, name, map[string]sync.Value{
		"vid": sync.Int(int64(vid)), "name": sync.String(name), "group": group, "status": sync.String("active"), "tags": m.tags(),
	})
	return key
}
