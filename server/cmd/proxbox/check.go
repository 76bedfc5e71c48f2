package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

func checkCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Tell whether both ends are fit for a sync; nothing is written anywhere",
		Long: "Look at NetBox and at each cluster for what a sync needs: reachable, trusted, the token accepted, its rights, the\n" +
			"version. Nothing is written anywhere, and it takes 30 s at most. What is missing is told with how to mend it.\n\n" +
			"The exit code is 0 when all is good, 1 when a sync would work in part, and 2 when it cannot work.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("there is no output %q, only text and json", output)
			}
			report, err := check(cmd)
			if err != nil {
				return err
			}
			if output == "json" {
				err = printJSON(cmd.OutOrStdout(), report)
			} else {
				err = printReport(cmd.OutOrStdout(), report)
			}
			if err != nil {
				return &runError{err}
			}
			if report.Severity != sync.Good {
				return &unfitError{report.Severity}
			}
			return nil
		},
	}
	configFlag(cmd)
	cmd.Flags().StringVar(&output, "output", "text", "`format`: text or json")
	return cmd
}

// check checks the ends that the command's configuration names.
func check(cmd *cobra.Command) (report *backend.Report, err error) {
	err = configure(cmd, func(c configuration) (err error) {
		report, err = backend.Check(cmd.Context(), c.Config, nil)
		return err
	})
	if errors.Is(err, context.Canceled) {
		err = &runError{errors.New("stopped before all was looked at")}
	}
	return report, err
}

// unfitError tells that a check found what is not good. It was printed.
type unfitError struct{ severity sync.Severity }

func (e *unfitError) Error() string { return verdicts[e.severity] }

// code returns the exit code for it.
func (e *unfitError) code() int {
	if e.severity == sync.Fault {
		return exitUnfit
	}
	return exitFailed
}

// marks and verdicts are what the severities are called in lines, and at the end. They are read only.
var (
	marks    = map[sync.Severity]string{sync.Good: "ok", sync.Warning: "warn", sync.Fault: "FAIL"}
	verdicts = map[sync.Severity]string{
		sync.Good: "a sync will work", sync.Warning: "a sync will work in part: see what is marked warn", sync.Fault: "a sync cannot work: see what is marked FAIL",
	}
)

// printReport prints each finding as a line, what is to be done below it, and the verdict.
func printReport(out io.Writer, r *backend.Report) error {
	printFindings(out, "NetBox", r.NetBox)
	for _, p := range r.Proxmox {
		printFindings(out, p.Source, p.Findings)
	}
	_, err := fmt.Fprintln(out, verdicts[r.Severity])
	return err // whoever has left before has not read the verdict
}

func printFindings(out io.Writer, end string, findings []sync.Finding) {
	for _, f := range findings {
		fmt.Fprintf(out, "%-5s %s: %s: %s\n", marks[f.Severity], printable(end), printable(f.Subject), printable(f.Text))
		if f.Fix != "" {
			fmt.Fprintf(out, "        %s\n", printable(f.Fix))
		}
	}
}
