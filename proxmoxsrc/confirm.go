package proxmoxsrc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

var _ sync.Confirmer = (*Source)(nil)

// confirmReads bounds how many VMIDs are asked for at once.
const confirmReads = 4

// ConfirmGone implements [sync.Confirmer]. A guest is gone if its VMID is free. Once nothing answers or the credential is
// not accepted any more, no more is asked.
func (s *Source) ConfirmGone(ctx context.Context, guests []int) []error {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	places := make(slots, confirmReads)
	doubts := make([]error, len(guests))
	var group stdsync.WaitGroup
	for i, id := range guests {
		group.Go(func() {
			err := places.take(ctx)
			if err == nil {
				defer places.leave()
				err = s.gateway.isFree(ctx, id)
			}
			if isFinal(err) {
				stop(err)
			}
			doubts[i] = s.doubt(id, err)
		})
	}
	group.Wait()
	return doubts
}

var errInUse = errors.New("a guest has it")

// isFree returns nil for a VMID that no guest of the cluster has, and errInUse for one that a guest has. Proxmox VE lets every login ask, and answers by the
// cluster's own list of guests, whatever the login may see: so it stands in its source, PVE::API2::Cluster, nextid. The
// VMID itself comes back if it is free, and a complaint about the parameter if it is not.
func (g *gateway) isFree(ctx context.Context, id int) error {
	path := "/cluster/nextid?vmid=" + strconv.Itoa(id)
	raw, err := g.get(ctx, path, g.clusterTime)
	if refused, ok := as[*StatusError](err); ok && refused.Code == http.StatusBadRequest &&
		strings.Contains(refused.Parameters["vmid"], "already exists") {
		return errInUse
	}
	if err != nil {
		return err
	}
	var free number
	if err := g.decode(raw, path, &free); err != nil {
		return err
	}
	if free.int() != id {
		return g.spoiled(path, fmt.Sprintf("is another VMID (%d)", free.int()))
	}
	return nil
}

// doubt returns why a guest is not taken for gone, and what to do.
func (s *Source) doubt(id int, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errInUse):
		return fmt.Errorf("VMID %[1]d is in use in %[2]s, though %[3]s does not see it: take away the permission that hides it "+
			"(Datacenter, Permissions: path /vms/%[1]d or that of its pool), or delete by hand what stands for it",
			id, s.name, s.gateway.who)
	}
	return fmt.Errorf("it is not known whether VMID %d is in use in %s: %w", id, s.name, err)
}
