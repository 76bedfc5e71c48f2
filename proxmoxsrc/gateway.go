package proxmoxsrc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	stdsync "sync"
	"syscall"
	"time"
)

// gateway is the way to a cluster: its URLs, the one in use, and the login. It is safe for concurrent use.
type gateway struct {
	who         credential
	entries     []*entry
	transport   *transport
	session     *session // nil with a token
	clusterTime time.Duration
	nodeTime    time.Duration
	logger      *slog.Logger
	search      slots // held while another entry is looked for

	mu      stdsync.Mutex // guards what follows
	inUse   *entry
	cluster string // the name that told itself, empty before
	teller  *entry // the entry that told it
}

func newGateway(bases []*url.URL, t *transport, who credential, o *Options) *gateway {
	g := &gateway{
		who: who, transport: t, clusterTime: o.ClusterTimeout, nodeTime: o.NodeTimeout, logger: o.Logger,
		search: make(slots, 1),
	}
	client := &http.Client{Transport: t}
	for _, base := range bases {
		g.entries = append(g.entries, newEntry(base, client, who))
	}
	if !who.token {
		g.session = newSession(who.secret)
	}
	g.inUse = g.entries[0]
	return g
}

// begin prepares for a series of requests.
func (g *gateway) begin(ctx context.Context) {
	if g.session != nil {
		g.session.forgive(ctx)
	}
}

// rest closes the connections that nobody uses.
func (g *gateway) rest() { g.transport.base.CloseIdleConnections() }

// get reads a path and returns the answer's data, nil for null. If the entry is gone, another one takes its place; an
// [UnreachableError] says that there is none. If it was away for a moment only, the path is asked for once more, unless
// what is wrong may be behind the entry: that costs one node or guest, no run.
func (g *gateway) get(ctx context.Context, path string, limit time.Duration) (json.RawMessage, error) {
	e := g.current()
	raw, err := g.persist(ctx, e, path, limit)
	switch {
	case causeOf(err) == CauseCertificate:
		return g.getElsewhere(ctx, e, path, limit, err)
	case err == nil, !unanswered(err):
		return raw, err
	}
	other, lost := g.reconnect(ctx, e, err)
	switch {
	case lost != nil:
		return nil, lost
	case other == e && strings.HasPrefix(path, "/nodes/") && !uncalled(err):
		return nil, err // it lives: what is wrong is behind it, and costs one node or guest
	}
	return g.persist(ctx, other, path, limit)
}

// getElsewhere reads by way of the other entries what this one cannot: it does not trust the node's certificate.
func (g *gateway) getElsewhere(ctx context.Context, e *entry, path string, limit time.Duration, err error) (json.RawMessage, error) {
	for _, other := range g.after(e) {
		if other == e {
			continue
		}
		raw, problem := g.persist(ctx, other, path, limit)
		if problem == nil || !unanswered(problem) && causeOf(problem) != CauseCertificate {
			return raw, problem
		}
	}
	return nil, err
}

// persist asks once more where the connection broke: pveproxy closes connections that are old, and its workers end.
func (g *gateway) persist(ctx context.Context, e *entry, path string, limit time.Duration) (json.RawMessage, error) {
	raw, err := g.authorized(ctx, e, path, limit)
	if !broken(err) {
		return raw, err
	}
	g.logger.DebugContext(ctx, "read again", "address", e.address, "path", path, "error", err)
	return g.authorized(ctx, e, path, limit)
}

// authorized sends a request with the credential; a ticket that is refused is replaced once.
func (g *gateway) authorized(ctx context.Context, e *entry, path string, limit time.Duration) (json.RawMessage, error) {
	if g.session == nil {
		return g.send(ctx, e, path, limit)
	}
	do := func(ctx context.Context, password string) (ticket string, err error) {
		err = g.limited(ctx, e, "/access/ticket", g.clusterTime, func(ctx context.Context) error {
			ticket, err = e.login(ctx, g.who.id, password)
			return err
		})
		return ticket, err
	}
	ticket, err := g.session.current(ctx, do)
	if err != nil {
		return nil, err
	}
	raw, err := g.send(context.WithValue(ctx, ticketKey{}, ticket), e, path, limit)
	if causeOf(err) != CauseCredentials {
		return raw, err
	}
	g.logger.InfoContext(ctx, "log in again", "address", e.address)
	if ticket, err = g.session.instead(ctx, ticket, do); err != nil {
		return nil, err
	}
	return g.send(context.WithValue(ctx, ticketKey{}, ticket), e, path, limit)
}

