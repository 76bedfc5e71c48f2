package inventory

import "strconv"

// String tells the gap in one line: "guest 101: addresses: the guest agent does not answer".
func (g Gap) String() string {
	switch {
	case g.Guest != 0:
		return "guest " + strconv.Itoa(g.Guest) + ": " + string(g.Part) + ": " + g.Reason
	case g.Node != "":
		return "node " + g.Node + ": " + string(g.Part) + ": " + g.Reason
	}
	return string(g.Part) + ": " + g.Reason
}

// GuestGap returns the first gap that covers the part of the guest, and whether there is one.
func (inv *Inventory) GuestGap(id int, part Part) (Gap, bool) {
	for _, g := range inv.Gaps {
		switch g.Part {
		case PartSource:
			return g, true
		case PartGuest, PartConfig, PartAddresses:
			if g.Guest == id && covers(g.Part, part) {
				return g, true
			}
		}
	}
	return Gap{}, false
}

// NodeGap returns the first gap that covers the part of the node, and whether there is one.
func (inv *Inventory) NodeGap(name string, part Part) (Gap, bool) {
	for _, g := range inv.Gaps {
		switch g.Part {
		case PartSource:
			return g, true
		case PartNode, PartNetwork:
			if g.Node == name && covers(g.Part, part) {
				return g, true
			}
		}
	}
	return Gap{}, false
}

// ListGap returns the gap that makes the list of guests, or of everything, unfit to conclude that something is gone.
func (inv *Inventory) ListGap() (Gap, bool) {
	for _, g := range inv.Gaps {
		switch g.Part {
		case PartSource, PartQuorum, PartGuests:
			return g, true
		}
	}
	return Gap{}, false
}

// covers tells whether a gap for the wide part takes the narrow one with it.
func covers(wide, narrow Part) bool {
	order := map[Part]int{PartGuest: 3, PartConfig: 2, PartAddresses: 1, PartNode: 2, PartNetwork: 1}
	return order[wide] >= order[narrow]
}
