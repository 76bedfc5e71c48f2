package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Event is one piece of news of a run: a [Step], a [Failure] or, last of all, [Complete].
// Events of a run are numbered from 1 without a gap and never come beside each other.
type Event interface {
	EventMeta() Meta
	event()
}

// Meta is what every event carries.
type Meta struct {
	Run  string    `json:"run"` // the run's id
	Seq  uint64    `json:"seq"` // from 1
	Time time.Time `json:"time"`
}

// EventMeta returns the receiver.
func (m Meta) EventMeta() Meta { return m }

// Stage is a part of a run, in the eyes of a watcher.
type Stage string

// The stages that every run has. Between [StageShared] and the end come the stages that the sink's [KindInfo] names.
const (
	StageRead   Stage = "read"   // the sources and the sink's present state are read
	StagePlan   Stage = "plan"   // the differences are known, and so are the totals
	StageShared Stage = "shared" // shared objects are written
)

// Status tells how far a step is.
type Status string

// The statuses.
const (
	Started   Status = "started"
	Progress  Status = "progress"
	Completed Status = "completed"
)

// Step tells that something began, went on or came to a good end: a stage (its Key is zero), a source being read (its
// Key has [SourceKind]), a shared object or a unit.
type Step struct {
	Meta
	Stage  Stage  `json:"stage"`
	Status Status `json:"status"`
	Key    Key    `json:"key,omitzero"`
	// Name is what people call the object.
	Name string `json:"name,omitempty"`
	// Op is set on the completed step of an object, which is its last event; each object in the plan has exactly one
	// last event: this, or a Failure.
	Op Op `json:"op,omitempty"`
	// ID is the sink's id of the object, where it has one.
	ID string `json:"id,omitempty"`
	// Done and Total count the objects of the stage; in StageRead, what the source reports; on the completed step of
	// StagePlan, Total is the number of all objects to come.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Changes are the fields written, those of children with the child's name and a colon before the field's.
	Changes []FieldChange `json:"changes,omitempty"`
	// Children counts what became of the unit's children.
	Children map[Kind]Counts `json:"children,omitempty"`
	// Notes say what was left alone, and why. On the completed step of a source they say what it left out: up to 20
	// sentences, and how many more. Where a saved plan is applied, the completed step of StageRead says so.
	Notes []string `json:"notes,omitempty"`
	// Object holds the object's fields as they now stand, of a deleted one as they stood last, references by the label of
	// what they refer to.
	Object map[string]Value `json:"object,omitempty"`
}

// Failure tells of an object that failed, a source that could not be read, or, with a zero Key, of what ended the run.
type Failure struct {
	Meta
	Stage Stage  `json:"stage"`
	Key   Key    `json:"key,omitzero"`
	Name  string `json:"name,omitempty"`
	// Done and Total count as in Step.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Children counts what became of the unit's children, failed ones included.
	Children map[Kind]Counts `json:"children,omitempty"`
	// Errors holds what failed: of a unit, the first is the reason and more may follow. At least one.
	Errors []*ObjectError `json:"errors"`
}

// Error returns the first error's text, and how many more there are.
func (f Failure) Error() string {
	if len(f.Errors) == 1 {
		return f.Errors[0].Error()
	}
	return fmt.Sprintf("%v (and %d more)", f.Errors[0], len(f.Errors)-1)
}

// Complete is the last event of a run.
type Complete struct {
	Meta
	Result *Result `json:"result"`
}

func (Step) event()     {}
func (Failure) event()  {}
func (Complete) event() {}

// MarshalEvent encodes an event as one JSON object with its type ("step", "failure" or "complete").
func MarshalEvent(e Event) ([]byte, error) {
	switch e := e.(type) {
	case Step:
		return json.Marshal(struct {
			Type string `json:"type"`
			Step
		}{"step", e})
	case Failure:
		return json.Marshal(struct {
			Type string `json:"type"`
			Failure
		}{"failure", e})
	case Complete:
		return json.Marshal(struct {
			Type string `json:"type"`
			Complete
		}{"complete", e})
	}
	return nil, fmt.Errorf("sync: no event: %T", e)
}

// UnmarshalEvent decodes what [MarshalEvent] wrote.
func UnmarshalEvent(raw []byte) (Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("sync: no event: %w", err)
	}
	var err error
	switch head.Type {
	case "step":
		var e Step
		err = json.Unmarshal(raw, &e)
		return e, err
	case "failure":
		var e Failure
		err = json.Unmarshal(raw, &e)
		if err == nil && (len(e.Errors) == 0 || slices.Contains(e.Errors, nil)) {
			err = errors.New("sync: a failure that names no error")
		}
		return e, err
	case "complete":
		var e Complete
		err = json.Unmarshal(raw, &e)
		return e, err
	}
	return nil, fmt.Errorf("sync: unknown event type %q", head.Type)
}
