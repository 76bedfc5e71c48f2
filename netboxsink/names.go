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

// unsuffixed returns the name without its suffix, a number or the name of a source.
func unsuffixed(name, source string) string {
	return suffix.ReplaceAllString(strings.TrimSuffix(name, " ("+source+")"), "")
}

// withSuffix returns the name with a suffix, cut so that both fit.
func withSuffix(name, suffix string, most int) string {
	suffix = cut(suffix, most/2)
	return strings.TrimSpace(cut(name, most-len([]rune(suffix)))) + suffix
}

// suffixed returns the name with the suffix of a number, the first without.
func suffixed(name string, n int) string {
	if n == 1 {
		return strings.TrimSpace(cut(name, nameLimit))
	}
	return withSuffix(name, fmt.Sprintf(" (%d)", n), nameLimit)
}

// markedName returns a name that tells the source, for what NetBox wants to have a name of its own: "a1 (lab)", and if
// that is taken too "a1 (lab 2)".
func markedName(name, source string, n, most int) string {
	if n > 0 {
		source += fmt.Sprintf(" %d", n+1)
	}
	return withSuffix(name, " ("+source+")", most)
}

// isFrom tells whether name is base, or base with a suffix, as suffixed and markedName make it.
func isFrom(name, base, source string) bool {
	if name == suffixed(base, 1) || name == markedName(base, source, 0, nameLimit) {
		return true
	}
	s := suffix.FindString(name)
	return s != "" && name == withSuffix(base, s, nameLimit)
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
			n.take(r.Fields.Value(place), r.Fields.Value("name").Text())
		}
	}
}

// name returns what a unit is called that the source calls base: as it is, with or without a suffix, else by the first
// free form.
func (n *naming) name(u *unit, place sync.Value, base string) string {
	switch {
	case !stays(u, base):
		return n.give(place, base, u.inv.Source)
	case isFrom(u.was.Fields.Value("name").Text(), base, u.inv.Source):
		return u.was.Fields.Value("name").Text()
	}
	return suffixed(base, 1) // a person's name stays: this one is only what the plan says it would be
}

// give returns the first free form of a name, and marks it. A device tells its source: nodes of one name are of different
// clusters.
func (n *naming) give(place sync.Value, base, source string) string {
	for i := 1; ; i++ {
		name := suffixed(base, i)
		if n.kind == KindDevice && i > 1 {
			name = markedName(base, source, i-2, nameLimit)
		}
		if !n.taken[place.Text()][fold(n.kind, name)] {
			n.take(place, name)
			return name
		}
	}
}

// stays tells whether a unit keeps its name whatever the source calls it now: it has the source's name, or that with a
// suffix, or a person named it.
func stays(u *unit, base string) bool {
	if u.was == nil {
		return false
	}
	name := u.was.Fields.Value("name")
	if isFrom(name.Text(), base, u.inv.Source) {
		return true
	}
	last := u.memory.Last("", "name")
	return len(last) > 0 && !slices.Contains(last, name)
}
