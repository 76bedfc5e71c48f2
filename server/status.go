package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	stdsync "sync"
	"time"
)

// statusFor is how long the answers of the ends are good for. Whoever looks more often than that does not make the
// server ask more often.
const statusFor = 4 * time.Second

// status is all that the page's first view shows, in one answer.
type status struct {
	NetBox   netBoxHealth    `json:"netbox"`
	Clusters []clusterHealth `json:"clusters"`
	// Problem says why no run is possible.
	Problem string   `json:"problem,omitempty"`
	Running []runRow `json:"running"`
	Waiting []runRow `json:"waiting"`
}

// netBoxHealth is what is known of the NetBox that runs write to.
type netBoxHealth struct {
	URL       string `json:"url,omitempty"`
	Reachable *bool  `json:"reachable"` // null if it was not asked
	Version   string `json:"version,omitempty"`
	Error     string `json:"error,omitempty"`
}

// clusterHealth is what is known of a cluster.
type clusterHealth struct {
	Source     string   `json:"source"`
	Cluster    string   `json:"cluster,omitempty"` // as it calls itself
	Reachable  *bool    `json:"reachable"`         // null if it was not asked
	Version    string   `json:"version,omitempty"` // of Proxmox VE
	Standalone bool     `json:"standalone"`
	Quorate    bool     `json:"quorate"`
	Online     int      `json:"online"`  // nodes
	Offline    []string `json:"offline"` // nodes, by name
	Error      string   `json:"error,omitempty"`
	// LastGood is the last run in which all of the cluster's guests, nodes, or both came out well.
	LastGood *goodRun `json:"last_good"`
}

// goodRun is a run in which nothing failed.
type goodRun struct {
	Run      string    `json:"run"`
	Finished time.Time `json:"finished"`
}

// health is what the ends answered last.
type health struct {
	mu     stdsync.Mutex
	asking chan struct{} // closed when the ends have answered; nil while they are not asked
	until  time.Time     // so long the answers are good
	rows   Endpoints     // so long as these are the rows
	last   status        // without runs
}

// getStatus answers with how the ends are and what is done.
func (s *Server) getStatus(w http.ResponseWriter, request *http.Request) {
	body := s.asks.current(request.Context(), s)
	body.Running, body.Waiting = []runRow{}, []runRow{}
	rows := s.queue.rows()
	for _, row := range rows {
		switch row.State {
		case stateRunning:
			body.Running = append(body.Running, row.short())
		case stateWaiting:
			body.Waiting = append(body.Waiting, row.short())
		}
	}
	for i := range body.Clusters {
		body.Clusters[i].LastGood = lastGood(rows, body.Clusters[i].Source)
	}
	s.respond(w, http.StatusOK, body)
}

// current returns how the ends are, or were a moment ago. Who comes while they are asked gets the same answers.
func (h *health) current(ctx context.Context, s *Server) status {
	for {
		rows := s.rows.snapshot()
		last, asking, mine := h.look(rows)
		switch {
		case asking == nil:
			return last
		case mine:
			h.renew(s, rows)
		}
		select {
		case <-asking:
		case <-ctx.Done():
			return last // to nobody
		}
	}
}

// look returns the answers if they still are good. Else it returns what is closed when there are new ones, and whether
// it is the caller who is to ask.
func (h *health) look(rows Endpoints) (last status, asking chan struct{}, mine bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last = h.last
	last.Clusters = slices.Clone(last.Clusters)
	switch {
	case h.asking != nil:
		return last, h.asking, false
	case time.Now().Before(h.until) && reflect.DeepEqual(rows, h.rows):
		return last, nil, false
	}
	h.asking = make(chan struct{})
	return last, h.asking, true
}

// renew asks for those who wait, and lets them go on, come what may.
func (h *health) renew(s *Server, rows Endpoints) {
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		close(h.asking)
		h.asking = nil
	}()
	answers := s.askEnds(rows)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last, h.rows, h.until = answers, rows, time.Now().Add(statusFor)
}

