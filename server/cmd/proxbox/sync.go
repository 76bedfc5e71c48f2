package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

func syncCommand() *cobra.Command {
	var stage, output string
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Bring NetBox up to date, once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			scope, err := stageScope(stage)
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
			result, err := e.Run(cmd.Context(), &sync.RunOptions{Scope: scope, Observe: show.observe})
			show.end(result)
			return ended(err)
		},
	}
	configFlag(cmd)
	cmd.Flags().StringVar(&stage, "stage", "", "only this: devices or virtual-machines (default everything)")
	cmd.Flags().StringVar(&output, "output", "text", "text, json (the result) or events (each event as a line of JSON)")
	return cmd
}

// stageScope returns the scope of a stage by its name; all for none.
func stageScope(stage string) (sync.Scope, error) {
	switch stage {
	case "":
		return sync.Scope{}, nil
	case string(sse.Devices), string(sse.VirtualMachines):
		return server.Scope(sse.Stream(stage)), nil
	}
	return sync.Scope{}, fmt.Errorf("there is no stage %q: devices and virtual-machines are", stage)
}
