// Package peer looks at the servers that answer our requests: at their certificates and their clocks.
package peer

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

const (
	// certificateTime is how long before its end a certificate is warned about.
	certificateTime = 14 * 24 * time.Hour
	// clockTolerance is how far two clocks may be apart.
	clockTolerance = 30 * time.Second
)

// Sighting is what the answers of a server show of it, whatever they say. The zero value has seen nothing.
type Sighting struct {
	certificate *x509.Certificate // nil without TLS
	verified    bool              // an authority vouches for it
	// ahead is by how much the clock is ahead of ours, to the second.
	ahead time.Duration
}

// Take looks at an answer that has just come.
func (s *Sighting) Take(response *http.Response) {
	if state := response.TLS; state != nil && len(state.PeerCertificates) > 0 {
		s.certificate, s.verified = state.PeerCertificates[0], len(state.VerifiedChains) > 0
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		s.ahead = time.Until(date).Round(time.Second)
	}
}

// Describe tells of the certificate and the clock. Pinned says that the certificate was compared with a fingerprint.
func (s *Sighting) Describe(pinned bool) string {
	clock := "its clock is that of this machine"
	if s.ahead.Abs() > time.Second { // an answer tells whole seconds
		clock = "its clock is " + s.skew()
	}
	if s.certificate == nil {
		return "there is no TLS; " + clock
	}
	unchecked := ""
	if !s.verified && !pinned {
		unchecked = ", and is not checked"
	}
	return fmt.Sprintf("its certificate %s ends on %s%s; %s", Fingerprint(s.certificate), s.end(), unchecked, clock)
}

// Warnings tells what is about to go wrong with the server of that address. Renew says how its certificate is renewed.
func (s *Sighting) Warnings(address, renew string) []sync.Finding {
	var findings []sync.Finding
	if s.certificate != nil && time.Until(s.certificate.NotAfter) < certificateTime {
		findings = append(findings, sync.Finding{
			Severity: sync.Warning, Subject: "certificate of " + address, Text: "ends on " + s.end(), Fix: renew,
		})
	}
	if s.ahead.Abs() > clockTolerance {
		findings = append(findings, sync.Finding{
			Severity: sync.Warning, Subject: "clock of " + address, Text: "is " + s.skew() + ": what either logs is hard to compare",
			Fix: "have both set by NTP: timedatectl tells on either machine",
		})
	}
	return findings
}

func (s *Sighting) end() string { return s.certificate.NotAfter.UTC().Format(time.DateOnly) }

// skew says how far the clock is from ours.
func (s *Sighting) skew() string {
	word := "ahead of"
	if s.ahead < 0 {
		word = "behind"
	}
	return fmt.Sprintf("%v %s that of this machine", s.ahead.Abs(), word)
}
