package proxmoxsrc

import (
	"crypto/x509"
	"net/http"
	"time"
)

// sightingKey finds the sighting in the context of a request.
type sightingKey struct{}

// sighting is what the answers to requests show of the server, whatever they say.
type sighting struct {
	certificate *x509.Certificate // nil without TLS
	// ahead is by how much its clock is ahead of ours, to the second.
	ahead time.Duration
}

// take looks at an answer that has just come.
func (s *sighting) take(response *http.Response) {
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		s.certificate = response.TLS.PeerCertificates[0]
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		s.ahead = date.Sub(time.Now()).Round(time.Second)
	}
}