// askEnds asks all ends at once.
func (s *Server) askEnds(rows Endpoints) (answers status) {
	// Others wait for the answers too: it is not the end of one request that cuts them off.
	ctx, cancel := context.WithTimeoutCause(context.Background(), questionTime, errNoAnswer)
	defer cancel()
	known, err := s.sources(rows)
	if err != nil {
		answers.Problem = err.Error()
	}
	clusters := s.clusters(rows, known)
	answers.Clusters = make([]clusterHealth, len(clusters))
	var group stdsync.WaitGroup
	group.Go(func() { answers.NetBox = s.netBoxHealth(ctx, rows) })
	for i, c := range clusters {
		group.Go(func() { answers.Clusters[i] = c.health(ctx) })
	}
	group.Wait()
	return answers
}

// clusters returns the clusters that there are. Of a backend that does not list them, they are those of its sources, as
// far as a row stands for them.
func (s *Server) clusters(rows Endpoints, known []string) []Cluster {
	if lister, ok := s.backend.(ClusterLister); ok {
		return lister.Clusters(rows)
	}
	var all []Cluster
	for _, name := range known {
		all = append(all, Cluster{Source: name})
	}
	for _, row := range rows.Proxmox {
		name := s.backend.Source(rows, row)
		if !row.Enabled || name == "" {
			continue
		}
		at := slices.IndexFunc(all, func(c Cluster) bool { return c.Source == name })
		if at < 0 {
			at = len(all)
			all = append(all, Cluster{Source: name})
		}
		all[at].Questions, all[at].Err = s.backend.Ask(rows, row)
	}
	return all
}

// health asks the cluster how it is.
func (c Cluster) health(ctx context.Context) clusterHealth {
	health := clusterHealth{Source: c.Source, Offline: []string{}}
	if c.Questions == nil && c.Err == nil {
		return health
	}
	err := c.Err
	if err == nil {
		var version Version
		var status ClusterStatus
		version, status, err = versionAndStatus(ctx, asked{Questions: c.Questions})
		health.Cluster, health.Version, health.Standalone, health.Quorate = status.Name, version.Version, status.Standalone, status.Quorate
		for _, n := range status.Nodes {
			if n.Online {
				health.Online++
			} else {
				health.Offline = append(health.Offline, n.Name)
			}
		}
	}
	health.Reachable = new(err == nil)
	if err != nil {
		health.Error = err.Error()
	}
	return health
}

// netBoxHealth asks NetBox how it is.
func (s *Server) netBoxHealth(ctx context.Context, rows Endpoints) netBoxHealth {
	health := netBoxHealth{URL: s.netBoxURL(rows)}
	raw, err := s.backend.NetBoxStatus(ctx, rows)
	if errors.Is(err, errFixed) {
		return health
	}
	health.Reachable = new(err == nil)
	if err != nil {
		health.Error = err.Error()
		return health
	}
	var body struct {
		Version string `json:"netbox-version"`
	}
	_ = json.Unmarshal(raw, &body) // without a version it was reached all the same
	health.Version = body.Version
	return health
}

// netBoxURL returns where the NetBox is that runs write to, without what may be a secret.
func (s *Server) netBoxURL(rows Endpoints) string {
	var text string
	if locator, ok := s.backend.(NetBoxLocator); ok {
		text = locator.NetBoxURL()
	}
	if text == "" && rows.NetBox != nil {
		text = rows.NetBox.URL()
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// lastGood returns the last run of a cluster in which nothing failed, nil if none is remembered. A plan alone, or some
// guests alone, say nothing of a cluster.
func lastGood(rows []runRow, source string) *goodRun {
	var last *goodRun
	for _, row := range rows {
		good := row.State == stateCompleted && !row.DryRun && len(row.Scope.Guests) == 0 && row.Scope.HasSource(source)
		if good && row.Finished != nil && (last == nil || row.Finished.After(last.Finished)) {
			last = &goodRun{Run: row.ID, Finished: *row.Finished}
		}
	}
	return last
}
