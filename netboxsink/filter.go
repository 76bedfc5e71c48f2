package netboxsink

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// hides returns which filter hides a guest; empty for none.
func (r *rules) hides(g *inventory.Guest, s subject) string {
	if g.Template && r.objects.Templates == "skip" {
		return "templates are skipped (objects.templates)"
	}
	if len(r.include) > 0 && !slices.ContainsFunc(r.include, func(f guestFilter) bool { return f.matches(g, s) }) {
		return "no filter includes it (filters.include)"
	}
	for i, f := range r.exclude {
		if f.matches(g, s) {
			return fmt.Sprintf("a filter excludes it (filters.exclude[%d])", i)
		}
	}
	return ""
}

func (f *guestFilter) matches(g *inventory.Guest, s subject) bool {
	inRange := len(f.vmids) == 0 || slices.ContainsFunc(f.vmids, func(v [2]int) bool { return v[0] <= g.ID && g.ID <= v[1] })
	return inRange && fits(f.source, s.source) && fits(f.name, s.guest) && fitsOne(f.tag, s.tags) && fits(f.pool, s.pool) &&
		fits(f.node, s.node) && (f.template == nil || *f.template == g.Template) && (f.status == "" || f.status == string(g.Status))
}

// hidesInterface tells whether an interface of that name is hidden.
func (r *rules) hidesInterface(name string) bool {
	for _, p := range r.hidden {
		if p.MatchString(name) {
			return true
		}
	}
	return false
}

// hidesAddress tells whether an address is hidden.
func (r *rules) hidesAddress(host netip.Addr) bool {
	in := func(list []netip.Prefix) bool {
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(host) })
	}
	return len(r.keep) > 0 && !in(r.keep) || in(r.drop)
}

const (
	hiddenInterface = "a filter hides it (filters.hide_interfaces)"
	hiddenAddress   = "a filter hides it (filters.keep_addresses, filters.drop_addresses)"
)

// keepHidden leaves alone what a filter hides of a unit, as far as NetBox has it.
func (m *mapping) keepHidden(u *unit) {
	if u.was == nil || len(m.rules.keep)+len(m.rules.drop) == 0 {
		return
	}
	for _, r := range m.onUnit[u.was.Key] {
		prefix, err := netip.ParsePrefix(r.Fields.Value("address").Text())
		if r.Key.Kind != u.family.address || r.Source == "" || err != nil || !m.rules.hidesAddress(prefix.Addr()) {
			continue
		}
		m.keep(r, hiddenAddress)
	}
}
