package proxmoxsrc

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
)

// Cause tells refusals of Proxmox VE apart.
type Cause string

// The causes. The zero value is none of those below.
const (
	CauseOther          Cause = ""
	CauseCredentials    Cause = "credentials"     // 401: token, ticket or password are not accepted
	CausePrivilege      Cause = "privilege"       // 403: a privilege is missing
	CauseNodeDown       Cause = "node down"       // 595: the node is not reachable from the one that was asked
	CauseNodeHung       Cause = "node hung"       // 596, 597, 599: the node took the request and did not answer it
	CauseNodeUnknown    Cause = "node unknown"    // 500: there is no node of that name
	CauseCertificate    Cause = "certificate"     // 596: the nodes do not accept each other's certificates
	CauseNotImplemented Cause = "not implemented" // 501: this release has no such call
	CauseNoGuest        Cause = "no guest"        // 500: the node has no such guest (any more)
	CauseProxy          Cause = "proxy"           // not Proxmox VE itself has answered
)

// StatusError is an answer with a status of 400 or more.
type StatusError struct {
	Method string
	Path   string // below /api2/json
	Code   int
	// Reason is the text of the status line, where Proxmox VE says what is wrong.
	Reason string
	// Message is the text in the body, where there is one; from Proxmox VE 8.4 on there usually is.
	Message string
	// Parameters says what is wrong with which parameter, of a 400.
	Parameters map[string]string
	// Address is the host and port that were asked.
	Address string
	// Credential is the name of the token or user; the secret is not in it.
	Credential string

	foreign bool // the body is not JSON
}

// Cause tells what is behind the refusal.
func (e *StatusError) Cause() Cause {
	switch {
	case e.Code == 595:
		return CauseNodeDown
	case e.Code == 596 && strings.Contains(e.Reason, "certificate"):
		return CauseCertificate
	case e.Code == 596, e.Code == 597, e.Code == 599:
		return CauseNodeHung
	case e.foreign:
		return CauseProxy
	case e.Code == http.StatusUnauthorized:
		return CauseCredentials
	case e.Code == http.StatusForbidden:
		return CausePrivilege
	case e.Code == http.StatusNotImplemented:
		return CauseNotImplemented
	case strings.Contains(e.text(), "Configuration file '") && strings.Contains(e.text(), "does not exist"):
		return CauseNoGuest
	case strings.Contains(e.text(), "hostname lookup '"):
		return CauseNodeUnknown
	}
	return CauseOther
}

// Missing returns the privilege that a 403 complains of, and the access path where it is missing. Of several that would
// do, it is the weakest, which Proxmox VE names first.
func (e *StatusError) Missing() (privilege, path string, ok bool) {
	_, rest, found := strings.Cut(e.text(), "Permission check failed (")
	rest, _, closed := strings.Cut(rest, ")")
	path, privilege, named := strings.Cut(rest, ", ")
	privilege, _, _ = strings.Cut(privilege, "|")
	return privilege, path, found && closed && named
}

// Error says what was refused, why, and what to do.
func (e *StatusError) Error() string { return sentence(e.explain()) }

func (e *StatusError) explain() (problem, remedy string) {
	switch e.Cause() {
	case CauseCredentials:
		return fmt.Sprintf("Proxmox VE at %s does not accept %s (%s)", e.Address, e.Credential, e.text()),
			"check that it exists, is enabled and not expired (Datacenter, Permissions), and that its secret is right"
	case CausePrivilege:
		if privilege, path, ok := e.Missing(); ok {
			return fmt.Sprintf("%s lacks the privilege %s on %s", e.Credential, privilege, path), grant(e.Credential, privilege)
		}
		return fmt.Sprintf("Proxmox VE does not let %s do %s %s: %s", e.Credential, e.Method, e.Path, e.text()), ""
	case CauseNodeDown:
		return fmt.Sprintf("node %s is not reachable from %s (%s)", e.node(), e.Address, e.text()), "start it or mend its network"
	case CauseNodeHung:
		return fmt.Sprintf("node %s does not answer %s (%s)", e.node(), e.Address, e.text()), "look at pveproxy and pvedaemon there"
	case CauseNodeUnknown:
		return fmt.Sprintf("there is no node %s in the cluster of %s", e.node(), e.Address), "remove what is left of it there"
	case CauseCertificate:
		return fmt.Sprintf("%s does not accept the certificate of node %s (%s)", e.Address, e.node(), e.text()),
			"run pvecm updatecerts there, or name another node's URL"
	case CauseNotImplemented:
		return fmt.Sprintf("Proxmox VE at %s has no %s %s: the release is too old for it", e.Address, e.Method, e.Path), ""
	case CauseProxy:
		return fmt.Sprintf("a proxy before %s answered %d to %s %s: Proxmox VE is down, too slow, or not behind that URL",
			e.Address, e.Code, e.Method, e.Path), ""
	}
	return fmt.Sprintf("Proxmox VE at %s answered %d to %s %s: %s", e.Address, e.Code, e.Method, e.Path, e.text()), ""
}

// text is what Proxmox VE says: all of it stands in the body, its first line in the status line.
func (e *StatusError) text() string {
	said := e.Reason
	if e.Message != "" {
		said = e.Message
	}
	if said == "" {
		said = "no reason given"
	}
	for _, name := range slices.Sorted(maps.Keys(e.Parameters)) {
		said += " " + name + ": " + e.Parameters[name]
	}
	return said
}

