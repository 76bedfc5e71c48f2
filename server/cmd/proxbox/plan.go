package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

func planCommand() *cobra.Command {
	var stage, output, file string
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
			if file == "" && cmd.Flags().Changed("out") {
				return errors.New("--out must name a file")
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
			var problem error
			if file != "" {
				problem = savePlan(file, plan)
			}
			if output == "json" {
				problem = cmp.Or(problem, printJSON(cmd.OutOrStdout(), plan))
			} else {
				problem = cmp.Or(problem, plan.WriteText(cmd.OutOrStdout()))
			}
			if problem != nil {
				return &runError{problem}
			}
			return ended(err)
		},
	}
	configFlag(cmd)
	stageFlag(cmd, &stage)
	cmd.Flags().StringVar(&output, "output", "text", "`format`: text or json")
	cmd.Flags().StringVar(&file, "out", "", "save the plan as this `file` too, for proxbox apply")
	return cmd
}
