package proxmoxsrc

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/internal/peer"
)

const (
	basePath = "/api2/json"
	// refusalLimit bounds what is read of the body of a refusal.
	refusalLimit = 64 << 10
	// answerLimit bounds the body of an answer: 100,000 guests are listed in 40 MiB.
	answerLimit = 64 << 20
	// idleTime is how long a connection is kept: pveproxy closes it after 5 s.
	idleTime = 4 * time.Second
	dialTime = 5 * time.Second
)

// transport turns everything but a JSON answer with a good status into a typed error, which passes through go-proxmox
// unharmed. go-proxmox itself tells neither a dead node nor a missing privilege from an empty list.
type transport struct {
	base       *http.Transport
	sender     http.RoundTripper // base, or what was put around it
	credential string            // its name
	secret     string
}

func newTransport(config *tls.Config, who credential, o *Options) *transport {
	t := &transport{
		credential: who.String(), secret: who.secret,
		base: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: dialTime, KeepAlive: 15 * time.Second}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    dialTime,
			MaxIdleConnsPerHost:    o.ClusterReads,
			MaxIdleConns:           o.ClusterReads,
			IdleConnTimeout:        idleTime,
			MaxResponseHeaderBytes: refusalLimit,
		},
	}
	t.sender = t.base
	if o.WrapTransport != nil {
		t.sender = o.WrapTransport(t.base)
	}
	return t
}

// pinned tells whether certificates are compared with fingerprints.
func (t *transport) pinned() bool { return t.base.TLSClientConfig.VerifyConnection != nil }

// sightingKey finds, in the context of a request, who is to see its answer.
type sightingKey struct{}

// RoundTrip implements [http.RoundTripper]. Its errors are those of this package.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.sender.RoundTrip(request)
	if err != nil {
		return nil, connectionError(request.URL.Host, err)
	}
	if seen, ok := request.Context().Value(sightingKey{}).(*peer.Sighting); ok {
		seen.Take(response)
	}
	path := strings.TrimPrefix(request.URL.Path, "/")
	if _, below, ok := strings.Cut(request.URL.Path, basePath); ok {
		path = below
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	foreign := kind != "" && kind != "application/json"
	switch code := response.StatusCode; {
	case code >= 400:
		body := drained(response)
		return nil, t.refusal(request, response, path, body, foreign)
	case code >= 300:
		drained(response)
		return nil, &AnswerError{path, request.URL.Host, "is a redirect to " + location(response)}
	case foreign:
		drained(response)
		return nil, &AnswerError{path, request.URL.Host, "is " + kind + ", not JSON"}
	}
	response.Body = &limited{response.Body, answerLimit}
	return response, nil
}

// refusal builds the error of a status of 400 or more.
func (t *transport) refusal(request *http.Request, response *http.Response, path string, body []byte, foreign bool) *StatusError {
	e := &StatusError{
		Method: request.Method, Path: path, Code: response.StatusCode,
		Address: request.URL.Host, Credential: t.credential,
	}
	_, e.Reason, _ = strings.Cut(response.Status, " ")
	hide := t.hider(request)
	e.Reason = strings.TrimSpace(hide.Replace(e.Reason))
	var said struct {
		Message text
		Errors  map[string]text
	}
	if err := json.Unmarshal(body, &said); err != nil {
		e.foreign = foreign || len(body) > 0
		return e
	}
	e.Message = strings.TrimSpace(hide.Replace(string(said.Message)))
	for name, why := range said.Errors {
		if e.Parameters == nil {
			e.Parameters = map[string]string{}
		}
		e.Parameters[hide.Replace(name)] = hide.Replace(string(why))
	}
	return e
}

// hider returns what takes the request's secrets out of a text: what stands in between may repeat what it was sent.
func (t *transport) hider(request *http.Request) *strings.Replacer {
	var pairs []string
	_, ticket, _ := strings.Cut(request.Header.Get("Cookie"), "=")
	password, _ := request.Context().Value(passwordKey{}).(string)
	for _, secret := range []string{t.secret, ticket, password} {
		quoted, err := json.Marshal(secret)
		if secret == "" || err != nil {
			continue
		}
		for _, form := range []string{secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret)} {
			pairs = append(pairs, form, "(secret)")
		}
	}
	return strings.NewReplacer(pairs...)
}

// location returns where a redirect goes, without what may be secret in it.
func location(response *http.Response) string {
	u, err := response.Location()
	if err != nil {
		return "nowhere"
	}
	return u.Scheme + "://" + u.Host
}

// drained reads and closes the body, so that the connection can be used again where the server lets it.
func drained(response *http.Response) []byte {
	body, _ := io.ReadAll(io.LimitReader(response.Body, refusalLimit)) // what came is good enough to tell
	_ = response.Body.Close()
	return body
}

// connectionError names the address, and tells a bad certificate from a bad connection.
func connectionError(address string, err error) error {
	if pin, ok := as[*CertificateError](err); ok {
		return &CertificateError{Address: address, Got: pin.Got, Expected: pin.Expected}
	}
	if chain, ok := as[*tls.CertificateVerificationError](err); ok && len(chain.UnverifiedCertificates) > 0 {
		return &CertificateError{Address: address, Got: peer.Fingerprint(chain.UnverifiedCertificates[0]), Err: chain.Err}
	}
	return &ConnectionError{address, err}
}

// limited ends a body that is too long with an error.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("the answer is larger than %d MiB", answerLimit>>20)
	}
	return n, err
}
