package netboxsink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// access is what a token's user may do with the objects of a kind.
type access struct {
	kind              sync.Kind
	view, add, change bool
	found             []json.RawMessage // the objects that a check looks at, else some
}

// access asks what may be done with the objects of a kind.
func (c *check) access(ctx context.Context, kind sync.Kind) (access, error) {
	a := access{kind: kind}
	path := tables[kind].path
	raw, err := c.ask(ctx, http.MethodGet, path, lookedAt(kind))
	var refused *StatusError
	if a.view = err == nil; a.view {
		var page list[json.RawMessage]
		if err := json.Unmarshal(raw, &page); err != nil || page.Results == nil {
			return a, fmt.Errorf("NetBox's answer to GET %s is no list: is a proxy in between?", path)
		}
		a.found = page.Results
	} else if !errors.As(err, &refused) || !refused.lacksPermission() {
		return a, err
	}
	if raw, err = c.ask(ctx, http.MethodOptions, path, nil); err != nil {
		return a, err
	}
	var described struct {
		Actions map[string]json.RawMessage `json:"actions"`
	}
	if err := json.Unmarshal(raw, &described); err != nil {
		return a, fmt.Errorf("NetBox's answer to OPTIONS %s is no description: is a proxy in between?", path)
	}
	_, a.add = described.Actions[http.MethodPost]
	_, a.change = described.Actions[http.MethodPut]
	return a, nil
}

// lookedAt selects the objects of a kind that a check looks at. Of most, one tells whether they may be viewed.
func lookedAt(kind sync.Kind) url.Values {
	switch kind {
	case KindTag:
		return url.Values{"slug": {tagSlug}, "fields": {"id,object_types"}}
	case KindCustomField:
		query := url.Values{"fields": {"id,name,type,object_types,filter_logic"}, "limit": {strconv.Itoa(pageSize)}}
		for _, f := range ourCustomFields() {
			query.Add("name", f.name)
		}
		return query
	}
	return url.Values{"limit": {"1"}, "fields": {"id"}}
}

// looksAt tells whether a run looks at objects of the kind; what hangs on devices and on virtual machines alike counts
// once.
func (r *rules) looksAt(kind sync.Kind) bool {
	switch kind {
	case KindNodeMAC, KindNodeAddress:
		return false
	case KindTenant:
		return len(r.placement[kind]) > 0 || r.objects.Pools == "tenant"
	case KindLocation, KindVRF:
		return len(r.placement[kind]) > 0
	}
	return true
}

// makes tells whether a run makes objects of the kind.
func (r *rules) makes(kind sync.Kind) bool {
	switch kind {
	case KindTenant, KindLocation, KindVRF:
		return r.create
	case KindVLANGroup:
		return r.create || r.objects.CreateVLANs
	case KindVLAN:
		return r.objects.CreateVLANs
	}
	return true
}

// permissionFindings tells what the token's user may not do.
func (r *rules) permissionFindings(all []access) []sync.Finding {
	may := map[string][]string{} // models by what is missing on them
	writes := false
	var deleted []string
	for _, a := range all {
		model := tables[a.kind].model
		for action, given := range map[string]bool{"view": a.view, "add": a.add, "change": a.change} {
			if !given && (action == "view" || r.makes(a.kind)) {
				may[action] = append(may[action], model)
			}
		}
		writes = writes || a.add || a.change
		if isChild(a.kind) || r.deletion.Mode == "delete" && (a.kind == KindDevice || a.kind == KindVirtualMachine) {
			deleted = append(deleted, model)
		}
	}
	var findings []sync.Finding
	missing := func(severity sync.Severity, action, cost string) {
		if models := strings.Join(may[action], ", "); models != "" {
			findings = append(findings, sync.Finding{
				Severity: severity, Subject: "permission to " + action, Text: "is missing on " + models + ": " + cost,
				Fix: "grant the token's user " + action + " on these in NetBox (Admin, Permissions)",
			})
		}
	}
	missing(sync.Fault, "view", "what is there is not found")
	if !writes {
		return append(findings, sync.Finding{
			Severity: sync.Fault, Subject: "permission to write", Text: "is missing on everything",
			Fix: "let the token write in NetBox (Admin, API Tokens), and grant its user view, add and change (Admin, Permissions)",
		})
	}
	missing(sync.Warning, "add", "new ones are not made, nor what refers to them")
	missing(sync.Warning, "change", "what changes in Proxmox VE stays as it is in NetBox")
	if len(findings) == 0 {
		findings = append(findings, sync.Finding{
			Severity: sync.Good, Subject: "permissions", Text: fmt.Sprintf("are there for all %d object types", len(all)),
		})
	}
	return append(findings, sync.Finding{
		Severity: sync.Good, Subject: "permission to delete",
		Text: "cannot be known without deleting something; it is needed on " + strings.Join(deleted, ", "),
	})
}

// isChild tells whether objects of the kind hang on a device or virtual machine.
func isChild(kind sync.Kind) bool {
	return kind == KindInterface || kind == KindNodeInterface || kind == KindMAC || kind == KindAddress || kind == KindDisk
}
