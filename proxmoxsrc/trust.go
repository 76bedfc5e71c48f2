package proxmoxsrc

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// tlsConfig says which servers are trusted.
func tlsConfig(o *Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	pins, err := parseFingerprints(o.Fingerprints)
	if err != nil {
		return nil, err
	}
	authority := o.CAFile != "" || len(o.CA) > 0
	switch {
	case o.Insecure && (authority || len(pins) > 0):
		return nil, errors.New("proxmoxsrc: insecure takes any certificate: give neither a CA nor a fingerprint with it")
	case authority && len(pins) > 0:
		return nil, errors.New("proxmoxsrc: both a CA and a fingerprint are given: give one of them")
	case o.Insecure:
		config.InsecureSkipVerify = true
	case len(pins) > 0:
		config.InsecureSkipVerify = true // the pin takes the place of the chain
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if got := fingerprint(state.PeerCertificates[0]); !slices.Contains(pins, got) {
				return &CertificateError{Got: got, Expected: pins}
			}
			return nil
		}
	case authority:
		config.RootCAs, err = authorities(o)
	}
	return config, err
}

// authorities returns those of the system and those of the options.
func authorities(o *Options) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if len(o.CA) > 0 && !pool.AppendCertsFromPEM(o.CA) {
		return nil, errors.New("proxmoxsrc: the CA holds no certificate in PEM form")
	}
	if o.CAFile == "" {
		return pool, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("proxmoxsrc: the CA file cannot be read: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("proxmoxsrc: the CA file %s holds no certificate in PEM form", o.CAFile)
	}
	return pool, nil
}

// parseFingerprints returns them as [fingerprint] does.
func parseFingerprints(list []string) ([]string, error) {
	var out []string
	for _, s := range list {
		raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(s), ":", ""))
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("proxmoxsrc: %q is no SHA-256 fingerprint: write 32 bytes as AA:BB:…, as Proxmox VE shows them", s)
		}
		out = append(out, colons(raw))
	}
	return out, nil
}

// fingerprint returns the SHA-256 of a certificate, as Proxmox VE shows it.
func fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return colons(sum[:])
}

func colons(raw []byte) string {
	parts := make([]string, len(raw))
	for i, b := range raw {
		parts[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(parts, ":")
}
