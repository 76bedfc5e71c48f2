package proxmoxsrc_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// TestConfirmGone hides a guest. Whether a VMID is free does not depend on what the token may see.
func TestConfirmGone(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"7.4-20", "8.4.1", "9.1.1"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			estate := small()
			estate.Version = version
			l := newLab(t, estate, nil)
			l.as(proxmoxtest.Grant{Path: "/", Role: proxmoxtest.RoleAuditor}, proxmoxtest.Grant{Path: "/vms/102", Role: proxmoxtest.RoleNoAccess})
			inv := l.read(t)
			assert.Len(t, inv.Guests, 5)
			for _, gap := range inv.Gaps {
				assert.NotZero(t, gap.Guest, "the guest is missing without a word: %s", gap)
			}
			l.fake.Update(func(e *proxmoxtest.Estate) { e.RemoveGuest(103) })

			doubts := l.source(t).ConfirmGone(t.Context(), []int{102, 103, 201, 5})
			require.Len(t, doubts, 4)
			require.EqualError(t, doubts[0], "VMID 102 is in use in alpha, though token "+proxmoxtest.DefaultTokenID+" does not see it: "+
				"take away the permission that hides it (Datacenter, Permissions: path /vms/102 or that of its pool), "+
				"or delete by hand what stands for it")
			require.NoError(t, doubts[1])
			require.ErrorContains(t, doubts[2], "VMID 201 is in use")
			require.ErrorContains(t, doubts[3], "it is not known whether VMID 5 is in use in alpha: ")
			require.ErrorContains(t, doubts[3], "value must have a minimum value of 100")
		})
	}
}

// TestConfirmGone_failures: nothing is taken for gone by an answer that does not say so.
func TestConfirmGone_failures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault proxmoxtest.Fault
		doubt string
	}{
		"refused":           {proxmoxtest.Fault{Status: http.StatusForbidden, Reason: "Permission check failed"}, "Permission check failed"},
		"bad request":       {proxmoxtest.Fault{Status: http.StatusBadRequest, Reason: "Parameter verification failed."}, "answered 400"},
		"null":              {proxmoxtest.Fault{Kind: proxmoxtest.FaultNull}, "is null"},
		"a page":            {proxmoxtest.Fault{Kind: proxmoxtest.FaultHTML}, "is the URL that of Proxmox VE?"},
		"another VMID":      {proxmoxtest.Fault{Status: http.StatusOK, Body: `{"data":"104"}`}, "is another VMID (104)"},
		"no VMID":           {proxmoxtest.Fault{Status: http.StatusOK, Body: `{"data":{}}`}, "is another VMID (0)"},
		"the answer breaks": {proxmoxtest.Fault{Kind: proxmoxtest.FaultTruncate}, "broke"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, small(), nil)
			tt.fault.Pattern = "GET /cluster/nextid"
			l.fake.Inject(tt.fault)
			doubts := l.source(t).ConfirmGone(t.Context(), []int{999})
			require.Len(t, doubts, 1)
			require.ErrorContains(t, doubts[0], "it is not known whether VMID 999 is in use in alpha: ")
			require.ErrorContains(t, doubts[0], tt.doubt)
		})
	}
}

// TestConfirmGone_ends: what all further requests would meet too is asked for no more than once by each that is under way.
func TestConfirmGone_ends(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), nil)
	source := l.source(t)
	l.fake.SetCredentials()
	guests := make([]int, 50)
	for i := range guests {
		guests[i] = 1000 + i
	}
	for _, doubt := range source.ConfirmGone(t.Context(), guests) {
		require.ErrorContains(t, doubt, "does not accept token")
	}
	assert.LessOrEqual(t, len(l.fake.Requests()), 4)
}

func TestConfirmGone_load(t *testing.T) {
	t.Parallel()
	l := newLab(t, small(), &proxmoxtest.Options{LatencyScale: 1})
	gauge := gauge{below: "/cluster/nextid", full: 4}
	l.server.Config.Handler = gauge.around(l.server.Config.Handler)
	guests := make([]int, 40)
	for i := range guests {
		guests[i] = 1000 + i
	}
	for _, doubt := range l.source(t).ConfirmGone(t.Context(), guests) {
		require.NoError(t, doubt)
	}
	assert.Len(t, l.fake.Requests(), 40)
	assert.Equal(t, 4, gauge.most())
}

func TestConfirmGone_cancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, doubt := range newLab(t, small(), nil).source(t).ConfirmGone(ctx, []int{998, 999}) {
		require.ErrorIs(t, doubt, context.Canceled)
	}
}
