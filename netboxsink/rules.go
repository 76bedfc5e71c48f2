package netboxsink

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// MappingError tells which entry of a [Mapping] is wrong.
type MappingError struct {
	// Path names the entry as the configuration file does: "placement.site[0].node".
	Path string
	Err  error
}

// Error returns the path and what is wrong.
func (e *MappingError) Error() string { return "netboxsink: " + e.Path + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *MappingError) Unwrap() error { return e.Err }

// rules is a [Mapping] that was understood: defaults filled in, patterns compiled.
type rules struct {
	names     NameOptions
	objects   ObjectOptions
	ownership OwnershipOptions
	placement map[sync.Kind][]placementRule
	create    bool // what the placement names and NetBox lacks
	include   []guestFilter
	exclude   []guestFilter
	hidden    []*regexp.Regexp // interfaces
	keep      []netip.Prefix
	drop      []netip.Prefix
	addresses AddressOptions
	primary   []primaryRule
	deletion  DeletionOptions
	adoption  string
}

type placementRule struct {
	source, cluster, node, guest, pool, tag *regexp.Regexp // nil matches anything
	value                                   string
}

type guestFilter struct {
	source, name, tag, pool, node *regexp.Regexp
	vmids                         [][2]int
	template                      *bool
	status                        string
}

type primaryRule struct {
	subnets []netip.Prefix
	nic     *regexp.Regexp
	static  bool
}

// compile understands a mapping. What is wrong is one [*MappingError] or several, joined.
func compile(m Mapping) (*rules, error) {
	c := &compiler{}
	r := &rules{
		names: m.Names, objects: m.Objects, ownership: m.Ownership, addresses: m.Addresses, deletion: m.Deletion,
		hidden: c.patterns("filters.hide_interfaces", m.Filters.HideInterfaces),
		keep:   c.prefixes("filters.keep_addresses", m.Filters.KeepAddresses),
		drop:   c.prefixes("filters.drop_addresses", m.Filters.DropAddresses),
	}
	r.objects.Templates = c.word("objects.templates", m.Objects.Templates, "sync", "skip")
	r.objects.Pools = c.word("objects.pools", m.Objects.Pools, "field", "tag", "tenant")
	c.ownership(m.Ownership)
	r.create = c.word("placement.missing", m.Placement.Missing, "refuse", "create") == "create"
	r.placement = c.placement(m.Placement)
	r.include = c.filters("filters.include", m.Filters.Include)
	r.exclude = c.filters("filters.exclude", m.Filters.Exclude)
	r.addresses.Conflict = c.word("addresses.conflict", m.Addresses.Conflict, "never-steal", "take-if-unassigned", "share")
	r.addresses.ShareRole = c.word("addresses.share_role", m.Addresses.ShareRole, sharedRoles()...)
	for i, p := range m.Addresses.Primary {
		path := fmt.Sprintf("addresses.primary[%d]", i)
		r.primary = append(r.primary, primaryRule{
			subnets: c.prefixes(path+".subnets", p.Subnets), nic: c.pattern(path+".interface", p.Interface), static: p.Static,
		})
	}
	r.deletion.Mode = c.word("deletion.mode", m.Deletion.Mode, "report", "mark", "delete")
	c.deletion(&r.deletion)
	r.adoption = c.word("adoption.mode", m.Adoption.Mode, "ours", "never", "unowned-by-name")
	return r, errors.Join(c.wrong...)
}

// sharedRole is the role that an address gets which several have; null where none is shared.
func (r *rules) sharedRole() sync.Value {
	if r.addresses.Conflict != "share" {
		return sync.Value{}
	}
	return sync.String(r.addresses.ShareRole)
}

// sharedRoles are the roles with which NetBox takes an address more than once, the usual one first.
func sharedRoles() []string { return []string{"anycast", "vip", "vrrp", "hsrp", "glbp", "carp"} }

// compiler collects what is wrong.
type compiler struct{ wrong []error }

func (c *compiler) refuse(path, format string, args ...any) {
	c.wrong = append(c.wrong, &MappingError{path, fmt.Errorf(format, args...)})
}

// word takes one of the words, or, where nothing is said, the first.
func (c *compiler) word(path, word string, words ...string) string {
	switch {
	case word == "":
		return words[0]
	case !slices.Contains(words, word):
		c.refuse(path, "it must be one of %s", strings.Join(words, ", "))
	}
	return word
}

// pattern returns what matches a whole name; nil for nothing said.
func (c *compiler) pattern(path, text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	compiled, err := regexp.Compile("^(?:" + text + ")$")
	if err != nil {
		why := "it is no regular expression"
		if wrong := (*syntax.Error)(nil); errors.As(err, &wrong) {
			why += ": " + wrong.Code.String()
		}
		c.refuse(path, "%s", why)
	}
	return compiled
}

func (c *compiler) patterns(path string, texts []string) (all []*regexp.Regexp) {
	for i, text := range texts {
		place := fmt.Sprintf("%s[%d]", path, i)
		if p := c.pattern(place, text); p != nil {
			all = append(all, p)
		} else if text == "" {
			c.refuse(place, "it is empty")
		}
	}
	return all
}

