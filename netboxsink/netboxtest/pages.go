package netboxtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func notFoundPage() *response {
	return &response{status: http.StatusNotFound, html: true, body: []byte("<!doctype html>\n<html lang=\"en\">\n<head>\n" +
		"  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n")}
}

func (s *Server) rootPage(r *http.Request) *response {
	return addresses(r, "/api/", []string{"core", "dcim", "extras", "ipam", "status", "tenancy", "users", "virtualization"})
}

// appPage lists the models of one app, nil if the path is no app.
func (s *Server) appPage(r *http.Request, app string) *response {
	var names []string
	for _, m := range s.schema().models {
		if name, ok := strings.CutPrefix(m.path, app+"/"); ok {
			names = append(names, name)
		}
	}
	if names == nil {
		return nil
	}
	slices.Sort(names)
	return addresses(r, "/api/"+app+"/", names)
}

// addresses tells where each of the names is, below path.
func addresses(r *http.Request, path string, names []string) *response {
	w := &writer{base: base(r)}
	w.raw("{")
	separated(w, names, func(name string) {
		w.text(name)
		w.raw(":")
		w.text(w.base + path + name + "/")
	})
	w.raw("}")
	return &response{body: w.buffer}
}

func (s *Server) statusPage() *response {
	status := map[string]any{
		"django-version": "5.2.1", "netbox-version": s.release().full, "plugins": struct{}{},
		"python-version": "3.12.1", "rq-workers-running": 0,
	}
	if s.release().bareVersion {
		status["netbox-full-version"] = s.release().full
	}
	if s.release().underscoredApps {
		status["hostname"], status["installed_apps"] = "netbox", struct{}{}
	} else {
		status["installed-apps"] = struct{}{}
	}
	b, err := json.Marshal(status)
	if err != nil {
		return s.crash(&crashed{err.Error(), "Exception"})
	}
	return &response{body: b}
}

func (s *Server) userPage(r *http.Request, who *account) *response {
	name := appendString(nil, who.user())
	b := fmt.Appendf(nil, `{"id":1,"url":"%[1]s/api/users/users/1/","display_url":"%[1]s/users/users/1/","display":%[2]s,`+
		`"username":%[2]s,"first_name":"","last_name":"","email":"admin@example.invalid","is_active":true,`+
		`"date_joined":"2026-01-01T00:00:00.000000Z","last_login":null,"groups":[],"permissions":[]}`, base(r), name)
	return &response{body: b}
}
