package proxmoxtest

import (
	"net/http"
	"strings"
	stdsync "sync"
	"time"
)

// BasePath is where the API begins.
const BasePath = "/api2/json"

// Options of a [Server].
type Options struct {
	// Credentials that are accepted. Default: the token DefaultTokenID and the
	// user DefaultUser, who may read everything.
	Credentials []Credential
	// Entry is the node that the server speaks for. Default: the first one.
	// [Server.Entry] gives further ones.
	Entry string
	// LatencyScale multiplies the times that Proxmox VE takes: 15 ms for a
	// configuration, 80 ms for an agent, 3 s for a dead agent, a refused login
	// or an unreachable node, 30 s for a hung node. Default 0: no waiting.
	LatencyScale float64
	// RowSeed determines the order of rows in lists, which is another one at
	// each request. The same seed and sequence of requests give the same order.
	RowSeed uint64
	// LogLimit is how many requests are kept at most. Default 65,536.
	LogLimit int
	// TicketLifetime of password logins. Default 2 h.
	TicketLifetime time.Duration
}

// Server is the fake Proxmox VE API over one estate, an [http.Handler]. All
// methods are safe for concurrent use.
type Server struct {
	routes      []route
	entry       string
	scale       float64
	rowSeed     uint64
	mu          stdsync.RWMutex // guards state and the estate in it
	state       *state
	accounts    accounts
	log         requestLog
	faults      faults
	events      events
	workers     *workers
	connections connections
}

// New returns a server for a copy of the estate, with its defaults filled in; a
// nil estate is one standalone node without guests. Options are copied, nil
// stands for all defaults.
func New(estate *Estate, options *Options) *Server {
	if estate == nil {
		estate = &Estate{}
	}
	o := Options{}
	if options != nil {
		o = *options
	}
	if o.Credentials == nil {
		o.Credentials = defaultCredentials()
	}
	if o.LogLimit <= 0 {
		o.LogLimit = 1 << 16
	}
	if o.TicketLifetime == 0 {
		o.TicketLifetime = 2 * time.Hour
	}
	s := &Server{
		routes:   routes(),
		scale:    o.LatencyScale,
		rowSeed:  o.RowSeed,
		state:    newState(estate.Clone()),
		accounts: accounts{tickets: map[string]ticket{}, lifetime: o.TicketLifetime},
		log:      requestLog{limit: o.LogLimit, counts: map[string]int{}},
		workers:  newWorkers(),
	}
	s.entry = o.Entry
	if s.entry == "" {
		s.entry = s.state.estate.Nodes[0].Name
	}
	s.accounts.set(o.Credentials)
	return s
}

// Token returns id and secret of the first API token; a client sends
// "Authorization: PVEAPIToken=<id>=<secret>". Both are "" when there is none.
func (s *Server) Token() (id, secret string) { return s.accounts.token() }

// SetCredentials replaces all credentials: to revoke one, to expire one, to
// change what it may see. Tickets of users that are gone become void.
func (s *Server) SetCredentials(credentials ...Credential) { s.accounts.set(credentials) }

// ExpireTickets ends all logins with a password.
func (s *Server) ExpireTickets() { s.accounts.expireTickets() }

// Estate returns a copy of the estate as it is now, defaults filled in.
func (s *Server) Estate() *Estate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.state.estate.Clone()
}

// Update changes the estate while no request reads it. The pointer must not be
// kept, and change must not call a method of the server that sees the estate.
func (s *Server) Update(change func(*Estate)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.state.estate)
	s.state = newState(s.state.estate)
}

// Entry returns a handler that speaks for another node of the same estate, with
// the same log and faults: the second URL of a cluster. A node that is offline
// or does not exist drops every connection.
func (s *Server) Entry(node string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, node) })
}

// ServeHTTP answers as the entry node.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.entry) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request, entry string) {
	logged := Request{
		Number: s.log.next(),
		Time:   time.Now(),
		Method: r.Method,
		Path:   strings.TrimPrefix(r.URL.Path, BasePath),
		Query:  r.URL.RawQuery,
	}
	fault := s.faults.due(r.Method, logged.Path)
	var a answer
	if fault == nil || !fault.replaces(r, &a) {
		var leave func()
		a, leave = s.answer(r, entry, &logged)
		defer leave()
	}
	fault.alter(r, &a)
	for _, change := range s.events.due(r.Method, logged.Path) {
		s.Update(change)
	}
	if !a.aborted && (fault == nil || !fault.cuts()) {
		logged.Status, logged.Reason = a.status, a.reason
	}
	s.log.add(logged)
	s.send(w, r, &a, fault)
}

// answer decides on a request and takes the time that Proxmox VE would take.
// The caller calls leave when the answer is sent.
func (s *Server) answer(r *http.Request, entry string, logged *Request) (a answer, leave func()) {
	leave = func() {}
	c := &call{request: r, path: logged.Path, number: logged.Number, server: s}
	s.mu.RLock()
	a = c.decide(s.state, entry)
	s.mu.RUnlock()
	if c.route != nil {
		logged.Route = c.route.pattern
	}
	if c.who != nil {
		logged.Credential = c.who.ID
	}
	if c.target != "" {
		leave = s.workers.enter(c.target, a.worker != "")
	}
	if a.worker != "" {
		done := s.workers.acquire(r.Context(), a.worker, s.scaled(30*time.Second))
		if done == nil {
			late := bare(596, "Connection timed out")
			late.aborted = r.Context().Err() != nil
			return late, leave
		}
		defer done()
	}
	if !pause(r.Context(), s.scaled(a.cost)) {
		a.aborted = true
	}
	return a, leave
}

// Cost returns how long the answer to a GET of a path below [BasePath] takes
// with a LatencyScale of 1, as long as no other request keeps the node busy. The
// first API token asks; nothing is logged.
func (s *Server) Cost(path string) time.Duration {
	r, err := http.NewRequest(http.MethodGet, BasePath+path, nil)
	if err != nil {
		return 0
	}
	id, secret := s.Token()
	r.Header.Set("Authorization", "PVEAPIToken="+id+"="+secret)
	c := &call{request: r, path: r.URL.Path[len(BasePath):], server: s}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return c.decide(s.state, s.entry).cost
}

func (s *Server) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.scale)
}
