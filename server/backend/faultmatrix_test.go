package backend_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
)

// place is the request of a run that a fault strikes.
type place struct {
	name, method, path string
	nth                int  // of those, from 1
	last               bool // it is sent when all others have been
}

// places are those of a run after the hamlet changed.
var places = map[string][]place{
	atNetBox: {
		{name: "first", method: http.MethodGet, path: "/api/status/", nth: 1},
		{name: "a list", method: http.MethodGet, path: "/api/virtualization/virtual-machines/", nth: 1},
		{name: "middle", method: http.MethodPost, path: "/api/virtualization/virtual-machines/", nth: 1},
		{name: "last", method: http.MethodPatch, path: "/api/virtualization/virtual-machines/", nth: 4},
	},
	atProxmox: {
		{name: "first", method: http.MethodGet, path: "/api2/json/version", nth: 1},
		{name: "a list", method: http.MethodGet, path: "/api2/json/cluster/resources", nth: 1},
		{name: "middle", method: http.MethodGet, path: "/api2/json/nodes/n2/qemu/102/config", nth: 1},
		{name: "last", method: http.MethodGet, path: "/api2/json/nodes/n2/qemu/104/agent/get-osinfo", nth: 1, last: true},
	},
}

// The outcomes of a run that a fault struck.
const (
	absorbed = "absorbed" // as if nothing had been
	noted    = "noted"    // something was left alone, and told
	partial  = "partial"  // objects failed, all others landed
	unread   = "unread"   // the source could not be read
	ended    = "ended"    // the run ended
)

// cell is one case of the matrix.
type cell struct {
	fault fault
	at    string
	place place
	stays bool
}

func (c cell) String() string {
	return strings.Join([]string{c.fault.name, c.at, c.place.name, map[bool]string{true: "stays", false: "once"}[c.stays]}, "/")
}

// want is the first letter of the expected outcome.
func (c cell) want() string {
	i := 2 * slices.Index(places[c.at], c.place)
	if c.stays {
		i++
	}
	return c.fault.want[c.at][i : i+1]
}

// longest is the most that any run of the matrix takes: NetBox is given up after 4 attempts of 2 min, and another 4 to ask
// what became of a write.
const longest = 20 * time.Minute

// TestFaultMatrix lets everything go wrong that can, once and from then on, at the first request, at a list, in the middle
// and at the last request of a run, on either end.
func TestFaultMatrix(t *testing.T) {
	noLeaks(t)
	outcomes := &outcomes{}
	t.Run("cells", func(t *testing.T) {
		for _, f := range faults() {
			for at, places := range places {
				if f.strike[at] == nil {
					require.NotEmpty(t, f.absent, "%s", f.name)
					continue
				}
				for _, place := range places {
					for _, stays := range []bool{false, true} {
						if f.lasts && !stays {
							continue
						}
						c := cell{f, at, place, stays}
						t.Run(c.String(), func(t *testing.T) {
							t.Parallel()
							inBubble(t, hamlet(), nil, nil, func(_ *testing.T, l *faultLab) { outcomes.note(c, l.meets(c)) })
						})
					}
				}
			}
		}
	})
	outcomes.print(t)
}

// meets runs into a fault, and asserts what must be true whatever it is. It returns what became of the run.
func (l *faultLab) meets(c cell) string {
	l.t.Helper()
	l.lands()
	l.cluster.Update(changeHamlet)
	struck := l.arm(c)
	result, took, err := l.run(l.t.Context())
	require.True(l.t, struck(), "there was such a request")
	assert.Less(l.t, took, longest, "no hang")
	l.heal()
	outcome := outcomeOf(result, err)
	assert.Equal(l.t, c.want(), outcome[:1], "%s: %v", outcome, err)
	said := append(slices.Clone(result.Skipped), fmt.Sprint(err))
	for _, failure := range result.Failures {
		said = append(said, failure.Error())
	}
	l.nothingLost(outcome, said)
	l.nothingDoubled()
	if outcome != absorbed {
		told := regexp.MustCompile(c.fault.told[c.at])
		assert.True(l.t, slices.ContainsFunc(said, told.MatchString), "%s in\n%s", told, strings.Join(said, "\n"))
	}
	l.lands()
	l.quiet()
	return fmt.Sprintf("%s %v", outcome, took.Round(time.Second))
}

