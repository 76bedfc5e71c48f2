package server

import "net/http"

// routes is an [http.ServeMux] that knows what it has.
type routes struct {
	http.ServeMux
	patterns []string
}

func newRoutes() *routes { return &routes{} }

// Handle registers the handler for a pattern.
func (r *routes) Handle(pattern string, h http.Handler) {
	r.patterns = append(r.patterns, pattern)
	r.ServeMux.Handle(pattern, h)
}

// HandleFunc is Handle for a function.
func (r *routes) HandleFunc(pattern string, h http.HandlerFunc) { r.Handle(pattern, h) }
