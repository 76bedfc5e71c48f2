package proxmoxsrc

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// windows is what the guest agent calls every Windows.
const windows = "mswindows"

// parseSystem reads the data of agent/get-osinfo; the zero value is for an agent that refuses, and for what is odd.
//
// Name and version are the system's "name" and "version-id", "Debian GNU/Linux" and "12". On Windows the name is no more
// than "Microsoft Windows", so there "pretty-name" is taken, "Windows Server 2022 Standard", and the version, "2022", is
// in the name already.
func parseSystem(raw json.RawMessage) inventory.OS {
	var answer struct {
		Result struct {
			ID, Name, Version text
			PrettyName        text `json:"pretty-name"`
			VersionID         text `json:"version-id"`
		}
	}
	if json.Unmarshal(raw, &answer) != nil {
		return inventory.OS{}
	}
	told := answer.Result
	name, other := said(told.Name), said(told.PrettyName)
	if said(told.ID) == windows {
		name, other = other, name
	}
	return inventory.OS{ID: said(told.ID), Name: cmp.Or(name, other), Version: cmp.Or(said(told.VersionID), said(told.Version))}
}

// said returns what an agent says, empty for the "N/A" of Windows.
func said(t text) string {
	s := strings.TrimSpace(string(t))
	if s == "N/A" {
		return ""
	}
	return s
}
