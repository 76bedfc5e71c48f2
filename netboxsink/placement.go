package netboxsink

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// subject is what a rule of the placement, or a filter, looks at.
type subject struct {
	source, cluster, node string
	isGuest               bool
	guest, pool           string
	tags                  []string
}

// placed is what the placement says of something.
type placed struct {
	value sync.Value // what there is to be; null for nothing
	rule  string     // the rule that says so
	said  bool       // one does
	// missing says why it cannot be: the value is not in NetBox.
	missing string
}

// place returns what the first rule of a kind that matches says. A site tells where a location is to be found.
func (m *mapping) place(kind sync.Kind, s subject, site sync.Value) placed {
	for i, r := range m.rules.placement[kind] {
		if !r.matches(s) {
			continue
		}
		p := placed{said: true, rule: fmt.Sprintf("placement.%s[%d]", placementName(kind), i)}
		if r.value != "" {
			p.value, p.missing = m.target(kind, r.value, site)
		}
		return p
	}
	return placed{}
}

func placementName(kind sync.Kind) string {
	switch kind {
	case KindDeviceRole:
		return "role"
	case KindVLANGroup:
		return "vlan_group"
	}
	return string(kind)
}

func (r *placementRule) matches(s subject) bool {
	if !s.isGuest && (r.guest != nil || r.pool != nil || r.tag != nil) {
		return false
	}
	return fits(r.source, s.source) && fits(r.cluster, s.cluster) && fits(r.node, s.node) && fits(r.guest, s.guest) &&
		fits(r.pool, s.pool) && fitsOne(r.tag, s.tags)
}

// fits tells whether a pattern matches; one that says nothing does.
func fits(p *regexp.Regexp, s string) bool { return p == nil || p.MatchString(s) }

func fitsOne(p *regexp.Regexp, list []string) bool {
	return p == nil || slices.ContainsFunc(list, p.MatchString)
}

// wanted begins the name of a record that only says what is to be looked up by its name or slug: "wanted: Berlin".
const wanted = "wanted: "

// target returns what a name or slug of the configuration stands for. What NetBox does not have is created where the
// configuration says so; else missing says what to do. As long as it was not looked up, it is told to be.
func (m *mapping) target(kind sync.Kind, text string, site sync.Value) (value sync.Value, missing string) {
	found := m.named(kind, text, site)
	switch {
	case len(found) == 1:
		return sync.Ref(found[0].Key), ""
	case len(found) > 1:
		missing = fmt.Sprintf("NetBox has more than one %s called %q: name it by its slug", kind, text)
	case !m.asked[sync.Key{Kind: kind, Name: wanted + text}]:
		missing = lookedUp
	case m.rules.create:
		return m.create(kind, text, site), ""
	default:
		missing = fmt.Sprintf("NetBox has no %s called %q: create it there, or set placement.missing to create", kind, text)
	}
	m.want(sync.Record{Key: sync.Key{Kind: kind, Name: wanted + text}, Label: text, Skip: missing})
	return sync.Value{}, missing
}

// lookedUp is why something is left alone as long as it was not looked up.
const lookedUp = "it is looked up"

// want adds a record that only says what is to be looked up, or is missing, once.
func (m *mapping) want(r sync.Record) {
	if !m.shared[r.Key] {
		m.shared[r.Key] = true
		m.add(r)
	}
}

// named returns what NetBox has under a name or slug; a slug goes first.
func (m *mapping) named(kind sync.Kind, text string, site sync.Value) []*sync.Record {
	var bySlug, byName []*sync.Record
	for _, r := range m.byKind[kind] {
		if kind == KindLocation && r.Fields.Value("site") != site {
			continue
		}
		if r.Key.Name == text || r.Fields.Value("slug") == sync.String(text) {
			bySlug = append(bySlug, r)
		} else if strings.EqualFold(r.Label, text) {
			byName = append(byName, r)
		}
	}
	if len(bySlug) > 0 {
		return bySlug
	}
	return byName
}

// create adds what the configuration names and NetBox lacks.
func (m *mapping) create(kind sync.Kind, text string, site sync.Value) sync.Value {
	key, fields := slug(text), map[string]sync.Value{"name": sync.String(text), "tags": m.tags()}
	switch kind {
	case KindVRF:
		key = text
	case KindLocation:
		key = site.Text() + "/" + key
		fields["site"], fields["slug"], fields["status"] = site, sync.String(slug(text)), sync.String("active")
	case KindSite:
		fields["slug"], fields["status"] = sync.String(slug(text)), sync.String("active")
	default:
		fields["slug"] = sync.String(slug(text))
	}
	return m.share(kind, key, text, fields)
}

// settle adds a field that the placement speaks of: a person may change it for good.
func (p placed) settle(fields *sync.Fields, name string) {
	if p.said {
		fields.Set(name, untilEdited(p.rule, p.value))
	}
}

// unitPlacement is what the placement says of nodes and guests alike.
type unitPlacement struct{ tenant, role, platform, vrf placed }

// unplaced is what it says of most: nothing.
var unplaced unitPlacement

// placeUnit returns what the placement says of a node or guest.
func (m *mapping) placeUnit(s subject) *unitPlacement {
	p := unitPlacement{
		tenant:   m.place(KindTenant, s, sync.Value{}),
		role:     m.place(KindDeviceRole, s, sync.Value{}),
		platform: m.place(KindPlatform, s, sync.Value{}),
		vrf:      m.place(KindVRF, s, sync.Value{}),
	}
	if pool := clean(s.pool, 100); !p.tenant.said && pool != "" && m.rules.objects.Pools == "tenant" {
		p.tenant = placed{said: true, rule: "objects.pools"}
		p.tenant.value, p.tenant.missing = m.target(KindTenant, pool, sync.Value{})
	}
	if p == (unitPlacement{}) {
		return &unplaced
	}
	return &p
}

func (p *unitPlacement) missing() string { return missingOf(p.tenant, p.role, p.platform, p.vrf) }

func (p *unitPlacement) settle(fields *sync.Fields) {
	p.tenant.settle(fields, "tenant")
	p.role.settle(fields, "role")
	p.platform.settle(fields, "platform")
}

// missingOf returns why a unit cannot be where the placement wants it; empty if it can.
func missingOf(all ...placed) string {
	for _, p := range all {
		if p.missing != "" {
			return p.missing
		}
	}
	return ""
}
