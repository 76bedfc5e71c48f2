package proxmoxsrc

import (
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// need is a privilege that a run uses.
type need struct {
	path, privilege string
	// instead is a privilege that will do as well, if there is one.
	instead string
	without string // what a run lacks that has not got it
	// severity is what it comes to when it is missing.
	severity sync.Severity
}

// needs returns the privileges that a run uses on a release.
func needs(major int) []need {
	agent := need{
		path: "/vms", privilege: "VM.Monitor", severity: sync.Warning,
		without: "guest agents are not asked there, and the addresses of their virtual machines stay unknown",
	}
	if major >= 9 {
		agent.privilege, agent.instead = "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"
	}
	all := []need{
		{
			path: "/", privilege: "Sys.Audit", severity: sync.Warning,
			without: "the name of the cluster, its quorum and the addresses of its nodes stay unknown",
		},
		{path: "/nodes", privilege: "Sys.Audit", severity: sync.Warning, without: "the release and the state of nodes stay unknown there"},
		{path: "/vms", privilege: "VM.Audit", severity: sync.Warning, without: "guests are not seen there"},
		agent,
		{path: "/pool", privilege: "Pool.Audit", severity: sync.Good, without: "pools are not listed, which no run needs"},
	}
	if major >= 8 {
		all = append(all, need{path: "/sdn", privilege: "SDN.Audit", severity: sync.Warning, without: "bridges are not seen there"})
	}
	return all
}

// rightsFindings compares what a credential may with what a run uses.
func rightsFindings(held rights, major int, who string) []sync.Finding {
	var findings []sync.Finding
	for _, n := range needs(major) {
		missing := n.missing(held)
		if len(missing) == 0 {
			findings = append(findings, sync.Finding{Severity: sync.Good, Subject: n.privilege + " on " + n.path, Text: "is held"})
		}
		for _, path := range missing {
			findings = append(findings, n.finding(held, path, who))
		}
	}
	return findings
}

// missing returns the paths where the privilege is missing. What is asked of / goes for that path alone.
func (n need) missing(held rights) []string {
	switch {
	case n.path == "/" && held.at("/", n.privilege):
		return nil
	case n.path == "/":
		return []string{"/"}
	}
	return slices.DeleteFunc(held.lacking(n.path, n.privilege), func(path string) bool {
		return n.instead != "" && held.below(path, n.instead)
	})
}

func (n need) finding(held rights, path, who string) sync.Finding {
	f := sync.Finding{
		Severity: n.severity, Subject: n.privilege + " on " + path, Text: "is missing: " + n.without,
		Fix: grantAt(n.place(held, path), who, n.privilege),
	}
	if n.privilege == "VM.Audit" && !held.anyBelow("/vms", "VM.Audit") {
		f.Severity, f.Text = sync.Fault, "is missing: no guest is seen"
	}
	return f
}

// place returns where the privilege is to be granted: on / unless it is there, and what is at the path replaces it.
func (n need) place(held rights, path string) string {
	if held.below("/", n.privilege) {
		return path
	}
	return "/"
}

// at tells whether the privilege is held on that very path.
func (r rights) at(path, privilege string) bool {
	_, held := r[path][privilege]
	return held
}

// anyBelow tells whether the privilege is held on the path or anywhere below it.
func (r rights) anyBelow(path, privilege string) bool {
	if r.below(path, privilege) {
		return true
	}
	for deeper := range r {
		if strings.HasPrefix(deeper, path+"/") && r.at(deeper, privilege) {
			return true
		}
	}
	return false
}
