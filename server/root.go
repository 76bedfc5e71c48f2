package server

import "net/http"

// root says what this is. Newer plugins know a backend by the first words of the message.
func (s *Server) root(w http.ResponseWriter, _ *http.Request) {
	type links struct {
		GitHub string `json:"github"`
		Docs   string `json:"docs"`
	}
	s.respond(w, http.StatusOK, struct {
		Message string `json:"message"`
		Proxbox links  `json:"proxbox"`
	}{
		Message: "Proxbox Backend made in Go",
		Proxbox: links{GitHub: "https://github.com/proxbox-go/proxbox", Docs: "https://github.com/proxbox-go/proxbox#readme"},
	})
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	s.respond(w, http.StatusOK, struct {
		Status string `json:"status"`
		InitOK bool   `json:"init_ok"`
	}{"ready", true})
}
