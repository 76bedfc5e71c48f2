package sync

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrUnknownOutcome says that a write was sent and its answer lost: it may or may not have landed. The next run
	// finds out.
	ErrUnknownOutcome = errors.New("the answer was lost; the next run will tell whether the write landed")
	// ErrUnavailable says that an end cannot be reached or refuses all that is asked. A run ends on it: each further
	// request would only fail the same way.
	ErrUnavailable = errors.New("not available")
	// ErrStale says that an object no longer is as it was when the plan was made.
	ErrStale = errors.New("changed since the plan was made: make a new plan")
	// ErrDependency says that an object was not written because something that it needs failed.
	ErrDependency = errors.New("not written, because something it refers to failed")
)

// ObjectError tells what failed about one object. It wraps the cause.
type ObjectError struct {
	Op    Op
	Key   Key    // the object; for a source, Kind is "source" and Name its name
	Unit  Key    // the unit that it belongs to, zero for a shared object or a source
	Label string // what people call it
	// UnitLabel is what people call the unit.
	UnitLabel string
	Err       error
}

// SourceKind is the Kind in the Key of an [ObjectError] that tells of a source, not of an object of the sink.
const SourceKind Kind = "source"

// Error returns "kind label: cause", for what hangs on a unit with the unit before it.
func (e *ObjectError) Error() string {
	text := fmt.Sprintf("%s %s: %v", e.Key.Kind, cmp.Or(e.Label, e.Key.Name), e.Err)
	if e.Unit.IsZero() || e.Unit == e.Key {
		return text
	}
	return fmt.Sprintf("%s %s: %s", e.Unit.Kind, cmp.Or(e.UnitLabel, e.Unit.Name), text)
}

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }

type objectErrorWire struct {
	Op    Op     `json:"op,omitempty"`
	Key   Key    `json:"key"`
	Unit  Key    `json:"unit,omitzero"`
	Label string `json:"label,omitempty"`
	Of    string `json:"unit_label,omitempty"`
	Error string `json:"error"`
}

// MarshalJSON encodes the error with the cause as text.
func (e *ObjectError) MarshalJSON() ([]byte, error) {
	return json.Marshal(objectErrorWire{e.Op, e.Key, e.Unit, e.Label, e.UnitLabel, e.Err.Error()})
}

// UnmarshalJSON decodes what MarshalJSON wrote; the cause has lost its type.
func (e *ObjectError) UnmarshalJSON(raw []byte) error {
	var w objectErrorWire
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	*e = ObjectError{w.Op, w.Key, w.Unit, w.Label, w.Of, errors.New(w.Error)}
	return nil
}

// PartialError is the error of a run that came to its end, though some objects or sources failed.
type PartialError struct {
	Failures []*ObjectError // at least one
}

// Error names the first few failures and counts the rest.
func (e *PartialError) Error() string {
	const most = 3
	parts := make([]string, 0, most+1)
	for _, f := range e.Failures[:min(most, len(e.Failures))] {
		parts = append(parts, f.Error())
	}
	if n := len(e.Failures) - most; n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return fmt.Sprintf("%d failed: %s", len(e.Failures), strings.Join(parts, "; "))
}

// Unwrap returns the failures.
func (e *PartialError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f
	}
	return errs
}
