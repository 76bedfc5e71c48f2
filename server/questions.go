package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"time"
)

// questionTime bounds the answer to a question of the plugin, which gives up after 5 s.
const questionTime = 4 * time.Second

// errNoAnswer is why a question ends that takes too long.
var errNoAnswer = errors.New("there was no answer in time: check that it is up and no firewall is in between")

// questions serves what the plugin asks of clusters before and beside its runs.
func (s *Server) questions() {
	s.handle("GET /proxmox/version", ask(s, versionAnswer))
	s.handle("GET /proxmox/sessions", ask(s, sessionAnswer))
	s.handle("GET /proxmox/cluster/status", ask(s, statusAnswer))
	s.handle("GET /proxmox/nodes", ask(s, nodesAnswer))
	s.handle("GET /proxmox/cluster/resources", ask(s, guestsAnswer))
	s.handle("GET /proxmox/api2/nodes/{node}/time", s.question(nodeTime))
	// These are not read. An empty list leaves what the plugin has of firewalls; an entry for a cluster would make it
	// take for gone what the entry does not name.
	nothing := func(w http.ResponseWriter, _ *http.Request) { s.respond(w, http.StatusOK, []struct{}{}) }
	s.handle("GET /proxmox/firewall/summary", nothing)
	s.handle("GET /proxmox/firewall/nodes/{node}/rules", nothing)
	s.handle("GET /proxmox/datacenter/cpu-models", nothing)
	s.handle("GET /version", s.version)
}

// asked is a row that a question is about, with who answers it.
type asked struct {
	row ProxmoxEndpoint
	Questions
}

// ask answers with a list, of one element for each cluster that the request selects.
func ask[T any](s *Server, answer func(context.Context, asked) (T, error)) http.HandlerFunc {
	return s.question(func(request *http.Request, all []asked) (any, error) {
		list, errs := make([]T, len(all)), make([]error, len(all))
		var group stdsync.WaitGroup
		for i, one := range all {
			group.Go(func() { list[i], errs[i] = answer(request.Context(), one) })
		}
		group.Wait()
		return list, errors.Join(errs...)
	})
}

// question answers with what those say whom the request selects. The request they get ends after questionTime.
func (s *Server) question(answer func(request *http.Request, all []asked) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		all, err := s.asked(request)
		if err != nil {
			s.unanswered(w, request, "The question is about no known Proxmox endpoint.", err)
			return
		}
		ctx, cancel := context.WithTimeoutCause(request.Context(), questionTime, errNoAnswer)
		defer cancel()
		body, err := answer(request.WithContext(ctx), all)
		if err != nil {
			s.unanswered(w, request, "Proxmox VE gives no answer.", err)
			return
		}
		s.respond(w, http.StatusOK, body)
	}
}

// asked returns whom the request selects, each cluster once, in the order of the rows' numbers.
func (s *Server) asked(request *http.Request) ([]asked, error) {
	rows := s.rows.snapshot()
	selected, err := selectRows(rows, request)
	if err != nil {
		return nil, err
	}
	var all []asked
	for _, row := range selected {
		source := s.backend.Source(rows, row)
		if slices.ContainsFunc(all, func(a asked) bool { return s.backend.Source(rows, a.row) == source }) {
			continue
		}
		q, err := s.backend.Ask(rows, row)
		if err != nil {
			return nil, err
		}
		all = append(all, asked{row, q})
	}
	return all, nil
}

// selectRows returns the rows that the query names: by proxmox_endpoint_ids, separated by commas, or by name,
// target_name, domain or ip_address; without any of them all that are enabled.
func selectRows(rows Endpoints, request *http.Request) ([]ProxmoxEndpoint, error) {
	query := request.URL.Query()
	ids := strings.FieldsFunc(strings.Join(query["proxmox_endpoint_ids"], ","), func(r rune) bool { return r == ',' || r == ' ' })
	var selected []ProxmoxEndpoint
	for _, row := range rows.Proxmox {
		address, _, _ := strings.Cut(row.IPAddress, "/")
		var hit bool
		switch {
		case len(ids) > 0:
			hit = slices.Contains(ids, strconv.Itoa(row.ID))
		case query.Get("target_name") != "":
			hit = row.Name == query.Get("target_name")
		case query.Get("name") != "":
			hit = row.Name == query.Get("name")
		case query.Get("domain") != "":
			hit = strings.EqualFold(row.Domain, query.Get("domain"))
		case query.Get("ip_address") != "":
			wanted, _, _ := strings.Cut(query.Get("ip_address"), "/")
			hit = strings.EqualFold(address, wanted)
		default:
			hit = row.Enabled
		}
		if hit {
			selected = append(selected, row)
		}
	}
	if len(selected) == 0 {
		return nil, errors.New("no endpoint of that number, name or address is registered here: save it in NetBox again")
	}
	return selected, nil
}

// byCluster is an answer under the cluster's name, as the plugin wants it.
type byCluster[T any] map[string]T

