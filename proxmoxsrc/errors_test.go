package proxmoxsrc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStatusError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err     StatusError
		cause   Cause
		message string
	}{
		{StatusError{Code: 401, Reason: "No ticket"}, CauseCredentials, "Proxmox VE at a1:8006 does not accept token x@pve!t (No ticket)"},
		{
			StatusError{Code: 403, Reason: "Permission check failed (/vms/101, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)"},
			CausePrivilege,
			"token x@pve!t lacks the privilege VM.GuestAgent.Audit on /vms/101: run pveum acl modify / --tokens 'x@pve!t' --roles PVEAuditor",
		},
		{StatusError{Code: 403, Reason: "no"}, CausePrivilege, "Proxmox VE does not let token x@pve!t do GET /nodes/b1/status: no"},
		{StatusError{Code: 595, Reason: "No route to host"}, CauseNodeDown, "node b1 is not reachable from a1:8006 (No route to host)"},
		{StatusError{Code: 596, Reason: "Broken pipe"}, CauseNodeHung, "node b1 does not answer a1:8006 (Broken pipe)"},
		{StatusError{Code: 599, Reason: "Too many redirections", foreign: true}, CauseNodeHung, "node b1 does not answer a1:8006"},
		{StatusError{Code: 596, Reason: "tls: certificate verify failed"}, CauseCertificate, "a1:8006 does not accept the certificate of node b1"},
		{StatusError{Code: 501, Reason: "Method 'GET /x' not implemented"}, CauseNotImplemented, "Proxmox VE at a1:8006 has no GET /nodes/b1/status"},
		{StatusError{Code: 502, foreign: true}, CauseProxy, "a proxy before a1:8006 answered 502"},
		{StatusError{Code: 401, foreign: true}, CauseProxy, "a proxy before a1:8006 answered 401"},
		{StatusError{Code: 500, Reason: "Configuration file 'nodes/b1/lxc/1.conf' does not exist"}, CauseNoGuest, "Proxmox VE at a1:8006 answered 500"},
		{StatusError{Code: 500, Reason: "hostname lookup 'b1' failed - failed"}, CauseNodeUnknown, "there is no node b1 in the cluster of a1:8006"},
		{
			StatusError{Code: 400, Message: "Parameter verification failed.", Parameters: map[string]string{"b": "2", "a": "1"}},
			CauseOther,
			"Proxmox VE at a1:8006 answered 400 to GET /nodes/b1/status: Parameter verification failed. a: 1 b: 2",
		},
		{StatusError{Code: 500}, CauseOther, "answered 500 to GET /nodes/b1/status: no reason given"},
	} {
		tt.err.Method, tt.err.Path, tt.err.Address, tt.err.Credential = "GET", "/nodes/b1/status", "a1:8006", "token x@pve!t"
		assert.Equal(t, tt.cause, tt.err.Cause(), tt.message)
		assert.Contains(t, tt.err.Error(), tt.message)
	}
	assert.Equal(t, CauseOther, causeOf(errors.New("x")))
	assert.Contains(t, (&StatusError{Code: 596, Path: "/cluster/status", Address: "a1:8006"}).Error(), "node at a1:8006 does not answer")
}

func TestGrant(t *testing.T) {
	t.Parallel()
	assert.Contains(t, grant("user root@pam", "VM.Audit"), "pveum acl modify / --users 'root@pam' --roles PVEAuditor")
	assert.Contains(t, grant("token root@pam!x", "VM.Monitor"), "pveum acl modify / --tokens 'root@pam!x' --roles PVEAuditor,ProxboxAgent")
}

func TestCertificateError(t *testing.T) {
	t.Parallel()
	wrong := &CertificateError{Address: "a1:8006", Got: "AA", Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a1"}}
	assert.Contains(t, wrong.Error(), "is for another name")
	old := &CertificateError{Address: "a1:8006", Got: "AA", Err: x509.CertificateInvalidError{Reason: x509.Expired}}
	assert.Contains(t, old.Error(), "is not valid today")
	require.ErrorAs(t, fmt.Errorf("x: %w", old), new(x509.CertificateInvalidError))
}

func TestConnectionError(t *testing.T) {
	t.Parallel()
	for _, err := range []error{context.DeadlineExceeded, os.ErrDeadlineExceeded} {
		assert.True(t, (&ConnectionError{"a1:8006", err}).Timeout())
	}
	plain := connectionError("a1:8006", tls.RecordHeaderError{Msg: "no TLS"})
	assert.Equal(t, "the connection to a1:8006 broke: tls: no TLS", plain.Error())
	both := &UnreachableError{Errs: []error{plain, io.EOF}}
	assert.Equal(t, "none of 2 URLs answers: the connection to a1:8006 broke: tls: no TLS; EOF", both.Error())
	require.ErrorIs(t, both, io.EOF)
}

func TestLimited(t *testing.T) {
	t.Parallel()
	read := func(left int64) error {
		_, err := io.ReadAll(&limited{io.NopCloser(strings.NewReader("12345")), left})
		return err
	}
	require.NoError(t, read(5))
	require.ErrorContains(t, read(4), "larger than 64 MiB")
}
