// Package backend is what a proxbox server serves: Proxmox VE clusters kept in a NetBox.
//
// It joins [proxmoxsrc] and [netboxsink]: [New] to one [sync.Engine] between what a [Config] names, [Serve] to a
// [server.Backend], whose ends are those of the Config and those that the plugin pushes. A program that brings ends of
// its own needs sync alone.
package backend

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/sync"
)

// Config says where NetBox and the clusters are. The tags are those of the configuration file. A file in it whose path is
// relative is looked for in the working directory.
type Config struct {
	NetBox  NetBox    `yaml:"netbox"`
	Proxmox []Proxmox `yaml:"proxmox"`
	// Mapping says how the clusters become NetBox's objects.
	netboxsink.Mapping `yaml:",inline"`
}

// NetBox says where NetBox is.
type NetBox struct {
	// URL is "https://netbox.example.com", or "http://…"; NetBox may be below a path.
	URL string `yaml:"url"`
	// Token is an API token of version 1 or 2.
	Token string `yaml:"token"`
	// CAFile (PEM) or Insecure say what certificate is good, if it is not signed by a CA that the system knows.
	CAFile   string `yaml:"ca_file"`
	Insecure bool   `yaml:"insecure"`
	// Timeout bounds each request, [netboxsink.Options.Timeout]. By default two minutes.
	Timeout time.Duration `yaml:"timeout"`
}

// Proxmox says where a cluster, or a standalone node, is.
type Proxmox struct {
	// Name is the source's name: identity, which never changes. What was written under one name is never touched under
	// another.
	Name string `yaml:"name"`
	// URLs are those of the cluster's nodes: the first that answers is asked.
	URLs []string `yaml:"urls"`
	// Token is "user@realm!id=secret". Instead of it, Username ("user@realm") and Password.
	Token    string `yaml:"token"`
	Username string `yaml:"username"`
	Password string `yaml:"password"`
	// CAFile (PEM), Fingerprint (SHA-256 of the node's certificate; of several nodes separated by commas) or Insecure say what
	// certificate is good, if it is not signed by a CA that the system knows.
	CAFile      string `yaml:"ca_file"`
	Fingerprint string `yaml:"fingerprint"`
	Insecure    bool   `yaml:"insecure"`
	// NoSystemInfo does not ask guest agents for their operating system: one request less for each guest with an agent.
	NoSystemInfo bool `yaml:"no_system_info"`
	// ConfigAge bounds the age of what an incremental run takes from earlier ones, [proxmoxsrc.Options.ConfigAge]. By
	// default an hour.
	ConfigAge time.Duration `yaml:"config_age"`
	// AddressAge bounds that of addresses and operating systems, [proxmoxsrc.Options.AddressAge]. By default 15 minutes.
	AddressAge time.Duration `yaml:"address_age"`
}

// Options tunes a backend. The zero value is good.
type Options struct {
	// Sync tunes the engine.
	Sync sync.Options
	// WrapTransport returns what sends the requests to the cluster of a source, or with an empty name to a NetBox, made of
	// what would send them otherwise: to count or trace them. What it sees of a request has the credential. By default
	// nothing is put around.
	WrapTransport func(source string, next http.RoundTripper) http.RoundTripper
	// Logger is handed to the engine and to both ends. By default nothing is logged.
	Logger *slog.Logger
}

// wrap returns the WrapTransport of one end, nil for none.
func (o *Options) wrap(source string) func(http.RoundTripper) http.RoundTripper {
	if o.WrapTransport == nil {
		return nil
	}
	return func(next http.RoundTripper) http.RoundTripper { return o.WrapTransport(source, next) }
}

// ConfigError tells which entry of a [Config] is wrong.
type ConfigError struct {
	// Path names the entry as a YAML path: "$.proxmox[0].token".
	Path string
	Err  error
}

// Error returns the path and what is wrong.
func (e *ConfigError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *ConfigError) Unwrap() error { return e.Err }

