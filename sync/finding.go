package sync

// Severity says what a [Finding] means for a run.
type Severity string

// The severities, the lightest first.
const (
	// Good: it is as it should be.
	Good Severity = "good"
	// Warning: runs work, but in part.
	Warning Severity = "warning"
	// Fault: no run can work.
	Fault Severity = "fault"
)

// Finding is one thing that the check of an end found, before anything is written. There is no secret in it.
type Finding struct {
	Severity Severity `json:"severity"`
	// Subject is what was looked at: "token", "VM.Audit on /vms".
	Subject string `json:"subject"`
	// Text says how it is, and what that costs.
	Text string `json:"text"`
	// Fix says what to do, as a command where there is one. It is empty where nothing is to be done, or Text says it.
	Fix string `json:"fix,omitempty"`
}

// Worst returns the gravest severity of the findings, Good for none.
func Worst(findings []Finding) Severity {
	worst := Good
	for _, f := range findings {
		if f.Severity == Fault || f.Severity == Warning && worst == Good {
			worst = f.Severity
		}
	}
	return worst
}
