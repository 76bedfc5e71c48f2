package backend

import (
	"context"
	"fmt"
	"slices"
	stdsync "sync"
	"time"

	"github.com/proxbox-go/proxbox/sync"
)

// checkTime bounds a check.
const checkTime = 30 * time.Second

// Report is what a check found, end by end.
type Report struct {
	// Severity is the worst of all findings.
	Severity sync.Severity  `json:"severity"`
	NetBox   []sync.Finding `json:"netbox"`
	// Proxmox has the clusters, in the order of the configuration.
	Proxmox []SourceReport `json:"proxmox"`
}

// SourceReport is what a check found about a cluster.
type SourceReport struct {
	Source   string         `json:"source"`
	Findings []sync.Finding `json:"findings"`
}

// Check looks at all ends of a configuration, beside each other, for what a run will need, and writes nothing. It takes
// 30 s at most: an end that has not answered all questions by then has that as a finding. What is wrong with the
// configuration is one or more joined [*ConfigError]s, and nothing is sent then; any other error is the cause of ctx's
// end.
func Check(ctx context.Context, c Config, o *Options) (*Report, error) {
	if o == nil {
		o = &Options{}
	}
	sink, sources, err := c.ends(o)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, checkTime, fmt.Errorf("a check takes %v at most", checkTime))
	defer cancel()
	r := &Report{Proxmox: make([]SourceReport, len(sources))}
	var group stdsync.WaitGroup
	group.Go(func() { r.NetBox = sink.Check(limited) })
	for i, source := range sources {
		group.Go(func() { r.Proxmox[i] = SourceReport{source.Name(), source.Check(limited)} })
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r.Severity = r.worst()
	return r, nil
}

func (r *Report) worst() sync.Severity {
	all := slices.Clone(r.NetBox)
	for _, p := range r.Proxmox {
		all = append(all, p.Findings...)
	}
	return sync.Worst(all)
}
