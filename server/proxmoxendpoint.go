package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// handle serves a pattern, with and without a slash at its end.
func (s *Server) handle(pattern string, h http.HandlerFunc) {
	s.mux.HandleFunc(pattern, h)
	s.mux.HandleFunc(pattern+"/{$}", h)
}

// proxmoxEndpoints serves the rows of the clusters. Each write is of the row of that name.
func (s *Server) proxmoxEndpoints() {
	s.handle("GET /proxmox/endpoints", s.listProxmox)
	s.handle("POST /proxmox/endpoints", s.pushProxmox)
	const one = " /proxmox/endpoints/{id}"
	s.handle("PUT"+one, s.pushProxmox)
	s.handle("PATCH"+one, s.pushProxmox)
	s.handle("GET"+one, func(w http.ResponseWriter, request *http.Request) {
		for _, row := range s.rows.snapshot().Proxmox {
			if row.ID == rowID(request) {
				s.respond(w, http.StatusOK, row.row())
				return
			}
		}
		s.refuseRow(w, errNoRow)
	})
	s.handle("DELETE"+one, func(w http.ResponseWriter, request *http.Request) {
		s.dropped(w, s.rows.dropProxmox(rowID(request)))
	})
}

// listProxmox answers with the rows from offset on, limit at most.
func (s *Server) listProxmox(w http.ResponseWriter, request *http.Request) {
	all := s.rows.snapshot().Proxmox
	query := request.URL.Query()
	if offset, err := strconv.Atoi(query.Get("offset")); err == nil {
		all = all[min(max(offset, 0), len(all)):]
	}
	if limit, err := strconv.Atoi(query.Get("limit")); err == nil && limit > 0 {
		all = all[:min(limit, len(all))]
	}
	list := make([]map[string]any, len(all))
	for i, row := range all {
		list[i] = row.row()
	}
	s.respond(w, http.StatusOK, list)
}

// pushProxmox changes the row of the number in the path; without one that of the name in the body, or makes it.
func (s *Server) pushProxmox(w http.ResponseWriter, request *http.Request) {
	body, err := readPushed(w, request)
	id := 0
	if err == nil && request.PathValue("id") != "" {
		if id = rowID(request); id == 0 {
			err = errNoRow
		}
	}
	var row ProxmoxEndpoint
	if err == nil {
		row, err = s.rows.pushProxmox(id, body)
	}
	if err != nil {
		s.refuseRow(w, err)
		return
	}
	s.respond(w, http.StatusOK, row.row())
}

// rowID returns the number of a row in the path, 0 for what is none.
func rowID(request *http.Request) int {
	id, err := strconv.Atoi(request.PathValue("id"))
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// dropped answers after a row was to be removed.
func (s *Server) dropped(w http.ResponseWriter, err error) {
	if err != nil {
		s.refuseRow(w, err)
		return
	}
	s.respond(w, http.StatusOK, struct {
		Message string `json:"message"`
	}{"The endpoint is removed."})
}

// refusedRow is the answer to a row that cannot be taken.
type refusedRow struct {
	Detail string `json:"detail"`
}

// refuseRow tells what is wrong with a row, or that there is none.
func (s *Server) refuseRow(w http.ResponseWriter, err error) {
	var wrong *rowError
	switch {
	case errors.As(err, &wrong):
		s.respond(w, http.StatusBadRequest, refusedRow{wrong.detail})
	case errors.Is(err, errNoRow):
		s.respond(w, http.StatusNotFound, refusedRow{sentence(err)})
	default:
		s.options.Logger.Error("endpoint not kept", "error", err)
		s.respond(w, http.StatusInternalServerError, refusedRow{"The endpoint cannot be kept: the server's log says why."})
	}
}

// sentence returns an error as a sentence.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):] + "."
}
