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

// below tells whether the privilege goes for everything below the path.
func (r rights) below(path, privilege string) bool { return bool(r[path][privilege]) }

// hiddenGuests returns the access path on which VM.Audit is missing, so that guests are missing in lists; ok is false
// when nothing tells that any is.
func (r rights) hiddenGuests() (path string, ok bool) {
	if !r.below("/vms", "VM.Audit") {
		return "/vms", true
	}
	for _, path := range slices.Sorted(maps.Keys(r)) {
		if _, held := r[path]["VM.Audit"]; !held && strings.HasPrefix(path, "/vms/") {
			return path, true
		}
	}
	return "", false
}
