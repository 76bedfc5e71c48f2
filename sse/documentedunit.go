package sse

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// unitBody is a step that tells of a unit.
type unitBody struct {
	Step      string      `json:"step"`
	Status    sync.Status `json:"status"`
	Message   string      `json:"message"`
	RowID     string      `json:"rowid"`
	Payload   unitPayload `json:"payload"`
	Operation sync.Op     `json:"operation,omitempty"`
	Changes   []string    `json:"changes,omitempty"`
	Notes     []string    `json:"notes,omitempty"`
}

type unitPayload struct {
	Object string  `json:"object"`
	Type   sync.Op `json:"type"`
	Data   any     `json:"data"` // a deviceRow, machineRow or failedRow
}

// row is what the rows of both tables have.
type row struct {
	Completed      bool       `json:"completed"`
	IncrementCount string     `json:"increment_count,omitempty"`
	SyncStatus     string     `json:"sync_status"`
	RowID          string     `json:"rowid"`
	Name           string     `json:"name"`
	NetBoxID       sync.Value `json:"netbox_id"`
}

type deviceRow struct {
	row
	Manufacturer sync.Value `json:"manufacturer"`
	Role         sync.Value `json:"role"`
	Cluster      sync.Value `json:"cluster"`
	DeviceType   sync.Value `json:"device_type"`
}

type machineRow struct {
	row
	Status     sync.Value `json:"status"`
	Device     sync.Value `json:"device"`
	Cluster    sync.Value `json:"cluster"`
	Interfaces sync.Value `json:"vm_interfaces"`
	Role       sync.Value `json:"role"`
	VCPUs      sync.Value `json:"vcpus"`
	Memory     sync.Value `json:"memory"`
	Disk       sync.Value `json:"disk"`
}

type failedRow struct {
	Completed      bool   `json:"completed"`
	IncrementCount string `json:"increment_count"`
	SyncStatus     string `json:"sync_status"`
	RowID          string `json:"rowid"`
	Error          string `json:"error"`
}

// called returns how the dialect calls an object: by its name, or where it has none by that of its key.
func called(name string, key sync.Key) string { return cut(cmp.Or(name, key.Name), maxName) }

func (d *telling) unitStarted(u unitKind, s sync.Step) {
	name := called(s.Name, s.Key)
	d.tell(eventStep, unitBody{
		Step: u.object, Status: sync.Progress, Message: fmt.Sprintf("Processing %s %s", u.object, name), RowID: name,
		// What is done to it is not known yet; the documented backend calls everything a create.
		Payload: unitPayload{Object: u.object, Type: sync.Create, Data: u.cells(row{SyncStatus: "syncing"}, name, s)},
	})
}

func (d *telling) unitCompleted(u unitKind, s sync.Step) {
	name := called(s.Name, s.Key)
	body := unitBody{
		Step: u.object, Status: sync.Completed, Message: fmt.Sprintf("Synced %s %s", u.object, name), RowID: name,
		Operation: s.Op,
	}
	done := row{Completed: true, IncrementCount: "yes", SyncStatus: "completed"}
	switch s.Op {
	case sync.Delete:
		body.Message = fmt.Sprintf("Deleted %s %s", u.object, name)
		s.ID = "" // the plugin makes a link of it
	case sync.Skip:
		done.IncrementCount = "no"
		body.Message = fmt.Sprintf("Skipped %s %s", u.object, name)
		if len(s.Notes) > 0 {
			about := fmt.Sprintf("%s %s: ", s.Key.Kind, s.Name)
			body.Message += ": " + cut(strings.TrimPrefix(s.Notes[0], about), maxReason)
		}
	}
	body.Payload = unitPayload{Object: u.object, Type: s.Op, Data: u.cells(done, name, s)}
	if len(s.Changes)+len(s.Notes) > 0 {
		base, err := json.Marshal(body)
		if err != nil {
			d.err = err
			return
		}
		room := maxData - asciiLen(base) - len(`,"changes":,"notes":`)
		body.Notes = fit(s.Notes, room)
		for _, note := range body.Notes {
			room -= textLen(note) + len(`"",`)
		}
		body.Changes = fit(changeTexts(s.Changes), room)
	}
	d.tell(eventStep, body)
}

func changeTexts(changes []sync.FieldChange) []string {
	texts := make([]string, len(changes))
	for i, c := range changes {
		texts[i] = c.Name + ": " + cut(c.New.Text(), maxCell)
		if !c.Old.IsNull() {
			texts[i] = c.Name + ": " + cut(c.Old.Text(), maxCell/2) + " → " + cut(c.New.Text(), maxCell/2)
		}
	}
	return texts
}

// cells returns the row with what its table shows.
func (u unitKind) cells(r row, name string, s sync.Step) any {
	r.RowID, r.Name, r.NetBoxID = name, name, idValue(s.ID)
	if u.stream == Devices {
		return deviceRow{
			row: r, Manufacturer: cell(s.Object["manufacturer"]), Role: cell(s.Object["role"]),
			Cluster: cell(s.Object["cluster"]), DeviceType: cell(s.Object["device_type"]),
		}
	}
	m := machineRow{
		row: r, Status: cell(s.Object["status"]), Device: cell(s.Object["device"]), Cluster: cell(s.Object["cluster"]),
		Role: cell(s.Object["role"]), VCPUs: cell(s.Object["vcpus"]), Memory: cell(s.Object["memory"]),
		Disk: cell(s.Object["disk"]),
	}
	if c, ok := s.Children["vm-interface"]; ok {
		m.Interfaces = sync.Int(int64(present(c)))
	}
	return m
}

// idValue returns a sink's id: NetBox's are numbers.
func idValue(id string) sync.Value {
	if id == "" {
		return sync.Value{}
	}
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		return sync.Int(n)
	}
	return sync.String(cut(id, maxCell))
}

// errorBody is an error frame.
type errorBody struct {
	Step    string       `json:"step"`
	Status  string       `json:"status"`
	RowID   string       `json:"rowid,omitempty"`
	Error   string       `json:"error"`
	Detail  string       `json:"detail"`
	Payload *unitPayload `json:"payload,omitempty"`
}

func (d *telling) failure(f sync.Failure) {
	body := errorBody{Status: "failed", RowID: called(f.Name, f.Key), Error: cut(f.Errors[0].Error(), maxReason)}
	u, isUnit := unitOf(f.Key.Kind)
	switch {
	case isUnit:
		body.Step = u.object
		body.Payload = &unitPayload{Object: u.object, Type: failedOp(f), Data: failedRow{
			IncrementCount: "no", SyncStatus: "undefined", RowID: body.RowID, Error: body.Error,
		}}
	case f.Key.IsZero():
		body.Step, body.Error = string(d.stream), cut(f.Errors[0].Err.Error(), maxReason)
	case f.Key.Kind == sync.SourceKind:
		body.Step = "proxmox"
	default:
		body.Step = "netbox"
	}
	body.Detail = body.Error
	if more := f.Errors[1:]; len(more) > 0 {
		texts := make([]string, len(more))
		for i, e := range more {
			texts[i] = e.Error()
		}
		body.Detail = cut(strings.Join(texts, "; "), 2*maxReason)
	}
	d.tell(eventError, body)
}

// failedOp returns what was to be done to the unit, as far as the failure tells.
func failedOp(f sync.Failure) sync.Op {
	if first := f.Errors[0]; first.Key == f.Key && first.Op != "" {
		return first.Op
	}
	return sync.Update // something that hangs on it failed
}
