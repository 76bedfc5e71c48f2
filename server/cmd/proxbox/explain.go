package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

func explainCommand() *cobra.Command {
	var source, output string
	cmd := &cobra.Command{
		Use:   "explain NAME|VMID|NODE",
		Short: "Explain what a sync would make of a guest or node, and why; nothing is written anywhere",
		Long: `Explain what a sync would make of a guest, by its name or VMID, or of a node, by its name: of each field what stands in
NetBox, what is wanted and where that comes from, the rule that says when it is written, and what becomes of it. Nothing is
written anywhere.`,
		Args: oneArgument("a guest or a node"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("there is no output %q, only text and json", output)
			}
			e, err := engine(cmd)
			if err != nil {
				return err
			}
			scope, err := explainScope(args[0], source, e.Sources())
			if err != nil {
				return err
			}
			lines := newLines(cmd.ErrOrStderr())
			lines.quiet = true
			plan, err := e.Plan(cmd.Context(), &sync.RunOptions{Scope: scope, Observe: lines.observe})
			if plan == nil {
				return ended(err)
			}
			found, unexplained := plan.Explain(sync.Named(args[0]))
			switch {
			case unexplained != nil:
				return &runError{unexplained}
			case len(found) == 0:
				return &runError{fmt.Errorf("there is no guest or node %q: proxbox plan --output json names all that there are", args[0])}
			}
			if unprinted := printExplanations(cmd.OutOrStdout(), output, found); unprinted != nil {
				return &runError{unprinted}
			}
			return ended(err)
		},
	}
	configFlag(cmd)
	cmd.Flags().StringVar(&source, "source", "", "only of the `cluster` with this name in the configuration; with a VMID, only that guest is read")
	cmd.Flags().StringVar(&output, "output", "text", "`format`: text or json")
	return cmd
}

// explainScope returns what is to be read for what is asked.
func explainScope(query, source string, configured []string) (sync.Scope, error) {
	if source == "" {
		return sync.Scope{}, nil
	}
	if !slices.Contains(configured, source) {
		return sync.Scope{}, fmt.Errorf("there is no cluster %q, only %s", source, strings.Join(configured, ", "))
	}
	if id, err := strconv.Atoi(query); err == nil {
		return sync.Scope{Guests: []sync.GuestRef{{Source: source, ID: id}}}, nil
	}
	return sync.Scope{Sources: []string{source}}, nil
}

func printExplanations(out io.Writer, output string, found []sync.Explanation) error {
	if output == "json" {
		return printJSON(out, found)
	}
	for i := range found {
		if i > 0 {
			if _, err := fmt.Fprintln(out); err != nil {
				return err
			}
		}
		if err := found[i].WriteText(out); err != nil {
			return err
		}
	}
	return nil
}
