package sse

import (
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Documented returns the dialect that plugin netbox-proxbox v0.0.7 documents and reads: step, error and complete, with
// the messages and payloads of proxbox-api v0.0.3, for one of its streams. Beyond those, each unit has a frame when it
// is done, and an error frame when it failed; a step may bear the keys operation, changes and notes. Frames stay below
// 4 KiB: what does not fit ends in "…".
//
// Units of the kinds "device" and "virtual-machine", in stages called "devices" and "virtual-machines", are told. What
// becomes of shared objects is told only when it fails.
func Documented(stream Stream) Dialect {
	return func(dst []Frame, ev sync.Event) ([]Frame, error) {
		d := telling{framing{frames: dst}, stream}
		switch ev := ev.(type) {
		case sync.Step:
			d.step(ev)
		case sync.Failure:
			d.failure(ev)
		case sync.Complete:
			d.complete(ev)
		}
		identify(d.frames[len(dst):], ev.EventMeta())
		return d.frames, d.err
	}
}

// unitKind is a kind of unit as the dialect knows it.
type unitKind struct {
	stream Stream
	kind   sync.Kind
	object string // in payloads
	title  string // in messages
}

// unitKinds returns the kinds that the dialect tells.
func unitKinds() []unitKind {
	return []unitKind{
		{Devices, "device", "device", "devices"},
		{VirtualMachines, "virtual-machine", "virtual_machine", "virtual machines"},
	}
}

func unitOf(kind sync.Kind) (unitKind, bool) {
	for _, u := range unitKinds() {
		if u.kind == kind {
			return u, true
		}
	}
	return unitKind{}, false
}

func stageOf(stage sync.Stage) (unitKind, bool) {
	for _, u := range unitKinds() {
		if string(u.stream) == string(stage) {
			return u, true
		}
	}
	return unitKind{}, false
}

// telling tells one event.
type telling struct {
	framing
	stream Stream
}

// stageBody is a step that tells of a stage.
type stageBody struct {
	Step    string       `json:"step"`
	Status  sync.Status  `json:"status"`
	Message string       `json:"message"`
	Result  *stageResult `json:"result,omitempty"`
}

type stageResult struct {
	Count int `json:"count"`
}

// endBody is the step that marks the end of what is told of one object kind.
type endBody struct {
	Step    string      `json:"step"`
	Status  sync.Status `json:"status"`
	Message string      `json:"message"`
	RowID   *string     `json:"rowid"` // always null
	Payload endPayload  `json:"payload"`
}

type endPayload struct {
	Object string `json:"object"`
	End    bool   `json:"end"`
}

func (d *telling) step(s sync.Step) {
	if u, ok := unitOf(s.Key.Kind); ok {
		switch s.Status {
		case sync.Started:
			d.unitStarted(u, s)
		case sync.Completed:
			d.unitCompleted(u, s)
		}
		return
	}
	if !s.Key.IsZero() {
		return
	}
	u, isUnits := stageOf(s.Stage)
	switch {
	case s.Stage == sync.StageRead && s.Status == sync.Started:
		d.connected()
	case isUnits && s.Status == sync.Started && u.stream != d.stream: // its own is told at the connection
		d.starting(u)
	case isUnits && s.Status == sync.Completed:
		d.finished(u, s.Done)
	}
}

// connected tells the first of a run, before anything is known.
func (d *telling) connected() {
	if u, ok := stageOf(sync.Stage(d.stream)); ok {
		d.starting(u)
		return
	}
	d.tell(eventStep, stageBody{Step: "stream", Status: sync.Started, Message: "Full update stream connected."})
}

func (d *telling) starting(u unitKind) {
	d.tell(eventStep, stageBody{
		Step: string(u.stream), Status: sync.Started, Message: "Starting " + u.title + " synchronization.",
	})
}

func (d *telling) finished(u unitKind, count int) {
	for _, object := range []string{u.object, string(u.stream)} {
		d.tell(eventStep, endBody{
			Step: object, Status: sync.Completed, Message: object + " stream completed",
			Payload: endPayload{Object: object, End: true},
		})
	}
	d.tell(eventStep, stageBody{
		Step: string(u.stream), Status: sync.Completed,
		Message: strings.ToUpper(u.title[:1]) + u.title[1:] + " synchronization finished.",
		Result:  &stageResult{Count: count},
	})
}

// completeBody is the last frame.
type completeBody struct {
	OK      bool           `json:"ok"`
	Message string         `json:"message"`
	Result  completeResult `json:"result"`
	Errors  []errorDetail  `json:"errors,omitempty"`
}

type completeResult struct {
	Run             string               `json:"run"`
	Devices         int                  `json:"devices_count"`
	VirtualMachines int                  `json:"virtual_machines_count"`
	Skipped         int                  `json:"skipped_count"`
	Unreached       int                  `json:"unreached_count,omitempty"`
	Objects         map[sync.Kind]counts `json:"objects,omitempty"`
	Children        map[sync.Kind]counts `json:"children,omitempty"`
}

type errorDetail struct {
	Detail string `json:"detail"`
}

// counts is [sync.Counts] without the zeros.
type counts struct {
	Created int `json:"created,omitempty"`
	Updated int `json:"updated,omitempty"`
	Deleted int `json:"deleted,omitempty"`
	Kept    int `json:"kept,omitempty"`
	Skipped int `json:"skipped,omitempty"`
	Failed  int `json:"failed,omitempty"`
}

func shortCounts(all map[sync.Kind]sync.Counts) map[sync.Kind]counts {
	short := make(map[sync.Kind]counts, len(all))
	for kind, c := range all {
		short[kind] = counts(c)
	}
	return short
}

func (d *telling) complete(c sync.Complete) {
	r := c.Result
	body := completeBody{
		OK: r.OK, Message: d.stream.Summary(r),
		Result: completeResult{
			Run: r.Run, Devices: present(r.Objects["device"]), VirtualMachines: present(r.Objects["virtual-machine"]),
			Skipped: len(r.Skipped), Unreached: r.Unreached,
			Objects: shortCounts(r.Objects), Children: shortCounts(r.Children),
		},
	}
	if r.Error != "" {
		body.Errors = []errorDetail{{Detail: cut(r.Error, maxReason)}}
	}
	d.tell(eventComplete, body)
}

// present counts what is there as it should be.
func present(c sync.Counts) int { return c.Created + c.Updated + c.Kept }
