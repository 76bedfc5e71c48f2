package netboxsink

import (
	"context"
	"fmt"
	"net/url"

	"github.com/proxbox-go/proxbox/sync"
)

// OverlookedError tells of an object of ours that NetBox shows by its name, and has just left out of the list of all that
// is ours: whatever else it left out would be made a second time.
type OverlookedError struct {
	Kind    sync.Kind
	Name    string
	Source  string // whose mark it bears
	Address string // of the NetBox
}

// Error says what is wrong and what to do.
func (e *OverlookedError) Error() string {
	return fmt.Sprintf("NetBox at %s has the %s %s of the source %s, and did not list it a moment ago: nothing is written; "+
		"see that no other program syncs the source, and run again", e.Address, e.Kind, e.Name, e.Source)
}

// readOurs is read for a kind whose objects bear marks: it fails if one of them was overlooked.
func readOurs[T any](l *lookup, kind sync.Kind, query url.Values, add func(*reading, *T), mark func(*T) (int64, string, customFields)) {
	missed := map[string]bool{} // sources that miss one of the kind
	for _, r := range l.missing(kind) {
		missed[r.Fields.Value(customPrefix+fieldSource).Text()] = true
	}
	l.reads = append(l.reads, func(ctx context.Context) (func(*reading), error) {
		others := pager[T]{client: l.sink.client, kind: kind, filter: query} // most are known: they are not kept
		others.keep = func(object *T) (bool, error) {
			number, name, fields := mark(object)
			if l.ids[sync.Key{Kind: kind, Name: id(number)}] {
				return false, nil
			}
			if source := fields.text(fieldSource); source != "" && missed[source] {
				return false, &OverlookedError{Kind: kind, Name: name, Source: source, Address: l.sink.client.base}
			}
			return true, nil
		}
		if err := others.rest(ctx); err != nil {
			return nil, err
		}
		return func(r *reading) {
			for i := range others.found {
				add(r, &others.found[i])
			}
		}, nil
	})
}

func markOfCluster(c *clusterObject) (int64, string, customFields) {
	return c.ID, c.Name, c.CustomFields
}

func markOfDevice(d *deviceObject) (int64, string, customFields) { return d.ID, d.Name, d.CustomFields }

func markOfMachine(m *machineObject) (int64, string, customFields) {
	return m.ID, m.Name, m.CustomFields
}
