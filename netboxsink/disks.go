package netboxsink

import (
	"fmt"
	"math"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// disks adds the virtual disks.
func (m *mapping) disks(u *guestUnit) {
	for _, d := range onceOn(m, &u.unit, KindDisk, u.guest.Disks, func(d *inventory.Disk) string { return d.Key }) {
		name := clean(d.Key, nameLimit)
		record := sync.Record{
			Key: childKey(KindDisk, u.key, diskName(d.Key)), Unit: u.key, Label: name, Source: u.inv.Source,
			Claims: []sync.Claim{nameClaim(KindDisk, sync.Ref(u.key), name, "")},
			Fields: sync.NewFields(map[string]sync.Field{
				"virtual_machine": from("the guest", sync.Ref(u.key)),
				"name":            {Value: sync.String(name), From: "the slot", Remember: true},
				"description":     ownText("the storage of "+d.Key, d.Storage),
			}),
		}
		if was := m.current[record.Key]; was == nil && u.was != nil {
			m.diskOf(u, &record)
		}
		switch {
		case d.Known && mebibytes(d.Bytes) <= math.MaxInt32:
			record.Fields.Set("size", from("the size of "+d.Key, sync.Int(mebibytes(d.Bytes))))
		case d.Known:
			record.Skip = fmt.Sprintf("%d bytes are more than NetBox can hold", d.Bytes)
		case m.current[record.Key] == nil && record.ID == "":
			record.Skip = "Proxmox VE does not tell its size, and NetBox takes no disk without one"
		}
		m.add(record)
	}
}

// diskOf looks for an unmarked disk of that name: taken over with its machine, else somebody else's.
func (m *mapping) diskOf(u *guestUnit, record *sync.Record) {
	for _, r := range m.onUnit[u.was.Key] {
		if r.Key.Kind != KindDisk || r.Source != "" || r.Fields.Value("name") != record.Fields.Value("name") {
			continue
		}
		if u.trusted {
			record.Skip = "a disk of that name is there already and is not ours"
		} else {
			record.ID = r.ID
		}
		return
	}
}
