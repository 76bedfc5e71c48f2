package netboxsink

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// mend puts right an object of which NetBox refuses every change, whatever it is, and tells whether it did.
func (w *bulk) mend(ctx context.Context, e entry, reason string) bool {
	switch {
	case w.op != sync.Update || e.mended:
		return false
	case w.kind == KindInterface && strings.Contains(reason, "must belong to the same site as the interface's parent"):
		return w.leaveVLANs(ctx, e, reason)
	case w.kind != KindVirtualMachine:
		return false
	case strings.Contains(reason, "must match the aggregate size of assigned virtual disks"):
		return w.sumAgain(ctx, e)
	case strings.Contains(reason, "is not assigned to this site") && len(e.item.Refs["site"]) == 0:
		return w.followDevice(ctx, e)
	}
	return false
}

// sumAgain mends a virtual machine whose disk no longer is the sum of its virtual disks: after two writes of them at
// once NetBox (seen with 4.2 to 4.7) keeps a wrong sum. It is summed again when one of the disks is saved.
func (w *bulk) sumAgain(ctx context.Context, e entry) bool {
	found, err := all[diskObject](ctx, w.sink.client, KindDisk, url.Values{"virtual_machine_id": {e.item.ID}})
	if err != nil || len(found) == 0 {
		return false
	}
	return w.change(ctx, KindDisk, map[string]any{"id": found[0].ID, "size": found[0].Size})
}

// followDevice mends a virtual machine that is in another site than its device, which somebody has moved: that of a guest
// that is gone, or one that has to let its name go before it is written.
func (w *bulk) followDevice(ctx context.Context, e entry) bool {
	on := e.item.Refs["device"]
	if len(on) == 0 {
		machines, err := all[machineObject](ctx, w.sink.client, KindVirtualMachine, url.Values{"id": {e.item.ID}})
		if err != nil || len(machines) != 1 || machines[0].Device == nil {
			return false
		}
		on = []string{id(machines[0].Device.ID)}
	}
	devices, err := all[deviceObject](ctx, w.sink.client, KindDevice, url.Values{"id": on})
	if err != nil || len(devices) != 1 || devices[0].Site == nil {
		return false
	}
	return w.change(ctx, KindVirtualMachine, map[string]any{
		"id": json.Number(e.item.ID), "device": json.Number(on[0]), "site": devices[0].Site.ID,
	})
}

// leaveVLANs mends an interface with VLANs of the site that its virtual machine has left. The next run looks for those of
// the new one.
func (w *bulk) leaveVLANs(ctx context.Context, e entry, reason string) bool {
	fields := map[string]any{"id": json.Number(e.item.ID)}
	for field, none := range map[string]any{"untagged_vlan": nil, "tagged_vlans": []int{}} {
		if strings.Contains(reason, field) && len(e.item.Refs[field]) == 0 {
			fields[field] = none
		}
	}
	return len(fields) > 1 && w.change(ctx, w.kind, fields)
}

// change writes fields of one object, and tells whether NetBox took them.
func (w *bulk) change(ctx context.Context, kind sync.Kind, fields map[string]any) bool {
	raw, err := json.Marshal([]any{fields})
	if err != nil {
		return false
	}
	turn, err := w.sink.pace.begin(ctx)
	if err != nil {
		return false
	}
	_, err = w.sink.client.send(ctx, http.MethodPatch, tables[kind].path, nil, raw)
	turn.end(work{kind, sync.Update}, 1, err)
	return err == nil
}

// taken tells whether a shared object could not be created because it is there by now: another run, or a person, was
// faster. It is taken as if it had been found.
func (w *bulk) taken(ctx context.Context, e entry, reason string) bool {
	if w.op != sync.Create || !w.sink.isShared(w.kind) ||
		!strings.Contains(reason, "already exists") && !strings.Contains(reason, "must be unique") {
		return false
	}
	found, err := w.find(ctx, []entry{e})
	if err != nil || found[e.index] == "" {
		return false
	}
	w.outcomes[e.index].ID = found[e.index]
	return true
}

func (s *Sink) isShared(kind sync.Kind) bool {
	for _, info := range s.Kinds() {
		if info.Kind == kind {
			return info.Level == sync.Shared
		}
	}
	return false
}
