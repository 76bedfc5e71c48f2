package netboxsink

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// isTaggedKind tells whether objects of the kind are made with our tag.
func isTaggedKind(kind sync.Kind) bool {
	return kind != KindTag && kind != KindCustomField && !isChild(kind)
}

// tagFinding tells whether our tag can be set where it will be.
func tagFinding(a access, kinds []sync.Kind) sync.Finding {
	f := sync.Finding{Severity: sync.Good, Subject: "tag " + tagSlug, Text: "is there"}
	if len(a.found) == 0 {
		f.Text = "is made by the first run"
		return a.unlessMissing(f)
	}
	var tag struct {
		Types []string `json:"object_types"`
	}
	if err := json.Unmarshal(a.found[0], &tag); err != nil {
		return sync.Finding{Severity: sync.Fault, Subject: f.Subject, Text: "is not understood: " + err.Error()}
	}
	var models []string
	for _, kind := range kinds {
		if isTaggedKind(kind) {
			models = append(models, tables[kind].model)
		}
	}
	if lacking := lacking(tag.Types, models); len(tag.Types) > 0 && len(lacking) > 0 {
		f.Severity = sync.Fault
		f.Text = "is restricted: NetBox refuses it on " + strings.Join(lacking, ", ")
		f.Fix = "add these object types to the tag in NetBox (Customization, Tags), or take all of its away"
	}
	return f
}

// unlessMissing returns the finding about what is not there: a fault if it may not be made.
func (a access) unlessMissing(f sync.Finding) sync.Finding {
	if !a.add {
		f.Severity, f.Text = sync.Fault, "is missing, and the token's user may not make it"
		f.Fix = "grant the token's user add on " + tables[a.kind].model + " in NetBox (Admin, Permissions)"
	}
	return f
}

// fieldObject is a custom field of NetBox's.
type fieldObject struct {
	Name   string   `json:"name"`
	Type   choice   `json:"type"`
	Types  []string `json:"object_types"`
	Filter choice   `json:"filter_logic"`
}

// customFieldFindings compares the custom fields that are there with what they must be: nobody changes those.
func customFieldFindings(a access) []sync.Finding {
	there := map[string]fieldObject{}
	for _, raw := range a.found {
		var f fieldObject
		if err := json.Unmarshal(raw, &f); err != nil {
			return []sync.Finding{{Severity: sync.Fault, Subject: "custom fields", Text: "are not understood: " + err.Error()}}
		}
		there[f.Name] = f
	}
	var findings []sync.Finding
	ours := ourCustomFields()
	for _, want := range ours {
		subject := "custom field " + want.name
		if is, found := there[want.name]; found {
			findings = append(findings, is.compare(subject, want)...)
		} else if f := a.unlessMissing(sync.Finding{Subject: subject}); f.Severity == sync.Fault {
			findings = append(findings, f)
		}
	}
	if len(findings) == 0 {
		text := fmt.Sprintf("are as they must be; the first run makes those that are not there: %d of %d", len(ours)-len(there), len(ours))
		if len(there) == len(ours) {
			text = fmt.Sprintf("are as they must be, all %d", len(ours))
		}
		findings = append(findings, sync.Finding{Severity: sync.Good, Subject: "custom fields", Text: text})
	}
	return findings
}

// compare tells what is wrong with a field.
func (f fieldObject) compare(subject string, want customField) []sync.Finding {
	if kind := string(f.Type); kind != want.kind && (want.kind != "text" || kind != "longtext") {
		return []sync.Finding{{
			Severity: sync.Fault, Subject: subject, Text: fmt.Sprintf("is of type %s, not %s: NetBox refuses what is written to it", kind, want.kind),
			Fix: "rename or delete it in NetBox (Customization, Custom Fields): the type of a field cannot be changed",
		}}
	}
	var findings []sync.Finding
	if lacking := lacking(f.Types, want.models); len(lacking) > 0 {
		findings = append(findings, sync.Finding{
			Severity: sync.Fault, Subject: subject, Text: "is not for " + strings.Join(lacking, ", ") + ": nothing can be kept there",
			Fix: "add these object types to it in NetBox (Customization, Custom Fields)",
		})
	}
	if logic := string(f.Filter); want.name == fieldSource && logic != "exact" {
		findings = append(findings, sync.Finding{
			Severity: sync.Warning, Subject: subject, Text: "is filtered by as " + logic + ", not exact: each run reads more than its own objects",
			Fix: "set its filter logic to exact in NetBox (Customization, Custom Fields)",
		})
	}
	return findings
}

// lacking returns what is wanted and not there.
func lacking(there, wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(s string) bool { return slices.Contains(there, s) })
}
