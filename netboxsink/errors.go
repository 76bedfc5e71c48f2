package netboxsink

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// StatusError is an answer that refuses a request.
type StatusError struct {
	Method, Path string
	Code         int
	Address      string        // of the NetBox
	Body         []byte        // as NetBox sent it
	JSON         bool          // NetBox itself spoke, not a proxy before it
	RetryAfter   time.Duration // 0 if NetBox does not say
	Location     string        // of a redirect
}

// Error says what was refused, why, and what to do.
func (e *StatusError) Error() string { return sentence(e.explain()) }

func (e *StatusError) explain() (problem, remedy string) {
	request := e.Method + " " + e.Path
	switch {
	case e.lacksPermission():
		remedy = "grant it in NetBox (Admin, Permissions)"
		if e.Method != http.MethodGet {
			remedy += ", and let the token write"
		}
		return fmt.Sprintf("NetBox refuses %s: the token's user may not %s", request, permission(e.Method, e.Path)), remedy
	case e.refusesToken():
		return fmt.Sprintf("NetBox at %s does not accept the token (%s)", e.Address, e.detail()), "check it in NetBox (Admin, API Tokens)"
	case e.Code >= 300 && e.Code < 400:
		return fmt.Sprintf("NetBox at %s redirects to %s", e.Address, e.Location), "set the URL to that"
	case e.Code == http.StatusNotFound && !e.JSON:
		return e.Address + e.Path + " does not exist", "is the URL that of NetBox?"
	case e.gateway():
		return fmt.Sprintf("the proxy before NetBox at %s answered %d to %s: NetBox is down or too slow", e.Address, e.Code, request), ""
	}
	return fmt.Sprintf("NetBox answered %d to %s: %s", e.Code, request, e.detail()), ""
}

// Is makes a refused token and a wrong address end the run.
func (e *StatusError) Is(target error) bool {
	if target != sync.ErrUnavailable {
		return false
	}
	return e.refusesToken() || e.Code >= 300 && e.Code < 400 || e.Code == http.StatusNotFound && !e.JSON
}

// lacksPermission tells whether the token is good, but its user may not do that.
func (e *StatusError) lacksPermission() bool {
	return e.Code == http.StatusForbidden && strings.Contains(e.detail(), "permission")
}

// refusesToken tells whether the token itself is not accepted.
func (e *StatusError) refusesToken() bool {
	return e.Code == http.StatusForbidden && !e.lacksPermission() || e.Code == http.StatusUnauthorized
}

// gateway tells whether a proxy answered in NetBox's place: the request may have been carried out.
func (e *StatusError) gateway() bool {
	return e.Code == http.StatusBadGateway || e.Code == http.StatusServiceUnavailable || e.Code == http.StatusGatewayTimeout ||
		e.Code >= 500 && !e.JSON
}

// deadlock tells whether the database gave this request up for another: it was rolled back.
func (e *StatusError) deadlock() bool {
	return e.Code == http.StatusInternalServerError && e.JSON && strings.Contains(string(e.Body), "OperationalError")
}

// detail returns what NetBox said, on one line of bounded length.
func (e *StatusError) detail() string {
	if !e.JSON {
		return http.StatusText(e.Code)
	}
	return describe(e.Body)
}

// permission names what the method does to the objects at the path, as NetBox's permissions call it.
func permission(method, path string) string {
	action := map[string]string{
		http.MethodGet: "view", http.MethodPost: "add", http.MethodPatch: "change", http.MethodDelete: "delete",
	}[method]
	for kind, table := range tables {
		if strings.HasPrefix(path, table.path) {
			return action + " " + strings.ReplaceAll(strings.TrimPrefix(string(kind), "node-"), "-", " ") + " objects (" + table.model + ")"
		}
	}
	return action + " " + path
}

// LostError tells that a request got no answer.
type LostError struct {
	Method, Path string
	Address      string
	Timeout      time.Duration
	// Unsent says that the request did not reach NetBox.
	Unsent bool
	// Certificate says that NetBox's certificate was not accepted.
	Certificate bool
	Err         error
}

// Error says what happened and what to do.
func (e *LostError) Error() string { return sentence(e.explain()) }