func (c *compiler) prefixes(path string, texts []string) (all []netip.Prefix) {
	for i, text := range texts {
		p, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			c.refuse(fmt.Sprintf("%s[%d]", path, i), "it is no prefix such as 192.0.2.0/24")
			continue
		}
		all = append(all, p.Masked())
	}
	return all
}

func (c *compiler) placement(o PlacementOptions) map[sync.Kind][]placementRule {
	all := map[sync.Kind][]placementRule{}
	for _, part := range []struct {
		kind  sync.Kind
		name  string
		rules []PlacementRule
	}{
		{KindSite, "site", o.Site},
		{KindLocation, "location", o.Location},
		{KindTenant, "tenant", o.Tenant},
		{KindDeviceRole, "role", o.Role},
		{KindPlatform, "platform", o.Platform},
		{KindVRF, "vrf", o.VRF},
		{KindVLANGroup, "vlan_group", o.VLANGroup},
	} {
		for i, r := range part.rules {
			path := fmt.Sprintf("placement.%s[%d]", part.name, i)
			all[part.kind] = append(all[part.kind], placementRule{
				source: c.pattern(path+".source", r.Source), cluster: c.pattern(path+".cluster", r.Cluster),
				node: c.pattern(path+".node", r.Node), guest: c.pattern(path+".guest", r.Guest),
				pool: c.pattern(path+".pool", r.Pool), tag: c.pattern(path+".tag", r.Tag), value: strings.TrimSpace(r.Value),
			})
			if part.kind == KindSite && strings.TrimSpace(r.Value) == "" {
				c.refuse(path+".value", "a node must have a site")
			}
			if (part.kind == KindSite || part.kind == KindLocation) && r.Guest+r.Pool+r.Tag != "" {
				c.refuse(path, "guests are where their node is: use source, cluster and node")
			}
		}
	}
	return all
}

func (c *compiler) filters(path string, filters []GuestFilter) (all []guestFilter) {
	for i, f := range filters {
		path := fmt.Sprintf("%s[%d]", path, i)
		if f.Source+f.Name+f.Tag+f.Pool+f.Node+f.Status == "" && len(f.VMIDs) == 0 && f.Template == nil {
			c.refuse(path, "it says nothing, and would match every guest")
		}
		out := guestFilter{
			source: c.pattern(path+".source", f.Source), name: c.pattern(path+".name", f.Name), tag: c.pattern(path+".tag", f.Tag),
			pool: c.pattern(path+".pool", f.Pool), node: c.pattern(path+".node", f.Node), template: f.Template,
		}
		if f.Status != "" {
			out.status = c.word(path+".status", f.Status, "running", "stopped", "paused", "failed")
		}
		for j, text := range f.VMIDs {
			first, last, isRange := strings.Cut(text, "-")
			from, err := strconv.Atoi(strings.TrimSpace(first))
			to := from
			if isRange && err == nil {
				to, err = strconv.Atoi(strings.TrimSpace(last))
			}
			if err != nil || from < 1 || to < from {
				c.refuse(fmt.Sprintf("%s.vmids[%d]", path, j), "it is neither a VMID nor a range such as 100-199")
			}
			out.vmids = append(out.vmids, [2]int{from, to})
		}
		all = append(all, out)
	}
	return all
}

func (c *compiler) deletion(o *DeletionOptions) {
	switch {
	case o.Grace < 0:
		c.refuse("deletion.grace", "it is negative")
	case o.Grace == 0:
		o.Grace = 7 * 24 * time.Hour
	}
	switch {
	case o.Most < 0:
		c.refuse("deletion.most", "it is negative")
	case o.Most == 0:
		o.Most = 10
	}
	switch {
	case o.MostShare < 0 || o.MostShare > 1:
		c.refuse("deletion.most_share", "it is not between 0 and 1")
	case o.MostShare == 0:
		o.MostShare = 0.2
	}
}

func (c *compiler) ownership(o OwnershipOptions) {
	standard := DefaultRules()
	words := []string{"always", "create-only", "if-empty", "if-empty-or-ours", "until-edited", "never"}
	for _, kind := range slices.Sorted(maps.Keys(o)) {
		if standard[kind] == nil {
			c.refuse("ownership", "there are rules for %s only", joined(standard))
			continue
		}
		path := "ownership." + string(kind)
		for _, field := range slices.Sorted(maps.Keys(o[kind])) {
			if _, known := standard[kind][field]; !known {
				c.refuse(path, "there are rules for the fields %s only", joined(standard[kind]))
				continue
			}
			if rule := o[kind][field]; !slices.Contains(words, string(rule)) {
				c.refuse(path+"."+field, "it must be one of %s", strings.Join(words, ", "))
			}
		}
	}
}

// joined returns the keys of a map as a list to be read.
func joined[K ~string, V any](m map[K]V) string {
	var names []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		names = append(names, string(key))
	}
	return strings.Join(names, ", ")
}
