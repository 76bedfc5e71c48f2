package proxmoxsrc

import (
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// guestStatus translates the word of the list of guests, for a virtual machine QEMU's run state. A word that says
// nothing about what to think of the guest is unknown.
func guestStatus(word string) inventory.GuestStatus {
	switch word {
	case "running", "save-vm", "restore-vm", "inmigrate", "postmigrate", "finish-migrate":
		return inventory.GuestRunning
	case "stopped":
		return inventory.GuestStopped
	case "paused", "suspended", "prelaunch":
		return inventory.GuestPaused
	case "guest-panicked":
		return inventory.GuestFailed
	}
	if strings.HasSuffix(word, "-error") {
		return inventory.GuestFailed
	}
	return inventory.GuestUnknown
}
