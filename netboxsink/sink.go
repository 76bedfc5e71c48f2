package netboxsink

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/netbox-community/go-netbox/v4"

	"github.com/proxbox-go/proxbox/internal/places"
)

// Sink is a NetBox. It is safe for concurrent use.
type Sink struct {
	client  *client
	pace    *pace
	rules   *rules
	release atomic.Pointer[release] // of the NetBox, once it has answered

	mu   stdsync.Mutex
	kept map[string]kept    // by the sources that it is for
	runs map[string]running // by their ids
}

// Options tunes a sink. The zero value is good.
type Options struct {
	// CAFile is a file of PEM certificates to trust besides those of the system.
	CAFile string
	// Insecure takes any certificate.
	Insecure bool
	// Timeout bounds each request. By default two minutes: NetBox writes some 20 objects a second and worker.
	Timeout time.Duration
	// Readers is how many reads may be under way at once. By default 2: those that meet in one of NetBox's workers, which are
	// Python, take turns, and take longer together than one after the other.
	Readers int
	// Writers is how many writes may be under way at once. By default 4. Whatever it is, there are at most as many as the
	// engine's Flight.
	//
	// Unless FixedPace is set, writes follow NetBox's answers between bounds. At first 2 are under way at once. There is one
	// more, up to Writers, as long as objects take no more than a fifth longer than they took at best, and one less, down to
	// 2, when they take a third longer: then writes wait for each other, and fewer do as much. After a 429, a 502, 503 or
	// 504, a deadlock or a lost answer there are half as many, down to 1. One carries from 100 objects of a kind down to 10,
	// as many as NetBox is expected to write in 15 seconds, or half of Timeout if that is less; it is fewer only when no
	// more are due. While NetBox asks for a rest (Retry-After, up to a minute), nothing is written.
	Writers int
	// FixedPace keeps Writers under way and 100 objects in each write, whatever NetBox answers: to measure. What NetBox had
	// no time for is still sent again, after the rest that it asks for.
	FixedPace bool
	// Mapping says how an estate becomes NetBox's objects.
	Mapping Mapping
	// HTTPClient sends the requests. By default one is made; CAFile, Insecure and WrapTransport are for that one only.
	HTTPClient *http.Client
	// WrapTransport returns what sends the requests, made of what would send them otherwise: to count or trace them. What
	// it sees of a request has the token. By default nothing is put around.
	WrapTransport func(http.RoundTripper) http.RoundTripper
	// Logger gets each retry and each rejected request, at level debug. By default nothing is logged.
	Logger *slog.Logger
}

// OptionError tells which of the things that a sink is made from is wrong.
type OptionError struct {
	Option string // "url", "token", "ca_file" or "timeout"
	Err    error
}

// Error returns the option and what is wrong with it.
func (e *OptionError) Error() string { return "netboxsink: " + e.Option + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OptionError) Unwrap() error { return e.Err }

// New returns a sink for the NetBox at the URL, for example "https://netbox.example.com" or, below a path,
// "https://example.com/netbox". The token is of version 1 (40 characters) or 2 ("nbt_…"), bare or with its keyword
// ("Token …", "Bearer …"). Nothing is sent yet. What is wrong is one [*OptionError]
// or [*MappingError], or several, joined.
func New(address, token string, o *Options) (*Sink, error) {
	if o == nil {
		o = &Options{}
	}
	base, urlErr := parseURL(address)
	header, tokenErr := authorization(token)
	sender, senderErr := httpClient(o)
	_, timeoutErr := timeoutOf(o)
	_, mappingErr := compile(o.Mapping)
	if err := errors.Join(urlErr, tokenErr, senderErr, timeoutErr, mappingErr); err != nil {
		return nil, err
	}
	configuration := netbox.NewConfiguration()
	configuration.Servers = netbox.ServerConfigurations{{URL: base}}
	configuration.UserAgent = "proxbox"
	configuration.AddDefaultHeader("Authorization", header)
	configuration.HTTPClient = sender
	return NewFromConfiguration(configuration, o)
}

