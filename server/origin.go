package server

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// ownOrigin tells whether a page with the origin comes from where the request goes to.
func ownOrigin(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// foreignPage tells whether a browser says that it asks for the page of somebody else.
func foreignPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	origin := r.Header.Get("Origin")
	return origin != "" && !ownOrigin(r, origin)
}

// listens tells whether a page with the origin may listen at the WebSocket: one of [Options.Origins], or of the NetBox
// that is configured or was pushed. The plugin opens the socket from the page of its NetBox, whatever the port that a
// proxy has there.
func (s *Server) listens(origin string) bool {
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Hostname() == "" {
		return false
	}
	for _, pattern := range s.options.Origins {
		for _, text := range []string{u.Host, u.Hostname(), u.Scheme + "://" + u.Host, u.Scheme + "://" + u.Hostname()} {
			if ok, _ := path.Match(strings.ToLower(pattern), text); ok {
				return true
			}
		}
	}
	return slices.Contains(s.netBoxHosts(), u.Hostname())
}

// netBoxHosts returns the hosts that NetBox is known by, in small letters. Some may be empty.
func (s *Server) netBoxHosts() []string {
	var hosts []string
	if located, ok := s.backend.(NetBoxLocator); ok {
		if u, err := url.Parse(located.NetBoxURL()); err == nil {
			hosts = append(hosts, strings.ToLower(u.Hostname()))
		}
	}
	if box := s.rows.snapshot().NetBox; box != nil {
		address, _, _ := strings.Cut(box.IPAddress, "/")
		hosts = append(hosts, strings.ToLower(box.Domain), strings.ToLower(address))
	}
	return hosts
}
