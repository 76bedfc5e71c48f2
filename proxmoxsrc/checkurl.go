package proxmoxsrc

import (
	"context"
	"fmt"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

const (
	// certificateTime is how long before its end a certificate is warned about.
	certificateTime = 14 * 24 * time.Hour
	// clockTolerance is how far two clocks may be apart.
	clockTolerance = 30 * time.Second
)

// urlCheck is what a check finds of one URL.
type urlCheck struct {
	entry *entry
	asked bool
	seen  sighting
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
		return append([]sync.Finding{{Severity: sync.Good, Subject: u.entry.address, Text: u.describe(c)}}, u.warnings()...)
	}
	f := c.failed(ctx, u.entry.address, u.err)
	if unanswered(u.err) && c.first != nil {
		f.Severity = sync.Warning
	}
	return []sync.Finding{f}
}

func (u *urlCheck) describe(c *check) string {
	clock := "the clock is that of this machine"
	if u.seen.ahead != 0 {
		clock = "the clock is " + u.seen.skew()
	}
	if u.seen.certificate == nil {
		return "answers, without TLS; " + clock
	}
	unchecked := ""
	if c.gateway.transport.insecure() {
		unchecked = " and is not checked"
	}
	return fmt.Sprintf("answers; the certificate %s ends on %s%s; %s", fingerprint(u.seen.certificate),
		u.seen.certificate.NotAfter.Format(time.DateOnly), unchecked, clock)
}

// warnings tells what is about to go wrong.
func (u *urlCheck) warnings() []sync.Finding {
	var findings []sync.Finding
	if end := u.seen.certificate; end != nil && time.Until(end.NotAfter) < certificateTime {
		findings = append(findings, sync.Finding{
			Severity: sync.Warning, Subject: "certificate of " + u.entry.address,
			Text: fmt.Sprintf("ends on %s", end.NotAfter.Format(time.DateOnly)),
			Fix: "renew it in the node's System, Certificates in Proxmox VE; where the configuration names a fingerprint, " +
				"set that of the new one",
		})
	}
	if u.seen.ahead.Abs() > clockTolerance {
		findings = append(findings, sync.Finding{
			Severity: sync.Warning, Subject: "clock of " + u.entry.address, Text: "is " + u.seen.skew(),
			Fix: "set both by NTP: look at chronyc tracking on the node, and at timedatectl on this machine",
		})
	}
	return findings
}

// skew says how far the clock is from ours.
func (s *sighting) skew() string {
	word := "ahead of"
	if s.ahead < 0 {
		word = "behind"
	}
	return fmt.Sprintf("%v %s that of this machine", s.ahead.Abs(), word)
}
