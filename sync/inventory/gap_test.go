package inventory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestGuestGap: which gaps cover which parts of guest 101 on node pve01.
func TestGuestGap(t *testing.T) {
	t.Parallel()
	const guest, config, addresses = inventory.PartGuest, inventory.PartConfig, inventory.PartAddresses
	for _, tc := range []struct {
		name    string
		gap     inventory.Gap
		covered []inventory.Part
	}{
		{"the source", inventory.Gap{Part: inventory.PartSource}, []inventory.Part{guest, config, addresses}},
		{"the guest", inventory.Gap{Part: guest, Guest: 101}, []inventory.Part{guest, config, addresses}},
		{"its configuration", inventory.Gap{Part: config, Guest: 101}, []inventory.Part{config, addresses}},
		{"its addresses", inventory.Gap{Part: addresses, Guest: 101}, []inventory.Part{addresses}},
		{"another guest", inventory.Gap{Part: guest, Guest: 102}, nil},
		{"the quorum", inventory.Gap{Part: inventory.PartQuorum}, nil},
		{"the list of guests", inventory.Gap{Part: inventory.PartGuests}, nil},
		{"its node", inventory.Gap{Part: inventory.PartNode, Node: "pve01"}, nil},
		{"its node's network", inventory.Gap{Part: inventory.PartNetwork, Node: "pve01"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.gap.Reason = "why"
			inv := &inventory.Inventory{Gaps: []inventory.Gap{{Part: inventory.PartGuest, Guest: 900}, tc.gap}}
			var covered []inventory.Part
			for _, part := range []inventory.Part{guest, config, addresses} {
				if g, ok := inv.GuestGap(101, part); ok {
					assert.Equal(t, tc.gap, g)
					covered = append(covered, part)
				}
			}
			assert.Equal(t, tc.covered, covered)
		})
	}
}

// TestNodeGap: which gaps cover which parts of node pve01.
func TestNodeGap(t *testing.T) {
	t.Parallel()
	const node, network = inventory.PartNode, inventory.PartNetwork
	for _, tc := range []struct {
		name    string
		gap     inventory.Gap
		covered []inventory.Part
	}{
		{"the source", inventory.Gap{Part: inventory.PartSource}, []inventory.Part{node, network}},
		{"the node", inventory.Gap{Part: node, Node: "pve01"}, []inventory.Part{node, network}},
		{"its network", inventory.Gap{Part: network, Node: "pve01"}, []inventory.Part{network}},
		{"another node", inventory.Gap{Part: node, Node: "pve02"}, nil},
		{"a guest on it", inventory.Gap{Part: inventory.PartGuest, Guest: 101, Node: "pve01"}, nil},
		{"the quorum", inventory.Gap{Part: inventory.PartQuorum}, nil},
		{"the list of guests", inventory.Gap{Part: inventory.PartGuests}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inv := &inventory.Inventory{Gaps: []inventory.Gap{{Part: node, Node: "pve99"}, tc.gap}}
			var covered []inventory.Part
			for _, part := range []inventory.Part{node, network} {
				if g, ok := inv.NodeGap("pve01", part); ok {
					assert.Equal(t, tc.gap, g)
					covered = append(covered, part)
				}
			}
			assert.Equal(t, tc.covered, covered)
		})
	}
}

// TestListGap: under which gaps a guest that is not in the list may still be there.
func TestListGap(t *testing.T) {
	t.Parallel()
	for part, covers := range map[inventory.Part]bool{
		inventory.PartSource: true, inventory.PartQuorum: true, inventory.PartGuests: true,
		inventory.PartNode: false, inventory.PartNetwork: false,
		inventory.PartGuest: false, inventory.PartConfig: false, inventory.PartAddresses: false,
	} {
		inv := &inventory.Inventory{Gaps: []inventory.Gap{{Part: part, Guest: 101, Node: "pve01"}}}
		_, ok := inv.ListGap()
		assert.Equal(t, covers, ok, part)
	}
	_, ok := new(inventory.Inventory).ListGap()
	assert.False(t, ok)
}

// TestFirstGapCounts where several cover the same.
func TestFirstGapCounts(t *testing.T) {
	t.Parallel()
	inv := &inventory.Inventory{Gaps: []inventory.Gap{
		{Part: inventory.PartConfig, Guest: 101, Reason: "first"}, {Part: inventory.PartSource, Reason: "second"},
	}}
	g, _ := inv.GuestGap(101, inventory.PartAddresses)
	assert.Equal(t, "first", g.Reason)
	g, _ = inv.GuestGap(101, inventory.PartGuest)
	assert.Equal(t, "second", g.Reason)
}

func TestGapString(t *testing.T) {
	t.Parallel()
	for want, gap := range map[string]inventory.Gap{
		"guest 101: addresses: the guest agent does not answer": {Part: inventory.PartAddresses, Guest: 101, Node: "pve01", Reason: "the guest agent does not answer"},
		"node pve01: network: it is offline":                    {Part: inventory.PartNetwork, Node: "pve01", Reason: "it is offline"},
		"quorum: the cluster has none":                          {Part: inventory.PartQuorum, Reason: "the cluster has none"},
	} {
		assert.Equal(t, want, gap.String())
	}
}
