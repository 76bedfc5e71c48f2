package server

import "net/http"

// Patterns returns the patterns of all routes.
func (s *Server) Patterns() []string { return s.mux.patterns }

// Route returns the pattern that answers a request, empty for none.
func (s *Server) Route(r *http.Request) string {
	_, pattern := s.mux.Handler(r)
	return pattern
}

// QueryOptionNames returns the options of a stage that have an effect.
func QueryOptionNames() []string {
	var names []string
	for _, o := range queryOptions() {
		if o.ignored == "" {
			names = append(names, o.name)
		}
	}
	return names
}
