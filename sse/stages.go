package sse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Stages returns the dialect that the newest plugin reads from the stream of a stage: discovery, substep,
// item_progress, error_detail, phase_summary and complete, with the keys of proxbox-api's contract of stream messages.
//
// Each unit of the stage has one item_progress when it is done. A failure has an error_detail besides, whatever failed.
// At the end stands a phase_summary, for a full update one for the nodes and one for the guests, and complete. Its ok is
// false only for a stage that did not take place at all, because the plugin repeats such a one: what failed is named in
// its message.
//
// Before the summary what failed is told once more, each in a frame error, up to a few: of all other frames the plugin
// writes one in 1.5 s into the log of its job, and the message of a complete that is ok nowhere.
//
// No frame has an id: the plugin takes that line for data. Frames stay below 600 characters, also as the plugin writes
// them into its log, where it cuts them there: what does not fit ends in "…".
func Stages(stage Stage) Dialect {
	return func(dst []Frame, ev sync.Event) ([]Frame, error) {
		d := staging{framing{frames: dst}, stage}
		switch ev := ev.(type) {
		case sync.Step:
			d.step(ev)
		case sync.Failure:
			d.failure(ev)
		case sync.Complete:
			d.complete(ev.Result)
		}
		return d.frames, d.err
	}
}

// LeftAlone returns the whole stream of a stage that does nothing, and why: a sentence.
func (s Stage) LeftAlone(why string) ([]Frame, error) {
	d := staging{stage: s}
	d.summary(string(s), statusCompleted, why, tally{})
	d.end(true, fmt.Sprintf("%s sync completed: %s", s, why), tally{}, "")
	return d.frames, d.err
}

// Refused returns the whole stream of a stage that cannot begin.
func (s Stage) Refused(err error) ([]Frame, error) {
	d := staging{stage: s}
	d.detail(errorDetailBody{Phase: string(s), Category: category(err), Message: err.Error(), Suggestion: suggestion(err)})
	d.summary(string(s), statusError, "Nothing was done.", tally{})
	d.end(false, fmt.Sprintf("%s sync failed: %v", s, err), tally{}, err.Error())
	return d.frames, d.err
}

// Waiting returns the frame that says that another run comes first.
func (s Stage) Waiting(run string) (Frame, error) {
	d := staging{stage: s}
	d.substep("waiting", statusProcessing, fmt.Sprintf("Waiting for run %s to finish.", run))
	if d.err != nil {
		return Frame{}, d.err
	}
	return d.frames[0], nil
}

// The names of frames that only this dialect has.
const (
	eventDiscovery    = "discovery"
	eventSubstep      = "substep"
	eventItemProgress = "item_progress"
	eventPhaseSummary = "phase_summary"
	eventErrorDetail  = "error_detail"
)

// The values of status in this dialect. The plugin's page shows a phase as failed if its status holds the word error.
const (
	statusDiscovered = "discovered"
	statusProcessing = "processing"
	statusCompleted  = "completed"
	statusFailed     = "failed"
	statusErrors     = "completed_with_errors"
	statusError      = "error"
)

const (
	maxStageFrame   = 590 // of a frame, and of what the plugin's log makes of its data
	maxItem         = 96  // a name: NetBox's 64 characters, if they are ASCII
	maxStageMessage = 280
	maxStageErrors  = 10 // frames error of a stage: each is a line in the plugin's log
)

// staging tells one event of a stage.
type staging struct {
	framing
	stage Stage
}

// tell adds a frame. The texts are parts of the body, the most important first: each is cut to what room is left.
func (d *staging) tell(event string, body any, texts ...*string) {
	whole := make([]string, len(texts))
	for i, text := range texts {
		whole[i], *text = *text, ""
	}
	for i, text := range texts {
		const key = 20 // a text that is empty may have no key yet
		room := maxStageFrame - d.length(event, body) - key
		if room < 2*escapeLen || whole[i] == "" {
			continue
		}
		*text = cut(whole[i], room)
	}
	d.framing.tell(event, body)
}

