// Package backend is what a proxbox server serves: Proxmox VE clusters kept in a NetBox.
//
// It joins [proxmoxsrc] and [netboxsink] to one [sync.Engine], from a [Config] that says where they are. A program that
// brings ends of its own needs sync alone.
package backend

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/sync"
)

// Config says where NetBox and the clusters are. The tags are those of the configuration file.
type Config struct {
	NetBox  NetBox    `yaml:"netbox"`
	Proxmox []Proxmox `yaml:"proxmox"`
}

// NetBox says where NetBox is.
type NetBox struct {
	URL      string `yaml:"url"`
	Token    string `yaml:"token"`
	CAFile   string `yaml:"ca_file"`
	Insecure bool   `yaml:"insecure"`
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
	// CAFile, Fingerprint (SHA-256 of the node's certificate; of several nodes separated by commas) or Insecure say what
	// certificate is good, if it is not signed by a CA that the system knows.
	CAFile      string `yaml:"ca_file"`
	Fingerprint string `yaml:"fingerprint"`
	Insecure    bool   `yaml:"insecure"`
}

// Options tunes a backend. The zero value is good.
type Options struct {
	// Sync tunes the engine.
	Sync sync.Options
	// Logger is handed to the engine and to both ends. By default nothing is logged.
	Logger *slog.Logger
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
	var problems []error
	wrong := func(path string, err error) { problems = append(problems, &ConfigError{Path: path, Err: err}) }
	sink, err := netboxsink.New(c.NetBox.URL, c.NetBox.Token, &netboxsink.Options{
		CAFile: c.NetBox.CAFile, Insecure: c.NetBox.Insecure, Logger: o.Logger,
	})
	if err != nil {
		var option *netboxsink.OptionError
		if errors.As(err, &option) {
			wrong("$.netbox."+option.Option, option.Err)
		} else {
			wrong("$.netbox", err)
		}
	}
	if len(c.Proxmox) == 0 {
		wrong("$.proxmox", errors.New("no cluster is named: add one with name, urls and token"))
	}
	sources := make([]sync.Source, 0, len(c.Proxmox))
	names := map[string]bool{}
	for i, p := range c.Proxmox {
		path := fmt.Sprintf("$.proxmox[%d]", i)
		source, err := proxmoxsrc.New(p.Name, p.URLs, &proxmoxsrc.Options{
			Token: p.Token, Username: p.Username, Password: p.Password,
			CAFile: p.CAFile, Fingerprints: fingerprints(p.Fingerprint), Insecure: p.Insecure, Logger: o.Logger,
		})
		switch {
		case err != nil:
			wrong(path, err)
		case names[p.Name]:
			wrong(path+".name", fmt.Errorf("another cluster is called %q too", p.Name))
		default:
			sources = append(sources, source)
		}
		names[p.Name] = true
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	options := o.Sync
	options.Logger = cmp.Or(options.Logger, o.Logger)
	return sync.New(sink, sources, &options)
}

// fingerprints returns the fingerprints of a list separated by commas.
func fingerprints(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
