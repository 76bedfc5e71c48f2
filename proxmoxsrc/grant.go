package proxmoxsrc

import (
	"fmt"
	"strings"
)

// grant says how to give the privilege to a credential, as a command of Proxmox VE. Everything that this package reads
// is in the role PVEAuditor, but for the guest agent before Proxmox VE 9. Entries at a deeper path replace those above
// it: hence both roles on /.
func grant(credential, privilege string) string { return grantAt("/", credential, privilege) }

// grantAt says the same of another path than /: where an entry replaces those above it.
func grantAt(path, credential, privilege string) string {
	kind := "users"
	if strings.Contains(credential, "!") {
		kind = "tokens"
	}
	name := bareName(credential)
	if privilege == "VM.Monitor" {
		return fmt.Sprintf("run pveum role add ProxboxAgent --privs VM.Monitor, then pveum acl modify %s --%s '%s' "+
			"--roles PVEAuditor,ProxboxAgent (it also allows to run commands in guests)", path, kind, name)
	}
	return fmt.Sprintf("run pveum acl modify %[1]s --%[2]s '%[3]s' --roles PVEAuditor, or in the GUI Datacenter, Permissions, Add: "+
		"path %[1]s, role PVEAuditor, propagate", path, kind, name)
}

// bareName returns "root@pam!sync" of "token root@pam!sync".
func bareName(credential string) string {
	return credential[strings.LastIndex(credential, " ")+1:]
}
