package peer_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/internal/peer"
)

func TestSighting(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		secure, verified, pinned bool
		left                     time.Duration // of the certificate
		ahead                    time.Duration // of the clock
		holds                    []string
		warnings                 []string // their subjects
	}{
		"no TLS":          {holds: []string{"there is no TLS; its clock is that of this machine"}},
		"verified":        {secure: true, verified: true, left: 90 * day, holds: []string{"its certificate E3:B0:C4:42", " ends on "}},
		"pinned":          {secure: true, pinned: true, left: 15 * day, holds: []string{" ends on "}},
		"not checked":     {secure: true, left: 90 * day, holds: []string{", and is not checked; "}},
		"ends soon":       {secure: true, verified: true, left: 13 * day, warnings: []string{"certificate of host"}},
		"has ended":       {secure: true, pinned: true, left: -day, warnings: []string{"certificate of host"}},
		"a little ahead":  {ahead: 20 * time.Second, holds: []string{"s ahead of that of this machine"}},
		"behind":          {ahead: -time.Hour, holds: []string{"behind that of this machine"}, warnings: []string{"clock of host"}},
		"ahead":           {ahead: time.Minute, warnings: []string{"clock of host"}},
		"ahead, and ends": {secure: true, ahead: time.Minute, warnings: []string{"certificate of host", "clock of host"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := &http.Response{Header: http.Header{"Date": {time.Now().Add(tt.ahead).UTC().Format(http.TimeFormat)}}}
			if tt.secure {
				response.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{NotAfter: time.Now().Add(tt.left)}}}
			}
			if tt.verified {
				response.TLS.VerifiedChains = [][]*x509.Certificate{response.TLS.PeerCertificates}
			}
			var seen peer.Sighting
			seen.Take(response)
			text := seen.Describe(tt.pinned)
			for _, part := range tt.holds {
				assert.Contains(t, text, part)
			}
			assert.Equal(t, tt.secure && !tt.verified && !tt.pinned, strings.Contains(text, "not checked"))
			var subjects []string
			for _, f := range seen.Warnings("host", "renew it") {
				subjects = append(subjects, f.Subject)
			}
			assert.Equal(t, tt.warnings, subjects)
		})
	}
}
