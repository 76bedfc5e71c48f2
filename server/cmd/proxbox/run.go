package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/proxbox-go/proxbox/sync"
)

// The exit codes.
const (
	exitGood   = 0
	exitFailed = 1 // something failed, or was stopped
	exitUsage  = 2 // the command line or the configuration is wrong
	exitUnfit  = 2 // a check found that no sync can work
)

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int {
	root := &cobra.Command{
		Use:           "proxbox",
		Short:         "Keep NetBox true to Proxmox VE clusters",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(checkCommand(), syncCommand(), planCommand(), applyCommand(), explainCommand(), serveCommand(), demoCommand())
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	problem := root.ExecuteContext(ctx)
	var partial *sync.PartialError
	var stopped *runError
	var config configError
	var unfit *unfitError
	switch {
	case problem == nil:
		return exitGood
	case errors.As(problem, &partial):
		// Each failure was told when it happened, and the summary counts them.
		return exitFailed
	case errors.As(problem, &unfit):
		return unfit.code()
	case errors.As(problem, &stopped):
		fmt.Fprintln(err, "proxbox:", printable(stopped.Error()))
		return exitFailed
	case errors.As(problem, &config):
		for _, line := range config {
			fmt.Fprintln(err, printable(line))
		}
		return exitUsage
	}
	fmt.Fprintln(err, "proxbox:", printable(problem.Error()))
	return exitUsage
}

// noCommand refuses what is no command.
func noCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is no command %q: see proxbox --help", args[0])
	}
	return nil
}

// noArguments refuses what is no flag.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("what is %q? %[2]s takes flags only: see %[2]s --help", args[0], cmd.CommandPath())
	}
	return nil
}

// oneArgument refuses anything but one argument besides flags, which is what.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%[1]s takes %[2]s, one: see %[1]s --help", cmd.CommandPath(), what)
		}
		return nil
	}
}

// wrongFlag says where the flags are explained.
func wrongFlag(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		kind := map[string]string{"int": "a number", "bool": "true or false"}[value.GetFlag().Value.Type()]
		return fmt.Errorf("--%s must be %s, not %q", value.GetFlag().Name, kind, value.GetValue())
	}
	return fmt.Errorf("%w: see %s --help", err, cmd.CommandPath())
}

// runError is what ended a run, as opposed to what is wrong with the command line.
type runError struct{ err error }

func (e *runError) Error() string {
	switch {
	case errors.Is(e.err, context.Canceled):
		return "stopped: what has landed stays, the next run does the rest"
	case errors.Is(e.err, syscall.EPIPE):
		return "the output was closed before all was printed"
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
