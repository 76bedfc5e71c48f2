package server

import (
	"bytes"
	"slices"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// dialect is a dialect with a name: the same name means the same frames.
type dialect struct {
	name   string
	frames sse.Dialect
}

// sharedWindow is how many events are held as they go over the wire.
const sharedWindow = 256

// shared holds the latest events of a run as they go over the wire in one dialect, so that all watchers who keep up
// share the work of encoding them. It is safe for concurrent use.
type shared struct {
	dialect  dialect
	watchers int // guarded by the run's lock

	mu    stdsync.Mutex
	first int // what the first of the texts is, among the run's events
	texts [][]byte
}

// text returns the n-th event of the run, from 0. It is read-only.
func (s *shared) text(n int, ev sync.Event) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.first + len(s.texts)
	if n >= s.first && n < next {
		return s.texts[n-s.first], nil
	}
	var text bytes.Buffer
	if err := sse.NewEncoder(&text, s.dialect.frames).Encode(ev); err != nil || n < s.first {
		return text.Bytes(), err // who is that far behind is alone
	}
	switch {
	case n > next:
		s.first, s.texts = n, s.texts[:0]
	case len(s.texts) == sharedWindow:
		const less = sharedWindow / 2
		s.first += less
		s.texts = slices.Delete(s.texts, 0, less)
	}
	s.texts = append(s.texts, text.Bytes())
	return text.Bytes(), nil
}

// share returns what those share who are told of the run in a dialect. Whoever has it says when he is done.
func (r *run) share(d dialect) (s *shared, done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s = r.shared[d.name]
	if s == nil {
		s = &shared{dialect: d}
		if r.shared == nil {
			r.shared = map[string]*shared{}
		}
		r.shared[d.name] = s
	}
	s.watchers++
	return s, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if s.watchers--; s.watchers == 0 {
			delete(r.shared, d.name)
		}
	}
}
