package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server"
)

func serveCommand() *cobra.Command {
	var at listening
	var o server.Options
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API that the netbox-proxbox plugin expects",
		Long: "Serve the API that the netbox-proxbox plugin expects. Until an API key is registered, with POST /auth/register-key, only\n" +
			"this machine itself is answered; from then on each request needs one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Logger = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			b, schedules, err := served(cmd, o.Logger)
			if err != nil {
				return err
			}
			if o.StateDir, err = stateFolder(o.StateDir, os.Getenv); err != nil {
				return err
			}
			listener, scheme, err := at.open()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "proxbox listens on %s://%s\n", scheme, listener.Addr())
			if scheme == "http" && exposed(listener) {
				o.Logger.Warn("API keys and all else go over the network as they are: give a certificate with --tls-cert and --tls-key")
			}
			return serve(cmd.Context(), listener, b, &o, schedules, cmd.OutOrStdout())
		},
	}
	configFlag(cmd)
	at.flags(cmd)
	cmd.Flags().StringSliceVar(&o.Origins, "origin", nil, "host whose pages may open the WebSocket, besides those of the NetBox that is known")
	cmd.Flags().BoolVar(&o.OpenWrites, "open-writes", false, "answer everybody until an API key is registered")
	cmd.Flags().BoolVar(&o.BootstrapFromAnywhere, "bootstrap-from-anywhere", false, "let any machine register the first API key")
	cmd.Flags().StringVar(&o.StateDir, "state", "", "folder for what is to survive a restart, such as the endpoints that the plugin pushes (default "+
		"$STATE_DIRECTORY, which systemd sets, else proxbox in $XDG_STATE_HOME or ~/.local/state)")
	return cmd
}

// shutdownTime is how long streams and runs may take to end once the server is to stop.
const shutdownTime = 10 * time.Second

// serve serves, and starts what the schedules say, until ctx ends; then runs stop at a safe point, and whoever watches
// them is told.
func serve(
	ctx context.Context, listener net.Listener, b server.Backend, o *server.Options, schedules []schedule, out io.Writer,
) error {
	logger := slog.New(slog.DiscardHandler)
	if o != nil && o.Logger != nil {
		logger = o.Logger
	}
	handler, err := server.New(b, o)
	if err != nil {
		return &runError{err}
	}
	if exposed(listener) && !handler.HasKeys() && (o == nil || !o.OpenWrites) {
		fmt.Fprintln(out, "no API key is registered: other machines are refused until one is, by POST /auth/register-key on this one")
	}
	ctx, cancel := context.WithCancel(ctx)
	wait, err := keepTime(ctx, handler, schedules, logger)
	if err != nil {
		cancel()
		return &runError{err}
	}
	defer wait()
	defer cancel()
	s := webServer(handler)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	select {
	case err := <-served:
		return &runError{err}
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "stopping")
	stop, giveUp := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer giveUp()
	if err := errors.Join(handler.Shutdown(stop), s.Shutdown(stop)); err != nil {
		return &runError{fmt.Errorf("not all could be ended in time: %w", err)}
	}
	return nil
}
