package server

import "net/http"

// ready says whether a run is possible: whether a NetBox and a cluster are known, and the server is not about to stop. Which, or why not, it says only to who
// is let in.
func (s *Server) ready(w http.ResponseWriter, request *http.Request) {
	type answer struct {
		Status  string   `json:"status"`
		Sources []string `json:"sources,omitempty"`
		Detail  string   `json:"detail,omitempty"`
	}
	status, body := http.StatusOK, answer{Status: "ready"}
	names, err := s.sources(s.rows.snapshot())
	if err != nil {
		status, body = http.StatusServiceUnavailable, answer{Status: "not ready", Detail: err.Error()}
	}
	body.Sources = names
	if s.stopped() {
		status, body = http.StatusServiceUnavailable, answer{Status: "not ready", Detail: errShutdown.Error()}
	}
	if s.admit(request) != nil {
		body.Sources, body.Detail = nil, ""
	}
	s.respond(w, status, body)
}
