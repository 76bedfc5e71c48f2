package sync

import (
	"fmt"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// mostDropped is how many sentences are told of what one source left out.
const mostDropped = 20

// droppedNotes tells what a source left out, each once, and of more than mostDropped how many more.
func droppedNotes(inv *inventory.Inventory) []string {
	var notes []string
	told := map[string]bool{}
	for _, sentence := range inv.Dropped {
		if told[sentence] {
			continue
		}
		told[sentence] = true
		if len(told) <= mostDropped {
			notes = append(notes, fmt.Sprintf("%s %s: %s", SourceKind, inv.Source, sentence))
		}
	}
	if more := len(told) - mostDropped; more > 0 {
		notes = append(notes, fmt.Sprintf("%s %s: and %d more", SourceKind, inv.Source, more))
	}
	return notes
}
