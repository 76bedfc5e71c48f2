package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// history keeps runs on disk, each in files of its own below the state folder: what is known of it, written when it is
// asked for, begins and ends; its events, line by line as they come; and the plan of a dry run. Without a state folder
// it keeps nothing.
type history struct {
	dir     string
	options Options
}

func newHistory(o Options) (history, error) {
	if o.StateDir == "" {
		return history{}, nil
	}
	h := history{dir: filepath.Join(o.StateDir, "runs"), options: o}
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		return history{}, fmt.Errorf("server: runs cannot be kept: %w", err)
	}
	return h, nil
}

// record returns where a run is kept; nil if it is not.
func (h history) record(r *run) *runRecord {
	if h.dir == "" {
		return nil
	}
	return &runRecord{run: r, base: filepath.Join(h.dir, r.id), log: h.options.Logger.With("run", r.id)}
}

// forgotten is what is no longer kept: whole runs, and of others the events.
type forgotten struct{ runs, events []*run }

// remove takes it off the disk.
func (h history) remove(f forgotten) {
	for _, r := range f.events {
		r.record.remove(suffixEvents, suffixPlan)
	}
	for _, r := range f.runs {
		r.record.remove(suffixRow, suffixEvents, suffixPlan)
	}
}

// load returns the runs of the server before this one, the newest last. Those that it did not end are ended now. A file
// that cannot be read costs only its run.
func (h history) load() ([]*run, error) {
	if h.dir == "" {
		return nil, nil
	}
	names, err := filepath.Glob(filepath.Join(escapeGlob(h.dir), "*"+suffixRow))
	if err != nil {
		return nil, fmt.Errorf("server: kept runs cannot be found: %w", err)
	}
	var runs []*run
	for _, name := range names {
		var kept keptRun
		err := stateFile{name}.load(&kept)
		if err == nil && kept.Row.ID != strings.TrimSuffix(filepath.Base(name), suffixRow) {
			err = errors.New("it is of another run")
		}
		if err != nil {
			h.options.Logger.Warn("a kept run cannot be read", "file", name, slog.Any("error", err))
			continue
		}
		runs = append(runs, h.restore(kept))
	}
	slices.SortFunc(runs, func(a, b *run) int { return a.created.Compare(b.created) })
	h.events(runs)
	return runs, nil
}

// restore makes a run of what was kept of it.
func (h history) restore(kept keptRun) *run {
	r := newRun(order{
		stream: kept.Row.Stage, scope: kept.Row.Scope, policy: kept.Policy, dry: kept.Row.DryRun, planOf: kept.Row.PlanOf,
	})
	r.id, r.created, r.state = kept.Row.ID, kept.Row.Created, kept.Row.State
	if kept.Row.Started != nil {
		r.started = *kept.Row.Started
	}
	r.record = h.record(r)
	if !r.isOpen() {
		r.kept, r.ended = &kept.Row, true
	}
	return r
}

// events reads the events of runs, of the newest first, as many as are to be kept.
func (h history) events(runs []*run) {
	left, bytes := h.options.HistoryEvents, h.options.HistoryBytes
	for i, r := range slices.Backward(runs) {
		wanted := i == len(runs)-1 || left > 0 && bytes > 0
		if !wanted && !r.isOpen() {
			continue
		}
		events, size, err := readEvents(r.record.base + suffixEvents)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			h.options.Logger.Warn("kept events cannot be read", "run", r.id, "error", err)
		}
		left, bytes = left-len(events), bytes-size
		r.restored(events, size)
	}
}

// restored adds the events that were kept, and ends a run that was not.
func (r *run) restored(events []sync.Event, size int64) {
	if !r.isOpen() {
		r.events, r.record.size = events, size
		return
	}
	record := r.record
	r.record = nil // what comes now is there already
	last := r.created
	if r.started.After(last) {
		last = r.started
	}
	for _, ev := range events {
		r.observe(ev)
		last = ev.EventMeta().Time
	}
	r.record, record.size = record, size
	record.log.Warn("run was interrupted", "events", len(events))
	r.cancel(errInterrupted)
	r.endAt(last, errInterrupted)
	record.close()
}

// escapeGlob returns a pattern that only the path itself matches.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
