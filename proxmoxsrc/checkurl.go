package proxmoxsrc

import (
	"context"

	"github.com/proxbox-go/proxbox/internal/peer"
	"github.com/proxbox-go/proxbox/sync"
)

// renew says how the certificate of a node is renewed.
const renew = "renew it in the node's System, Certificates in Proxmox VE; where the configuration names a fingerprint, set " +
	"that of the new one"

// urlCheck is what a check finds of one URL.
type urlCheck struct {
	entry *entry
	asked bool
	seen  peer.Sighting
	err   error // why it is of no use
}

// watched makes requests note what they see of the server.
func (u *urlCheck) watched(ctx context.Context) context.Context {
	return context.WithValue(ctx, sightingKey{}, &u.seen)
}

// findings tells of the URL. One that does not answer costs the run only if no other does; one of another cluster may cost
// its guests.
func (u *urlCheck) findings(ctx context.Context, c *check) []sync.Finding {
	switch {
	case !u.asked:
		return nil // an earlier one said that the credential is not accepted
	case u.err == nil:
		text := "answers; " + u.seen.Describe(c.gateway.transport.pinned())
		return append([]sync.Finding{{Severity: sync.Good, Subject: u.entry.address, Text: text}}, u.seen.Warnings(u.entry.address, renew)...)
	}
	f := c.failed(ctx, u.entry.address, u.err)
	if unanswered(u.err) && c.first != nil {
		f.Severity = sync.Warning
	}
	return []sync.Finding{f}
}
