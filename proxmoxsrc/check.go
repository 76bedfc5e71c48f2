package proxmoxsrc

import (
	"context"
	"encoding/json"
	"fmt"
	stdsync "sync"

	"github.com/proxbox-go/proxbox/sync"
)

// Check looks at all that a run needs of the cluster, and writes nothing: whether each URL answers, with which
// certificate and clock, and speaks for the same cluster; whether the credential is accepted, and what it may read; the
// release, the quorum, and which nodes are offline. A credential that is refused is sent once. Each request is bounded by
// [Options.ClusterTimeout], the whole by ctx: what is not answered by then is a finding too.
//
// The privileges are those that Proxmox VE tells of the credential itself (GET /access/permissions). A path on which it
// has none at all is not among them, so that a guest with an entry NoAccess of its own is not found.
func (s *Source) Check(ctx context.Context) []sync.Finding {
	s.gateway.begin(ctx)
	defer s.gateway.rest()
	c := &check{gateway: s.gateway, urls: make([]urlCheck, len(s.gateway.entries))}
	told := c.cluster(ctx)
	var findings []sync.Finding
	for i := range c.urls {
		findings = append(findings, c.urls[i].findings(ctx, c)...)
	}
	return append(findings, told...)
}

// check is one look at a cluster.
type check struct {
	gateway *gateway
	urls    []urlCheck // one for each of the gateway's entries
	first   *entry     // the first that answers, nil for none
}

// cluster asks the first URL that answers for what goes for the whole cluster, and then whether the other URLs are of it.
func (c *check) cluster(ctx context.Context) []sync.Finding {
	version, err := c.version(ctx)
	switch {
	case c.first == nil:
		return nil // the URLs tell
	case err != nil:
		subject := "version"
		if causeOf(err) == CauseCredentials {
			subject = c.gateway.who.String()
		}
		return []sync.Finding{c.failed(ctx, subject, err)}
	}
	findings := []sync.Finding{
		{Severity: sync.Good, Subject: c.gateway.who.String(), Text: "is accepted"},
		releaseFinding(version),
	}
	held, err := c.rights(ctx)
	if err != nil {
		return append(findings, c.failed(ctx, "privileges", err))
	}
	findings = append(findings, rightsFindings(held, version.major(), c.gateway.who.String())...)
	if held.at("/", "Sys.Audit") {
		findings = append(findings, c.status(ctx)...)
	}
	c.others(ctx)
	return findings
}

// version asks the URLs in their order for the release until one answers.
func (c *check) version(ctx context.Context) (v Version, err error) {
	for i, e := range c.gateway.entries {
		u := &c.urls[i]
		u.entry, u.asked = e, true
		var raw json.RawMessage
		raw, err = c.ask(u.watched(ctx), e, "/version")
		if unanswered(err) || err != nil && ctx.Err() != nil {
			u.err = err
			continue
		}
		c.first = e
		c.gateway.use(ctx, e)
		if err == nil {
			v, err = c.gateway.parseVersion(raw)
		}
		return v, err
	}
	return v, err
}

func (c *check) rights(ctx context.Context) (rights, error) {
	raw, err := c.ask(ctx, c.first, "/access/permissions")
	if err != nil {
		return nil, err
	}
	held, err := c.gateway.parseRights(raw)
	if err == nil && len(held) == 0 {
		err = &PermissionError{c.gateway.who.String()}
	}
	return held, err
}

// others asks those URLs that were not needed so far, beside each other.
func (c *check) others(ctx context.Context) {
	var group stdsync.WaitGroup
	for i, e := range c.gateway.entries {
		if u := &c.urls[i]; !u.asked {
			u.entry, u.asked = e, true
			group.Go(func() { u.err = c.gateway.probe(u.watched(ctx), e) })
		}
	}
	group.Wait()
}

// ask asks one URL, and no other in its place.
func (c *check) ask(ctx context.Context, e *entry, path string) (json.RawMessage, error) {
	return c.gateway.persist(ctx, e, path, c.gateway.clusterTime)
}

// failed is a finding about what could not be asked.
func (c *check) failed(ctx context.Context, subject string, err error) sync.Finding {
	f := sync.Finding{Severity: sync.Fault, Subject: subject, Text: err.Error()}
	if known, ok := as[explained](err); ok {
		f.Text, f.Fix = known.explain()
	}
	if cause := context.Cause(ctx); cause != nil {
		f.Text, f.Fix = fmt.Sprintf("was not looked at to the end: %v", cause), ""
	}
	return f
}
