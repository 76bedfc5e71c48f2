package main

import (
	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

func applyCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Do what a saved plan says",
		Long: `Do what a plan says that proxbox plan --out has saved. NetBox is read again first, Proxmox VE is not: what is no longer
as the plan found it is left alone and told as failed, all else is done.`,
		Args: oneArgument("the file of a plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := readPlan(args[0])
			if err != nil {
				return err
			}
			show, err := newView(output, cmd.OutOrStdout(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			e, err := engine(cmd)
			if err != nil {
				return err
			}
			if err := file.fits(e.Sources()); err != nil {
				return err
			}
			result, err := e.Apply(cmd.Context(), file.Plan, &sync.RunOptions{Observe: show.observe})
			return show.ended(result, err)
		},
	}
	configFlag(cmd)
	outputFlag(cmd, &output)
	return cmd
}
