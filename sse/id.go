package sse

import (
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// EventID returns the id of the last frame that is made of an event: "<run>-<sequence number>". Whoever has seen it has
// seen the whole event. The frames before it bear the same id with their number, "<run>-<sequence number>.<n>", so that a
// watcher who was cut off between two of them can go on between them.
func EventID(m sync.Meta) string { return m.Run + "-" + strconv.FormatUint(m.Seq, 10) }

// identify gives the frames of one event their ids.
func identify(frames []Frame, m sync.Meta) {
	if len(frames) == 0 {
		return
	}
	id, last := EventID(m), len(frames)-1
	for i := range frames[:last] {
		frames[i].ID = id + "." + strconv.Itoa(i+1)
	}
	frames[last].ID = id
}

// ParseEventID returns what a watcher has seen whose last frame bore this id: of the run, all events up to the number
// seen, and the first few frames of the next one. ok is false for a text that is no such id.
func ParseEventID(id string) (run string, seen uint64, frames int, ok bool) {
	dash := strings.LastIndexByte(id, '-')
	if dash <= 0 {
		return "", 0, 0, false
	}
	number, part, inside := strings.Cut(id[dash+1:], ".")
	seen, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return "", 0, 0, false
	}
	if !inside {
		return id[:dash], seen, 0, true
	}
	n, err := strconv.ParseUint(part, 10, 16)
	if err != nil || n == 0 || seen == 0 {
		return "", 0, 0, false
	}
	return id[:dash], seen - 1, int(n), true
}
