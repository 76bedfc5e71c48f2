package proxmoxtest

import (
	"slices"
	"strings"
)

// The credential that a server accepts when its options name none: a token
// with every privilege that a read-only client needs, in all releases.
const (
	DefaultTokenID     = "proxbox@pve!sync"
	DefaultTokenSecret = "5f0c8a4e-6d0b-4d55-9a3e-1f2b7c9d0e11"
	DefaultUser        = "proxbox@pve"
	DefaultPassword    = "proxbox-password"
)

// Credential is an API token or a user with a password.
type Credential struct {
	// ID is "user@realm!name" for a token, "user@realm" for a user.
	ID string
	// Secret of the token, or password of the user.
	Secret string
	// Grants are the entries of the access control list for it. None at all is
	// what a new token with privilege separation has: it may log in and sees
	// nothing.
	Grants []Grant
	// Disabled and Expired refuse the credential as Proxmox VE does.
	Disabled, Expired bool
}

// Grant is one entry of the access control list.
type Grant struct {
	// Path such as "/", "/vms", "/vms/101", "/pool/web", "/nodes/a1".
	Path string
	Role Role
	// Privileges are granted beside those of the role.
	Privileges []string
	// NoPropagate limits the entry to exactly this path.
	NoPropagate bool
}

// Role is a named set of privileges.
type Role string

// Roles. Entries at a deeper path replace those above it, they do not add to
// them: to add RoleMonitor for guests to RoleAuditor on "/", grant it on "/" as
// well, or both on "/vms".
const (
	// RoleAdministrator holds every privilege.
	RoleAdministrator Role = "Administrator"
	// RoleAuditor is PVEAuditor: all *.Audit privileges of the release, among
	// them VM.GuestAgent.Audit from 9.0 on.
	RoleAuditor Role = "PVEAuditor"
	// RoleMonitor is a custom role with VM.Monitor, which lets ask the guest
	// agent before 9.0 and does not exist after.
	RoleMonitor Role = "Monitor"
	// RolePoolAuditor is a custom role with VM.Audit and Pool.Audit.
	RolePoolAuditor Role = "PoolAuditor"
	// RoleNoAccess takes everything away.
	RoleNoAccess Role = "NoAccess"
)

func defaultCredentials() []Credential {
	grants := []Grant{{Path: "/", Role: RoleAuditor}, {Path: "/", Role: RoleMonitor}}
	return []Credential{
		{ID: DefaultTokenID, Secret: DefaultTokenSecret, Grants: grants},
		{ID: DefaultUser, Secret: DefaultPassword, Grants: grants},
	}
}

func cloneCredentials(in []Credential) []Credential {
	out := slices.Clone(in)
	for i := range out {
		out[i].Grants = slices.Clone(out[i].Grants)
		for j := range out[i].Grants {
			out[i].Grants[j].Privileges = slices.Clone(out[i].Grants[j].Privileges)
		}
	}
	return out
}

func (c *Credential) isToken() bool { return strings.Contains(c.ID, "!") }

// privileges of the role in that release.
func (r Role) privileges(v release) []string {
	switch r {
	case RoleAdministrator:
		return append(auditPrivileges(v), monitorPrivileges(v)...)
	case RoleAuditor:
		return auditPrivileges(v)
	case RoleMonitor:
		return monitorPrivileges(v)
	case RolePoolAuditor:
		return []string{"Pool.Audit", "VM.Audit"}
	}
	return nil
}

func auditPrivileges(v release) []string {
	list := []string{"Datastore.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit"}
	if v.major >= 8 {
		list = append(list, "Mapping.Audit")
	}
	if v.hasAgentPrivileges() {
		list = append(list, "VM.GuestAgent.Audit")
	}
	return list
}

func monitorPrivileges(v release) []string {
	if v.hasAgentPrivileges() {
		return nil
	}
	return []string{"VM.Monitor"}
}
