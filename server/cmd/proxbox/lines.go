package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// lines tells a run as lines: what was changed, what failed, and the sum at the end. Over a bar, if there is one.
type lines struct {
	out   io.Writer
	bar   *bar // nil where the output is no terminal
	quiet bool // only failures
	done  int
}

// signs are those of the plan.
var signs = map[sync.Op]string{sync.Create: "+", sync.Update: "~", sync.Delete: "-"}

func (l *lines) observe(ev sync.Event) {
	switch ev := ev.(type) {
	case sync.Step:
		l.step(ev)
	case sync.Failure:
		for _, err := range ev.Errors {
			if ev.Key.IsZero() {
				l.print("! the run ended: %s", err.Err)
			} else {
				l.print("! %s", err)
			}
		}
		if !ev.Key.IsZero() && ev.Key.Kind != sync.SourceKind {
			l.advance()
		}
	case sync.Complete:
		if l.bar != nil {
			l.bar.finish()
		}
	}
}

func (l *lines) step(s sync.Step) {
	switch {
	case s.Key.Kind == sync.SourceKind && s.Status == sync.Started:
		l.describe("reading Proxmox VE " + s.Name)
	case s.Key.Kind == sync.SourceKind && s.Status == sync.Progress:
		if l.bar != nil {
			l.bar.set("reading Proxmox VE "+s.Name, s.Done, s.Total)
		}
	case s.Stage == sync.StagePlan:
		l.done = 0
		if l.bar != nil {
			l.bar.set("writing NetBox", 0, s.Total)
		} else if !l.quiet {
			l.print("%d objects to look at", s.Total)
		}
	case s.Status == sync.Completed && s.Op != "":
		if sign := signs[s.Op]; sign != "" && l.bar == nil && !l.quiet {
			l.print("%s %s %s", sign, s.Key.Kind, s.Name)
		}
		l.advance()
	}
}

// describe tells what is going on.
func (l *lines) describe(what string) {
	switch {
	case l.bar != nil:
		l.bar.set(what, 0, -1)
	case !l.quiet:
		l.print("%s", what)
	}
}

func (l *lines) advance() {
	l.done++
	if l.bar != nil {
		l.bar.at(l.done)
	}
}

func (l *lines) print(format string, args ...any) {
	if l.bar != nil {
		l.bar.clear()
	}
	fmt.Fprintf(l.out, "%s\n", printable(fmt.Sprintf(format, args...)))
}

// printable keeps control characters of names out of the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// end prints the sum.
func (l *lines) end(r *sync.Result) {
	fmt.Fprintf(l.out, "%-22s %8s %8s %8s %8s %8s %8s\n", "", "created", "updated", "deleted", "kept", "skipped", "failed")
	for _, counts := range []map[sync.Kind]sync.Counts{r.Objects, r.Children} {
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			c := counts[kind]
			fmt.Fprintf(l.out, "%-22s %8d %8d %8d %8d %8d %8d\n", kind, c.Created, c.Updated, c.Deleted, c.Kept, c.Skipped, c.Failed)
		}
	}
	l.leftAlone(r.Skipped)
	if r.Unreached > 0 {
		fmt.Fprintf(l.out, "%d objects were not reached\n", r.Unreached)
	}
	took := r.Finished.Sub(r.Started).Round(time.Millisecond)
	switch {
	case r.OK:
		fmt.Fprintf(l.out, "done in %v\n", took)
	case r.Error != "":
		fmt.Fprintf(l.out, "not done, after %v: %s\n", took, printable(r.Error))
	default:
		fmt.Fprintf(l.out, "done in %v, but %d failed\n", took, len(r.Failures))
	}
}

// leftAlone says what was left alone, by reason: hundreds of guests share a few.
func (l *lines) leftAlone(notes []string) {
	const reasons, names = 10, 5
	who := map[string][]string{}
	var order []string
	for _, note := range notes {
		name, reason, _ := strings.Cut(note, ": ")
		if len(who[reason]) == 0 {
			order = append(order, reason)
		}
		who[reason] = append(who[reason], strings.TrimPrefix(name, "virtual-machine "))
	}
	slices.SortStableFunc(order, func(a, b string) int { return len(who[b]) - len(who[a]) })
	for _, reason := range order[:min(reasons, len(order))] {
		list := strings.Join(who[reason][:min(names, len(who[reason]))], ", ")
		if more := len(who[reason]) - names; more > 0 {
			list += fmt.Sprintf(" and %d more", more)
		}
		fmt.Fprintf(l.out, "left alone: %s: %s\n", printable(list), printable(reason))
	}
	if more := len(order) - reasons; more > 0 {
		fmt.Fprintf(l.out, "left alone for %d more reasons (--output json has them all)\n", more)
	}
}
