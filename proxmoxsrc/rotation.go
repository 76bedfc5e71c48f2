package proxmoxsrc

import (
	"slices"
	"time"
)

// owed is how many of each sort the time that has passed demands to be read again beyond those that were: less than one.
type owed struct{ configs, addresses, nodes float64 }

// rotation has things read again of which nothing tells whether they have changed: each once in a while, the oldest first,
// in a run as many as the time since the last one demands. So a reading of everything at once does not come back as
// another one.
type rotation struct {
	now   time.Time
	since time.Duration // since the last run
	age   time.Duration // that nothing exceeds
}

// remembered is something that a run may take from the memory.
type remembered struct {
	at   time.Time // when it was read
	take func()
}

// turn takes all but those whose turn it is to be read again.
func (r rotation) turn(all []remembered, owed *float64) {
	slices.SortStableFunc(all, func(a, b remembered) int { return a.at.Compare(b.at) })
	*owed += float64(len(all)) * (float64(r.since) / float64(r.age))
	for len(all) > 0 && (*owed >= 1 || r.now.Sub(all[0].at) >= r.age) {
		*owed = max(*owed-1, 0)
		all = all[1:]
	}
	if len(all) == 0 {
		*owed = 0
	}
	for _, one := range all {
		one.take()
	}
}