func versionAnswer(ctx context.Context, a asked) (byCluster[Version], error) {
	version, status, err := versionAndStatus(ctx, a)
	return byCluster[Version]{status.Name: version}, err
}

// session is a way to a cluster.
type session struct {
	IPAddress *string `json:"ip_address"`
	Domain    *string `json:"domain"`
	HTTPPort  int     `json:"http_port"`
	User      string  `json:"user"`
	Name      string  `json:"name"`
	Mode      string  `json:"mode"`
}

func sessionAnswer(ctx context.Context, a asked) (session, error) {
	_, status, err := versionAndStatus(ctx, a)
	return session{
		IPAddress: orNull(a.row.IPAddress), Domain: orNull(a.row.Domain), HTTPPort: a.row.Port, User: a.row.Username,
		Name: status.Name, Mode: status.mode(),
	}, err
}

// versionAndStatus asks for both at once. The first shows whether the login is good.
func versionAndStatus(ctx context.Context, a asked) (version Version, status ClusterStatus, err error) {
	var wrong error
	var group stdsync.WaitGroup
	group.Go(func() { status, wrong = a.Status(ctx) })
	version, err = a.Version(ctx)
	group.Wait()
	if err != nil {
		return Version{}, ClusterStatus{}, err
	}
	return version, status, wrong
}

func (s ClusterStatus) mode() string {
	if s.Standalone {
		return "standalone"
	}
	return "cluster"
}

// clusterRow is a cluster with its nodes; of a standalone node there is one, too.
type clusterRow struct {
	Type     string    `json:"type"`
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Mode     string    `json:"mode"`
	Nodes    int       `json:"nodes"`
	Quorate  bool      `json:"quorate"`
	Version  int       `json:"version"`
	NodeList []nodeRow `json:"node_list"`
}

type nodeRow struct {
	Type   string  `json:"type"`
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	NodeID int     `json:"nodeid"`
	IP     *string `json:"ip"`
	Online bool    `json:"online"`
	Local  bool    `json:"local"`
	Level  string  `json:"level"`
}

func statusAnswer(ctx context.Context, a asked) (clusterRow, error) {
	status, err := a.Status(ctx)
	row := clusterRow{
		Type: "cluster", ID: "cluster", Name: status.Name, Mode: status.mode(), Nodes: len(status.Nodes),
		Quorate: status.Quorate, Version: status.Version, NodeList: []nodeRow{},
	}
	for _, n := range status.Nodes {
		row.NodeList = append(row.NodeList, nodeRow{
			Type: "node", ID: n.ID, Name: n.Name, NodeID: n.NodeID, IP: orNull(n.IP), Online: n.Online, Local: n.Local, Level: n.Level,
		})
	}
	return row, err
}

func nodesAnswer(ctx context.Context, a asked) (byCluster[[]NodeLoad], error) {
	return listAnswer(ctx, a, a.Nodes)
}

func guestsAnswer(ctx context.Context, a asked) (byCluster[[]GuestRow], error) {
	return listAnswer(ctx, a, a.Guests)
}

// listAnswer asks for a list, and for the cluster's name beside it.
func listAnswer[T any](ctx context.Context, a asked, list func(context.Context) ([]T, error)) (byCluster[[]T], error) {
	var status ClusterStatus
	var wrong error
	var group stdsync.WaitGroup
	group.Go(func() { status, wrong = a.Status(ctx) })
	all, err := list(ctx)
	group.Wait()
	if all == nil {
		all = []T{}
	}
	return byCluster[[]T]{status.Name: all}, errors.Join(err, wrong)
}

// nodeTime answers with the clock of a node, of the first endpoint that the request selects.
func nodeTime(request *http.Request, all []asked) (any, error) {
	return all[0].Time(request.Context(), request.PathValue("node"))
}

// unanswered tells why a question has no answer, to each plugin as it reads it: v0.0.7 shows the detail of a 400, the
// newest that of a 502.
func (s *Server) unanswered(w http.ResponseWriter, request *http.Request, message string, err error) {
	s.options.Logger.Info("question not answered", "path", request.URL.Path, "error", err)
	type answer struct {
		Message   string  `json:"message"`
		Detail    any     `json:"detail"`
		Exception *string `json:"python_exception"` // there is none
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	if request.Header.Get("X-Proxbox-API-Key") == "" && !request.URL.Query().Has("proxmox_endpoint_ids") {
		s.respond(w, http.StatusBadRequest, answer{Message: message, Detail: text})
		return
	}
	s.respond(w, http.StatusBadGateway, answer{Message: message, Detail: struct {
		Reason string `json:"reason"`
		Type   string `json:"error_type"`
	}{text, "backend"}})
}

// version answers with what the newest plugin checks. The number is that of the original backend whose interface this
// is, as far as the plugin uses it; it refuses older ones. A capability is something beside that: there is none.
func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	s.respond(w, http.StatusOK, struct {
		Version      string         `json:"version"`
		Capabilities map[string]int `json:"capabilities"`
	}{"0.0.27", map[string]int{}})
}
