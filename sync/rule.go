package sync

// Rule says when a field of an object that exists may be written over. Creating an object writes every field.
type Rule string

// The rules.
const (
	// Always writes whenever the value differs: for what the source measures.
	Always Rule = "always"
	// CreateOnly never writes after the creation.
	CreateOnly Rule = "create-only"
	// IfEmpty writes only where nothing stands.
	IfEmpty Rule = "if-empty"
	// IfEmptyOrOurs writes where nothing stands, or what we wrote last.
	IfEmptyOrOurs Rule = "if-empty-or-ours"
	// UntilEdited writes where what we wrote last still stands: a person's edit, clearing included, ends our say.
	UntilEdited Rule = "until-edited"
	// Never does not write, not even at the creation.
	Never Rule = "never"
)

// valid tells whether the rule is one of the above, or the zero value, which is Always.
func (r Rule) valid() bool {
	switch r {
	case "", Always, CreateOnly, IfEmpty, IfEmptyOrOurs, UntilEdited, Never:
		return true
	}
	return false
}

// unlessAlways returns the rule, the zero value for Always.
func (r Rule) unlessAlways() Rule {
	if r == Always {
		return ""
	}
	return r
}

// remembers tells whether the rule needs the memory of what was written last.
func (r Rule) remembers() bool { return r == UntilEdited || r == IfEmptyOrOurs }

// refuses returns why a field with this rule, desired as f, keeps the current value; empty when it may be written.
// last holds what the memory says we wrote, in doubt more than one value, without one nil.
func (r Rule) refuses(f Field, current Value, last []Value, unit Key) string {
	ours := false
	if last == nil {
		last = f.Ours
	}
	for _, v := range last {
		ours = ours || remembered(v, unit) == remembered(current, unit)
	}
	switch r {
	case Never:
		return "not ours to write"
	case CreateOnly:
		return "written only at creation"
	case IfEmpty:
		if !current.IsEmpty() {
			return "already set"
		}
	case IfEmptyOrOurs:
		if !current.IsEmpty() && !ours {
			return "set by somebody else"
		}
	case UntilEdited:
		if !ours {
			return "edited by somebody else"
		}
	}
	return ""
}

// Policy is what a run may decide differently from the sink's defaults. The zero value keeps every default.
type Policy struct {
	// Rules replaces the rule of a field of a kind.
	Rules map[Kind]map[string]Rule
}

func (p Policy) rule(k Kind, field string, standard Rule) Rule {
	if r, ok := p.Rules[k][field]; ok {
		return r
	}
	if standard == "" {
		return Always
	}
	return standard
}
