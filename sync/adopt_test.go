package sync_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// withStranger adds a guest that bears no mark, with a port and an address that are as vm101's, and returns the ids.
func withStranger(t testing.TB, w *world) (guest, port, address string) {
	t.Helper()
	group, err := w.sink.Add("group", map[string]sync.Value{"name": sync.String("alpha")}, nil)
	require.NoError(t, err)
	guest, err = w.sink.Add("guest", map[string]sync.Value{
		"name": sync.String("vm101"), "vmid": sync.Int(101), "description": sync.String("By hand."), "memory": sync.Int(1),
	}, map[string]string{"group": group})
	require.NoError(t, err)
	port, err = w.sink.Add("port", map[string]sync.Value{"name": sync.String("net0")}, map[string]string{"guest": guest})
	require.NoError(t, err)
	w.edit(t, 101, func(g *inventory.Guest) {
		address, err = w.sink.Add("address",
			map[string]sync.Value{"address": sync.String(g.NICs[0].Addresses[0].Prefix.String())}, map[string]string{"port": port})
	})
	require.NoError(t, err)
	require.NoError(t, w.sink.Edit(guest, nil, map[string]string{"primary": address}))
	return guest, port, address
}

// TestTakeOver: an object that is taken over by its ID is the same one afterwards, with what hangs on it; what stood in it
// by hand stays by the rules; and it is ours from then on.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	guest, port, address := withStranger(t, w)
	plan, err := w.engine.Plan(t.Context(), nil)
	require.NoError(t, err)
	for _, c := range plan.Changes {
		if c.Unit.Name == "alpha/101" {
			assert.True(t, c.Adopted, c.Key)
			assert.NotEmpty(t, c.ID, c.Key)
			assert.Nil(t, fieldOf(c, "primary"), "it points to what is taken over already")
			assert.Nil(t, fieldOf(c, "port"), "it hangs on what is taken over already")
		}
	}
	result := w.lands(t)
	assert.Equal(t, sync.Counts{Created: 3, Updated: 1}, result.Objects["guest"])
	after := w.object(t, "guest", "vm101")
	assert.Equal(t, guest, after.ID)
	assert.Equal(t, port, w.object(t, "port", "net0").ID)
	assert.Equal(t, address, after.Refs["primary"])
	assert.Equal(t, "By hand.", after.Fields["description"].Text())
	assert.Equal(t, "2048", after.Fields["memory"].Text())
	assert.Equal(t, "alpha", after.Fields["source"].Text())
	w.settled(t)

	w.edit(t, 101, func(g *inventory.Guest) { g.Name, g.NICs[0].Name = "renamed", "lan0" })
	w.lands(t)
	assert.Equal(t, guest, w.object(t, "guest", "renamed").ID, "it is ours now")
	assert.Equal(t, port, w.object(t, "port", "lan0").ID)
	w.settled(t)
}

// TestTakeOverCutAnywhere comes to the same.
func TestTakeOverCutAnywhere(t *testing.T) {
	t.Parallel()
	undisturbed := newWorld(t, nil)
	withStranger(t, undisturbed)
	undisturbed.lands(t)
	for n := range undisturbed.sink.Written() {
		w := newWorld(t, nil)
		withStranger(t, w)
		w.sink.CutAfter(n)
		_, _, err := w.run(t, nil)
		require.ErrorIs(t, err, sync.ErrUnavailable)
		w.sink.Mend()
		w.lands(t)
		require.Equal(t, undisturbed.sink.Text(), w.sink.Text(), "cut after %d objects", n)
		w.settled(t)
	}
}

// TestStrangerWithAnotherVMID is not taken over: the name is his.
func TestStrangerWithAnotherVMID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	guest, _, _ := withStranger(t, w)
	require.NoError(t, w.sink.Edit(guest, map[string]sync.Value{"vmid": sync.Int(900)}, nil))
	before := w.object(t, "guest", "vm101")
	w.lands(t)
	assert.Equal(t, before, w.object(t, "guest", "vm101"))
	assert.Contains(t, w.labels("guest"), "vm101 101")
	w.settled(t)
}
