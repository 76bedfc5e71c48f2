package proxmoxtest

import (
	"fmt"
	"slices"
	"strings"
)

// privilege looks up whether the credential holds the privilege on the path,
// in the eyes of that release, and whether it is passed on to paths below. A
// guest also has what is granted on its pool.
func (c *Credential) privilege(st *state, v release, path, name string) (held, propagated bool) {
	entries := c.entries(path)
	held, propagated = grantsHold(entries, v, name)
	pool := st.poolOf(path)
	if pool == "" || denies(entries) {
		return held, propagated
	}
	inherited := c.entries("/pool/" + pool)
	if denies(inherited) {
		return false, false
	}
	byPool, _ := grantsHold(inherited, v, name)
	return held || byPool, propagated
}

// may is privilege without the propagation.
func (c *Credential) may(st *state, v release, path, name string) bool {
	held, _ := c.privilege(st, v, path, name)
	return held
}

// entries returns the grants that count at a path: those of the deepest path
// that has any, where an entry without propagation counts only at its own path.
func (c *Credential) entries(path string) []Grant {
	var found []Grant
	depth := -1
	for _, grant := range c.Grants {
		if !covers(grant, path) {
			continue
		}
		switch length := len(strings.TrimSuffix(grant.Path, "/")); {
		case length > depth:
			depth = length
			found = append(found[:0:0], grant)
		case length == depth:
			found = append(found, grant)
		}
	}
	return found
}

func covers(grant Grant, path string) bool {
	if grant.Path == path {
		return true
	}
	return !grant.NoPropagate && strings.HasPrefix(path, strings.TrimSuffix(grant.Path, "/")+"/")
}

func denies(entries []Grant) bool {
	return slices.ContainsFunc(entries, func(g Grant) bool { return g.Role == RoleNoAccess })
}

func grantsHold(entries []Grant, v release, name string) (held, propagated bool) {
	if denies(entries) {
		return false, false
	}
	for _, grant := range entries {
		if slices.Contains(grant.Privileges, name) || slices.Contains(grant.Role.privileges(v), name) {
			held = true
			propagated = propagated || !grant.NoPropagate
		}
	}
	return held, propagated
}

// permissions renders GET /access/permissions: path, privilege, propagation.
func (c *Credential) permissions(st *state, v release, only string) map[string]map[string]int {
	paths := []string{"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"}
	for _, grant := range c.Grants {
		paths = append(paths, grant.Path)
		if pool, ok := strings.CutPrefix(grant.Path, "/pool/"); ok {
			for _, guest := range st.estate.Guests {
				if guest.Pool == pool {
					paths = append(paths, fmt.Sprintf("/vms/%d", guest.VMID))
				}
			}
		}
	}
	if only != "" {
		paths = []string{only}
	}
	out := map[string]map[string]int{}
	for _, path := range paths {
		if held := c.privilegesAt(st, v, path); len(held) > 0 {
			out[path] = held
		}
	}
	return out
}

func (c *Credential) privilegesAt(st *state, v release, path string) map[string]int {
	names := append(auditPrivileges(v), monitorPrivileges(v)...)
	for _, grant := range c.Grants {
		names = append(names, grant.Privileges...)
	}
	out := map[string]int{}
	for _, name := range names {
		held, propagated := c.privilege(st, v, path, name)
		if !held {
			continue
		}
		out[name] = 0
		if propagated {
			out[name] = 1
		}
	}
	return out
}
