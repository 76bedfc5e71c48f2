package netboxsink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/proxbox-go/proxbox/internal/peer"
	"github.com/proxbox-go/proxbox/sync"
)

// checkTimeout bounds each request of a check: none makes NetBox work for long.
const checkTimeout = 10 * time.Second

// Check looks at all that a run needs of NetBox, and writes nothing: whether it answers, with which certificate and clock,
// and in which version; whether it accepts the token, and what the token's user may do with each kind of object; the
// custom fields and the tag that are there already. A token that is refused is sent once. Each request is bounded by ten
// seconds, the whole by ctx: what is not answered by then is a finding too.
//
// That the user may view objects is found by reading one of them. That they may be added and changed is told by the
// answer to OPTIONS on their list, which describes POST and PUT only to who may do that with a token that writes. Whether
// they may be deleted tells nothing but a deletion, and permissions with constraints are taken for whole ones.
func (s *Sink) Check(ctx context.Context) []sync.Finding {
	patient := *s.client
	patient.timeout = min(patient.timeout, checkTimeout)
	c := &check{client: &patient, rules: s.rules}
	findings, served := c.status(ctx)
	if served == nil {
		return findings
	}
	var kinds []sync.Kind
	for _, info := range s.Kinds() {
		if (info.Kind != KindMachineType || served.machineTypes) && s.rules.looksAt(info.Kind) {
			kinds = append(kinds, info.Kind)
		}
	}
	return append(findings, c.objects(ctx, kinds)...)
}

// check is one look at a NetBox.
type check struct {
	client *client
	rules  *rules
}

// renew says how the certificate of NetBox is renewed.
const renew = "renew it where NetBox, or the proxy before it, has it from"

// status asks NetBox for its version, which also tells whether it can be reached and accepts the token. It returns what
// is known of the version, nil if there is no use in asking more.
func (c *check) status(ctx context.Context) ([]sync.Finding, *release) {
	const path = "/api/status/"
	response, raw, err := c.client.exchange(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return []sync.Finding{c.failed(ctx, c.client.base, err)}, nil
	}
	var seen peer.Sighting
	seen.Take(response)
	reached := append([]sync.Finding{{Severity: sync.Good, Subject: c.client.base, Text: "answers; " + seen.Describe(false)}},
		seen.Warnings(c.client.base, renew)...)
	version := ""
	if raw, err = c.client.good(http.MethodGet, path, response, raw); err == nil {
		version, err = c.client.parseVersion(raw)
	}
	var refused *StatusError
	switch {
	case errors.As(err, &refused) && refused.refusesToken():
		return append(reached, c.failed(ctx, "token", err)), nil
	case err != nil:
		return []sync.Finding{c.failed(ctx, c.client.base, err)}, nil
	}
	reached = append(reached, sync.Finding{Severity: sync.Good, Subject: "token", Text: "is accepted"})
	served, err := releaseOf(version)
	if err != nil {
		return append(reached, c.failed(ctx, "version", err)), nil
	}
	return append(reached, served.finding()), served
}

// finding tells whether the version is one that is known.
func (r *release) finding() sync.Finding {
	if r.minor > newestMinor {
		return sync.Finding{
			Severity: sync.Warning, Subject: "version", Fix: "look for a newer proxbox",
			Text: fmt.Sprintf("is NetBox %s, newer than 4.%d, the newest that this proxbox knows: what has changed since may fail", r.version, newestMinor),
		}
	}
	return sync.Finding{Severity: sync.Good, Subject: "version", Text: "is NetBox " + r.version}
}

// objects asks for each kind of objects what may be done with them, and looks at those that all others need.
func (c *check) objects(ctx context.Context, kinds []sync.Kind) []sync.Finding {
	all := make([]access, len(kinds))
	err := beside(ctx, len(kinds), func(ctx context.Context, i int) (err error) {
		all[i], err = c.access(ctx, kinds[i])
		return err
	})
	if err != nil {
		return []sync.Finding{c.failed(ctx, "permissions", err)}
	}
	findings := c.rules.permissionFindings(all)
	for _, a := range all {
		switch {
		case !a.view: // it was told, and what is there is not known
		case a.kind == KindTag:
			findings = append(findings, tagFinding(a, slices.DeleteFunc(slices.Clone(kinds), func(k sync.Kind) bool { return !c.rules.makes(k) })))
		case a.kind == KindCustomField:
			findings = append(findings, customFieldFindings(a)...)
		}
	}
	return findings
}

// ask sends one request, once, in one of the places for reads.
func (c *check) ask(ctx context.Context, method, path string, query url.Values) ([]byte, error) {
	if err := c.client.readers.Take(ctx, nil); err != nil {
		return nil, err
	}
	defer c.client.readers.Leave()
	return c.client.send(ctx, method, path, query, nil)
}

// failed is a finding about what could not be asked.
func (c *check) failed(ctx context.Context, subject string, err error) sync.Finding {
	f := sync.Finding{Severity: sync.Fault, Subject: subject, Text: err.Error()}
	var known explained
	if errors.As(err, &known) {
		f.Text, f.Fix = known.explain()
	}
	if cause := context.Cause(ctx); cause != nil {
		f.Text, f.Fix = fmt.Sprintf("was not looked at to the end: %v", cause), ""
	}
	return f
}