// length returns how long the frame would be: on the wire, or, if that is longer, as the plugin logs it, with a blank
// after each comma and colon.
func (d *staging) length(event string, body any) int {
	data, err := json.Marshal(body)
	if err != nil {
		d.err = err
		return maxStageFrame
	}
	blanks, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ':'):
			blanks++
		}
	}
	return asciiLen(data) + max(blanks, len("event: \ndata: \n\n")+len(event))
}

type discoveryBody struct {
	Event    string   `json:"event"`
	Phase    string   `json:"phase"`
	Status   string   `json:"status"`
	Message  string   `json:"message"`
	Count    int      `json:"count"`
	Progress progress `json:"progress"`
}

type progress struct {
	Current int     `json:"current"`
	Total   int     `json:"total"`
	Percent float64 `json:"percent"`
}

func progressOf(done, total int) progress {
	p := progress{Current: done, Total: total}
	if total > 0 {
		p.Percent = math.Round(1000*float64(done)/float64(total)) / 10
	}
	return p
}

func (d *staging) step(s sync.Step) {
	if p, ok := d.stage.phaseOf(s.Key.Kind); ok {
		if s.Status == sync.Completed {
			d.unit(p, s)
		}
		return
	}
	switch {
	case s.Key.Kind == sync.SourceKind && s.Status == sync.Completed:
		d.read(s)
	case !s.Key.IsZero():
	case s.Stage == sync.StageRead && s.Status == sync.Started:
		d.substep("read", statusProcessing, "Reading Proxmox VE and NetBox.")
	case s.Status == sync.Started:
		d.discovery(s)
	}
}

// discovery tells how many units there are.
func (d *staging) discovery(s sync.Step) {
	u, ok := stageOf(s.Stage)
	if !ok {
		return
	}
	p, ok := d.stage.phaseOf(u.kind)
	if !ok {
		return
	}
	d.tell(eventDiscovery, &discoveryBody{
		Event: eventDiscovery, Phase: p.name, Status: statusDiscovered, Message: amount(s.Total, p.unit) + ".",
		Count: s.Total, Progress: progressOf(0, s.Total),
	})
}

