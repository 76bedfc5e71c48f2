package netboxsink

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// adoptable tells whether an object may be taken over as far as its marks go: it bears no source's, and is the documented
// backend's or, where the configuration says so, anybody's.
func (m *mapping) adoptable(r *sync.Record) bool {
	if r.Source != "" || !r.Fields.Value(customPrefix+fieldSource).IsEmpty() || m.takenOver[r] {
		return false
	}
	switch m.rules.adoption {
	case "never":
		return false
	case "unowned-by-name":
		return true
	}
	return isTagged(r)
}

// deviceToTakeOver returns the device that may be taken over for a node: of its name, in its cluster or site.
func (m *mapping) deviceToTakeOver(u *nodeUnit) *sync.Record {
	for _, r := range m.byKind[KindDevice] {
		if !strings.EqualFold(r.Fields.Value("name").Text(), u.node.Name) || !m.adoptable(r) {
			continue
		}
		if r.Fields.Value("cluster") == sync.Ref(m.clusters[u.inv.Source]) || r.Fields.Value("site") == u.site {
			return r
		}
	}
	return nil
}

// machineToTakeOver returns the virtual machine that may be taken over for a guest, in the guest's cluster: with its
// VMID; or, where newer backends left that field empty or anybody's may be taken, with its name, if no other guest has
// that too.
func (m *mapping) machineToTakeOver(u *guestUnit, claims map[string]int) *sync.Record {
	folded := strings.ToLower(u.guest.Name)
	candidates := slices.Clone(m.guests[guestKey{id: u.guest.ID}])
	if claims[folded] == 1 {
		candidates = append(candidates, m.guests[guestKey{name: folded}]...)
	}
	var found []*sync.Record
	for _, r := range candidates {
		word := r.Fields.Value(customPrefix + fieldType).Text()
		if m.adoptable(r) && (word == "" || word == kindOf(u.guest.Kind).word) &&
			r.Fields.Value("cluster") == sync.Ref(m.clusters[u.inv.Source]) {
			found = append(found, r)
		}
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(r *sync.Record) bool { return !strings.EqualFold(r.Fields.Value("name").Text(), u.guest.Name) })
	}
	if len(found) != 1 {
		return nil // none, or several: taking one of them would be a guess
	}
	return found[0]
}
