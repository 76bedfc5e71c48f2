package netboxsink

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/proxbox-go/proxbox/sync"
)

// nameLimit is how long the name of a device, a virtual machine, an interface or a disk may be in NetBox, in characters.
const nameLimit = 64

// suffix is what tells one of several equal names from the others: " (2)".
var suffix = regexp.MustCompile(` \([1-9][0-9]*\)$`)

// unsuffixed returns the name without its suffix.
func unsuffixed(name string) string { return suffix.ReplaceAllString(name, "") }

// suffixed returns the name with the suffix of a number, cut so that both fit.
func suffixed(name string, n int) string {
	if n == 1 {
		return strings.TrimSpace(cut(name, nameLimit))
	}
	s := fmt.Sprintf(" (%d)", n)
	return strings.TrimSpace(cut(name, nameLimit-len(s))) + s
}

// isFrom tells whether name is base, or base with a suffix, as suffixed makes it.
func isFrom(name, base string) bool {
	if name == suffixed(base, 1) {
		return true
	}
	s := suffix.FindString(name)
	return s != "" && name == strings.TrimSpace(cut(base, nameLimit-len(s)))+s
}

// cut cuts a text to so many characters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// clean returns a text as NetBox takes and keeps it: no NUL, trimmed, of at most so many characters.
func clean(s string, most int) string {
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
	return strings.TrimSpace(cut(s, most))
}

// slug returns a name as a slug: lower case, digits and single dashes; of a name without any of those its code points.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_'):
			b.WriteRune(r)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			fmt.Fprintf(&b, "-u%x-", r)
		default:
			b.WriteRune('-')
		}
	}
	parts := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '-' })
	return cut(strings.Join(parts, "-"), 100)
}

// naming gives names to units of one kind, so that no two of one place have the same.
type naming struct {
	kind  sync.Kind
	taken map[string]map[string]bool // by place, folded
}

func newNaming(kind sync.Kind) *naming {
	return &naming{kind: kind, taken: map[string]map[string]bool{}}
}

// take marks a name as somebody's.
func (n *naming) take(place sync.Value, name string) {
	p := place.Text()
	if n.taken[p] == nil {
		n.taken[p] = map[string]bool{}
	}
	n.taken[p][fold(n.kind, name)] = true
}

// keep marks the names of records that keep theirs, each in the place that a field names. renamed has the ids of the others.
func (n *naming) keep(records []*sync.Record, place string, renamed map[string]bool) {
	for _, r := range records {
		if !renamed[r.ID] {
			n.take(r.Fields[place].Value, r.Fields["name"].Value.Text())
		}
	}
}

// name returns what a unit is called that the source calls base: as it is, with or without a suffix, else by the first
// free form.
func (n *naming) name(was *sync.Record, place sync.Value, base string) string {
	switch {
	case !stays(was, base):
		return n.give(place, base)
	case isFrom(was.Fields["name"].Value.Text(), base):
		return was.Fields["name"].Value.Text()
	}
	return suffixed(base, 1) // a person's name stays: this one is only what the plan says it would be
}

// give returns the first free form of a name, and marks it.
func (n *naming) give(place sync.Value, base string) string {
	for i := 1; ; i++ {
		if name := suffixed(base, i); !n.taken[place.Text()][fold(n.kind, name)] {
			n.take(place, name)
			return name
		}
	}
}

// stays tells whether a unit keeps its name whatever the source calls it now: it has the source's name, or that with a
// suffix, or a person named it.
func stays(was *sync.Record, base string) bool {
	if was == nil {
		return false
	}
	name := was.Fields["name"].Value
	if isFrom(name.Text(), base) {
		return true
	}
	memory := sync.ParseMemory(was.Fields[sync.MemoryField].Value)
	last := memory.Last("", "name")
	return len(last) > 0 && !slices.Contains(last, name)
}
