package proxmoxsrc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

var _ sync.Source = (*Source)(nil)

// Source is one Proxmox VE cluster or standalone node. It is safe for concurrent use.
type Source struct {
	name    string
	gateway *gateway
	options Options

	mu     stdsync.Mutex // guards what follows
	memory *memory       // never nil
}

// Options tunes a source. It needs a credential: either Token, or Username and Password.
type Options struct {
	// Token is an API token, "root@pam!sync=<secret>".
	Token string
	// Username with its realm, "root@pam".
	Username string
	Password string

	// CAFile is a file of PEM certificates to trust besides those of the system: /etc/pve/pve-root-ca.pem of any node.
	CAFile string
	// CA holds such certificates itself.
	CA []byte
	// Fingerprints are the SHA-256 fingerprints of the certificates that are taken, whoever vouches for them; one for
	// each URL. They are written as Proxmox VE shows them, "AA:BB:…".
	Fingerprints []string
	// Insecure takes any certificate.
	Insecure bool

	// NodeReads bounds the reads of configurations and states under way on one node. By default 4.
	NodeReads int
	// NodeProtectedReads bounds the reads of addresses under way on one node; each keeps one of the node's three
	// pvedaemon workers busy, for up to 8 s. By default 2.
	NodeProtectedReads int
	// ClusterReads bounds the requests of a run under way in the whole cluster. By default 32. While all are taken, the next
	// is for the node that has most guests left to read.
	ClusterReads int
	// ClusterTimeout bounds each request that the entry node answers itself. By default 10 s.
	ClusterTimeout time.Duration
	// NodeTimeout bounds each request that may be passed on to another node, which Proxmox VE gives up after some 30 s.
	// By default 35 s.
	NodeTimeout time.Duration

	// ConfigAge bounds the age of what an incremental run takes from earlier ones where nothing tells that it has changed:
	// the configurations of guests, the states and networks of nodes. The package's documentation has a table of what that
	// means for each field of the inventory. By default 1 h.
	ConfigAge time.Duration
	// AddressAge bounds the age of addresses and operating systems in the same way, but for guests whose agent does not
	// answer: those are asked ever more rarely, down to every eighth time. By default 15 min.
	AddressAge time.Duration

	// NoSystemInfo leaves out to ask guest agents for their operating system: one request less for each running virtual
	// machine whose agent answers.
	NoSystemInfo bool

	// WrapTransport returns what sends the requests, made of what would send them otherwise: to count or trace them. What
	// it sees of a request has the credential. By default nothing is put around.
	WrapTransport func(http.RoundTripper) http.RoundTripper
	// Logger gets each change of the URL and each retry. By default nothing is logged.
	Logger *slog.Logger
}

// OptionError tells which of the things that a source is made from is wrong. There is no secret in it, even where a
// token was given in the place of something else.
type OptionError struct {
	// Option is "name", "urls[0]" and so on ("urls" if there is none), "token", "username", "password", "ca", "ca_file",
	// "fingerprint", "insecure", "config_age" or "address_age".
	Option string
	Err    error
}

// Error returns the option and what is wrong with it.
func (e *OptionError) Error() string { return "proxmoxsrc: " + e.Option + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *OptionError) Unwrap() error { return e.Err }

// New returns a source. The name is its identity, see [sync.Source]. The URLs are those of the nodes of one cluster,
// "https://pve1.example.com:8006": the first that answers is used, the others take its place when it is gone. Without a
// port, https means 8006. Nothing is sent yet. What is wrong is one [*OptionError] or several, joined.
func New(name string, urls []string, o *Options) (*Source, error) {
	s := &Source{name: name, memory: &memory{}}
	if o != nil {
		s.options = *o
	}
	agesErr := errors.Join(checkAge("config_age", s.options.ConfigAge), checkAge("address_age", s.options.AddressAge))
	s.options.fill()
	bases, urlsErr := parseURLs(urls)
	who, credentialErr := parseCredential(&s.options)
	config, trustErr := tlsConfig(&s.options)
	if err := errors.Join(checkName(name), urlsErr, credentialErr, trustErr, agesErr); err != nil {
		return nil, err
	}
	s.gateway = newGateway(bases, newTransport(config, who, &s.options), who, &s.options)
	return s, nil
}

func checkName(name string) error {
	if name == "" || strings.Contains(name, "/") {
		return &OptionError{"name", errors.New("the name of a source must not be empty or hold a slash")}
	}
	return nil
}

func checkAge(option string, age time.Duration) error {
	if age < 0 {
		return &OptionError{option, errors.New("it is negative: give a duration such as 30m, or none for the default")}
	}
	return nil
}

func (o *Options) fill() {
	defaultTo(&o.NodeReads, 4)
	defaultTo(&o.NodeProtectedReads, 2)
	defaultTo(&o.ClusterReads, 32)
	defaultTo(&o.ClusterTimeout, 10*time.Second)
	defaultTo(&o.NodeTimeout, 35*time.Second)
	defaultTo(&o.ConfigAge, time.Hour)
	defaultTo(&o.AddressAge, 15*time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func defaultTo[T int | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// Name implements [sync.Source].
func (s *Source) Name() string { return s.name }

// Inventory implements [sync.Source]. The errors are those that the package's documentation names, and so is what an
// incremental scope saves. Whatever the scope, the inventory is the caller's, and later ones know what was read for it.
func (s *Source) Inventory(ctx context.Context, scope sync.Scope) (*inventory.Inventory, error) {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	r := newRun(ctx, s, scope)
	defer r.cancel(nil)
	return r.read()
}

// Version asks for the release of the entry node: a cheap sign of life.
func (s *Source) Version(ctx context.Context) (Version, error) {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	return s.gateway.version(ctx)
}

// ClusterStatus asks for the members of the cluster and whether it has quorum. It needs Sys.Audit on /.
func (s *Source) ClusterStatus(ctx context.Context) (ClusterStatus, error) {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	return s.gateway.clusterStatus(ctx)
}
