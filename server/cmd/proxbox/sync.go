package main

import (
	"context"
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
		Args:  noArguments,
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
			return syncOnce(cmd.Context(), e, scope, show)
		},
	}
	configFlag(cmd)
	stageFlag(cmd, &stage)
	outputFlag(cmd, &output)
	return cmd
}

// syncOnce runs the engine and shows how.
func syncOnce(ctx context.Context, e *sync.Engine, scope sync.Scope, show *view) error {
	result, err := e.Run(ctx, &sync.RunOptions{Scope: scope, Observe: show.observe})
	return show.ended(result, err)
}

func outputFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVar(output, "output", "text", "`format`: text, json (the result) or events (each event as a line of JSON)")
}

func stageFlag(cmd *cobra.Command, stage *string) {
	cmd.Flags().StringVar(stage, "stage", "", "only this `stage`: devices or virtual-machines (default everything)")
}

// stageScope returns the scope of a stage by its name; all for none.
func stageScope(stage string) (sync.Scope, error) {
	switch stage {
	case "":
		return sync.Scope{}, nil
	case string(sse.Devices), string(sse.VirtualMachines):
		return server.Scope(sse.Stream(stage)), nil
	}
	return sync.Scope{}, fmt.Errorf("there is no stage %q, only devices and virtual-machines", stage)
}
