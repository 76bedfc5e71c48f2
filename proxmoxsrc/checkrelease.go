package proxmoxsrc

import (
	"fmt"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// The releases of Proxmox VE that are served: from 7.4 to all of 9.
const (
	oldestMajor, oldestMinor = 7, 4
	newestMajor              = 9
)

// major returns the first number of a version such as "8.4.1" or "7.4-20".
func (v Version) major() int { return v.part(0) }

func (v Version) minor() int { return v.part(1) }

func (v Version) part(i int) int {
	parts := strings.FieldsFunc(v.Version, func(r rune) bool { return r == '.' || r == '-' })
	if i >= len(parts) {
		return 0
	}
	return parseInt(parts[i])
}

// releaseFinding tells whether the release is one that is served.
func releaseFinding(v Version) sync.Finding {
	f := sync.Finding{Severity: sync.Good, Subject: "version", Text: "is Proxmox VE " + v.Version}
	switch major := v.major(); {
	case major > newestMajor:
		f.Severity = sync.Warning
		f.Text += fmt.Sprintf(", newer than %d, the newest that this proxbox knows: what has changed since may be missing", newestMajor)
		f.Fix = "look for a newer proxbox"
	case major < oldestMajor, major == oldestMajor && v.minor() < oldestMinor:
		f.Severity = sync.Warning
		f.Text += fmt.Sprintf(", older than %d.%d: what it lists may lack what proxbox looks for", oldestMajor, oldestMinor)
		f.Fix = fmt.Sprintf("upgrade Proxmox VE to %d.%d or newer", oldestMajor, oldestMinor)
	}
	return f
}
