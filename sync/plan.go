package sync

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Plan is what a run will do, as data: it can be printed, saved as JSON, reviewed and applied later.
type Plan struct {
	Scope Scope `json:"scope,omitzero"`
	// Problems tells of sources that could not be read at all. Nothing of theirs is changed.
	Problems []*ObjectError `json:"problems,omitempty"`
	// Dropped says what the sources left out because it made no sense: of each up to 20 sentences, and how many more.
	Dropped []string `json:"dropped,omitempty"`
	// Changes stands in the order of [Diff]: shared objects first, then unit by unit. Units that stay as they are stand
	// here too.
	Changes []Change `json:"changes"`

	desired, current *State // what the plan was made from; nil in a plan that was read from JSON
	policy           Policy
}

// Empty tells whether the plan writes nothing.
func (p *Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.writes() })
}

// Counts returns how many records of each kind each operation is planned for, children included.
func (p *Plan) Counts() map[Kind]Counts {
	counts := map[Kind]Counts{}
	add := func(k Kind, op Op, n int) {
		c := counts[k]
		c.add(op, n)
		counts[k] = c
	}
	for _, c := range p.Changes {
		if c.Key.Kind != "" { // else a note on a unit as a whole
			add(c.Key.Kind, c.Op, 1)
		}
		for kind, n := range c.Kept {
			add(kind, Keep, n)
		}
	}
	return counts
}

// WriteText prints the plan as a tree: + create, ~ update, - delete, = keep, ! left alone for a reason. Objects that
// stay as they are, and about which there is nothing to tell, are only counted.
func (p *Plan) WriteText(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, problem := range p.Problems {
		fmt.Fprintf(out, "! %s\n", problem)
	}
	for _, sentence := range p.Dropped {
		fmt.Fprintf(out, "! %s\n", printable(sentence))
	}
	silent := map[Kind]int{}
	for _, unit := range p.byUnit() {
		writeUnit(out, unit, silent)
	}
	for _, kind := range slices.Sorted(maps.Keys(silent)) {
		fmt.Fprintf(out, "= %d %s: nothing to do\n", silent[kind], kind)
	}
	total := Counts{}
	for _, c := range p.Counts() {
		total.Created += c.Created
		total.Updated += c.Updated
		total.Deleted += c.Deleted
	}
	fmt.Fprintf(out, "Plan: %d to create, %d to update, %d to delete.\n", total.Created, total.Updated, total.Deleted)
	return out.Flush()
}

// byUnit cuts the changes into shared objects, one each, and units.
func (p *Plan) byUnit() [][]Change {
	var units [][]Change
	for i := 0; i < len(p.Changes); {
		end := i + 1
		for end < len(p.Changes) && !p.Changes[i].isShared() && p.Changes[end].Unit == p.Changes[i].Unit {
			end++
		}
		units = append(units, p.Changes[i:end])
		i = end
	}
	return units
}

// objects returns how many units and shared objects the plan speaks of.
func (p *Plan) objects() int { return len(p.byUnit()) }

func writeUnit(out io.Writer, unit []Change, silent map[Kind]int) {
	top := unit[0]
	if len(unit) == 1 && top.Op == Keep && len(top.Left) == 0 {
		silent[top.Key.Kind]++
		return
	}
	for i, c := range unit {
		indent := "    "
		if i == 0 {
			indent = ""
		}
		writeChange(out, indent, c)
	}
}

func writeChange(out io.Writer, indent string, c Change) {
	sign := opSigns()[c.Op]
	var notes []string
	if c.Adopted {
		notes = append(notes, "adopted")
	}
	if c.Reason != "" {
		notes = append(notes, c.Reason)
	}
	line := indent + sign + " " + strings.TrimSpace(string(c.Key.Kind)+" "+printable(c.Label))
	if c.isTop() && c.Guest != 0 {
		line += fmt.Sprintf(" (%s %d)", c.Source, c.Guest)
	}
	if len(notes) > 0 {
		line += ": " + printable(strings.Join(notes, "; "))
	}
	fmt.Fprintln(out, line)
	for _, f := range c.Fields {
		switch {
		case f.Name == MemoryField, c.Op == Delete:
		case c.Op == Create:
			fmt.Fprintf(out, "%s    %s: %s\n", indent, f.Name, shown(f.New))
		default:
			fmt.Fprintf(out, "%s    %s: %s → %s\n", indent, f.Name, shown(f.Old), shown(f.New))
		}
	}
	if len(c.Fields) == 1 && c.Fields[0].Name == MemoryField && c.Op == Update {
		fmt.Fprintf(out, "%s    %s: what was written is remembered anew\n", indent, MemoryField)
	}
	for _, f := range c.Left {
		fmt.Fprintf(out, "%s    %s: stays %s, not %s: %s\n", indent, f.Name, shown(f.Value), shown(f.Wanted), f.Reason)
	}
}

// opSigns returns the sign of each operation.
func opSigns() map[Op]string {
	return map[Op]string{Create: "+", Update: "~", Delete: "-", Keep: "=", Skip: "!"}
}

// shown returns a value on one line of bounded length.
func shown(v Value) string { return shownIn(v, 120) }

// shownIn returns a value on one line of so many characters at most.
func shownIn(v Value, most int) string {
	if v.IsNull() {
		return "(nothing)"
	}
	s := printable(v.Text())
	if s == "" {
		return `""`
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// printable keeps a text on its line and control characters out of the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}