func (g *gateway) send(ctx context.Context, e *entry, path string, limit time.Duration) (json.RawMessage, error) {
	var raw json.RawMessage
	err := g.limited(ctx, e, path, limit, func(ctx context.Context) error { return e.client.Get(ctx, path, &raw) })
	return raw, err
}

// limited sends a request and sees that its error is one of ours.
func (g *gateway) limited(ctx context.Context, e *entry, path string, limit time.Duration, send func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := send(limited)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if status, ok := as[*StatusError](err); ok {
		return status
	}
	if certificate, ok := as[*CertificateError](err); ok {
		return certificate
	}
	if answer, ok := as[*AnswerError](err); ok {
		return answer
	}
	if connection, ok := as[*ConnectionError](err); ok {
		return connection
	}
	if syntax, ok := as[*json.SyntaxError](err); ok {
		return &AnswerError{path, e.address, "is no JSON (" + syntax.Error() + ")"}
	}
	return &ConnectionError{e.address, err}
}

// unanswered tells whether it was not Proxmox VE that answered.
func unanswered(err error) bool {
	_, connection := as[*ConnectionError](err)
	_, certificate := as[*CertificateError](err)
	_, answer := as[*AnswerError](err)
	return connection || certificate || answer || causeOf(err) == CauseProxy
}

// broken tells whether the connection ended before the answer did.
func broken(err error) bool {
	_, ok := as[*ConnectionError](err)
	return ok && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
}

// uncalled tells whether there was no connection at all.
func uncalled(err error) bool {
	op, ok := as[*net.OpError](err)
	return ok && op.Op == "dial"
}

func (g *gateway) current() *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inUse
}

func (g *gateway) use(ctx context.Context, e *entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inUse != e {
		g.logger.WarnContext(ctx, "use another URL", "address", e.address, "before", g.inUse.address)
	}
	g.inUse = e
}

// after returns all entries in the order in which they are tried after e, e last.
func (g *gateway) after(e *entry) []*entry {
	i := slices.Index(g.entries, e) + 1
	return slices.Concat(g.entries[i:], g.entries[:i])
}

// reconnect puts an entry that answers in the place of one that did not; it may be the same.
func (g *gateway) reconnect(ctx context.Context, gone *entry, why error) (*entry, error) {
	if err := g.search.take(ctx); err != nil {
		return nil, err
	}
	defer g.search.leave()
	if e := g.current(); e != gone {
		return e, nil
	}
	candidates := g.after(gone)
	if slow, ok := as[*ConnectionError](why); ok && slow.Timeout() {
		candidates = append([]*entry{gone}, candidates...) // it may be a node behind it that does not answer
	}
	unreachable := &UnreachableError{Errs: []error{why}}
	for i, e := range candidates {
		if i == len(g.entries) {
			break // tried first
		}
		err := g.probe(ctx, e)
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		if err == nil {
			g.use(ctx, e)
			return e, nil
		}
		if e != gone {
			unreachable.Errs = append(unreachable.Errs, err)
		}
	}
	return nil, unreachable
}

// probe tells whether an entry answers, and speaks for the cluster that the others spoke for.
func (g *gateway) probe(ctx context.Context, e *entry) error {
	if _, err := g.authorized(ctx, e, "/version", g.clusterTime); unanswered(err) {
		return err
	}
	g.mu.Lock()
	known := g.cluster != "" && g.teller != e
	g.mu.Unlock()
	if !known {
		return nil
	}
	raw, err := g.authorized(ctx, e, "/cluster/status", g.clusterTime)
	if unanswered(err) {
		return err
	}
	if status, problem := parseClusterStatus(raw); err == nil && problem == nil {
		return g.recognise(e, status.Name)
	}
	return nil
}

// recognise remembers for which cluster an entry speaks, and refuses one that speaks for another: to take its guests for
// those of this source would make the source's own look deleted.
func (g *gateway) recognise(e *entry, cluster string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cluster != "" && g.cluster != cluster && g.teller != e {
		return fmt.Errorf("%s speaks for %s, but %s for %s: give a source the URLs of one cluster only",
			e.address, cluster, g.teller.address, g.cluster)
	}
	g.cluster, g.teller = cluster, e
	return nil
}
