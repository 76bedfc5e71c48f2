package server

import (
	"reflect"
	"slices"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// order is what somebody asks for.
type order struct {
	stream sse.Stream // as what it is told to sockets
	rows   Endpoints  // as they were then: changing one does not disturb the run
	scope  sync.Scope
	policy *sync.Policy
	dry    bool       // a plan is all that is wanted
	plan   *sync.Plan // what is to be applied, instead of a plan of the run's own
	planOf string     // the run that made it
}

// covers tells whether whoever does this does all that the other asks for, and nothing that it does not want.
func (o order) covers(other order) bool {
	switch {
	case o.planOf != "" || other.planOf != "":
		return o.planOf == other.planOf
	case o.dry != other.dry:
		return false
	case o.dry && !named(other.scope).Covers(named(o.scope)): // a plan for more, once applied, would do more
		return false
	}
	return named(o.scope).Covers(named(other.scope)) && o.abides(other) && reflect.DeepEqual(o.rows, other.rows)
}

// abides tells whether the policies agree in all that the other asks for.
func (o order) abides(other order) bool {
	return reflect.DeepEqual(rulesFor(other.scope, o.policy), rulesFor(other.scope, other.policy))
}

// rulesFor returns the rules of a policy for the kinds in a scope.
func rulesFor(s sync.Scope, p *sync.Policy) map[sync.Kind]map[string]sync.Rule {
	rules := map[sync.Kind]map[string]sync.Rule{}
	if p == nil {
		return rules
	}
	for kind, ofKind := range p.Rules {
		if s.HasKind(kind) {
			rules[kind] = ofKind
		}
	}
	return rules
}

// apart tells whether two orders have no source in common.
func (o order) apart(other order) bool {
	mine, others := named(o.scope).Sources, named(other.scope).Sources
	if len(mine) == 0 || len(others) == 0 {
		return false // all sources, whichever those are
	}
	return !slices.ContainsFunc(mine, func(name string) bool { return slices.Contains(others, name) })
}

// named returns the scope with the sources that its guests are of.
func named(s sync.Scope) sync.Scope {
	if len(s.Guests) == 0 {
		return s
	}
	var names []string
	for _, g := range s.Guests {
		if s.HasSource(g.Source) && !slices.Contains(names, g.Source) {
			names = append(names, g.Source)
		}
	}
	s.Sources = names
	return s
}
