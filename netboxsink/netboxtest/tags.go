package netboxtest

import (
	"slices"
	"strings"
)

// readTagDeltas reads add_tags and remove_tags.
func (d *draft) readTagDeltas(body []pair, chosen selected, refused *invalid) {
	if !d.release().tagDeltas || d.model.field(tags) == nil {
		return
	}
	for _, p := range body {
		switch p.key {
		case "add_tags":
			ids, problem := d.resolveList(p.key, "extras.tag", p.value, true)
			d.addTags = ids
			refused.merge(problem)
		case "remove_tags":
			ids, problem := d.resolveList(p.key, "extras.tag", p.value, true)
			d.removeTags = ids
			refused.merge(problem)
		}
	}
}

func (d *draft) checkTagDeltas() *invalid {
	replacing := d.written[tags] && len(d.after.ids(tags)) > 0
	switch {
	case replacing && len(d.addTags)+len(d.removeTags) > 0:
		return refuse(tags, `Cannot specify "tags" together with "add_tags" or "remove_tags".`)
	case d.creating() && len(d.removeTags) > 0:
		return refuse("remove_tags", `Cannot use "remove_tags" when creating a new object.`)
	}
	var both []string
	for _, id := range d.addTags {
		if slices.Contains(d.removeTags, id) {
			both = append(both, d.get("extras.tag", id).text("name"))
		}
	}
	if both != nil {
		return refuse("remove_tags", `Tags may not be present in both "add_tags" and "remove_tags": `+strings.Join(both, ", "))
	}
	return nil
}

func (d *draft) applyTagDeltas() {
	if len(d.addTags)+len(d.removeTags) == 0 {
		return
	}
	ids := slices.Clone(d.after.ids(tags))
	for _, id := range d.addTags {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range d.removeTags {
		ids = without(ids, id)
	}
	slices.Sort(ids)
	d.after.values[tags] = ids
}

// checkTagScope refuses a tag that is restricted to other object types.
func (d *draft) checkTagScope() error {
	for _, id := range slices.Concat(d.after.ids(tags), d.addTags) {
		tag := d.get("extras.tag", id)
		if tag == nil {
			continue
		}
		types, _ := tag.values["object_types"].([]string)
		if d.before != nil && slices.Contains(d.before.ids(tags), id) {
			continue
		}
		if len(types) > 0 && !slices.Contains(types, d.model.label) {
			return &aborted{"Tag " + tag.text("name") + " cannot be assigned to " + lastPart(d.model.label) + " objects."}
		}
	}
	return nil
}