func (e *LostError) explain() (problem, remedy string) {
	var record tls.RecordHeaderError
	switch {
	case errors.As(e.Err, &record), errors.Is(e.Err, http.ErrSchemeMismatch):
		return fmt.Sprintf("NetBox at %s does not speak TLS", e.Address), "if it is to be so, write its URL with http://"
	case e.Certificate:
		return fmt.Sprintf("the certificate of NetBox at %s is not trusted (%s)", e.Address, e.reason()), "set ca_file to its CA, or, for a test, insecure"
	case e.Unsent:
		return fmt.Sprintf("NetBox at %s cannot be reached (%s)", e.Address, e.reason()), "is it running, and is the URL right?"
	case e.timedOut():
		return fmt.Sprintf("NetBox at %s did not answer %s %s within %v", e.Address, e.Method, e.Path, e.Timeout), ""
	}
	return fmt.Sprintf("the connection to NetBox at %s broke during %s %s (%s)", e.Address, e.Method, e.Path, e.reason()), ""
}

// timedOut tells whether nothing came for too long.
func (e *LostError) timedOut() bool {
	var timeout interface{ Timeout() bool }
	return errors.As(e.Err, &timeout) && timeout.Timeout()
}

// reason returns the innermost of the errors that the network stack wraps in one another.
func (e *LostError) reason() string {
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	var number syscall.Errno
	switch {
	case errors.As(e.Err, &lookup):
		return "its name cannot be resolved"
	case errors.As(e.Err, &certificate):
		return certificate.Err.Error()
	case errors.As(e.Err, &number):
		return number.Error()
	case errors.Is(e.Err, io.EOF), errors.Is(e.Err, io.ErrUnexpectedEOF):
		return "it was closed"
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Err }

// Is makes a NetBox that cannot be reached end the run.
func (e *LostError) Is(target error) bool { return target == sync.ErrUnavailable && e.Unsent }

// oddAnswerError tells that a write was answered well, but not in the form in which NetBox does that.
type oddAnswerError struct{ method, path string }

func (e *oddAnswerError) Error() string {
	return fmt.Sprintf("NetBox's answer to %s %s tells nothing of what was written: is a proxy in between?", e.method, e.path)
}

// unheard tells whether NetBox may have done what it was asked for, though it was not heard to say so.
func unheard(err error) bool {
	var odd *oddAnswerError
	var lost *LostError
	var status *StatusError
	return errors.As(err, &odd) || errors.As(err, &lost) && !lost.Unsent || errors.As(err, &status) && status.gateway()
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

// describe returns the messages of an error body on one line: "name: must be unique; status: is not a valid choice".
func describe(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return "an answer that is no JSON"
	}
	return shorten(strings.Join(strings.Fields(flatten("", v)), " "), 300)
}

func flatten(name string, v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			label := key
			if key == "__all__" || key == "non_field_errors" || key == "detail" || key == "error" {
				label = ""
			}
			if key == "netbox_version" || key == "python_version" {
				continue
			}
			if s := flatten(label, v[key]); s != "" {
				parts = append(parts, s)
			}
		}
		return prefixed(name, strings.Join(parts, "; "))
	case []any:
		var parts []string
		for _, item := range v {
			if s := flatten("", item); s != "" {
				parts = append(parts, s)
			}
		}
		return prefixed(name, strings.Join(parts, " "))
	case string:
		return prefixed(name, v)
	case float64:
		return prefixed(name, strconv.FormatFloat(v, 'f', -1, 64))
	}
	return ""
}

func prefixed(name, text string) string {
	if name == "" || text == "" {
		return text
	}
	return name + ": " + text
}

// shorten cuts a text to so many characters.
func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// RejectedError tells that NetBox refused one object of a write, and why.
type RejectedError struct {
	Code   int
	Reason string // NetBox's own words
}

// Error returns NetBox's reason.
func (e *RejectedError) Error() string { return "NetBox rejects it: " + e.Reason }

// FieldError tells that an object was not sent, because NetBox's API has no such value for one of its fields.
type FieldError struct {
	Model string // NetBox's name for the kind of object
	Field string // empty when it is the object as a whole
	Value string // as JSON, cut
	Err   error  // what go-netbox makes of it
}

// Error names the field and the value.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("NetBox takes no such %s, it was not sent: %v", e.Model, e.Err)
	}
	return fmt.Sprintf("NetBox takes no %s in the field %s of a %s: it was not sent", e.Value, e.Field, e.Model)
}

// Unwrap returns what go-netbox says.
func (e *FieldError) Unwrap() error { return e.Err }
