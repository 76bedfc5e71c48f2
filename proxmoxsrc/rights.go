package proxmoxsrc

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// rights are the credential's own, GET /access/permissions: access path, privilege, and whether it goes for the paths
// below. Proxmox VE names /, /nodes, /sdn, /vms and some more, and each path with an entry of its own, but none without
// any privilege.
type rights map[string]map[string]flag

func (g *gateway) parseRights(raw json.RawMessage) (rights, error) {
	if string(raw) == "[]" { // an empty Perl hash, now and then
		raw = json.RawMessage("{}")
	}
	var r rights
	err := g.decode(raw, "/access/permissions", &r)
	maps.DeleteFunc(r, func(_ string, held map[string]flag) bool { return len(held) == 0 })
	return r, err
}

// equal tells whether both are the same.
func (r rights) equal(other rights) bool {
	return maps.EqualFunc(r, other, func(a, b map[string]flag) bool { return maps.Equal(a, b) })
}

// below tells whether the privilege goes for everything below the path.
func (r rights) below(path, privilege string) bool { return bool(r[path][privilege]) }

// anywhere tells whether the credential holds the privilege on some path.
func (r rights) anywhere(privilege string) bool {
	for _, held := range r {
		if _, ok := held[privilege]; ok {
			return true
		}
	}
	return false
}

// lacking returns where the privilege is missing: the path itself, or those below it that have an entry of their own. What
// has no privilege at all is not named by Proxmox VE, and not found.
func (r rights) lacking(path, privilege string) []string {
	if !r.below(path, privilege) {
		return []string{path}
	}
	var missing []string
	for _, deeper := range slices.Sorted(maps.Keys(r)) {
		if _, held := r[deeper][privilege]; !held && strings.HasPrefix(deeper, path+"/") {
			missing = append(missing, deeper)
		}
	}
	return missing
}

// hiddenGuests returns the access path on which VM.Audit is missing, so that guests are missing in lists; ok is false
// when nothing tells that any is.
func (r rights) hiddenGuests() (path string, ok bool) {
	missing := r.lacking("/vms", "VM.Audit")
	if len(missing) == 0 {
		return "", false
	}
	return missing[0], true
}
