package netboxsink

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// gone decides what becomes of the devices and virtual machines of a source whose nodes and guests it no longer has.
func (m *mapping) gone(inv *inventory.Inventory) {
	if m.rules.deletion.Mode == "report" {
		return
	}
	desired := m.desired()
	var gone []*sync.Record
	all := 0
	for _, kind := range []sync.Kind{KindDevice, KindVirtualMachine} {
		for _, r := range m.byKind[kind] {
			if r.Source != inv.Source {
				continue
			}
			all++
			if !desired.has(r.Key) {
				gone = append(gone, r)
			}
		}
	}
	if reason := incomplete(inv); reason != "" {
		for _, r := range gone {
			m.hold(sync.Hold{Unit: r.Key, Reason: "it may be gone, but " + reason})
		}
		return
	}
	due := 0
	for _, r := range gone {
		if m.isDue(r, inv.ReadAt) {
			due++
		}
	}
	most := m.rules.deletion.Most
	if share := int(m.rules.deletion.MostShare * float64(all)); share < most {
		most = max(share, 1)
	}
	for _, r := range gone {
		switch {
		case !m.isDue(r, inv.ReadAt):
			m.mark(r, inv.ReadAt)
		case due > most:
			m.hold(sync.Hold{Unit: r.Key, Reason: fmt.Sprintf(
				"it is gone since %s, but %d of %d objects of %s are to be deleted at once, and at most %d may be (deletion.most, deletion.most_share)",
				since(r), due, all, inv.Source, most)})
		default:
			m.remove(r)
		}
	}
}

// incomplete returns why nothing of a source may be taken for gone; empty if it was read as a whole.
func incomplete(inv *inventory.Inventory) string {
	for _, g := range inv.Gaps {
		if g.Part != inventory.PartAddresses && g.Part != inventory.PartNetwork {
			return "not all of " + inv.Source + " could be read: " + g.Reason
		}
	}
	return ""
}

func since(r *sync.Record) string { return r.Fields.Value(customPrefix + fieldGone).Text() }

// isDue tells whether something was marked as gone long enough ago.
func (m *mapping) isDue(r *sync.Record, now time.Time) bool {
	at, err := time.Parse(time.RFC3339, since(r))
	return m.rules.deletion.Mode == "delete" && err == nil && !now.Before(at.Add(m.rules.deletion.Grace))
}

// mark tells in NetBox that something is gone, and keeps what hangs on it.
func (m *mapping) mark(r *sync.Record, now time.Time) {
	record := m.goneRecord(r)
	at := since(r)
	if at == "" {
		at = now.UTC().Format(time.RFC3339)
		record.Gone = guestOf(r)
	}
	reason := fmt.Sprintf("no longer in the source since %s: it is marked", at)
	if m.rules.deletion.Mode == "delete" {
		reason += fmt.Sprintf(", and deleted once that is %v ago", m.rules.deletion.Grace)
	}
	tag, ok := m.tagNamed(tagGone, "9e9e9e")
	tags := tagsOf(r.Fields.Value("tags"))
	if ok && !slices.ContainsFunc(tags, func(t tagBrief) bool { return t.Slug == tag.Slug }) {
		tags = append(tags, tag)
	}
	const source = "it is no longer in the source (deletion.mode)"
	record.Reason = reason
	record.Fields = sync.NewFields(map[string]sync.Field{
		"status":                 from(source, sync.String("decommissioning")),
		"tags":                   from(source, tagsValue(tags)),
		customPrefix + fieldGone: from(source, sync.String(at)),
	})
	m.add(record)
	m.hold(sync.Hold{Unit: r.Key, Reason: reason})
}

// remove asks for the deletion of something that is as it was when that was decided.
func (m *mapping) remove(r *sync.Record) {
	record := m.goneRecord(r)
	record.Remove = "no longer in the source since " + since(r)
	record.Gone = guestOf(r)
	record.Fields = sync.NewFields(map[string]sync.Field{customPrefix + fieldGone: {Value: r.Fields.Value(customPrefix + fieldGone)}})
	m.add(record)
}

// guestOf returns the guest that a device or virtual machine of ours stands for, the zero one for a device.
func guestOf(r *sync.Record) sync.GuestRef {
	if r.Guest == 0 {
		return sync.GuestRef{}
	}
	return sync.GuestRef{Source: r.Source, ID: r.Guest}
}

func (m *mapping) goneRecord(r *sync.Record) sync.Record {
	return sync.Record{Key: r.Key, Unit: r.Key, Label: r.Label, Source: r.Source, Guest: r.Guest, Claims: r.Claims}
}

// moves returns the virtual machines whose guest went to another source, by its UUID: one that is gone from a source,
// and there in another, both of which were read as a whole.
func (m *mapping) moves(inventories []*inventory.Inventory) map[string]*sync.Record {
	whole := map[string]*inventory.Inventory{}
	at := map[string][]string{} // sources by UUID
	for _, inv := range inventories {
		if incomplete(inv) == "" {
			whole[inv.Source] = inv
		}
		for _, g := range inv.Guests {
			if g.UUID != "" {
				at[g.UUID] = append(at[g.UUID], inv.Source)
			}
		}
	}
	moves, doubtful := map[string]*sync.Record{}, map[string]bool{}
	for _, r := range m.byKind[KindVirtualMachine] {
		uuid := r.Fields.Value(customPrefix + fieldUUID).Text()
		if whole[r.Source] == nil || len(at[uuid]) != 1 || at[uuid][0] == r.Source || whole[at[uuid][0]] == nil {
			continue
		}
		if moves[uuid] != nil {
			doubtful[uuid] = true
		}
		moves[uuid] = r
	}
	maps.DeleteFunc(moves, func(uuid string, _ *sync.Record) bool { return doubtful[uuid] })
	return moves
}