type substepBody struct {
	Event   string `json:"event"`
	Phase   string `json:"phase"`
	Substep string `json:"substep"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

func (d *staging) substep(name, status, message string) {
	body := substepBody{Event: eventSubstep, Phase: d.first(), Substep: name, Status: status, Message: message}
	d.tell(eventSubstep, &body, &body.Message)
}

// read tells of a source that was read, and what it left out.
func (d *staging) read(s sync.Step) {
	message := fmt.Sprintf("Read %s: %d guests.", cut(s.Name, maxItem), s.Done)
	if len(s.Notes) > 0 {
		left := make([]string, len(s.Notes))
		for i, note := range s.Notes {
			left[i] = strings.TrimPrefix(note, fmt.Sprintf("%s %s: ", s.Key.Kind, s.Name))
		}
		message += " Left out: " + strings.Join(left, "; ") + "."
	}
	d.substep("read", statusCompleted, message)
}

// first returns the name of the phase that stands for the stage as a whole.
func (d *staging) first() string {
	if all := d.stage.phases(); len(all) > 0 {
		return all[0].name
	}
	return string(d.stage)
}

type itemBody struct {
	Event     string   `json:"event"`
	Phase     string   `json:"phase"`
	Status    string   `json:"status"`
	Message   string   `json:"message"`
	Item      item     `json:"item"`
	Operation string   `json:"operation"`
	Progress  progress `json:"progress"`
	Error     string   `json:"error,omitempty"`
	Warning   string   `json:"warning,omitempty"`
}

type item struct {
	Name     string `json:"name"`
	NetBoxID int64  `json:"netbox_id,omitempty"`
	ItemType string `json:"item_type"`
}

// itemName returns how the dialect calls an object.
func itemName(name string, key sync.Key) string { return cut(called(name, key), maxItem) }

func itemOf(name string, key sync.Key, id string) item {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		number = 0
	}
	return item{Name: itemName(name, key), NetBoxID: number, ItemType: strings.ReplaceAll(string(key.Kind), "-", "_")}
}

// unit tells what became of a unit.
func (d *staging) unit(p phase, s sync.Step) {
	body := itemBody{
		Event: eventItemProgress, Phase: p.name, Status: statusCompleted,
		Item: itemOf(s.Name, s.Key, s.ID), Progress: progressOf(s.Done, s.Total),
	}
	word := ""
	body.Operation, word = operation(s.Op)
	body.Message = fmt.Sprintf("%s %s %s", word, noun(s.Key.Kind), body.Item.Name)
	notes := make([]string, len(s.Notes))
	for i, note := range s.Notes {
		notes[i] = strings.TrimPrefix(note, fmt.Sprintf("%s %s: ", s.Key.Kind, s.Name))
	}
	body.Warning = strings.Join(notes, "; ")
	switch {
	case s.Op == sync.Skip && len(notes) > 0:
		body.Message += ": " + notes[0]
	case s.Op != sync.Skip:
		body.Message += p.childrenSaid(s.Children)
	}
	body.Message = cut(body.Message, maxStageMessage)
	d.tell(eventItemProgress, &body, &body.Message, &body.Warning)
}

// operation returns an operation as the plugin calls it, and as a message does. The plugin has no word of its own for
// what is as it should be.
func operation(op sync.Op) (name, word string) {
	switch op {
	case sync.Create:
		return "created", "Created"
	case sync.Update:
		return "updated", "Updated"
	case sync.Delete:
		return "deleted", "Deleted"
	case sync.Skip:
		return "skipped", "Skipped"
	}
	return "skipped", "Unchanged"
}

// childrenSaid tells what became of a unit's children: of those that the phase is about, else of all that changed.
func (p phase) childrenSaid(children map[sync.Kind]sync.Counts) string {
	kinds := p.children
	if len(kinds) == 0 {
		kinds = []sync.Kind{
			"node-interface", "node-mac-address", "node-ip-address", "vm-interface", "mac-address", "ip-address", "virtual-disk",
		}
	}
	var text strings.Builder
	for _, kind := range kinds {
		c := children[kind]
		if c.Total() == 0 || len(p.children) == 0 && c.Written()+c.Failed+c.Skipped == 0 {
			continue
		}
		var t tally
		t.add(c)
		text.WriteString("; " + amount(t.Total, kind) + listed(t))
	}
	return text.String()
}

type errorDetailBody struct {
	Event      string `json:"event"`
	Phase      string `json:"phase"`
	Item       *item  `json:"item,omitempty"`
	Category   string `json:"category"`
	Message    string `json:"message"`
	Detail     string `json:"detail,omitempty"`
	Suggestion string `json:"suggestion,omitempty"`
}

func (d *staging) detail(body errorDetailBody) {
	body.Event = eventErrorDetail
	body.Message = cut(body.Message, maxStageMessage)
	d.tell(eventErrorDetail, &body, &body.Message, &body.Suggestion, &body.Detail)
}

// failure tells what failed, of a unit of the stage as an item too.
func (d *staging) failure(f sync.Failure) {
	first := f.Errors[0]
	body := errorDetailBody{Phase: d.first(), Category: category(first.Err), Suggestion: suggestion(first.Err)}
	body.Message = because(first)
	if first.Key != f.Key && !f.Key.IsZero() {
		body.Message = fmt.Sprintf("%s %s: %s", noun(f.Key.Kind), itemName(f.Name, f.Key), body.Message)
	}
	if p, ok := d.stage.phaseOf(f.Key.Kind); ok {
		body.Phase = p.name
		failed := itemBody{
			Event: eventItemProgress, Phase: p.name, Status: statusFailed, Item: itemOf(f.Name, f.Key, ""),
			Operation: "failed", Progress: progressOf(f.Done, f.Total), Error: body.Message,
		}
		failed.Message = fmt.Sprintf("Failed %s %s", noun(f.Key.Kind), failed.Item.Name)
		d.tell(eventItemProgress, &failed, &failed.Message, &failed.Error)
	}
	if !f.Key.IsZero() {
		it := itemOf(f.Name, f.Key, "")
		body.Item = &it
	}
	rest := make([]string, 0, len(f.Errors))
	for _, e := range f.Errors[1:] {
		rest = append(rest, because(e))
	}
	body.Detail = strings.Join(rest, "; ")
	if f.Key.Kind == sync.SourceKind && body.Category == categoryUnknown {
		body.Category = categoryConnection
	}
	d.detail(body)
}

// because tells what failed of an object, and why.
func because(e *sync.ObjectError) string {
	switch e.Key.Kind {
	case "run":
		return e.Err.Error()
	case sync.SourceKind:
		return fmt.Sprintf("Proxmox VE %s: %v", itemName(e.Label, e.Key), e.Err)
	}
	return fmt.Sprintf("%s %s: %v", noun(e.Key.Kind), itemName(e.Label, e.Key), e.Err)
}

// The categories of the contract that an error can be told to be of.
const (
	categoryConnection = "connection"
	categoryTimeout    = "timeout"
	categoryUnknown    = "unknown"
)

func category(err error) string {
	var slow interface{ Timeout() bool }
	switch {
	case errors.Is(err, sync.ErrUnknownOutcome), errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return categoryTimeout
	case errors.Is(err, sync.ErrUnavailable):
		return categoryConnection
	}
	return categoryUnknown
}

func suggestion(err error) string {
	switch {
	case errors.Is(err, sync.ErrUnknownOutcome):
		return "Sync again: the next run finds out."
	case errors.Is(err, sync.ErrDependency):
		return "Mend what failed before it, and sync again."
	}
	return ""
}

type phaseSummaryBody struct {
	Event   string `json:"event"`
	Phase   string `json:"phase"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Result  tally  `json:"result"`
}

