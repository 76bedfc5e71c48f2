package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// probeTime bounds the look at a NetBox whose row was pushed: the plugin waits for the answer, maybe in NetBox's only
// worker.
const probeTime = 2 * time.Second

// netBoxEndpoint serves the row of the NetBox that the plugin runs in. There is one at most: each write is of that one.
func (s *Server) netBoxEndpoint() {
	s.handle("GET /netbox/endpoint", func(w http.ResponseWriter, _ *http.Request) {
		list := []netBoxRow{}
		if row := s.rows.snapshot().NetBox; row != nil {
			list = append(list, row.row(nil))
		}
		s.respond(w, http.StatusOK, list)
	})
	s.handle("POST /netbox/endpoint", s.pushNetBox(false))
	const one = " /netbox/endpoint/{id}"
	s.handle("PUT"+one, s.pushNetBox(true))
	s.handle("PATCH"+one, s.pushNetBox(true))
	s.handle("GET"+one, func(w http.ResponseWriter, request *http.Request) {
		row := s.rows.snapshot().NetBox
		if row == nil || rowID(request) != row.ID {
			s.refuseRow(w, errNoRow)
			return
		}
		s.respond(w, http.StatusOK, row.row(nil))
	})
	s.handle("DELETE"+one, func(w http.ResponseWriter, request *http.Request) {
		err := errNoRow
		if rowID(request) == netBoxID {
			err = s.rows.dropNetBox()
		}
		s.dropped(w, err)
	})
	s.handle("GET /netbox/status", s.netBoxStatus)
}

// pushNetBox makes or changes the row, and answers with it and what came of asking that NetBox.
func (s *Server) pushNetBox(byNumber bool) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		body, err := readPushed(w, request)
		if err == nil && byNumber && rowID(request) != netBoxID {
			err = errNoRow
		}
		var row NetBoxEndpoint
		if err == nil {
			row, err = s.rows.pushNetBox(body, byNumber)
		}
		if err != nil {
			s.refuseRow(w, err)
			return
		}
		s.respond(w, http.StatusOK, row.row(s.probe(request.Context())))
	}
}

// probe asks the NetBox that a run would write to.
func (s *Server) probe(ctx context.Context) *probe {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, errNoAnswer)
	defer cancel()
	p := &probe{Status: "unreachable", TimeoutSeconds: probeTime.Seconds()}
	raw, err := s.backend.NetBoxStatus(ctx, s.rows.snapshot())
	if err != nil {
		kind, text := "connection", err.Error()
		if errors.Is(err, errNoAnswer) {
			kind = "timeout"
		}
		p.ErrorType, p.Error = &kind, &text
		return p
	}
	var status struct {
		Version string `json:"netbox-version"`
	}
	_ = json.Unmarshal(raw, &status) // without a version it was reached all the same
	p.Reachable, p.Status, p.APIVersion = true, "reachable", orNull(status.Version)
	return p
}

// netBoxStatus answers with what NetBox says of itself.
func (s *Server) netBoxStatus(w http.ResponseWriter, request *http.Request) {
	ctx, cancel := context.WithTimeoutCause(request.Context(), questionTime, errNoAnswer)
	defer cancel()
	raw, err := s.backend.NetBoxStatus(ctx, s.rows.snapshot())
	if err != nil {
		s.unanswered(w, request, "NetBox gives no status.", err)
		return
	}
	s.respond(w, http.StatusOK, raw)
}
