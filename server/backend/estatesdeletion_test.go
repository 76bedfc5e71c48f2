package backend_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// TestEstatesDeletion lets virtual machines be deleted whose guests are gone. While a node of beta does not answer none is,
// nor is one marked. Once all of it is read, those whose guests are gone are marked, and deleted by the run after; the guest
// that has the VMID of one of them then gets its address.
// 159 is in no list, because an entry of its own hides it, and its virtual machine stays as it is: its VMID is in use.
func TestEstatesDeletion(t *testing.T) {
	e := newEstates(t, fakeBox(t), "alpha", "beta", "gamma")
	e.config.Deletion = netboxsink.DeletionOptions{Mode: "delete", Grace: time.Nanosecond}
	_, err := e.run()
	require.NoError(t, err)

	e.trouble()
	before := rows(e.box)
	result, err := e.run()
	require.NoError(t, err)
	assert.Equal(t, changedByTrouble(), differing(before, rows(e.box)))
	for _, name := range []string{"goner", "reused", "secret"} {
		assert.Contains(t, strings.Join(e.told(result), "\n"), "virtual-machine "+name+": it may be gone, but not all of beta could be read: ")
	}

	e.fakes["beta"].Update(func(now *proxmoxtest.Estate) {
		for _, node := range now.Nodes {
			node.State, node.RowsExpired = proxmoxtest.NodeOnline, false
		}
	})
	e.fakes["beta"].SetCredentials(proxmoxtest.BetaCredential())
	beta := wantBeta(false).troubled()
	beta.nodes["beta b3"].Status, beta.nodes["beta b5"].Status = "active", "active"
	beta.guests["beta 160"].Memory = 8192
	beta.tags["proxmox-gone"] = "Proxmox gone 9e9e9e"
	gone := []string{"beta 157", "beta 158"}
	for _, key := range gone {
		g := beta.guests[key]
		g.Status, g.Tags = "decommissioning", []string{"proxbox", "proxmox-gone"}
	}
	_, err = e.run()
	require.NoError(t, err)
	have := pictureOf(e.box)
	for _, key := range gone {
		assert.NotEmpty(t, have.guests[key].Custom["proxbox_gone_since"], key)
		beta.guests[key].Custom["proxbox_gone_since"] = have.guests[key].Custom["proxbox_gone_since"]
	}
	e.holds(e.want(wantAlpha(), beta, wantGamma(false)))

	_, err = e.run()
	require.NoError(t, err)
	_, err = e.run() // the address is free
	require.NoError(t, err)
	newcomer := beta.guests["beta 158 again"]
	newcomer.at("net0", "10.2.0.158/16", "active From the guest agent")
	delete(beta.guests, "beta 157")
	delete(beta.guests, "beta 158 again")
	beta.guests["beta 158"] = newcomer
	e.holds(e.want(wantAlpha(), beta, wantGamma(false)))
	told := append(toldOfAll(), "virtual-machine secret: VMID 159 is in use in beta, though token proxbox@pve!sync does not see it: "+
		"take away the permission that hides it (Datacenter, Permissions: path /vms/159 or that of its pool), "+
		"or delete by hand what stands for it")
	slices.Sort(told)
	e.writesNothing(told)
}