// node returns the name of the node in the path.
func (e *StatusError) node() string {
	rest, found := strings.CutPrefix(e.Path, "/nodes/")
	if !found {
		return "at " + e.Address
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// AnswerError is an answer that is not what Proxmox VE sends.
type AnswerError struct {
	Path    string // below /api2/json
	Address string // host and port
	Problem string
}

// Error says what came and what to do.
func (e *AnswerError) Error() string { return sentence(e.explain()) }

func (e *AnswerError) explain() (problem, remedy string) {
	return fmt.Sprintf("the answer of %s to GET %s %s", e.Address, e.Path, e.Problem), "is the URL that of Proxmox VE?"
}

// ConnectionError tells that nothing answers.
type ConnectionError struct {
	Address string // host and port
	Err     error
}

// Error says what failed and what to do.
func (e *ConnectionError) Error() string { return sentence(e.explain()) }

func (e *ConnectionError) explain() (problem, remedy string) {
	var lookup *net.DNSError
	switch {
	case errors.As(e.Err, &lookup):
		return fmt.Sprintf("the name of %s cannot be resolved", e.Address), "check the URL and the name service"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return e.Address + " refuses the connection", "check address and port (8006 by default), and that pveproxy runs"
	case e.Timeout():
		return e.Address + " does not answer in time", "check that the node is up and no firewall is in between"
	}
	return fmt.Sprintf("the connection to %s broke: %v", e.Address, e.Err), ""
}

// Timeout tells whether the time for the answer was up.
func (e *ConnectionError) Timeout() bool {
	var timeout net.Error
	return errors.Is(e.Err, context.DeadlineExceeded) || errors.As(e.Err, &timeout) && timeout.Timeout()
}

// Unwrap returns the error of the network.
func (e *ConnectionError) Unwrap() error { return e.Err }

// CertificateError tells that the server's certificate is not to be trusted.
type CertificateError struct {
	Address string // host and port
	// Got is the SHA-256 fingerprint of the certificate, "AA:BB:…".
	Got string
	// Expected are the fingerprints that were asked for; empty when an authority was to vouch.
	Expected []string
	// Err is what the verification says, nil with Expected.
	Err error
}

// Error says what is wrong and what to do.
func (e *CertificateError) Error() string { return sentence(e.explain()) }

func (e *CertificateError) explain() (problem, remedy string) {
	if len(e.Expected) > 0 {
		return fmt.Sprintf("the certificate of %s has the fingerprint %s, expected is %s", e.Address, e.Got, strings.Join(e.Expected, " or ")),
			"if it was renewed, compare with the node's System, Certificates in Proxmox VE and set the new one"
	}
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(e.Err, &name):
		return fmt.Sprintf("the certificate of %s is for another name (%v)", e.Address, e.Err),
			fmt.Sprintf("use such a name in the URL, or set the fingerprint %s after comparing it with the node's System, "+
				"Certificates in Proxmox VE", e.Got)
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate of %s is not valid today (%v)", e.Address, e.Err),
			"renew it in the node's System, Certificates in Proxmox VE, and compare the clocks"
	}
	return fmt.Sprintf("the certificate of %s is not trusted (%v)", e.Address, e.Err),
		fmt.Sprintf("set the CA file (/etc/pve/pve-root-ca.pem of any node), or the fingerprint %s after comparing it with the "+
			"node's System, Certificates in Proxmox VE, or, for a test, insecure", e.Got)
}

// Unwrap returns what the verification says.
func (e *CertificateError) Unwrap() error { return e.Err }

// UnreachableError tells that none of the source's URLs answers.
type UnreachableError struct {
	Errs []error // one for each URL
}

// Error says of each URL what is wrong.
func (e *UnreachableError) Error() string {
	if len(e.Errs) == 1 {
		return e.Errs[0].Error()
	}
	all := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		all[i] = err.Error()
	}
	return fmt.Sprintf("none of %d URLs answers: %s", len(all), strings.Join(all, "; "))
}

// Unwrap returns the errors of all URLs.
func (e *UnreachableError) Unwrap() []error { return e.Errs }

// PermissionError tells that the credential may log in and sees nothing.
type PermissionError struct {
	Credential string // the name of the token or user
}

// Error says what to grant.
func (e *PermissionError) Error() string { return sentence(e.explain()) }

func (e *PermissionError) explain() (problem, remedy string) {
	return e.Credential + " has no rights at all", grant(e.Credential, "VM.Audit")
}

// explained is an error that tells apart what is wrong and what to do, which may be empty.
type explained interface {
	error
	explain() (problem, remedy string)
}

// sentence says both in one.
func sentence(problem, remedy string) string {
	if remedy == "" {
		return problem
	}
	return problem + ": " + remedy
}

// as finds the error of type E in err.
func as[E error](err error) (E, bool) {
	var e E
	ok := errors.As(err, &e)
	return e, ok
}

// causeOf returns the cause of a refusal, CauseOther for every other error.
func causeOf(err error) Cause {
	if status, ok := as[*StatusError](err); ok {
		return status.Cause()
	}
	return CauseOther
}
