package sse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Stream is one of the streams of the documented backend: what a watcher asked for.
type Stream string

// The streams.
const (
	Devices         Stream = "devices"
	VirtualMachines Stream = "virtual-machines"
	FullUpdate      Stream = "full-update"
)

// title returns how messages call the stream.
func (s Stream) title() string {
	switch s {
	case Devices:
		return "Devices"
	case VirtualMachines:
		return "Virtual machines"
	}
	return "Full update"
}

// Summary tells in one sentence what a run came to, as the documented dialect says it at the end.
func (s Stream) Summary(r *sync.Result) string {
	if r.Error != "" {
		return s.title() + " sync failed: " + cut(r.Error, maxReason)
	}
	names := failed(r)
	switch {
	case len(names) == 0 && r.OK:
		return s.title() + " sync completed."
	case len(names) == 0:
		return s.title() + " sync failed."
	}
	const most = 5
	count, more := fmt.Sprintf("%d failures", len(names)), ""
	if len(names) == 1 {
		count = "1 failure"
	}
	if n := len(names) - most; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	for i := range names {
		names[i] = cut(names[i], maxCell)
	}
	return fmt.Sprintf("%s sync completed with %s: %s%s.", s.title(), count, strings.Join(names[:min(most, len(names))], ", "), more)
}

// failed names the units, shared objects and sources that failed, in the order in which they did.
func failed(r *sync.Result) []string {
	var keys []sync.Key
	var names []string
	for _, f := range r.Failures {
		key := f.Unit
		if key.IsZero() {
			key = f.Key
		}
		at := slices.Index(keys, key)
		if at < 0 {
			at = len(keys)
			keys, names = append(keys, key), append(names, key.Name)
		}
		if f.Key == key && f.Label != "" {
			names[at] = f.Label
		}
	}
	return names
}
