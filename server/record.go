package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

// The files of a run: its id with these.
const (
	suffixRow    = ".json"
	suffixEvents = ".events"
	suffixPlan   = ".plan"
)

// keptRun is what is known of a run, on disk.
type keptRun struct {
	Row    runRow       `json:"run"`
	Policy *sync.Policy `json:"policy,omitempty"`
}

// runRecord is what is kept of a run on disk. What cannot be written is logged once, and does not hurt the run. A nil
// record keeps nothing.
type runRecord struct {
	run  *run
	base string // the path without a suffix
	log  *slog.Logger

	saving  stdsync.Mutex // of all but the events
	removed bool

	mu     stdsync.Mutex
	file   *os.File // of the events, open while some may come
	size   int64    // of what is good in it
	broken bool
}

// save writes what is known of the run.
func (k *runRecord) save() {
	if k == nil {
		return
	}
	k.saving.Lock()
	defer k.saving.Unlock()
	if k.removed {
		return
	}
	k.failed(stateFile{k.base + suffixRow}.save(keptRun{Row: k.run.row(), Policy: k.run.order.policy}))
}

// savePlan writes the plan that a dry run has found.
func (k *runRecord) savePlan(p *sync.Plan) {
	if k == nil {
		return
	}
	k.saving.Lock()
	defer k.saving.Unlock()
	k.failed(stateFile{k.base + suffixPlan}.save(p))
}

// plan reads it.
func (k *runRecord) plan() (*sync.Plan, error) {
	if k == nil {
		return nil, nil
	}
	var p *sync.Plan
	err := stateFile{k.base + suffixPlan}.load(&p)
	return p, err
}

// append adds an event: it is handed to the system before anybody sees it. The run's lock is held.
func (k *runRecord) append(ev sync.Event) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.broken {
		k.broken = k.failed(k.write(ev))
	}
}

func (k *runRecord) write(ev sync.Event) error {
	if k.file == nil {
		var err error
		if k.file, err = os.OpenFile(k.base+suffixEvents, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return err
		}
		if err := errors.Join(k.file.Truncate(k.size), seekTo(k.file, k.size)); err != nil { // a torn line goes
			return err
		}
	}
	line, err := sync.MarshalEvent(ev)
	if err != nil {
		return err
	}
	n, err := k.file.Write(append(line, '\n'))
	k.size += int64(n)
	return err
}

func seekTo(f *os.File, offset int64) error {
	_, err := f.Seek(offset, io.SeekStart)
	return err
}

// close says that the run has ended.
func (k *runRecord) close() {
	if k == nil {
		return
	}
	k.mu.Lock()
	if k.file != nil {
		k.failed(errors.Join(k.file.Sync(), k.file.Close()))
		k.file = nil
	}
	k.mu.Unlock()
	k.save()
}

// bytes returns how much room the events take.
func (k *runRecord) bytes() int64 {
	if k == nil {
		return 0
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.size
}

// remove takes files off the disk.
func (k *runRecord) remove(suffixes ...string) {
	if k == nil {
		return
	}
	k.saving.Lock()
	defer k.saving.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.size = 0
	for _, suffix := range suffixes {
		k.removed = k.removed || suffix == suffixRow
		if err := os.Remove(k.base + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			k.failed(err)
		}
	}
}

// failed logs an error, if it is one.
func (k *runRecord) failed(err error) bool {
	if err != nil {
		k.log.Error("the run cannot be kept on disk", "error", err)
	}
	return err != nil
}

// readEvents reads events up to the first that is not whole, and tells how many bytes these take.
func readEvents(path string) (events []sync.Event, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return events, size, nil // a line that was begun is torn
		}
		if err != nil {
			return events, size, err
		}
		ev, err := sync.UnmarshalEvent(bytes.TrimSpace(line))
		if err != nil {
			return events, size, fmt.Errorf("line %d: %w", len(events)+1, err)
		}
		events, size = append(events, ev), size+int64(len(line))
	}
}
