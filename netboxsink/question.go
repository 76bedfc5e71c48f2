package netboxsink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/proxbox-go/proxbox/sync"
)

// Status asks NetBox for what it says of itself: GET /api/status/, as it answers it. It asks once.
func (s *Sink) Status(ctx context.Context) (json.RawMessage, error) {
	raw, err := s.client.send(ctx, http.MethodGet, "/api/status/", nil, nil)
	switch {
	case errors.Is(err, sync.ErrUnknownOutcome) && ctx.Err() != nil:
		return nil, fmt.Errorf("NetBox at %s: %w", s.client.base, context.Cause(ctx))
	case err != nil:
		return nil, err
	case !json.Valid(raw):
		return nil, fmt.Errorf("%s/api/status/ does not answer as a NetBox does: is the URL that of NetBox?", s.client.base)
	}
	return raw, nil
}

// Guest returns the guest that a virtual machine of NetBox stands for, by its mark.
func (s *Sink) Guest(ctx context.Context, virtualMachine int64) (sync.GuestRef, error) {
	number := strconv.FormatInt(virtualMachine, 10)
	found, err := all[machineObject](ctx, s.client, KindVirtualMachine, url.Values{"id": {number}})
	switch {
	case err != nil:
		return sync.GuestRef{}, err
	case len(found) == 0:
		return sync.GuestRef{}, fmt.Errorf("NetBox has no virtual machine %s, or the token's user may not view it", number)
	}
	guest := sync.GuestRef{Source: found[0].CustomFields.text(fieldSource), ID: guestID(&found[0])}
	if guest.Source == "" || guest.ID == 0 {
		return sync.GuestRef{}, fmt.Errorf("the virtual machine %s (%s) bears no mark of a guest: sync all virtual machines first",
			number, found[0].Name)
	}
	return guest, nil
}
