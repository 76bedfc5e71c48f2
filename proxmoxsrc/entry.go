package proxmoxsrc

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/luthermonson/go-proxmox"
)

// defaultPort is where pveproxy listens.
const defaultPort = "8006"

// entry is one URL of a cluster.
type entry struct {
	address string // host and port
	client  *proxmox.Client
}

func newEntry(base *url.URL, client *http.Client, who credential) *entry {
	options := []proxmox.Option{proxmox.WithHTTPClient(client), proxmox.WithUserAgent("proxbox")}
	if who.token {
		options = append(options, proxmox.WithAPIToken(who.id, who.secret))
	} else {
		options = append(options, proxmox.WithRequestInterceptor(addTicket))
	}
	return &entry{base.Host, proxmox.NewClient(base.String(), options...)}
}

// parseURLs returns the base URLs of the API, each once.
func parseURLs(urls []string) ([]*url.URL, error) {
	if len(urls) == 0 {
		return nil, &OptionError{"urls", errors.New("no URL is given: write https://host or https://host:8006")}
	}
	var bases []*url.URL
	var problems []error
	for i, s := range urls {
		base, err := parseURL(s)
		if err != nil {
			problems = append(problems, &OptionError{fmt.Sprintf("urls[%d]", i), err})
			continue
		}
		if !slices.ContainsFunc(bases, func(b *url.URL) bool { return *b == *base }) {
			bases = append(bases, base)
		}
	}
	return bases, errors.Join(problems...)
}

// parseURL returns the base URL of the API. An error does not repeat the text: there may be a secret in it.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err == nil && u.User != nil {
		return nil, errors.New("it holds a user: give the credential in an option of its own")
	}
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("it is no URL of Proxmox VE: write https://host or https://host:8006")
	}
	host := u.Host
	if u.Port() == "" && u.Scheme == "https" {
		host = net.JoinHostPort(u.Hostname(), defaultPort)
	}
	path := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), basePath) + basePath
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(host), Path: path}, nil
}
