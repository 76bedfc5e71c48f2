package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

func (s *Server) runRoutes() {
	s.mux.HandleFunc("POST /runs", s.postRun)
	s.mux.HandleFunc("GET /runs", s.listRuns)
	s.mux.HandleFunc("GET /runs/{id}", s.about(s.getRun))
	s.mux.HandleFunc("DELETE /runs/{id}", s.about(s.deleteRun))
	s.mux.HandleFunc("GET /runs/{id}/plan", s.about(s.getPlan))
	s.mux.HandleFunc("POST /runs/{id}/apply", s.about(s.applyPlan))
	s.mux.HandleFunc("GET /runs/{id}/events", s.about(s.getEvents))
}

// about hands the run that the path names to a handler.
func (s *Server) about(handle func(http.ResponseWriter, *http.Request, *run)) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		id := request.PathValue("id")
		r := s.queue.find(id)
		if r == nil {
			s.problem(w, http.StatusNotFound, fmt.Errorf("there is no run %q, or it is forgotten", id))
			return
		}
		handle(w, request, r)
	}
}

// problem answers with what is wrong, in a sentence.
func (s *Server) problem(w http.ResponseWriter, status int, err error) {
	s.respond(w, status, struct {
		Detail string `json:"detail"`
	}{err.Error()})
}

// postRun starts a run, joins or queues.
func (s *Server) postRun(w http.ResponseWriter, request *http.Request) {
	asked, err := readRunRequest(http.MaxBytesReader(w, request.Body, 1<<20))
	if err != nil {
		s.problem(w, http.StatusBadRequest, err)
		return
	}
	o, err := s.orderFor(asked)
	var wrong *RequestError
	switch {
	case errors.As(err, &wrong):
		s.problem(w, http.StatusBadRequest, err)
	case err != nil:
		s.problem(w, http.StatusServiceUnavailable, err)
	default:
		s.enqueue(w, o)
	}
}

// readRunRequest reads a body. Nothing stands for the zero value; a field that there is not is an error, lest a mistyped
// one starts a run for everything.
func readRunRequest(body io.Reader) (r RunRequest, err error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return r, fmt.Errorf("the body cannot be read: %w", err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return r, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("the body is no request for a run: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return r, nil
}

// enqueue answers with the run that does what is asked for.
func (s *Server) enqueue(w http.ResponseWriter, o order) {
	r, ahead, joined := s.queue.enter(o)
	if err := context.Cause(r.ctx); errors.Is(err, errShutdown) {
		s.problem(w, http.StatusServiceUnavailable, err)
		return
	}
	status := http.StatusCreated
	switch {
	case joined:
		status = http.StatusOK
	case ahead != nil:
		status = http.StatusAccepted
	}
	w.Header().Set("Location", "/runs/"+r.id)
	s.respond(w, status, r.row())
}

// listRuns answers with the runs, the newest first.
func (s *Server) listRuns(w http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	const usual, most = 50, 500
	limit := usual
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > most {
			s.problem(w, http.StatusBadRequest, fmt.Errorf("limit: %q is no number from 1 to %d", text, most))
			return
		}
		limit = n
	}
	var states []runState
	for text := range strings.SplitSeq(query.Get("state"), ",") {
		state, all := runState(text), runStates()
		switch {
		case text == "":
		case !slices.Contains(all, state):
			s.problem(w, http.StatusBadRequest, fmt.Errorf("state: there is no state %q: there are %v", text, all))
			return
		default:
			states = append(states, state)
		}
	}
	list := []runRow{}
	for _, row := range slices.Backward(s.queue.rows()) {
		if len(states) == 0 || slices.Contains(states, row.State) {
			list = append(list, row.short())
		}
	}
	slices.SortStableFunc(list, func(a, b runRow) int { return b.Created.Compare(a.Created) })
	s.respond(w, http.StatusOK, struct {
		Runs []runRow `json:"runs"`
	}{list[:min(len(list), limit)]})
}

func (s *Server) getRun(w http.ResponseWriter, _ *http.Request, r *run) {
	s.respond(w, http.StatusOK, r.row())
}

// deleteRun cancels a run. It ends at a safe point, a little later.
func (s *Server) deleteRun(w http.ResponseWriter, _ *http.Request, r *run) {
	if over := s.queue.stop(r); over {
		s.problem(w, http.StatusConflict, fmt.Errorf("the run %s is over: it is %s", r.id, r.row().State))
		return
	}
	s.options.Logger.Info("run cancelled", "run", r.id)
	s.respond(w, http.StatusAccepted, r.row())
}

// getPlan answers with the plan of a dry run: as JSON, or as text to read.
func (s *Server) getPlan(w http.ResponseWriter, request *http.Request, r *run) {
	plan, status, err := r.readPlan()
	if err != nil {
		s.problem(w, status, err)
		return
	}
	switch format := request.URL.Query().Get("format"); format {
	case "", "json":
		s.respond(w, http.StatusOK, plan)
	case "text":
		var text bytes.Buffer
		_ = plan.WriteText(&text) // a buffer takes all
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(text.Bytes())
	default:
		s.problem(w, http.StatusBadRequest, fmt.Errorf("format: there is no format %q: there are json and text", format))
	}
}

// readPlan returns the plan of a dry run, or the status and the reason of there being none.
func (r *run) readPlan() (plan *sync.Plan, status int, err error) {
	if !r.order.dry {
		return nil, http.StatusNotFound, fmt.Errorf("the run %s was no dry run: it has no plan", r.id)
	}
	if r.isOpen() {
		return nil, http.StatusConflict, fmt.Errorf("the run %s is not done yet", r.id)
	}
	r.mu.Lock()
	plan = r.plan
	r.mu.Unlock()
	if plan == nil {
		plan, err = r.record.plan()
	}
	if err == nil && plan == nil {
		err = fmt.Errorf("the run %s came to no plan, or it is forgotten: make a new one", r.id)
	}
	return plan, http.StatusNotFound, err
}

// applyPlan starts a run that does what the plan of a dry run says. What has changed since is left alone, and told.
func (s *Server) applyPlan(w http.ResponseWriter, _ *http.Request, r *run) {
	plan, status, err := r.readPlan()
	if err != nil {
		s.problem(w, status, err)
		return
	}
	s.enqueue(w, order{
		stream: r.order.stream, rows: s.rows.snapshot(), scope: plan.Scope, policy: r.order.policy, plan: plan, planOf: r.id,
	})
}

// getEvents answers with the events of a run, whole, as a stream.
func (s *Server) getEvents(w http.ResponseWriter, request *http.Request, r *run) {
	id, from := parsePlace(request.Header.Get("Last-Event-ID"))
	if id != r.id {
		from = place{}
	}
	s.goOn(w, request, r, dialect{"plain", sse.Plain}, from)
}
