package sse

import (
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// EventID returns the id of the first frame that is made of an event: "<run>-<sequence number>".
func EventID(m sync.Meta) string { return m.Run + "-" + strconv.FormatUint(m.Seq, 10) }

// ParseEventID returns what [EventID] was made from; ok is false for any other text.
func ParseEventID(id string) (run string, seq uint64, ok bool) {
	dash := strings.LastIndexByte(id, '-')
	if dash <= 0 {
		return "", 0, false
	}
	seq, err := strconv.ParseUint(id[dash+1:], 10, 64)
	if err != nil {
		return "", 0, false
	}
	return id[:dash], seq, true
}