// NewFromConfiguration returns a sink that uses a configuration of go-netbox: its first server's URL, its default
// headers, Authorization among them, its user agent and HTTP client. The configuration must not be changed any more.
func NewFromConfiguration(c *netbox.Configuration, o *Options) (*Sink, error) {
	if o == nil {
		o = &Options{}
	}
	base, err := c.Servers.URL(0, nil)
	if err != nil {
		return nil, fmt.Errorf("netboxsink: the configuration names no server: %w", err)
	}
	timeout, timeoutErr := timeoutOf(o)
	rules, mappingErr := compile(o.Mapping)
	if err := errors.Join(timeoutErr, mappingErr); err != nil {
		return nil, err
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Sink{
		rules: rules, kept: map[string]kept{}, runs: map[string]running{},
		pace: newPace(cmp.Or(max(o.Writers, 0), 4), min(15*time.Second, timeout/2), o.FixedPace),
		client: &client{
			base: strings.TrimSuffix(base, "/"), configuration: c, timeout: timeout, logger: logger,
			readers: places.New(cmp.Or(max(o.Readers, 0), 2)),
		},
	}, nil
}

func timeoutOf(o *Options) (time.Duration, error) {
	if o.Timeout < 0 {
		return 0, &OptionError{"timeout", errors.New("it is negative: give a duration such as 30s, or none for the default")}
	}
	return cmp.Or(o.Timeout, 2*time.Minute), nil
}

// parseURL returns the URL without a slash at its end. An error does not repeat it: there may be a secret in it.
func parseURL(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "":
		return "", &OptionError{"url", errors.New("it is no URL of a NetBox: write it as https://host or http://host:port")}
	case u.User != nil:
		return "", &OptionError{"url", errors.New("it holds a user: give a token instead")}
	}
	return strings.TrimSuffix(u.String(), "/"), nil
}

// authorization returns the value of the header for a token.
func authorization(token string) (string, error) {
	bare := strings.TrimSpace(token)
	if keyword, rest, found := strings.Cut(bare, " "); found && (keyword == "Token" || keyword == "Bearer") {
		bare = strings.TrimSpace(rest)
	}
	switch {
	case bare == "":
		return "", &OptionError{"token", errors.New("it is empty: create one in NetBox under Admin, API Tokens")}
	case strings.ContainsAny(bare, " \t\r\n"):
		return "", &OptionError{"token", errors.New("it holds a blank: give it as NetBox shows it")}
	case strings.HasPrefix(bare, "nbt_"):
		return "Bearer " + bare, nil
	}
	return "Token " + bare, nil
}

func httpClient(o *Options) (*http.Client, error) {
	if o.HTTPClient != nil {
		return o.HTTPClient, nil
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8
	transport.IdleConnTimeout = time.Second // gunicorn's default keep-alive is 2 s
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: o.Insecure}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		var wrapped *fs.PathError
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the path: there may be a secret in its place
		}
		if err != nil {
			return nil, &OptionError{"ca_file", fmt.Errorf("the CA file cannot be read: %w", err)}
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &OptionError{"ca_file", errors.New("the CA file holds no certificate in PEM form")}
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	// Kept connections stick to one of NetBox's workers, and one that the server closes at the wrong moment loses an
	// answer: a bulk write can afford a connection of its own.
	fresh := transport.Clone()
	fresh.DisableKeepAlives = true
	var sender http.RoundTripper = byMethod{reads: transport, writes: fresh}
	if o.WrapTransport != nil {
		sender = o.WrapTransport(sender)
	}
	return &http.Client{
		Transport: sender,
		// A redirect turns a write into a read, and tells that the URL is not quite right.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// byMethod sends reads and writes in different ways.
type byMethod struct{ reads, writes http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b byMethod) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodOptions {
		return b.reads.RoundTrip(r)
	}
	return b.writes.RoundTrip(r)
}
