package proxmoxsrc

import (
	"context"
	"fmt"

	"github.com/proxbox-go/proxbox/sync"
)

// status asks for the quorum and the nodes.
func (c *check) status(ctx context.Context) []sync.Finding {
	raw, err := c.ask(ctx, c.first, "/cluster/status")
	if err != nil {
		return []sync.Finding{c.failed(ctx, "cluster", err)}
	}
	status, err := parseClusterStatus(raw)
	if err != nil {
		return []sync.Finding{c.failed(ctx, "cluster", c.gateway.spoiled("/cluster/status", err.Error()))}
	}
	if err := c.gateway.recognise(c.first, status.Name); err != nil {
		return []sync.Finding{c.failed(ctx, "cluster", err)}
	}
	return statusFindings(status, c.first.address)
}

func statusFindings(status ClusterStatus, address string) []sync.Finding {
	f := sync.Finding{Severity: sync.Good, Subject: "cluster " + status.Name, Text: fmt.Sprintf("has quorum, and %d nodes", len(status.Nodes))}
	switch {
	case status.Standalone:
		f.Subject, f.Text = "node "+status.Name, "stands alone, in no cluster"
	case !status.Quorate:
		f.Severity, f.Text = sync.Warning, "has no quorum at "+address+": what is read may be old, and nothing is taken for gone"
		f.Fix = "bring enough nodes back: look at pvecm status"
	}
	findings := []sync.Finding{f}
	for _, node := range status.Nodes {
		if !node.Online {
			findings = append(findings, sync.Finding{
				Severity: sync.Warning, Subject: "node " + node.Name, Text: "is offline: it and its guests are not read, and stay as NetBox has them",
				Fix: "start it, or mend its network",
			})
		}
	}
	return findings
}
