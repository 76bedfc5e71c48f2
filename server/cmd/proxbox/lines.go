package main

import (
	"errors"
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

	sources  map[string]sync.Step // how far each is read, for the bar
	failures map[string]int       // by reason
}

// newLines returns lines on out, over a bar if it is a terminal.
func newLines(out io.Writer) *lines {
	l := &lines{out: out}
	if isTerminal(out) {
		l.bar = newBar(out)
	}
	return l
}

// signs are those of the plan.
var signs = map[sync.Op]string{sync.Create: "+", sync.Update: "~", sync.Delete: "-"}

func (l *lines) observe(ev sync.Event) {
	switch ev := ev.(type) {
	case sync.Step:
		l.step(ev)
	case sync.Failure:
		l.failure(ev)
	case sync.Complete:
		if l.bar != nil {
			l.bar.finish()
		}
		for _, reason := range slices.Sorted(maps.Keys(l.failures)) {
			if more := l.failures[reason] - sameReason; more > 0 {
				fmt.Fprintf(l.out, "! and %d more: %s\n", more, printable(reason))
			}
		}
	}
}

func (l *lines) step(s sync.Step) {
	switch {
	case s.Key.Kind == sync.SourceKind:
		l.reading(s)
	case s.Stage == sync.StageRead && s.Status == sync.Completed && l.bar != nil:
		l.bar.set("comparing", 0, unknown)
	case s.Stage == sync.StagePlan:
		l.done = 0
		if l.bar != nil {
			l.bar.set("writing NetBox", 0, s.Total)
		} else {
			l.tell("%d objects to look at", s.Total)
		}
	case s.Status == sync.Completed && s.Op != "":
		if sign := signs[s.Op]; sign != "" && l.bar == nil {
			l.tell("%s %s %s", sign, s.Key.Kind, s.Name)
		}
		l.advance()
	}
}

// reading tells how far the sources are. They are read beside each other, and a bar is one for all.
func (l *lines) reading(s sync.Step) {
	if l.bar == nil {
		if s.Status == sync.Started {
			l.tell("reading Proxmox VE %s", s.Name)
		}
		return
	}
	if l.sources == nil {
		l.sources = map[string]sync.Step{}
	}
	l.sources[s.Name] = s
	done, total := 0, 0
	for _, source := range l.sources {
		done += source.Done
		total += source.Total
	}
	l.bar.set("reading Proxmox VE", done, total)
}

// sameReason is how many failures are told of each reason: a NetBox that goes away fails hundreds of objects at once.
const sameReason = 5

// failure tells what failed. What ended the run is told at the end, by the program.
func (l *lines) failure(f sync.Failure) {
	if f.Key.IsZero() {
		return
	}
	for _, err := range f.Errors {
		if l.failures == nil {
			l.failures = map[string]int{}
		}
		reason := err.Err.Error()
		if errors.Is(err, sync.ErrStale) { // of these, each has to be looked at
			l.print("! %s", err)
			continue
		}
		l.failures[reason]++
		if l.failures[reason] <= sameReason {
			l.print("! %s", err)
		}
	}
	if f.Key.Kind != sync.SourceKind {
		l.advance()
	}
}

func (l *lines) advance() {
	l.done++
	if l.bar != nil {
		l.bar.at(l.done)
	}
}

// tell prints a line that is no failure.
func (l *lines) tell(format string, args ...any) {
	if !l.quiet {
		l.print(format, args...)
	}
}

func (l *lines) print(format string, args ...any) {
	line := printable(fmt.Sprintf(format, args...))
	if l.bar != nil {
		l.bar.above(func() { fmt.Fprintln(l.out, line) })
	} else {
		fmt.Fprintln(l.out, line)
	}
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
func (l *lines) end(r *sync.Result) error {
	l.table(r)
	l.leftAlone(r.Skipped)
	took := r.Finished.Sub(r.Started).Round(time.Millisecond)
	var err error
	switch {
	case r.OK:
		_, err = fmt.Fprintf(l.out, "done in %v\n", took)
	case r.Error != "" && r.Unreached > 0:
		_, err = fmt.Fprintf(l.out, "not done: ended after %v, before %d objects were reached\n", took, r.Unreached)
	case r.Error != "":
		_, err = fmt.Fprintf(l.out, "not done: ended after %v\n", took)
	default:
		_, err = fmt.Fprintf(l.out, "done in %v, but %d failed\n", took, len(r.Failures))
	}
	return err // whoever has left before has not read the sum
}

// table prints what became of the objects, by kind.
func (l *lines) table(r *sync.Result) {
	if len(r.Objects) == 0 {
		return
	}
	fmt.Fprintf(l.out, "%-22s %8s %8s %8s %8s %8s %8s\n", "", "created", "updated", "deleted", "kept", "skipped", "failed")
	for _, counts := range []map[sync.Kind]sync.Counts{r.Objects, r.Children} {
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			c := counts[kind]
			fmt.Fprintf(l.out, "%-22s %8d %8d %8d %8d %8d %8d\n", kind, c.Created, c.Updated, c.Deleted, c.Kept, c.Skipped, c.Failed)
		}
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