func (d *staging) summary(name, status, message string, t tally) {
	body := phaseSummaryBody{Event: eventPhaseSummary, Phase: name, Status: status, Message: message, Result: t}
	d.tell(eventPhaseSummary, &body, &body.Message)
}

// complete tells the end: what became of each phase, and of the stage.
func (d *staging) complete(r *sync.Result) {
	ok, reason := happened(r)
	beside := slices.ContainsFunc(r.Failures, func(f *sync.ObjectError) bool { return f.Unit.IsZero() })
	if ok {
		d.errors(r.Failures)
	}
	var all tally
	for _, p := range d.stage.phases() {
		t := p.tally(r)
		status := statusCompleted
		switch {
		case !ok:
			status = statusError
		case t.Failed > 0, beside:
			status = statusErrors
		}
		message := p.said(r, t)
		if r.Unreached > 0 {
			message += fmt.Sprintf(" %d objects were not come to.", r.Unreached)
		}
		d.summary(p.name, status, message, t)
		all.plus(t)
	}
	d.end(ok, d.stage.summary(r, maxStageMessage), all, reason)
}

type stageErrorBody struct {
	Event   string `json:"event"`
	Phase   string `json:"phase"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// errors tells the first failures, and how many more there are.
func (d *staging) errors(failures []*sync.ObjectError) {
	told := min(len(failures), maxStageErrors)
	for _, f := range failures[:told] {
		text := because(f)
		if !f.Unit.IsZero() && f.Unit != f.Key {
			text = fmt.Sprintf("%s %s: %s", noun(f.Unit.Kind), itemName(f.UnitLabel, f.Unit), text)
		}
		d.error(text)
	}
	if more := len(failures) - told; more > 0 {
		d.error(fmt.Sprintf("%d more failed.", more))
	}
}

func (d *staging) error(text string) {
	body := stageErrorBody{Event: eventError, Phase: d.first(), Status: statusFailed, Message: text}
	d.tell(eventError, &body, &body.Message)
}

type stageEnd struct {
	OK      bool          `json:"ok"`
	Message string        `json:"message"`
	Result  stageCount    `json:"result"`
	Errors  []errorDetail `json:"errors"`
}

type stageCount struct {
	Count int `json:"count"` // of what is as it should be
	tally
}

func (d *staging) end(ok bool, message string, t tally, reason string) {
	body := stageEnd{
		OK: ok, Message: cut(message, maxStageMessage), Errors: []errorDetail{},
		Result: stageCount{Count: t.Created + t.Updated + t.Unchanged, tally: t},
	}
	if ok {
		d.tell(eventComplete, &body, &body.Message)
		return
	}
	// The plugin shows the reason in place of the message.
	body.Errors = []errorDetail{{reason}}
	body.Message = fmt.Sprintf("%s sync failed.", d.stage)
	d.tell(eventComplete, &body, &body.Errors[0].Detail)
}
