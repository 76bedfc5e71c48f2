package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

// RunRequest asks for a run. The zero value asks for all that can be done.
type RunRequest struct {
	// Stage is what is to be synced. By default [sse.FullUpdate].
	Stage sse.Stream `json:"stage"`
	// Sources are the names of the clusters. By default all.
	Sources []string `json:"sources"`
	// Guests are the only guests that are to be synced, without their nodes. By default all guests and all nodes.
	Guests []sync.GuestRef `json:"guests"`
	// DryRun asks for a plan alone. Nothing is written.
	DryRun bool `json:"dry_run"`
	// Incremental lets the ends take what they read before for as it is, where nothing says that it has changed.
	Incremental bool `json:"incremental"`
}

// RequestError says what is wrong with a [RunRequest].
type RequestError struct {
	Field string // as in JSON: "stage"
	Err   error
}

// Error returns the field and what is wrong.
func (e *RequestError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *RequestError) Unwrap() error { return e.Err }

// Start starts a run, or joins or queues by the rule in the package's description, and returns the run's id. It does not
// wait for its end. The error is a [*RequestError], or says why no run is possible now.
func (s *Server) Start(r RunRequest) (id string, err error) {
	o, err := s.orderFor(r)
	if err != nil {
		return "", err
	}
	started, _, _ := s.queue.enter(o)
	if err := context.Cause(started.ctx); errors.Is(err, errShutdown) {
		return "", err
	}
	return started.id, nil
}

// orderFor returns what a request asks for, between the ends as they are now.
func (s *Server) orderFor(r RunRequest) (order, error) {
	if r.Stage == "" {
		r.Stage = sse.FullUpdate
	}
	if stages := []sse.Stream{sse.FullUpdate, sse.Devices, sse.VirtualMachines}; !slices.Contains(stages, r.Stage) {
		return order{}, &RequestError{"stage", fmt.Errorf("there is no stage %q: there are %s, %s and %s", r.Stage, stages[0], stages[1], stages[2])}
	}
	o := s.order(r.Stage)
	known, err := s.sources(o.rows)
	if err != nil {
		return order{}, err
	}
	for i, name := range r.Sources {
		if err := among(known, name); err != nil {
			return order{}, &RequestError{fmt.Sprintf("sources[%d]", i), err}
		}
	}
	for i, g := range r.Guests {
		err := among(known, g.Source)
		switch {
		case err == nil && g.ID <= 0:
			err = fmt.Errorf("%d is no VMID", g.ID)
		case err == nil && len(r.Sources) > 0 && !slices.Contains(r.Sources, g.Source):
			err = fmt.Errorf("its source %q is not among the sources that are asked for", g.Source)
		case err == nil && r.Stage == sse.Devices:
			err = errors.New("the stage devices is about no guests")
		}
		if err != nil {
			return order{}, &RequestError{fmt.Sprintf("guests[%d]", i), err}
		}
	}
	o.scope.Sources, o.scope.Guests, o.dry = slices.Clone(r.Sources), slices.Clone(r.Guests), r.DryRun
	o.scope.Incremental = r.Incremental
	return o, nil
}

// sources returns the names of the sources that there are now; nil if the backend's runner does not tell them. The error
// says why no run is possible.
func (s *Server) sources(rows Endpoints) ([]string, error) {
	runner, err := s.backend.Open(rows)
	if err != nil {
		return nil, err
	}
	if r, ok := runner.(interface{ Sources() []string }); ok {
		return r.Sources(), nil
	}
	return nil, nil
}

// among returns an error if a name is none of those that there are.
func among(known []string, name string) error {
	switch {
	case name == "":
		return errors.New("a source must be named")
	case len(known) > 0 && !slices.Contains(known, name):
		return fmt.Errorf("there is no source %q: there are %s", name, strings.Join(known, ", "))
	}
	return nil
}
