package server

import (
	"maps"
	"time"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// runRow is how a run is told of, in answers and on disk.
type runRow struct {
	ID     string     `json:"id"`
	State  runState   `json:"state"`
	Stage  sse.Stream `json:"stage"`
	Scope  sync.Scope `json:"scope"`
	DryRun bool       `json:"dry_run"`
	// PlanOf is the dry run whose plan this run applies.
	PlanOf   string     `json:"plan_of,omitempty"`
	Created  time.Time  `json:"created"`
	Started  *time.Time `json:"started"`  // null while it waits
	Finished *time.Time `json:"finished"` // null while it goes on
	// OK is null before the end.
	OK *bool `json:"ok"`
	// Phase is what the run is at: reading, planning, a stage.
	Phase sync.Stage `json:"phase,omitempty"`
	// Done and Total count objects. Total is 0 before the plan is known.
	Done  int `json:"done"`
	Total int `json:"total"`
	// Objects and Children count what became of units and shared objects, and of what hangs on units.
	Objects  map[sync.Kind]sync.Counts `json:"objects"`
	Children map[sync.Kind]sync.Counts `json:"children"`
	// Planned counts what the plan of a dry run would do.
	Planned map[sync.Kind]sync.Counts `json:"planned,omitempty"`
	// FailureCount and SkippedCount count all; of long lists only the first are given.
	FailureCount int                 `json:"failure_count"`
	SkippedCount int                 `json:"skipped_count"`
	Failures     []*sync.ObjectError `json:"failures,omitempty"`
	Skipped      []string            `json:"skipped,omitempty"`
	// Unreached counts planned objects that a cut run did not come to.
	Unreached int `json:"unreached,omitempty"`
	// Error says what ended the run before its end.
	Error string `json:"error,omitempty"`
	// Current are objects and sources that are being worked on.
	Current []currentObject `json:"current,omitempty"`
}

type currentObject struct {
	Stage sync.Stage `json:"stage"`
	Kind  sync.Kind  `json:"kind"`
	Name  string     `json:"name"`
	Done  int        `json:"done,omitempty"` // of what a source reports
	Total int        `json:"total,omitempty"`
}

// mostListed bounds each list in a row.
const mostListed = 100

// row returns what is known of the run.
func (r *run) row() runRow {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept != nil {
		return *r.kept
	}
	p, result := &r.progress, &r.progress.result
	row := runRow{
		ID: r.id, State: r.state, Stage: r.order.stream, Scope: r.order.scope, DryRun: r.order.dry, PlanOf: r.order.planOf,
		Created: r.created, Phase: p.stage, Done: p.done, Total: p.total,
		Objects: maps.Clone(result.Objects), Children: maps.Clone(result.Children),
		FailureCount: len(result.Failures), SkippedCount: len(result.Skipped),
		Failures: first(result.Failures), Skipped: first(result.Skipped), Unreached: result.Unreached, Error: result.Error,
	}
	if !r.started.IsZero() {
		row.Started = new(r.started)
	}
	if r.ended {
		row.Finished, row.OK, row.Phase = new(result.Finished), new(result.OK), ""
	}
	if r.plan != nil {
		row.Planned = r.plan.Counts()
	}
	for _, s := range first(p.current) {
		object := currentObject{Stage: s.Stage, Kind: s.Key.Kind, Name: s.Name}
		if s.Key.Kind == sync.SourceKind {
			object.Done, object.Total = s.Done, s.Total
		}
		row.Current = append(row.Current, object)
	}
	return row
}

// short returns the row without its lists, for a list of runs.
func (r runRow) short() runRow {
	r.Failures, r.Skipped, r.Current = nil, nil, nil
	return r
}

// first returns the first of a list, not too many.
func first[T any](list []T) []T { return list[:min(len(list), mostListed):min(len(list), mostListed)] }