// arm makes the fault happen, and returns what tells whether it did.
func (l *faultLab) arm(c cell) (struck func() bool) {
	var mu stdsync.Mutex
	seen := 0
	l.ends[c.at].watch(func(_ int, r *http.Request) {
		if r.Method != c.place.method || r.URL.Path != c.place.path {
			return
		}
		mu.Lock()
		seen++
		hit := seen == c.place.nth
		mu.Unlock()
		if hit {
			if c.place.last {
				time.Sleep(time.Second)
			}
			c.fault.strike[c.at](l, r, c.stays)
		}
	})
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		return seen >= c.place.nth
	}
}

func outcomeOf(result *sync.Result, err error) string {
	var failed *sync.PartialError
	switch {
	case err == nil && len(result.Skipped) == 0:
		return absorbed
	case err == nil:
		return noted
	case !errors.As(err, &failed):
		return ended
	case failed.Failures[0].Key.Kind == sync.SourceKind:
		return unread
	}
	return partial
}

// nothingLost asserts that all is there that was, and that what is not as it should be is told.
func (l *faultLab) nothingLost(outcome string, said []string) {
	l.t.Helper()
	want, have := expect(l.cluster.Estate()), found(l.box, "lab")
	for _, vmid := range unchanged {
		assert.Equal(l.t, want[vmid], have[vmid], "guest %d was not to be touched", vmid)
	}
	for vmid := range have {
		assert.Contains(l.t, want, vmid)
	}
	for vmid, m := range want {
		_, there := have[vmid]
		if vmid == 105 && there {
			m.Platform = have[vmid].Platform // by its configuration, where its agent does not say: not worth a word
		}
		assert.True(l.t, there || vmid == 105, "guest %d is gone", vmid)
		if outcome == ended || outcome == unread || assert.ObjectsAreEqual(m, have[vmid]) {
			continue
		}
		named := fmt.Sprintf(`\b(%s|%s|node %s)\b`, m.Name, cmp.Or(have[vmid].Name, m.Name), m.Device)
		assert.Regexp(l.t, named, strings.Join(said, "\n"), "guest %d is not as it should be, and nobody is told", vmid)
	}
	nodes := foundNodes(l.box, "lab")
	for name, n := range expectNodes(l.cluster.Estate()) {
		assert.Equal(l.t, n, nodes[name], "node %s was not to be touched", name)
	}
}

// nothingDoubled asserts that NetBox has nothing twice.
func (l *faultLab) nothingDoubled() {
	l.t.Helper()
	for path, key := range map[string][]string{
		"virtualization/clusters":         {"name"},
		"dcim/devices":                    {"name", "cluster"},
		"virtualization/virtual-machines": {"name", "cluster"},
		"dcim/interfaces":                 {"name", "device"},
		"virtualization/interfaces":       {"name", "virtual_machine"},
		"virtualization/virtual-disks":    {"name", "virtual_machine"},
		"ipam/ip-addresses":               {"address", "assigned_object_type", "assigned_object_id"},
		"dcim/mac-addresses":              {"mac_address", "assigned_object_type", "assigned_object_id"},
	} {
		objects, err := l.netbox.Objects(path)
		require.NoError(l.t, err)
		seen := map[string]bool{}
		for _, raw := range objects {
			var fields map[string]json.RawMessage
			require.NoError(l.t, json.Unmarshal(raw, &fields))
			var parts []string
			for _, field := range key {
				parts = append(parts, string(fields[field]))
			}
			name := strings.Join(parts, " ")
			assert.False(l.t, seen[name], "%s: %s is there twice", path, name)
			seen[name] = true
		}
	}
}

// outcomes is the matrix as it was found.
type outcomes struct {
	mu   stdsync.Mutex
	seen map[string]string
}

func (o *outcomes) note(c cell, outcome string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string]string{}
	}
	o.seen[c.String()] = outcome
}

// print shows what became of the runs, and how long they took.
func (o *outcomes) print(t *testing.T) {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, at := range []string{atNetBox, atProxmox} {
		fmt.Fprintf(w, "%s", at)
		for _, place := range places[at] {
			fmt.Fprintf(w, "\t%s, once\tstays", place.name)
		}
		fmt.Fprintln(w)
		for _, f := range faults() {
			fmt.Fprint(w, f.name)
			if f.strike[at] == nil {
				fmt.Fprintf(w, "\t(%s)\n", f.absent)
				continue
			}
			for _, place := range places[at] {
				for _, stays := range []bool{false, true} {
					fmt.Fprintf(w, "\t%s", cmp.Or(o.seen[cell{f, at, place, stays}.String()], "-"))
				}
			}
			fmt.Fprintln(w)
		}
	}
	require.NoError(t, w.Flush())
	t.Logf("what became of the run, and how long it took:\n%s", text.String())
}
