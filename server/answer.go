package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// answer answers with the result of a run. After the limit, if there is one, it answers that the run goes on.
func (s *Server) answer(p stagePath, limit time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		o, summary := s.order(streamOf(p.stage)), streamOf(p.stage).Summary
		if p.staged(request) {
			var alone string
			var err error
			o, alone, err = s.stageOrder(p, request)
			switch summary = p.stage.Summary; {
			case err != nil:
				s.respond(w, http.StatusBadGateway, problem{Message: string(p.stage) + " sync failed: " + err.Error(), Detail: err.Error()})
				return
			case alone != "":
				s.respond(w, http.StatusOK, untouched{Status: "completed", OK: true, Message: alone, Result: []struct{}{}})
				return
			}
		}
		ctx := request.Context()
		if limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		r, _ := s.queue.join(o)
		switch {
		case r.wait(ctx):
			status, body := outcome(summary, r)
			s.respond(w, status, body)
		case request.Context().Err() == nil:
			status := "running"
			if s.queue.waits(r) {
				status = "waiting"
			}
			s.respond(w, http.StatusAccepted, unfinished{Status: status, Run: r.id})
		}
	}
}

// wait returns true at the run's end, false when ctx ends before.
func (r *run) wait(ctx context.Context) bool {
	for n := 0; ; {
		events, changed, ended := r.after(n)
		if ended {
			return true
		}
		n += len(events)
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// unfinished is the answer while a run goes on.
type unfinished struct {
	Status string `json:"status"` // "running", or "waiting" for its turn
	Run    string `json:"run"`
}

// untouched is the answer of a stage that does nothing.
type untouched struct {
	Status  string     `json:"status"`
	OK      bool       `json:"ok"`
	Message string     `json:"message"`
	Result  []struct{} `json:"result"` // of no elements
}

// problem is the answer where nothing could be done.
type problem struct {
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

// finished is the answer after a run. The lists hold what now is as it should be.
type finished struct {
	Status              string       `json:"status"` // "completed", or "failed" when anything failed
	OK                  bool         `json:"ok"`
	Run                 string       `json:"run"`
	Message             string       `json:"message"`
	DevicesCount        int          `json:"devices_count"`
	VirtualMachineCount int          `json:"virtual_machines_count"`
	Devices             []object     `json:"devices"`
	VirtualMachines     []object     `json:"virtual_machines"`
	Result              *sync.Result `json:"result"`
}

type object struct {
	ID        sync.Value `json:"id"` // NetBox's: a number
	Name      string     `json:"name"`
	Operation sync.Op    `json:"operation"`
}

// outcome returns the answer for a run that has ended.
func outcome(summary func(*sync.Result) string, r *run) (status int, body any) {
	result := r.result()
	if result.Error != "" && len(result.Objects) == 0 {
		return http.StatusBadGateway, problem{Message: summary(result), Detail: result.Error}
	}
	f := finished{
		Status: "completed", OK: result.OK, Run: r.id, Message: summary(result),
		Devices: r.objects("device"), VirtualMachines: r.objects("virtual-machine"), Result: result,
	}
	if !f.OK {
		f.Status = "failed"
	}
	f.DevicesCount, f.VirtualMachineCount = len(f.Devices), len(f.VirtualMachines)
	return http.StatusOK, f
}

// objects lists what of a kind now is as it should be.
func (r *run) objects(kind sync.Kind) []object {
	list := []object{}
	events, _, _ := r.after(0)
	for _, ev := range events {
		step, ok := ev.(sync.Step)
		if !ok || step.Key.Kind != kind || step.Status != sync.Completed {
			continue
		}
		switch step.Op {
		case sync.Create, sync.Update, sync.Keep:
			list = append(list, object{ID: number(step.ID), Name: step.Name, Operation: step.Op})
		}
	}
	return list
}

// number returns a sink's id as the number that it is in NetBox.
func number(id string) sync.Value {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil {
		return sync.Int(n)
	}
	return sync.String(id)
}

// respond answers with JSON. The time limit is set anew: a run may have taken longer than the caller's [http.Server]
// allows for an answer.
func (s *Server) respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.options.WriteTimeout)) // not all can
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.options.Logger.Debug("client lost", "error", err)
	}
}
