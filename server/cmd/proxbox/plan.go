package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

func planCommand() *cobra.Command {
	var stage, output string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a sync would do; nothing is written anywhere",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			scope, err := stageScope(stage)
			if err != nil {
				return err
			}
			if output != "text" && output != "json" {
				return fmt.Errorf("there is no output %q, only text and json", output)
			}
			e, err := engine(cmd)
			if err != nil {
				return err
			}
			lines := newLines(cmd.ErrOrStderr())
			lines.quiet = true
			plan, err := e.Plan(cmd.Context(), &sync.RunOptions{Scope: scope, Observe: func(ev sync.Event) {
				if _, failed := ev.(sync.Failure); !failed || output == "json" { // as text, the plan itself begins with what failed
					lines.observe(ev)
				}
			}})
			if plan == nil {
				return ended(err)
			}
			unprinted := error(nil)
			if output == "json" {
				unprinted = printJSON(cmd.OutOrStdout(), plan)
			} else {
				unprinted = plan.WriteText(cmd.OutOrStdout())
			}
			if unprinted != nil {
				return &runError{unprinted}
			}
			return ended(err)
		},
	}
	configFlag(cmd)
	stageFlag(cmd, &stage)
	cmd.Flags().StringVar(&output, "output", "text", "`format`: text or json")
	return cmd
}
