package netboxsink

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

const (
	tagTemplate = "Proxmox template"
	tagGone     = "Proxmox gone"
)

// slugGone is the slug of tagGone.
var slugGone = slug(tagGone)

// knowTags notes which tags there are: those that were looked up, and those on what was read.
func (m *mapping) knowTags() {
	for _, r := range m.byKind[KindTag] {
		m.tagNames[r.Key.Name] = r.Label
	}
	for _, kind := range []sync.Kind{KindCluster, KindDevice, KindVirtualMachine} {
		for _, r := range m.byKind[kind] {
			value := r.Fields.Value("tags")
			if _, known := m.tagLists[value]; known {
				continue
			}
			m.tagLists[value] = tagsOf(value)
			for _, t := range m.tagLists[value] {
				m.tagNames[t.Slug] = t.Name
			}
		}
	}
}

// tagsOn returns the tags that are on an object that was read. The list is not to be changed.
func (m *mapping) tagsOn(was *sync.Record) []tagBrief {
	if was == nil {
		return nil
	}
	return m.tagLists[was.Fields.Value("tags")]
}

// tagsInstead returns the value of the tags that an object is to have.
func (m *mapping) tagsInstead(was *sync.Record, list []tagBrief) sync.Value {
	if was != nil && slices.Equal(list, m.tagsOn(was)) { // most stay as they are: no need to encode them
		return was.Fields.Value("tags")
	}
	return tagsValue(list)
}

// tag returns our tag, by the name that it has by now: NetBox finds it by that and its slug.
func (m *mapping) tag() tagBrief {
	if name, ok := m.tagNames[tagSlug]; ok {
		return tagBrief{Name: name, Slug: tagSlug}
	}
	return tagBrief{Name: "Proxbox", Slug: tagSlug}
}

// tags returns a list of our tag alone.
func (m *mapping) tags() sync.Value { return tagsValue([]tagBrief{m.tag()}) }

// tagNamed returns the tag of a name, which is created where it is missing; ok is false where NetBox lets no virtual
// machine bear it, or as long as that is not known.
func (m *mapping) tagNamed(name, color string) (t tagBrief, ok bool) {
	key := slug(name)
	if key == tagSlug {
		return m.tag(), true
	}
	if known, ok := m.tagNames[key]; ok {
		return tagBrief{Name: known, Slug: key}, !m.restricted(key)
	}
	for known, label := range m.tagNames { // NetBox wants names unique too
		if strings.EqualFold(label, name) {
			return tagBrief{Name: label, Slug: known}, !m.restricted(known)
		}
	}
	if want := (sync.Key{Kind: KindTag, Name: wanted + name}); !m.asked[want] {
		m.want(sync.Record{Key: want, Label: name, Skip: lookedUp})
		return tagBrief{}, false
	}
	fields := map[string]sync.Value{"name": sync.String(cut(name, 100)), "slug": sync.String(key)}
	if color != "" {
		fields["color"] = sync.String(color)
	}
	m.share(KindTag, key, name, fields)
	return tagBrief{Name: cut(name, 100), Slug: key}, true
}

// restricted tells whether a tag may not be put on a virtual machine.
func (m *mapping) restricted(slug string) bool {
	r := m.current[sync.Key{Kind: KindTag, Name: slug}]
	if r == nil {
		return false
	}
	types := r.Fields.Value("object_types")
	return !types.IsEmpty() && !strings.Contains(types.JSON(), `"virtualization.virtualmachine"`)
}

// withTag returns an object's tags with ours among them, and without that of what is gone; those of others stay.
func (m *mapping) withTag(was *sync.Record) sync.Value { return m.tagsInstead(was, m.tagged(was)) }

// tagged is withTag as a list.
func (m *mapping) tagged(was *sync.Record) []tagBrief {
	tags := slices.DeleteFunc(slices.Clone(m.tagsOn(was)), func(t tagBrief) bool { return t.Slug == slugGone })
	if !slices.ContainsFunc(tags, func(t tagBrief) bool { return t.Slug == tagSlug }) {
		tags = append(tags, m.tag())
	}
	return tags
}

// guestTags returns the tags of a guest's virtual machine: those that are there, ours, and those of Proxmox VE. One that
// a person took away stays away; one that Proxmox VE no longer has goes, if we brought it. wished is what stands in the
// custom field from then on.
func (m *mapping) guestTags(u *unit, g *inventory.Guest) (tags sync.Value, wished []string) {
	wished = slices.Clone(g.Tags)
	if g.Template {
		wished = append(wished, tagTemplate)
	}
	if g.Pool != "" && m.rules.objects.Pools == "tag" {
		wished = append(wished, "pool "+g.Pool)
	}
	before := tagSlugs(u.was)
	list := m.tagged(u.was)
	var slugs []string
	for _, name := range wished {
		t, ok := m.tagNamed(name, u.inv.TagColors[name])
		if !ok || slices.Contains(slugs, t.Slug) {
			continue
		}
		slugs = append(slugs, t.Slug)
		has := slices.ContainsFunc(list, func(other tagBrief) bool { return other.Slug == t.Slug })
		if !has && !slices.Contains(before, t.Slug) {
			list = append(list, t)
		}
	}
	slices.Sort(slugs)
	list = slices.DeleteFunc(list, func(t tagBrief) bool {
		return t.Slug != tagSlug && slices.Contains(before, t.Slug) && !slices.Contains(slugs, t.Slug)
	})
	return m.tagsInstead(u.was, list), slugs
}

// tagSlugs returns the slugs of the tags that we brought last.
func tagSlugs(was *sync.Record) []string {
	if was == nil {
		return nil
	}
	return strings.FieldsFunc(was.Fields.Value(customPrefix+fieldTags).Text(), func(r rune) bool { return r == ' ' })
}

func isTagged(r *sync.Record) bool {
	for _, t := range tagsOf(r.Fields.Value("tags")) {
		if t.Slug == tagSlug {
			return true
		}
	}
	return false
}
