package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

// The exit codes.
const (
	exitGood   = 0
	exitFailed = 1 // something failed, or was stopped
	exitUsage  = 2 // the command line or the configuration is wrong
)

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	root := &cobra.Command{
		Use:           "proxbox",
		Short:         "Keep NetBox true to Proxmox VE clusters",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(syncCommand(), planCommand(), serveCommand(), demoCommand())
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	problem := root.ExecuteContext(ctx)
	if problem == nil {
		return exitGood
	}
	var partial *sync.PartialError
	var stopped *runError
	switch {
	case errors.As(problem, &partial):
		// Each failure was told when it happened, and the summary counts them.
		return exitFailed
	case errors.As(problem, &stopped):
		fmt.Fprintln(err, "proxbox:", stopped)
		return exitFailed
	}
	fmt.Fprintln(err, "proxbox:", problem)
	return exitUsage
}

// runError is what ended a run, as opposed to what is wrong with the command line.
type runError struct{ err error }

func (e *runError) Error() string {
	if errors.Is(e.err, context.Canceled) {
		return "stopped"
	}
	return e.err.Error()
}

func (e *runError) Unwrap() error { return e.err }

// ended returns the error of a run as one for run.
func ended(err error) error {
	var partial *sync.PartialError
	if err == nil || errors.As(err, &partial) {
		return err
	}
	return &runError{err}
}
