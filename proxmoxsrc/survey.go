package proxmoxsrc

import (
	"context"
	"net/http"
)

// survey is what the cluster says of itself, before any node or guest is asked.
type survey struct {
	version Version
	rights  rights
	status  ClusterStatus
	// refused is set when the credential may not read the status.
	refused *StatusError
	rows    rows
}

// look asks the cluster, also for its version if that is not known. The first request is alone: a credential that is not
// accepted costs 3 s, each time. The rights are asked for in every run: without them nothing tells a guest that is gone
// from one that may no longer be seen.
func (g *gateway) look(ctx context.Context, version *Version) (*survey, error) {
	var s survey
	var err error
	if version != nil {
		s.version = *version
	} else if s.version, err = g.version(ctx); err != nil {
		return nil, err
	}
	raw, err := g.get(ctx, "/access/permissions", g.clusterTime)
	if err != nil {
		return nil, err
	}
	if s.rights, err = g.parseRights(raw); err != nil {
		return nil, err
	}
	if len(s.rights) == 0 {
		return nil, &PermissionError{g.who.String()}
	}
	if s.status, err = g.clusterStatus(ctx); err != nil {
		refused, ok := as[*StatusError](err)
		if !ok || refused.Code != http.StatusForbidden {
			return nil, err
		}
		s.refused = refused
	} else if err := g.recognise(g.current(), s.status.Name); err != nil {
		return nil, err
	}
	if s.rows, err = g.resources(ctx, "/cluster/resources"); err != nil {
		return nil, err
	}
	if len(s.rows.nodes) == 0 && !s.rows.lost {
		// Whoever may log in sees the nodes: without one it is no list of a cluster, and its guests are not gone.
		return nil, g.spoiled("/cluster/resources", "names no node")
	}
	return &s, nil
}

// resources reads the list of guests and nodes, or with "?type=vm" of guests only.
func (g *gateway) resources(ctx context.Context, path string) (rows, error) {
	raw, err := g.get(ctx, path, g.clusterTime)
	if err != nil {
		return rows{}, err
	}
	list, err := parseRows(raw)
	if err != nil {
		return rows{}, g.spoiled("/cluster/resources", err.Error())
	}
	return list, nil
}

// survey asks the cluster, by way of an entry that has quorum if there is one: the view of any other may be old.
func (g *gateway) survey(ctx context.Context, version *Version) (*survey, error) {
	best, err := g.look(ctx, version)
	if err != nil || best.refused != nil || best.status.Quorate {
		return best, err
	}
	first := g.current()
	for _, e := range g.after(first) {
		if e == first || g.probe(ctx, e) != nil {
			continue
		}
		g.use(ctx, e)
		if other, err := g.look(ctx, nil); err == nil && other.status.Quorate && other.refused == nil {
			return other, nil
		}
	}
	g.use(ctx, first)
	return best, context.Cause(ctx)
}
