package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// missing answers a request that no route has, as the mux does but in JSON: NetBox shows its user the detail of such an
// answer, and of another nothing.
func (s *Server) missing(w http.ResponseWriter, r *http.Request) {
	answer := statusOnly{ResponseWriter: w}
	s.mux.ServeHTTP(&answer, r)
	switch {
	case answer.status == http.StatusMethodNotAllowed:
		s.problem(w, answer.status, fmt.Errorf("%s is none of the methods of this path", r.Method))
	case strings.HasPrefix(r.URL.Path, "/sync/individual/"):
		s.problem(w, answer.status, errors.New("this backend syncs no single object of that kind: sync its virtual machine, all nodes or all virtual machines"))
	default:
		s.problem(w, answer.status, errors.New("this backend has nothing at that path"))
	}
}

// statusOnly keeps the status of an answer back, and drops its body.
type statusOnly struct {
	http.ResponseWriter
	status int
}

func (w *statusOnly) WriteHeader(status int) { w.status = status }

func (w *statusOnly) Write(body []byte) (int, error) { return len(body), nil }
