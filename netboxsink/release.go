package netboxsink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// release is what differs between the NetBox versions that are served.
type release struct {
	version string // as NetBox tells it
	minor   int    // 4.minor
	// inlineMAC: an interface takes mac_address, makes the MAC object and makes it primary (4.7), so that what is wanted of
	// both is one change. Before, the MAC is a request of its own and the interface points to it in another.
	inlineMAC bool
	// macFirst: an interface that is created with a MAC address which is on none gets it (4.4.2, of which the patch level is
	// not looked at).
	macFirst bool
	// machineTypes: virtual machines have a type (4.6).
	machineTypes bool
	// siteOfDevice: a virtual machine is in the site of its device (4.6).
	siteOfDevice bool
	// startOnBoot: virtual machines say whether they start with their host (4.5).
	startOnBoot bool
}

const (
	oldestMinor = 2
	newestMinor = 7
)

// newRelease is the table of what each version can.
func newRelease(version string, minor int) *release {
	return &release{
		version: version, minor: minor,
		inlineMAC: minor >= 7, macFirst: minor >= 5, machineTypes: minor >= 6, siteOfDevice: minor >= 6, startOnBoot: minor >= 5,
	}
}

// releaseOf returns what is known of a version such as "4.7.3" or "4.2.9-Docker-3.2.1".
func releaseOf(version string) (*release, error) {
	parts := strings.SplitN(version, ".", 3)
	minor := -1
	if len(parts) >= 2 && parts[0] == "4" {
		if n, err := strconv.Atoi(strings.TrimRight(parts[1], "-beta")); err == nil {
			minor = n
		}
	}
	patch := ""
	if len(parts) == 3 {
		patch, _, _ = strings.Cut(parts[2], "-")
	}
	switch {
	case minor < oldestMinor, minor == 2 && (patch == "0" || patch == "1"):
		return nil, fmt.Errorf("NetBox is version %s: proxbox needs 4.2.2 to 4.%d", version, newestMinor)
	}
	return newRelease(version, minor), nil
}

// probe asks NetBox for its version, which also proves that the URL and the token are right.
func (s *Sink) probe(ctx context.Context) error {
	version, err := s.client.version(ctx)
	if err != nil {
		return err
	}
	r, err := releaseOf(version)
	if err != nil {
		return &unusableError{err.Error()}
	}
	if r.minor > newestMinor {
		s.client.logger.WarnContext(ctx, "NetBox is newer than this proxbox knows: what has changed since may fail",
			"version", r.version, "newest", fmt.Sprintf("4.%d", newestMinor))
	}
	s.release.Store(r)
	return nil
}

// version asks NetBox for its version.
func (c *client) version(ctx context.Context) (string, error) {
	raw, err := c.get(ctx, "/api/status/", nil)
	if err != nil {
		return "", err
	}
	return c.parseVersion(raw)
}

// parseVersion returns the version in an answer of GET /api/status/.
func (c *client) parseVersion(raw []byte) (string, error) {
	var status struct {
		Version string `json:"netbox-version"`
	}
	if err := json.Unmarshal(raw, &status); err != nil || status.Version == "" {
		return "", &unusableError{c.base + "/api/status/ does not answer as a NetBox does: is the URL that of NetBox?"}
	}
	return status.Version, nil
}

// unusableError tells what is at the URL instead of a NetBox that is served.
type unusableError struct{ text string }

func (e *unusableError) Error() string { return e.text }

// Is makes it end the run.
func (e *unusableError) Is(target error) bool { return target == sync.ErrUnavailable }

// serves returns what is known of the NetBox; of the newest version as long as it has not been asked.
func (s *Sink) serves() release {
	if r := s.release.Load(); r != nil {
		return *r
	}
	return *newRelease("", newestMinor)
}
