package server

import "net/http"

// ready says whether a run is possible: whether a NetBox and a cluster are known.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	type answer struct {
		Status  string   `json:"status"`
		Sources []string `json:"sources,omitempty"`
		Detail  string   `json:"detail,omitempty"`
	}
	names, err := s.sources(s.rows.snapshot())
	if err != nil {
		s.respond(w, http.StatusServiceUnavailable, answer{Status: "not ready", Detail: err.Error()})
		return
	}
	s.respond(w, http.StatusOK, answer{Status: "ready", Sources: names})
}
