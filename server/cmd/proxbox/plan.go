package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

func planCommand() *cobra.Command {
	var stage, output string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a sync would do; nothing is written anywhere",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			scope, err := stageScope(stage)
			if err != nil {
				return err
			}
			if output != "text" && output != "json" {
				return fmt.Errorf("there is no output %q: text and json are", output)
			}
			e, err := engine(cmd)
			if err != nil {
				return err
			}
			plan, err := e.Plan(cmd.Context(), &sync.RunOptions{Scope: scope})
			if plan == nil {
				return ended(err)
			}
			if output == "json" {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetEscapeHTML(false)
				encoder.SetIndent("", "  ")
				if err := encoder.Encode(plan); err != nil {
					return &runError{err}
				}
			} else if err := plan.WriteText(cmd.OutOrStdout()); err != nil {
				return &runError{err}
			}
			return ended(err)
		},
	}
	configFlag(cmd)
	cmd.Flags().StringVar(&stage, "stage", "", "only this: devices or virtual-machines (default everything)")
	cmd.Flags().StringVar(&output, "output", "text", "text or json")
	return cmd
}
