package proxmoxsrc

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/internal/peer"
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
		return nil, &OptionError{"insecure", errors.New("insecure takes any certificate: give neither a CA nor a fingerprint with it")}
	case authority && len(pins) > 0:
		return nil, &OptionError{"fingerprint", errors.New("both a CA and a fingerprint are given: give one of them")}
	case o.Insecure:
		config.InsecureSkipVerify = true
	case len(pins) > 0:
		config.InsecureSkipVerify = true // the pin takes the place of the chain
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if got := peer.Fingerprint(state.PeerCertificates[0]); !slices.Contains(pins, got) {
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
		return nil, &OptionError{"ca", errors.New("it holds no certificate in PEM form")}
	}
	if o.CAFile == "" {
		return pool, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if wrapped, ok := as[*fs.PathError](err); ok {
		err = wrapped.Err // without the path: there may be a secret in its place
	}
	if err != nil {
		return nil, &OptionError{"ca_file", fmt.Errorf("the CA file cannot be read: %w", err)}
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &OptionError{"ca_file", errors.New("the CA file holds no certificate in PEM form")}
	}
	return pool, nil
}

// parseFingerprints returns them as [peer.Fingerprint] does.
func parseFingerprints(list []string) ([]string, error) {
	var out []string
	for _, s := range list {
		raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(s), ":", ""))
		if err != nil || len(raw) != sha256.Size {
			return nil, &OptionError{"fingerprint", errors.New("it is no SHA-256 fingerprint: write 32 bytes as AA:BB:…, as Proxmox VE shows them")}
		}
		out = append(out, peer.Colons(raw))
	}
	return out, nil
}
