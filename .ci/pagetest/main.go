// Command pagetest serves a proxbox server between ends in memory, for the checks of its page, and lets them make things
// go wrong by requests below /test/.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// hostile is the name of a guest that a page must show, and not run.
const hostile = `<img src=x onerror="document.title='hacked'">`

func main() {
	address := flag.String("listen", "127.0.0.1:0", "where to listen")
	guests := flag.Int("guests", 60, "guests of the first cluster")
	flag.Parse()
	w := newWorld(*guests)
	s, err := server.New(w, nil)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /test/{what}", w.control)
	mux.Handle("/", s)
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ConnState: w.connState}
	log.Fatal(web.Serve(listener))
}

// world is the ends.
type world struct {
	sink    *enginetest.Sink
	sources []*enginetest.Source
	engine  *sync.Engine
	delay   atomic.Int64 // ms that a write takes
	down    atomic.Value // the name of the cluster that gives no answer

	mu    stdsync.Mutex
	conns map[net.Conn]bool
}

func newWorld(guests int) *world {
	w := &world{sink: enginetest.NewSink(&enginetest.SinkOptions{Batch: 10}), conns: map[net.Conn]bool{}}
	w.down.Store("")
	lab, edge := enginetest.Estate("lab", 4, guests), enginetest.Estate("edge", 2, 24)
	lab.Guests[6].Name = hostile
	for i, g := range lab.Guests {
		if i%9 == 4 {
			lab.Gaps = append(lab.Gaps, inventory.Gap{Part: inventory.PartAddresses, Guest: g.ID, Reason: "the guest agent does not answer"})
		}
	}
	// A guest on another cluster has the address of one in the lab.
	edge.Guests[3].NICs[0].Addresses = slices.Clone(lab.Guests[3].NICs[0].Addresses)
	w.sources = []*enginetest.Source{enginetest.NewSource(lab), enginetest.NewSource(edge)}
	w.sink.Before(func(ctx context.Context, _ int, _ sync.Batch) error {
		select {
		case <-time.After(time.Duration(w.delay.Load()) * time.Millisecond):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	var err error
	w.engine, err = sync.New(w.sink, []sync.Source{w.sources[0], w.sources[1]}, &sync.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return w
}

// control makes something go on otherwise from now on.
func (w *world) control(response http.ResponseWriter, request *http.Request) {
	value := request.FormValue("value")
	var err error
	switch what := request.PathValue("what"); what {
	case "delay":
		var ms int
		ms, err = strconv.Atoi(value)
		w.delay.Store(int64(ms))
	case "reject":
		w.sink.Reject(enginetest.KindGuest, value, errors.New("NetBox refuses it: name: Value must match the regular expression"))
	case "down": // the cluster of that name; the empty one brings all back
		w.down.Store(value)
		for _, source := range w.sources {
			var wrong error
			if source.Name() == value {
				wrong = errors.New("no node answers: check that the cluster is up")
			}
			source.Fail(wrong)
		}
	case "memory": // of every other guest of the lab, in GiB
		var gib int64
		gib, err = strconv.ParseInt(value, 10, 64)
		w.sources[0].Edit(func(inv *inventory.Inventory) {
			for i := range inv.Guests {
				if i%2 == 0 {
					inv.Guests[i].Memory = gib << 30
				}
			}
		})
	case "edit": // the memory of a guest, by hand in the sink
		object, ok := w.sink.Object(enginetest.KindGuest, value)
		if !ok {
			err = fmt.Errorf("there is no guest %q", value)
			break
		}
		err = w.sink.Edit(object.ID, map[string]sync.Value{"memory": sync.Int(1234)}, nil)
	case "cut": // every connection
		w.mu.Lock()
		for conn := range w.conns {
			_ = conn.Close()
		}
		w.mu.Unlock()
	default:
		err = fmt.Errorf("there is no %q", what)
	}
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
	}
}

func (w *world) connState(conn net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch state {
	case http.StateNew:
		w.conns[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(w.conns, conn)
	}
}

// kinds translates the kinds of a scope to those of the ends in memory.
func kinds(s sync.Scope) sync.Scope {
	var out []sync.Kind
	for _, kind := range s.Kinds {
		switch kind {
		case "device":
			out = append(out, enginetest.KindHost)
		case "virtual-machine":
			out = append(out, enginetest.KindGuest, enginetest.KindPort, enginetest.KindAddress)
		}
	}
	s.Kinds = out
	return s
}

// runner is the engine with the server's kinds.
type runner struct{ *sync.Engine }

func (r runner) Run(ctx context.Context, o *sync.RunOptions) (*sync.Result, error) {
	options := *o
	options.Scope = kinds(o.Scope)
	return r.Engine.Run(ctx, &options)
}

func (r runner) Plan(ctx context.Context, o *sync.RunOptions) (*sync.Plan, error) {
	options := *o
	options.Scope = kinds(o.Scope)
	return r.Engine.Plan(ctx, &options)
}

// Open implements [server.Backend].
func (w *world) Open(server.Endpoints) (server.Runner, error) { return runner{w.engine}, nil }

// NetBoxURL implements [server.NetBoxLocator].
func (w *world) NetBoxURL() string { return "https://netbox.example.com" }

// Source implements [server.Backend].
func (w *world) Source(server.Endpoints, server.ProxmoxEndpoint) string { return "" }

// Ask implements [server.Backend].
func (w *world) Ask(server.Endpoints, server.ProxmoxEndpoint) (server.Questions, error) {
	return nil, errors.New("no endpoint is pushed here")
}

// NetBoxStatus implements [server.Backend].
func (w *world) NetBoxStatus(context.Context, server.Endpoints) (json.RawMessage, error) {
	return json.RawMessage(`{"netbox-version":"4.7.3"}`), nil
}

// Guest implements [server.Backend].
func (w *world) Guest(context.Context, server.Endpoints, int64) (sync.GuestRef, error) {
	return sync.GuestRef{}, errors.New("not asked here")
}

// Clusters implements [server.ClusterLister].
func (w *world) Clusters(server.Endpoints) []server.Cluster {
	return []server.Cluster{
		{Source: "lab", Questions: questions{w, "lab", []string{"pve01", "pve02", "pve03", "pve04"}}},
		{Source: "edge", Questions: questions{w, "edge", []string{"pve01", "pve02"}}},
	}
}

// questions answers about a cluster, of which the last node of four is offline.
type questions struct {
	world  *world
	source string
	nodes  []string
}

func (q questions) wrong() error {
	if q.world.down.Load() == q.source {
		return errors.New("no node answers: check that the cluster is up")
	}
	return nil
}

func (q questions) Version(context.Context) (server.Version, error) {
	return server.Version{Version: "9.1.2", Release: "9.1"}, q.wrong()
}

func (q questions) Status(context.Context) (server.ClusterStatus, error) {
	status := server.ClusterStatus{Name: q.source, Quorate: true}
	for i, name := range q.nodes {
		status.Nodes = append(status.Nodes, server.NodeStatus{Name: name, Online: i != 3})
	}
	return status, q.wrong()
}

func (q questions) Nodes(context.Context) ([]server.NodeLoad, error)  { return nil, q.wrong() }
func (q questions) Guests(context.Context) ([]server.GuestRow, error) { return nil, q.wrong() }
func (q questions) Time(context.Context, string) (server.NodeTime, error) {
	return server.NodeTime{}, q.wrong()
}
