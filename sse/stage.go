package sse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// Stage is a stage of a job of the newest plugin (netbox-proxbox 0.0.29), by the plugin's own name. Each is a stream.
type Stage string

// The stages, in the order of a job. A full update is none of a job's: it is all of them in one stream.
const (
	StageDevices         Stage = "devices"
	StageStorage         Stage = "storage"
	StageVirtualMachines Stage = "virtual-machines"
	StageTaskHistory     Stage = "task-history"
	StageDisks           Stage = "vm-disks"
	StageBackups         Stage = "vm-backups"
	StageSnapshots       Stage = "vm-snapshots"
	StageNodeInterfaces  Stage = "network-interfaces"
	StageInterfaces      Stage = "vm-interfaces"
	StageAddresses       Stage = "ip-addresses"
	StageSDN             Stage = "sdn"
	StageReplications    Stage = "replications"
	StageBackupRoutines  Stage = "backup-routines"
	StageFullUpdate      Stage = "full-update"
)

// phase is what a stage tells of one kind of unit.
type phase struct {
	name string
	unit sync.Kind
	// children are the kinds that the phase is about; none if it is about the units themselves.
	children []sync.Kind
}

// phases returns the phases of the stage; none of one that is left alone.
func (s Stage) phases() []phase {
	devices := phase{name: string(StageDevices), unit: "device"}
	machines := phase{name: string(StageVirtualMachines), unit: "virtual-machine"}
	on := func(unit phase, children ...sync.Kind) []phase {
		return []phase{{name: string(s), unit: unit.unit, children: children}}
	}
	switch s {
	case StageDevices:
		return []phase{devices}
	case StageVirtualMachines:
		return []phase{machines}
	case StageDisks:
		return on(machines, "virtual-disk")
	case StageNodeInterfaces: // no other stage is about the addresses of nodes
		return on(devices, "node-interface", "node-mac-address", "node-ip-address")
	case StageInterfaces:
		return on(machines, "vm-interface", "mac-address")
	case StageAddresses:
		return on(machines, "ip-address")
	case StageFullUpdate:
		return []phase{devices, machines}
	}
	return nil
}

// phaseOf returns the phase that tells of the kind of unit.
func (s Stage) phaseOf(unit sync.Kind) (phase, bool) {
	all := s.phases()
	if at := slices.IndexFunc(all, func(p phase) bool { return p.unit == unit }); at >= 0 {
		return all[at], true
	}
	return phase{}, false
}

// tally counts what became of the objects that a phase is about.
type tally struct {
	Created int `json:"created"`
	Updated int `json:"updated"`
	Deleted int `json:"deleted"`
	Failed  int `json:"failed"`
	// Skipped counts all that was not written: what was left alone for a reason, and what is as it should be.
	Skipped int `json:"skipped"`
	// Unchanged counts those of the skipped that are as they should be.
	Unchanged int `json:"unchanged"`
	Total     int `json:"total"`
}

func (t *tally) add(c sync.Counts) {
	t.Created += c.Created
	t.Updated += c.Updated
	t.Deleted += c.Deleted
	t.Failed += c.Failed
	t.Skipped += c.Skipped + c.Kept
	t.Unchanged += c.Kept
	t.Total += c.Total()
}

func (t *tally) plus(other tally) {
	t.Created += other.Created
	t.Updated += other.Updated
	t.Deleted += other.Deleted
	t.Failed += other.Failed
	t.Skipped += other.Skipped
	t.Unchanged += other.Unchanged
	t.Total += other.Total
}

// tally counts what a run did to the objects of the phase. A unit that failed before it came to its children counts as
// one failure.
func (p phase) tally(r *sync.Result) tally {
	var t tally
	if len(p.children) == 0 {
		t.add(r.Objects[p.unit])
		return t
	}
	for _, kind := range p.children {
		t.add(r.Children[kind])
	}
	counted := map[sync.Key]bool{} // the units that failed, and whether by a child of the phase
	for _, f := range r.Failures {
		if f.Unit.Kind == p.unit {
			counted[f.Unit] = counted[f.Unit] || slices.Contains(p.children, f.Key.Kind)
		}
	}
	for _, is := range counted {
		if !is {
			t.Failed++
			t.Total++
		}
	}
	return t
}

// subject names what the phase is about: "20 virtual disks", "12 interfaces, 3 IP addresses". What is none of the later
// kinds counts as one of the first.
func (p phase) subject(r *sync.Result, t tally) string {
	if len(p.children) == 0 {
		return amount(t.Total, p.unit)
	}
	first, others := t.Total, ""
	for _, kind := range p.children[1:] {
		if n := r.Children[kind].Total(); n > 0 {
			first -= n
			others += ", " + amount(n, kind)
		}
	}
	return amount(first, p.children[0]) + others
}

// said returns the tally of a run as a sentence: "3 devices: 1 created, 2 unchanged."
func (p phase) said(r *sync.Result, t tally) string {
	return p.subject(r, t) + listed(t) + "."
}

// listed returns what is not zero: ": 1 created, 2 unchanged".
func listed(t tally) string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{t.Created, "created"},
		{t.Updated, "updated"},
		{t.Deleted, "deleted"},
		{t.Unchanged, "unchanged"},
		{t.Skipped - t.Unchanged, "left alone"},
		{t.Failed, "failed"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// noun returns what messages call an object of the kind.
func noun(kind sync.Kind) string {
	switch kind {
	case "vm-interface", "node-interface":
		return "interface"
	case "mac-address", "node-mac-address":
		return "MAC address"
	case "ip-address", "node-ip-address":
		return "IP address"
	}
	return strings.ReplaceAll(string(kind), "-", " ")
}

// amount returns so many of a kind: "1 device", "2 IP addresses".
func amount(n int, kind sync.Kind) string {
	word := noun(kind)
	switch {
	case n == 1:
	case strings.HasSuffix(word, "s"):
		word += "es"
	default:
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// happened tells whether the stage took place, for some objects at least; if not, why.
func happened(r *sync.Result) (ok bool, reason string) {
	if r.Error != "" {
		return false, r.Error
	}
	var unread []string
	for _, f := range r.Failures {
		if f.Key.Kind == sync.SourceKind {
			unread = append(unread, because(f))
		}
	}
	if len(unread) == 0 {
		return true, ""
	}
	// A source that was read has shared objects at least. Without any, what is known is left alone.
	for _, c := range r.Objects {
		if c.Total() > c.Skipped {
			return true, ""
		}
	}
	return false, strings.Join(unread, "; ")
}

// Summary tells in one sentence what a run came to. It names what failed: none of the plugin's own checks does.
func (s Stage) Summary(r *sync.Result) string { return s.summary(r, maxReason) }

// summary is Summary within a budget.
func (s Stage) summary(r *sync.Result, budget int) string {
	if ok, reason := happened(r); !ok {
		begin := string(s) + " sync failed: "
		return begin + cut(reason, budget-len(begin))
	}
	names := failed(r)
	if len(names) == 0 {
		return string(s) + " sync completed."
	}
	text := fmt.Sprintf("%s sync completed with %d failures: ", s, len(names))
	if len(names) == 1 {
		text = string(s) + " sync completed with 1 failure: "
	}
	for i, name := range names {
		name = cut(name, maxItem)
		more := ""
		if left := len(names) - i; left > 1 {
			more = fmt.Sprintf(" and %d more.", left)
		}
		if i > 0 && textLen(text)+textLen(", "+name)+len(more) > budget {
			return text + fmt.Sprintf(" and %d more.", len(names)-i)
		}
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text + "."
}