// New returns the engine for a configuration. Nothing is sent yet. What is wrong with the configuration is one or more
// joined [*ConfigError]s.
func New(c Config, o *Options) (*sync.Engine, error) {
	if o == nil {
		o = &Options{}
	}
	sink, configured, err := c.ends(o)
	if err != nil {
		return nil, err
	}
	sources := make([]sync.Source, len(configured))
	for i, source := range configured {
		sources[i] = source
	}
	return newEngine(sink, sources, o)
}

// ends returns the NetBox and the clusters of the configuration, which must name both.
func (c Config) ends(o *Options) (*netboxsink.Sink, []*proxmoxsrc.Source, error) {
	sink, problems := c.sink(o)
	if len(c.Proxmox) == 0 {
		problems = append(problems, &ConfigError{"$.proxmox", errors.New("no cluster is named: add one with name, urls and token")})
	}
	sources, wrong := c.sources(o)
	return sink, sources, errors.Join(append(problems, wrong...)...)
}

// sink returns the NetBox of the configuration.
func (c Config) sink(o *Options) (*netboxsink.Sink, []error) {
	sink, err := newSink(c.NetBox, c.Mapping, o)
	return sink, configErrors("$.netbox", err)
}

// sources returns the clusters of the configuration, in its order.
func (c Config) sources(o *Options) (all []*proxmoxsrc.Source, problems []error) {
	names := map[string]string{} // to the path of the first that has it
	for i, p := range c.Proxmox {
		path := fmt.Sprintf("$.proxmox[%d]", i)
		source, err := newSource(p, o)
		problems = append(problems, configErrors(path, err)...)
		if first, taken := names[p.Name]; taken && p.Name != "" {
			problems = append(problems, &ConfigError{path + ".name", fmt.Errorf("%s has this name too: give each cluster its own", first)})
		} else {
			names[p.Name] = strings.TrimPrefix(path, "$.")
		}
		all = append(all, source)
	}
	return all, problems
}

func newSink(n NetBox, m netboxsink.Mapping, o *Options) (*netboxsink.Sink, error) {
	return netboxsink.New(n.URL, n.Token, &netboxsink.Options{
		Mapping: m, CAFile: n.CAFile, Insecure: n.Insecure, Timeout: n.Timeout, WrapTransport: o.wrap(""), Logger: o.Logger,
		Writers: o.Sync.Flight,
	})
}

func newSource(p Proxmox, o *Options) (*proxmoxsrc.Source, error) {
	return proxmoxsrc.New(p.Name, p.URLs, &proxmoxsrc.Options{
		Token: p.Token, Username: p.Username, Password: p.Password,
		CAFile: p.CAFile, Fingerprints: fingerprints(p.Fingerprint), Insecure: p.Insecure,
		NoSystemInfo: p.NoSystemInfo, ConfigAge: p.ConfigAge, AddressAge: p.AddressAge,
		WrapTransport: o.wrap(p.Name), Logger: o.Logger,
	})
}

func newEngine(sink *netboxsink.Sink, sources []sync.Source, o *Options) (*sync.Engine, error) {
	options := o.Sync
	options.Logger = cmp.Or(options.Logger, o.Logger)
	return sync.New(sink, sources, &options)
}

// configErrors returns the errors of an end's options as those of the entries below path.
func configErrors(path string, err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, configErrors(path, one)...)
		}
		return all
	}
	var ofMapping *netboxsink.MappingError
	var ofNetBox *netboxsink.OptionError
	var ofProxmox *proxmoxsrc.OptionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ofMapping):
		return []error{&ConfigError{"$." + ofMapping.Path, ofMapping.Err}}
	case errors.As(err, &ofNetBox):
		return []error{&ConfigError{path + "." + ofNetBox.Option, ofNetBox.Err}}
	case errors.As(err, &ofProxmox):
		return []error{&ConfigError{path + "." + ofProxmox.Option, ofProxmox.Err}}
	}
	return []error{&ConfigError{path, err}}
}

// fingerprints returns the fingerprints of a list separated by commas.
func fingerprints(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
